"""Copies a whole store into another one, of the same kind or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from pipeline.errors import StoreError
from pipeline.ports import Commit, Store, Version
from pipeline.records import Change

# As long as this mark is set, the target is an unfinished copy.
MARK = "store.copy"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a store: a commit whose sequence numbers may have gaps, with earlier versions and changes.

    Attributes:
        commit: What is written.
        versions: Earlier versions of the commit's articles, each with its place among them, from 1.
        head: The head of the store that the piece comes from.
        changes: Numbered changes.
    """

    commit: Commit
    versions: tuple[tuple[int, Version], ...]
    head: int
    changes: tuple[Change, ...] = ()


@runtime_checkable
class Movable(Protocol):
    """A store that can be read and written in pieces."""

    def pieces(self) -> Iterator[Piece]:
        """The whole store without its leases, as it was when the first piece was asked for."""

    def put_piece(self, piece: Piece) -> None:
        """Writes a piece; writing the same again changes nothing."""


def copy_store(source: Store, target: Store) -> int:
    """Copies everything except leases; run again after a crash, it ends with the same copy.

    Returns:
        How many articles were copied.

    Raises:
        StoreError: The target holds something that is not an unfinished copy.
    """
    if not isinstance(source, Movable) or not isinstance(target, Movable):
        raise StoreError("one of the stores cannot be copied")
    if target.mark(MARK) == "":
        told = target.describe()
        if target.head() or told["articles"] or told["stories"] or target.corrections() or target.feeds():
            raise StoreError(f"the store {told['place']} is not empty: copy into a new one")
        target.commit(Commit(marks={MARK: "under way"}))
    count = 0
    for piece in source.pieces():
        marks = {name: value for name, value in piece.commit.marks.items() if name != MARK}
        target.put_piece(replace(piece, commit=replace(piece.commit, marks=marks)))
        count += len(piece.commit.articles)
    target.commit(Commit(marks={MARK: ""}))
    return count
