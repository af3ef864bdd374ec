"""Parsing feeds: our items a second over bare feedparser's entries a second, on the same bytes.

python -m benchmarks.sources.parsing
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import feedparser

from benchmarks.sources.feed_server import feed_body
from pipeline.sources.raw_items import captured
from pipeline.sources.read.syndication.feed import read_feed

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def rates(counts: Sequence[Callable[[bytes], int]], bodies: list[bytes], goes: int = 8) -> list[float]:
    """Entries in a second of processor time, the best of some goes; by turns, so that load hits all alike."""
    best = [0.0] * len(counts)
    for _ in range(goes):
        for place, count in enumerate(counts):
            started = time.process_time()
            entries = sum(count(body) for body in bodies)
            best[place] = max(best[place], entries / (time.process_time() - started))
    return best


def ours(body: bytes) -> int:
    """How many items we find."""
    return len(read_feed(captured("feed", "feed", "https://outlet.test/feed", NOW, body), 5000)[0])


def bare(body: bytes) -> int:
    """How many entries feedparser finds, as it comes."""
    return len(feedparser.parse(io.BytesIO(body))["entries"])


def bare_and_raw(body: bytes) -> int:
    """The same without cleaning HTML and resolving links in it, as we call it."""
    found = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    return len(found["entries"])


def main() -> None:
    """Prints a table."""
    recorded = [path.read_bytes() for path in sorted((ROOT / "seeds" / "feeds").rglob("*.xml"))]
    made = [feed_body(number, 30) for number in range(10)]
    for name, bodies in (("recorded feeds", recorded), ("made feeds of 30 items", made)):
        if not bodies:
            continue
        found = rates((ours, bare, bare_and_raw), bodies)
        ratios = [found[0] / found[1], found[0] / found[2]]
        print(
            f"parsing {name}: {found[0]:,.0f} items/s; feedparser {found[1]:,.0f} (ratio {ratios[0]:.2f}, "
            f"≥ 0.7 wanted); without its sanitizing {found[2]:,.0f} (ratio {ratios[1]:.2f})"
        )


if __name__ == "__main__":
    main()
