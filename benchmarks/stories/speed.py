"""How fast articles find their stories, how much memory that takes, and how it grows.

    python -m benchmarks.stories.speed [--sizes 1000,10000,100000] [--probes 1000] [--window 1000,4000]

Prints two tables: assignment, memory and rebuild by the number of active stories, and the comparison with
clustering the window again by HDBSCAN. Times are processor seconds of one core, so that what
else the machine does counts little. Articles are invented (`invented.py`), the same in every run.
"""

from __future__ import annotations

import argparse
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from benchmarks.stories.invented import WINDOW_DAYS, Newsroom
from pipeline.stages.grouping.checkpoint import rebuilt
from pipeline.stages.grouping.group import COMMIT_ARTICLES
from pipeline.stories.features.packed import Features, IndexedArticle
from pipeline.stories.index.story_index import StoryIndex
from pipeline.stories.placing.assign import assign_all
from pipeline.stories.placing.corrections import Constraints
from pipeline.stories.scoring.scorer_config import ScorerConfig, load_scorer
from pipeline.yaml_documents import read_document

SIZES: Final = (1_000, 3_000, 10_000, 30_000, 100_000)
HDBSCAN_SIZES: Final = (1_000, 2_000, 4_000, 8_000)
BATCH: Final = 100
_SCORER: Final = Path(__file__).parents[2] / "config" / "scorer.yaml"
_MEBIBYTE: Final = 2.0**20


class Bench:
    """An index that grows, and articles to put to it.

    Args:
        artefact: The scorer.
    """

    def __init__(self, artefact: ScorerConfig) -> None:
        self._artefact = artefact
        self._newsroom = Newsroom(artefact.center)
        self._events = self._newsroom.events()
        self._random = np.random.default_rng(2)
        self._members_of: list[int] = []
        self._number = 0
        self._rows: list[tuple[str, int, bytes, str]] = []
        self.index = StoryIndex(WINDOW_DAYS, artefact.center)
        self.stories = 0

    @property
    def articles(self) -> int:
        """How many articles there are."""
        return len(self._rows)

    def grow(self, stories: int) -> None:
        """Adds events with all their articles until there are `stories` of them."""
        while self.stories < stories:
            event, size = next(self._events)
            for _ in range(size):
                article, traits = self._write(event)
                self._rows.append((article, self._number, traits.to_bytes(), f"{event:016x}"))
                self._members_of.append(event)
            self.stories += 1

    def settle(self) -> float:
        """Makes the index of all articles, as a run does from a store; returns the seconds that took."""
        start = time.process_time()
        self.index = rebuilt(
            ((IndexedArticle(article, seq, data), story) for article, seq, data, story in self._rows),
            timedelta(days=WINDOW_DAYS),
            self._artefact.center,
        )
        return time.process_time() - start

    def probe(self, count: int) -> tuple[float, float]:
        """Assigns articles as grouping does and takes them out again.

        Half of them are on known events, larger ones more often.

        Returns:
            Seconds per article, and the share of those on known events that found theirs.
        """
        articles: list[tuple[str, int, Features]] = []
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
        for first in range(0, count, COMMIT_ARTICLES):
            batch = articles[first : first + COMMIT_ARTICLES]
            members = [IndexedArticle(article, seq, traits) for article, seq, traits in batch]
            for decision in assign_all(members, self.index, self._artefact.scorer, constraints):
                found[decision.article] = decision.story
        seconds = time.process_time() - start
        for article in found:
            self.index.remove(article)
        return seconds / count, sum(found[a] == s for a, s in wanted.items()) / len(wanted)

    def vectors(self) -> NDArray[np.float64]:
        """The dense vectors of all articles, shape [articles, d]."""
        return np.stack([Features.from_bytes(data).dense for _, _, data, _ in self._rows]).astype(np.float64)

    def _write(self, event: int) -> tuple[str, Features]:
        self._number += 1
        return f"{self._number:016x}", self._newsroom.article(event, self._number)


def curve(bench: Bench, sizes: list[int], probes: int) -> None:
    """Prints speed, memory and the seconds of a rebuild by the number of active stories."""
    print("\n  stories  articles  articles/s      ms  to 10,000    MiB  found  rebuilt s")
    at_ten_thousand = None
    for size in sizes:
        bench.grow(size)
        rebuilt = bench.settle()
        bench.probe(min(200, probes))
        cost, found = bench.probe(probes)
        if at_ten_thousand is None and size >= 10_000:
            at_ten_thousand = cost
        ratio = f"{cost / at_ten_thousand:10.2f}" if at_ten_thousand else f"{'':10}"
        print(
            f"{size:9,} {len(bench.index):9,} {1 / cost:11,.0f} {1000 * cost:7.2f} {ratio} "
            f"{_resident() / _MEBIBYTE:6,.0f} {found:6.1%} {rebuilt:9.1f}",
            flush=True,
        )


def reclustering(artefact: ScorerConfig, sizes: list[int]) -> None:
    """Prints what a batch costs when each batch clusters the window again, and what it costs here."""
    # Not before: it takes 100 MiB, which grouping does without.
    from sklearn.cluster import HDBSCAN

    print(
        f"\n{'window':>9} {'HDBSCAN s':>10} {'batch of ' + str(BATCH) + ' here, s':>22} {'times faster':>13}"
    )
    for size in sizes:
        bench = Bench(artefact)
        while bench.articles < size:
            bench.grow(bench.stories + 1)
        bench.settle()
        vectors = bench.vectors()
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
    artefact = load_scorer(read_document(_SCORER), "normal")
    curve(Bench(artefact), _numbers(options.sizes), options.probes)
    reclustering(artefact, _numbers(options.window))


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",") if number]


if __name__ == "__main__":
    main()
