"""The archive: every capture as it came, by day, and the journal of what was done with them.

    archive/2026/07/14/<batch>.warc.gz      one batch of captures
    archive/journal/000000/000000001.json   one thing that was done; numbered without a gap, in order
    archive/journal/identity                what the store knows this journal by
    archive/unsettled/<batch>.json          a batch that no journal entry names yet

A file appears whole or not at all: it is written beside its place, synced, and renamed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from pipeline.errors import NotFoundError, PermanentError, StoreError, UnavailableError, WirewatchError
from pipeline.records import Capture, JournalEntry, Unsettled
from pipeline.sources.archive.layout import (
    PLACE,
    batch_name,
    entry_bytes,
    entry_path,
    name_of,
    note_bytes,
    note_or_batch,
    place_by_day,
    walk,
)
from pipeline.sources.archive.warc import read_warc, write_warc

_WAIT = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EAGAIN, errno.EMFILE, errno.ENFILE})


class WarcArchive:
    """Implements `pipeline.ports.Archive` in a folder.

    Several processes may append to the journal at once: a lock file orders them.

    Args:
        home: The home folder; the archive is `archive` in it.
        owner: Which process this is, for batches that it leaves behind.
        clock: Tells when a batch is written (UTC); without one its first capture does.
    """

    def __init__(self, home: Path, owner: str = "", clock: Callable[[], datetime] | None = None) -> None:
        self._root = home / "archive"
        self._unsettled = self._root / "unsettled"
        self._owner, self._clock = owner, clock
        self._journal = self._root / "journal"

    def write(self, batch: str, captures: Sequence[Capture], *, backfill: bool = False) -> str:
        """Keeps a batch, by the day of its first capture; the same batch of that day is replaced.

        Raises:
            UnavailableError: The disk is full.
            PermanentError: The disk is read-only, or not ours to write.
        """
        place, day = place_by_day(batch, captures[0] if captures else None)
        note = Unsettled(place, self._clock() if self._clock else day, self._owner, backfill)
        # Before the batch: a crash between the two leaves a note of nothing rather than a batch unnoticed.
        _write_whole(self._note_path(place), lambda file: file.write(note_bytes(note)))
        _write_whole(self._root / place, lambda file: write_warc(file, captures))
        return place

    def settle(self, places: Sequence[str]) -> None:
        """Forgets the notes of batches."""
        with _told_plainly(self._unsettled):
            for place in places:
                self._note_path(place).unlink(missing_ok=True)

    def unsettled(self) -> list[Unsettled]:
        """The batches with a note, oldest first; of a damaged note the batch of its name, if it is there."""
        found = []
        with _told_plainly(self._unsettled):
            for path in self._unsettled.glob("*.json"):
                with contextlib.suppress(FileNotFoundError):
                    note = note_or_batch(path.read_bytes(), self.place_of(path.stem))
                    found += [note] if note else []
        return sorted(found, key=lambda each: (each.at, each.place))

    def place_of(self, batch: str) -> str:
        """Where a batch is, of whatever day; "" when it is not there."""
        found = sorted(self._root.glob(f"[0-9]*/[0-9]*/[0-9]*/{batch_name(batch)}.warc.gz"))
        return found[0].relative_to(self._root).as_posix() if found else ""

    def read(self, place: str) -> Iterator[Capture]:
        """The captures of a batch, in the order written; each is checked.

        Raises:
            NotFoundError: The batch is not there, or not any more.
            PermanentError: It is damaged.
            UnavailableError: The disk does not answer.
        """
        if not PLACE.fullmatch(place):
            raise PermanentError(f"not a place in the archive: {place[:200]!r}")
        path = self._root / place
        if not path.exists():
            raise NotFoundError(f"{path}: not there")
        with _told_plainly(path), path.open("rb") as file:
            yield from read_warc(file, str(path))

    def drop_before(self, time: datetime) -> int:
        """Retention: forgets the batches of days before `time`; the journal stays whole.

        Returns:
            How many batches went.
        """
        gone = 0
        with _told_plainly(self._root):
            for path in sorted(self._root.glob("[0-9]*/[0-9]*/[0-9]*/*.warc.gz")):
                if "/".join(path.parts[-4:-1]) < f"{time.astimezone(UTC):%Y/%m/%d}":
                    path.unlink()
                    gone += 1
        return gone

    @property
    def where(self) -> str:
        """The folder."""
        return str(self._root)

    def append(self, entry: JournalEntry) -> int:
        """Appends to the journal and returns the entry's number; durable when it returns.

        Raises:
            UnavailableError: The disk is full.
            PermanentError: The disk is read-only, or not ours to write.
        """
        with _told_plainly(self._journal):
            self._journal.mkdir(parents=True, exist_ok=True)
            with (self._journal / ".lock").open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)  # given back when the file is closed, and by a crash
                n = self.last() + 1
                _write_whole(self._entry_path(n), lambda file: file.write(entry_bytes(replace(entry, n=n))))
        return n

    def identity(self, *, make: bool = False) -> str:
        """What the store knows this journal by; "" before it was given one.

        Args:
            make: Gives it one, at random, where it has none; of several processes that do, one wins.

        Raises:
            UnavailableError: The disk is full.
            PermanentError: The disk is read-only, or not ours to write.
        """
        path = self._journal / "identity"
        with _told_plainly(path):
            if make and not path.exists():
                self._journal.mkdir(parents=True, exist_ok=True)
                with (self._journal / ".lock").open("ab") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX)
                    if not path.exists():
                        name = uuid.uuid4().hex + "\n"
                        _write_whole(path, lambda file: file.write(name.encode()))
            return path.read_text("ascii").strip() if path.exists() else ""

    def entries(self, after: int = 0) -> Iterator[JournalEntry]:
        """The entries with n > after, in order; one that cannot be read comes as "unreadable"."""
        return walk(after, self.last, self._read_entry)

    def _read_entry(self, n: int) -> tuple[str, bytes | None]:
        path = self._entry_path(n)
        with _told_plainly(path):
            try:
                return str(path), path.read_bytes()
            except FileNotFoundError:
                return str(path), None

    def last(self) -> int:
        """The number of the journal's last entry; 0 when it is empty."""
        with _told_plainly(self._journal):
            if not self._journal.is_dir():
                return 0
            shelves = sorted(
                (path for path in self._journal.iterdir() if path.name.isdecimal()), reverse=True
            )
            for shelf in shelves:
                numbers = [path.stem for path in shelf.glob("*.json") if path.stem.isdecimal()]
                if numbers:
                    return int(max(numbers))
        return 0

    def _entry_path(self, n: int) -> Path:
        return self._journal / entry_path(n)

    def _note_path(self, place: str) -> Path:
        return self._unsettled / f"{name_of(place)}.json"


def _write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Writes a file so that it appears whole, and is there after a power cut."""
    with _told_plainly(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.parent / f".writing-{os.getpid()}-{threading.get_ident()}"
        try:
            with beside.open("wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextlib.contextmanager
def _told_plainly(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise disk_error(error, path) from None


def disk_error(error: OSError, path: Path) -> WirewatchError:
    """What a failing disk means: a full one may be freed, a read-only one stays so."""
    reason = error.strerror or type(error).__name__
    if error.errno in _WAIT:
        return UnavailableError(f"{path}: {reason}; free some space or wait, then run again")
    if isinstance(error, FileNotFoundError):
        return PermanentError(f"{path}: not there")
    return StoreError(f"{path}: {reason}; the home folder must be writable")
