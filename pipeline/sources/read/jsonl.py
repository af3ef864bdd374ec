"""JSON lines → raw items, one line at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pipeline.errors import RejectedError
from pipeline.records import RawItem
from pipeline.sources.raw_items import language_code

_EPOCH_SECONDS = (1e8, 1e11)  # 1973 to 5138; above that, milliseconds are meant


@dataclass(frozen=True, slots=True)
class JsonLine:
    """A line that is not empty: its number, from 1, its text, and the item or the reason there is none."""

    number: int
    text: str
    item: RawItem | None
    reason: str = ""


def read_lines(text: str, blank: RawItem, first: int = 1) -> Iterator[JsonLine]:
    """Reads JSON lines; a bad one does not stop the others.

    Args:
        text: Whole lines.
        blank: What the capture says of all its items.
        first: The number of the first one in its file.
    """
    for number, line in enumerate(text.split("\n"), first):
        bare = line.strip("\ufeff \t\r\x00")
        if not bare:
            continue
        try:
            yield JsonLine(number, bare, _item(bare, blank))
        except RejectedError as error:
            yield JsonLine(number, bare, None, f"line {number}: {error}")


def _item(line: str, blank: RawItem) -> RawItem:
    try:
        value = json.loads(line)
    except RecursionError:
        raise RejectedError("nested too deep") from None
    except ValueError as error:
        raise RejectedError(f"not JSON ({str(error)[:100]})") from None
    if not isinstance(value, dict):
        raise RejectedError(f"not a JSON object but {type(value).__name__}")
    item = replace(
        blank,
        url=_text(value.get("url")),
        title=_text(value.get("title")),
        body=_text(value.get("text")),
        published=_time(value.get("published")),
        outlet=blank.outlet or _text(value.get("source")),
        language=blank.language or language_code(_text(value.get("lang"))),
    )
    if not item.title.strip() and not item.body.strip():
        raise RejectedError("neither title nor text")
    return item


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")  # "\ud800" is JSON, but no text
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _time(value: object) -> str:
    """A date as written; a number is seconds or milliseconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _text(value)
    if not abs(value) < _EPOCH_SECONDS[1] * 1000:  # not a number, or far too large for a time
        return _text(value)
    seconds = value / 1000 if abs(value) > _EPOCH_SECONDS[1] else value
    if not _EPOCH_SECONDS[0] <= seconds <= _EPOCH_SECONDS[1]:
        return _text(value)
    return datetime.fromtimestamp(seconds, UTC).isoformat()
