"""What the pages and the read API cost over a large store: time, bytes, requests; ratios within one run.

    python -m benchmarks.programs.pages --articles 20000
    python -m benchmarks.programs.pages --articles 1000000 --elasticsearch http://127.0.0.1:9200

News is made up (`benchmarks/store/made_up.py`), with stories of 15, 150 and 5,000 articles at the end.
"""

from __future__ import annotations

import argparse
import gzip
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks.programs.load import memory_mib, served
from benchmarks.store import bench, made_up
from pipeline.desk.readers import THREADS
from pipeline.ports import Commit, Store
from pipeline.records import (
    Alert,
    Candidate,
    Contribution,
    Decision,
    EntityCount,
    Message,
    Rejection,
    StoredArticle,
    Story,
    WatchState,
)
from pipeline.store.open import open_store

BATCH: Final = 3000
# Members of the stories at the end.
LARGE: Final = (15, 150, 5000)
REJECTIONS: Final = 5000
ALERTS: Final = 2000
WATCH: Final = "storms"
WARMED: Final = 8


def described(story: Story, members: Sequence[StoredArticle]) -> Story:
    """A story with what the pages show of it."""
    counts: dict[str, EntityCount] = {}
    for each in members:
        for entity in each.enriched.entities:
            before = counts[entity.id].count if entity.id in counts else 0
            counts[entity.id] = EntityCount(entity.id, entity.name, entity.kind, before + 1)
    outlets = tuple(dict.fromkeys(each.enriched.article.outlet for each in members))
    ranked = sorted(counts.values(), key=lambda each: (-each.count, each.id))
    return replace(
        story,
        origins=len(outlets),
        outlets=outlets,
        languages=("en",),
        topics=members[0].enriched.topics,
        entities=tuple(ranked[:20]),
        hot=story.last_seq / 1000 + len(members),
        texts=len(members),
    )


def decided(each: StoredArticle) -> Decision:
    """Why an article is in its story: some story scored best, another was next."""
    parts = tuple(Contribution(name, 0.4, 0.1) for name in ("vectors", "words", "names", "numbers", "time"))
    chosen = Candidate(each.story, 0.5, parts)
    runner_up = Candidate(f"{int(each.story, 16) - 1:016x}", 0.15, parts)
    return Decision(each.enriched.article.id, each.story, False, chosen, runner_up, 0.2, 0.3)


def commits(count: int) -> Iterator[Commit]:
    """The news, in commits."""
    made = made_up.articles(count + sum(LARGE))
    batch: list[StoredArticle] = []
    for each in made:
        batch.append(each)
        if len(batch) == BATCH or each.seq == count:
            yield written(batch)
            batch = []
        if each.seq == count:
            break
    for number, size in enumerate(LARGE):
        name = f"{(2 << 40) + number:016x}"
        yield written([replace(next(made), story=name) for _ in range(size)])


def written(batch: Sequence[StoredArticle]) -> Commit:
    """A commit of some articles and their stories."""
    of = {each.enriched.article.id: each for each in batch}
    stories = [described(s, [of[m] for m in s.members]) for s in made_up.stories(list(batch))]
    return Commit(articles=tuple(batch), stories=tuple(stories), decisions=tuple(map(decided, batch)))


def beside(now: datetime, stories: Sequence[str]) -> Commit:
    """Quarantine, alerts and their messages."""
    minute = timedelta(minutes=1)
    alerts = [
        Alert(f"a{n:08x}", WATCH, "new", story, (), "a storm", n, now - n * minute)
        for n, story in enumerate(stories[:ALERTS])
    ]
    return Commit(
        rejections=tuple(
            Rejection(
                f"r{n:08x}",
                f"https://x{n % 40}.example/{n}",
                "normalize",
                f"reason {n % 12}",
                now,
                excerpt="<p>" * 150,
            )
            for n in range(REJECTIONS)
        ),
        alerts=tuple(alerts),
        tellings=tuple(WatchState(WATCH, a.story, alerts=(a.id,), at=a.at) for a in alerts),
        messages=tuple(
            Message(
                f"m{n:08x}",
                WATCH,
                (a.id,),
                "mail",
                "dora@newsroom.example",
                "sent",
                a.at,
                payload=b"b" * 20_000,
            )
            for n, a in enumerate(alerts)
        ),
    )


def fill(store: Store, count: int, now: datetime) -> None:
    """Writes all of it."""
    for each in commits(count):
        store.commit(each)
    page = store.newest_stories(None, None, ALERTS)
    store.commit(beside(now, [story.id for story in page]))


@dataclass
class Cost:
    """What one page cost."""

    milliseconds: list[float]
    status: int
    bytes: int
    packed: int

    @property
    def p95(self) -> float:
        """The 95th percentile of its times, in milliseconds."""
        return statistics.quantiles(self.milliseconds, n=20)[-1]


def pages() -> dict[str, str]:
    """The pages by what they are."""
    story, mid, big = (f"{(2 << 40) + number:016x}" for number in range(3))
    return {
        "stories now": "/",
        "newest": "/?sort=new",
        "stories, a word": f"/?q={made_up.word(900)}",
        "stories, frequent": f"/?q={made_up.word(1)}",
        "stories, a name": "/?name=Name%20900",
        "stories, a topic": "/?topic=medtop:3",
        "stories of a day": "/?since=24h",
        "a story of 15": f"/stories/{story}",
        "a story of 150": f"/stories/{mid}",
        "a story of 5000": f"/stories/{big}",
        "an article": f"/articles/{9:016x}",
        "search": f"/search?q={made_up.word(900)}",
        "search, frequent": f"/search?q={made_up.word(1)}",
        "names": "/names",
        "a name": "/names/person:Name%20900",
        "a frequent name": "/names/person:Name%201",
        "watches": "/watches",
        "a watch": f"/watches/{WATCH}",
        "feeds": "/feeds",
        "quarantine": "/quarantine",
        "an entry": "/quarantine/r00000007",
        "corrections": "/corrections",
        "doctor": "/doctor",
        "about": "/about",
    }


def warm(address: str) -> None:
    """Has each of the threads that read open its store; a server that runs has done so long ago."""

    def ask(_: int) -> None:
        httpx.get(address, timeout=120)

    with ThreadPoolExecutor(4 * THREADS) as pool:
        list(pool.map(ask, range(8 * THREADS)))


def endpoints() -> dict[str, str]:
    """The operations of the read API by what they are, below `/api/v1`."""
    story, _, big = (f"{(2 << 40) + number:016x}" for number in range(3))
    word = made_up.word(900)
    return {
        "API: articles": "/articles",
        "API: oldest": "/articles?order=oldest&limit=100",
        "API: a word": f"/articles?q={word}",
        "API: best": f"/articles?q={word}&order=best",
        "API: an article": f"/articles/{9:016x}",
        "API: why": f"/articles/{9:016x}/why",
        "API: stories, hot": "/stories?since=2000-01-01",
        "API: stories, size": "/stories?order=size",
        "API: stories, word": f"/stories?q={word}",
        "API: a story": f"/stories/{story}",
        "API: one of 5000": f"/stories/{big}",
        "API: situations": "/situations?since=2000-01-01",
        "API: a name": "/names/person:Name%20900",
        "API: changes": "/changes?since=2000-01-01",
        "API: watches": "/watches",
        "API: alerts": "/alerts",
        "API: description": "/openapi.json",
    }


def timed(address: str, path: str, tries: int, token: str = "") -> Cost:
    """Asks for a page, or with a token for an answer, `tries` times, after once to warm up."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(base_url=address, timeout=120, headers=headers) as client:
        first = client.get(path)
        times = [bench.timed(lambda: client.get(path)) * 1e3 for _ in range(tries)]
    return Cost(times, first.status_code, len(first.content), len(gzip.compress(first.content)))


@contextmanager
def counting() -> Iterator[list[str]]:
    """Notes each request that a store sends from now on: a statement of SQLite, a call of Elasticsearch."""
    from pipeline.store.elasticsearch.link import Link
    from pipeline.store.sqlite.file import DatabaseFile

    asked: list[str] = []
    former: tuple[Callable[..., Any], ...] = DatabaseFile.rows, DatabaseFile.stream, Link.call

    def noted(action: Callable[..., Any]) -> Callable[..., Any]:
        def run(self: object, what: str, *more: Any, **named: Any) -> Any:
            asked.append(what)
            return action(self, what, *more, **named)

        return run

    DatabaseFile.rows, DatabaseFile.stream, Link.call = map(noted, former)  # type: ignore[method-assign]
    try:
        yield asked
    finally:
        DatabaseFile.rows, DatabaseFile.stream, Link.call = former  # type: ignore[method-assign]


def asked_for(home: Path, config: Path, store: str) -> dict[str, list[str]]:
    """What each page asks its store, warm."""
    from starlette.testclient import TestClient

    from pipeline.app import open_app
    from pipeline.app.wiring import now
    from pipeline.desk.access import Doors, FeedKey
    from pipeline.desk.readers import Readers
    from pipeline.desk.site import Site, SiteOptions

    readers = Readers(
        lambda: open_app(store=store, home=home, config=config, make=False), config, time.monotonic, 1
    )
    options = SiteOptions(
        Doors(open=True), b"k" * 32, now, limit_seconds=120, feed_key=FeedKey(home / "desk")
    )
    client = TestClient(Site(readers, options, lambda: None).application(), base_url="http://127.0.0.1")
    found = {}
    try:
        with counting() as asked:
            for name, path in pages().items():
                client.get(path)
                asked.clear()
                client.get(path)
                found[name] = list(asked)
    finally:
        readers.close()
    return found


def main() -> None:
    """Runs it all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--elasticsearch", default="", help="the URL of a node, instead of a SQLite file")
    parser.add_argument("--tries", type=int, default=40)
    parser.add_argument("--home", type=Path, help="keep the store here, and use it again")
    parser.add_argument("--asked", default="", help="print what this page asks its store")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = chosen.home or Path(temporary)
        config = home / "config"
        config.mkdir(parents=True, exist_ok=True)
        (config / "watches.yaml").write_text(f"watches:\n- name: {WATCH}\n  query: storm\n")
        (config / "feeds.yaml").write_text("feeds: []\n")
        address = f"{chosen.elasticsearch}?prefix=pages{int(time.time())}" if chosen.elasticsearch else ""
        url = address or f"sqlite:///{home}/wirewatch.db"
        store = open_store(url)
        if not store.head():
            begun = time.perf_counter()
            fill(store, chosen.articles, datetime.now(UTC))
            print(f"{store.head():,} articles written in {time.perf_counter() - begun:.0f} s")
        alone = min(bench.timed(lambda: store.newest_stories(None, None, 30)) for _ in range(5)) * 1e3
        store.close()
        with served(home, config, "--no-token", store=address) as (where, pid, token):
            warm(where)
            for _ in range(WARMED if address else 0):  # a node compiles what is asked of it often
                for path in pages().values():
                    httpx.get(f"{where}{path}", timeout=120)
            costs = {name: timed(where, path, chosen.tries) for name, path in pages().items()}
            for name, path in endpoints().items():
                costs[name] = timed(where, f"/api/v1{path}", chosen.tries, token)
            memory = memory_mib(pid)
        asked = asked_for(home, config, url)
        print(f"{'page':18} {'p50 ms':>8} {'p95 ms':>8} {'bytes':>9} {'packed':>8} {'asked':>6}")
        for name, cost in costs.items():
            middle = statistics.median(cost.milliseconds)
            status = "" if cost.status == 200 else f"  {cost.status}"
            figures = f"{middle:8.1f} {cost.p95:8.1f} {cost.bytes:9,} {cost.packed:8,}"
            figures += f" {len(asked[name]):6}" if name in asked else ""
            print(f"{name:18} {figures}{status}")
        now, fifteen, more = (
            statistics.median(costs[n].milliseconds)
            for n in ("stories now", "a story of 15", "a story of 150")
        )
        print(f"stories now over the query of its stories: {now / alone:.1f} x ({alone:.1f} ms)")
        print(f"a story of 150 over one of 15: {more / fifteen:.1f} x; memory of the server {memory:.0f} MiB")
        for line in asked.get(chosen.asked, ()):
            print(" ".join(line.split())[:200])


if __name__ == "__main__":
    main()
