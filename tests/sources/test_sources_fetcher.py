"""The fetcher against a real server that misbehaves."""

from __future__ import annotations

import gzip
import time
from collections.abc import Generator
from datetime import timedelta

import pytest
from misbehaving import Exchange, Misbehaving
from source_samples import a_feed, fetch_one

from pipeline.ports import FeedSource
from pipeline.records import FeedState
from pipeline.settings import FetchSettings
from pipeline.sources.fetch.fetcher import FeedFetcher
from pipeline.sources.read.payload import parse_batch, parse_capture


def test_a_changed_feed_gives_a_capture_its_items_and_a_state(server, fetcher, now):
    url = server.serve("/feed", a_feed(1, 2), ETag='"v1"', Last_Modified="Sun, 01 Mar 2026 10:00:00 GMT")
    fetched = fetch_one(fetcher, url, now, outlet="Tram News", language="en")
    assert [item.guid for item in fetched.items] == ["t-1", "t-2"]
    assert fetched.capture is not None
    assert parse_capture(fetched.capture, 5000)[:2] == (list(fetched.items), list(fetched.rejections))
    assert (fetched.capture.outlet, fetched.capture.language, fetched.capture.feed) == (
        "Tram News",
        "en",
        "f",
    )
    assert (fetched.state.etag, fetched.state.status, fetched.state.entries) == ('"v1"', 200, 2)
    assert fetched.state.next_poll > now


def test_status_and_headers_are_kept_with_what_came(server, fetcher, now):
    packed = gzip.compress(a_feed(1))
    more = {"Content_Encoding": "gzip", "X_Cache": "hit \u00e9", "Set_Cookie": "session=s3cret"}
    url = server.serve("/feed", packed, 203, Content_Type="text/xml", **more)
    capture = fetch_one(fetcher, url, now).capture
    assert capture is not None
    headers = dict(capture.headers)
    assert (capture.status, capture.body) == (203, a_feed(1))
    assert (headers["content-encoding"], headers["content-length"]) == ("gzip", str(len(packed)))
    assert headers["x-cache"].startswith("hit ?")
    assert "set-cookie" not in headers


def test_a_304_costs_no_parse(server, fetcher, now, monkeypatch):
    def conditional(exchange: Exchange) -> None:
        known = exchange.asked.headers.get("if-none-match") == '"v1"'
        exchange.answer(b"" if known else a_feed(1), 304 if known else 200, ETag='"v1"')

    url = server.route("/feed", conditional)
    state = fetch_one(fetcher, url, now).state
    monkeypatch.setattr("pipeline.sources.fetch.fetcher.parse_capture", None)  # calling it would fail
    fetched = fetch_one(fetcher, url, now + timedelta(minutes=10), state)
    assert (fetched.capture, fetched.state.status, fetched.state.error) == (None, 304, "")
    assert fetched.state.etag == '"v1"'


def test_a_feed_that_came_cut_off_is_asked_for_again_until_it_is_whole(server, fetcher, now):
    def flaky(exchange: Exchange) -> None:
        known = exchange.asked.headers.get("if-none-match") == '"v1"'
        packed = gzip.compress(a_feed(1, 2, 3), mtime=0)
        body = packed[:-60] if len(server.asked) == 1 else packed
        exchange.answer(b"" if known else body, 304 if known else 200, ETag='"v1"', Content_Encoding="gzip")

    url = server.route("/feed", flaky)
    first = fetch_one(fetcher, url, now)
    assert len(first.items) < 3
    assert first.rejections[0].reason.startswith("damaged (cut off)")
    assert first.capture is not None
    assert parse_capture(first.capture, 5000)[:2] == (list(first.items), list(first.rejections))
    second = fetch_one(fetcher, url, now + timedelta(hours=2), first.state)
    assert ([item.guid for item in second.items], second.rejections) == (["t-1", "t-2", "t-3"], ())
    assert fetch_one(fetcher, url, now + timedelta(hours=4), second.state).state.status == 304


def test_a_page_that_came_damaged_is_no_article_yet(server, fetcher, now):
    text = b"".join(b"<p>Sentence %d of the article about the tram.</p>" % n for n in range(300))
    packed = gzip.compress(b"<html><body><article>" + text + b"</article></body></html>", mtime=0)

    def flaky(exchange: Exchange) -> None:
        times = sum(asked.path == "/1" for asked in server.asked)
        exchange.answer(
            packed[:-100] if times == 1 else packed, Content_Type="text/html", Content_Encoding="gzip"
        )

    server.route("/1", flaky)
    url = server.serve("/feed", a_feed(1, link=server.url("/{}")))
    first = fetch_one(fetcher, url, now, pages="always")
    assert (first.items[0].page, first.pages) == ("", ())
    second = fetch_one(fetcher, url, now + timedelta(hours=2), first.state, pages="always")
    assert b"Sentence 299" in second.pages[0].body


def test_the_same_body_under_a_new_etag_costs_no_parse(server, fetcher, now, monkeypatch):
    url = server.serve("/feed", a_feed(1), ETag='"v1"')
    state = fetch_one(fetcher, url, now).state
    server.serve("/feed", a_feed(1), ETag='"v2"')
    monkeypatch.setattr("pipeline.sources.fetch.fetcher.parse_capture", None)
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
    assert fetched.capture is not None
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


@pytest.mark.parametrize(
    "path", ["/t0p%2Fs3cret/feed", "/t0p%2Fs3cret/bad", "/feed?x=t0p%2Fs3cret", "/moved"]
)
def test_what_the_environment_put_into_a_url_is_nowhere_else(server, fetcher, now, path):
    server.serve("/feed", a_feed(1))
    server.serve("/t0p%2Fs3cret/feed", a_feed(1))
    server.serve("/moved", b"", 301, Location="/t0p%2Fs3cret/feed")
    server.serve("/t0p%2Fs3cret/bad", b"", 500)
    fetched = fetch_one(fetcher, server.url(path), now, secrets=("t0p/s3cret",))
    assert "s3cret" in "".join(server.paths())
    assert "s3cret" not in repr(fetched)
    assert fetched.items or "…/bad" in fetched.state.error


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
    monkeypatch.setattr("pipeline.sources.fetch.fetcher.parse_capture", lambda *_: 1 / 0)
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
    assert isinstance(results, Generator)
    results.close()
    fetcher.close()
    assert len(server.asked) < 10


def test_a_hundred_thousand_entries(server, now):
    fetcher = FeedFetcher(FetchSettings(private_hosts=("127.0.0.1",), max_entries=200))
    fetched = fetch_one(fetcher, server.serve("/", a_feed(*range(100_000))), now)
    fetcher.close()
    assert len(fetched.items) == 200
    assert "entries left out: 99,800," in fetched.rejections[0].reason


def test_an_index_of_sitemaps_is_followed_to_its_news(server, fetcher, now):
    def sitemap(*numbers: int) -> bytes:
        rows = "".join(f"<url><loc>https://outlet.test/{n}</loc></url>" for n in numbers)
        return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'.encode()

    def named(path: str, changed: str) -> str:
        return f"<sitemap><loc>{server.url(path)}</loc><lastmod>{changed}</lastmod></sitemap>"

    old = [named(f"/old-{n}.xml", f"2019-01-0{n}") for n in range(1, 7)]
    new = [named("/new.xml.gz", "2026-03-01"), named("/gone.xml", "2026-03-02")]
    url = server.serve("/index.xml", f"<sitemapindex>{''.join(old + new)}</sitemapindex>".encode())
    for number in range(1, 7):
        server.serve(f"/old-{number}.xml", sitemap(number))
    server.serve("/new.xml.gz", gzip.compress(sitemap(11, 12)), content_type="application/x-gzip")
    server.serve("/gone.xml", b"", 404)

    fetched = fetch_one(fetcher, url, now)
    assert [item.url.rpartition("/")[2] for item in fetched.items] == ["4", "5", "6", "11", "12"]
    assert (fetched.state.error, fetched.state.failures, fetched.rejections) == ("", 0, ())
    assert fetched.capture is not None
    captures = [fetched.capture, *fetched.pages]
    assert parse_batch(captures, 5000) == (list(fetched.items), [])

    again = fetch_one(fetcher, url, now + timedelta(hours=1), fetched.state)
    assert (again.capture, again.items, again.state.error) == (None, (), "")
    server.serve("/new.xml.gz", sitemap(11, 12, 13))  # the index is as it was
    later = fetch_one(fetcher, url, now + timedelta(hours=2), again.state)
    assert [item.url for item in later.items][-1] == "https://outlet.test/13"


def test_an_index_whose_sitemaps_all_fail_is_a_failing_feed(server, fetcher, now):
    url = server.serve(
        "/i.xml", b"<sitemapindex><sitemap><loc>http://no.invalid/s</loc></sitemap></sitemapindex>"
    )
    fetched = fetch_one(fetcher, url, now)
    assert fetched.state.failures == 1
    assert "no.invalid" in fetched.state.error
