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

_PLACES = ("Harrow", "Milden", "Oster", "Pell", "Quint", "Rowan", "Selby", "Tarn", "Umber", "Varde", "Wick")


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
    before, place = len(list(spool.glob("*.eml"))), _PLACES[number % len(_PLACES)]
    title = f"Bridge {number} closed in {place}"
    begun = time.monotonic()
    newsroom.publish(title, f"A flood closed the bridge of {place}, number {number}.", datetime.now(UTC))
    while len(list(spool.glob("*.eml"))) == before:
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
    parser.add_argument("--publications", type=int, default=20)
    chosen = parser.parse_args()
    for hub in (True, False):
        times = sorted(measured(chosen.publications, hub=hub))
        worst = times[min(len(times) - 1, int(0.95 * len(times)))]
        named = "with a hub" if hub else "polled each minute"
        print(f"{named:20} median {median(times):6.1f} s   p95 {worst:6.1f} s   of {len(times)}", flush=True)


if __name__ == "__main__":
    main()
