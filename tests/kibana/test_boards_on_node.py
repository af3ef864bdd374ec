"""Every panel's search on a real Elasticsearch node, over what the store wrote, and what it finds."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from node_stores import NODE, ON_NODE

sys.path.insert(0, str(Path(__file__).parent))
from saved_objects import between, charts, maps, objects, of_kind, query, runtime, search

from pipeline.ports import Commit
from pipeline.records import (
    Alert,
    Article,
    EnrichedArticle,
    Entity,
    EntityKind,
    FeedState,
    Message,
    Rejection,
    StoredArticle,
    Story,
    Topic,
    WatchState,
)

pytestmark = ON_NODE

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
SINCE = NOW - timedelta(days=7)
CHARTS = charts()
SESSIONS = sorted(of_kind("search"))


POINTS = {"Oslo": (59.91, 10.75), "Rome": (41.89, 12.48)}


def _day(days, minutes=0):
    return NOW - timedelta(days=days) + timedelta(minutes=minutes)


def _article(
    seq, days, outlet, language, topics, people, lag_minutes, *, feed, backfill=False, places=(), firms=()
):
    name = f"a{seq}"
    names: list[tuple[str, EntityKind]] = [(name, "person") for name in people]
    names += [(name, "place") for name in places]
    names += [(name, "organisation") for name in firms]
    article = Article(
        id=name,
        keys=(f"url:{name}",),
        url=f"https://example.org/{name}",
        title=f"Title {seq}",
        text="Text.",
        outlet=outlet,
        published=_day(days),
        published_from="feed",
        fetched=_day(days, lag_minutes),
        language=language,
        feeds=(feed,),
        digest=name,
    )
    entities = tuple(
        Entity(f"{kind}:{name.lower()}", name, kind, 1, at=POINTS.get(name)) for name, kind in names
    )
    found = tuple(Topic(name.lower(), name, 0.9) for name in topics)
    enriched = EnrichedArticle(article, entities, found, ("key",))
    return StoredArticle(enriched, seq, f"s{seq}", backfill=backfill)


ARTICLES = (
    # Within the week.
    _article(
        1,
        1,
        "Courier",
        "en",
        ("Economy",),
        ("Ada", "Bo"),
        10,
        feed="courier",
        places=("Oslo",),
        firms=("Acme",),
    ),
    _article(2, 1, "Ledger", "en", ("Economy", "War"), ("Ada",), 20, feed="ledger", places=("Oslo", "Rome")),
    _article(3, 2, "Courier", "es", ("Sport",), ("Cy",), 30, feed="courier"),
    _article(4, 3, "Tribune", "en", ("Economy",), ("Ada",), 60 * 24 * 2, feed="tribune", backfill=True),
    # The week before.
    _article(5, 8, "Courier", "en", ("War",), ("Bo",), 10, feed="courier", places=("Rome",)),
    _article(6, 9, "Courier", "en", ("War",), ("Bo",), 10, feed="courier"),
    _article(7, 10, "Courier", "en", ("War",), ("Bo", "Ada"), 10, feed="courier"),
)


def _story(name, days, origins, hot, situation=""):
    return Story(
        id=name,
        title=f"Story {name}",
        members=(name,),
        origins=origins,
        first_seq=1,
        last_seq=1,
        first_published=_day(days, -60),
        last_published=_day(days),
        outlets=("Courier",),
        languages=("en",),
        topics=(Topic("war", "War", 0.9),),
        keywords=("barricade", "curfew"),
        hot=hot,
        situation=situation,
    )


STORIES = (
    _story("calm", 1, 1, 0.1),
    _story("growing", 2, 3, 7.5, situation="affair"),
    _story("wide", 3, 12, 7.5),
    _story("old", 20, 5, 99.0),
)


def _message(name, days, state, attempts=1, error="", watch="storms"):
    return Message(
        name, watch, ("x",), "mail", "a@example.org", state, _day(days), attempts=attempts, error=error
    )


REST = Commit(
    feeds=(
        FeedState(
            "courier", status=200, polled=NOW, succeeded=NOW, news=_day(1), next_poll=NOW, lag_seconds=600.0
        ),
        FeedState("ledger", status=304, polled=NOW, succeeded=NOW, news=_day(2)),
        FeedState("flaky", status=503, polled=NOW, failures=1, error="HTTP 503"),
        FeedState("gone", status=410, polled=NOW, failures=9, error="HTTP 410"),
    ),
    rejections=(
        Rejection("r1", "http://a", "normalize", "no text", _day(1)),
        Rejection("r2", "http://b", "normalize", "no text", _day(2)),
        Rejection("r3", "http://c", "parse", "not XML", _day(3)),
        Rejection("r4", "http://d", "parse", "not XML", _day(30)),
    ),
    alerts=(
        Alert("x1", "storms", "new", "calm", ("a1",), "because", 1, _day(1)),
        Alert("x2", "storms", "new", "old", ("a2",), "because", 2, _day(20)),
    ),
    tellings=(
        WatchState("storms", "calm", ("a1",), alerts=("x1",), at=_day(1)),
        WatchState("storms", "wide", ("a2",), miss="one outlet of two", at=_day(2)),
        WatchState("banks", "wide", ("a3",), miss="too small", at=_day(2)),
        WatchState("storms", "old", ("a4",), alerts=("x2",), at=_day(20)),
    ),
    messages=(
        _message("m1", 1, "sent"),
        _message("m2", 1, "sent", attempts=3, error="timeout"),
        _message("m3", 2, "failed", attempts=12, error="550 no such user", watch="banks"),
    ),
)


@pytest.fixture(scope="module")
def node() -> Iterator[Callable[..., Any]]:
    """The articles in a store of their own; yields a function that searches behind a data view."""
    import httpx

    from pipeline.store import open_store
    from pipeline.store.elasticsearch.cluster import ElasticsearchStore
    from pipeline.store.elasticsearch.indices import drop_everything

    prefix = f"boards{uuid.uuid4().hex[:8]}"
    store = open_store(f"{NODE}?prefix={prefix}")
    assert isinstance(store, ElasticsearchStore)
    lease = store.acquire("stories", "boards", NOW, 300.0)
    # Taken in one by one, five minutes after they were fetched.
    for each in ARTICLES:
        taken_in = each.enriched.article.fetched + timedelta(minutes=5)
        store.commit(Commit(articles=(each,), at=taken_in), lease)
    store.commit(Commit(stories=STORIES), lease)
    store.commit(REST)

    def ask(view, body):
        alias = of_kind("index-pattern")[view]["attributes"]["title"].replace("wirewatch", prefix, 1)
        return httpx.post(f"{NODE}/{alias}/_search", json=body, timeout=60).raise_for_status().json()

    yield ask
    drop_everything(store.link, store.names)
    store.close()


def _filter(view, kql, since, until):
    field = of_kind("index-pattern")[view]["attributes"].get("timeFieldName")
    window = [between(field, since, until)] if field else []
    return {"bool": {"filter": [query(kql), *window]}}


def _asked(node, name, *, shifted=False):
    chart = CHARTS[name]
    since, until = (SINCE - (NOW - SINCE), SINCE) if shifted else (SINCE, NOW)
    body = {
        "size": 0,
        "track_total_hits": True,
        "query": _filter(chart.view, chart.kql, since, until),
        "aggs": search(chart, shifted=shifted),
    }
    found = node(chart.view, body)
    assert found["_shards"]["failed"] == 0
    return found


def _counts(aggregation):
    buckets = aggregation["buckets"]
    if isinstance(buckets, dict):
        return {key: bucket["doc_count"] for key, bucket in buckets.items()}
    return {bucket["key"]: bucket["doc_count"] for bucket in buckets}


# -- every panel --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(CHARTS))
def test_each_chart_runs_and_finds_something(node, name):
    found = _asked(node, name)
    assert found["hits"]["total"]["value"] > 0
    for aggregation in found.get("aggregations", {}).values():
        found = ("buckets", "value", "values", "doc_count")
        assert any(aggregation.get(key) for key in found), aggregation


@pytest.mark.parametrize("name", SESSIONS)
def test_each_session_runs_and_shows_its_columns(node, name):
    found = objects()["search", name]
    attributes, view = found["attributes"], found["references"][0]["id"]
    source = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
    body = {
        "query": _filter(view, source["query"]["query"], SINCE, NOW),
        "sort": [
            {field: {"order": order, "unmapped_type": "boolean"}} for field, order in attributes["sort"]
        ],
        "fields": attributes["columns"],
        "_source": False,
    }
    hits = node(view, body)["hits"]["hits"]
    assert hits
    shown = set().union(*(hit["fields"] for hit in hits))
    assert set(attributes["columns"]) <= shown


# -- and what it says ---------------------------------------------------------------------------------------


def test_tiles_count_what_is_in_the_period(node):
    assert _asked(node, "wirewatch-news-desk/stories")["hits"]["total"]["value"] == 3
    assert _asked(node, "wirewatch-news-desk/articles")["hits"]["total"]["value"] == 4
    assert _asked(node, "wirewatch-news-desk/outlets-now")["aggregations"]["n"]["value"] == 3
    assert _asked(node, "wirewatch-news-desk/languages-now")["aggregations"]["n"]["value"] == 2
    assert _asked(node, "wirewatch-watches/alerts")["hits"]["total"]["value"] == 1


def test_watches_are_compared_by_what_they_found_and_told(node):
    assert _asked(node, "wirewatch-watches/found")["hits"]["total"]["value"] == 3
    assert _asked(node, "wirewatch-watches/told")["aggregations"]["n"]["doc_count"] == 1
    assert _asked(node, "wirewatch-watches/sent")["aggregations"]["n"]["doc_count"] == 2
    for name in ("share", "shares"):
        found = _asked(node, f"wirewatch-watches/{name}")["aggregations"]["watch"]
        assert _counts(found) == {"storms": 3, "banks": 1}
    outlets = _asked(node, "wirewatch-watches/outlets-of-watches")["aggregations"]["outlet"]
    assert _counts(outlets) == {"Courier": 2, "Ledger": 1, "Tribune": 1}
    assert {each["key"]: _counts(each["watch"]) for each in outlets["buckets"]}["Courier"] == {
        "storms": 1,
        "banks": 1,
    }
    topics = _asked(node, "wirewatch-watches/topics-of-watches")["aggregations"]["topic"]
    assert _counts(topics) == {"Economy": 3, "Sport": 1, "War": 1}
    found = _asked(node, "wirewatch-watches/compared")["aggregations"]["watch"]
    assert _counts(found) == {"storms": 2, "banks": 1}
    rows = {each["key"]: each for each in found["buckets"]}
    assert (rows["storms"]["told"]["doc_count"], rows["storms"]["untold"]["doc_count"]) == (1, 1)
    assert (rows["banks"]["told"]["doc_count"], rows["banks"]["untold"]["doc_count"]) == (0, 1)
    assert _counts(_asked(node, "wirewatch-watches/alerts-course")["aggregations"]["watch"]) == {"storms": 1}


def test_the_map_shows_where_articles_are_about(node):
    ((view, field),) = maps().values()
    cells = {"geotile_grid": {"field": field, "precision": 5}}
    body = {"size": 0, "query": _filter(view, "", SINCE, NOW), "aggs": {"cells": cells}}
    found = node(view, body)["aggregations"]["cells"]["buckets"]
    assert [each["doc_count"] for each in found] == [2, 1]  # Oslo, and Rome


@pytest.mark.parametrize(
    ("view", "field", "value", "found"),
    [
        ("wirewatch-articles", "outlet", "Courier", 2),
        ("wirewatch-stories", "outlet", "Courier", 3),
        ("wirewatch-stories", "outlet", "Ledger", 0),
        ("wirewatch-stories", "language", "en", 3),
        ("wirewatch-stories", "topics", "War", 3),
        ("wirewatch-articles", "watch", "storms", 3),
        ("wirewatch-stories", "watch", "storms", 2),
        ("wirewatch-stories", "watch", "banks", 1),
        ("wirewatch-tellings", "watch", "banks", 1),
        ("wirewatch-outbox", "watch", "banks", 1),
    ],
)
def test_a_choice_above_a_dashboard_narrows_each_view(node, view, field, value, found):
    body = {
        "query": {"bool": {"filter": [_filter(view, "", SINCE, NOW), {"term": {field: value}}]}},
        "runtime_mappings": runtime(view),
    }
    assert node(view, body)["hits"]["total"]["value"] == found


def test_stories_by_growth_then_origins(node):
    attributes = objects()["search", "wirewatch-growing-stories"]["attributes"]
    body = {
        "query": _filter("wirewatch-stories", "", SINCE, NOW),
        "sort": [{field: order} for field, order in attributes["sort"]],
    }
    hits = node("wirewatch-stories", body)["hits"]["hits"]
    assert [hit["_source"]["id"] for hit in hits] == ["wide", "growing", "calm"]


def test_stories_by_origins(node):
    found = _asked(node, "wirewatch-news-desk/origins")["aggregations"]["origins"]
    assert _counts(found) == {"1": 1, "2 to 3": 1, "4 to 9": 0, "10 or more": 1}


def test_articles_by_topic_and_day_outlet_and_language(node):
    topics = _asked(node, "wirewatch-news-desk/topics-over-time")["aggregations"]["topic"]
    assert _counts(topics) == {"Economy": 3, "Sport": 1, "War": 1}
    days = {b["key_as_string"][:10]: b["doc_count"] for b in topics["buckets"][0]["time"]["buckets"]}
    assert {day: n for day, n in days.items() if n} == {"2026-03-09": 2, "2026-03-07": 1}
    outlets = _asked(node, "wirewatch-news-desk/outlets")["aggregations"]["outlet"]
    assert _counts(outlets) == {"Courier": 2, "Ledger": 1, "Tribune": 1}
    languages = _asked(node, "wirewatch-news-desk/languages")["aggregations"]["language"]
    assert _counts(languages) == {"en": 3, "es": 1}


@pytest.mark.parametrize(
    ("panel", "expected"),
    [
        ("people", {"Ada": (3, 1, 2), "Bo": (1, 3, -2), "Cy": (1, 0, 1)}),
        ("places", {"Oslo": (2, 0, 2), "Rome": (1, 1, 0)}),
        ("topics", {"Economy": (3, 0, 3), "War": (1, 3, -2), "Sport": (1, 0, 1)}),
    ],
)
def test_names_and_their_rise_against_the_period_before(node, panel, expected):
    name = f"wirewatch-names-and-topics/{panel}"
    now = _counts(_asked(node, name)["aggregations"]["name"])
    before = _counts(_asked(node, name, shifted=True)["aggregations"]["name"])
    # As the formula says: count() - defaults(count(shift='previous'), 0).
    assert {key: (n, before.get(key, 0), n - before.get(key, 0)) for key, n in now.items()} == expected
    assert next(iter(now)) == next(iter(expected))  # the most frequent first


def test_feeds_by_status(node):
    states = _asked(node, "wirewatch-pipeline/feed-states")["aggregations"]["state"]
    assert _counts(states) == {"well": 2, "failing (1 or 2 in a row)": 1, "broken (3 or more)": 1}
    answers = _asked(node, "wirewatch-pipeline/feed-answers")["aggregations"]["status"]
    assert _counts(answers) == {200: 1, 304: 1, 410: 1, 503: 1}


def test_lag_is_of_live_articles_only(node):
    feeds = _asked(node, "wirewatch-pipeline/lag-by-feed")["aggregations"]["feed"]["buckets"]
    lags = {
        bucket["key"]: (
            bucket["fetched"]["values"]["50.0"],
            bucket["half"]["values"]["50.0"],
            bucket["doc_count"],
        )
        for bucket in feeds
    }
    # Not the backfill's two days.
    assert lags == {"courier": (1200.0, 1500.0, 2), "ledger": (1200.0, 1500.0, 1)}
    days = _asked(node, "wirewatch-pipeline/lag")["aggregations"]["time"]["buckets"]
    known = [bucket["half"]["values"]["50.0"] for bucket in days if bucket["doc_count"]]
    assert known == [2100.0, 1200.0]


def test_quarantine_by_reason_and_stage(node):
    reasons = _asked(node, "wirewatch-pipeline/reasons")["aggregations"]["reason"]
    assert _counts(reasons) == {"no text": 2, "not XML": 1}
    assert [_counts(bucket["stage"]) for bucket in reasons["buckets"]] == [{"normalize": 2}, {"parse": 1}]


def test_deliveries_by_state_and_watch(node):
    assert _counts(_asked(node, "wirewatch-pipeline/deliveries")["aggregations"]["state"]) == {
        "sent": 2,
        "failed": 1,
    }
    watches = _asked(node, "wirewatch-pipeline/watches")["aggregations"]["watch"]["buckets"]
    told = {
        b["key"]: (b["doc_count"], b["sent"]["doc_count"], b["failed"]["doc_count"], b["tries"]["value"])
        for b in watches
    }
    assert told == {"storms": (2, 2, 0, 3.0), "banks": (1, 0, 1, 12.0)}
    failing = objects()["search", "wirewatch-failing-deliveries"]
    kql = json.loads(failing["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])["query"]["query"]
    hits = node("wirewatch-outbox", {"query": _filter("wirewatch-outbox", kql, SINCE, NOW)})["hits"]["hits"]
    assert {hit["_source"]["id"] for hit in hits} == {"m2", "m3"}
