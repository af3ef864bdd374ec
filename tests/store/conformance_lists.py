"""The contract of every store, continued: lists of stories, a page at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TypedDict, Unpack

import pytest
from store_records import article, at, decision, story, word_term

from pipeline.ports import Commit, Store, StoryFilter, StoryOrder, place_in
from pipeline.query.evaluate import holds
from pipeline.query.fields import indexed
from pipeline.query.parse import parse
from pipeline.query.tree import Query
from pipeline.records import (
    ArticleKind,
    Candidate,
    Decision,
    EnrichedArticle,
    Entity,
    EntityName,
    Evidence,
    Lineage,
    Message,
    Span,
    Story,
    Tie,
    Topic,
)

SHAPES = (
    # hot, hours, members, outlets, origins, topic, language
    (3.0, 5, 1, 1, 1, "sport", "en"),
    (9.5, 2, 3, 3, 2, "war", "de"),
    (3.0, 9, 2, 2, 2, "sport", "de"),
    (-1.25, 7, 4, 1, 1, "war", "en"),
    (0.0, 1, 2, 2, 1, "art", "es"),
)


def shelf() -> Commit:
    """Five stories that no two orders list alike."""
    articles, stories, seq = [], [], 0
    for n, (hot, hours, size, outlets, origins, topic, language) in enumerate(SHAPES):
        members = []
        for _ in range(size):
            seq += 1
            words = "wind again" if n and (seq + n) % 2 else "calm"
            articles.append(article(seq, "Title", words, story=f"s{n}", hours=hours))
            members.append(articles[-1].enriched.article.id)
        stories.append(
            replace(
                story(f"s{n}", tuple(members), hours=hours),
                hot=hot,
                outlets=tuple(f"Outlet {k}" for k in range(outlets)),
                origins=origins,
                last_seq=seq,
                topics=(Topic(topic, topic.title(), 0.5, ()), Topic("news", "News", 0.4, ())),
                languages=(language,),
            )
        )
    return Commit(articles=tuple(articles), stories=tuple(stories))


class Wanted(TypedDict, total=False):
    """What a list is narrowed by: the fields of a `StoryFilter`."""

    since: datetime | None
    query: Query | None
    topic: str
    language: str
    min_articles: int
    min_outlets: int
    min_origins: int
    after_seq: int
    kind: ArticleKind | None
    situation: str
    tied: bool


class ListConformance:
    """A subclass has a fixture `store`, as in `conformance`."""

    @pytest.fixture
    def shelved(self, store: Store) -> Store:
        store.commit(shelf())
        return store

    def listed(
        self, shelved: Store, order: StoryOrder = "hot", limit: int = 99, **wanted: Unpack[Wanted]
    ) -> str:
        found = shelved.story_page(StoryFilter(**wanted), order, limit)
        assert {each.id: each for each in found} == shelved.stories([each.id for each in found])
        return "".join(each.id[1:] for each in found)

    def test_stories_stand_in_each_order_ties_by_id(self, shelved: Store) -> None:
        assert self.listed(shelved, "hot") == "10243"
        assert self.listed(shelved, "new") == "23014"
        assert self.listed(shelved, "size") == "31240"
        assert self.listed(shelved, "hot", 2) == "10"

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            ({"topic": "sport"}, "02"),
            ({"topic": "spor"}, ""),
            ({"topic": "news", "language": "de"}, "12"),
            ({"min_articles": 2, "min_outlets": 2}, "124"),
            ({"min_origins": 2}, "12"),
            ({"after_seq": 6}, "43"),
            ({"since": at(5)}, "023"),
            ({"since": at(5), "topic": "war"}, "3"),
            ({"query": word_term("wind")}, "1243"),
            ({"query": word_term("wind"), "language": "de"}, "12"),
            ({"query": word_term("storm")}, ""),
        ],
    )
    def test_a_list_has_what_was_asked_for(self, shelved: Store, wanted: Wanted, found: str) -> None:
        in_order = "".join(each for each in "10243" if each in found)
        assert self.listed(shelved, "hot", **wanted) == in_order

    @pytest.mark.parametrize("order", ["hot", "new", "size"])
    @pytest.mark.parametrize("query", [None, "wind"])
    def test_pages_laid_together_are_the_list(
        self, shelved: Store, order: StoryOrder, query: str | None
    ) -> None:
        wanted = StoryFilter(query=word_term(query) if query else None)
        whole = shelved.story_page(wanted, order, 99)
        found: list[Story] = []
        while page := shelved.story_page(wanted, order, 2, place_in(order, found[-1]) if found else None):
            found += page
        assert found == whole

    @pytest.mark.parametrize("word", ["all", "half", "last", "first", "scattered"])
    def test_a_page_of_many_stories_is_the_same_however_frequent_the_word(
        self, store: Store, word: str
    ) -> None:
        def words(n: int) -> str:
            held = {"half": n % 2, "last": n < 40, "first": n >= 260, "scattered": n % 50 == 7}
            return " ".join(["all", *(name for name, holds in held.items() if holds)])

        articles = tuple(article(n + 1, "Title", words(n), story=f"s{n:03}", hours=n) for n in range(300))
        names = [each.enriched.article.id for each in articles]
        stories = [
            replace(story(f"s{n:03}", (names[n],), hours=n), hot=n, last_seq=n + 1) for n in range(300)
        ]
        store.commit(Commit(articles=articles, stories=tuple(stories)))
        hit = [f"s{n:03}" for n in reversed(range(300)) if word in words(n).split()]
        for order in ("hot", "new"):
            found = store.story_page(StoryFilter(query=word_term(word)), order, 3)
            assert [each.id for each in found] == hit[:3]
            found = store.story_page(
                StoryFilter(query=word_term(word)), order, 25, place_in(order, found[-1])
            )
            assert [each.id for each in found] == hit[3:28]

    @pytest.mark.parametrize(
        "query",
        ["wind", "NOT wind", "wind AND NOT calm", '"wind again"', '"again wind"~3', "ca*", "calm OR storm",
         "published:[2026-01-01 TO 2026-03-01T16:00:00Z]", "wind AND published:[2026-03-01T14:30:00Z TO *]"],
    )  # fmt: skip
    @pytest.mark.parametrize(
        "narrowed",
        [
            StoryFilter(),
            StoryFilter(since=at(5)),
            StoryFilter(after_seq=6),
            StoryFilter(min_articles=2),
            StoryFilter(topic="war"),
        ],
    )
    def test_a_list_has_the_stories_with_an_article_that_is_hit(
        self, shelved: Store, query: str, narrowed: StoryFilter
    ) -> None:
        tree = parse(query, at(0))
        every = shelved.between(0, shelved.head())
        hit = {each.story[1:] for each in every if holds(tree, indexed(each))}
        orders: tuple[StoryOrder, ...] = ("hot", "new", "size")
        for order in orders:
            wanted = [each.id for each in shelved.story_page(narrowed, order, 99) if each.id[1:] in hit]
            asked = replace(narrowed, query=tree)
            assert [each.id for each in shelved.story_page(asked, order, 99)] == wanted
            assert [each.id for each in shelved.story_page(asked, order, 1)] == wanted[:1]

    def test_stories_without_a_date_come_last_but_by_size(self, shelved: Store) -> None:
        found = shelved.stories(["s1", "s2", "s3"])
        shelved.commit(Commit(stories=tuple(replace(each, dated=False) for each in found.values())))
        assert [self.listed(shelved, each) for each in ("hot", "new", "size")] == ["04123", "04231", "31240"]
        self.test_pages_laid_together_are_the_list(shelved, "hot", None)
        self.test_pages_laid_together_are_the_list(shelved, "new", "wind")

    def test_the_kind_is_that_of_an_article_that_the_query_hits(self, shelved: Store) -> None:
        changed = shelved.articles(["a000001", "a000003", "a000005"]).values()
        assert [each.enriched.article.text for each in changed] == ["calm", "calm", "wind again"]
        opinions = [replace(each, enriched=replace(each.enriched, kind="opinion")) for each in changed]
        shelved.commit(Commit(articles=tuple(opinions)))
        assert self.listed(shelved, kind="opinion") == "102"
        assert self.listed(shelved, kind="news") == "1243"
        assert self.listed(shelved, kind="opinion", query=word_term("wind")) == "2"
        assert self.listed(shelved, kind="opinion", topic="sport") == "02"
        assert self.listed(shelved, "size", 1, kind="opinion", language="de") == "1"
        assert self.listed(shelved, kind="gallery") == ""

    def test_a_story_that_changes_moves_and_one_that_ends_goes(self, shelved: Store) -> None:
        first = shelved.stories(["s3"])["s3"]
        shelved.commit(Commit(stories=(replace(first, hot=99.0),), ended=("s1",)))
        assert self.listed(shelved) == "3024"
        shelved.drop_before(at(4), shelved.acquire("stories", "me", at(0), 60))
        assert self.listed(shelved) == "302"

    def test_stories_of_one_situation_and_of_any(self, shelved: Store) -> None:
        found = shelved.stories(["s0", "s1", "s3"])
        tie = Tie("s1", 0.5, 0.25, (Evidence("name", "Oslo", "Oslo", 0.4),))
        first, second = replace(found["s1"], situation="s1"), replace(found["s3"], situation="s1", tie=tie)
        other = replace(found["s0"], situation="\ud800x")
        shelved.commit(Commit(stories=(first, second, other)))
        assert self.listed(shelved, situation="s1") == "13"
        assert self.listed(shelved, "new", 1, situation="s1") == "3"
        assert self.listed(shelved, tied=True) == "103"
        assert self.listed(shelved, situation="s2") == self.listed(shelved, situation="s") == ""
        shelved.commit(Commit(stories=(replace(second, situation="", tie=None),), ended=("s0",)))
        assert self.listed(shelved, tied=True) == "1"

    def test_ids_by_their_beginning(self, shelved: Store) -> None:
        assert shelved.beginning("stories", "s", 3) == ["s0", "s1", "s2"]
        assert shelved.beginning("stories", "s4", 9) == ["s4"]
        assert shelved.beginning("articles", "a00001", 9) == ["a000010", "a000011", "a000012"]
        assert shelved.beginning("articles", "x", 9) == shelved.beginning("stories", "s\ud800", 9) == []

    def test_ids_of_stories_that_were_taken_in_and_of_situations(self, shelved: Store) -> None:
        taken_in = [Lineage("s01", into, "merged", at(1), "repair") for into in ("s0", "s2")]
        parted = [Lineage(old, new, "split", at(1), "person") for old, new in (("s4", "s05"), ("s06", "s0"))]
        tied = tuple(replace(each, situation="s01x") for each in shelved.stories(["s1", "s3"]).values())
        other = replace(shelved.stories(["s2"])["s2"], situation="s02")
        shelved.commit(Commit(stories=(*tied, other), lineage=(*taken_in, *parted)))
        assert shelved.beginning("stories", "s0", 9) == ["s0", "s01"]
        assert shelved.beginning("stories", "s0", 1) == ["s0"]
        assert shelved.beginning("situations", "s", 9) == ["s01x", "s02"]
        assert shelved.beginning("situations", "s", 1) == ["s01x"]
        assert shelved.beginning("situations", "s1", 9) == []

    def test_stories_are_counted_up_to_a_bound(self, shelved: Store) -> None:
        assert shelved.count_stories(StoryFilter(), 99) == 5
        assert shelved.count_stories(StoryFilter(), 2) == 2
        assert shelved.count_stories(StoryFilter(after_seq=4, topic="sport"), 99) == 1
        with pytest.raises(ValueError, match="query"):
            shelved.count_stories(StoryFilter(kind="opinion"), 99)

    def test_lines_are_what_a_list_shows_of_an_article(self, store: Store) -> None:
        one = article(1, "Daily · Storm \ud800", "Wind.", hours=3, outlet="Ö")
        record = replace(one.enriched.article, link="https://x.example/#a", version=2, withdrawn=at(5))
        spans = (Span("title", 0, 5, "Daily"), Span("text", 0, 4, "Wind"))
        one = replace(one, enriched=EnrichedArticle(record, recurring=spans, kind="video"))
        two = article(2, "", "No title, no date.", published=False, story="s2")
        store.commit(Commit(articles=(one, two)))
        found = store.lines(["a000002", "nobody", "a000001"])
        for each in store.articles(["a000001", "a000002"]).values():
            assert found.pop(each.enriched.article.id) == each.line
        assert found == {}
        assert store.lines([]) == {}
        assert store.lines(["a000001"])["a000001"].shown == "Storm \ufffd"

    def test_a_line_follows_its_article(self, store: Store) -> None:
        store.commit(Commit(articles=(article(1, "Before", story="s1"),)))
        store.commit(Commit(articles=(article(1, "After", story="s2"),)))
        assert [(x.title, x.story) for x in store.lines(["a000001"]).values()] == [("After", "s2")]

    def test_articles_that_name_something_the_newest_first(self, store: Store) -> None:
        old, other = (
            Entity("person:jo", "Jo Ünal", "person", 2),
            Entity("place:KP", "North Korea", "place", 1),
        )
        given = [(old,), (other, old), (), (other,), (replace(old, name="J. Ünal"),)]
        store.commit(
            Commit(
                articles=tuple(
                    article(n + 1, story=f"s{n}", entities=named, hours=9 - n)
                    for n, named in enumerate(given)
                )
            )
        )
        found = store.naming("person:jo", 9)
        assert [(each.seq, each.time, each.story) for each in found] == [
            (5, at(5), "s4"), (2, at(8), "s1"), (1, at(9), "s0"),
        ]  # fmt: skip
        assert [each.id for each in found[1].names] == ["place:KP", "person:jo"]
        assert found[0].names == (EntityName("person:jo", "J. Ünal", "person"),)
        assert [each.seq for each in store.naming("person:jo", 1)] == [5]
        assert [each.seq for each in store.naming("JO UNAL", 9)] == [2, 1]
        assert [each.seq for each in store.naming("north korea", 9)] == [4, 2]
        assert store.naming("korea", 9) == store.naming("", 9) == store.naming("\ud800", 9) == []

    def test_an_article_may_name_more_than_a_column_takes(self, store: Store) -> None:
        many = tuple(Entity(f"person:{n}", f"{n} {'of the valleys ' * 9}", "person", 1) for n in range(400))
        jo = Entity("person:jo", "Jo", "person", 1)
        given = (article(1, story="s1", entities=(jo,)), article(2, story="s2", entities=(jo, *many)))
        store.commit(Commit(articles=given))
        found = store.naming("person:jo", 9)
        assert [len(each.names) for each in found] == [401, 1]
        assert found[1].names == (EntityName("person:jo", "Jo", "person"),)

    def test_lines_come_with_why_they_are_in_their_story(self, store: Store) -> None:
        store.commit(
            Commit(
                articles=(article(1), article(2), article(3)),
                decisions=(decision("a000001", "s1"), decision("a000003", "s2"), decision("gone", "s1")),
            )
        )
        asked = ["a000002", "gone", "nobody\ud800", "a000001", "a000002"]
        found = store.placed_lines(asked)
        assert {name: each.line for name, each in found.items()} == store.lines(asked)
        why = {name: each.decision for name, each in found.items()}
        assert why == {"a000001": store.decision("a000001"), "a000002": None}
        assert store.placed_lines([]) == {}
        many = [*(f"no{n}" for n in range(2500)), "a000003"]
        assert store.placed_lines(many)["a000003"].decision == store.decision("a000003")

    def test_decisions_that_passed_a_story_over_the_closest_first(self, store: Store) -> None:
        def beside(name: str, story: str, score: float) -> Decision:
            return replace(decision(name, "own", 0.9), runner_up=Candidate(story, score))

        alone = replace(decision("d", "s1", 0.35), founded=True)
        kept = (
            beside("a", "s1", 0.3),
            beside("b", "s1", 0.4),
            beside("c", "s2", 0.5),
            alone,
            beside("e", "s1", 0.3),
            beside("f", "s1", float("-inf")),
            replace(decision("g", "s1"), founded=True, chosen=None),
        )
        store.commit(Commit(decisions=kept))
        assert [each.article for each in store.near(["s1"], 9)] == ["b", "d", "a", "e", "f"]
        assert store.near(["s1"], 1) == [store.decision("b")]
        assert store.near(["nobody"], 9) == []
        store.commit(Commit(decisions=(decision("b", "s1"), beside("d", "s2", 0.1))))
        assert [each.article for each in store.near(["s1"], 9)] == ["a", "e", "f"]

    def test_messages_by_the_alerts_that_they_carry(self, store: Store) -> None:
        def message(name: str, *alerts: str, watch: str = "w", hours: float = 0) -> Message:
            return Message(name, watch, alerts, "mail", "a@x.example", "sent", at(hours), payload=b"secret")

        digest, late = message("m1", "a1", "a2"), message("m2", "a1", hours=-1)
        store.commit(Commit(messages=(digest, late, message("m3", "a1", watch="v"), message("m4", "a9"))))
        found = store.messages_of("w", ["a2", "a1", "nobody"])
        assert found == [replace(late, payload=b""), replace(digest, payload=b"")]
        store.commit(Commit(messages=(replace(digest, state="failed"),)))
        assert [each.state for each in store.messages_of("w", ["a2"])] == ["failed"]
        assert store.messages_of("w", []) == []
