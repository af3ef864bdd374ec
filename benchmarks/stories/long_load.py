"""How memory grows over a long load, and what a repair after it costs, from a checkpoint and from the store.

    python -m benchmarks.stories.long_load [--articles 40000] [--minutes 5] [--repair-days 1]

Invented articles, some minutes apart, are placed and stored in order of time; nothing is read, cleaned or
enriched. They are dated in the past, and all come now. Memory is what the process has, its imports included.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from benchmarks.store import made_up
from benchmarks.stories.invented import Newsroom
from pipeline.ports import Commit
from pipeline.records import Article, EnrichedArticle, StoredArticle
from pipeline.stages.grouping.checkpoint import Checkpoints
from pipeline.stages.grouping.group import COMMIT_ARTICLES
from pipeline.stages.grouping.state import Clustering
from pipeline.store.sqlite.database import SqliteStore
from pipeline.stories.placing.reassign import repair
from pipeline.stories.scoring.scorer_config import load_scorer
from pipeline.yaml_documents import read_document

_SCORER: Final = Path(__file__).parents[2] / "config" / "scorer.yaml"
_START: Final = datetime(2015, 1, 1, tzinfo=UTC)
_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
_WINDOW: Final = timedelta(days=30)
_LINES: Final = 20
_MEBIBYTE: Final = 2.0**20


class Run:
    """One run over a store beside which checkpoints are kept, or not."""

    def __init__(self, folder: Path, *, kept: bool) -> None:
        self.artefact = load_scorer(read_document(_SCORER), "normal")
        self.store = SqliteStore(folder / "store.db")
        center = self.artefact.center
        checkpoints = Checkpoints(
            folder / "kept",
            self.store,
            lambda: self.store.acquire("stories", "bench", _NOW, 300),
            _WINDOW,
            center,
        )
        scorer = self.artefact.scorer
        self.clustering = Clustering(self.store, scorer, _WINDOW, center, checkpoints if kept else None)


def load(folder: Path, articles: int, apart: timedelta) -> None:
    """Places and stores articles; prints a line now and then."""
    run = Run(folder, kept=True)
    newsroom = Newsroom(run.artefact.center)
    events = enumerate(event for event, size in newsroom.events() for _ in range(size))
    print("articles   MiB  in the index   ms an article, of processor time")
    begun, shown = time.process_time(), articles // _LINES
    for done in range(0, articles, COMMIT_ARTICLES):
        batch: list[Article] = []
        traits = {}
        for number, event in itertools.islice(events, COMMIT_ARTICLES):
            article = _article(number, _START + number * apart)
            made = newsroom.article(event, number)
            time_of = article.time.timestamp()
            traits[article.id] = replace(made, time=time_of, fetched=_NOW.timestamp())
            batch.append(article)
        run.clustering.cover(batch)
        placed = run.clustering.assign([(article.id, traits[article.id]) for article in batch])
        stored = tuple(
            StoredArticle(EnrichedArticle(article), member.seq, decision.story, member.data)
            for article, (member, decision) in zip(batch, placed, strict=True)
        )
        run.store.commit(Commit(articles=stored))
        if (done + COMMIT_ARTICLES) % shown < COMMIT_ARTICLES:
            spent, begun = time.process_time() - begun, time.process_time()
            print(
                f"{done + COMMIT_ARTICLES:8,} {_resident():5,.0f} {len(run.clustering.index):13,} "
                f"{1000 * spent / shown:6.2f}",
                flush=True,
            )
    run.store.close()


def mend(folder: Path, days: float, *, kept: bool) -> None:
    """Repairs the last days, and changes nothing in the store."""
    imports = _resident()
    begun = time.process_time()
    run = Run(folder, kept=kept)
    clustering = run.clustering
    newest = max(
        row.published or row.fetched for row in run.store.lines([_name(run.store.head() - 1)]).values()
    )
    period = (newest - timedelta(days=days), newest)
    clustering.cover_all(*period)
    opened, begun = time.process_time() - begun, time.process_time()
    recent = run.store.active_stories([period])
    moved = repair(clustering.index, run.artefact.scorer, clustering.constraints, recent).decisions
    mended = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - imports
    print(
        f"repair {'from the checkpoint' if kept else 'from the store'}: opened in {opened:.2f} s, "
        f"{len(recent):,} stories mended in {mended:.1f} s, {len(moved)} articles moved, "
        f"{peak:,.0f} MiB at most above the imports"
    )
    run.store.close()


def _article(number: int, published: datetime) -> Article:
    return Article(
        id=_name(number), keys=(f"url:{number}",), url=f"https://example.org/{number}",
        title=made_up.word(number % 997), text="", outlet=f"Outlet {number % 300}", published=published,
        published_from="feed", fetched=_NOW, language="en", digest=str(number),
    )  # fmt: skip


def _name(number: int) -> str:
    return f"{number:016x}"


def _resident() -> float:
    """MiB of memory that the process has."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MEBIBYTE


def main() -> None:
    """Loads, then repairs in processes of their own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=40_000)
    parser.add_argument("--minutes", type=float, default=5, help="between two articles")
    parser.add_argument("--repair-days", type=float, default=1)
    parser.add_argument("--mend", choices=["kept", "store"], help="only a repair, of --folder")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.mend:
        mend(options.folder, options.repair_days, kept=options.mend == "kept")
        return
    with tempfile.TemporaryDirectory() as name:
        load(Path(name), options.articles, timedelta(minutes=options.minutes))
        for how in ("kept", "store"):
            command = [sys.executable, "-m", "benchmarks.stories.long_load", "--mend", how, "--folder", name]
            subprocess.run([*command, "--repair-days", str(options.repair_days)], check=True)  # noqa: S603


if __name__ == "__main__":
    main()
