"""The archive: every capture as it came, by day, and the journal of what was done with them.

    archive/2026/07/14/<batch>.warc.gz      one batch of captures
    archive/journal/000000/000000001.json   one thing that was done; numbered without a gap, in order
    archive/journal/identity                what the store knows this journal by
    archive/unsettled/<batch>.json          a batch of which the journal does not tell yet

A file appears whole or not at all: it is written beside its place, synced, and renamed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from pipeline.errors import NotFoundError, PermanentError, StoreError, UnavailableError, WirewatchError
from pipeline.records import Capture, JournalEntry, Unsettled, content_id
from pipeline.sources.archive.warc import read_warc, write_warc

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_PLACE = re.compile(r"(\d{4}/\d{2}/\d{2})/([A-Za-z0-9][A-Za-z0-9._-]{0,119}\.warc\.gz)")
_SHELF = 1000  # journal entries a folder, so that no listing is long
_WAIT = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EAGAIN, errno.EMFILE, errno.ENFILE})


class WarcArchive:
    """Implements `pipeline.ports.Archive` in a folder.

    Several processes may append to the journal at once: a lock file orders them.

    Args:
        home: The home folder; the archive is `archive` in it.
        owner: Which process this is, for batches that it leaves behind.
        clock: Tells when a batch is written (UTC); without one, by its captures.
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
        day = captures[0].fetched.astimezone(UTC) if captures else datetime(1970, 1, 1, tzinfo=UTC)
        name = batch if _NAME.fullmatch(batch) else content_id(batch)
        place = f"{day:%Y/%m/%d}/{name}.warc.gz"
        at = self._clock() if self._clock else day
        note = {"place": place, "at": at.isoformat(), "owner": self._owner, "backfill": backfill}
        # Before the batch: a crash between the two leaves a note of nothing rather than a batch unnoticed.
        _write_whole(self._unsettled / f"{name}.json", lambda file: file.write(_dumped(note)))
        _write_whole(self._root / place, lambda file: write_warc(file, captures))
        return place

    def settle(self, places: Sequence[str]) -> None:
        """Forgets the notes of batches."""
        with _told_plainly(self._unsettled):
            for place in places:
                name = place.rpartition("/")[2].removesuffix(".warc.gz")
                (self._unsettled / f"{name}.json").unlink(missing_ok=True)

    def unsettled(self) -> list[Unsettled]:
        """The batches with a note, oldest first; a note that cannot be read is passed over."""
        found = []
        with _told_plainly(self._unsettled):
            for path in self._unsettled.glob("*.json"):
                with contextlib.suppress(ValueError, KeyError, TypeError, FileNotFoundError):
                    fields = json.loads(path.read_bytes())
                    fields["at"] = datetime.fromisoformat(fields["at"])
                    found.append(Unsettled(**fields))
        return sorted(found, key=lambda each: (each.at, each.place))

    def place_of(self, batch: str) -> str:
        """Where a batch is, of whatever day; "" when it is not there."""
        if not _NAME.fullmatch(batch):
            batch = content_id(batch)
        found = sorted(self._root.glob(f"[0-9]*/[0-9]*/[0-9]*/{batch}.warc.gz"))
        return found[0].relative_to(self._root).as_posix() if found else ""

    def read(self, place: str) -> Iterator[Capture]:
        """The captures of a batch, in the order written; each is checked.

        Raises:
            NotFoundError: The batch is not there, or not any more.
            PermanentError: It is damaged.
            UnavailableError: The disk does not answer.
        """
        if not _PLACE.fullmatch(place):
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
                _write_whole(self._entry_path(n), lambda file: file.write(_to_json(replace(entry, n=n))))
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
        n, last = after + 1, self.last()
        while n <= last:
            path = self._entry_path(n)
            with _told_plainly(path):
                try:
                    entry = _from_json(path.read_bytes())
                except FileNotFoundError:
                    entry = _unreadable(n, f"{path}: not there")
                except (ValueError, KeyError, TypeError):
                    entry = _unreadable(n, f"{path}: a damaged journal entry")
            yield entry
            n += 1
            last = last if n <= last else self.last()

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
        return self._journal / f"{n // _SHELF:06d}" / f"{n:09d}.json"


def _unreadable(n: int, reason: str) -> JournalEntry:
    return JournalEntry("unreadable", datetime(1970, 1, 1, tzinfo=UTC), data={"reason": reason}, n=n)


def _to_json(entry: JournalEntry) -> bytes:
    fields = {
        "n": entry.n,
        "kind": entry.kind,
        "at": entry.at.isoformat(),
        "place": entry.place,
        "data": dict(entry.data),
    }
    return _dumped(fields)


def _dumped(fields: Mapping[str, Any]) -> bytes:
    return (json.dumps(fields, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _from_json(text: bytes) -> JournalEntry:
    fields = json.loads(text)
    at = datetime.fromisoformat(fields["at"])
    return JournalEntry(fields["kind"], at, fields["place"], fields["data"], fields["n"])


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
