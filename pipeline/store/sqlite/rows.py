"""Reads and writes a SQLite store in pieces, for copying."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from pipeline.ports import Commit, Version
from pipeline.query.fields import from_micros
from pipeline.records import (
    Alert,
    Change,
    Correction,
    Decision,
    EnrichedArticle,
    FeedState,
    Lineage,
    Message,
    Rejection,
    Request,
    StoredArticle,
    Story,
    WatchState,
)
from pipeline.store.codec import decode
from pipeline.store.copying import Piece
from pipeline.store.sqlite import statements
from pipeline.store.sqlite.file import DatabaseFile

Kind = TypeVar("Kind")
# How many records are in one piece.
SIZE = 1000


CHANGE = "SELECT kind, article, story, at, former, placed_by, seq, n FROM change"


def change(row: Sequence[Any]) -> Change:
    """Makes a change from a row of the statement `CHANGE`."""
    kind, article, story, at, former, by, seq, n = row
    return Change(kind, article, story, from_micros(at), former, by, seq, n)


def pieces(file: DatabaseFile) -> Iterator[Piece]:
    """The whole store as of one moment, read on a connection of its own."""
    reader = DatabaseFile(file.path, create=False, timeout_seconds=30)
    try:
        with reader.reading():
            head = reader.one("SELECT value FROM number WHERE name = 'head'")[0]
            yield Piece(_small(reader), (), head)
            yield from _articles(reader, head)
            yield from _others(reader, head)
    finally:
        reader.close()


def put(file: DatabaseFile, piece: Piece) -> None:
    """Writes a piece, in one transaction."""
    with file.writing():
        statements.restore(file, piece)


def _articles(reader: DatabaseFile, head: int) -> Iterator[Piece]:
    last = 0
    sql = (
        "SELECT a.id, a.seq, a.story, a.backfill, t.traits, b.enriched FROM article a"
        " JOIN article_body b USING (seq) JOIN article_traits t USING (seq)"
        " WHERE a.seq > ? ORDER BY a.seq LIMIT ?"
    )
    while rows := reader.rows(sql, (last, SIZE)):
        last = rows[-1][1]
        articles = tuple(
            StoredArticle(decode(EnrichedArticle, enriched), seq, story, traits, bool(backfill))
            for _, seq, story, backfill, traits, enriched in rows
        )
        names = [row[0] for row in rows]
        found = reader.rows_of("SELECT place, document FROM version WHERE article IN ({})", names)
        yield Piece(
            Commit(articles=articles),
            tuple((place, decode(Version, document)) for place, document in found),
            head,
        )


def _others(reader: DatabaseFile, head: int) -> Iterator[Piece]:
    last = 0
    while found := reader.rows(f"{CHANGE} WHERE n > ? ORDER BY n LIMIT ?", (last, SIZE)):
        last = found[-1][-1]
        yield Piece(Commit(), (), head, tuple(map(change, found)))
    for stories in _many(reader, Story, "story", "id"):
        yield Piece(Commit(stories=stories), (), head)
    for decisions in _many(reader, Decision, "decision", "article"):
        yield Piece(Commit(decisions=decisions), (), head)
    for alerts in _many(reader, Alert, "alert", "id"):
        yield Piece(Commit(alerts=alerts), (), head)
    for messages in _many(reader, Message, "message", "id"):
        yield Piece(Commit(messages=messages), (), head)


def _many(reader: DatabaseFile, kind: type[Kind], table: str, key: str) -> Iterator[tuple[Kind, ...]]:
    last = ""
    sql = f"SELECT {key}, document FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT ?"  # noqa: S608  our names
    while rows := reader.rows(sql, (last, SIZE)):
        last = rows[-1][0]
        yield tuple(decode(kind, document) for _, document in rows)


def _small(reader: DatabaseFile) -> Commit:
    def documents(kind: type[Kind], table: str) -> tuple[Kind, ...]:
        return tuple(decode(kind, row[0]) for row in reader.rows(f"SELECT document FROM {table}"))  # noqa: S608

    def pairs(sql: str) -> dict[str, Any]:
        found: Sequence[tuple[Any, ...]] = reader.rows(sql)
        return {row[0]: row[1] for row in found}

    lineage = reader.rows("SELECT story, into_story, kind, at, by FROM lineage")
    return Commit(
        lineage=tuple(Lineage(old, new, kind, from_micros(at), by) for old, new, kind, at, by in lineage),
        corrections=documents(Correction, "correction"),
        requests=documents(Request, "request"),
        learned=pairs("SELECT key, value FROM learned"),
        rejections=documents(Rejection, "rejection"),
        feeds=documents(FeedState, "feed"),
        tellings=documents(WatchState, "telling"),
        marks=pairs("SELECT name, value FROM mark"),
    )
