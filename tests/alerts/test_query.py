"""Queries: what is understood, what is refused and where, and that every reader of them agrees."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from alert_records import START, World, article
from examples import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from node_stores import new_url, on_node

from pipeline.errors import QueryError
from pipeline.ports import Store
from pipeline.query.hits import Prepared, hits, matches, spans
from pipeline.query.parse import LONGEST, is_relative, parse
from pipeline.query.say import describe
from pipeline.query.tree import (
    KEYWORD_FIELDS,
    TEXT_FIELDS,
    And,
    Everything,
    Exists,
    KeywordRange,
    Not,
    Or,
    Phrase,
    Term,
    TimeRange,
    Wildcard,
)
from pipeline.records import StoredArticle
from pipeline.store import open_store
from pipeline.store.elasticsearch.cluster import ElasticsearchStore
from pipeline.store.elasticsearch.indices import drop_everything
from pipeline.text import words

NOW = datetime(2026, 3, 4, 10, 30, 15, tzinfo=UTC)


def day(year, month, date, hour=0):
    return datetime(year, month, date, hour, tzinfo=UTC)


def term(text, field=None):
    found = parse(text)
    assert isinstance(found, Term)
    return Term(field, text, found.forms)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("drill", term("drill")),
        ("drill war", And((term("drill"), term("war")))),
        ("drill && war", And((term("drill"), term("war")))),
        ("drill || war", Or((term("drill"), term("war")))),
        ("!drill", Not(term("drill"))),
        ("drill AND NOT war", And((term("drill"), Not(term("war"))))),
        ("drill -war", And((term("drill"), Not(term("war"))))),
        ("+drill +war", And((term("drill"), term("war")))),
        ("drill OR +war", term("war")),
        ("drill OR -war", And((term("drill"), Not(term("war"))))),
        ("drill war OR peace", And((term("drill"), Or((term("war"), term("peace")))))),
        ("drill AND (war AND peace)", And((term("drill"), term("war"), term("peace")))),
        ("title:drill", term("drill", "title")),
        ("title:(drill war)", And((term("drill", "title"), term("war", "title")))),
        ("dri*l", Wildcard(None, "dri*l")),
        ("Zür?ch*", Wildcard(None, "zur?ch*")),
        ("*", Everything()),
        ("*:*", Everything()),
        ("title:*", Exists("title")),
        ("_exists_:outlet", Exists("outlet")),
        ("language:EN", Term("language", "EN", ("en",))),
        ("feed:bbc-world", Term("feed", "bbc-world", ("bbc-world",))),
        ("outlet:The\\ Gua*", Wildcard("outlet", "the gua*")),
        ("outlet:[a TO m}", KeywordRange("outlet", "a", "m", high_inclusive=False)),
        ("outlet:>=m", KeywordRange("outlet", "m", None)),
        ("published:2026-02", TimeRange("published", day(2026, 2, 1), day(2026, 3, 1))),
        ("published:[2026-02-01 TO 2026-02-03]", TimeRange("published", day(2026, 2, 1), day(2026, 2, 4))),
        ("published:{2026-02-01 TO 2026-02-03}", TimeRange("published", day(2026, 2, 2), day(2026, 2, 3))),
        ("published:[now-7d/d TO *]", TimeRange("published", day(2026, 2, 25), None)),
        ("published:<2026", TimeRange("published", None, day(2026, 1, 1))),
        ("published:2026-01-31||+1M/M", TimeRange("published", day(2026, 2, 1), day(2026, 3, 1))),
        ('published:["2026-01-01T00:00+01:00" TO *]', TimeRange("published", day(2025, 12, 31, 23), None)),
        ("fetched:[now/w TO *]", TimeRange("fetched", day(2026, 3, 2), None)),
    ],
)
def test_meaning(text, tree):
    assert parse(text, NOW) == tree


def test_a_word_of_several_tokens_is_a_phrase():
    found = parse("bed/breakfast")
    assert isinstance(found, Phrase)
    assert found.words == (("bed",), ("breakfast",))
    near = parse('"north korea"~3')
    assert isinstance(near, Phrase)
    assert near.slop == 3


def test_names_match_by_whole_words():
    query = parse("entities:Putin AND place:Korea")
    one = article(1, names=[("person", "Vladimir Putin"), ("place", "North Korea")])
    other = article(2, names=[("person", "Grigori Rasputin"), ("place", "North Korea")])
    assert matches(query, Prepared(one))
    assert not matches(query, Prepared(other))
    assert describe(query) == "articles with ‘Putin’ in the names and ‘Korea’ in the places"
    by_id = parse('entities:"person:vladimir-putin"')
    assert matches(by_id, Prepared(one))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("(drill", "not closed"),
        ("drill)", "column 6: a parenthesis is closed"),
        ('drill "war', "column 7: a quotation mark has no partner"),
        ("drill AND", "something is missing at the end"),
        ("AND drill", "column 1: 'AND' cannot stand here"),
        ("a && && b", "cannot stand here"),
        ("drill titel:war", "column 7: there is no field 'titel', did you mean title"),
        ("source:bbc", "did you mean outlet"),
        ("zzz:bbc", "the fields are title, text, entities"),
        ("drill~", "column 1: fuzzy search (word~) is not supported"),
        ("/dri.l/", "regular expressions are not supported"),
        ("a [b TO c]", "column 3: a range needs a field"),
        ("title:[b TO c]", "a range needs a field"),
        ("published:yesterday", "column 11: 'yesterday' is not a date; allowed is a date such as"),
        ("published:2026-13", "month must be in"),
        ("published:now+9999999d", "not date maths"),
        ("published:[now-99999y TO *]", "outside the calendar"),
        ("😀", "no letters or digits"),
        ("fo-b*", "a wildcard stands within one word"),
        ("(" * 60 + "a" + ")" * 60, "nested too deeply"),
        ("a" * 10_001, "10000 are allowed"),
        ('outlet:""', "outlet needs a value"),
    ],
)
def test_errors_say_where_and_what(text, said):
    with pytest.raises(QueryError, match=".") as caught:  # noqa: RUF043  # no pattern
        parse(text, NOW)
    assert said in str(caught.value)


def test_now_is_needed_only_where_it_is_said():
    assert is_relative("drill published:[now-7d TO now]")
    assert not is_relative("drill now")
    with pytest.raises(QueryError, match="means nothing here"):
        parse("published:now")


PIECES = [
    *[
        "drill",
        "drills",
        "war",
        "Gerasimov",
        "título",
        "AND",
        "OR",
        "NOT",
        "&&",
        "||",
        "(",
        ")",
        '"',
        ":",
        "*",
    ],
    *[
        "title:",
        "outlet:",
        "published:",
        "now-1d",
        "[",
        "TO",
        "]",
        "{",
        "}",
        "~",
        "~2",
        "^",
        "^2",
        "-",
        "+",
        "!",
    ],
    *[
        "\\",
        "/",
        "?",
        " ",
        " ",
        " ",
        "2026-01-01",
        "_exists_:",
        "zzz:",
        ">",
        "<=",
        "\n",
        "\ud800",
        "ﬁ",
        "北京",
    ],
]


@given(st.one_of(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.text(max_size=40)))
@settings(max_examples=examples(400), deadline=None)
@example("title:\\")
@example('"\\')
@example("a~b")
@example("published:[2026 TO")
def test_any_text_is_a_query_or_an_error_with_words(text):
    try:
        found = parse(text, NOW)
    except QueryError as error:
        assert str(error)  # noqa: PT017  # any text may be an error
    else:
        assert describe(found)
        matches(found, Prepared(article(1)))


# -- every reader of a query means the same --------------------------------------------------------

WORDS = [
    "drill",
    "Drills",
    "war",
    "wars",
    "peace",
    "North",
    "Korea",
    "caf\u00e9",
    "CAFE",
    "2015",
    "AT&T",
    "北京",
    "y" * 4200,  # longer than a token may be
    "y" * 4300,
]
OUTLETS = ["Daily Planet", "planet", "The Daily", "El Pa\u00eds", "", "planet " * 700, "bro\ud800ken"]

vocabulary = st.sampled_from(WORDS)
sentences = st.lists(vocabulary, max_size=7).map(" ".join)


@st.composite
def articles(draw, seq):
    names = draw(
        st.lists(st.sampled_from([("person", "Kim Jong Un"), ("place", "North Korea"), ("place", "Korea")]))
    )
    return article(
        seq,
        title=draw(sentences) or "x",
        story=draw(st.sampled_from(["s1", "s2"])),
        text=draw(sentences),
        outlet=draw(st.sampled_from(OUTLETS)),
        language=draw(st.sampled_from(["en", "de", "und"])),
        published=draw(st.sampled_from([None, START, START - timedelta(days=3), START + timedelta(hours=1)])),
        feeds=tuple(draw(st.lists(st.sampled_from(["f1", "f2"]), unique=True))),
        names=dict.fromkeys(names),
        topics=draw(st.sampled_from([(), [("t1", "War and Peace")]])),
    )


leaves = st.one_of(
    vocabulary,
    st.builds('"{} {}"~{}'.format, vocabulary, vocabulary, st.integers(0, 2)),
    st.builds('{}:"{} {}"'.format, st.sampled_from(["title", "text"]), vocabulary, vocabulary),
    st.sampled_from(["dri*", "w?r", "title:k*", "text:*e*"]),
    st.sampled_from(
        ["outlet:planet", 'outlet:"daily planet"', "outlet:the*", "outlet:[a TO f}", "outlet:{el TO *]"]
    ),
    st.sampled_from(
        ["entities:Kim", "place:Korea", 'place:"north korea"', "topics:war", "topics:t1", "entities:*un"]
    ),
    st.sampled_from(
        ["language:en", "story:s1", "feed:f1", "_exists_:feed", "_exists_:outlet", "text:*", "title:*"]
    ),
    st.sampled_from(
        ["published:[2026-03-01 TO 2026-03-02T08:00]", "published:>2026-03-02", "fetched:2026-03-02"]
    ),
)
queries = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["AND", "OR", "", "AND NOT"]), inner),
        st.builds("(NOT {})".format, inner),
        st.builds("(+{} -{})".format, inner, inner),
    ),
    max_leaves=6,
).filter(lambda text: len(text) <= LONGEST)


def agree(store, found, texts):
    trees = {text: parse(text, NOW) for text in texts}
    answers = store.match(trees, 0, len(found) + 4)
    for text, tree in trees.items():
        mine = [each.enriched.article.id for each in found if matches(tree, Prepared(each))]
        assert mine == list(answers.get(text, [])), text


@given(data=st.data())
@settings(max_examples=examples(30), deadline=None)
def test_matcher_and_store_agree(data, tmp_path_factory):
    found = [data.draw(articles(seq)) for seq in range(1, 7)]
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('fuzz')}/w.db")
    try:
        World(store).arrive(*found)
        agree(store, found, data.draw(st.lists(queries, min_size=4, max_size=8)))
    finally:
        store.close()


@pytest.fixture(scope="module")
def elastic() -> Iterator[tuple[Store, list[StoredArticle]]]:
    """Twenty articles in Elasticsearch: an index costs too much to make one for each example."""
    rng = random.Random(8)

    def sentence():
        return " ".join(rng.choices(WORDS, k=rng.randrange(8)))

    found = [
        article(
            seq,
            sentence() or "x",
            rng.choice(["s1", "s2"]),
            text=sentence(),
            outlet=rng.choice(OUTLETS),
            language=rng.choice(["en", "de", "und"]),
            published=rng.choice([None, START, START - timedelta(days=3), START + timedelta(hours=1)]),
            feeds=tuple(rng.sample(["f1", "f2"], rng.randrange(3))),
            names=rng.choice(
                [(), [("person", "Kim Jong Un")], [("place", "North Korea"), ("place", "Korea")]]
            ),
            topics=rng.choice([(), [("t1", "War and Peace")]]),
        )
        for seq in range(1, 21)
    ]
    store = open_store(new_url())
    assert isinstance(store, ElasticsearchStore)
    try:
        World(store).arrive(*found)
        yield store, found
    finally:
        drop_everything(store.link, store.names)
        store.close()


@on_node
@given(texts=st.lists(queries, min_size=8, max_size=20))
@settings(max_examples=examples(20), deadline=None)
def test_matcher_and_elasticsearch_agree(elastic, texts):
    store, found = elastic
    agree(store, found, texts)


# -- highlighting ----------------------------------------------------------------------------------


def test_hits_are_the_words_as_written():
    one = article(
        1,
        "Military DRILLS in Zu\u0308rich",
        text="A drill, no war. Putin watched.",
        names=[("person", "V. Putin")],
    )
    found = hits(parse("drill AND zurich AND entities:putin AND NOT peace"), one)
    assert [(hit.field, hit.text) for hit in found] == [
        ("entities", "V. Putin"),
        ("text", "drill"),
        ("title", "DRILLS"),
        ("title", "Zu\u0308rich"),
    ]
    title = one.enriched.article.title
    assert all(title[hit.start : hit.end] == hit.text for hit in found if hit.field == "title")


def test_a_phrase_is_one_hit_and_a_miss_has_none():
    one = article(1, "Joint military drills begin")
    assert [hit.text for hit in hits(parse('"joint drills"~1'), one)] == ["Joint military drills"]
    assert hits(parse("joint AND war"), one) == ()
    assert [hit.text for hit in hits(parse("joint OR war"), one)] == ["Joint"]


def test_a_word_that_is_too_long_is_cut_and_does_not_shift_the_next():
    one = article(1, "A title", text=f"{'y' * 5000} yy drill")
    assert [(hit.start, hit.text) for hit in hits(parse("yy"), one)] == [(5001, "yy")]
    assert hits(parse("drill"), one)[0].start == 5004
    assert matches(parse("y" * 4500), Prepared(one))


@given(st.text(alphabet=string.printable + "éüßﬁŒİ北京ไทย½²\u0301\u200d\ud83d", max_size=30))
@settings(max_examples=examples(300), deadline=None)
def test_spans_are_the_words_in_their_places(text):
    found = spans(text)
    tokens = words(text)
    assert len(found) in (0, len(tokens))
    for (start, end), token in zip(found, tokens, strict=False):
        assert token in "".join(words(text[start:end])) or words(text[start:end]) == []


@pytest.mark.parametrize("field", [*KEYWORD_FIELDS, *TEXT_FIELDS])
def test_every_field_is_said_in_words(field):
    for value in ("ferry", '"ferry ship"', "ferr*", "*"):
        assert field.rstrip("s")[:5] in describe(parse(f"{field}:{value}")) or field == "entities"
