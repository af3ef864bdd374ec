"""What every store must do: the test module of each store subclasses this and says where its store is.

A subclass has a fixture `url`: the URL of an empty place for one test. All who open it see one store.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import get_args

import pytest
from store_records import article, at, decision, one_of_each, story, word_term

from pipeline.errors import StoreError
from pipeline.ports import Commit, MemberRow, Period, Store, Version
from pipeline.query.tree import Everything
from pipeline.records import Correction, DeliveryState, Lineage, Rejection
from pipeline.store import open_store


def everything(store: Store, names: tuple[str, ...] = ("a000001", "a000002")) -> list[object]:
    """All that a store says, for comparison."""
    return [
        store.head(),
        store.articles(names),
        list(store.between(0, 1000)),
        [store.versions(name) for name in names],
        [store.decision(name) for name in names],
        store.newest_stories(None, None, 1000),
        store.lineage("story-1"),
        store.corrections(),
        store.requests(),
        store.learned(("outlets", "idf", "gone")),
        store.mark("journal"),
        store.feeds(),
        store.rejections(),
        store.tellings("storms"),
        store.alerts(),
        store.outbox(get_args(DeliveryState)),
        store.find(["url:a000001", "text:a000002", "url:none"]),
    ]


def active(store: Store, published: Sequence[Period], fetched: Sequence[Period] = ()) -> list[MemberRow]:
    """The rows of `Store.active` by seq: they come in any order. `active_stories` gives their stories."""
    rows = sorted(store.active(published, fetched), key=lambda row: row.seq)
    assert store.active_stories(published, fetched) == {row.story for row in rows}
    return rows


class StoreConformance:
    """The contract of `pipeline.ports.Store`, method by method."""

    @pytest.fixture
    def store(self, url: str) -> Iterator[Store]:
        opened = open_store(url)
        yield opened
        opened.close()

    # -- empty -------------------------------------------------------------------------------------------

    def test_an_empty_store_answers_everything_with_nothing(self, store: Store) -> None:
        assert everything(store) == [
            0, {}, [], [[], []], [None, None], [], [], [], [], {}, "", {}, [], {}, [], [], {},
        ]  # fmt: skip
        assert store.search(Everything(), None, 10) == []
        assert store.match({"a": Everything(), "b": word_term("x")}, 0, 10) == {"a": [], "b": []}
        assert list(store.active([(at(-1000), at(1000))])) == []
        assert store.articles([]) == {}
        assert store.find([]) == {}
        assert store.stories([]) == {}
        assert store.tellings("storms", []) == {}

    def test_an_empty_commit_changes_nothing(self, store: Store) -> None:
        store.commit(Commit())
        assert store.head() == 0

    # -- what goes in comes out --------------------------------------------------------------------------

    def test_all_parts_of_a_commit_come_back_equal(self, store: Store) -> None:
        commit = one_of_each()
        store.commit(commit)
        first, second = commit.articles
        assert store.head() == 2
        assert store.articles(["a000002", "a000001", "nobody"]) == {"a000001": first, "a000002": second}
        assert list(store.between(0, 2)) == [first, second]
        assert list(store.between(1, 99)) == [second]
        assert store.stories(["story-1", "x"]) == {"story-1": commit.stories[0]}
        assert store.decision("a000001") == commit.decisions[0]
        assert store.lineage("story-1") == list(commit.lineage)
        assert store.corrections() == list(commit.corrections)
        assert store.requests() == store.requests(unfinished=True) == list(commit.requests)
        assert store.learned(list(commit.learned)) == commit.learned
        assert store.rejections() == list(commit.rejections)
        assert store.feeds() == {"courier": commit.feeds[0]}
        assert store.tellings("storms") == {"story-1": commit.tellings[0]}
        assert store.alerts() == list(commit.alerts)
        assert store.outbox() == list(commit.messages)
        assert store.mark("journal") == "batch-1"

    def test_writing_the_same_again_changes_nothing(self, store: Store) -> None:
        store.commit(one_of_each())
        before = everything(store)
        store.commit(one_of_each())
        assert everything(store) == before

    def test_another_connection_sees_a_commit_at_once(self, store: Store, url: str) -> None:
        other = open_store(url)
        assert other.head() == 0
        store.commit(one_of_each())
        assert everything(other) == everything(store)
        other.close()

    def test_a_store_opened_again_says_the_same(self, store: Store, url: str) -> None:
        store.commit(one_of_each())
        before = everything(store)
        again = open_store(url, create=False)
        assert everything(again) == before
        again.close()

    def test_text_that_is_not_unicode_is_taken(self, store: Store) -> None:
        store.commit(Commit(articles=(article(1, "a\ud800b", "c\x00d \U0001f4a1", keys=("url:\udfff",)),)))
        kept = store.articles(["a000001"])["a000001"].enriched.article
        assert (kept.title, kept.text) == ("a�b", "c\x00d \U0001f4a1")
        assert store.find(["url:\udfff"]) == {"url:\udfff": "a000001"}

    # -- sequence, updates, versions ---------------------------------------------------------------------

    @pytest.mark.parametrize("seqs", [(2,), (0,), (1, 3), (2, 1), (1, 1)])
    def test_a_new_article_must_follow_the_head(self, store: Store, seqs: tuple[int, ...]) -> None:
        commit = Commit(
            articles=tuple(article(seq, name=f"n{place}") for place, seq in enumerate(seqs)), marks={"m": "1"}
        )
        with pytest.raises(StoreError):
            store.commit(commit)
        assert (store.head(), store.mark("m"), list(store.between(0, 9))) == (0, "", [])

    def test_a_known_article_keeps_its_number(self, store: Store) -> None:
        store.commit(Commit(articles=(article(1), article(2))))
        with pytest.raises(StoreError):
            store.commit(Commit(articles=(article(3, name="a000001"),)))
        assert store.head() == 2

    def test_a_new_digest_keeps_the_old_version(self, store: Store) -> None:
        first = article(1, "Old", digest="d1", fetched_hours=1)
        second = article(1, "New", digest="d2", version=2, fetched_hours=2)
        third = article(1, "Newer", digest="d3", version=3, fetched_hours=3)
        for each in (first, first, second, second, third):
            store.commit(Commit(articles=(each,)))
        assert store.articles(["a000001"])["a000001"] == third
        assert store.versions("a000001") == [
            Version(first.enriched.article, at(2)),
            Version(second.enriched.article, at(3)),
        ]
        assert store.head() == 1

    def test_a_change_without_a_new_digest_is_no_version(self, store: Store) -> None:
        store.commit(Commit(articles=(article(1, story="s1"),)))
        moved = article(1, story="s2", traits=b"new", feeds=("courier", "herald"))
        store.commit(Commit(articles=(moved,)))
        assert store.articles(["a000001"]) == {"a000001": moved}
        assert store.versions("a000001") == []

    def test_an_article_new_and_changed_in_one_commit(self, store: Store) -> None:
        first, second = article(1, "Old", digest="d1"), article(1, "New", digest="d2", version=2)
        store.commit(Commit(articles=(first, second)))
        assert list(store.between(0, 5)) == [second]
        assert [each.article for each in store.versions("a000001")] == [first.enriched.article]

    def test_search_follows_an_update(self, store: Store) -> None:
        store.commit(Commit(articles=(article(1, "Storm", "old words"),)))
        store.commit(Commit(articles=(article(1, "Calm", "new words", digest="d2"),)))
        found = [len(store.search(word_term(word), None, 9)) for word in ("storm", "old", "calm")]
        assert found == [0, 0, 1]

    def test_an_identity_key_leads_to_its_article(self, store: Store) -> None:
        store.commit(Commit(articles=(article(1, keys=("k:1", "k:2")), article(2, keys=("k:3", "k:2")))))
        assert store.find(["k:1", "k:2", "k:3", "k:4"]) == {
            "k:1": "a000001",
            "k:2": "a000001",
            "k:3": "a000002",
        }
        store.commit(Commit(articles=(article(1, keys=("k:1", "k:5")),)))
        assert store.find(["k:1", "k:2", "k:5"]) == {"k:1": "a000001", "k:2": "a000002", "k:5": "a000001"}

    # -- stories -----------------------------------------------------------------------------------------

    def test_stories_end_and_begin(self, store: Store) -> None:
        store.commit(Commit(stories=(story("s1", ("a",)), story("s2", ("b",)))))
        store.commit(Commit(stories=(story("s2", ("a", "b")),), ended=("s1", "never")))
        assert store.stories(["s1", "s2"]) == {"s2": story("s2", ("a", "b"))}
        assert store.newest_stories(None, None, 10) == [story("s2", ("a", "b"))]

    def test_newest_stories_by_time_then_id(self, store: Store) -> None:
        made = [story(f"s{n}", (f"a{n}",), hours=hours) for n, hours in enumerate((5, 7, 5, 1))]
        store.commit(Commit(stories=tuple(made)))
        assert [each.id for each in store.newest_stories(None, None, 10)] == ["s1", "s0", "s2", "s3"]
        assert [each.id for each in store.newest_stories(None, None, 2)] == ["s1", "s0"]
        assert [each.id for each in store.newest_stories(at(5), None, 10)] == ["s1", "s0", "s2"]

    def test_stories_without_a_date_come_last(self, store: Store) -> None:
        made = [story(f"s{n}", (f"a{n}",), hours=hours) for n, hours in enumerate((5, 7, 6, 9))]
        undated = [replace(made[1], dated=False), replace(made[3], dated=False)]
        store.commit(Commit(stories=(made[0], undated[0], made[2], undated[1])))
        assert [each.id for each in store.newest_stories(None, None, 10)] == ["s2", "s0", "s3", "s1"]
        assert [each.id for each in store.newest_stories(None, None, 3)] == ["s2", "s0", "s3"]
        assert [each.id for each in store.newest_stories(None, None, 2)] == ["s2", "s0"]
        assert [each.id for each in store.newest_stories(at(6), None, 10)] == ["s2", "s3", "s1"]
        store.commit(Commit(stories=(made[3],)))  # a member said its date
        assert [each.id for each in store.newest_stories(None, None, 2)] == ["s3", "s2"]

    def test_newest_stories_with_a_member_that_a_query_hits(self, store: Store) -> None:
        articles = (
            article(1, "Storm", story="s1"),
            article(2, "Calm", story="s1"),
            article(3, "Sun", story="s2"),
        )
        store.commit(
            Commit(
                articles=articles,
                stories=(story("s1", ("a000001", "a000002"), hours=2), story("s2", ("a000003",), hours=3)),
            )
        )
        ask = {word: word_term(word) for word in ("storm", "calm", "sun", "rain")}
        found = {word: [s.id for s in store.newest_stories(None, query, 9)] for word, query in ask.items()}
        assert found == {"storm": ["s1"], "calm": ["s1"], "sun": ["s2"], "rain": []}
        assert [s.id for s in store.newest_stories(None, Everything(), 9)] == ["s2", "s1"]
        assert store.newest_stories(at(3), ask["storm"], 9) == []

    def test_active_stories_bring_all_their_members(self, store: Store) -> None:
        store.commit(
            Commit(
                articles=(
                    article(1, story="old", hours=0, traits=b"1"),
                    article(2, story="both", hours=1, traits=b"2"),
                    article(3, story="both", hours=100, traits=b"3"),
                    article(4, story="new", hours=101),
                )
            )
        )
        rows = active(store, [(at(50), at(101))])
        assert [(row.article, row.story, row.seq, row.traits) for row in rows] == [
            ("a000002", "both", 2, b"2"),
            ("a000003", "both", 3, b"3"),
            ("a000004", "new", 4, b""),
        ]
        assert [row.seq for row in active(store, [(at(0), at(0))])] == [1]
        assert [row.seq for row in active(store, [(at(2), at(99))])] == []
        assert [row.seq for row in active(store, [], [(at(100.5), at(101))])] == [2, 3]
        assert [row.seq for row in active(store, [], [(at(100), at(100))])] == []
        assert list(store.active([])) == []
        both = active(store, [(at(0), at(0)), (at(500), at(501))], [(at(100.5), at(101)), (at(0), at(9))])
        assert [row.seq for row in both] == [1, 2, 3]

    def test_what_came_since_and_who_was_in_a_story_before(self, store: Store) -> None:
        store.commit(
            Commit(
                articles=(
                    article(1, story="old", hours=0, traits=b"1"),
                    article(2, story="both", hours=900, traits=b"2"),
                    article(3, story="both", hours=1, traits=b"3"),
                )
            )
        )
        store.commit(Commit(articles=(article(1, story="both", hours=0, traits=b"1"),)))
        assert [(row.article, row.story, row.seq, row.traits) for row in store.arrived(1)] == [
            ("a000002", "both", 2, b"2"),
            ("a000003", "both", 3, b"3"),
        ]
        assert store.arrived(3) == []
        assert sorted(row.seq for row in store.members(["both", "unknown"], 2)) == [1, 2]
        assert store.members(["old"], 3) == []
        assert store.members([], 3) == []
        assert store.times("both") == [
            row.enriched.article.time for row in store.between(0, 9) if row.story == "both"
        ]
        assert store.times("unknown\ud800") == []

    def test_a_decision_is_replaced(self, store: Store) -> None:
        store.commit(Commit(decisions=(decision("a", "s1"),)))
        store.commit(Commit(decisions=(decision("a", "s2", float("-inf")),)))
        assert store.decision("a") == decision("a", "s2", float("-inf"))
        assert store.decision("b") is None

    def test_lineage_of_a_story_and_of_those_it_came_from(self, store: Store) -> None:
        one = Lineage("a", "b", "merged", at(1), "repair")
        two = Lineage("b", "c", "merged", at(2), "person")
        three = Lineage("c", "d", "split", at(3), "person")
        other = Lineage("x", "y", "merged", at(0), "repair")
        store.commit(Commit(lineage=(three, one)))
        store.commit(Commit(lineage=(two, one, other)))
        assert store.lineage("d") == [one, two, three]
        assert store.lineage("c") == [one, two, three]
        assert store.lineage("a") == [one]
        assert store.lineage("y") == [other]
        assert store.lineage("z") == []

    def test_corrections_oldest_first_and_for_good(self, store: Store) -> None:
        late, early = (
            Correction("c1", "split", (("a",), ("b",)), at(2), "no"),
            Correction("c2", "merge", (("a", "b"),), at(1)),
        )
        store.commit(Commit(corrections=(late, early)))
        store.commit(Commit(corrections=(late,)))
        assert store.corrections() == [early, late]

    # -- many --------------------------------------------------------------------------------------------

    def test_more_than_ten_thousand(self, store: Store) -> None:
        count = 10_500
        for start in range(0, count, 3500):
            seqs = range(start + 1, start + 3501)
            store.commit(
                Commit(
                    articles=tuple(
                        article(seq, "Flood", "x", story=f"s{seq // 2}", hours=seq / 60) for seq in seqs
                    ),
                    stories=tuple(story(f"s{seq}", (f"a{seq:06d}",), hours=seq / 60) for seq in seqs),
                    rejections=tuple(Rejection(f"r{seq:06d}", "x", "parse", "y", at(seq)) for seq in seqs),
                )
            )
        query = replace(word_term("flood"), field="title")
        assert [each.seq for each in store.between(0, count)] == list(range(1, count + 1))
        assert len(store.search(query, None, count + 5)) == count
        assert len(store.search(query, None, 3)) == 3
        assert len(store.match({"w": query}, 0, count)["w"]) == count
        assert len(store.articles([f"a{seq:06d}" for seq in range(1, count + 1)])) == count
        assert len(store.find([f"url:a{seq:06d}" for seq in range(1, count + 1)])) == count
        assert len(list(store.active([(at(-1), at(9999))]))) == count
        assert len(store.newest_stories(None, None, count)) == count
        assert len(store.rejections()) == count

    def test_it_tells_about_itself(self, store: Store) -> None:
        store.commit(one_of_each())
        told = store.describe()
        assert (told["articles"], told["stories"]) == (2, 1)
        assert told["kind"]
        assert told["schema"]

    def test_a_sound_store_has_no_damage(self, store: Store) -> None:
        store.commit(one_of_each())
        assert store.damage() == []

    def test_reading_goes_on_while_it_is_written(self, store: Store) -> None:
        store.commit(Commit(articles=tuple(article(seq, story="s") for seq in range(1, 21))))
        reading = store.between(0, 1000)
        read = [next(reading)]
        store.commit(Commit(articles=tuple(article(seq, story="t") for seq in range(1, 30))))
        read += reading
        assert [each.seq for each in read] == list(range(1, 21))
        assert {each.story for each in read} == {"s"}
