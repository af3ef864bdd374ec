"""An HTML page where a feed was promised: which feeds it links to, and what it calls itself."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from urllib.parse import urljoin

from pipeline.addresses import redact

_FEED_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json"}
)
_PAGE = re.compile(r"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_REFRESH = re.compile(r"^[\s\d.]{0,20}[;,\s]\s*(?:url\s*=\s*)?[\"']?([^\"']{1,2000})", re.IGNORECASE)
_HEAD_CHARS = 100_000  # html.parser takes quadratic time over runs of "<"
_MAX_FEEDS = 10


def is_page(text: str) -> bool:
    """Whether a text is an HTML page rather than a feed."""
    return bool(_PAGE.search(text[:2000])) and not re.search(r"<(rss|feed|rdf:RDF)[\s>]", text[:2000])


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.feeds: list[str] = []
        self.title = ""
        self.base = ""
        self.refresh = ""
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "link" and "alternate" in found.get("rel", "").lower().split():
            if found.get("type", "").partition(";")[0].strip().lower() in _FEED_TYPES and found.get("href"):
                self.feeds.append(found["href"])
        elif tag == "meta" and found.get("http-equiv", "").strip().lower() == "refresh":
            target = _REFRESH.search(found.get("content", ""))
            self.refresh = self.refresh or (target[1].strip() if target else "")
        elif tag == "base":
            self.base = self.base or found.get("href", "")
        self._in_title = tag == "title" and not self.title

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag != "title"

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data


def _links(hrefs: Sequence[str], reader: _Reader, url: str) -> tuple[str, ...]:
    links = []
    for href in hrefs:
        try:
            links.append(urljoin(urljoin(url, reader.base), href))
        except ValueError:
            continue
    return tuple(dict.fromkeys(links))[:_MAX_FEEDS]


def describe_page(text: str, url: str) -> str:
    """Why a page is not a feed, in one line: where it leads, which feeds it links to, or its title."""
    reader = _read(text)
    moved = _links([reader.refresh] if reader.refresh else [], reader, url)
    if moved:
        return f"a web page, not a feed; it sends its readers on to: {redact(moved[0])}"
    links = _links(reader.feeds, reader, url)
    if links:
        feeds = ", ".join(redact(link) for link in links)
        return f"a web page, not a feed; it links to: {feeds} (make that the feed's url)"
    title = " ".join(reader.title.split())[:100]
    return "a web page, not a feed, and it links to none" + (f" (its title: {title})" if title else "")


def feed_links(text: str, url: str) -> tuple[str, ...]:
    """The feeds that a page links to by `<link rel="alternate">`, absolute, in its order.

    >>> feed_links('<link rel="alternate" type="application/rss+xml" href="/rss">', "https://a.test/news/")
    ('https://a.test/rss',)
    """
    reader = _read(text)
    return _links(reader.feeds, reader, url)


def sent_on(text: str, url: str) -> str:
    """Where a page sends its readers by `<meta http-equiv="refresh">`, absolute; "" where it keeps them.

    >>> sent_on('<meta http-equiv="Refresh" content="0; URL=../b">', "https://track.test/go/1")
    'https://track.test/b'
    """
    if "refresh" not in text[:_HEAD_CHARS].lower():
        return ""
    reader = _read(text)
    return next(iter(_links([reader.refresh] if reader.refresh else [], reader, url)), "")


def _read(text: str) -> _Reader:
    reader = _Reader()
    with contextlib.suppress(AssertionError, ValueError):  # html.parser gives up on some declarations
        reader.feed(text[:_HEAD_CHARS])
    return reader
