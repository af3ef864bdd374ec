"""The four dashboards, the data views they look through and the tables inside them.

Fields are those of `config/elasticsearch/index/*.json`. `python -m deploy.kibana.boards` writes
`config/kibana/wirewatch.ndjson`; a test says when that was forgotten.
"""

from __future__ import annotations

import sys
from pathlib import Path

from deploy.kibana.lens import (
    Json,
    Panel,
    chart,
    count,
    documents,
    donut,
    filters,
    highest,
    number,
    over_time,
    percentile,
    ranges,
    rise,
    table,
    terms,
    unique,
    xy,
)
from deploy.kibana.maps import world
from deploy.kibana.objects import Control, dashboard, data_view, rows, session, text

FILE = Path(__file__).resolve().parents[2] / "config" / "kibana" / "wirewatch.ndjson"

ARTICLES, STORIES, FEEDS = "wirewatch-articles", "wirewatch-stories", "wirewatch-feeds"
QUARANTINE, OUTBOX, ALERTS = "wirewatch-quarantine", "wirewatch-outbox", "wirewatch-alerts"
TELLINGS = "wirewatch-tellings"
# Where the desk is; `deploy.kibana` puts in another place.
DESK = "http://127.0.0.1:8090"

# Backfill was published long before it came, so it says nothing about lag.
LIVE = "backfill : false"
SECONDS = {"id": "duration", "params": {"inputFormat": "seconds", "outputFormat": "humanizePrecise"}}
LINK = {"id": "url", "params": {"type": "a", "labelTemplate": "{{value}}", "openLinkInCurrentTab": False}}


def _page(path: str, label: str) -> Json:
    """Shows an id as a link to its page on the desk."""
    params = {"type": "a", "urlTemplate": f"{DESK}/{path}/{{{{value}}}}", "labelTemplate": label}
    return {"id": "url", "params": params | {"openLinkInCurrentTab": False}}


STORY, ARTICLE = _page("stories", "story"), _page("articles", "article")


def data_views() -> list[Json]:
    """One a kind of document. The pattern is the alias: a migration never shows an article twice."""
    return [
        data_view(
            ARTICLES,
            "Articles",
            ARTICLES,
            "time",
            {
                "url": LINK,
                "lag_seconds": SECONDS,
                "index_lag_seconds": SECONDS,
                "story": STORY,
                "id": ARTICLE,
            },
        ),
        data_view(
            STORIES,
            "Stories",
            STORIES,
            "last_published",
            {"hot": {"id": "number", "params": {"pattern": "0.0"}}, "id": STORY},
            # As articles have it, so that a control narrows both.
            {"outlet": "outlets", "language": "languages"},
        ),
        # A feed has one document, its present state: no time to choose by.
        data_view(FEEDS, "Feeds", FEEDS, formats={"lag_seconds": SECONDS, "interval_seconds": SECONDS}),
        data_view(QUARANTINE, "Quarantine", QUARANTINE, "at"),
        data_view(OUTBOX, "Deliveries", OUTBOX, "due"),
        data_view(ALERTS, "Alerts", ALERTS, "at", {"story": STORY}),
        # One document a watch and a story in which it found something, told or not.
        data_view(TELLINGS, "Watches and stories", TELLINGS, "at", {"story": STORY}),
    ]


def sessions() -> list[Json]:
    """Tables of single documents, which Lens does not draw."""
    return [
        session(
            "wirewatch-growing-stories",
            "Stories by growth and origins",
            STORIES,
            [
                "title",
                "id",
                "hot",
                "origins",
                "size",
                "outlets",
                "topics",
                "keywords",
                "situation",
                "last_published",
            ],
            [("hot", "desc"), ("origins", "desc")],
        ),
        session(
            "wirewatch-newest-articles",
            "Newest articles",
            ARTICLES,
            ["title", "url", "id", "story", "outlet", "kind", "language", "topics"],
            [("time", "desc")],
        ),
        session(
            "wirewatch-feed-states",
            "Feeds, the worst first",
            FEEDS,
            ["id", "failures", "status", "error", "succeeded", "news", "next_poll", "lag_seconds"],
            [("failures", "desc"), ("news", "asc")],
        ),
        session(
            "wirewatch-newest-quarantine",
            "Newest in quarantine",
            QUARANTINE,
            ["stage", "reason", "source", "id"],
            [("at", "desc")],
        ),
        session(
            "wirewatch-failing-deliveries",
            "Deliveries that failed or are being tried again",
            OUTBOX,
            ["watch", "channel", "state", "attempts", "error"],
            [("due", "desc")],
            "state : failed or attempts > 1",
        ),
        session(
            "wirewatch-near-misses",
            "Found and not told",
            TELLINGS,
            ["watch", "story", "miss"],
            [("at", "desc")],
            "alerts : 0",
        ),
    ]


# Above the boards of articles and stories.
_BY_ARTICLE = (
    Control("Outlet", ARTICLES, "outlet"),
    Control("Topic", ARTICLES, "topics"),
    Control("Language", ARTICLES, "language"),
    Control("Watch", ARTICLES, "watch"),
)


def news_desk() -> Json:
    """What is going on: stories first, then where and when."""
    tile = [
        chart("stories", "Stories", STORIES, {"n": count("Stories")}, number("n")),
        chart("articles", "Articles", ARTICLES, {"n": count("Articles")}, number("n")),
        chart("outlets-now", "Outlets", ARTICLES, {"n": unique("Outlets", "outlet")}, number("n")),
        chart("languages-now", "Languages", ARTICLES, {"n": unique("Languages", "language")}, number("n")),
    ]
    origins = ranges(
        "Independent origins",
        "origins",
        [(1, 2, "1"), (2, 4, "2 to 3"), (4, 10, "4 to 9"), (10, None, "10 or more")],
    )
    by_origins = chart(
        "origins",
        "Stories by independent origins",
        STORIES,
        {"origins": origins, "n": count("Stories")},
        xy("bar", "origins", ["n"]),
    )
    # A click on one leaves its stories on the board.
    situations = chart(
        "situations",
        "Situations by stories",
        STORIES,
        {
            "situation": terms("Situation", "situation", 50, "n"),
            "n": count("Stories"),
            "hot": highest("Hottest", "hot"),
        },
        table(["situation", "n", "hot"], "n"),
    )
    by_topic = chart(
        "topics-over-time",
        "Articles over time by topic",
        ARTICLES,
        {
            "topic": terms("Topic", "topics", 8, "n", other=True),
            "time": over_time("Time", "time"),
            "n": count("Articles"),
        },
        xy("bar_stacked", "time", ["n"], "topic"),
    )
    outlets = chart(
        "outlets",
        "Outlets",
        ARTICLES,
        {"outlet": terms("Outlet", "outlet", 15, "n"), "n": count("Articles")},
        xy("bar_horizontal", "outlet", ["n"]),
    )
    languages = chart(
        "languages",
        "Languages",
        ARTICLES,
        {"language": terms("Language", "language", 8, "n", other=True), "n": count("Articles")},
        donut("language", "n"),
    )
    kinds = chart(
        "kinds",
        "Kinds of articles",
        ARTICLES,
        {"kind": terms("Kind", "kind", 10, "n", other=True), "n": count("Articles")},
        donut("kind", "n"),
    )
    return dashboard(
        "wirewatch-news-desk",
        "Wirewatch: News desk",
        "Stories by growth and origins, situations, articles by topic, outlet, language and kind.",
        rows(
            (5, [(panel, 12) for panel in tile]),
            (16, [(documents("growing", "Stories by growth and origins", "wirewatch-growing-stories"), 48)]),
            (13, [(by_topic, 24), (by_origins, 10), (situations, 14)]),
            (13, [(outlets, 20), (languages, 14), (kinds, 14)]),
            (20, [(documents("newest", "Newest articles", "wirewatch-newest-articles"), 48)]),
        ),
        _BY_ARTICLE,
    )


def _rising(name: str, title: str, field: str, label: str) -> Panel:
    """The names that most articles have now, and how that was in the period before.

    A hundred, ten a page: the more names Lens asks for, the fewer rising ones were below the line before.
    """
    columns = {"name": terms(label, field, 100, "n"), **rise("Rise", "n")}
    return chart(name, title, ARTICLES, columns, table(["name", "n", "n-before", "n-rise"], "n"))


def _course(name: str, title: str, field: str, label: str) -> Panel:
    """The five most frequent names over time."""
    columns = {"name": terms(label, field, 5, "n"), "time": over_time("Time", "time"), "n": count("Articles")}
    return chart(name, title, ARTICLES, columns, xy("line", "time", ["n"], "name"))


def names_and_topics() -> Json:
    """Who and where is being talked of, and what is new about that."""
    return dashboard(
        "wirewatch-names-and-topics",
        "Wirewatch: Names and topics",
        "People, organisations, places, topics and keywords, their rise, and where articles are about.",
        rows(
            (
                17,
                [
                    (_rising("people", "People", "people", "Person"), 16),
                    (_rising("organisations", "Organisations", "organisations", "Organisation"), 16),
                    (_rising("places", "Places", "places", "Place"), 16),
                ],
            ),
            (
                12,
                [
                    (_course("people-course", "People over time", "people", "Person"), 16),
                    (
                        _course(
                            "organisations-course", "Organisations over time", "organisations", "Organisation"
                        ),
                        16,
                    ),
                    (_course("places-course", "Places over time", "places", "Place"), 16),
                ],
            ),
            (
                17,
                [
                    (_rising("topics", "Topics", "topics", "Topic"), 24),
                    (_rising("keywords", "Keywords", "keywords", "Keyword"), 24),
                ],
            ),
            (20, [(world("map", "Where articles are about", ARTICLES, "location"), 48)]),
        ),
        _BY_ARTICLE,
    )


def watches() -> Json:
    """What each watch found and told, and how two of them compare: choose both in the list above."""
    found, told = count("Stories found"), count("Told", "alerts > 0")
    tile = [
        chart("found", "Stories found", TELLINGS, {"n": found}, number("n")),
        chart("told", "Stories told", TELLINGS, {"n": told}, number("n")),
        chart("alerts", "Alerts", ALERTS, {"n": count("Alerts")}, number("n")),
        chart("sent", "Messages sent", OUTBOX, {"n": count("Messages", "state : sent")}, number("n")),
    ]
    watch = terms("Watch", "watch", 8, "n")
    articles = count("Articles")
    share = chart(
        "share",
        "Share of voice: articles found by each watch",
        ARTICLES,
        {"watch": watch, "time": over_time("Time", "time"), "n": articles},
        xy("bar_percentage_stacked", "time", ["n"], "watch"),
    )
    shares = chart(
        "shares",
        "Articles found, in all",
        ARTICLES,
        {"watch": watch, "n": articles},
        donut("watch", "n"),
    )
    outlets = chart(
        "outlets-of-watches",
        "Who writes about it: outlets by watch",
        ARTICLES,
        {"outlet": terms("Outlet", "outlet", 15, "n"), "watch": watch, "n": articles},
        xy("bar_horizontal_stacked", "outlet", ["n"], "watch"),
        "watch : *",
    )
    topics = chart(
        "topics-of-watches",
        "What it is about: topics by watch",
        ARTICLES,
        {"topic": terms("Topic", "topics", 12, "n"), "watch": watch, "n": articles},
        xy("bar_horizontal_stacked", "topic", ["n"], "watch"),
        "watch : *",
    )
    compared = chart(
        "compared",
        "Watches compared",
        TELLINGS,
        {
            "watch": terms("Watch", "watch", 50, "n"),
            "n": found,
            "told": told,
            "untold": count("Not told", "alerts : 0"),
        },
        table(["watch", "n", "told", "untold"], "n"),
    )
    course = chart(
        "alerts-course",
        "Alerts over time",
        ALERTS,
        {"watch": watch, "time": over_time("Time", "at"), "n": count("Alerts")},
        xy("line", "time", ["n"], "watch"),
    )
    return dashboard(
        "wirewatch-watches",
        "Wirewatch: Watches",
        "What each watch found and told, and the share of voice of those that are chosen.",
        rows(
            (5, [(panel, 12) for panel in tile]),
            (14, [(share, 32), (shares, 16)]),
            (14, [(outlets, 24), (topics, 24)]),
            (14, [(compared, 24), (course, 24)]),
            (14, [(documents("misses", "Found and not told", "wirewatch-near-misses"), 48)]),
        ),
        (Control("Watch", TELLINGS, "watch"),),
        "now-30d",
    )


def pipeline() -> Json:
    """How the machine does: feeds, lag, quarantine, deliveries."""
    feed_states = filters(
        "Feed",
        {
            "well": "failures : 0",
            "failing (1 or 2 in a row)": "failures >= 1 and failures < 3",
            "broken (3 or more)": "failures >= 3",
        },
    )
    by_state = chart(
        "feed-states",
        "Feeds by status",
        FEEDS,
        {"state": feed_states, "n": count("Feeds")},
        xy("bar", "state", ["n"]),
    )
    status = terms("HTTP status", "status", 10, "n") | {"dataType": "number"}
    by_status = chart(
        "feed-answers",
        "Feeds by last HTTP status",
        FEEDS,
        {"status": status, "n": count("Feeds")},
        donut("status", "n"),
    )
    half = percentile("Half within", "index_lag_seconds", 50)
    most = percentile("95 % within", "index_lag_seconds", 95)
    fetched = percentile("Half fetched within", "lag_seconds", 50)
    lag = chart(
        "lag",
        "Lag from publication to index",
        ARTICLES,
        {"time": over_time("Time", "taken_in"), "half": half, "most": most},
        xy("line", "time", ["half", "most"]),
        LIVE,
    )
    lag_by_feed = chart(
        "lag-by-feed",
        "Lag by feed",
        ARTICLES,
        {
            "feed": terms("Feed", "feeds", 20, "most"),
            "fetched": fetched,
            "half": half,
            "most": most,
            "n": count("Articles"),
        },
        table(["feed", "fetched", "half", "most", "n"], "most"),
        LIVE,
    )
    reasons = chart(
        "reasons",
        "Quarantine by reason",
        QUARANTINE,
        {
            "reason": terms("Reason", "reason.keyword", 10, "n"),
            "stage": terms("Stage", "stage", 6, "n"),
            "n": count("Entries"),
        },
        xy("bar_horizontal_stacked", "reason", ["n"], "stage"),
    )
    deliveries = chart(
        "deliveries",
        "Deliveries by state",
        OUTBOX,
        {"state": terms("State", "state", 5, "n"), "due": over_time("Due", "due"), "n": count("Messages")},
        xy("bar_stacked", "due", ["n"], "state"),
    )
    by_watch = chart(
        "watches",
        "Deliveries by watch",
        OUTBOX,
        {
            "watch": terms("Watch", "watch", 15, "n"),
            "n": count("Messages"),
            "sent": count("Sent", "state : sent"),
            "failed": count("Failed", "state : failed"),
            "tries": highest("Most tries", "attempts"),
        },
        table(["watch", "n", "sent", "failed", "tries"], "failed"),
    )
    return dashboard(
        "wirewatch-pipeline",
        "Wirewatch: Pipeline",
        "Feeds by status, lag from publication to index, quarantine by reason, deliveries.",
        rows(
            (12, [(by_state, 28), (by_status, 20)]),
            (15, [(documents("feeds", "Feeds, the worst first", "wirewatch-feed-states"), 48)]),
            (13, [(lag, 28), (lag_by_feed, 20)]),
            (
                13,
                [
                    (reasons, 20),
                    (documents("refused", "Newest in quarantine", "wirewatch-newest-quarantine"), 28),
                ],
            ),
            (13, [(deliveries, 24), (by_watch, 24)]),
            (10, [(documents("failing", "Deliveries that failed", "wirewatch-failing-deliveries"), 48)]),
        ),
    )


def objects() -> list[Json]:
    """All of it; what is referred to stands before what refers to it."""
    return [*data_views(), *sessions(), news_desk(), names_and_topics(), watches(), pipeline()]


def ndjson() -> str:
    """The file that Kibana imports: one object a line."""
    return "".join(text(found) + "\n" for found in objects())


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(ndjson(), encoding="utf-8")
    sys.stdout.write(f"{FILE}: {len(objects())} objects\n")
