"""A feed's bytes → raw items: RSS, RDF and Atom by feedparser; JSON Feed and sitemaps by their own files.

The only file that imports feedparser.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import feedparser

from pipeline.addresses import absolute
from pipeline.errors import EmptyFeedError, RejectedError
from pipeline.records import Capture, RawItem, SourceText
from pipeline.sources.raw_items import DATE_CHARS, blank_item, language_code, marked_up, numbered
from pipeline.sources.read import webpage
from pipeline.sources.read.charset import UNKNOWN_ENCODING, is_binary, read_bytes, without_controls
from pipeline.sources.read.syndication import jsonfeed, sitemap
from pipeline.sources.read.syndication.entries import EntryFacts, read_entries, without_media_texts
from pipeline.sources.read.syndication.outlet import outlet_in
from pipeline.sources.read.syndication.xml_guard import Survey, survey

_FIELD_CHARS = 4_000  # of titles, links, ids, names: a longer one is a fault or an attack
_PLAIN = {"", "text/plain"}
_MANY = 64  # authors or tags of one item
_DATES = 24  # enough of a feed to tell its habits


class Entries(NamedTuple):
    """The items of a feed, how many were left out, and what is lost because it is broken, or ""."""

    items: list[RawItem]
    left_out: int
    damage: str = ""


def read_feed(capture: Capture, max_entries: int) -> Entries:
    """Cuts a feed into its items; a malformed feed still gives those that can be read.

    Args:
        capture: With payload "feed".
        max_entries: The most items that are taken, from the top.

    Returns:
        The items, what was left out, and what was lost.

    Raises:
        EmptyFeedError: It is whole, and has no entries.
        RejectedError: No item can be had; the reason says why (empty, a page, an XML bomb, not a feed, …).
    """
    found = _entries(capture, max_entries)
    if not found.items and found.damage:
        raise RejectedError(found.damage)
    if not found.items:
        raise EmptyFeedError("a feed without entries")
    return found._replace(items=numbered(found.items))


def _entries(capture: Capture, max_entries: int) -> Entries:
    if not capture.body.strip():
        raise RejectedError("empty")
    decoded = read_bytes(capture.body, capture.content_type)
    text = decoded.text
    if is_binary(text):
        raise RejectedError("not text")
    if not decoded.sure:
        raise RejectedError(UNKNOWN_ENCODING)
    text = without_controls(text).lstrip("\ufeff \t\r\n")
    blank = blank_item(capture)
    if jsonfeed.is_json(text):
        return Entries(*jsonfeed.read_json_feed(text, blank, capture.url, max_entries))
    if webpage.is_page(text):
        raise RejectedError(webpage.describe_page(text, capture.url))
    looked_over = survey(text, max_entries)
    if looked_over.root in sitemap.ROOTS:
        items = sitemap.read_sitemap(looked_over, blank)
    else:
        items = _syndicated(looked_over, blank, capture.url)
    return Entries(items, looked_over.left_out, looked_over.damage(len(items)))


def _syndicated(document: Survey, blank: RawItem, url: str) -> list[RawItem]:
    # No content-location: with a base, feedparser would also turn each guid into a URL.
    headers = {"content-type": "application/xml; charset=utf-8"}
    data = without_media_texts(document.data)
    try:
        parsed = feedparser.parse(
            io.BytesIO(data), response_headers=headers, resolve_relative_uris=False, sanitize_html=False
        )
    except Exception as error:  # noqa: BLE001  what a mutated feed provokes inside feedparser has no common class
        raise RejectedError(f"feedparser cannot read it ({type(error).__name__})") from None
    entries, feed = parsed["entries"], parsed["feed"]
    if not entries and not parsed.get("version"):
        root = document.root
        raise RejectedError(
            f"XML, but not a feed: its root is <{root[:40]}>" if root else "neither a feed nor XML"
        )
    facts = read_entries(document.data, url) if entries else []
    if len(facts) != len(entries):  # a broken document that the two read differently
        facts = [EntryFacts() for _ in entries]
    named = outlet_in(_field(feed, "title"), (_field(feed, "link"), url))
    home = absolute(url, _field(feed, "link"))
    dates = [_field(of, name) for of in (feed, *entries) for name in ("published", "updated")]
    beside = tuple(dict.fromkeys(date[:DATE_CHARS] for date in dates if date))[:_DATES]
    said = _Said(url, named, _field(feed, "language"), home, beside)
    return [_item(entry, known, blank, said) for entry, known in zip(entries, facts, strict=True)]


@dataclass(frozen=True, slots=True)
class _Said:
    """What a feed says of itself, and where it came from."""

    url: str
    outlet: str
    locale: str
    home: str
    dates: tuple[str, ...]


def _item(entry: dict[str, Any], known: EntryFacts, blank: RawItem, feed: _Said) -> RawItem:
    title, title_html = _field(entry, "title") or known.title, _kind(entry, "title_detail") not in _PLAIN
    own, beside = _texts(entry)
    html = title_html or own.html
    source = dict.get(entry, "source") or {}
    return replace(
        blank,
        url=known.link or absolute(feed.url, _link(entry)),
        home=feed.home,
        beside=feed.dates,
        guid=_field(entry, "id"),
        title=marked_up(title) if html and not title_html else title,
        body=marked_up(own.text) if html and not own.html else own.text,
        html=html,
        authors=_authors(entry),
        published=_field(entry, "published") or _field(entry, "created") or known.date,
        updated=_field(entry, "updated"),
        outlet=blank.outlet or _field(source, "title") or feed.outlet,
        language=blank.language or language_code(_field(entry, "language")) or language_code(feed.locale),
        locale=_field(entry, "language") or feed.locale,
        tags=_named(dict.get(entry, "tags"), "term"),
        texts=(*beside, *(known.texts or _captions(entry))),
    )


def _field(of: dict[str, Any], name: str) -> str:
    # dict.get, because FeedParserDict.get maps names onto each other and warns about some of them.
    value = dict.get(of, name)
    return value.strip()[:_FIELD_CHARS] if isinstance(value, str) else ""


def _kind(entry: dict[str, Any], name: str) -> str:
    detail = dict.get(entry, name)
    return str(dict.get(detail, "type") or "") if isinstance(detail, dict) else ""


def _texts(entry: dict[str, Any]) -> tuple[SourceText, tuple[SourceText, ...]]:
    """The fuller of an entry's own texts, and the others: content and summary both speak of the article."""
    details = [dict.get(entry, "summary_detail"), *(dict.get(entry, "content") or ())]
    texts = [
        SourceText(
            "summary", str(dict.get(detail, "value") or ""), str(dict.get(detail, "type") or "") not in _PLAIN
        )
        for detail in details
        if isinstance(detail, dict)
    ]
    if not texts:
        texts.append(SourceText("summary", str(dict.get(entry, "summary") or ""), html=True))
    own = max(texts, key=lambda text: len(text.text))
    return own, tuple(text for text in dict.fromkeys(texts) if text.text and text.text != own.text)


def _captions(entry: dict[str, Any]) -> Sequence[SourceText]:
    """A medium's text in a document that is too broken to tell what it is about."""
    said = dict.get(entry, "media_own-description")
    return (SourceText("caption", said),) if isinstance(said, str) and said.strip() else ()


def _authors(entry: dict[str, Any]) -> tuple[str, ...]:
    named = _named(dict.get(entry, "authors"), "name")
    single = _field(entry, "author")
    # Beside a mail address, feedparser's name is the rest of the text, which may be the end of the address.
    return (single,) if single and (not named or (len(named) == 1 and "@" in single)) else named


def _named(many: object, key: str) -> tuple[str, ...]:
    listed = many if isinstance(many, list) else []
    names = (_field(one, key) for one in listed[:_MANY] if isinstance(one, dict))
    return tuple(name for name in names if name)


def _link(entry: Any) -> str:
    """The link; "" for an item without one, where feedparser takes the guid, which is rarely an address."""
    link = _field(entry, "link")
    address = link.startswith(("http://", "https://", "/"))
    return link if address or link != _field(entry, "id") else ""
