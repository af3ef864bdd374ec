"""One SQLite file: opening, transactions, and its errors in the words of `pipeline.errors`."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.errors import StoreError, UnavailableError, WirewatchError
from pipeline.retry import STORE, Patience
from pipeline.store.sqlite.schema import APPLICATION, MIGRATIONS, STEPS, VERSION, statements

Row = tuple[Any, ...]
# SQLite takes 32,766 parameters in one statement; lists of ids are cut into pieces of this size.
PIECE = 5000
# The page cache of a connection. A desk has several readers, and the operating system caches pages as well.
_WRITER_KIB, _READER_KIB = 64 * 1024, 16 * 1024

# Tables and indices, except those that SQLite makes by itself.
_OBJECTS = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
_LOCKED = "the store {path} was locked for {timeout:g} s: try again"
_GIVEN_UP = "a question to the store {path} was given up: it took too long"
_MOVED = "the store {path} was written to meanwhile: try again"
# The primary result codes of SQLite that a user can do something about (https://sqlite.org/rescode.html).
_MEANINGS: dict[int, tuple[type[WirewatchError], str]] = {
    sqlite3.SQLITE_BUSY: (UnavailableError, _LOCKED),
    sqlite3.SQLITE_LOCKED: (UnavailableError, _LOCKED),
    sqlite3.SQLITE_INTERRUPT: (UnavailableError, _GIVEN_UP),
    sqlite3.SQLITE_FULL: (UnavailableError, "the disk of {path} is full: free some space and try again"),
    sqlite3.SQLITE_IOERR: (UnavailableError, "the disk of {path} fails ({error}): free space and try again"),
    sqlite3.SQLITE_READONLY: (
        StoreError,
        "the store {path} is read-only: allow writing to it and its folder",
    ),
    sqlite3.SQLITE_NOTADB: (StoreError, "{path} is not a Wirewatch store; give another path"),
    sqlite3.SQLITE_CANTOPEN: (StoreError, "cannot open the store {path}: check the path and its permissions"),
    sqlite3.SQLITE_CORRUPT: (
        StoreError,
        "the store {path} is damaged ({error}): replay the archive into a new one",
    ),
}

# How many steps of SQLite's virtual machine pass between two looks at `given_up`: less than a millisecond.
_STEPS_BETWEEN_LOOKS = 10_000

# A database is at least one page, and a page at least this.
_LEAST_BYTES = 512


class DatabaseFile:
    """A connection to the store's file.

    Args:
        path: The file.
        create: Whether to make it, and its folder, if it is missing.
        timeout_seconds: How long to wait for another writer.
        steps: The migration steps that are not SQL, by name; only the store's first connection has them.

    Raises:
        StoreError: It is not a Wirewatch store, or newer than this version, or cannot be opened.
        UnavailableError: It stayed locked for `timeout_seconds`.
    """

    def __init__(
        self,
        path: Path,
        *,
        create: bool,
        timeout_seconds: float,
        steps: Mapping[str, Callable[[DatabaseFile], None]] | None = None,
    ) -> None:
        self.path = path
        self._steps = steps or {}
        self._timeout = timeout_seconds
        self._cache_kib = _WRITER_KIB if create else _READER_KIB
        self._depth = 0
        self._given_up: Callable[[], bool] | None = None
        self._frozen: tuple[int, int] | None = None
        # A reader without write permission may not touch the write-ahead log, and has to open the file
        # differently.
        self._reads_only = not create and path.is_file() and not _writable(path)
        if not create and not path.is_file():
            raise StoreError(f"there is no store at {path}; the first `fetch` or `load` makes it")
        if path.is_file() and _foreign(path):
            raise StoreError(f"{path} is not a Wirewatch store; give another path")
        with self.translated():
            if create:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._open()
        try:
            with self.translated():
                self._prepare()
        except WirewatchError:
            self._connection.close()
            raise

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def stop_when(self, given_up: Callable[[], bool]) -> None:
        """Has statements end with an UnavailableError once this says so."""
        self._given_up = given_up
        self._connection.set_progress_handler(given_up, _STEPS_BETWEEN_LOOKS)

    def _open(self) -> None:
        self._frozen = self._stamp() if self._reads_only and not self._has_log() else None
        self._connection = self._connect()

    def _connect(self) -> sqlite3.Connection:
        where = str(self.path)
        if self._reads_only:
            # Without a log everything is in the file, and SQLite must be told that it needs no log:
            # https://sqlite.org/wal.html#read_only_databases
            mode = "mode=ro" if self._has_log() else "mode=ro&immutable=1"
            where = f"{self.path.absolute().as_uri()}?{mode}"
        connection = sqlite3.connect(where, timeout=self._timeout, isolation_level=None, uri=self._reads_only)
        try:
            connection.execute(f"PRAGMA cache_size = -{self._cache_kib}")
        except sqlite3.Error:
            connection.close()
            raise
        connection.set_progress_handler(self._given_up, _STEPS_BETWEEN_LOOKS)
        return connection

    def _stamp(self) -> tuple[int, int]:
        """What differs after the file was written to: its time and size."""
        about = self.path.stat()
        return about.st_mtime_ns, about.st_size

    def _has_log(self) -> bool:
        return self.path.with_name(f"{self.path.name}-wal").exists()

    @contextmanager
    def _unmoved(self) -> Iterator[None]:
        """Has a connection that SQLite does not guard against writers (`immutable`) see one newest state.

        Raises:
            UnavailableError: Somebody wrote to the file during the read.
        """
        if self._frozen is None:
            yield
            return
        with self.translated():
            if self._stamp() != self._frozen or self._has_log():
                self._connection.close()
                self._open()
            yield
            if self._frozen is not None and self._stamp() != self._frozen:
                raise UnavailableError(_MOVED.format(path=self.path))

    def _prepare(self) -> None:
        version = self._version()
        if version == VERSION:
            return
        if version == 0:
            self._log_ahead()
        with self.writing():
            for step in MIGRATIONS[self._version() :]:  # again: another process may have been first
                if step not in STEPS:
                    for statement in statements(step):
                        self._connection.execute(statement)
                elif step in self._steps:
                    self._steps[step](self)
            self._connection.execute(f"PRAGMA application_id = {APPLICATION}")
            self._connection.execute(f"PRAGMA user_version = {VERSION}")

    def _log_ahead(self) -> None:
        """Switches to a write-ahead log, once for the life of the file.

        `synchronous` stays FULL: a commit outlives a power cut. The switch does not wait for other
        connections by itself (SQLite leaves its busy handler out where two could wait for each other:
        sqlite.org/c3ref/busy_handler.html), so it is tried again here.
        """

        def switch() -> None:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                raise UnavailableError(_LOCKED.format(path=self.path, timeout=self._timeout)) from None

        policy = replace(STORE, give_up_seconds=self._timeout)
        Patience(policy, time.monotonic, time.sleep).until_done(str(self.path), switch, UnavailableError)

    def _version(self) -> int:
        with self.reading():  # one moment: another process may be making the store
            version = int(self.one("PRAGMA user_version")[0])
            application = int(self.one("PRAGMA application_id")[0])
            empty = not self.one("SELECT count(*) FROM sqlite_master")[0]
        if application != APPLICATION and not (empty and version == 0):
            raise StoreError(f"{self.path} is not a Wirewatch store; give another path")
        if version > VERSION:
            raise StoreError(
                f"{self.path} has schema version {version}, this Wirewatch knows {VERSION}: "
                "upgrade Wirewatch or give another store"
            )
        return version

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turns SQLite's errors into one line that says what to do."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._translation(error) from error
        except OSError as error:
            raise StoreError(f"cannot open the store {self.path}: {error.strerror or error}") from error

    def _translation(self, error: sqlite3.Error) -> WirewatchError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        kind, words = _MEANINGS.get(code, (StoreError, "the store {path} refuses: {error}"))
        return kind(words.format(path=self.path, error=error, timeout=self._timeout))

    def damage(self) -> list[str]:
        """What SQLite finds wrong with the file, and which tables and indices differ from `MIGRATIONS`."""
        found = [str(row[0]) for row in self.rows("PRAGMA integrity_check(20)") if row[0] != "ok"]
        with closing(sqlite3.connect(":memory:")) as fresh:
            for step in MIGRATIONS:
                for statement in statements(step) if step not in STEPS else ():
                    fresh.execute(statement)
            wanted = {str(row[0]): row[1] for row in fresh.execute(_OBJECTS)}
        there = {str(row[0]): row[1] for row in self.rows(_OBJECTS)}
        found += [
            f"{name} is not as this version makes it" for name in wanted if there.get(name) != wanted[name]
        ]
        return [f"{self.path}: {each}; `wirewatch replay --into` makes a new store" for each in found]

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction, all or nothing, that holds the write lock from the beginning."""
        with self._transaction("BEGIN IMMEDIATE"):
            yield

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A transaction in which all reads see the same commit."""
        with self._transaction("BEGIN"):
            yield

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        if self._depth:
            yield
            return
        with self._unmoved(), self.translated():
            self._connection.execute(begin)
            self._depth += 1
            try:
                yield
                self._connection.execute("COMMIT")
            finally:
                self._depth -= 1
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """All rows of a statement."""
        with self._unmoved() if not self._depth else nullcontext(), self.translated():
            return self._connection.execute(sql, values).fetchall()

    def each(self, sql: str, values: Sequence[object] = ()) -> Iterator[Row]:
        """The rows of a statement one by one, for callers in a transaction that may not need all of them."""
        with self.translated():
            yield from self._connection.execute(sql, values)

    def one(self, sql: str, values: Sequence[object] = ()) -> Row:
        """The first row of a statement that always has one."""
        return self.rows(sql, values)[0]

    def run(self, sql: str, values: Sequence[object] = ()) -> int:
        """Runs a statement; returns how many rows it changed."""
        return self._connection.execute(sql, values).rowcount

    def run_all(self, sql: str, values: Iterable[Sequence[object]]) -> None:
        """Runs a statement once for each of several lists of values."""
        self._connection.executemany(sql, values)

    def rows_of(self, sql: str, keys: Iterable[object]) -> Iterator[Row]:
        """The rows of a statement whose `{}` stands for a list of keys, of any number."""
        distinct = list(dict.fromkeys(keys))
        for start in range(0, len(distinct), PIECE):
            piece = distinct[start : start + PIECE]
            yield from self.rows(sql.format(", ".join("?" * len(piece))), piece)

    def stream(self, sql: str, values: Sequence[object] = ()) -> Iterator[Row]:
        """Rows one by one, as they were when the first was asked for, on a connection of their own."""
        with self.translated():
            connection = self._connect()
            try:
                before = self._stamp()
                connection.execute("BEGIN")
                yield from connection.execute(sql, values)
                if self._frozen is not None and self._stamp() != before:
                    raise UnavailableError(_MOVED.format(path=self.path))
            finally:
                connection.close()


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _foreign(path: Path) -> bool:
    """Whether a file is too short to be SQLite's, which would write over it as an empty database.

    The file is not opened to see: closing it would take away the locks that other connections of this
    process hold on it (sqlite.org/howtocorrupt.html, 2.2), and the next process to leave would remove the
    log under them.
    """
    return 0 < path.stat().st_size < _LEAST_BYTES
