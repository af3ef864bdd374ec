"""The contract of every store, continued: what changed, numbered in the order in which it happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from store_records import article, at, decision

from pipeline.ports import Commit, Store, Version
from pipeline.records import StoredArticle
from pipeline.store import open_store


def shown(store: Store, after: int = 0) -> list[tuple[int, str, str, str, str, int]]:
    return [
        (c.n, c.kind, c.article, c.former, c.story, c.seq) for c in store.changes(after, store.last_change())
    ]


def edited(stored: StoredArticle, digest: str) -> StoredArticle:
    plain = replace(stored.enriched.article, digest=digest, title=f"Title {digest}")
    return replace(stored, enriched=replace(stored.enriched, article=plain))


class ChangeConformance:
    """A subclass has a fixture `url`, as in `conformance`."""

    @pytest.fixture
    def store(self, url: str) -> Iterator[Store]:
        opened = open_store(url)
        yield opened
        opened.close()

    def test_arrivals_edits_and_moves_are_numbered_in_order(self, store: Store) -> None:
        assert (store.last_change(), shown(store), store.amendments(0)) == (0, [], [])
        one, two = article(1, story="s1"), article(2, story="s1")
        store.commit(Commit(articles=(one, edited(one, "d2"), two)))
        store.commit(Commit(articles=(article(3, story="s2"),)))
        moved = replace(edited(one, "d2"), story="s2")
        store.commit(
            Commit(articles=(moved,), decisions=(replace(decision("a000001", "s2"), by="person"),), at=at(5))
        )
        assert shown(store) == [
            (1, "arrival", "a000001", "", "s1", 1),
            (2, "edit", "a000001", "", "s1", 1),
            (3, "arrival", "a000002", "", "s1", 2),
            (4, "arrival", "a000003", "", "s2", 3),
            (5, "move", "a000001", "s1", "s2", 3),
        ]
        assert [c.n for c in store.changes(1, 3)] == [2, 3]
        last = store.amendments(2)
        assert [(c.n, c.by, c.at) for c in last] == [(5, "person", at(5))]
        assert store.last_change() == 5
        assert [c.n for c in store.changes_of(["a000001", "a000009"])] == [1, 2, 5]
        came = one.enriched.article.fetched
        assert store.changes_since(came) == 0
        assert store.changes_since(at(5)) == 4
        assert store.changes_since(at(6)) == 5

    def test_the_same_again_and_what_no_reader_sees_is_no_change(self, store: Store) -> None:
        one = article(1, story="s1")
        commit = Commit(articles=(one, edited(one, "d2")))
        store.commit(commit)
        store.commit(Commit(articles=(edited(one, "d2"),)))
        store.commit(Commit(articles=(replace(edited(one, "d2"), traits=b"other"),), marks={"m": "1"}))
        assert len(shown(store)) == store.last_change() == 2

    def test_a_version_keeps_what_was_found_in_it(self, store: Store) -> None:
        one = article(1)
        store.commit(Commit(articles=(one,)))
        store.commit(Commit(articles=(edited(one, "d2"),)))
        replaced = one.enriched.article.fetched
        kept = Version(one.enriched.article, replaced, one.enriched.entities, one.enriched.topics)
        assert store.versions("a000001") == [kept]

    def test_retention_takes_the_changes_of_an_article_along(self, store: Store) -> None:
        one = article(1, hours=-1000)
        store.commit(Commit(articles=(one, edited(one, "d2"), article(2))))
        lease = store.acquire("stories", "me", at(), 60)
        store.drop_before(at(-999), lease)
        assert [c.article for c in store.changes(0, 9)] == ["a000002"]
        store.commit(Commit(articles=(article(3),)), lease)
        assert store.last_change() == 4
