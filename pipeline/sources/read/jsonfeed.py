"""JSON Feed (https://www.jsonfeed.org/version/1.1/) → drafts."""

from __future__ import annotations

import json
from typing import Any

from pipeline.addresses import absolute
from pipeline.errors import RejectedError
from pipeline.sources.drafts import Draft, marked_up


def is_json(text: str) -> bool:
    """Whether a text can only be JSON."""
    return text[:200].lstrip().startswith(("{", "["))


def read_json_feed(text: str, url: str, max_entries: int) -> tuple[list[Draft], int]:
    """The items of a JSON Feed, at most `max_entries`, and how many were left out.

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
    drafts = [_draft(item, feed, url) for item in known[:max_entries]]
    return drafts, len(items) - len(drafts)


def _draft(item: dict[str, Any], feed: dict[str, Any], url: str) -> Draft:
    markup, plain = _text(item.get("content_html")), _text(item.get("content_text"))
    html = len(markup) > len(plain)
    title = _text(item.get("title"))
    tags = item.get("tags")
    return Draft(
        url=absolute(url, _text(item.get("url")) or _text(item.get("external_url"))),
        guid=_text(item.get("id")),
        title=marked_up(title) if html else title,
        body=markup if html else plain or _text(item.get("summary")),
        html=html,
        authors=_authors(item) or _authors(feed),
        published=_text(item.get("date_published")),
        updated=_text(item.get("date_modified")),
        outlet=_text(feed.get("title")),
        language=_text(item.get("language")) or _text(feed.get("language")),
        tags=tuple(_text(tag) for tag in tags if _text(tag)) if isinstance(tags, list) else (),
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
