"""Where things lie in an archive, and how they are written: the same in a folder and in an object store."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pipeline.records import Capture, JournalEntry, Unsettled, content_id

PLACE: Final = re.compile(r"(\d{4}/\d{2}/\d{2})/([A-Za-z0-9][A-Za-z0-9._-]{0,119}\.warc\.gz)")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_SHELF: Final = 1000  # journal entries a folder, so that no listing is long


def batch_name(batch: str) -> str:
    """The name of a batch as a file may have it."""
    return batch if _NAME.fullmatch(batch) else content_id(batch)


def name_of(place: str) -> str:
    """The name of the batch at a place."""
    return place.rpartition("/")[2].removesuffix(".warc.gz")


def place_by_day(batch: str, first: Capture | None) -> tuple[str, datetime]:
    """Where a batch goes, and the day that it goes by."""
    day = first.fetched.astimezone(UTC) if first else datetime(1970, 1, 1, tzinfo=UTC)
    return f"{day:%Y/%m/%d}/{batch_name(batch)}.warc.gz", day


def entry_path(n: int) -> str:
    """Where a journal entry is, below the journal."""
    return f"{n // _SHELF:06d}/{n:09d}.json"


def unreadable(n: int, reason: str) -> JournalEntry:
    """What stands for an entry that cannot be read."""
    return JournalEntry("unreadable", datetime(1970, 1, 1, tzinfo=UTC), data={"reason": reason}, n=n)


def entry_bytes(entry: JournalEntry) -> bytes:
    """A journal entry as it is kept."""
    fields = {
        "n": entry.n,
        "kind": entry.kind,
        "at": entry.at.isoformat(),
        "place": entry.place,
        "data": dict(entry.data),
    }
    return _dumped(fields)


def entry_from(text: bytes) -> JournalEntry:
    """The inverse of `entry_bytes`.

    Raises:
        ValueError, KeyError, TypeError: It is damaged.
    """
    fields = json.loads(text)
    at = datetime.fromisoformat(fields["at"])
    return JournalEntry(fields["kind"], at, fields["place"], fields["data"], fields["n"])


def walk(
    after: int, last: Callable[[], int], read: Callable[[int], tuple[str, bytes | None]]
) -> Iterator[JournalEntry]:
    """The entries with n > after, in order, including those that come meanwhile.

    Args:
        after: The number before the first.
        last: The number of the newest entry.
        read: Where an entry is, and its bytes; None where it is missing.
    """
    n, newest = after + 1, last()
    while n <= newest:
        where, text = read(n)
        if text is None:
            yield unreadable(n, f"{where}: not there")
        else:
            try:
                entry = entry_from(text)
            except (ValueError, KeyError, TypeError):
                entry = unreadable(n, f"{where}: a damaged journal entry")
            yield entry
        n += 1
        newest = newest if n <= newest else last()


def note_bytes(note: Unsettled) -> bytes:
    """The note of a batch that no journal entry names yet, as it is kept."""
    return _dumped(
        {"place": note.place, "at": note.at.isoformat(), "owner": note.owner, "backfill": note.backfill}
    )


def note_from(text: bytes) -> Unsettled:
    """The inverse of `note_bytes`.

    Raises:
        ValueError, KeyError, TypeError: It is damaged.
    """
    fields = json.loads(text)
    fields["at"] = datetime.fromisoformat(fields["at"])
    return Unsettled(**fields)


def note_or_batch(text: bytes, place: str) -> Unsettled | None:
    """What a note says; a damaged one says no more than that its batch, if it is there, was never taken in.

    Args:
        text: The note.
        place: Where the batch of its name is, or "": then it was never written.
    """
    try:
        return note_from(text)
    except (ValueError, KeyError, TypeError):
        found = PLACE.fullmatch(place)
        return found and Unsettled(place, datetime.strptime(found[1], "%Y/%m/%d").replace(tzinfo=UTC))


def _dumped(fields: Mapping[str, Any]) -> bytes:
    return (json.dumps(fields, ensure_ascii=False, sort_keys=True) + "\n").encode()
