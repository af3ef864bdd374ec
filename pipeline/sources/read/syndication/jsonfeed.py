"""JSON Feed (https://www.jsonfeed.org/version/1.1/) → raw items."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from pipeline.addresses import absolute
from pipeline.errors import RejectedError
from pipeline.records import RawItem, SourceText
from pipeline.sources.raw_items import language_code, marked_up
from pipeline.sources.read.syndication.outlet import outlet_in


def is_json(text: str) -> bool:
    """Whether a text can only be JSON."""
    return text[:200].lstrip().startswith(("{", "["))


def read_json_feed(text: str, blank: RawItem, url: str, max_entries: int) -> tuple[list[RawItem], int]:
    """The items of a JSON Feed, at most `max_entries`, and how many were left out.

    Args:
        text: The document.
        blank: What the capture says of all its items.
        url: Where it came from; links are relative to it, or else to the home page it names.
        max_entries: The most items that are taken, from the top.

    Raises:
        RejectedError: It is not JSON, or not a feed.
    """
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RejectedError(f"broken JSON ({type(error).__name__}: {str(error)[:100]})") from None
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        raise RejectedError("JSON, but not a JSON Feed: it has no list of items")
    known = [item for item in items if isinstance(item, dict)]
    home = _text(feed.get("home_page_url")) or _text(feed.get("feed_url"))
    base = url if url.startswith(("http://", "https://")) else home
    blank = replace(
        blank,
        home=absolute(url, _text(feed.get("home_page_url"))),
        outlet=blank.outlet or outlet_in(_text(feed.get("title")), (home, url)),
        language=blank.language or language_code(_text(feed.get("language"))),
        locale=_text(feed.get("language")),
    )
    taken = [_item(item, feed, blank, base) for item in known[:max_entries]]
    return taken, len(items) - len(taken)


def _item(item: dict[str, Any], feed: dict[str, Any], blank: RawItem, base: str) -> RawItem:
    markup, plain = _text(item.get("content_html")), _text(item.get("content_text"))
    summary = _text(item.get("summary"))
    html = len(markup) > len(plain)
    body = markup if html else plain
    title, name = _text(item.get("title")), _text(item.get("id"))
    # The format recommends an item's address as its id; some feeds give it nowhere else.
    address = name if name.startswith(("http://", "https://")) else ""
    tags = item.get("tags")
    return replace(
        blank,
        url=absolute(base, _text(item.get("url")) or _text(item.get("external_url")) or address),
        guid=name,
        title=marked_up(title) if html else title,
        body=body or summary,
        html=html,
        authors=_authors(item) or _authors(feed),
        published=_text(item.get("date_published")),
        updated=_text(item.get("date_modified")),
        language=blank.language or language_code(_text(item.get("language"))),
        locale=_text(item.get("language")) or blank.locale,
        tags=tuple(_text(tag) for tag in tags if _text(tag)) if isinstance(tags, list) else (),
        texts=(SourceText("summary", summary),) if body and summary else (),
    )


def _authors(of: dict[str, Any]) -> tuple[str, ...]:
    listed = of.get("authors")
    authors = listed if isinstance(listed, list) else [of.get("author")]  # the second is version 1.0
    names = (_text(author.get("name")) for author in authors if isinstance(author, dict))
    return tuple(name for name in names if name)


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)
