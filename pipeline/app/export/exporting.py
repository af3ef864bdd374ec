"""What is stored, row by row, in the order in which it came: for files and pipes of other programs.

Articles are chosen by time, by query and by where they stand in the ingest sequence; stories, situations and
decisions are those of the articles that are chosen. All of it is read in stretches, so that memory does not
grow with what is written, but for the ids of the stories.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, Literal
from urllib.parse import unquote

import orjson

from pipeline.app.export.export_file import Cursor, Exported, ExportFile, opened_file
from pipeline.app.export.flat import COLUMNS, csv_head, csv_row
from pipeline.app.export.ninjs import ninjs
from pipeline.app.export.parquet import check_parquet, to_parquet
from pipeline.app.read import chosen, entries_of
from pipeline.app.shapes import article_shape, decision_shape, situation_shape, story_shape
from pipeline.app.wiring import Wiring
from pipeline.errors import UsageError
from pipeline.ports import Store
from pipeline.query.tree import Query
from pipeline.records import StoredArticle, content_id

Kind = Literal["articles", "stories", "situations", "decisions"]
KINDS: Final[tuple[Kind, ...]] = ("articles", "stories", "situations", "decisions")
FORMATS: Final = ("jsonl", "csv", "parquet", "ninjs")
_SUFFIXES: Final = {".csv": "csv", ".parquet": "parquet", ".ninjs": "ninjs"}
# What the standard has a form for.
_NINJS: Final = ("articles", "stories")
# Articles that are read, and whose rows are written, at once; and the members of stories likewise.
_PIECE, _MEMBERS = 1_000, 2_000


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """What is to be exported.

    Attributes:
        kind: Of which kind.
        query: Only of articles that it hits; "" for all.
        since, until: Only of articles from this moment on, and before that one: ages or dates; "" for any.
        after: Only of articles that came after this ingest sequence number.
        format: "jsonl", "csv", "parquet" or "ninjs"; "" as the file is called, else JSON lines.
    """

    kind: Kind
    query: str = ""
    since: str = ""
    until: str = ""
    after: int = 0
    format: str = ""


class Export:
    """Writes what is stored.

    Args:
        wiring: The parts.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def into(self, order: ExportOrder, target: Path) -> Exported:
        """Writes a file; where an export of the same order was stopped, goes on with it.

        Raises:
            UsageError: The order cannot be carried out.
            QueryError: Its query is none.
            UnavailableError: Another process is writing the file.
            StoreError: It cannot be written there.
        """
        form = _format_of(order, target)
        if form == "parquet":
            check_parquet()
        asked = asdict(order) | {"format": form, "store": content_id(self._wiring.store_url)}
        now = self._wiring.clock()
        _chosen(order, now)  # what is asked wrongly is said before anything is made
        fresh = Cursor(asked, now.isoformat(), self._wiring.store.head(), max(order.after, 0))
        with opened_file(target.absolute(), fresh) as file:
            self._fill(order, form, file)
            file.finish(
                (lambda lines, made: to_parquet(order.kind, lines, made)) if form == "parquet" else None
            )
        return Exported(str(target), file.cursor.rows, file.cursor.upto, file.resumed)

    def _fill(self, order: ExportOrder, form: str, file: ExportFile) -> None:
        cursor = file.cursor
        seen = set[int]()
        if order.kind in {"stories", "situations"} and cursor.rows:
            seen = {_number(name) for name in _first_cells(file, form)}
        if form == "csv" and not cursor.bytes:
            file.append(csv_head(order.kind).encode(), 0, cursor.after)
        query = _chosen(order, datetime.fromisoformat(cursor.now))
        rows = Rows(self._wiring.store, order.kind, seen)
        for last, found in rows.pieces(query, cursor.after, cursor.upto):
            file.append(b"".join(written(order.kind, form, row) for row in found), len(found), last)

    def out(self, order: ExportOrder, out: IO[bytes] | None = None) -> int:
        """Writes to a pipe; returns the ingest sequence number that it ends with.

        Raises:
            UsageError: Parquet cannot be written to a pipe, or the order cannot be carried out.
            QueryError: Its query is none.
        """
        form = _format_of(order, None)
        if form == "parquet":
            raise UsageError("Parquet needs a file: --into FILE")
        query = _chosen(order, self._wiring.clock())
        upto = self._wiring.store.head()
        with nullcontext(out or sys.stdout.buffer) as pipe:
            if form == "csv":
                pipe.write(csv_head(order.kind).encode())
            for _, found in Rows(self._wiring.store, order.kind, set()).pieces(query, order.after, upto):
                pipe.writelines(written(order.kind, form, row) for row in found)
            pipe.flush()
        return upto


class Rows:
    """Rows of one kind, from the articles that are chosen.

    Args:
        store: Where they are.
        kind: Of which kind.
        seen: Stories, or situations, that have been told already, by `_number`.
    """

    def __init__(self, store: Store, kind: Kind, seen: set[int]) -> None:
        self._store = store
        self._kind = kind
        self._seen = seen

    def pieces(self, query: Query, after: int, upto: int) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Rows in pieces, each with the ingest sequence number up to which it tells."""
        articles = self._store.hits(query, after, upto)
        while some := list(islice(articles, _PIECE)):
            yield some[-1].seq, list(self._rows(some))

    def _rows(self, articles: Sequence[StoredArticle]) -> Iterator[dict[str, Any]]:
        if self._kind == "articles":
            yield from map(article_shape, articles)
        elif self._kind == "stories":
            yield from self._stories(articles)
        elif self._kind == "situations":
            yield from self._situations(articles)
        else:
            for stored in articles:
                decision = self._store.decision(stored.enriched.article.id)
                if decision is not None:
                    yield decision_shape(decision, stored)

    def _stories(self, articles: Sequence[StoredArticle]) -> Iterator[dict[str, Any]]:
        new = list(dict.fromkeys(a.story for a in articles if _number(a.story) not in self._seen))
        self._seen.update(map(_number, new))
        found = self._store.stories(new)
        known = {a.enriched.article.id: a.line for a in articles}
        batch: list[str] = []
        size = 0
        for name in [*new, ""]:
            grown = len(found[name].members) if name in found else 0
            if batch and (not name or size + grown > _MEMBERS):
                named = [a for each in batch for a in found[each].members]
                members = known | self._store.lines([a for a in named if a not in known])
                yield from (story_shape(found[each], members) for each in batch)
                batch, size = [], 0
            if name in found:
                batch.append(name)
                size += grown

    def _situations(self, articles: Sequence[StoredArticle]) -> Iterator[dict[str, Any]]:
        """Each once, whole; one of which a single story is left is none."""
        stories = self._store.stories(list(dict.fromkeys(a.story for a in articles)))
        for name in dict.fromkeys(stories[a.story].situation for a in articles if a.story in stories):
            if name and _number(name) not in self._seen:
                self._seen.add(_number(name))
                entries = entries_of(self._store, name)
                if len(entries) > 1:
                    yield situation_shape(name, entries)


def written(kind: str, form: str, row: dict[str, Any]) -> bytes:
    """A row as a line of a file."""
    if form == "csv":
        return csv_row(kind, row).encode("utf-8", "replace")
    if form == "ninjs":
        row = ninjs(kind, row)
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def _format_of(order: ExportOrder, target: Path | None) -> str:
    form = order.format or (_SUFFIXES.get(target.suffix.lower(), "jsonl") if target else "jsonl")
    if form not in FORMATS:
        raise UsageError(f"--format {form}: give one of {', '.join(FORMATS)}")
    if order.kind not in COLUMNS:
        raise UsageError(f"export {order.kind}: give one of {', '.join(KINDS)}")
    if form == "ninjs" and order.kind not in _NINJS:
        raise UsageError(f"export {order.kind}: ninjs has a form for {' and '.join(_NINJS)} alone")
    return form


def _chosen(order: ExportOrder, now: datetime) -> Query:
    return chosen(order.query, order.since, order.until, now)


def _first_cells(file: ExportFile, form: str) -> Iterator[str]:
    """The first value of each row that has been written: its id."""
    if form == "csv":
        import csv

        lines = csv.reader(line.decode("utf-8") for line in file.lines())
        next(lines, None)
        yield from (row[0] for row in lines if row)
    elif form == "ninjs":
        yield from (unquote(json.loads(line)["uri"].rpartition(":")[2]) for line in file.lines())
    else:
        yield from (json.loads(line)["id"] for line in file.lines())


def _number(story: str) -> int:
    """An id in the least room: ids are 16 hex digits; others are digested."""
    try:
        return int(story, 16)
    except ValueError:
        return int(content_id(story), 16)
