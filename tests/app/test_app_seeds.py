"""The two seed articles are one story, and in no other, whatever else comes."""

from itertools import permutations

import pytest

from dags.local.environment import ROOT

ARTICLES = sorted(str(p) for p in (ROOT / "seeds" / "articles").glob("*.txt"))
NEAR_MISSES = str(ROOT / "seeds" / "near_misses")
FEEDS = str(ROOT / "seeds" / "feeds" / "first")


def stories_with_seeds(app):
    found, members = app.read.stories(limit=10_000)
    gerasimov = "Russia Plans Joint Military Exercises With North Korea"
    drills = "Russia Planning Joint Drills with Cuba and North Korea"
    titles = [{members[i].enriched.article.title for i in story.members} for story in found]
    return [group for group in titles if gerasimov in group or drills in group], {gerasimov, drills}


@pytest.mark.parametrize("order", list(permutations(ARTICLES)), ids=["in order", "reversed"])
def test_alone_in_either_order(make_app, order):
    app = make_app()
    for path in order:
        app.ingest.load([path])
    found, seeds = stories_with_seeds(app)
    assert found == [seeds]


@pytest.mark.parametrize(
    "order",
    [
        [*ARTICLES, NEAR_MISSES, FEEDS],
        pytest.param([NEAR_MISSES, *reversed(ARTICLES), FEEDS], marks=pytest.mark.slow),
        pytest.param([FEEDS, NEAR_MISSES, *ARTICLES], marks=pytest.mark.slow),
        [ARTICLES[0], NEAR_MISSES, FEEDS, ARTICLES[1]],
    ],
    ids=["first", "middle", "last", "apart"],
)
def test_among_near_misses_and_feeds(make_app, order):
    app = make_app()
    for path in order:
        app.ingest.load([path])
    found, seeds = stories_with_seeds(app)
    assert found == [seeds]
    app.correct.repair()
    found, seeds = stories_with_seeds(app)
    assert found == [seeds]


def test_normalized_and_enriched_as_a_reader_expects(make_app):
    app = make_app()
    app.ingest.load(ARTICLES)
    _, members = app.read.stories()
    texts = {m.enriched.article.title: m for m in members.values()}
    first = texts["Russia Plans Joint Military Exercises With North Korea"]
    second = texts["Russia Planning Joint Drills with Cuba and North Korea"]
    for stored in (first, second):
        assert "Updated on" not in stored.enriched.article.text
        assert "Leave a Comment" not in stored.enriched.article.text
    assert second.enriched.article.dateline == "Washington, DC"
    assert "Russia responds to current international isolation" in first.enriched.article.text
    names = {e.name for e in first.enriched.entities}
    assert {"Valery Gerasimov", "Steven Pifer", "Vladimir Putin", "North Korea"} <= names
    shared = {e.id for e in first.enriched.entities} & {e.id for e in second.enriched.entities}
    both = {e.name for e in first.enriched.entities if e.id in shared}
    assert {"Valery Gerasimov", "Sergei Shoigu", "Steven Pifer", "North Korea"} <= both
    assert "Kim Jong Un" in {e.name for e in second.enriched.entities}


def test_the_demo_follows_up_on_news_and_says_it(make_app):
    app = make_app()
    for part in ("first", "later"):
        app.ingest.load([str(ROOT / "seeds" / "feeds" / part)], alert=True)
    told = [alert for alert in app._wiring.store.alerts() if alert.watch == "ships-in-distress"]
    assert [alert.kind for alert in told[:2]] == ["new", "news"]
    evidence = [pair for alert in told[1:] for pair in alert.evidence]
    assert ("number", "23") in evidence
    assert any(kind == "sentence" and "23" in said for kind, said in evidence)
