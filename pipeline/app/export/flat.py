"""The flat form of a row: columns for CSV and Parquet, each with its type.

JSON lines hold everything (`pipeline.app.shapes`); a table holds what fits a cell: lists of names and ids as
lists (in CSV joined by "; "), times as times (in CSV as they are written in JSON), no spans and no weights.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

ColumnType = Literal["text", "texts", "time", "whole", "real", "flag"]
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its type, and how its value is found in a row."""

    name: str
    type: ColumnType
    of: Callable[[Mapping[str, Any]], Any]


def _plain(type_: ColumnType, *names: str) -> tuple[Column, ...]:
    return tuple(Column(name, type_, lambda row, name=name: row[name]) for name in names)  # type: ignore[misc]


def _each(column: str, field: str) -> Column:
    return Column(column, "texts", lambda row: [each[field] for each in row[column]])


def _part(name: str, type_: ColumnType, candidate: str, field: str) -> Column:
    return Column(name, type_, lambda row: row[candidate][field] if row[candidate] else None)


COLUMNS: Final[dict[str, tuple[Column, ...]]] = {
    "articles": (
        *_plain("text", "id"),
        *_plain("whole", "seq"),
        *_plain("text", "story", "title", "source", "url"),
        *_plain("time", "published", "fetched", "updated", "withdrawn"),
        *_plain("text", "published_from", "language", "agency", "dateline"),
        *_plain("texts", "authors", "feeds", "keywords"),
        _each("topics", "id"),
        _each("entities", "name"),
        *_plain("whole", "version"),
        *_plain("text", "text"),
    ),
    "stories": (
        *_plain("text", "id", "title"),
        *_plain("whole", "size", "origins"),
        *_plain("texts", "outlets", "languages"),
        *_plain("time", "first_published", "last_published"),
        _each("topics", "id"),
        _each("entities", "name"),
        *_plain("texts", "keywords"),
        _each("articles", "id"),
        Column("summary", "text", lambda row: " ".join(each["text"] for each in row["summary"])),
        *_plain("real", "hot"),
    ),
    "situations": (
        *_plain("text", "id", "title"),
        *_plain("time", "first", "last"),
        *_plain("whole", "articles"),
        _each("stories", "id"),
        Column("titles", "texts", lambda row: [each["title"] for each in row["stories"]]),
        Column("who", "texts", lambda row: list(dict.fromkeys(n for s in row["stories"] for n in s["who"]))),
    ),
    "decisions": (
        *_plain("text", "article", "story", "decided_story"),
        *_plain("flag", "founded"),
        *_plain("text", "by"),
        _part("score", "real", "chosen", "score"),
        _part("runner_up", "text", "runner_up", "story"),
        _part("runner_up_score", "real", "runner_up", "score"),
        *_plain("real", "threshold", "margin"),
        *_plain("texts", "constraints"),
        Column("evidence", "texts", lambda row: [f"{e['kind']}: {e['article']}" for e in row["evidence"]]),
        *_plain("text", "scorer"),
    ),
}


def csv_head(kind: str) -> str:
    """The first line of a CSV file."""
    return _line([column.name for column in COLUMNS[kind]])


def csv_row(kind: str, row: Mapping[str, Any]) -> str:
    r"""A row as RFC 4180 has it; what a spreadsheet would take for a formula begins with an apostrophe.

    >>> story = {"id": "s1", "title": "=1+1", "size": 2, "origins": 1, "outlets": ["A", "B"], "languages": [],
    ...     "first_published": None, "last_published": "2026-01-01T00:00:00Z", "topics": [{"id": "t"}],
    ...     "entities": [], "keywords": [], "articles": [{"id": "a1"}], "summary": [], "hot": 0.5}
    >>> csv_row("stories", story)
    "s1,'=1+1,2,1,A; B,,,2026-01-01T00:00:00Z,t,,,a1,,0.5\r\n"
    """
    return _line([_cell(column.type, column.of(row)) for column in COLUMNS[kind]])


def _cell(type_: ColumnType, value: Any) -> Any:
    if value is None:
        return ""
    if type_ in {"whole", "real"}:
        return value
    if type_ == "flag":
        return "true" if value else "false"
    text = "; ".join(value) if type_ == "texts" else str(value)
    text = text.replace("\x00", "")  # no reader of CSV takes it
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: list[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
