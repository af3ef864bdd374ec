"""Every construct of the query language on a store, against the reference matcher, over the same articles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from examples import examples
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from store_records import article, at, entity

from pipeline import text as analysis
from pipeline.errors import QueryError
from pipeline.ports import Commit, Store
from pipeline.query.evaluate import matched, matches
from pipeline.query.fields import indexed
from pipeline.query.tree import (
    KEYWORD_FIELDS,
    TEXT_FIELDS,
    TIME_FIELDS,
    And,
    Everything,
    Exists,
    KeywordRange,
    Not,
    Or,
    Phrase,
    Query,
    Term,
    TimeRange,
    Wildcard,
)
from pipeline.query.words.search_tokens import word_tokens, written_token
from pipeline.query.words.search_tokens import words as words_of
from pipeline.records import StoredArticle, Topic
from pipeline.store import open_store
from pipeline.store.elasticsearch import cluster
from pipeline.store.rules import ranking
from pipeline.store.sqlite import database

_LONG = "x" * 5000
KIM = entity("Kim Jong Un", identity="person:kim-jong-un")
KOREA = entity("North Korea", "place", "place:KP")
ODD = entity('Odd "Name" (AND) [x TO y] \\ * ?', "organisation", "org:*?")
CORPUS: tuple[StoredArticle, ...] = (
    article(1, "Storms over Zürich", "The storm is moving on. Rain and wind, wind and rain.", story="s1"),
    article(2, "Stürme über Zürich", "Der Sturm zieht weiter. Straße gesperrt.", language="de", story="s1"),
    article(3, "North Korea drills", "Kim Jong Un watched the drills near the sea.", entities=(KIM, KOREA)),
    article(4, "北京大雨", "今天北京下大雨。東京は晴れ。ภาษาไทย", language="zh", outlet="新华社"),
    article(5, "", "No title at all 2026 3.5% covid-19", outlet="", feeds=(), published=False),
    article(
        6, "Only a title", "", entities=(ODD,), topics=(Topic("medtop:1", "Crime, law and justice", 0.9),)
    ),
    article(7, "???", "...", language="und", feeds=("a", "b"), story="s 7*"),
    article(
        8, "Running runners run", "a b c a b x c d a a b", language="en", topics=(Topic("t2", "Sport", 0.2),)
    ),
    article(9, "Los niños corrían", "Las elecciones generales en España", language="es", outlet="El País"),
    article(10, "الانتخابات العامة", "Выборы в России прошли", language="ru"),
    article(11, "Blob", f"{_LONG} ending 💡 𝒜𝒷𝒸 \ue000\ue120", hours=-900_000),
    article(12, "AND OR NOT NEAR", 'title:storm "quoted" (paren) {b} col:x ^caret', outlet="and"),
    article(13, "moving storms again", "the storms is on moving", hours=13, fetched_hours=400),
    article(14, "a", "b", story="s1", outlet="\ue120x y", feeds=("x y", "x-y", "x_y")),
)
WORDS = (
    *"storm storms zürich über rain wind the on moving kim jong un drill drills 北 京 雨 a b c x d ภ".split(),  # noqa: SIM905  short
    *"run running runners near and or not 2026 3 covid 19 niños elecciones выборы انتخابات strasse".split(),  # noqa: SIM905  short
    *"title 💡 xyz end 𝒜𝒷𝒸".split(),  # noqa: SIM905  short
    _LONG,
)
VALUES = (
    *"person:kim-jong-un place:kp org:*? crime law medtop:1 t2 sport 新华社 and en de zh und s1".split(),  # noqa: SIM905  short
    *"story-3 courier a b x-y nobody".split(),  # noqa: SIM905  short
    *("kim jong un", "north korea", "crime, law and justice", "the courier", "el pais", "s 7*", "x y", ""),
    *("\ue120x y", 'odd "name" (and) [x to y] \\ * ?'),
)
RAW_FORMS = (
    "storm rain",
    "Storm",
    '"',
    "a*",
    "",
    "\ud800",
    "a\x00b",
    "\ue000",
    "{title}",
    "storm-",
    "NEAR(a b)",
)


def forms(word: str) -> tuple[str, ...]:
    folded = analysis.fold(word)
    return word_tokens(folded) if len(folded) < 100 else (folded,)


texts = st.sampled_from((None, *TEXT_FIELDS))
keywords = st.sampled_from(KEYWORD_FIELDS)
words = st.sampled_from(WORDS).map(forms) | st.sampled_from(RAW_FORMS).map(lambda form: (form,))
written = st.sampled_from(WORDS).map(lambda word: (words_of(word) or [word])[:1]).map(tuple)
unstemmed = st.lists(written, min_size=1, max_size=2).map(lambda each: sum(each, ())) | words
exact = st.sampled_from(("Storms", "Korea", "AND", "storms", "Zurich", "3.5%", "KOREA"))
values = st.sampled_from(VALUES) | st.sampled_from(RAW_FORMS)
patterns = st.lists(
    st.sampled_from(
        (
            "*",
            "?",
            "s",
            "st",
            "storm",
            "a",
            "i",
            "n",
            "kim",
            "place:",
            "x",
            "北",
            "ü",
            " ",
            "\\",
            "[a-z]",
            "Z",
        )
    ),
    max_size=4,
).map("".join)
moments = st.sampled_from((1, 5, 5.5, 8, 13, 400, -900_000, 1e6)).map(at) | st.just(
    at(5) + timedelta(microseconds=1)
)
leaves = st.one_of(
    st.builds(Term, texts, st.just(""), words),
    st.builds(Term, texts, st.just(""), st.just(())),
    st.builds(Term, keywords, st.just(""), values.map(lambda value: (value,))),
    st.builds(Phrase, texts, st.just(""), st.lists(unstemmed, max_size=4).map(tuple), st.integers(0, 4)),
    st.builds(Term, texts, st.just(""), exact.map(lambda word: (written_token(word),))),
    st.builds(Phrase, keywords, values.filter(lambda value: "\ud800" not in value), st.just(())),
    st.builds(Wildcard, texts, patterns),
    st.builds(Wildcard, keywords, patterns),
    st.builds(TimeRange, st.sampled_from(TIME_FIELDS), st.none() | moments, st.none() | moments),
    st.builds(KeywordRange, keywords, st.none() | values, st.none() | values, st.booleans(), st.booleans()),
    st.builds(Exists, st.sampled_from(TEXT_FIELDS + KEYWORD_FIELDS + TIME_FIELDS)),
    st.just(Everything()),
)
queries = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.builds(And, st.lists(parts, max_size=4).map(tuple)),
        st.builds(Or, st.lists(parts, max_size=4).map(tuple)),
        st.builds(Not, parts),
    ),
    max_leaves=8,
)


def phrase(text: str, field: str | None = None, slop: int = 0) -> Phrase:
    return Phrase(field, text, tuple((word,) for word in words_of(text)), slop)


def word(text: str, field: str | None = None) -> Term:
    return Term(field, text, forms(text))


def value(field: str, text: str) -> Term:
    return Term(field, text, (analysis.fold(text),))


# What each construct must hit, by hand: the reference matcher is tested by these, too.
BY_HAND: tuple[tuple[Query, list[int]], ...] = (
    (word("storm"), [1, 12, 13]),
    (word("Storms", "title"), [1, 13]),
    (word("STORM", "text"), [1, 12, 13]),
    (word("Stürme"), [2]),
    (word("zurich"), [1, 2]),
    (word("running"), [8]),
    (word("雨"), [4]),
    (word("2026"), [5]),
    (phrase("wind and rain"), [1]),
    (phrase("rain and wind"), [1]),
    (phrase("北京"), [4]),
    (phrase("storm moving"), []),
    (phrase("storm moving", slop=1), [1]),
    (phrase("storms moving", slop=2), [13]),
    (phrase("storms is on moving"), [13]),
    (phrase("drills kim"), []),
    (phrase("a c", "text", 1), [8]),
    (phrase("a c d", "text", 1), []),
    (phrase("a c d", "text", 2), [8]),
    (Wildcard(None, "storm*"), [1, 12, 13]),
    (Wildcard("title", "st?rm*"), [1, 2, 13]),
    (Wildcard("title", "st*"), [1, 2, 13]),
    (Wildcard(None, "*icht*"), []),
    (Wildcard("text", "*eiter"), [2]),
    (Wildcard("text", "?"), [4, 5, 8, 10, 12, 14]),
    (Wildcard("title", "*"), [1, 2, 3, 4, 6, 8, 9, 10, 11, 12, 13, 14]),
    (value("entities", "Kim Jong Un"), [3]),
    (value("entities", "kim"), []),
    (value("entities", "person:kim-jong-un"), [3]),
    (value("place", "North Korea"), [3]),
    (value("place", "Kim Jong Un"), []),
    (value("topics", "law"), [6]),
    (value("topics", "Crime, law and justice"), [6]),
    (value("outlet", "el país"), [9]),
    (value("language", "DE"), [2]),
    (value("story", "s1"), [1, 2, 14]),
    (value("feed", "x y"), [14]),
    (Wildcard("entities", "kim*"), [3]),
    (Wildcard("entities", "*korea"), [3]),
    (Wildcard("story", "s?7*"), [7]),
    (KeywordRange("language", "en", "ru", high_inclusive=False), [1, 3, 5, 6, 8, 9, 11, 12, 13, 14]),
    (KeywordRange("language", "s", None), [4, 7]),
    (Exists("title"), [1, 2, 3, 4, 6, 8, 9, 10, 11, 12, 13, 14]),
    (Exists("text"), [1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14]),
    (Exists("outlet"), [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14]),
    (Exists("place"), [3]),
    (Exists("published"), list(range(1, 15))),
    (TimeRange("published", at(5), at(7)), [5, 6]),
    (TimeRange("fetched", at(14), None), [13, 14]),
    (TimeRange("published", None, at(-1)), [11]),
    (Everything(), list(range(1, 15))),
    (Not(word("the")), [2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14]),
    (And((word("storm"), Not(word("moving")))), [12]),
    (And((Not(word("storm")), value("story", "s1"))), [2, 14]),
    (Or((word("rain"), phrase("kim jong"))), [1, 3]),
    (And(()), list(range(1, 15))),
    (Or(()), []),
    (Phrase(None, "", ()), []),
)  # fmt: skip


class QueryConformance:
    """A subclass has a class-scoped fixture `corpus_url`: the URL of an empty place."""

    @pytest.fixture(scope="class")
    @classmethod
    def corpus(cls, corpus_url: str) -> Iterator[Store]:
        store = open_store(corpus_url)
        store.commit(Commit(articles=CORPUS))
        yield store
        store.close()

    @pytest.mark.parametrize(("query", "expected"), BY_HAND)
    def test_by_hand(self, corpus: Store, query: Query, expected: list[int]) -> None:
        assert [each.seq for each in CORPUS if matches(query, each)] == expected
        self.check(corpus, query)

    @settings(deadline=None, max_examples=examples(300), suppress_health_check=list(HealthCheck))
    @given(query=queries)
    @example(query=Term(None, "", ("storm rain",)))
    @example(query=Wildcard("entities", "*\\ \\* ?"))
    @example(query=Phrase(None, "", (("storm",), ("\ud800", "the"))))
    @example(query=Not(Not(Phrase("text", "", (("a",), ("c",)), 2))))
    def test_the_hits_are_those_of_the_reference_matcher(self, corpus: Store, query: Query) -> None:
        self.check(corpus, query)

    def check(self, store: Store, query: Query) -> None:
        expected = [each.enriched.article.id for each in CORPUS if matches(query, each)]
        hits = store.search(query, None, 100)
        assert sorted(hit.article.enriched.article.id for hit in hits) == expected
        assert hits == sorted(hits, key=lambda hit: (-hit.score, hit.article.seq))
        assert store.match({"w": query}, 0, 100) == {"w": expected}
        assert [each.enriched.article.id for each in store.hits(query, 0, 100)] == expected
        within = [each.seq for each in CORPUS if matches(query, each) and 3 < each.seq <= 12]
        assert [each.seq for each in store.hits(query, 3, 12, newest_first=True)] == within[::-1]
        later = {each.enriched.article.id for each in CORPUS if each.enriched.article.time >= at(8)}
        found = [hit.article.enriched.article.id for hit in store.search(query, at(8), 100)]
        assert sorted(found) == [each for each in expected if each in later]

    @pytest.mark.parametrize("since", [None, at(0)])
    @pytest.mark.parametrize("query", [Everything(), word("the"), Or((word("a"), Not(word("the"))))])
    def test_of_many_hits_the_newest_are_ranked(self, corpus: Store, monkeypatch, query, since) -> None:
        def ask(limit: int) -> list[int]:
            return [hit.article.seq for hit in corpus.search(query, since, limit)]

        everyone = ask(100)
        newest = sorted(everyone)[-2:]
        monkeypatch.setattr(ranking, "RANKED", 2)
        assert ask(2) == [seq for seq in everyone if seq in newest]
        assert ask(1) == ask(2)[:1]
        assert ask(3) == everyone[:3]  # who wants more wants all

    @pytest.mark.parametrize(
        "query", [Everything(), word("the"), Not(word("the")), TimeRange("published", at(2), at(9))]
    )
    def test_hits_are_read_through_in_stretches_and_pages(self, corpus: Store, monkeypatch, query) -> None:
        whole = list(corpus.hits(query, 0, 1000))
        monkeypatch.setattr(database, "_STRETCH", 4)
        monkeypatch.setattr(database, "_READ", 2)
        monkeypatch.setattr(cluster, "PAGE", 3)
        assert list(corpus.hits(query, 0, 1000)) == whole
        assert list(corpus.hits(query, 0, 1000, newest_first=True)) == whole[::-1]
        assert list(corpus.hits(query, 5, 5)) == []

    def test_match_looks_only_at_the_given_numbers(self, corpus: Store) -> None:
        query = word("storm")
        assert corpus.match({"w": query, "all": Everything()}, 1, 12) == {
            "w": ["a000012"],
            "all": [f"a{seq:06d}" for seq in range(2, 13)],
        }
        assert corpus.match({}, 0, 100) == {}

    def test_the_searchable_side_is_what_queries_are_held_against(self, corpus: Store) -> None:
        stored = list(corpus.between(0, 100))
        given = corpus.searchable(stored)
        assert given == list(map(indexed, stored))
        asked: dict[str, Query] = {"word": word("storm"), "name": Exists("place"), "rest": Not(word("storm"))}
        ids = [each.enriched.article.id for each in stored]
        assert matched(asked, zip(ids, given, strict=True)) == corpus.match(asked, 0, 100)
        assert corpus.searchable([]) == []

    @pytest.mark.parametrize(
        "query",
        [
            Term("nope", "x", ("x",)),
            Wildcard("published", "x*"),
            TimeRange("title", None, None),
            KeywordRange("text", "a", "b"),
            Exists("nope"),
            And((Everything(), Not(Term("fetched", "x", ("x",))))),
        ],
    )
    def test_a_field_of_the_wrong_kind_is_a_query_error(self, corpus: Store, query: Query) -> None:
        for ask in (
            lambda: corpus.search(query, None, 10),
            lambda: corpus.match({"w": query}, 0, 10),
            lambda: list(corpus.hits(query, 0, 10)),
            lambda: corpus.newest_stories(None, query, 10),
        ):
            with pytest.raises(QueryError):
                ask()


class RankedQueryConformance(QueryConformance):
    """The same of a store that gives each hit a score."""

    def test_a_word_in_the_title_counts_more(self, corpus: Store) -> None:
        hits = corpus.search(word("drills"), None, 10)
        assert [hit.article.seq for hit in hits] == [3]
        ranked = corpus.search(word("storm"), None, 10)
        assert ranked[-1].article.seq == 12
        assert ranked[0].score > ranked[-1].score > 0
        assert [hit.article.seq for hit in corpus.search(word("storm"), None, 1)] == [ranked[0].article.seq]
