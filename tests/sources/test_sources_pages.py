"""Fetching the pages of a feed's items from a real server."""

from __future__ import annotations

from dataclasses import replace

import pytest
from misbehaving import Misbehaving
from source_samples import ITEM, PAGE, a_feed, fetch_one, rss

from pipeline.normalize.identity.landing import are_one_page
from pipeline.settings import FetchSettings
from pipeline.sources.fetch.fetcher import FeedFetcher
from pipeline.sources.raw_items import captured
from pipeline.sources.read.payload import parse_batch


@pytest.fixture
def teasers(server) -> str:
    """A feed of teasers with their pages here; returns its URL."""
    server.route(
        "*",
        lambda ex: (
            ex.answer(PAGE.replace(b"</p>", f" of {ex.asked.path}</p>".encode()), content_type="text/html")
            if ex.asked.path.startswith("/p/")
            else ex.answer(b"", 404)
        ),
    )
    return server.serve("/feed", a_feed(1, 2, link=server.url("/p/{}"), text="teaser"))


def pages_asked(server):
    return [path for path in server.paths() if path.startswith("/p/")]


def test_never_asks_for_no_page(server, fetcher, now, teasers):
    assert fetch_one(fetcher, teasers, now).pages == ()
    assert server.paths() == ["/feed"]


@pytest.mark.parametrize(("text", "pages"), [("a teaser", 2), ("a long text " * 100, 0)])
def test_short_asks_where_the_feed_has_a_teaser(server, fetcher, now, teasers, text, pages):
    server.serve("/feed", a_feed(1, 2, link=server.url("/p/{}"), text=text))
    fetched = fetch_one(fetcher, teasers, now, pages="short")
    assert len(fetched.pages) == pages
    assert len(fetched.items) == 2


def test_pages_are_captures_that_join_their_items(server, fetcher, now, teasers):
    fetched = fetch_one(fetcher, teasers, now, pages="always", outlet="Tram News")
    assert [page.item for page in fetched.pages] == [server.url("/p/1"), server.url("/p/2")]
    assert {(page.kind, page.payload, page.feed, page.outlet) for page in fetched.pages} == {
        ("page", "html", "f", "Tram News")
    }
    assert all("The whole text" in item.page and item.body == "teaser" for item in fetched.items)
    assert fetched.capture is not None
    assert parse_batch([fetched.capture, *fetched.pages], 5000) == (list(fetched.items), [])


def test_pages_of_known_items_are_not_fetched_again(server, fetcher, now, teasers):
    state = fetch_one(fetcher, teasers, now, pages="always").state
    server.serve("/feed", a_feed(1, 2, 3, link=server.url("/p/{}")))
    fetched = fetch_one(fetcher, teasers, now, state, pages="always")
    assert [page.item for page in fetched.pages] == [server.url("/p/3")]
    assert pages_asked(server) == ["/p/1", "/p/2", "/p/3"]


def test_a_guid_that_is_reused_for_another_article_has_its_page_fetched(server, fetcher, now):
    item = "<item><title>{}</title><link>{}</link><guid>same</guid><description>short</description></item>"
    state = None
    for number, title in enumerate(("Flood in Tamsa", "Vote in Norland")):
        link = server.serve(f"/{number}", PAGE, Content_Type="text/html")
        feed = server.serve("/feed", rss(item.format(title, link)).encode())
        state = fetch_one(fetcher, feed, now, state, pages="short").state
    assert [path for path in server.paths() if path in ("/0", "/1")] == ["/0", "/1"]


def test_a_page_that_fails_loses_no_item_and_is_tried_again(server, fetcher, now, teasers):
    server.serve("/p/1", b"", 503)
    fetched = fetch_one(fetcher, teasers, now, pages="always")
    assert [item.page != "" for item in fetched.items] == [False, True]
    assert fetched.state.pending == ((server.url("/p/1"), 1),)
    del server.routes["/p/1"]
    later = fetch_one(fetcher, teasers, now, fetched.state, pages="always")
    assert later.capture is None  # the feed itself has not changed
    (item,) = later.items
    assert (item.url, item.title) == (server.url("/p/1"), "")
    assert "The whole text" in item.page
    assert later.state.pending == ()


def test_a_page_is_given_up_after_five_tries(server, fetcher, now, teasers):
    server.route("/p/1", lambda exchange: exchange.reset())
    state = None
    for _ in range(7):
        state = fetch_one(fetcher, teasers, now, state, pages="always").state
    assert pages_asked(server).count("/p/1") == 5
    assert state is not None
    assert state.pending == ()


@pytest.mark.parametrize(
    "answer", [(b"", 404, "text/html"), (b"%PDF-1.7", 200, "application/pdf"), (b"", 200, "text/html")]
)
def test_what_is_no_page_is_not_asked_again(server, fetcher, now, teasers, answer):
    body, status, kind = answer
    server.serve("/p/1", body, status, content_type=kind)
    fetched = fetch_one(fetcher, teasers, now, pages="always")
    assert len(fetched.items) == 2
    assert fetched.state.pending == ()
    fetch_one(fetcher, teasers, now, fetched.state, pages="always")
    assert pages_asked(server).count("/p/1") == 1


def test_robots_txt_is_asked_once_and_kept(server, fetcher, now, teasers):
    server.serve("/robots.txt", b"User-agent: wirewatch\nDisallow: /p/1\nUser-agent: *\nDisallow: /")
    fetched = fetch_one(fetcher, teasers, now, pages="always")
    assert [page.item for page in fetched.pages] == [server.url("/p/2")]
    assert server.paths().count("/robots.txt") == 1
    assert fetched.state.pending == ()
    assert len(fetched.items) == 2


def test_robots_txt_says_nothing_about_feeds(server, fetcher, now):
    server.serve("/robots.txt", b"User-agent: *\nDisallow: /")
    assert len(fetch_one(fetcher, server.serve("/feed", a_feed(1)), now).items) == 1


def test_while_robots_txt_does_not_answer_pages_wait(server, fetcher, now, teasers):
    server.serve("/robots.txt", b"", 503)
    fetched = fetch_one(fetcher, teasers, now, pages="always")
    assert pages_asked(server) == []
    assert len(fetched.state.pending) == 2


@pytest.mark.parametrize(
    "text", [b"\xff\xfe\x00", b"<html>", b"User-agent\nDisallow: /" * 1000, b"Crawl-delay: NaN", b""]
)
def test_an_odd_robots_txt_does_no_harm(server, fetcher, now, teasers, text):
    server.serve("/robots.txt", text)
    assert len(fetch_one(fetcher, teasers, now, pages="always").items) == 2


def test_a_crawl_delay_is_kept(server, settings, now, teasers):
    waits: list[float] = []
    server.serve("/robots.txt", b"User-agent: *\nCrawl-delay: 3600")
    fetcher = FeedFetcher(settings, sleep=waits.append)
    fetch_one(fetcher, teasers, now, pages="always")
    fetcher.close()
    assert waits == [10.0]


def test_pages_at_private_addresses_are_refused(server, now, teasers):
    """The feed may be private; a link in it to another private host may not."""
    with Misbehaving(host="127.0.0.9") as inner:
        secret = inner.serve("/admin", PAGE, content_type="text/html")
        server.serve("/feed", rss(ITEM.format(1, secret, "x")).encode())
        fetcher = FeedFetcher(FetchSettings(timeout_seconds=1))
        fetched = fetch_one(fetcher, teasers, now, pages="always", allow_private=True)
        fetcher.close()
        assert inner.asked == []
    assert (fetched.pages, len(fetched.items)) == ((), 1)


def test_a_site_that_fails_is_left_alone(server, fetcher, now, teasers):
    server.routes["*"] = lambda exchange: exchange.answer(
        b"", 404 if exchange.asked.path == "/robots.txt" else 500
    )
    server.serve("/feed", a_feed(*range(20), link=server.url("/p/{}")))
    fetched = fetch_one(fetcher, teasers, now, pages="always")
    assert len(pages_asked(server)) == 3
    assert len(fetched.state.pending) == 20
    assert len(fetched.items) == 20


def test_only_so_many_pages_a_poll(server, fetcher, now, teasers):
    server.serve("/feed", a_feed(*range(50), link=server.url("/p/{}")))
    fetched = fetch_one(fetcher, teasers, now, pages="always")
    assert (len(fetched.pages), len(fetched.state.pending)) == (30, 20)
    later = fetch_one(fetcher, teasers, now, replace(fetched.state), pages="always")
    assert (len(later.pages), len(later.state.pending)) == (20, 0)


def test_one_text_under_several_addresses_is_no_page(server, fetcher, now, teasers):
    server.routes["*"] = lambda ex: (
        ex.answer(PAGE, content_type="text/html") if "/p/" in ex.asked.path else None
    )
    wall = fetch_one(fetcher, teasers, now, pages="always")
    assert wall.pages == ()
    assert [item.body for item in wall.items] == ["teaser", "teaser"]
    assert dict(wall.state.pending) == {server.url("/p/1"): 1, server.url("/p/2"): 1}


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        (("/p/1", "/p/1"), 2),  # the second is the first's AMP page
        (("", "/p/1"), 2),
        (("", ""), 0),
        (("/login", "/login"), 0),
        (("/p/1", "/p/2"), 0),
    ],
)
def test_one_text_under_two_addresses_of_one_page_is_that_page(server, settings, now, teasers, named, kept):
    for link, canonical in zip(("/p/1", "/p/2"), named, strict=True):
        head = f'<head><link rel="canonical" href="{server.url(canonical)}"></head>' if canonical else ""
        server.serve(link, PAGE.replace(b"<body>", head.encode() + b"<body>"), content_type="text/html")
    fetcher = FeedFetcher(settings, sleep=lambda _: None, are_one_page=are_one_page)
    fetched = fetch_one(fetcher, teasers, now, pages="always")
    assert (len(fetched.pages), len(fetched.state.pending)) == (kept, 2 - kept)
    fetcher.close()


def test_a_wall_is_tried_again_and_the_last_time_kept(server, settings, now, teasers):
    fetcher = FeedFetcher(
        settings, sleep=lambda _: None, is_wall=lambda page, _language, _known: "whole" in page
    )
    state, kept = None, []
    for _ in range(6):
        fetched = fetch_one(fetcher, teasers, now, state, pages="always")
        state = fetched.state
        kept.append(len(fetched.pages))
    assert kept[0] == 0
    assert sum(kept) == 2
    assert state is not None
    assert state.pending == ()
    fetcher.close()


def test_a_page_that_sends_its_readers_on_is_followed_to_the_article(server, fetcher, now):
    stub = (
        b'<html><head><meta http-equiv="refresh" content="0;URL=/p/article"></head><body>Moving</body></html>'
    )
    link = server.serve("/go/1", stub, content_type="text/html")
    server.serve("/p/article", PAGE, content_type="text/html")
    feed = server.serve("/feed", a_feed(1, link=link, text="teaser"))
    fetched = fetch_one(fetcher, feed, now, pages="always")
    (item,) = fetched.items
    assert (item.url, item.found) == (link, server.url("/p/article"))
    assert "The whole text" in item.page
    assert fetched.capture is not None
    assert parse_batch([fetched.capture, *fetched.pages], 5000) == (list(fetched.items), [])


def test_a_circle_of_pages_that_send_on_ends_and_an_article_that_reloads_itself_stays(server, fetcher, now):
    def sends(to: str, more: bytes = b"") -> bytes:
        return b'<html><head><meta http-equiv="refresh" content="3,' + to.encode() + b'"></head>' + more

    server.serve("/a", sends("/b"), content_type="text/html")
    server.serve("/b", sends("/a"), content_type="text/html")
    live = b"<p>The river rose by two metres in the night.</p>" * 40
    server.serve("/live", sends("/ad", live), content_type="text/html")
    feed = a_feed(1, link=server.url("/a")) + b""
    fetch_one(fetcher, server.serve("/feed", feed), now, pages="always")
    fetch_one(fetcher, server.serve("/feed2", a_feed(2, link=server.url("/live"))), now, pages="always")
    asked = [path for path in server.paths() if path in {"/a", "/b", "/live", "/ad"}]
    assert asked == ["/a", "/b", "/live"]


def test_a_page_that_sends_on_to_a_private_address_is_not_followed(server, fetcher, now):
    stub = b'<html><head><meta http-equiv="refresh" content="0;url=http://127.0.0.2:1/"></head></html>'
    link = server.serve("/go", stub, content_type="text/html")
    feed = server.serve("/feed", a_feed(1, link=link))
    fetched = fetch_one(fetcher, feed, now, pages="always")
    assert (len(fetched.items), fetched.pages) == (1, ())


@pytest.mark.parametrize(
    ("page", "reason"),
    [(b"<p>a" * 100_001, "a page of more than"), (b"\x00\x01\x02" * 99, "not text"), (b" ", "empty")],
)
def test_a_page_that_cannot_be_read_is_told_and_its_item_goes_on(now, page, reason):
    feed = captured("feed", "feed", "https://o.test/feed", now, a_feed(1), feed="f")
    late = captured("page", "html", "https://o.test/1", now, page, feed="f", item="https://outlet.test/1")
    (item,), (refused,) = parse_batch([feed, late], 10)
    assert (item.guid, item.page) == ("t-1", "")
    assert reason in refused.reason
