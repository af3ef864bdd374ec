"""How fast articles find their stories, how much memory that takes, and how it grows.

    python -m benchmarks.stories.speed [--sizes 1000,10000,100000] [--probes 1000] [--window 1000,4000]

Prints three tables: assignment by the number of active stories, the rebuild of the index from bytes, and the
comparison with clustering the window again by HDBSCAN. Times are processor seconds of one core, so that what
else the machine does counts little. Articles are invented (`invented.py`), the same in every run.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import yaml
from numpy.typing import NDArray
from sklearn.cluster import HDBSCAN

from benchmarks.stories.invented import WINDOW_DAYS, Newsroom
from pipeline.settings import Document
from pipeline.stories.artefact import Artefact, load_scorer
from pipeline.stories.assign import assign
from pipeline.stories.constraints import Constraints
from pipeline.stories.index import StoryIndex
from pipeline.stories.profile import measure
from pipeline.stories.traits import Member, Traits

SIZES: Final = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000)
HDBSCAN_SIZES: Final = (1_000, 2_000, 4_000, 8_000)
REBUILT_STORIES: Final = 100_000
BATCH: Final = 100
_SCORER: Final = Path(__file__).parents[2] / "config" / "scorer.yaml"
_MEBIBYTE: Final = 2.0**20


class Bench:
    """An index that grows, and articles to put to it.

    Args:
        artefact: The scorer.
    """

    def __init__(self, artefact: Artefact) -> None:
        self._artefact = artefact
        self._newsroom = Newsroom(artefact.center)
        self._events = self._newsroom.events()
        self._random = np.random.default_rng(2)
        self._members_of: list[int] = []
        self._number = 0
        self.index = StoryIndex(WINDOW_DAYS, artefact.center)
        self.stories = 0

    def grow(self, stories: int) -> None:
        """Adds events with all their articles until there are so many stories."""
        while self.stories < stories:
            event, size = next(self._events)
            for _ in range(size):
                article, traits = self._write(event)
                self.index.add(Member(article, self._number, traits), f"{event:016x}")
                self._members_of.append(event)
            self.stories += 1

    def settle(self) -> None:
        """Measures all stories, as an index that is rebuilt from a store does at once."""
        profiles = list(self.index.stories())
        for start in range(0, len(profiles), BATCH):
            measure(profiles[start : start + BATCH])

    def probe(self, count: int) -> tuple[float, float]:
        """Assigns articles, half of them on known events (larger ones more often), and takes them out again.

        Returns:
            Seconds per article, and the share of those on known events that found theirs.
        """
        articles: list[tuple[str, int, Traits]] = []
        wanted: dict[str, str] = {}
        for position in range(count):
            event = 1_000_000_000 + self._number
            if position % 2:
                event = self._members_of[int(self._random.integers(len(self._members_of)))]
            article, traits = self._write(event)
            articles.append((article, self._number, traits))
            if position % 2:
                wanted[article] = f"{event:016x}"
        found: dict[str, str] = {}
        constraints = Constraints()
        start = time.process_time()
        for article, seq, traits in articles:
            member = Member(article, seq, traits)
            decision = assign(member, self.index, self._artefact.scorer, constraints)
            self.index.add(member, decision.story)
            found[article] = decision.story
        seconds = time.process_time() - start
        for article in found:
            self.index.remove(article)
        return seconds / count, sum(found[a] == s for a, s in wanted.items()) / len(wanted)

    def rows(self) -> Iterator[tuple[str, int, str, bytes]]:
        """What a store has of each member: article, sequence number, story, traits."""
        for profile in self.index.stories():
            for member in profile.members:
                yield member.article, member.seq, profile.story, member.data

    def _write(self, event: int) -> tuple[str, Traits]:
        self._number += 1
        return f"{self._number:016x}", self._newsroom.article(event, self._number)


def curve(bench: Bench, center: NDArray[np.float64], sizes: list[int], probes: int) -> None:
    """Prints speed and memory by the number of active stories; a rebuild at `REBUILT_STORIES`."""
    print("\n  stories  articles  articles/s      ms  to 10,000    MiB  found")
    at_ten_thousand = None
    for size in sizes:
        bench.grow(size)
        bench.settle()
        bench.probe(min(200, probes))
        cost, found = bench.probe(probes)
        if at_ten_thousand is None and size >= 10_000:
            at_ten_thousand = cost
        ratio = f"{cost / at_ten_thousand:10.2f}" if at_ten_thousand else f"{'':10}"
        print(
            f"{size:9,} {len(bench.index):9,} {1 / cost:11,.0f} {1000 * cost:7.2f} {ratio} "
            f"{_resident() / _MEBIBYTE:6,.0f} {found:6.1%}",
            flush=True,
        )
        if size == min(REBUILT_STORIES, sizes[-1]):
            rebuild(bench, center)


def rebuild(bench: Bench, center: NDArray[np.float64]) -> None:
    """Prints how long the index takes to be made from bytes."""
    rows = list(bench.rows())
    start = time.process_time()
    index = StoryIndex.rebuilt(
        ((Member(article, seq, data), story) for article, seq, story, data in rows), WINDOW_DAYS, center
    )
    seconds = time.process_time() - start
    print(f"          rebuilt from {len(index):,} rows in {seconds:.1f} s", flush=True)


def reclustering(artefact: Artefact, sizes: list[int]) -> None:
    """Prints what a batch costs when each batch clusters the window again, and what it costs here."""
    print(
        f"\n{'window':>9} {'HDBSCAN s':>10} {'batch of ' + str(BATCH) + ' here, s':>22} {'times faster':>13}"
    )
    for size in sizes:
        bench = Bench(artefact)
        while len(bench.index) < size:
            bench.grow(bench.stories + 1)
        vectors = np.stack([bench.index.member(row[0]).traits.dense for row in bench.rows()]).astype(
            np.float64
        )
        start = time.process_time()
        HDBSCAN(min_cluster_size=2, n_jobs=1, copy=True).fit(vectors)
        whole = time.process_time() - start
        cost = bench.probe(5 * BATCH)[0] * BATCH
        print(f"{len(vectors):9,} {whole:10.2f} {cost:22.3f} {whole / cost:13,.0f}", flush=True)


def _resident() -> int:
    """Bytes of memory that the process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Reads the arguments and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="numbers of active stories")
    parser.add_argument("--probes", type=int, default=1000, help="articles assigned at each size")
    parser.add_argument("--window", default=",".join(map(str, HDBSCAN_SIZES)), help="articles for HDBSCAN")
    options = parser.parse_args()
    content = yaml.safe_load(_SCORER.read_text())
    artefact = load_scorer(Document(str(_SCORER), content, {}), "normal")
    curve(Bench(artefact), artefact.center, _numbers(options.sizes), options.probes)
    reclustering(artefact, _numbers(options.window))


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",") if number]


if __name__ == "__main__":
    main()
