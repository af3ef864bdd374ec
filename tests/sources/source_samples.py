"""Feeds and pages of invented outlets, and a way to poll one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypedDict, Unpack

from pipeline.ports import FeedSource, Fetched
from pipeline.records import FeedState
from pipeline.sources.feeds import poll_rules
from pipeline.sources.fetch.fetcher import FeedFetcher

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ITEM = "<item><title>Tram {0}</title><link>{1}</link><guid>t-{0}</guid><description>{2}</description></item>"
PAGE = b"<html><body><article><p>The whole text of the article about the tram.</p></article></body></html>"


def a_feed(*numbers: int, link: str = "https://outlet.test/{}", text: str = "short") -> bytes:
    return rss(*(ITEM.format(number, link.format(number), text) for number in numbers)).encode()


def rss(*items: str, head: str = "<title>The Fictional Post</title>") -> str:
    """An RSS 2.0 feed around items."""
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{"".join(items)}</channel></rss>'


class _Configured(TypedDict, total=False):
    """What else is configured of a feed."""

    outlet: str
    language: str
    pages: str
    allow_private: bool
    secrets: tuple[str, ...]


def fetch_one(
    fetcher: FeedFetcher, url: str, now: datetime, state: FeedState | None = None, **more: Unpack[_Configured]
) -> Fetched:
    """Polls one feed."""
    feed = FeedSource("f", url, **more)
    (fetched,) = fetcher.fetch([(feed, poll_rules.current(feed, state))], now)
    return fetched
