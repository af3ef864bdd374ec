"""One article, many ways in: recognised whatever feed, address or guid it comes by, from a real server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.app import App

TEXT = "The ferry Aurora ran aground on the reef off Tamsa on Sunday with ninety people aboard, police said. "
LONG = " ".join(f"{TEXT}Passenger {n} waited {n} hours for the lifeboat." for n in range(20))
OTHER = "Parliament voted on the herring quota, and the minister of Norland resigned before the count began. "


@pytest.fixture
def polled(server, make_wiring, configured, feed_body) -> Callable[..., Any]:
    """Polls one feed after the other, each with its items, outlet and policy; returns the stored articles."""

    def poll(*feeds):
        entries = []
        for number, (outlet, items) in enumerate(feeds):
            url = server.serve(f"/feed/{number}", feed_body(*items))
            entries.append({"id": f"f{number}", "url": url, "outlet": outlet})
        wiring = make_wiring(config=configured(*entries))
        for entry in entries:
            App(wiring).ingest.fetch([entry["id"]])
        return list(wiring.store.between(0, wiring.store.head()))

    return poll


def test_every_address_of_an_article_is_one_article_with_its_ways_in(polled, item):
    links = [
        "https://www.harbour.test/news/ferry-aground",
        "http://harbour.test/news/ferry-aground?utm_source=rss&amp;fbclid=x",
        "https://amp.harbour.test/news/ferry-aground",
        "https://www.harbour.test/news/ferry-aground/amp",
        "https://m.harbour.test/news/ferry-aground#top",
        "https://harbour-test.cdn.ampproject.org/c/s/www.harbour.test/news/ferry-aground",
    ]
    feeds = [("Harbour", [item("Ferry aground off Tamsa", link, TEXT * 3)]) for link in links]
    feeds.append(("Harbour", [item("Ferry aground off Tamsa: all rescued", links[0], TEXT * 3)]))
    (stored,) = polled(*feeds)
    article = stored.enriched.article
    assert article.feeds == tuple(f"f{number}" for number in range(7))
    assert (article.title, article.version) == ("Ferry aground off Tamsa: all rescued", 2)
    assert len(article.raw) >= 2


def test_one_text_on_two_hosts_of_a_publisher_is_one_article(polled, item):
    links = ["https://www.harbour.test/ferry", "https://regional.harbour-south.test/news/881"]
    (stored,) = polled(*[("Harbour", [item("Ferry aground off Tamsa", link, LONG)]) for link in links])
    assert stored.enriched.article.feeds == ("f0", "f1")


def test_an_agency_text_by_two_outlets_is_two_articles_of_one_origin(polled, item, make_wiring):
    text = f"TAMSA (Reuters) - {LONG}"
    feeds = [
        (name, [item("Ferry aground off Tamsa", f"https://{name}.test/1", text)]) for name in ("a1", "b2")
    ]
    first, second = polled(*feeds)
    assert first.enriched.article.outlet != second.enriched.article.outlet
    assert first.story == second.story
    assert make_wiring().store.stories([first.story])[first.story].origins == 1


@pytest.mark.parametrize("linked", [True, False])
def test_a_guid_reused_for_another_article_is_another_article(polled, item, linked):
    old = item("Ferry aground off Tamsa", "https://harbour.test/1" if linked else "", TEXT * 3, "daily")
    new = item(
        "Herring quota brings minister down", "https://harbour.test/2" if linked else "", OTHER * 3, "daily"
    )
    first, second = polled(("Harbour", [old]), ("Harbour", [new]))
    assert first.enriched.article.version == second.enriched.article.version == 1
    assert second.enriched.article.title == "Herring quota brings minister down"


@pytest.mark.parametrize("link", ["https://harbour.test/1", ""])
def test_a_changed_guid_is_no_new_article(polled, item, link):
    feeds = [("Harbour", [item("Ferry aground off Tamsa", link, TEXT * 3, f"guid-{n}")]) for n in range(2)]
    (stored,) = polled(*feeds)
    assert (stored.enriched.article.version, stored.enriched.article.feeds) == (1, ("f0", "f1"))


def test_a_page_that_failed_updates_the_article_later(server, make_wiring, configured, item, feed_body):
    link = server.serve("/ferry", b"", 503)
    url = server.serve("/feed", feed_body(item("Ferry aground off Tamsa", link, TEXT)))
    config = configured({"id": "f", "url": url, "outlet": "Harbour", "pages": "short"})
    app = App(make_wiring(config=config))
    app.ingest.fetch(["f"])
    page = f"<html><head><title>Ferry aground off Tamsa</title></head><body><p>{LONG}</p></body></html>"
    server.serve("/ferry", page.encode(), Content_Type="text/html")
    wiring = make_wiring(config=config, at=datetime(2015, 2, 8, 14, tzinfo=UTC))
    outcome = App(wiring).ingest.fetch(["f"])
    assert (outcome.counts.new, outcome.counts.updated) == (0, 1)
    (stored,) = wiring.store.between(0, 9)
    article = stored.enriched.article
    assert (article.version, "Passenger 19" in article.text) == (2, True)
    (earlier,) = wiring.store.versions(article.id)
    assert "Passenger" not in earlier.article.text


def test_quarantine_of_a_feed_clears_itself_and_an_empty_feed_is_none(
    server, make_wiring, configured, feed_body, item
):
    url = server.serve("/rss", b"<html><body>Down for repair</body></html>")
    app = App(make_wiring(config=configured({"id": "f", "url": url, "outlet": "Harbour"})))
    app.ingest.fetch(["f"])
    assert len(app._wiring.store.rejections()) == 1
    for body in (feed_body(), feed_body(item("Ferry aground off Tamsa", "https://h.test/1", TEXT))):
        server.serve("/rss", body)
        app.ingest.fetch(["f"])
        assert app._wiring.store.rejections() == []


def test_a_fetch_tells_each_stage_and_how_much_there_is_to_do(
    server, make_wiring, configured, feed_body, item
):
    entries = [item(f"Ferry {n} aground off Tamsa", f"https://h.test/{n}", TEXT) for n in range(3)]
    feeds = [
        {"id": f"f{n}", "url": server.serve(f"/{n}", feed_body(*entries[n:])), "outlet": f"Harbour {n}"}
        for n in range(2)
    ]
    told: list[tuple[str, int]] = []
    done: Counter[str] = Counter()

    def stages(name, total):
        told.append((name, total))
        return lambda steps: done.update({name: steps})

    App(make_wiring(config=configured(*feeds))).ingest.fetch([], stages=stages)
    assert [name for name, _ in told] == ["Asking feeds", "Reading articles", "Finding their stories"]
    assert dict(told)["Asking feeds"] == 2
    assert dict(told)["Reading articles"] == 5
    assert all(done[name] == total for name, total in told)


def test_an_address_without_its_scheme_is_told_and_stops_no_other_feed(
    server, make_wiring, configured, feed_body, item
):
    url = server.serve("/feed", feed_body(item("Ferry aground off Tamsa", "https://h.test/1", LONG)))
    bare = {"id": "bare", "url": "me:pw@harbour.test/rss"}
    config = configured(bare, {"id": "f", "url": url, "outlet": "Harbour"})
    app = App(make_wiring(config=config))
    assert app.ingest.fetch([]).counts.new == 1
    told = "only http and https are fetched: write https://harbour.test/rss"
    assert {feed["id"]: feed["error"] for feed in app.care.feed_health()} == {"bare": told, "f": ""}
    written = f"{config}/feeds.yaml:4: feeds.0.url: {told}"
    assert {feed["id"]: feed["error"] for feed in app.care.feeds()} == {"bare": written, "f": None}
    checks = {check["check"]: check for check in app.care.doctor()}
    assert not checks["configuration"]["ok"]
    assert checks["configuration"]["detail"] == written
    configured(bare | {"enabled": False})
    checks = {check["check"]: check for check in App(make_wiring(config=config)).care.doctor()}
    assert checks["configuration"]["ok"]
