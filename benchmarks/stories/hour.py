"""A sustained load: how many articles a day it stands for, the window full.

    python -m benchmarks.stories.hour FOLDER [--minutes 60] [--window 300000]

First the folder gets a store whose window of 30 days, which ends now, holds `--window` articles; cut short,
it goes on where it was. Their features are made without the models: vectors are some real ones and noise.
Then `wirewatch load`, as it comes, with vectors and in as many processes as it takes by itself, reads a file
that is written ahead of it for `--minutes`: invented news (`papers`) that goes on where the window ends,
dated now.

A line a minute: articles, a second by the clock, processor time an article of all processes together, and
their memory. At the end articles a day, by the clock, and by the processor time that two cores have. The load
of the machine stands beside, since on a busy one the clock says little.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Final

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from benchmarks.stories.papers import Paper, Papers, events
from pipeline.enrich.vectors.embedder import E5Embedder
from pipeline.ports import Commit
from pipeline.records import Article, EnrichedArticle, StoredArticle
from pipeline.store.sqlite.database import SqliteStore
from pipeline.stories.features.features import embedded_text

_CONFIG: Final = Path(__file__).parents[2] / "config"
_WINDOW: Final = timedelta(days=30)
_BATCH: Final = 1_000
_SAMPLES: Final = 300
# A dimension, as in `invented`: of an event, and of an article of it.
_EVENT_NOISE: Final = 0.018
_NOISE: Final = 0.010
# How many articles are written ahead of what is stored: more than a load has under way.
_AHEAD: Final = 2_000
# Numbers of articles that are neither in the window nor loaded.
_ELSEWHERE: Final = 1_000_000_000
_CORES: Final = 2
_DAY: Final = 86_400.0
_PAUSE: Final = 5.0
_TICK: Final = os.sysconf("SC_CLK_TCK")
_MEBIBYTE: Final = 1024.0


def fill(path: Path, window: int, papers: Papers) -> None:
    """Writes articles until there are `window`, the last dated now; the end is kept beside the store."""
    ended = path.with_suffix(".ended")
    if not ended.exists():
        ended.write_text(datetime.now(UTC).isoformat())
    end = datetime.fromisoformat(ended.read_text())
    with closing(SqliteStore(path)) as store:
        there = store.head()
        if there >= window:
            return
        known = _vectors(papers)
        source = enumerate(itertools.islice(events(), window))
        while some := list(itertools.islice(source, _BATCH)):
            if some[-1][0] < there:
                continue
            stored = []
            for number, event in some[max(0, there - some[0][0]) :]:
                published = end - _WINDOW * (1 - (number + 1) / window)
                stored.append(_stored(papers, papers.paper(number, event), event, published, known))
            store.commit(Commit(articles=tuple(stored)))


def _vectors(papers: Papers) -> NDArray[np.float32]:
    """Real vectors of some invented articles."""
    some = [papers.paper(_ELSEWHERE + event, event) for event in range(_SAMPLES)]
    return E5Embedder().embed([embedded_text(each.title, each.text) for each in some])


def _stored(
    papers: Papers, paper: Paper, event: int, published: datetime, known: NDArray[np.float32]
) -> StoredArticle:
    """An article as a load would have left it, but for what only pages show."""
    width = known.shape[1]
    vector = known[event % len(known)] + np.random.default_rng((5, event)).normal(0.0, _EVENT_NOISE, width)
    vector += np.random.default_rng((4, paper.number)).normal(0.0, _NOISE, width)
    traits = papers.traits(paper, published, (vector / float(np.linalg.norm(vector))).astype(np.float16))
    name = f"{paper.number:016x}"
    article = Article(
        id=name, keys=(f"url:{paper.url}",), url=paper.url, title=paper.title, text=traits.lead,
        outlet=paper.outlet, published=published, published_from="feed", fetched=published, language="en",
        digest=name,
    )  # fmt: skip
    return StoredArticle(EnrichedArticle(article), paper.number + 1, f"{event:016x}", traits.to_bytes())


@dataclass(frozen=True, slots=True)
class Reading:
    """What a load had done and used at some moment: seconds, articles, and MiB of each process."""

    clock: float
    articles: int
    processor: float
    memory: tuple[float, ...]

    def since(self, before: Reading) -> str:
        """What it did in between, in words."""
        articles = self.articles - before.articles
        seconds, spent = self.clock - before.clock, self.processor - before.processor
        return (
            f"{articles / seconds:5.1f}/s by the clock, "
            f"{1000 * spent / articles if articles else 0:5.1f} ms of processor time an article"
        )


class Load:
    """`wirewatch load` of a file that is still being written.

    Args:
        folder: With the store.
        papers: Makes the articles.
        first: The number of the first one.
    """

    def __init__(self, folder: Path, papers: Papers, first: int) -> None:
        self._store = folder / "wirewatch.db"
        self._papers = papers
        self._first, self._next = first, first
        self._events: Iterator[int] = itertools.islice(events(), first, None)
        self._file: IO[str] = (folder / f"news-{first}.jsonl").open("w", encoding="utf-8")
        self._ahead()
        command = [
            str(Path(sys.executable).parent / "wirewatch"),
            *("--home", str(folder), "--config", str(_CONFIG), "--store", f"sqlite:///{self._store}"),
            *("--json", "load", self._file.name),
        ]
        self._begun = time.monotonic()
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603  ourselves

    def reading(self) -> Reading:
        """How far it is; more is written where it needs it."""
        articles = _articles(self._store) - self._first
        everyone = _family(self._process.pid)
        return Reading(
            self.seconds(),
            articles,
            sum(map(_processor, everyone)),
            tuple(_memory(each) for each in everyone),
        )

    def feed(self, articles: int) -> None:
        """Writes ahead of the `articles` that are stored."""
        while self._next < self._first + articles + _AHEAD:
            self._ahead()

    def runs(self) -> bool:
        """Whether it is still at work."""
        return self._process.poll() is None

    def seconds(self) -> float:
        """Seconds since it began, by the clock."""
        return time.monotonic() - self._begun

    def end(self) -> tuple[float, float, int]:
        """Lets it come to the end of the file: seconds by the clock, of processor time, and articles."""
        self._file.close()
        _, status, used = os.wait4(self._process.pid, 0)
        if status:
            raise SystemExit(f"the load ended with {status}")
        return self.seconds(), used.ru_utime + used.ru_stime, _articles(self._store) - self._first

    def _ahead(self) -> None:
        now = datetime.now(UTC).isoformat()
        for event in itertools.islice(self._events, _BATCH):
            paper = self._papers.paper(self._next, event)
            self._next += 1
            line = {"title": paper.title, "text": paper.text, "url": paper.url, "source": paper.outlet}
            self._file.write(json.dumps(line | {"published": now}) + "\n")
        self._file.flush()


def _articles(path: Path) -> int:
    """How many articles a store has."""
    with closing(SqliteStore(path)) as store:
        return store.head()


def _family(process: int) -> list[int]:
    """A process and those that it started, and those that they started."""
    try:
        listed = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [process, *itertools.chain.from_iterable(_family(int(each)) for each in listed.split())]


def _processor(process: int) -> float:
    """Seconds of processor time."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:13])) / _TICK


def _memory(process: int) -> float:
    """MiB that it has in memory, what it shares included."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / _MEBIBYTE


def measure(load: Load, minutes: int) -> None:
    """Prints a line each minute, and at the end what it comes to."""
    before = started = Reading(0.0, 0, 0.0, ())
    for minute in range(1, minutes + 1):
        while load.runs() and load.seconds() < 60 * minute:
            load.feed(load.reading().articles)
            time.sleep(_PAUSE)
        if not load.runs():
            break
        now = load.reading()
        print(
            f"minute {minute}: {now.articles:,} articles, {now.since(before)}; MiB "
            f"{' '.join(f'{each:,.0f}' for each in now.memory)}; load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
        before = now
        if minute == 1:
            started = now
    if before.articles > started.articles:
        print(f"without the first minute: {before.since(started)}")
    seconds, spent, articles = load.end()
    print(
        f"with the start and the end: {articles:,} articles, {seconds / 60:.1f} minutes, {spent:,.0f} s of "
        f"processor time, {1000 * spent / articles:.1f} ms an article\n"
        f"articles a day: {articles / seconds * _DAY:,.0f} by the clock, "
        f"{_CORES * _DAY * articles / spent:,.0f} by processor time on {_CORES} cores"
    )


def main() -> None:
    """Fills the window, loads, and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--window", type=int, default=300_000)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    papers = Papers()
    store = options.folder / "wirewatch.db"
    fill(store, options.window, papers)
    there = _articles(store)
    print(f"{there:,} articles in the store, load {os.getloadavg()[0]:.1f}", flush=True)
    if options.minutes:
        measure(Load(options.folder, papers, there), options.minutes)


if __name__ == "__main__":
    main()
