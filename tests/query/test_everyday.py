"""The everyday queries on the evaluator and on both stores, and queries that must be refused."""

import pytest
from everyday import EVERYDAY
from node_stores import new_url, on_node
from query_records import said, store_with

from pipeline.errors import QueryError
from pipeline.query.evaluate import matches
from pipeline.query.hits import hits
from pipeline.query.parse import parse
from pipeline.records import StoredArticle


def _corpus():
    """All texts as articles, and for each query the ids that it must and must not find."""
    articles: dict[tuple[str, str], StoredArticle] = {}
    wanted = []
    for query, found, not_found in EVERYDAY:
        ids = []
        for text in (*found, *not_found):
            language, colon, rest = text.partition(": ")
            spoken = (rest, language) if colon and len(language) == 2 and language.islower() else (text, "en")
            articles.setdefault(spoken, said(len(articles) + 1, *spoken))
            ids.append(articles[spoken].enriched.article.id)
        wanted.append((query, set(ids[: len(found)]), set(ids[len(found) :])))
    return list(articles.values()), wanted


ARTICLES, WANTED = _corpus()


def check(store):
    trees = {query: parse(query) for query, _, _ in WANTED}
    matched = store.match(trees, 0, len(ARTICLES))
    wrong = []
    for query, found, not_found in WANTED:
        searched = {
            hit.article.enriched.article.id for hit in store.search(trees[query], None, len(ARTICLES))
        }
        if searched != set(matched[query]) or not found <= searched or searched & not_found:
            wrong.append((query, sorted(found - searched), sorted(searched & not_found)))
    assert wrong == []


def test_each_finds_what_its_writer_means():
    assert len(EVERYDAY) >= 65
    for query, found, not_found in WANTED:
        tree = parse(query)
        hit = {each.enriched.article.id for each in ARTICLES if matches(tree, each)}
        assert found <= hit, query
        assert not hit & not_found, query


def test_what_is_found_is_marked_in_the_text():
    for query, found, _ in WANTED:
        tree = parse(query)
        for each in ARTICLES:
            if each.enriched.article.id in found and "NOT NOT" not in query:
                assert any(hit.text for hit in hits(tree, each)), query


def test_sqlite(tmp_path):
    with store_with(f"sqlite:///{tmp_path}/w.db", ARTICLES) as store:
        check(store)


@on_node
def test_elasticsearch():
    with store_with(new_url(), ARTICLES) as store:
        check(store)


@pytest.mark.parametrize(
    ("query", "column", "why"),
    [
        ("ferry^2 chile", 1, "boost"),
        ("+ferry chile", 1, "+ means nothing"),
        ("New * Times", 5, "* alone means nothing"),
        ('"rate cut*"', 10, "within quotation marks"),
        ('"wom?n"', 5, "within quotation marks"),
        ('"rate cut"*', 11, "after a quotation mark"),
        ('ferry outlet:"El País"~2', 14, "~ means nothing on outlet"),
        ('"ferry"~2', 1, "~ means nothing after one word"),
        ('="White House"', 1, "= stands before one word"),
        ("ferry –cruise", 7, "not a minus"),
        ("'rate cut'", 1, "single quotation marks"),
        ("Yahoo!", 1, "the sign !"),
        ("ferry|ship", 1, "write OR"),
        ("ferry & ship", 7, "no letters or digits"),
        ("ferry 🚢", 7, "no letters or digits"),
        ("fire🔥", 1, "cannot be looked for"),
        ("ferry~", 1, "fuzzy"),
        ("AND ferry", 1, "cannot stand here"),
        ("ferry -", 8, "missing at the end"),
        ("“rate cut", 1, "no partner"),
        ("10:30", 1, "colon in quotation marks"),
        ("site:bbc.co.uk ferry", 1, "there is no field"),
        ("5°C", 1, "the sign °"),
        ("covid-*", 1, "a wildcard stands within one word"),
        ('"ferry ship"~1.5', 13, "how many other words"),
        ('"ferry ship"~-1', 13, "how many other words"),
        ("ferry -- ship", 7, "-- means nothing"),
        ("==US", 1, "== means nothing"),
        ("= US", 1, "= stands before a word, without a space"),
        ("100 %", 5, "a sign with its word is written together"),
        ("渡輪，客船", 1, "write OR between choices"),
    ],
)
def test_what_means_nothing_is_an_error_with_its_column(query, column, why):
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert str(caught.value).startswith(f"column {column}: "), str(caught.value)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_thousand_alternatives_and_ten_thousand_queries_are_bounded(tmp_path):
    words = [f"{first}{second}{third}" for first in "bdfgk" for second in "aeiou" for third in "lmnprst"]
    many = " OR ".join(f"{one}{other}" for one, other in zip(words * 6, words[1:] * 6, strict=False))[:9_900]
    tree = parse(many.rpartition(" OR ")[0])
    assert many.count(" OR ") > 900
    with store_with(f"sqlite:///{tmp_path}/w.db", [said(1, "balbam"), said(2, "nothing")]) as store:
        assert len(store.search(tree, None, 9)) == 1
        assert store.match({str(n): parse(f"balbam AND w{n}") for n in range(200)} | {"a": tree}, 0, 9)["a"]
    with pytest.raises(QueryError, match="10000 are allowed"):
        parse(many + " OR more" * 50)
