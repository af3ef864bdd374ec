"""Polling many local feeds, most of them unchanged: ours, bare httpx, and lemon24/reader where it can be had.

    python -m benchmarks.sources.polling [--feeds 1000] [--many 10000] [--no-reader]

reader is installed into a virtual environment of its own, because it is no dependency of ours.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from benchmarks.sources.feed_server import feed_server, next_round, urls
from pipeline.ports import FeedSource
from pipeline.records import FeedState
from pipeline.settings import FetchSettings
from pipeline.sources.feeds import poll_rules
from pipeline.sources.fetch.fetcher import FeedFetcher

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WORKERS = 16
_READER = """
import json, sys, time
from reader import make_reader
reader = make_reader(sys.argv[1])
urls = json.loads(sys.stdin.readline())
for url in urls:
    reader.add_feed(url, allow_invalid_url=True)
reader.update_feeds(workers=16)
print("ready", flush=True)
sys.stdin.readline()
started = time.perf_counter()
results = reader.update_feeds_iter(workers=16, scheduled=False)
updated = sum(1 for result in results if getattr(result.value, "new", 0))
print(json.dumps([time.perf_counter() - started, updated]), flush=True)
"""


def _memory_mib() -> float:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096 / 1024**2


def ours(addresses: list[str], port: int) -> tuple[float, int]:
    """Seconds of the second poll of all feeds, and how many brought something."""
    feeds = [FeedSource(f"f{number}", url, allow_private=True) for number, url in enumerate(addresses)]
    fetcher = FeedFetcher(FetchSettings(concurrency=WORKERS))
    first = list(fetcher.fetch([(feed, FeedState(feed.id)) for feed in feeds], NOW))
    assert not any(fetched.state.error for fetched in first), next(
        f.state.error for f in first if f.state.error
    )
    pairs = [(feed, fetched.state) for feed, fetched in zip(feeds, first, strict=True)]
    del first
    next_round(port)
    started = time.perf_counter()
    changed = sum(1 for fetched in fetcher.fetch(pairs, NOW + timedelta(seconds=1)) if fetched.items)
    seconds = time.perf_counter() - started
    fetcher.close()
    return seconds, changed


def bare_httpx(addresses: list[str], port: int) -> tuple[float, int]:
    """The same requests by one httpx client and as many threads, without a guard, a parse or a state."""
    with (
        httpx.Client(limits=httpx.Limits(max_connections=WORKERS)) as client,
        ThreadPoolExecutor(WORKERS) as pool,
    ):
        etags = list(pool.map(lambda url: client.get(url).headers["etag"], addresses))
        next_round(port)
        started = time.perf_counter()
        answers = pool.map(
            lambda pair: client.get(pair[0], headers={"If-None-Match": pair[1]}).status_code,
            zip(addresses, etags, strict=True),
        )
        changed = sum(status == 200 for status in answers)
        return time.perf_counter() - started, changed


def reader(addresses: list[str], port: int) -> tuple[float, int] | None:
    """lemon24/reader over the same feeds, as many threads; None where it cannot be installed."""
    with tempfile.TemporaryDirectory() as folder:
        python = _reader_python(Path(folder))
        if not python:
            return None
        command = [python, "-c", _READER, f"{folder}/reader.sqlite"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(addresses) + "\n")
            process.stdin.flush()
            if process.stdout.readline() != "ready\n":
                return None
            next_round(port)
            process.stdin.write("go\n")
            process.stdin.flush()
            seconds, changed = json.loads(process.stdout.readline())
            return float(seconds), int(changed)


def _reader_python(folder: Path) -> str:
    if "READER_PYTHON" in os.environ:
        return os.environ["READER_PYTHON"]
    commands = (
        [sys.executable, "-m", "uv", "venv", "-q", str(folder / "venv")],
        [
            sys.executable,
            "-m",
            "uv",
            "pip",
            "install",
            "-q",
            "-p",
            str(folder / "venv"),
            "reader",
            "sgmllib3k",
        ],
    )
    for command in commands:
        if subprocess.run(command, check=False, capture_output=True).returncode:  # noqa: S603
            return ""
    return str(folder / "venv" / "bin" / "python")


def memory_over_runs(runs: int) -> tuple[float, float]:
    """The memory after a tenth of the runs and after all of them, in MiB; a tenth of 100 feeds change."""
    with feed_server(changing=10) as port:
        feeds = [
            FeedSource(f"f{number}", url, allow_private=True) for number, url in enumerate(urls(100, port))
        ]
        fetcher = FeedFetcher(FetchSettings(concurrency=WORKERS))
        states = [FeedState(feed.id) for feed in feeds]
        early = 0.0
        for run in range(runs):
            now = NOW + timedelta(minutes=10 * run)
            pairs = [
                (feed, poll_rules.current(feed, state)) for feed, state in zip(feeds, states, strict=True)
            ]
            states = [fetched.state for fetched in fetcher.fetch(pairs, now)]
            next_round(port)
            gc.collect()
            if run == runs // 10:
                early = _memory_mib()
        fetcher.close()
        return early, _memory_mib()


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--many", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--no-reader", action="store_true")
    chosen = parser.parse_args()
    with feed_server(changing=10) as port:
        addresses = urls(chosen.feeds, port)
        bare, _ = bare_httpx(addresses, port)
        seconds, changed = ours(addresses, port)
        other = None if chosen.no_reader else reader(addresses, port)
    print(f"polling {chosen.feeds:,} feeds, {changed} changed: {seconds:.1f} s (≤ 30 wanted)")
    print(f"  over bare httpx without parsing ({bare:.1f} s): {seconds / bare:.2f} times the time")
    if other:
        slower = other[0] / seconds
        print(f"  lemon24/reader, which also stores: {other[0]:.1f} s, {other[1]} changed: {slower:.1f}×")
    else:
        print("  lemon24/reader: not to be had here")
    if chosen.many:
        with feed_server(changing=20) as port:
            seconds, changed = ours(urls(chosen.many, port), port)
        print(f"polling {chosen.many:,} feeds, {changed} changed: {seconds:.1f} s (≤ 300 wanted)")
    early, late = memory_over_runs(chosen.runs)
    print(f"memory: {early:.0f} MiB after {chosen.runs // 10} runs, {late:.0f} MiB after {chosen.runs}")


if __name__ == "__main__":
    main()
