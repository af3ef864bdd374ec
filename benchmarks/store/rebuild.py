"""How long it takes to rebuild the clustering state from a store, as a run without a checkpoint must."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from benchmarks.store import made_up
from benchmarks.stories.invented import WINDOW_DAYS, Newsroom
from pipeline.ports import Commit, Store
from pipeline.records import StoredArticle
from pipeline.stages.grouping.state import Clustering
from pipeline.stories.scoring.scorer_config import load_scorer
from pipeline.yaml_documents import read_document

_SCORER: Final = Path(__file__).parents[2] / "config" / "scorer.yaml"
_BATCH: Final = 1000
_ARTEFACT: Final = load_scorer(read_document(_SCORER), "normal")


def _articles(stories: int) -> Iterator[StoredArticle]:
    """The articles of `stories` stories, with the traits of articles of full length (`invented.py`)."""
    newsroom = Newsroom(_ARTEFACT.center)
    sizes = itertools.islice(newsroom.events(), stories)
    events = [event for event, size in sizes for _ in range(size)]
    for event, stored in zip(events, made_up.articles(len(events)), strict=True):
        traits = newsroom.article(event, stored.seq).to_bytes()
        yield StoredArticle(stored.enriched, stored.seq, f"{event:016x}", traits)


def fill(store: Store, stories: int) -> None:
    """Writes the articles of `stories` stories into an empty store."""
    source = _articles(stories)
    while batch := list(itertools.islice(source, _BATCH)):
        store.commit(Commit(articles=tuple(batch)))


def tell(name: str, store: Store, stories: int) -> None:
    """Prints what the state takes to be made: reading the rows, and making the index of them."""
    window = timedelta(days=WINDOW_DAYS)
    clustering = Clustering(store, _ARTEFACT.scorer, window, _ARTEFACT.center)
    start = time.perf_counter()
    clustering.cover_all(made_up.START, made_up.START + timedelta(days=3650))
    seconds = time.perf_counter() - start
    articles = len(clustering.index)
    print(
        f"{name:14} state of {stories:,} active stories, {articles:,} articles: {seconds:.1f} s", flush=True
    )
