"""From publication to mail: with a hub that tells, and with polling each minute.

One process, `wirewatch watch-feeds` as it is installed, over a feed on this machine. Articles are published
at random moments; the time to the mail is from the moment of publication to the file in the spool.

    python -m benchmarks.sources.latency --publications 20
"""

from __future__ import annotations

import argparse
import random
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "app"))

from hub_newsroom import HubNewsroom  # noqa: E402  beside the tests that use it

# Each is a story of its own, because nobody is mailed twice about one story.
_EVENTS = (
    (
        "Flood closes old bridge in Harrow",
        "The river Ost rose two metres overnight and water stands in the streets.",
    ),
    (
        "Bridge tolls to double from May",
        "The ministry of transport wants lorries to pay for repairs, hauliers object.",
    ),
    (
        "Painter sells a view of the bridge for a record sum",
        "Bidders from Asia drove the auction in Pell to nine million.",
    ),
    (
        "Bats found under railway bridge stop builders",
        "Biologists counted four hundred animals, a rare species protected by law.",
    ),
    (
        "Marathon to finish on the harbour bridge",
        "Twenty thousand runners are expected, the organisers publish the new course.",
    ),
    (
        "Bridge engineer wins science prize",
        "Ines Okafor is honoured for sensors that hear cracks in steel years ahead.",
    ),
    (
        "Thieves take copper cables from tram bridge",
        "Police look for two men in a white van; trams stood still until noon.",
    ),
    (
        "Parliament debates name of new bridge",
        "A vote on whether to honour a poet or a general was put off until autumn.",
    ),
    (
        "Dentists warn of cheap bridge work abroad",
        "Patients come home with infections, the chamber of dentists says.",
    ),
    (
        "Card players crowned at bridge championship",
        "The team of Norland beat Italy by eleven points in the last hand.",
    ),
    (
        "Soldiers build pontoon bridge in exercise",
        "Tanks crossed the lake within an hour, three countries took part.",
    ),
    (
        "Film crew blows up a model bridge",
        "The scene for a spy thriller used sixty cameras and cost half a million.",
    ),
    (
        "Cyclists demand lane on the motorway bridge",
        "A petition with forty thousand names was handed to the mayor of Quint.",
    ),
    (
        "Ship hits bridge pillar in fog",
        "The captain of the freighter was taken to hospital, oil did not leak.",
    ),
    (
        "Loan to bridge budget gap refused",
        "The central bank sees inflation ahead and keeps its window closed.",
    ),
    (
        "Ancient bridge found by divers",
        "Oak piles in the bay are three thousand years old, archaeologists say.",
    ),
    (
        "Bridge of a violin holds secret of its sound",
        "Physicists filmed the wood with lasers while a quartet played Haydn.",
    ),
    (
        "Wind sways new footbridge, bridge closed at once",
        "Visitors felt sick on the opening day; dampers are to be fitted.",
    ),
    ("School bridge project wins robot contest", "Pupils from Tarn printed parts out of recycled bottles."),
    (
        "Refugees stranded at border bridge",
        "Aid groups bring tents and soup while the two governments negotiate.",
    ),
)
# A mail that has not come by then will not come.
_GIVE_UP_SECONDS = 300.0


def measured(publications: int, *, hub: bool) -> list[float]:
    """Seconds from publication to mail, of each publication."""
    with tempfile.TemporaryDirectory() as temporary, HubNewsroom() as newsroom:
        home, config = Path(temporary) / "home", Path(temporary) / "config"
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        write_configuration(config, newsroom.topic, port if hub else 0)
        newsroom.publish("Council meets", "The council met on Sunday morning.", datetime.now(UTC))
        command = [str(Path(sys.executable).with_name("wirewatch")), f"--home={home}", f"--config={config}"]
        listen = ["--listen", str(port)] if hub else []
        command += ["watch-feeds", *listen]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603
            while not newsroom.polls or (hub and not newsroom.verified.wait(0.1)):
                time.sleep(0.1)
            time.sleep(10)
            try:
                return [one(newsroom, home / "spool", number) for number in range(publications)]
            finally:
                process.terminate()


def one(newsroom: HubNewsroom, spool: Path, number: int) -> float:
    """Publishes one article after a while and waits for its mail."""
    time.sleep(random.Random(number).uniform(0, 60))
    before = len(list(spool.glob("*.eml")))
    title, text = _EVENTS[number]
    begun = time.monotonic()
    newsroom.publish(title, text, datetime.now(UTC))
    while len(list(spool.glob("*.eml"))) == before:
        if time.monotonic() - begun > _GIVE_UP_SECONDS:
            raise SystemExit(f"no mail of {title!r} after {_GIVE_UP_SECONDS:.0f} s")
        time.sleep(0.05)
    return time.monotonic() - begun


def write_configuration(config: Path, feed: str, port: int) -> None:
    """One feed, asked each minute, or once an hour where its hub tells; one watch."""
    config.mkdir(parents=True)
    fetch = {"websub_url": f"http://127.0.0.1:{port}/"} if port else {}
    source = {"id": "courier", "url": feed, "allow_private": True, "interval_seconds": 3600 if port else 60}
    watch = {"name": "b", "query": "bridge", "deliver": {"mail": ["a@example.org"], "when": "immediately"}}
    files = {
        "settings": {"base": str(ROOT / "config"), "fetch": fetch},
        "feeds": {"feeds": [source]},
        "watches": {"watches": [watch]},
    }
    for name, content in files.items():
        (config / f"{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")


def main() -> None:
    """Runs both."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--publications", type=int, choices=range(1, len(_EVENTS) + 1), default=20, metavar="N"
    )
    parser.add_argument("--only", choices=("hub", "polling"), help="one of the two")
    chosen = parser.parse_args()
    for hub in (True, False):
        if chosen.only not in (None, "hub" if hub else "polling"):
            continue
        times = sorted(measured(chosen.publications, hub=hub))
        worst = times[min(len(times) - 1, int(0.95 * len(times)))]
        named = "with a hub" if hub else "polled each minute"
        print(f"{named:20} median {median(times):6.1f} s   p95 {worst:6.1f} s   of {len(times)}", flush=True)


if __name__ == "__main__":
    main()
