"""The fetcher against a real server that misbehaves."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from conftest import rss
from misbehaving import Exchange, Misbehaving

from pipeline.ports import FeedSource
from pipeline.records import FeedState
from pipeline.settings import FetchSettings
from pipeline.sources import poll
from pipeline.sources.fetcher import FeedFetcher
from pipeline.sources.parse import parse_batch, parse_capture

ITEM = "<item><title>Tram {0}</title><link>{1}</link><guid>t-{0}</guid><description>{2}</description></item>"
PAGE = b"<html><body><article><p>The whole text of the article about the tram.</p></article></body></html>"


def a_feed(*numbers: int, link: str = "https://outlet.test/{}", text: str = "short") -> bytes:
    return rss(*(ITEM.format(number, link.format(number), text) for number in numbers)).encode()


@pytest.fixture
def fetcher(settings):
    made = FeedFetcher(settings, sleep=lambda _: None)
    yield made
    made.close()


def fetch_one(fetcher, url, now, state=None, **more):
    feed = FeedSource("f", url, **more)
    (fetched,) = fetcher.fetch([(feed, poll.current(feed, state))], now)
    return fetched


def test_a_changed_feed_gives_a_capture_its_items_and_a_state(server, fetcher, now):
    url = server.serve("/feed", a_feed(1, 2), ETag='"v1"', Last_Modified="Sun, 01 Mar 2026 10:00:00 GMT")
    fetched = fetch_one(fetcher, url, now, outlet="Tram News", language="en")
    assert [item.guid for item in fetched.items] == ["t-1", "t-2"]
    assert parse_capture(fetched.capture, 5000) == (list(fetched.items), list(fetched.rejections))
    assert (fetched.capture.outlet, fetched.capture.language, fetched.capture.feed) == (
        "Tram News",
        "en",
        "f",
    )
    assert (fetched.state.etag, fetched.state.status, fetched.state.entries) == ('"v1"', 200, 2)
    assert fetched.state.next_poll > now


def test_a_304_costs_no_parse(server, fetcher, now, monkeypatch):
    def conditional(exchange: Exchange) -> None:
        known = exchange.asked.headers.get("if-none-match") == '"v1"'
        exchange.answer(b"" if known else a_feed(1), 304 if known else 200, ETag='"v1"')

    url = server.route("/feed", conditional)
    state = fetch_one(fetcher, url, now).state
    monkeypatch.setattr("pipeline.sources.fetcher.parse_capture", None)  # calling it would fail
    fetched = fetch_one(fetcher, url, now + timedelta(minutes=10), state)
    assert (fetched.capture, fetched.state.status, fetched.state.error) == (None, 304, "")
    assert fetched.state.etag == '"v1"'


def test_the_same_body_under_a_new_etag_costs_no_parse(server, fetcher, now, monkeypatch):
    url = server.serve("/feed", a_feed(1), ETag='"v1"')
    state = fetch_one(fetcher, url, now).state
    server.serve("/feed", a_feed(1), ETag='"v2"')
    monkeypatch.setattr("pipeline.sources.fetcher.parse_capture", None)
    fetched = fetch_one(fetcher, url, now + timedelta(minutes=10), state)
    assert (fetched.capture, fetched.state.etag, fetched.state.error) == (None, '"v2"', "")


def test_a_server_that_repeats_a_stale_etag_is_seen_through_within_a_day(server, fetcher, now):
    def stale(exchange: Exchange) -> None:
        """Says 304 to its ETag for ever, though the feed has changed."""
        asks = "if-none-match" in exchange.asked.headers
        exchange.answer(b"" if asks else a_feed(len(server.asked)), 304 if asks else 200, ETag='"for ever"')

    url = server.route("/feed", stale)
    state = fetch_one(fetcher, url, now).state
    captures = []
    for hour in range(1, 26):
        fetched = fetch_one(fetcher, url, now + timedelta(hours=hour), state)
        captures.append(fetched.capture)
        state = fetched.state
    assert len([capture for capture in captures if capture]) == 1


def test_a_crash_before_the_commit_is_a_fetch_again(server, fetcher, now):
    """Nothing is kept outside the state: whoever lost it gets everything again, the same."""
    url = server.serve("/feed", a_feed(1, 2), ETag='"v1"')
    lost = fetch_one(fetcher, url, now)
    again = fetch_one(fetcher, url, now)
    assert again == lost
    assert "if-none-match" not in server.asked[1].headers


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, "not found (404)"),
        (410, "gone for good (410)"),
        (401, "it asks for credentials (401)"),
        (403, "it refuses us (403)"),
        (500, "answered (500)"),
        (429, "too many requests (429)"),
        (204, "empty"),
    ],
)
def test_errors_are_told_and_retried_later(server, fetcher, now, status, said):
    fetched = fetch_one(fetcher, server.serve("/feed", b"", status), now)
    assert said in fetched.state.error
    assert (fetched.state.failures, fetched.state.status) == (1, status)
    assert fetched.state.next_poll > now


def test_retry_after_is_for_that_feed_only(server, fetcher, now):
    busy = FeedSource("busy", server.serve("/busy", b"", 429, Retry_After="7200"))
    fine = FeedSource("fine", server.serve("/fine", a_feed(1)))
    first, second = fetcher.fetch([(busy, FeedState("busy")), (fine, FeedState("fine"))], now)
    assert first.state.next_poll == now + timedelta(hours=2)
    assert (second.state.error, len(second.items)) == ("", 1)


def test_a_page_instead_of_a_feed_says_where_the_feeds_are(server, fetcher, now):
    page = b"<html><head><link rel=alternate type='application/rss+xml' href='/real.xml'></head></html>"
    url = server.serve("/", page, content_type="application/rss+xml")
    fetched = fetch_one(fetcher, url, now)
    assert f"a web page, not a feed; it links to: {server.url('/real.xml')}" in fetched.state.error
    assert fetched.capture.body == page
    assert len(fetched.rejections) == 1
    again = fetch_one(fetcher, url, now, fetched.state)
    assert (again.capture, again.rejections) == (None, ())
    assert again.state.failures == 2
    assert "a web page" in again.state.error
    server.serve("/", a_feed(1))
    assert len(fetch_one(fetcher, url, now, again.state).items) == 1


def test_an_error_page_does_not_make_the_feed_forgotten(server, fetcher, now):
    url = server.serve("/", a_feed(1), ETag='"v1"')
    good = fetch_one(fetcher, url, now).state
    server.serve("/", b"<html><title>Oops</title>", ETag='"oops"')
    bad = fetch_one(fetcher, url, now, good).state
    assert (bad.failures, bad.etag, bad.seen) == (1, "", good.seen)
    server.serve("/", a_feed(1), ETag='"v1"')
    after = fetch_one(fetcher, url, now, bad).state
    assert (after.failures, after.error, after.news) == (0, "", good.news)


def test_a_permanent_redirect_is_remembered(server, fetcher, now):
    new = server.serve("/new", a_feed(1))
    old = server.serve("/old", b"", 301, Location=new)
    state = fetch_one(fetcher, old, now).state
    assert state.url == new
    fetch_one(fetcher, old, now, state)
    assert server.paths() == ["/old", "/new", "/new"]


def test_credentials_are_in_no_state_capture_or_error(server, fetcher, now):
    server.serve("/feed", a_feed(1))
    server.serve("/bad", b"", 500)
    for path in ("/feed?token=t0ps3cret", "/bad?token=t0ps3cret"):
        url = server.url(path).replace("http://", "http://me:pa55word@")
        fetched = fetch_one(fetcher, url, now)
        assert server.asked[-1].headers["authorization"]
        assert "token=t0ps3cret" in server.asked[-1].path
        assert "pa55word" not in repr(fetched)
        assert "t0ps3cret" not in repr(fetched)


def test_one_bad_feed_fails_nobody_else(server, settings, now):
    def reset(exchange: Exchange) -> None:
        exchange.reset()

    def drip(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            exchange.pause(0.2)
            exchange.send(b" ")

    urls = [
        server.route("/reset", reset),
        server.serve("/1", a_feed(1)),
        server.route("/drip", drip),
        server.serve("/2", a_feed(2)),
        "ftp://x.test/",
        server.serve("/3", a_feed(3)),
        "http://10.0.0.1/",
        "http://[bad",
        server.serve("/4", a_feed(4)),
    ]
    feeds = [FeedSource(f"f{number}", url) for number, url in enumerate(urls)]
    fetcher = FeedFetcher(settings)
    results = list(fetcher.fetch([(feed, FeedState(feed.id)) for feed in feeds], now))
    fetcher.close()
    assert [fetched.state.feed for fetched in results] == [feed.id for feed in feeds]
    assert [number for number, fetched in enumerate(results) if not fetched.state.error] == [1, 3, 5, 8]
    assert all("\n" not in fetched.state.error for fetched in results)


def test_a_fault_of_our_own_is_the_feeds_error_and_no_crash(server, fetcher, now, monkeypatch):
    monkeypatch.setattr("pipeline.sources.fetcher.parse_capture", lambda *_: 1 / 0)
    fetched = fetch_one(fetcher, server.serve("/", a_feed(1)), now)
    assert "ZeroDivisionError" in fetched.state.error


def test_many_at_once_but_one_at_a_time_a_host(now):
    """24 feeds on six hosts (all of 127.0.0.0/8 is here), four requests at a time."""

    def slow(exchange: Exchange) -> None:
        exchange.pause(0.05)
        exchange.answer(a_feed(1))

    with Misbehaving(host="0.0.0.0") as server:  # noqa: S104  to have many hosts
        server.route("*", slow)
        hosts = [f"127.0.0.{number}" for number in range(2, 8)]
        feeds = [FeedSource(f"f{n:02}", server.url(f"/{n}", hosts[n // 4])) for n in range(24)]
        fetcher = FeedFetcher(FetchSettings(private_hosts=tuple(hosts), concurrency=4))
        started = time.monotonic()
        results = list(fetcher.fetch([(feed, FeedState(feed.id)) for feed in feeds], now))
        fetcher.close()
        assert [fetched.state.error for fetched in results] == [""] * 24
        assert time.monotonic() - started < 24 * 0.05
        assert server.most_at_once[""] == 4
        assert all(server.most_at_once[f"{host}:{server.port}"] == 1 for host in hosts)


def test_leaving_early_stops_the_rest(server, settings, now):
    fetcher = FeedFetcher(settings)
    feeds = [FeedSource(f"f{n}", server.serve(f"/{n}", a_feed(n))) for n in range(50)]
    results = fetcher.fetch([(feed, FeedState(feed.id)) for feed in feeds], now)
    next(results)
    results.close()
    fetcher.close()
    assert len(server.asked) < 10


def test_a_hundred_thousand_entries(server, now):
    fetcher = FeedFetcher(FetchSettings(private_hosts=("127.0.0.1",), max_entries=200))
    fetched = fetch_one(fetcher, server.serve("/", a_feed(*range(100_000))), now)
    fetcher.close()
    assert len(fetched.items) == 200
    assert "99,800 entries more" in fetched.rejections[0].reason


# -- pages -----------------------------------------------------------------------------------------------


@pytest.fixture
def teasers(server):
    """A feed of teasers with their pages here; returns its URL."""
    server.route(
        "*",
        lambda ex: (
            ex.answer(PAGE, content_type="text/html")
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
    assert parse_batch([fetched.capture, *fetched.pages], 5000) == (list(fetched.items), [])


def test_pages_of_known_items_are_not_fetched_again(server, fetcher, now, teasers):
    state = fetch_one(fetcher, teasers, now, pages="always").state
    server.serve("/feed", a_feed(1, 2, 3, link=server.url("/p/{}")))
    fetched = fetch_one(fetcher, teasers, now, state, pages="always")
    assert [page.item for page in fetched.pages] == [server.url("/p/3")]
    assert pages_asked(server) == ["/p/1", "/p/2", "/p/3"]


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
    waits = []
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
