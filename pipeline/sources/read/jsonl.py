"""JSON lines → raw items, one line at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pipeline.errors import RejectedError
from pipeline.records import RawItem
from pipeline.sources.raw_items import language_code

_NEXT = re.compile(r"[\s,]*")
_EPOCH_SECONDS = (1e8, 1e11)  # 1973 to 5138; above that, milliseconds are meant


@dataclass(frozen=True, slots=True)
class JsonLine:
    """A line or an object of a list: its text, and the item or the reason there is none."""

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
    values = _values(text)
    if values is not None:
        for number, value in enumerate(values, 1):
            yield _one(json.dumps(value, ensure_ascii=False), blank, f"object {number}")
        return
    for number, line in enumerate(_lines(text), first):
        bare = line.strip("\ufeff \t\r\x00")
        if bare.startswith("{") and bare.endswith("},"):  # cut out of an array
            bare = bare[:-1]
        if not bare:
            continue
        inner = _listed(_parsed(bare)) if "[" in bare else None
        if inner is None:
            yield _one(bare, blank, f"line {number}")
        for place, value in enumerate(inner or (), 1):
            yield _one(json.dumps(value, ensure_ascii=False), blank, f"line {number}, object {place}")


def _lines(text: str) -> list[str]:
    return text.split("\n" if "\n" in text or "\r" not in text else "\r")


def _one(bare: str, blank: RawItem, place: str) -> JsonLine:
    try:
        return JsonLine(bare, _item(bare, blank))
    except RejectedError as error:
        return JsonLine(bare, None, f"{place}: {error}")


def _values(text: str) -> list[object] | None:
    """The objects of one JSON array, or of objects over several lines; None for JSON lines proper."""
    bare = text.strip("\ufeff \t\r\n\x00")
    first = bare.partition("\n")[0].strip()
    if not bare.startswith(("{", "[")) or (first.startswith("{") and _parsed(first) is not None):
        return None
    decoder, at = json.JSONDecoder(), 0
    values: list[object] = []
    try:
        while at < len(bare):
            value, at = decoder.raw_decode(bare, at)
            inner = value if isinstance(value, list) else _listed(value)
            values += [value] if inner is None else inner
            at = _NEXT.match(bare, at).end()  # type: ignore[union-attr]  # it matches the empty text
    except (ValueError, RecursionError):
        return None
    return values


def _listed(value: object) -> list[object] | None:
    """The articles of an answer, `{"articles": […]}`; None for an object that is an article itself."""
    if not isinstance(value, dict) or _is_article(value):
        return None
    lists = [each for each in value.values() if isinstance(each, list) and any(map(_is_article, each))]
    return lists[0] if len(lists) == 1 else None


def _is_article(value: object) -> bool:
    return isinstance(value, dict) and any(_text(value.get(name)).strip() for name in ("title", "text"))


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


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
        locale=_text(value.get("lang")),
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
