"""A feed's bytes → raw items: RSS, RDF and Atom by feedparser; JSON Feed and sitemaps by their own files.

The only file that imports feedparser.
"""

from __future__ import annotations

import io
from typing import Any

import feedparser

from pipeline.addresses import absolute
from pipeline.errors import RejectedError
from pipeline.records import Capture, RawItem
from pipeline.sources.drafts import Draft, finished, marked_up
from pipeline.sources.read import jsonfeed, sitemap, webpage
from pipeline.sources.read.charset import decode, is_binary, without_controls
from pipeline.sources.read.xml_guard import survey

_FIELD_CHARS = 4_000  # of titles, links, ids, names: a longer one is a fault or an attack
_PLAIN = {"", "text/plain"}
_MANY = 64  # authors or tags of one item


def parse_feed(capture: Capture, max_entries: int) -> list[RawItem]:
    """Cuts a feed into its items.

    A malformed feed still gives the items that can be read.

    Args:
        capture: With payload "feed".
        max_entries: So many items are taken, from the top.

    Raises:
        RejectedError: No item can be had; the reason says why (empty, a page, an XML bomb, not a feed, …).
    """
    return read_feed(capture, max_entries)[0]


def read_feed(capture: Capture, max_entries: int) -> tuple[list[RawItem], int]:
    """As `parse_feed`, and how many items were left out.

    Raises:
        RejectedError: As `parse_feed`.
    """
    drafts, left_out = _drafts(capture, max_entries)
    if not drafts:
        raise RejectedError("a feed without entries")
    return [finished(capture, position, draft) for position, draft in enumerate(drafts)], left_out


def _drafts(capture: Capture, max_entries: int) -> tuple[list[Draft], int]:
    if not capture.body.strip():
        raise RejectedError("empty")
    text = decode(capture.body, capture.content_type)
    if is_binary(text):
        raise RejectedError("not text")
    text = without_controls(text).lstrip("\ufeff \t\r\n")
    if jsonfeed.is_json(text):
        return jsonfeed.read_json_feed(text, capture.url, max_entries)
    if webpage.is_page(text):
        raise RejectedError(webpage.describe_page(text, capture.url))
    looked_over = survey(text, max_entries)
    if looked_over.root in sitemap.ROOTS:
        return sitemap.read_sitemap(looked_over.data, looked_over.root), looked_over.left_out
    return _syndicated(looked_over.data, looked_over.root, capture.url), looked_over.left_out


def _syndicated(data: bytes, root: str, url: str) -> list[Draft]:
    # No content-location: with a base, feedparser would also turn each guid into a URL.
    headers = {"content-type": "application/xml; charset=utf-8"}
    try:
        parsed = feedparser.parse(
            io.BytesIO(data), response_headers=headers, resolve_relative_uris=False, sanitize_html=False
        )
    except Exception as error:  # noqa: BLE001  what a mutated feed provokes inside feedparser has no common class
        raise RejectedError(f"feedparser cannot read it ({type(error).__name__})") from None
    if not parsed["entries"] and not parsed.get("version"):
        raise RejectedError(
            f"XML, but not a feed: its root is <{root[:40]}>" if root else "neither a feed nor XML"
        )
    return [_draft(entry, parsed["feed"], url) for entry in parsed["entries"]]


def _draft(entry: dict[str, Any], feed: dict[str, Any], url: str) -> Draft:
    title, title_html = _field(entry, "title"), _kind(entry, "title_detail") not in _PLAIN
    body, body_html = _longest(entry)
    html = title_html or body_html
    source = dict.get(entry, "source") or {}
    return Draft(
        url=absolute(url, _link(entry)),
        guid=_field(entry, "id"),
        title=marked_up(title) if html and not title_html else title,
        body=marked_up(body) if html and not body_html else body,
        html=html,
        authors=_authors(entry),
        published=_field(entry, "published") or _field(entry, "created"),
        updated=_field(entry, "updated"),
        outlet=_field(source, "title") or _field(feed, "title"),
        language=_field(entry, "language") or _field(feed, "language"),
        tags=_named(dict.get(entry, "tags"), "term"),
    )


def _field(of: dict[str, Any], name: str) -> str:
    # dict.get, because FeedParserDict.get maps names onto each other and warns about some of them.
    value = dict.get(of, name)
    return value.strip()[:_FIELD_CHARS] if isinstance(value, str) else ""


def _kind(entry: dict[str, Any], name: str) -> str:
    detail = dict.get(entry, name)
    return str(dict.get(detail, "type") or "") if isinstance(detail, dict) else ""


def _longest(entry: dict[str, Any]) -> tuple[str, bool]:
    """The longest text of an entry, and whether it is HTML."""
    details = [dict.get(entry, "summary_detail"), *(dict.get(entry, "content") or ())]
    texts = [
        (str(dict.get(detail, "value") or ""), str(dict.get(detail, "type") or "") not in _PLAIN)
        for detail in details
        if isinstance(detail, dict)
    ]
    texts.append((str(dict.get(entry, "summary") or ""), True))
    return max(texts, key=lambda text: len(text[0]))


def _authors(entry: dict[str, Any]) -> tuple[str, ...]:
    named = _named(dict.get(entry, "authors"), "name")
    single = _field(entry, "author")
    return named or ((single,) if single else ())


def _named(many: object, key: str) -> tuple[str, ...]:
    listed = many if isinstance(many, list) else []
    names = (_field(one, key) for one in listed[:_MANY] if isinstance(one, dict))
    return tuple(name for name in names if name)


def _link(entry: Any) -> str:
    """The link; "" for an item without one, where feedparser takes the guid, which is rarely an address."""
    link = _field(entry, "link")
    address = link.startswith(("http://", "https://", "/"))
    return link if address or link != _field(entry, "id") else ""
