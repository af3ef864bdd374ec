"""Elasticsearch only: the small documents that the clustering state is read from follow the articles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from store_records import article, at, entity
from test_store_elasticsearch import corpus_url, pytestmark, shared_url, url

from pipeline.ports import Commit
from pipeline.store import migrate_store, open_store
from pipeline.store.elasticsearch import documents
from pipeline.store.elasticsearch.cluster import ElasticsearchStore

__all__ = ["corpus_url", "pytestmark", "shared_url", "url"]

ALWAYS = [(at(-99_999), at(99_999))]
MONTH_HOURS = 24 * 45


@pytest.fixture
def store(url: str) -> Iterator[ElasticsearchStore]:
    opened = open_store(url)
    assert isinstance(opened, ElasticsearchStore)
    yield opened
    opened.close()


def members(store: ElasticsearchStore) -> list[tuple[str, str, int, bytes]]:
    """What the members' documents say, by seq."""
    found = [(row.article, row.story, row.seq, row.traits) for row in store.active(ALWAYS)]
    return sorted(found, key=lambda row: row[2])


def articles(store: ElasticsearchStore) -> list[tuple[str, str, int, bytes]]:
    """The same of the articles."""
    found = store.between(0, 10**9)
    return [(each.enriched.article.id, each.story, each.seq, each.traits) for each in found]


def test_members_say_what_articles_say_through_changes_of_story_and_month(store: ElasticsearchStore) -> None:
    first = tuple(article(seq, story=f"s{seq}", hours=seq * 400, traits=b"t%d" % seq) for seq in range(1, 6))
    store.commit(Commit(articles=first))
    assert members(store) == articles(store) != []
    moved = replace(first[1], story="s1")
    later = article(3, story="s3", hours=3 * 400 + MONTH_HOURS, traits=b"new", digest="d2")
    store.commit(Commit(articles=(moved, later)))
    assert members(store) == articles(store)
    assert [row[1:] for row in members(store)][1:3] == [("s1", 2, b"t2"), ("s3", 3, b"new")]
    assert store.reads.count(store.names.members) == 5


def test_members_go_with_their_articles(store: ElasticsearchStore) -> None:
    told = tuple(article(seq, story="s", hours=seq * 400) for seq in range(1, 9))
    store.commit(Commit(articles=told))
    before = store.reads.count(store.names.members)
    lease = store.acquire("stories", "me", at(0), 60)
    assert store.drop_before(at(2100), lease) == 5  # whole months, and a part of one
    assert (before, store.reads.count(store.names.members)) == (8, 3)
    assert members(store) == articles(store)
    months = store.link.client.indices.get(index=f"{store.names.prefix}-members-2*")
    both = store.link.client.indices.get(index=f"{store.names.prefix}-articles-2*")
    assert [name.replace("members", "articles") for name in months] == list(both)


def test_a_refused_article_leaves_no_member(store: ElasticsearchStore, monkeypatch) -> None:
    original = documents.article_source

    def spoiled(stored, *rest):
        return original(stored, *rest) | ({"surprise": 1} if stored.seq == 2 else {})

    monkeypatch.setattr(documents, "article_source", spoiled)
    store.commit(Commit(articles=(article(1), article(2), article(3))))
    assert [row[2] for row in members(store)] == [1, 3]
    assert len(store.rejections()) == 1


def test_a_store_without_members_gets_them_by_migration(url: str, store: ElasticsearchStore) -> None:
    told = tuple(article(seq, story=f"s{seq}", hours=seq * 400, traits=b"t%d" % seq) for seq in range(1, 6))
    store.commit(Commit(articles=told))
    seen = store.roots.read()
    traits = {hit["_id"]: hit["_source"]["traits"] for hit in sources(store, store.names.members)}
    store.link.client.indices.put_mapping(
        index=store.names.articles, properties={"traits": {"type": "binary"}}
    )
    script = {"source": "ctx._source.traits = params.traits[ctx._id]", "params": {"traits": traits}}
    older: dict[str, Any] = {"script": script, "refresh": True}
    store.link.client.update_by_query(index=store.names.articles, **older)
    for index in store.link.client.indices.get(index=f"{store.names.prefix}-members-*"):
        store.link.client.indices.delete(index=index)
    assert store.roots.swap(seen, replace(seen.root, schema=3))  # as versions up to 3 left it
    migrate_store(url)
    assert members(store) == articles(store)
    assert len(members(store)) == 5
    migrate_store(url, anew=True)  # and again, from this version's own
    assert members(store) == articles(store)
    store.commit(Commit(articles=(article(6, hours=2400), replace(told[0], story="s2"))))
    assert members(store) == articles(store)


def sources(store: ElasticsearchStore, index: str) -> list[Mapping[str, Any]]:
    """The documents of an index."""
    hits: list[Mapping[str, Any]] = store.link.client.search(index=index, size=100)["hits"]["hits"]
    return hits


def taken_in(store: ElasticsearchStore) -> dict[int, tuple[str, float]]:
    """What boards see of each article: when it was taken in, and how long after its publication."""
    store.link.client.indices.refresh(index=store.names.articles)
    hits = store.link.client.search(index=store.names.articles, size=100)["hits"]["hits"]
    sources = [hit["_source"] for hit in hits]
    return {
        each["seq"]: (each["taken_in"], each["index_lag_seconds"]) for each in sources if "taken_in" in each
    }


def test_when_an_article_was_taken_in_stays_through_changes_and_migrations(
    url: str, store: ElasticsearchStore
) -> None:
    store.commit(Commit(articles=(article(1, hours=1), article(2, hours=2)), at=at(3)))
    told = {1: (at(3).isoformat(), 7200.0), 2: (at(3).isoformat(), 3600.0)}
    assert taken_in(store) == told
    store.commit(Commit(articles=(article(1, hours=1, story="other", digest="d2"),), at=at(9)))
    store.commit(Commit(articles=(article(3),)))  # nobody said when
    assert taken_in(store) == told
    migrate_store(url, anew=True)
    assert taken_in(store) == told


def test_articles_are_found_by_where_their_places_lie(store: ElasticsearchStore) -> None:
    france = replace(entity("France", "place", "place:FR"), country="FR", at=(46.7, 2.6))
    marseille = replace(entity("Marseille", "place"), country="FR", at=(43.3, 5.4))
    kenya = replace(entity("Kenya", "place", "place:KE"), country="KE", at=(0.2, 37.9))
    store.commit(
        Commit(
            articles=(
                article(1, entities=(france, marseille)),
                article(2, entities=(france, kenya)),
                article(3, entities=(entity("Kim"),)),
            )
        )
    )

    def near(latitude: float, longitude: float) -> list[int]:
        where = {"location": {"lat": latitude, "lon": longitude}, "distance": "50km"}
        found = store.link.client.search(index=store.names.articles, query={"geo_distance": where})
        return sorted(hit["_source"]["seq"] for hit in found["hits"]["hits"])

    assert near(43.3, 5.4) == [1]
    assert near(46.7, 2.6) == [2]  # of the first article the city says more
    assert near(0.2, 37.9) == [2]
