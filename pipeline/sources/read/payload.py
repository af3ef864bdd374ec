"""The one place that knows how each payload is read: capture → raw items and rejections."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from pipeline.errors import EmptyFeedError, RejectedError
from pipeline.records import Capture, Payload, RawItem, Rejection
from pipeline.sources.raw_items import blank_item, numbered, rejection, said_of
from pipeline.sources.read.charset import (
    UNKNOWN_ENCODING,
    decode,
    is_binary,
    read_bytes,
    with_line_ends,
    without_controls,
)
from pipeline.sources.read.jsonl import read_lines
from pipeline.sources.read.recognise_payload import recognised
from pipeline.sources.read.syndication.sitemap import SitemapIndexError, SitemapPlace

FAULT = "a fault in Wirewatch"
_TITLE_CHARS = 1000
_PAGE_CHARS = 4_000_000
_PAGE_TAGS = 100_000
_FIRST_LINE = re.compile(r"#line=(\d{1,12})$")


class Parsed(NamedTuple):
    """What a capture was cut into.

    Attributes:
        items: In order.
        rejections: What could not become an item.
        is_empty: It is a polled feed without entries just now: no fault, and nothing for the quarantine.
        is_damaged: It is a feed that came broken, and something in it is lost: it may be whole when it is
            asked for again.
        sitemaps: Those that it names, where it is an index of sitemaps and was refused as such.
    """

    items: list[RawItem]
    rejections: list[Rejection]
    is_empty: bool = False
    is_damaged: bool = False
    sitemaps: tuple[SitemapPlace, ...] = ()


def parse_capture(capture: Capture, max_entries: int) -> Parsed:
    """Cuts a capture into items; never raises.

    Args:
        capture: Of any payload.
        max_entries: The most items that are taken from a feed; a rejection tells how many were left out.

    Returns:
        A capture without items gives exactly one rejection, unless it is JSON lines: there each bad line
        gives one.
    """
    try:
        capture, kind = recognised(capture)
        return _READERS[kind](capture, max_entries)
    except RejectedError as error:
        return Parsed(
            [],
            [rejection(capture, str(error), _excerpt(capture))],
            is_empty=isinstance(error, EmptyFeedError) and capture.kind == "feed",
            sitemaps=error.places if isinstance(error, SitemapIndexError) else (),
        )
    except Exception as error:  # noqa: BLE001  one capture must not stop the others; it can be replayed
        reason = f"{FAULT}: {type(error).__name__}: {said_of(error)[:200]}"
        return Parsed([], [rejection(capture, reason, _excerpt(capture))])


def parse_batch(captures: Iterable[Capture], max_entries: int) -> tuple[list[RawItem], list[Rejection]]:
    """Cuts captures into items, and joins each page to the feed's item that it belongs to.

    A page whose item is not in the batch (it was fetched later) becomes an item of its own, with the item's
    link as URL, so that it is the same article.
    """
    items: list[RawItem] = []
    rejections: list[Rejection] = []
    pages: dict[tuple[str, str], Capture] = {}
    indexes: dict[str, list[Rejection]] = {}  # by feed; no fault where their sitemaps came too
    for capture in captures:
        if capture.kind == "page" and capture.item:
            pages[capture.feed, capture.item] = capture
            continue
        found = parse_capture(capture, max_entries)
        items += found.items
        if capture.feed and found.sitemaps:
            indexes.setdefault(capture.feed, []).extend(found.rejections)
        elif not found.is_empty:
            rejections += found.rejections
    joined, late = join_pages(items, pages)
    brought = {item.feed for item in items}
    unread = [entry for feed, entries in indexes.items() if feed not in brought for entry in entries]
    return joined, [*rejections, *unread, *late]


def join_pages(
    items: Sequence[RawItem], pages: Mapping[tuple[str, str], Capture]
) -> tuple[list[RawItem], list[Rejection]]:
    """Items with their pages; a page whose item is not among them becomes an item of its own.

    Args:
        items: Of feeds that were parsed.
        pages: By feed and link of the item.
    """
    items, rejections, pages = list(items), [], dict(pages)
    for place, item in enumerate(items):
        page = pages.pop((item.feed, item.url), None)
        if page is not None:
            try:
                items[place] = replace(item, page=_page_text(page), found=page.url)
            except RejectedError as error:  # it goes on with what the feed gave
                rejections.append(rejection(page, str(error), item.url))
    for late in pages.values():
        found = parse_capture(late, 1)
        items += found.items
        rejections += found.rejections
    return items, rejections


def _feed(capture: Capture, max_entries: int) -> Parsed:
    from pipeline.sources.read.syndication.feed import (
        read_feed,  # spares those who load text files feedparser
    )

    items, left_out, damage = read_feed(capture, max_entries)
    reasons = [damage] if damage else []
    if left_out:
        taken = f"beyond the {len(items):,} that are taken (fetch.max_entries)"
        reasons.append(f"entries left out: {left_out:,}, {taken}")
    # The URL as excerpt keeps the entry the same from poll to poll.
    refused = [rejection(capture, reason, capture.url) for reason in reasons]
    return Parsed(items, refused, is_damaged=bool(damage))


def _page(capture: Capture, _: int) -> Parsed:
    text = _page_text(capture)
    url = capture.item or (capture.url if capture.kind == "page" else "")
    found = capture.url if capture.kind == "page" else ""
    said = _of_mail(capture)
    item = replace(blank_item(capture), url=url, page=text, found=found)
    item = replace(item, title=said.get("subject", ""), published=said.get("date", ""))
    return Parsed(numbered([item]), [])


def _page_text(capture: Capture) -> str:
    """A page as text.

    Raises:
        RejectedError: It is empty, not text, or would cost far more than the page of any article.
    """
    text = _decoded(capture)
    if len(text) > _PAGE_CHARS or text.count("<") > _PAGE_TAGS:
        raise RejectedError(f"a page of more than {_PAGE_TAGS:,} tags or {_PAGE_CHARS:,} characters")
    return text


def _article(capture: Capture, _: int) -> Parsed:
    """A text file is one article: its first line is the title."""
    text = without_controls(with_line_ends(_decoded(capture))).strip("\ufeff \t\n")
    title, body = text.partition("\n")[::2]
    if len(title) > _TITLE_CHARS:  # a text without line ends
        title, body = "", text
    url = capture.url if capture.kind == "page" else ""
    sent = _of_mail(capture).get("date", "")
    item = replace(blank_item(capture), url=url, title=title.strip(), body=body.strip(), published=sent)
    return Parsed(numbered([item]), [])


def _of_mail(capture: Capture) -> dict[str, str]:
    """What a mail's own headers say; those of a fetched page are its server's."""
    return dict(capture.headers) if capture.kind == "file" else {}


def _json_lines(capture: Capture, _: int) -> Parsed:
    found = _FIRST_LINE.search(capture.url)
    lines = list(read_lines(decode(capture.body), blank_item(capture), int(found[1]) if found else 1))
    if not lines:
        raise RejectedError("empty")
    items = numbered(line.item for line in lines if line.item)
    return Parsed(items, [rejection(capture, line.reason, line.text) for line in lines if line.reason])


def _decoded(capture: Capture) -> str:
    decoded = read_bytes(capture.body, capture.content_type)
    text = decoded.text
    if not text.strip("\ufeff \t\r\n\x00"):
        raise RejectedError("empty")
    if is_binary(text):
        raise RejectedError("not text")
    if not decoded.sure:
        raise RejectedError(UNKNOWN_ENCODING)
    return text


def _excerpt(capture: Capture) -> str:
    return decode(capture.body[:2000], capture.content_type)


_READERS: Mapping[Payload, Callable[[Capture, int], Parsed]] = {
    "feed": _feed,
    "html": _page,
    "text": _article,
    "jsonl": _json_lines,
}
