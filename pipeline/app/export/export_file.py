"""A file that grows piece by piece and goes on where it stopped, whatever stopped it.

While it is made it is called `FILE.part`, with a cursor beside it: how many bytes of it hold, and what
comes next. A piece is written first, then the cursor is replaced; who comes again cuts off what the cursor
does not know. Only a whole file gets its own name.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

from pipeline.errors import StoreError, UnavailableError


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far an export has come.

    Attributes:
        order: What was asked for: only the same order goes on.
        now: What its relative times count from (UTC, ISO 8601).
        upto: The last ingest sequence number that belongs to it.
        after: The last number whose rows are written.
        bytes: How much of the file is good.
        rows: How many rows that are.
    """

    order: dict[str, Any]
    now: str
    upto: int
    after: int
    bytes: int = 0
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export came to.

    Attributes:
        file: Where it is.
        rows: How many rows it has.
        cursor: The ingest sequence number it ends with: `--after` it is what a later export begins with.
        resumed: How many of the rows an earlier, stopped export had written.
    """

    file: str
    rows: int
    cursor: int
    resumed: int


class ExportFile:
    """The part file and its cursor, held by one process.

    Args:
        target: The name of the whole file.
        cursor: As it was at first, or as an earlier process left it.
        part: The part file, open.
    """

    def __init__(self, target: Path, cursor: Cursor, part: IO[bytes]) -> None:
        self._target = target
        self._part = part
        self.cursor = cursor
        self.resumed = cursor.rows

    def append(self, data: bytes, rows: int, after: int) -> None:
        """Writes a piece for good: the rows up to a sequence number."""
        with told(self._target):
            self._part.write(data)
            self._part.flush()
            os.fsync(self._part.fileno())
            self.cursor = replace(
                self.cursor, after=after, bytes=self._part.tell(), rows=self.cursor.rows + rows
            )
            _write(_cursor_of(self._target), self.cursor)

    def lines(self) -> Iterator[bytes]:
        """What has been written, line by line."""
        with told(self._target), _part_of(self._target).open("rb") as written:
            yield from written

    def finish(self, change: Callable[[Path, Path], None] | None = None) -> None:
        """Gives the file its name.

        Args:
            change: Makes the whole file, named second, from what was written, named first.
        """
        part, made = _part_of(self._target), self._target.with_name(f"{self._target.name}.made")
        with told(self._target):
            if change:
                change(part, made)
            (made if change else part).replace(self._target)
            part.unlink(missing_ok=True)
            _cursor_of(self._target).unlink(missing_ok=True)


@contextmanager
def opened_file(target: Path, fresh: Cursor) -> Iterator[ExportFile]:
    """The part file of a target: the one that was left by the same order, or a new one.

    Args:
        target: The name of the whole file.
        fresh: The cursor that a new one begins with.

    Raises:
        UnavailableError: Another process is writing it.
        StoreError: It cannot be written there.
    """
    with told(target):
        part = _part_of(target).open("ab")
    with part:
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UnavailableError(f"{target}: another export is writing it just now") from None
        left = _read(_cursor_of(target))
        goes_on = left is not None and left.order == fresh.order and left.bytes <= part.tell()
        cursor = left if left is not None and goes_on else fresh
        with told(target):
            part.truncate(cursor.bytes)
            part.seek(cursor.bytes)
            if not goes_on:
                _write(_cursor_of(target), cursor)
        yield ExportFile(target, cursor, part)


@contextmanager
def told(target: Path) -> Iterator[None]:
    """Turns errors of the disk into one line.

    Raises:
        StoreError: It cannot be written there.
    """
    try:
        yield
    except OSError as error:
        raise StoreError(f"{target}: cannot write it ({error.strerror or error})") from None


def _part_of(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def _cursor_of(target: Path) -> Path:
    return target.with_name(f"{target.name}.cursor")


def _read(path: Path) -> Cursor | None:
    try:
        return Cursor(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _write(path: Path, cursor: Cursor) -> None:
    new = path.with_name(f"{path.name}.new")
    with new.open("w", encoding="utf-8") as out:
        json.dump(asdict(cursor), out)
        out.flush()
        os.fsync(out.fileno())
    new.replace(path)
