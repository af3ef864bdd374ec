"""How long the clustering state takes to be made again from a store, as every run does when it begins."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import yaml

from benchmarks.store import made_up
from benchmarks.stories.invented import WINDOW_DAYS, Newsroom
from pipeline.ports import Commit, Store
from pipeline.records import StoredArticle
from pipeline.settings import Document
from pipeline.stories.artefact import load_scorer
from pipeline.stories.index import StoryIndex
from pipeline.stories.traits import Member

_SCORER: Final = Path(__file__).parents[2] / "config" / "scorer.yaml"
_BATCH: Final = 1000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CENTER: Final = load_scorer(
    Document(str(_SCORER), yaml.safe_load(_SCORER.read_text(encoding="utf-8")), {}), "normal"
).center


def _articles(stories: int) -> Iterator[StoredArticle]:
    """The articles of so many stories, with the traits of articles of full length (`invented.py`)."""
    newsroom = Newsroom(_CENTER)
    sizes = itertools.islice(newsroom.events(), stories)
    events = [event for event, size in sizes for _ in range(size)]
    for event, stored in zip(events, made_up.articles(len(events)), strict=True):
        traits = newsroom.article(event, stored.seq).to_bytes()
        yield StoredArticle(stored.enriched, stored.seq, f"{event:016x}", traits)


def fill(store: Store, stories: int) -> None:
    """Writes so many stories' articles into an empty store."""
    source = _articles(stories)
    while batch := list(itertools.islice(source, _BATCH)):
        store.commit(Commit(articles=tuple(batch)))


def tell(name: str, store: Store, stories: int) -> None:
    """Prints what reading all rows and making the index of them takes."""
    start = time.perf_counter()
    rows = list(store.active([(_EPOCH, made_up.START + timedelta(days=36_500))]))
    read = time.perf_counter() - start
    index = StoryIndex.rebuilt(
        ((Member(row.article, row.seq, row.traits), row.story) for row in rows), WINDOW_DAYS, _CENTER
    )
    whole = time.perf_counter() - start
    size = sum(len(row.traits) for row in rows) / len(rows)
    print(
        f"{name:14} state of {stories:,} active stories, {len(index):,} articles of {size:,.0f} bytes:"
        f" {whole:.1f} s, {read:.1f} s of it for the rows",
        flush=True,
    )
