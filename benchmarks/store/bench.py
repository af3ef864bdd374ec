"""Measures the stores: indexing, searching, rebuilding the clustering state. Ratios within one run.

    python -m benchmarks.store.bench --articles 20000
    python -m benchmarks.store.bench --articles 1000000 --stories 100000 --elasticsearch http://127.0.0.1:9200

Articles to search are made up (`made_up.py`); months that ended are merged before they are searched, as
`maintain` does each day. The clustering state is that of other articles (`rebuild.py`).
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.store import made_up, rebuild
from pipeline.ports import Commit, Store
from pipeline.query.tree import And, Phrase, Query, Term, TimeRange, Wildcard
from pipeline.query.words.search_tokens import word_tokens
from pipeline.records import StoredArticle
from pipeline.store import open_store

BATCH = 2000
# How far back stories are active; months that ended before are merged.
ACTIVE = timedelta(days=30)
# This many articles are enough to compare ways of writing.
COMPARED = 22_000


def batches(count: int) -> Iterator[list[StoredArticle]]:
    """The made-up articles, `BATCH` at a time."""
    source = made_up.articles(count)
    while batch := list(itertools.islice(source, BATCH)):
        yield batch


def timed(action: Callable[[], object]) -> float:
    """Seconds that an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def fill(store: Store, count: int) -> float:
    """Writes the articles that are missing, and their stories; returns the seconds within the store."""
    seconds, head = 0.0, store.head()
    for batch in batches(count):
        if batch[-1].seq <= head:
            continue
        commit = Commit(articles=tuple(batch), stories=tuple(made_up.stories(batch)))
        seconds += timed(lambda commit=commit: store.commit(commit))  # type: ignore[misc]
    return seconds


def word(chance: random.Random) -> Term:
    """A word as people search for: neither among the hundred most frequent, nor rarer than rank 20,000."""
    text = made_up.word(int(100 * 200 ** chance.random()))
    return Term(None, text, word_tokens(text))


def questions(count: int, seed: int = 5) -> Iterator[tuple[str, Query]]:
    """Queries of each kind, in turn."""
    chance = random.Random(seed)
    for place in range(count):
        one, two = word(chance), word(chance)
        name = f"name {int(chance.paretovariate(1)) % 50_000 + 3}"
        since = made_up.START + timedelta(hours=chance.random() * 100)
        yield (
            ("one word", one),
            ("two words", And((one, two))),
            ("phrase", Phrase(None, "", ((one.text,), (two.text,)), place % 3)),
            ("prefix", Wildcard(None, f"{two.text[:6]}*")),
            ("name and word", And((Term("entities", name, (name,)), one))),
            ("word in a window", And((one, TimeRange("published", since, since + timedelta(days=2))))),
        )[place % 6]


def searched(store: Store, count: int) -> dict[str, list[float]]:
    """Seconds of each search, by kind of query."""
    found: dict[str, list[float]] = {}
    for kind, query in questions(count):
        found.setdefault(kind, []).append(timed(lambda query=query: store.search(query, None, 20)))  # type: ignore[misc]
    return found


def tell(name: str, store: Store, searches: int) -> None:
    """Prints what searching takes."""
    list(searched(store, 60))  # warm
    found = searched(store, searches)
    everything = [each for some in found.values() for each in some]
    for kind, seconds in [*found.items(), ("all", everything)]:
        cuts = statistics.quantiles(seconds, n=100)
        print(f"{name:14} search {kind:18} p50 {cuts[49] * 1e3:8.1f} ms   p95 {cuts[94] * 1e3:8.1f} ms")


def merge(store: Store, articles: int) -> None:
    """Has the months that ended merged, and waits until they are."""
    while store.optimize(made_up.START + timedelta(hours=articles / made_up.PER_HOUR) - ACTIVE):
        time.sleep(10)


class Bare:
    """The client's own `helpers.bulk` of the same documents, ready-made: what `Store.commit` is held against.

    Args:
        client: The client.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self.making = self.writing = 0.0

    def write(self, batch: list[StoredArticle]) -> None:
        """Writes a batch, refreshed once, as a commit is."""
        from elasticsearch import helpers

        from pipeline.store.elasticsearch.documents import json_of

        actions: list[dict[str, Any]] = []
        self.making += timed(lambda: actions.extend(documents(batch)))
        for action in actions:  # ready-made: plain JSON, whatever ours is made of
            action["_source"] = json.loads(json_of(action["_source"]))
        self.writing += timed(lambda: helpers.bulk(self._client, actions))
        self.writing += timed(lambda: self._client.indices.refresh(index="bare-*"))


def documents(batch: list[StoredArticle]) -> Iterator[dict[str, Any]]:
    """What a store makes of a batch, for `helpers.bulk`."""
    from pipeline.store.elasticsearch.documents import article_source, member_source, story_source

    for each in batch:
        month = each.enriched.article.time.strftime("%Y.%m")
        source = article_source(each) | {"generation": 1}
        yield {"_index": f"bare-articles-{month}-v1", "_id": source["id"], "_source": source}
        member = member_source(source, each.traits) | {"generation": 1}
        yield {"_index": f"bare-members-{month}-v1", "_id": source["id"], "_source": member}
    for story in made_up.stories(batch):
        yield {
            "_index": "bare-stories-v1",
            "_id": story.id,
            "_source": story_source(story) | {"generation": 1},
        }


def compared(store: Store, client: Any, count: int) -> None:
    """Prints what a commit costs beside `helpers.bulk`: by turns, the first of several to warm up."""
    bare, seconds, written = Bare(client), 0.0, 0
    for place, batch in enumerate(batches(count)):
        commit = Commit(articles=tuple(batch), stories=tuple(made_up.stories(batch)))
        took = timed(lambda commit=commit: store.commit(commit))  # type: ignore[misc]
        bare.write(batch)
        if place or count <= BATCH:
            seconds, written = seconds + took, written + len(batch)
        else:
            bare.making = bare.writing = 0.0
    for what, each in (
        ("Store.commit", seconds),
        ("helpers.bulk of ready documents", bare.writing),
        ("helpers.bulk and making them", bare.writing + bare.making),
    ):
        print(f"{'elasticsearch':14} {what:32} {written / each:8.0f} articles/s, ratio {each / seconds:.2f}")


def on_elasticsearch(url: str, articles: int, searches: int, stories: int) -> None:
    """Measures on a node; its indices "bench-…" and "bare-…" are made and removed."""
    from elasticsearch import Elasticsearch

    from pipeline.store.elasticsearch.indices import Names, drop_everything, install_templates
    from pipeline.store.elasticsearch.link import Link, parsed

    base = url.partition("?")[0]
    link = Link(parsed(base, {}), 120)
    for prefix in ("bench", "bare", "rebuild"):
        drop_everything(link, Names(prefix))
    install_templates(link, Names("bare"))
    store = open_store(f"{base}?prefix=bench", timeout_seconds=300)
    with Elasticsearch(base, request_timeout=120) as client:  # as it is by default
        compared(store, client, min(articles, COMPARED))
    drop_everything(link, Names("bare"))
    fill(store, articles)
    merge(store, articles)
    tell("elasticsearch", store, searches)
    store.close()
    drop_everything(link, Names("bench"))
    store = open_store(f"{base}?prefix=rebuild", timeout_seconds=300)
    rebuild.fill(store, stories)
    rebuild.tell("elasticsearch", store, stories)
    store.close()
    drop_everything(link, Names("rebuild"))
    link.close()


def main() -> None:
    """Runs it all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--searches", type=int, default=300)
    parser.add_argument("--stories", type=int, default=5_000, help="active stories whose state is rebuilt")
    node = os.environ.get("ELASTICSEARCH_URL", "")
    parser.add_argument(
        "--elasticsearch", default=node, help="the URL of a node; ELASTICSEARCH_URL by default"
    )
    parser.add_argument("--folder", default="", help="where the SQLite file goes (and stays)")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(chosen.folder or temporary) / f"bench-{chosen.articles}.db"
        store = open_store(f"sqlite:///{path.resolve()}")
        if store.head() < chosen.articles:
            print(
                f"{'sqlite':14} Store.commit {chosen.articles / fill(store, chosen.articles):8.0f} articles/s"
            )
        print(f"{'sqlite':14} file {path.stat().st_size / chosen.articles:8.0f} bytes an article")
        merge(store, chosen.articles)
        tell("sqlite", store, chosen.searches)
        store.close()
        store = open_store(f"sqlite:///{Path(temporary).resolve()}/state.db")
        rebuild.fill(store, chosen.stories)
        rebuild.tell("sqlite", store, chosen.stories)
        store.close()
    if chosen.elasticsearch:
        on_elasticsearch(chosen.elasticsearch, chosen.articles, chosen.searches, chosen.stories)


if __name__ == "__main__":
    main()
