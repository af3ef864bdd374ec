"""A store with everything in it that is hard to copy."""

from __future__ import annotations

from conformance import everything
from store_child import batch
from store_records import article, at, one_of_each, word_term

from pipeline.ports import Commit, Store
from pipeline.store import copy_store, open_store


def fill(store: Store) -> None:
    """Earlier versions, numbers that retention left out, a moved month, all kinds of records."""
    store.commit(one_of_each())
    store.commit(Commit(articles=(article(1, "Calm", digest="d2", version=2, hours=2000),)))
    store.commit(Commit(articles=(article(1, "Calm again", digest="d3", version=3, hours=3000),)))
    store.commit(batch(2, 1500))
    lease = store.acquire("stories", "me", at(0), 60)
    store.drop_before(at(9), lease)
    store.release(lease)


def same(one: Store, two: Store) -> None:
    assert everything(one) == everything(two)
    ids = [each.enriched.article.id for each in one.between(0, 10_000)]
    assert [one.decision(name) for name in ids] == [two.decision(name) for name in ids]
    assert one.versions("a000001") == two.versions("a000001")
    always = [(at(-9), at(9999))]
    assert sorted(one.active(always)) == sorted(two.active(always))
    query = word_term("calm")
    assert [hit.article for hit in one.search(query, None, 9)] == [
        hit.article for hit in two.search(query, None, 9)
    ]


def check_copy(source_url: str, target_url: str) -> None:
    source, target = open_store(source_url), open_store(target_url)
    fill(source)
    assert len(source.versions("a000001")) == 2
    assert copy_store(source, target) == len(list(source.between(0, 10_000)))
    same(source, target)
    target.commit(batch(target.head(), 1))  # and it goes on
    assert target.head() == source.head() + 1
    source.close()
    target.close()
