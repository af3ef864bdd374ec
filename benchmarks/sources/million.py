"""`load` over a folder of a million files: when it begins, memory, a kill -9, and going on after it.

    python -m benchmarks.sources.million [--files 1000000] [--seconds 120] [--again 100000] [--folder DIR]

Loads without vectors and without a model for names, for the given seconds; then kills it and starts it again.
Needs an inode and a block of disk for each file. They are removed at the end, unless --folder names a folder
that is there with its files, or is to be made and kept.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.store.made_up import VOCABULARY, word
from pipeline.sources.files import find_files

ROOT = Path(__file__).resolve().parents[2]
_SETTINGS = f"base: {ROOT / 'config'}\nstories: {{vectors: none}}\nenrich: {{models: {{}}}}\n"
_START = datetime(2015, 1, 1, tzinfo=UTC)


def _text(number: int) -> tuple[str, str]:
    """Title and text; two articles in a row tell of one event, whose names no other event has."""
    chance = random.Random(number // 2)
    town, plan, mayor, river, place, body = (
        word(chance.randrange(5_000, VOCABULARY)).capitalize() for _ in range(6)
    )
    cost, said = chance.randrange(2, 900), ("said", "told reporters")[number % 2]
    title = (f"{town} votes for {plan} bridge", f"Council of {town} approves bridge at {plan}")[number % 2]
    return title, (
        f"The council of {town} voted on the {plan} bridge over the {river}, which will cost {cost} million. "
        f"{mayor}, the mayor, {said} that {place} had waited for it. The {body} group is against the plan."
    )


def make_files(folder: Path, count: int) -> None:
    """Short articles, five minutes apart, one in each file."""
    folder.mkdir(parents=True)
    for number in range(count):
        title, text = _text(number)
        row = {
            "title": title,
            "text": text,
            "url": f"https://outlet{number % 20}.example/{number}",
            "source": f"Outlet {number % 20}",
            "published": (_START + timedelta(minutes=5 * number)).isoformat(),
        }
        (folder / f"{number:07}.jsonl").write_text(json.dumps(row), encoding="utf-8")


def stored(home: Path) -> int:
    """How many articles the store of a home holds."""
    if not (home / "wirewatch.db").exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{home}/wirewatch.db?mode=ro", uri=True)) as store:
            return int(store.execute("SELECT count(*) FROM article").fetchone()[0])
    except sqlite3.OperationalError:  # it is being made
        return 0


def memory_mib(process: int) -> float:
    """The resident memory of a process."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]) * 4096 / 1024**2
    except (OSError, IndexError):
        return 0.0


def load(home: Path, config: Path, folder: Path, seconds: float) -> Iterator[tuple[float, int, float]]:
    """Loads for `seconds` at most, then kills it; yields seconds, articles and MiB each second."""
    command = [str(Path(sys.executable).parent / "wirewatch"), "--home", str(home), "--config", str(config)]
    started = time.monotonic()
    with subprocess.Popen([*command, "load", str(folder)], stdout=subprocess.DEVNULL) as process:  # noqa: S603
        while process.poll() is None and time.monotonic() - started < seconds:
            time.sleep(1)
            yield time.monotonic() - started, stored(home), memory_mib(process.pid)
        process.kill()


def walk(folder: Path) -> None:
    """Walks the folder without reading a file."""
    started, before = time.monotonic(), memory_mib(os.getpid())
    files = find_files([folder])
    next(files)
    first = time.monotonic() - started
    count = 1 + sum(1 for _ in files)
    seconds, grown = time.monotonic() - started, memory_mib(os.getpid()) - before
    print(
        f"walking {count:,} files: the first after {first:.1f} s, all after {seconds:.0f} s, +{grown:.0f} MiB"
    )


def report(label: str, samples: list[tuple[float, int, float]], before: int) -> None:
    """One line: when it began to store, how fast it went, and memory on the way."""
    new = [sample for sample in samples if sample[1] > before]
    if not new:
        print(f"{label}: nothing new within {samples[-1][0]:.0f} s")
        return
    (begun, first, _), (ended, last, _) = new[0], new[-1]
    rate = (last - first) / (ended - begun) if ended > begun else 0.0
    marks = [new[len(new) * part // 4] for part in range(4)] + [new[-1]]
    memory = ", ".join(f"{mib:.0f} MiB at {count:,}" for _, count, mib in marks)
    print(f"{label}: first new articles after {begun:.1f} s, then {rate:.0f}/s; {memory}")


def main() -> None:
    """Prints what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--again", type=int, default=100_000, help="known files that are passed over")
    parser.add_argument("--folder", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        config, folder = root / "config", chosen.folder or root / "files"
        config.mkdir()
        (config / "settings.yaml").write_text(_SETTINGS, encoding="utf-8")
        if not folder.exists():
            make_files(folder, chosen.files)
        walk(folder)
        for label in ("load, killed", "load, run again"):
            before = stored(root / "home")
            report(label, list(load(root / "home", config, folder, chosen.seconds)), before)
        known = root / "known"
        known.mkdir()
        for number in range(chosen.again):
            (known / f"{number:07}.jsonl").symlink_to(folder.resolve() / f"{number % 1000:07}.jsonl")
        for label in ("the same articles by other files", "files that were loaded"):
            samples = list(load(root / "home", config, known, 1e9))
            print(f"{chosen.again:,} {label}: {samples[-1][0]:.0f} s, {max(s[2] for s in samples):.0f} MiB")


if __name__ == "__main__":
    main()
