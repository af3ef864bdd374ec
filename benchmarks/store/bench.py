"""Measures the stores: indexing, searching, rebuilding the clustering state. Ratios within one run.

    python benchmarks/store/bench.py --articles 20000
    python benchmarks/store/bench.py --articles 1000000 --elasticsearch http://127.0.0.1:9200

The articles are made up (`made_up.py`); three make a story, so a third as many stories are active.
"""

from __future__ import annotations

import argparse
import itertools
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import made_up

from pipeline import analysis
from pipeline.ports import Commit, Store
from pipeline.records import StoredArticle
from pipeline.records.query import And, Phrase, Query, Term, TimeRange, Wildcard
from pipeline.store import open_store

BATCH = 2000


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
    """Writes the articles and their stories; returns the seconds within the store."""
    seconds = 0.0
    for batch in batches(count):
        commit = Commit(articles=tuple(batch), stories=tuple(made_up.stories(batch)))
        seconds += timed(lambda commit=commit: store.commit(commit))  # type: ignore[misc]
    return seconds


def word(chance: random.Random) -> Term:
    """A word as people search for: neither among the hundred most frequent, nor rarer than rank 20,000."""
    text = made_up.word(int(100 * 200 ** chance.random()))
    return Term(None, text, analysis.query_forms(text))


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
            ("phrase", Phrase(None, "", (one.forms, two.forms), place % 3)),
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


def tell(name: str, store: Store, articles: int, searches: int) -> None:
    """Prints what searching and rebuilding take."""
    list(searched(store, 60))  # warm
    found = searched(store, searches)
    everything = [each for some in found.values() for each in some]
    for kind, seconds in [*found.items(), ("all", everything)]:
        cuts = statistics.quantiles(seconds, n=100)
        print(f"{name:14} search {kind:18} p50 {cuts[49] * 1e3:8.1f} ms   p95 {cuts[94] * 1e3:8.1f} ms")
    end = made_up.START + timedelta(days=36_500)
    seconds = timed(lambda: sum(1 for _ in store.active(made_up.START, end)))
    print(f"{name:14} rebuild {articles // 3:,} active stories, {articles:,} articles: {seconds:8.2f} s")


def bare(url: str, count: int) -> tuple[float, float]:
    """Seconds of `helpers.bulk` for the same documents, and of making them."""
    from elasticsearch import Elasticsearch, helpers

    from pipeline.store.elasticsearch_documents import article_source, story_source

    client = Elasticsearch(url.partition("?")[0], request_timeout=120)
    made = wrote = 0.0
    for batch in batches(count):
        actions: list[dict[str, object]] = []

        def make(batch: list[StoredArticle] = batch, actions: list[dict[str, object]] = actions) -> None:
            for each in batch:
                month = each.enriched.article.time.strftime("%Y.%m")
                source = article_source(each) | {"generation": 1}
                actions.append(
                    {"_index": f"bare-articles-{month}-v1", "_id": source["id"], "_source": source}
                )
            for story in made_up.stories(batch):
                source = story_source(story) | {"generation": 1}
                actions.append({"_index": "bare-stories-v1", "_id": story.id, "_source": source})

        made += timed(make)
        wrote += timed(lambda actions=actions: helpers.bulk(client, actions, refresh=True))  # type: ignore[misc]
    client.close()
    return wrote, made


def on_elasticsearch(url: str, articles: int, searches: int) -> None:
    """Measures on a node; its indices "bench-…" and "bare-…" are made and removed."""
    from pipeline.store.elasticsearch_link import Link, parsed
    from pipeline.store.elasticsearch_schema import Names, drop_everything, install_templates

    base = url.partition("?")[0]
    link = Link(parsed(base, {}), 120)
    for prefix in ("bench", "bare"):
        drop_everything(link, Names(prefix))
    install_templates(link, Names("bare"))
    wrote, made = bare(base, articles)
    drop_everything(link, Names("bare"))
    store = open_store(f"{base}?prefix=bench", timeout_seconds=300)
    seconds = fill(store, articles)
    print(f"{'elasticsearch':14} helpers.bulk of ready documents {articles / wrote:8.0f} articles/s")
    print(f"{'elasticsearch':14} the same and making them        {articles / (wrote + made):8.0f} articles/s")
    print(f"{'elasticsearch':14} Store.commit                    {articles / seconds:8.0f} articles/s")
    print(f"{'elasticsearch':14} ratio {wrote / seconds:.2f}, with making {(wrote + made) / seconds:.2f}")
    tell("elasticsearch", store, articles, searches)
    store.close()
    drop_everything(link, Names("bench"))
    link.close()


def main() -> None:
    """Runs it all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--searches", type=int, default=300)
    parser.add_argument("--elasticsearch", default="", help="the URL of a node")
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
        tell("sqlite", store, chosen.articles, chosen.searches)
        store.close()
    if chosen.elasticsearch:
        on_elasticsearch(chosen.elasticsearch, chosen.articles, chosen.searches)


if __name__ == "__main__":
    main()
