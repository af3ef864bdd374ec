"""The Elasticsearch store against the contract, on a real node.

Skipped unless ELASTICSEARCH_URL names one, e.g. of a container:
`docker run -p 127.0.0.1:9200:9200 -e discovery.type=single-node -e xpack.security.enabled=false
docker.elastic.co/elasticsearch/elasticsearch:9.4.3`, then `ELASTICSEARCH_URL=http://127.0.0.1:9200`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from conformance import StoreConformance
from conformance_changes import ChangeConformance
from conformance_faults import FaultConformance
from conformance_lists import ListConformance, shelf
from conformance_queries import RankedQueryConformance
from conformance_state import StateConformance
from elasticsearch import Elasticsearch
from node_stores import ON_NODE, new_url, removed
from store_records import article, story

from pipeline.ports import Commit, StoryFilter, StoryOrder
from pipeline.query.parse import parse
from pipeline.store import open_store
from pipeline.store.elasticsearch import lists
from pipeline.store.elasticsearch.cluster import ElasticsearchStore
from pipeline.store.elasticsearch.commit.root import Root

pytestmark = ON_NODE


@contextmanager
def place() -> Iterator[str]:
    """The URL at which there is no store; what is made there is removed afterwards."""
    url = new_url()
    try:
        yield url
    finally:
        removed(url)


def wipe(url: str) -> None:
    """Empties a store: making a new one takes seconds."""
    store = open_store(url)
    assert isinstance(store, ElasticsearchStore)
    client, prefix = store.link.client, store.names.prefix
    seen = store.roots.read()
    # Documents that were deleted remember their generation: the next one must be higher.
    assert store.roots.swap(
        seen, Root(generation=seen.root.generation + 10, epoch=seen.root.epoch, nonce="wiped")
    )
    client.cluster.health(index=f"{prefix}-*", wait_for_status="yellow", timeout="60s")
    store.link.call("empty the store", lambda client: _emptied(client, f"{prefix}-*"))
    store.close()


def _emptied(client: Elasticsearch, indices: str) -> None:
    """Deletes all but the root; asked again where an index that a killed writer wanted has no shard yet."""
    client.indices.refresh(index=indices)
    client.delete_by_query(
        index=indices, query={"bool": {"must_not": [{"term": {"kind": "root"}}]}}, refresh=True
    )


@pytest.fixture(scope="module")
def shared_url() -> Iterator[str]:
    with place() as made:
        yield made


@pytest.fixture
def url(shared_url: str) -> str:
    wipe(shared_url)
    return shared_url


@pytest.fixture(scope="module")
def corpus_url() -> Iterator[str]:
    with place() as made:
        yield made


class TestElasticsearch(StoreConformance, StateConformance, ListConformance, ChangeConformance):
    pass


@pytest.mark.parametrize("query", ["wind", "calm OR wind", "storm"])
def test_a_list_is_the_same_when_it_is_walked(url: str, monkeypatch, query: str) -> None:
    store = open_store(url)
    store.commit(shelf())
    wanted = StoryFilter(query=parse(query))
    orders: tuple[StoryOrder, ...] = ("hot", "new", "size")
    collected = [store.story_page(wanted, order, limit) for order in orders for limit in (1, 2, 9)]
    assert store.newest_stories(None, wanted.query, 9) == store.story_page(wanted, "new", 9)
    monkeypatch.setattr(lists, "FEW_HITS", -1)
    monkeypatch.setattr(lists, "_FIRST_PIECE", 1)
    assert [store.story_page(wanted, order, limit) for order in orders for limit in (1, 2, 9)] == collected
    store.close()


def test_questions_one_after_another_see_what_others_wrote_meanwhile(url: str) -> None:
    reader, writer = open_store(url), open_store(url)
    assert isinstance(reader, ElasticsearchStore)
    for n in range(1, 4):
        assert reader.stories(["s0"]) == {} or n > 1
        writer.commit(
            Commit(articles=(article(n, f"Title {n}", story="s0"),), stories=(story("s0", ("a",)),))
        )
        assert [each.title for each in reader.lines([f"a{n:06d}"]).values()] == [f"Title {n}"]
        assert reader.freshness().head == n
    with counted(reader) as asked:
        reader.lines(["a000001"])
        reader.lines(["a000002"])
    assert len(asked) <= 5
    reader.close()
    writer.close()


@contextmanager
def counted(store: ElasticsearchStore) -> Iterator[list[str]]:
    """Notes the requests of a store."""
    asked: list[str] = []
    call = store.link.call

    def noted(what: str, *more: Any, **named: Any) -> Any:
        asked.append(what)
        return call(what, *more, **named)

    store.link.call = noted  # type: ignore[method-assign]
    try:
        yield asked
    finally:
        store.link.call = call  # type: ignore[method-assign]


class TestElasticsearchQueries(RankedQueryConformance):
    pass


class TestElasticsearchFaults(FaultConformance):
    kills = 3
    goal = 20

    @pytest.fixture
    def fresh_url(self) -> Iterator[str]:
        with place() as made:
            yield made
