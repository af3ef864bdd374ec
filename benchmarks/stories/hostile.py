"""What an article costs where input is bad, over what a usual one costs in the same process.

    python -m benchmarks.stories.hostile [--articles 5000] [--at-once]

One outlet's titles all alike, near-copies of one text at once, a story that grows and grows, articles that
nobody dates, and a clock a year ahead: `--articles` of each, put beside 3,000 usual ones. Processor time of
the last 400; goal: 3 times. With `--at-once` all but the last 800 are put where they would go, without being
decided on, so that tens of thousands can be tried.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from benchmarks.stories.invented import DAY_SECONDS, WINDOW_DAYS, Newsroom
from pipeline.stages.grouping.checkpoint import rebuilt
from pipeline.stages.grouping.group import COMMIT_ARTICLES
from pipeline.stories.features.packed import Features, IndexedArticle, Sparse
from pipeline.stories.index.story_index import StoryIndex
from pipeline.stories.placing.assign import assign_all
from pipeline.stories.placing.corrections import Constraints
from pipeline.stories.scoring.scorer_config import ScorerConfig, load_scorer
from pipeline.yaml_documents import read_document

_SCORER: Final = Path(__file__).parents[2] / "config" / "scorer.yaml"
_USUAL: Final = 3_000
_MEASURED: Final = 400
_DECIDED: Final = 800
_EVENT: Final = 5_000_000
Kind = Callable[[Newsroom, int], Features]


def usual(newsroom: Newsroom, number: int) -> Features:
    """One of two on an event."""
    return newsroom.article(number // 2, number)


def titles_alike(newsroom: Newsroom, number: int) -> Features:
    """A ticker: one outlet, one title but for its figures, each minute."""
    plain = newsroom.article(_EVENT + number, number)
    return replace(plain, outlet="Ticker", title_form=7, time=(plain.time or 0.0) + 60.0 * number)


def near_copies(newsroom: Newsroom, number: int) -> Features:
    """A press release that all outlets print, each without some of its words."""
    plain, chance = newsroom.article(_EVENT - 1, number), random.Random(number)
    words = {term: weight for term, weight in _release(newsroom).body.items if chance.random() < 0.95}
    return replace(plain, body=Sparse.unit(words, len(words)), pairs=_release(newsroom).pairs)


def one_saga(newsroom: Newsroom, number: int) -> Features:
    """One event that all outlets tell in words of their own."""
    return newsroom.article(_EVENT - 1, number)


def undated(newsroom: Newsroom, number: int) -> Features:
    """Nobody says when it was published."""
    return replace(newsroom.article(_EVENT + number // 2, number), time=None, years=0)


def year_ahead(newsroom: Newsroom, number: int) -> Features:
    """An outlet's clock is a year ahead."""
    plain = newsroom.article(_EVENT + number // 2, number)
    return replace(plain, time=(plain.time or 0.0) + 365 * DAY_SECONDS)


@cache
def _release(newsroom: Newsroom) -> Features:
    return newsroom.article(_EVENT - 1, 0)


KINDS: Final[tuple[Kind, ...]] = (titles_alike, near_copies, one_saga, undated, year_ahead)


def cost(artefact: ScorerConfig, kind: Kind, articles: int, *, at_once: bool) -> tuple[float, int]:
    """Milliseconds an article of the last ones, and how large the largest story is."""
    newsroom, constraints = Newsroom(artefact.center), Constraints()
    index = StoryIndex(WINDOW_DAYS, artefact.center)
    members = _members(newsroom, kind, articles)
    if at_once:
        first = islice(members, _USUAL + articles - _DECIDED)
        rows = ((member, _story(kind, member.seq)) for member in first)
        index = rebuilt(rows, timedelta(days=WINDOW_DAYS), artefact.center)
    measured = 0.0
    while batch := list(islice(members, COMMIT_ARTICLES)):
        begun = time.process_time()
        assign_all(batch, index, artefact.scorer, constraints)
        if batch[0].seq > _USUAL + articles - _MEASURED:
            measured += time.process_time() - begun
    return 1000.0 * measured / _MEASURED, max(story.size for story in index.stories())


def _members(newsroom: Newsroom, kind: Kind, articles: int) -> Iterator[IndexedArticle]:
    for number in range(1, _USUAL + articles + 1):
        made = (usual if number <= _USUAL else kind)(newsroom, number)
        yield IndexedArticle(f"{number:016x}", number, made)


def _story(kind: Kind, number: int) -> str:
    """Where an article goes: two usual ones are on one event."""
    made = usual if number <= _USUAL else kind
    if made in (near_copies, one_saga):
        return "one"
    return f"{made.__name__} {number if made is titles_alike else number // 2}"


def main() -> None:
    """Prints a line for each kind."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=5_000)
    parser.add_argument("--at-once", action="store_true", help="decide on the last ones alone")
    parser.add_argument("--only", choices=[kind.__name__ for kind in KINDS], help="one kind")
    chosen = parser.parse_args()
    articles = chosen.articles
    artefact = load_scorer(read_document(_SCORER), "normal")
    plain, _ = cost(artefact, usual, articles, at_once=chosen.at_once)
    print(f"usual {plain:.2f} ms an article", flush=True)
    for kind in KINDS:
        if chosen.only not in (None, kind.__name__):
            continue
        took, largest = cost(artefact, kind, articles, at_once=chosen.at_once)
        name = kind.__name__.replace("_", " ")
        told = f"{took:6.2f} ms, {took / plain:4.1f} times; largest story {largest:,}"
        print(f"{articles:,} {name:13} {told}", flush=True)


if __name__ == "__main__":
    main()
