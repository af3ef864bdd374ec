"""Every panel over the demo's data on a real node, held against what the store itself says of the same data.

The recorded feeds and the two seed articles go through the stages as `make demo` takes them, without Airflow.
What a panel should show is counted from what the store's reading methods give, never written down here.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import httpx
import pytest
from node_stores import NODE, ON_NODE

from pipeline.records import DeliveryState

sys.path.insert(0, str(Path(__file__).parent))
from saved_objects import between, charts, objects, of_kind, query, search

pytestmark = ON_NODE

CHARTS = charts()
# Two days of the recorded feeds, and the two before.
BEFORE, SINCE, NOW = (datetime(2015, 2, day, 12, tzinfo=UTC) for day in (5, 7, 9))
KINDS = {"people": "person", "organisations": "organisation", "places": "place"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory, models) -> Iterator[Demo]:
    """What the demo's store says, and a function that searches behind a data view."""
    from pipeline.app import App
    from pipeline.app.wiring import Wiring
    from pipeline.store.elasticsearch.cluster import ElasticsearchStore
    from pipeline.store.elasticsearch.indices import drop_everything
    from seeds.demo import SEEDS, outlets

    url = f"{NODE}?prefix=demo{uuid.uuid4().hex[:8]}"
    home = tmp_path_factory.mktemp("demo")
    (home / "empty.txt").write_text("")  # the demo's data has nothing for the quarantine
    with outlets() as server:
        wiring = Wiring(home, SEEDS / "config", url, dict(os.environ), lambda: CLOCK)
        wiring.__dict__["embedder"] = models[1]
        app = App(wiring)
        app.ingest.fetch([], every=True)
        app.ingest.load([str(SEEDS / "articles"), str(home / "empty.txt")], alert=True)
        app.watches.alert()
        server.publish()
        app.ingest.fetch([], every=True)
        app.watches.alert()
        app.correct.repair()
    store = wiring.store
    assert isinstance(store, ElasticsearchStore)
    yield Demo(store)
    drop_everything(store.link, store.names)
    wiring.close()


class Demo:
    """The demo's data as the store gives it, and as a panel sees it."""

    def __init__(self, store):
        self.names = store.names
        self.articles = [each.enriched for each in store.between(0, store.head())]
        self.live = [each.enriched for each in store.between(0, store.head()) if not each.backfill]
        self.stories = store.newest_stories(None, None, 10_000)
        self.feeds = list(store.feeds().values())
        self.quarantine, self.alerts = store.rejections(), store.alerts()
        self.messages = store.outbox(get_args(DeliveryState))
        self.tellings = store.tellings_of(sorted(each.id for each in self.stories))

    def ask(self, view, kql, body, since=SINCE, until=NOW):
        found = of_kind("index-pattern")[view]["attributes"]
        field = found.get("timeFieldName")
        window = [between(field, since, until)] if field else []
        body = {"query": {"bool": {"filter": [query(kql), *window]}}, "track_total_hits": True, **body}
        alias = found["title"].replace("wirewatch", self.names.prefix, 1)
        return httpx.post(f"{NODE}/{alias}/_search", json=body, timeout=60).raise_for_status().json()

    def asked(self, name, *, shifted=False):
        chart = CHARTS[name]
        body = {"size": 0, "aggs": search(chart, shifted=shifted)}
        period = (BEFORE, SINCE) if shifted else (SINCE, NOW)
        found = self.ask(chart.view, chart.kql, body, *period)
        assert found["_shards"]["failed"] == 0
        return found

    def session(self, name):
        """The documents of a saved search, in its order."""
        found = objects()["search", name]
        attributes, view = found["attributes"], found["references"][0]["id"]
        kql = json.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])["query"]["query"]
        order = [{field: {"order": order}} for field, order in attributes["sort"]]
        return [hit["_source"] for hit in self.ask(view, kql, {"sort": order, "size": 1000})["hits"]["hits"]]

    def within(self, since=SINCE, until=NOW):
        return [each for each in self.articles if since <= each.article.time <= until]


def told(buckets):
    """Key → count, without the empty ones, in the order given."""
    found = buckets["buckets"]
    pairs = found.items() if isinstance(found, dict) else ((each["key"], each) for each in found)
    return [(key, each["doc_count"]) for key, each in pairs if each["doc_count"]]


def top(counts, size):
    """As Elasticsearch orders terms: the most frequent first, ties by name."""
    return sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0]).encode()))[:size]


def days(times):
    return Counter(time.date().isoformat() for time in times)


def by_day(buckets):
    found = {each["key_as_string"][:10]: each["doc_count"] for each in buckets["buckets"]}
    return {day: count for day, count in found.items() if count}


def values(enriched, field):
    if field == "keywords":
        return set(enriched.keywords)
    if field == "topics":
        return {topic.name for topic in enriched.topics}
    return {entity.name for entity in enriched.entities if entity.kind == KINDS[field]}


def counted(articles, field):
    return Counter(value for each in articles for value in values(each, field))


def between_neighbours(percentile, numbers, share):
    """Whether a percentile lies between the numbers beside its place: how it is interpolated is left open."""
    ordered = sorted(numbers)
    place = share * (len(ordered) - 1)
    return ordered[max(int(place) - 1, 0)] <= percentile <= ordered[min(int(place) + 2, len(ordered) - 1)]


CLOCK = datetime(2015, 2, 8, 12, tzinfo=UTC)


def lags(articles, until=None):
    """Seconds from publication until an article was fetched, or until a time."""
    return [
        ((until or each.article.fetched) - each.article.time).total_seconds()
        for each in articles
        if each.article.published is not None
    ]


DONE: set[str] = set()


def panel(board, *names):
    """Notes which panels a test looks at."""
    marked = {f"wirewatch-{board}/{name}" for name in names}
    DONE.update(marked)
    return lambda test: test


# -- News desk ----------------------------------------------------------------------------------------------


@panel("news-desk", "stories", "articles", "outlets-now", "languages-now")
def test_tiles(demo):
    def total(name):
        return demo.asked(f"wirewatch-news-desk/{name}")["hits"]["total"]["value"]

    assert total("stories") == sum(SINCE <= each.last_published <= NOW for each in demo.stories) > 10
    assert total("articles") == len(demo.within()) > 10
    outlets = demo.asked("wirewatch-news-desk/outlets-now")["aggregations"]["n"]["value"]
    assert outlets == len({each.article.outlet for each in demo.within()} - {""}) > 1
    languages = demo.asked("wirewatch-news-desk/languages-now")["aggregations"]["n"]["value"]
    assert languages == len({each.article.language for each in demo.within()} - {""}) > 1


@panel("news-desk", "origins")
def test_stories_by_origins(demo):
    def label(origins):
        return "1" if origins < 2 else "2 to 3" if origins < 4 else "4 to 9" if origins < 10 else "10 or more"

    expected = Counter(label(each.origins) for each in demo.stories if SINCE <= each.last_published <= NOW)
    found = demo.asked("wirewatch-news-desk/origins")["aggregations"]["origins"]
    assert dict(told(found)) == expected
    assert len(expected) > 1


@panel("news-desk", "topics-over-time", "outlets", "languages")
def test_articles_by_topic_outlet_and_language(demo):
    topics = demo.asked("wirewatch-news-desk/topics-over-time")["aggregations"]["topic"]
    assert told(topics) == top(counted(demo.within(), "topics"), 8) != []
    for bucket in topics["buckets"]:
        times = [each.article.time for each in demo.within() if bucket["key"] in values(each, "topics")]
        assert by_day(bucket["time"]) == days(times)
    for name, field, size in (("outlets", "outlet", 15), ("languages", "language", 8)):
        expected = Counter(getattr(each.article, field) for each in demo.within())
        del expected[""]  # a file without one
        found = demo.asked(f"wirewatch-news-desk/{name}")["aggregations"][field]
        assert told(found) == top(expected, size)
        assert len(expected) > 1


@panel("news-desk", "kinds")
def test_articles_by_kind(demo):
    found = demo.asked("wirewatch-news-desk/kinds")["aggregations"]["kind"]
    assert told(found) == top(Counter(each.kind for each in demo.within()), 10) != []


@panel("news-desk", "situations")
def test_stories_by_situation(demo):
    found = demo.asked("wirewatch-news-desk/situations")["aggregations"]["situation"]
    inside = [each for each in demo.stories if each.situation and SINCE <= each.last_published <= NOW]
    assert told(found) == top(Counter(each.situation for each in inside), 50)


def test_growing_stories_and_newest_articles(demo):
    found = demo.session("wirewatch-growing-stories")
    wanted = [each for each in demo.stories if SINCE <= each.last_published <= NOW]
    assert {each["id"] for each in found} == {each.id for each in wanted}
    ranks = sorted(((each.hot, each.origins) for each in wanted), reverse=True)
    assert [(each["hot"], each["origins"]) for each in found] == ranks
    keywords = {each.id: list(each.keywords) for each in wanted if each.keywords}
    assert {each["id"]: each["keywords"] for each in found if "keywords" in each} == keywords != {}
    newest = demo.session("wirewatch-newest-articles")
    assert {each["id"] for each in newest} == {each.article.id for each in demo.within()}
    times = [datetime.fromisoformat(each["time"]) for each in newest]
    assert times == sorted(times, reverse=True)
    assert all(each["url"].startswith("http") for each in newest if "url" in each)


# -- Names and topics ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["people", "organisations", "places", "topics", "keywords"])
@panel("names-and-topics", "people", "organisations", "places", "topics", "keywords")
def test_names_and_their_rise(demo, field):
    name = f"wirewatch-names-and-topics/{field}"
    assert told(demo.asked(name)["aggregations"]["name"]) == top(counted(demo.within(), field), 100) != []
    before = counted(demo.within(BEFORE, SINCE), field)
    assert told(demo.asked(name, shifted=True)["aggregations"]["name"]) == top(before, 100)


@pytest.mark.parametrize("field", list(KINDS))
@panel("names-and-topics", "people-course", "organisations-course", "places-course")
def test_names_over_time(demo, field):
    found = demo.asked(f"wirewatch-names-and-topics/{field}-course")["aggregations"]["name"]
    assert told(found) == top(counted(demo.within(), field), 5) != []
    for bucket in found["buckets"]:
        times = [each.article.time for each in demo.within() if bucket["key"] in values(each, field)]
        assert by_day(bucket["time"]) == days(times)


# -- Watches ------------------------------------------------------------------------------------------------


@panel("watches", "share", "shares", "outlets-of-watches", "topics-of-watches")
def test_share_of_voice(demo):
    found_by: dict[str, set[str]] = {}
    for each in demo.tellings:
        for article in each.matched:
            found_by.setdefault(article, set()).add(each.watch)
    pairs = [(each, watch) for each in demo.within() for watch in found_by.get(each.article.id, ())]
    assert pairs
    expected = Counter(watch for _, watch in pairs)
    for name in ("share", "shares"):
        found = demo.asked(f"wirewatch-watches/{name}")["aggregations"]["watch"]
        assert told(found) == top(expected, 8)
    outlets = demo.asked("wirewatch-watches/outlets-of-watches")["aggregations"]["outlet"]["buckets"]
    for bucket in outlets:
        theirs = Counter(watch for each, watch in pairs if each.article.outlet == bucket["key"])
        assert told(bucket["watch"]) == top(theirs, 8) != []
    topics = demo.asked("wirewatch-watches/topics-of-watches")["aggregations"]["topic"]["buckets"]
    for bucket in topics:
        theirs = Counter(watch for each, watch in pairs if bucket["key"] in values(each, "topics"))
        assert told(bucket["watch"]) == top(theirs, 8) != []


@panel("watches", "found", "told", "alerts", "sent", "compared", "alerts-course")
def test_watches(demo):
    def asked(name):
        return demo.asked(f"wirewatch-watches/{name}")

    inside = [each for each in demo.tellings if SINCE <= each.at <= NOW]
    told_of = [each for each in inside if each.alerts]
    assert asked("found")["hits"]["total"]["value"] == len(inside) > 0
    assert asked("told")["aggregations"]["n"]["doc_count"] == len(told_of) > 0
    alerts = [each for each in demo.alerts if SINCE <= each.at <= NOW]
    assert asked("alerts")["hits"]["total"]["value"] == len(alerts) > 0
    sent = sum(each.state == "sent" and SINCE <= each.due <= NOW for each in demo.messages)
    assert asked("sent")["aggregations"]["n"]["doc_count"] == sent > 0
    found = asked("compared")["aggregations"]["watch"]
    assert dict(told(found)) == Counter(each.watch for each in inside)
    for bucket in found["buckets"]:
        assert bucket["told"]["doc_count"] == sum(each.watch == bucket["key"] for each in told_of)
        assert bucket["told"]["doc_count"] + bucket["untold"]["doc_count"] == bucket["doc_count"]
    course = asked("alerts-course")["aggregations"]["watch"]
    assert dict(told(course)) == Counter(each.watch for each in alerts)
    misses = demo.session("wirewatch-near-misses")
    assert {(each["watch"], each["story"]) for each in misses} == {
        (each.watch, each.story) for each in inside if not each.alerts
    }


# -- Pipeline -----------------------------------------------------------------------------------------------


@panel("pipeline", "feed-states", "feed-answers")
def test_feeds(demo):
    def label(failures):
        return (
            "well" if not failures else "failing (1 or 2 in a row)" if failures < 3 else "broken (3 or more)"
        )

    states = demo.asked("wirewatch-pipeline/feed-states")["aggregations"]["state"]
    assert dict(told(states)) == Counter(label(each.failures) for each in demo.feeds)
    answers = demo.asked("wirewatch-pipeline/feed-answers")["aggregations"]["status"]
    assert dict(told(answers)) == Counter(each.status for each in demo.feeds)
    assert len(demo.feeds) > 5
    listed = demo.session("wirewatch-feed-states")
    assert {each["id"] for each in listed} == {each.feed for each in demo.feeds}
    assert [each["failures"] for each in listed] == sorted((f.failures for f in demo.feeds), reverse=True)


@panel("pipeline", "lag", "lag-by-feed")
def test_lag(demo):
    # The view's time is that of the article; what was loaded as backfill has no lag.
    live = [each for each in demo.live if SINCE <= each.article.time <= NOW]
    assert live
    buckets = demo.asked("wirewatch-pipeline/lag")["aggregations"]["time"]["buckets"]
    some = [each for each in buckets if each["doc_count"]]
    (bucket,) = some  # all of it came in on one day: the clock stands still
    assert bucket["key_as_string"][:10] == CLOCK.date().isoformat()
    assert bucket["doc_count"] == len(live)
    assert between_neighbours(bucket["half"]["values"]["50.0"], lags(live, CLOCK), 0.5)
    assert between_neighbours(bucket["most"]["values"]["95.0"], lags(live, CLOCK), 0.95)
    feeds = demo.asked("wirewatch-pipeline/lag-by-feed")["aggregations"]["feed"]
    assert dict(told(feeds)) == Counter(feed for each in live for feed in each.article.feeds)
    for bucket in feeds["buckets"]:
        of_feed = [each for each in live if bucket["key"] in each.article.feeds]
        assert between_neighbours(bucket["fetched"]["values"]["50.0"], lags(of_feed), 0.5)
        assert between_neighbours(bucket["half"]["values"]["50.0"], lags(of_feed, CLOCK), 0.5)


@panel("pipeline", "reasons")
def test_quarantine(demo):
    inside = [each for each in demo.quarantine if SINCE <= each.at <= NOW]
    found = demo.asked("wirewatch-pipeline/reasons")["aggregations"]["reason"]
    assert told(found) == top(Counter(each.reason for each in inside), 10) != []
    for bucket in found["buckets"]:
        stages = Counter(each.stage for each in inside if each.reason == bucket["key"])
        assert dict(told(bucket["stage"])) == stages
    assert {each["id"] for each in demo.session("wirewatch-newest-quarantine")} == {e.id for e in inside}


@panel("pipeline", "deliveries", "watches")
def test_deliveries(demo):
    inside = [each for each in demo.messages if SINCE <= each.due <= NOW]
    states = demo.asked("wirewatch-pipeline/deliveries")["aggregations"]["state"]
    assert told(states) == top(Counter(each.state for each in inside), 5) != []
    for bucket in states["buckets"]:
        assert by_day(bucket["due"]) == days(each.due for each in inside if each.state == bucket["key"])
    for bucket in demo.asked("wirewatch-pipeline/watches")["aggregations"]["watch"]["buckets"]:
        of_watch = [each for each in inside if each.watch == bucket["key"]]
        assert bucket["doc_count"] == len(of_watch) > 0
        assert bucket["sent"]["doc_count"] == sum(each.state == "sent" for each in of_watch)
        assert bucket["failed"]["doc_count"] == sum(each.state == "failed" for each in of_watch)
        assert bucket["tries"]["value"] == max(each.attempts for each in of_watch)
    failing = {each.id for each in inside if each.state == "failed" or each.attempts > 1}
    assert {each["id"] for each in demo.session("wirewatch-failing-deliveries")} == failing


def test_no_panel_is_left_out():
    assert set(CHARTS) == DONE
