"""What a run costs before its first article is placed, from a checkpoint, by what the window holds.

    python -m benchmarks.stories.checkpoint sqlite:////tmp/store.db [--articles 300000]
    python -m benchmarks.stories.checkpoint http://127.0.0.1:9200?prefix=checkpoint

Fills a store with invented articles, as many as it lacks; then makes the checkpoint, opens it
in a process of its own, and places 1,000 articles, the first alone. Processor seconds; memory is the peak
above the imports. "Asked": statements of SQLite or requests to Elasticsearch before the first article.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from benchmarks.programs.pages import counting
from benchmarks.store import made_up
from benchmarks.stories.invented import DAY_SECONDS, WINDOW_DAYS, Newsroom
from pipeline.ports import Commit
from pipeline.records import Article, EnrichedArticle, StoredArticle
from pipeline.stages.grouping.checkpoint import Checkpoints
from pipeline.stages.grouping.state import Clustering
from pipeline.store.open import open_store
from pipeline.stories.scoring.scorer_config import load_scorer
from pipeline.yaml_documents import read_document

_SCORER: Final = Path(__file__).parents[2] / "config" / "scorer.yaml"
_BATCH: Final = 1_000
_PROBES: Final = 1_000
_PATIENCE: Final = 300.0
_NOW: Final = datetime.fromtimestamp(WINDOW_DAYS * DAY_SECONDS, UTC)


def main() -> None:
    """Fills and measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", help="its URL")
    parser.add_argument("--kept", type=Path, default=Path("checkpoint.kept"), help="the checkpoint's folder")
    parser.add_argument("--articles", type=int, default=300_000)
    parser.add_argument("--run", action="store_true", help="only one run, in this process")
    options = parser.parse_args()
    if options.run:
        run(options.store, options.kept)
        return
    fill(options.store, options.articles)
    for title in ("made anew and kept", "opened", "opened again"):
        print(f"{options.articles:,} articles, {title}: ", end="", flush=True)
        command = [sys.executable, "-m", "benchmarks.stories.checkpoint", options.store, "--run"]
        subprocess.run([*command, "--kept", str(options.kept)], check=True)  # noqa: S603  ourselves


def fill(url: str, articles: int) -> None:
    """Writes articles until the store has this many."""
    artefact = load_scorer(read_document(_SCORER), "normal")
    store, newsroom = open_store(url, timeout_seconds=_PATIENCE), Newsroom(artefact.center)
    numbers = (event for event, size in newsroom.events() for _ in range(size))
    there = store.head()
    source = enumerate(itertools.islice(numbers, articles), 1)
    while some := list(itertools.islice(source, _BATCH)):
        if some[-1][0] > there:
            stored = tuple(_stored(newsroom, event, seq) for seq, event in some if seq > there)
            store.commit(Commit(articles=stored))
    store.close()


def _stored(newsroom: Newsroom, event: int, seq: int) -> StoredArticle:
    traits = newsroom.article(event, seq)
    article = _article(seq, datetime.fromtimestamp(traits.time or 0.0, UTC))
    return StoredArticle(EnrichedArticle(article), seq, f"{event:016x}", traits.to_bytes())


def _article(seq: int, time: datetime) -> Article:
    title, outlet = made_up.word(seq % 997), f"Outlet {seq % 300}"
    return Article(
        id=f"{seq:016x}", keys=(f"url:{seq}",), url=f"https://example.org/{seq}", title=title, text="",
        outlet=outlet, published=time, published_from="feed", fetched=time, language="en", digest=str(seq),
    )  # fmt: skip


def run(url: str, folder: Path) -> None:
    """One run: from nothing to an index, and the first articles."""
    artefact = load_scorer(read_document(_SCORER), "normal")
    imports = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with counting() as asked:
        begun, since = time.process_time(), time.perf_counter()
        store, window = open_store(url, timeout_seconds=_PATIENCE), timedelta(days=WINDOW_DAYS)
        checkpoints = Checkpoints(
            folder, store,
            lambda: store.acquire("stories", "bench", datetime.now(UTC), 300), window, artefact.center,
        )  # fmt: skip
        clustering = Clustering(store, artefact.scorer, window, artefact.center, checkpoints)
        clustering.cover([_article(0, _NOW)])
    cost, waited = time.process_time() - begun, time.perf_counter() - since
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - imports) / 1024
    newsroom = Newsroom(artefact.center, seed=5)
    events = itertools.islice(newsroom.events(), _PROBES)
    probes = [(f"p{n:015x}", newsroom.article(7 * n, 10_000_000 + n)) for n, _ in events]
    begun = time.process_time()
    clustering.assign(probes[:1])
    first = time.process_time() - begun
    begun = time.process_time()
    for start in range(1, _PROBES, 200):
        clustering.assign(probes[start : start + 200])
    speed = (_PROBES - 1) / (time.process_time() - begun)
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - imports) / 1024
    print(
        f"{cost:.3f} s ({waited:.3f} s on the clock), {memory:,.0f} MiB; first article {first:.3f} s;"
        f" {len(asked)} asked; then {speed:,.0f} articles/s, {peak:,.0f} MiB",
        flush=True,
    )
    store.close()


if __name__ == "__main__":
    main()
