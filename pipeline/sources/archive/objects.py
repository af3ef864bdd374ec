"""The archive in an object store (S3, Google Cloud Storage, Azure), where no disk is shared.

The only file that knows obstore, which is an extra. An object appears whole or not at all. A journal entry
is put only where nothing is yet (a conditional put), and so is the journal's identity: of two writers that
take one number, one takes the next, without a lock and without a rename.

    2026/07/14/<batch>.warc.gz   one batch of captures
    batches/<batch>              where a batch is, since searching the days would mean listing them all
    journal/…, unsettled/…       as in a folder (`pipeline/sources/archive/folder.py`)
"""

from __future__ import annotations

import contextlib
import io
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import obstore
from obstore import exceptions
from obstore.store import from_url

from pipeline.errors import ConfigError, NotFoundError, PermanentError, StoreError, UnavailableError
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

if TYPE_CHECKING:
    from obstore.store import ObjectStore, RetryConfig

_JOURNAL: Final = "journal/"
_IDENTITY: Final = "journal/identity"
_UNSETTLED: Final = "unsettled/"
# The driver's own tries, for answers such as "slow down"; a run that fails is tried again as a whole.
_RETRIES: Final[RetryConfig] = {"max_retries": 4, "retry_timeout": timedelta(seconds=30)}
# The longest pause between two tries, while waiting for a store that is away.
_PAUSE: Final = timedelta(seconds=5)
_REFUSED: Final = (
    exceptions.PermissionDeniedError,
    exceptions.UnauthenticatedError,
    exceptions.NotSupportedError,
)


def retries(patience_seconds: float) -> RetryConfig:
    """How the driver retries what found no answer: for this long, or, without patience, a few times."""
    if not patience_seconds:
        return _RETRIES
    most = timedelta(seconds=patience_seconds)
    # The time ends it, not the number.
    return {"max_retries": 10_000, "retry_timeout": most, "backoff": {"max_backoff": _PAUSE}}


class ObjectArchive:
    """Implements `pipeline.ports.Archive` in an object store.

    Args:
        url: `s3://bucket/prefix`, `gs://…`, `az://…`; credentials come from the environment variables of the
            provider's own tools (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, …).
        owner: Which process this is, for batches that it leaves behind.
        clock: Tells when a batch is written (UTC); without one its first capture does.
        patience_seconds: How long a store that does not answer is waited for, in each operation.

    Raises:
        ConfigError: The URL names no object store.
    """

    def __init__(
        self,
        url: str,
        owner: str = "",
        clock: Callable[[], datetime] | None = None,
        patience_seconds: float = 0.0,
    ) -> None:
        self._url = url.rstrip("/")
        self._owner, self._clock = owner, clock
        try:
            self._store: ObjectStore = from_url(self._url, retry_config=retries(patience_seconds))
        except (exceptions.BaseError, ValueError, TypeError) as error:
            raise ConfigError(f"WIREWATCH_ARCHIVE={self._url}: {_line(error)}") from None

    def write(self, batch: str, captures: Sequence[Capture], *, backfill: bool = False) -> str:
        """Keeps a batch, by the day of its first capture; the same batch of that day is replaced."""
        place, day = place_by_day(batch, captures[0] if captures else None)
        note = Unsettled(place, self._clock() if self._clock else day, self._owner, backfill)
        body = io.BytesIO()
        write_warc(body, captures)
        # Before the batch: a crash between the two leaves a note of nothing rather than a batch unnoticed.
        self._put(_note_path(place), note_bytes(note))
        self._put(place, body.getvalue())
        self._put(f"batches/{name_of(place)}", place.encode())
        return place

    def settle(self, places: Sequence[str]) -> None:
        """Forgets the notes of batches."""
        self._delete([_note_path(place) for place in places])

    def unsettled(self) -> list[Unsettled]:
        """The batches with a note, oldest first; of a damaged note the batch of its name, if it is there."""
        found = []
        for path in self._listed(_UNSETTLED):
            with contextlib.suppress(NotFoundError):
                name = path.removeprefix(_UNSETTLED).removesuffix(".json")
                note = note_or_batch(self._get(path), self.place_of(name))
                found += [note] if note else []
        return sorted(found, key=lambda each: (each.at, each.place))

    def place_of(self, batch: str) -> str:
        """Where a batch is, of whatever day; "" when it is not there."""
        with contextlib.suppress(NotFoundError, UnicodeDecodeError):
            place = self._get(f"batches/{batch_name(batch)}").decode("ascii")
            if PLACE.fullmatch(place) and self._is_there(place):
                return place
        return ""

    def read(self, place: str) -> Iterator[Capture]:
        """The captures of a batch, in the order written; each is checked.

        Raises:
            NotFoundError: The batch is not there, or not any more.
            PermanentError: It is damaged.
            UnavailableError: The object store does not answer.
        """
        if not PLACE.fullmatch(place):
            raise PermanentError(f"not a place in the archive: {place[:200]!r}")
        yield from read_warc(io.BytesIO(self._get(place)), self._named(place))

    def drop_before(self, time: datetime) -> int:
        """Retention: forgets the batches of days before `time`; the journal stays whole.

        Returns:
            How many batches went.
        """
        day = f"{time.astimezone(UTC):%Y/%m/%d}"
        old = [path for path in self._listed("") if PLACE.fullmatch(path) and path[:10] < day]
        self._delete(old)
        self._delete([f"batches/{name_of(path)}" for path in old])
        return len(old)

    @property
    def where(self) -> str:
        """The URL."""
        return self._url

    def append(self, entry: JournalEntry) -> int:
        """Appends to the journal and returns the entry's number; durable when it returns."""
        n = self.last() + 1
        while not self._create(_JOURNAL + entry_path(n), entry_bytes(replace(entry, n=n))):
            n += 1
        return n

    def identity(self, *, make: bool = False) -> str:
        """What the store knows this journal by; of several that give it a name, one wins."""
        if make:
            with contextlib.suppress(NotFoundError):
                return self._get(_IDENTITY).decode("ascii").strip()
            self._create(_IDENTITY, f"{uuid.uuid4().hex}\n".encode())
        try:
            return self._get(_IDENTITY).decode("ascii").strip()
        except NotFoundError:
            return ""

    def entries(self, after: int = 0) -> Iterator[JournalEntry]:
        """The entries with n > after, in order; one that cannot be read comes as "unreadable"."""
        return walk(after, self.last, self._read_entry)

    def _read_entry(self, n: int) -> tuple[str, bytes | None]:
        path = _JOURNAL + entry_path(n)
        try:
            return self._named(path), self._get(path)
        except NotFoundError:
            return self._named(path), None

    def last(self) -> int:
        """The number of the journal's last entry; 0 when it is empty."""
        with self._told_plainly(_JOURNAL):
            shelves = [
                each.rstrip("/").rpartition("/")[2]
                for each in obstore.list_with_delimiter(self._store, _JOURNAL)["common_prefixes"]
            ]
        for shelf in sorted((each for each in shelves if each.isdecimal()), reverse=True):
            names = [
                path.rpartition("/")[2].removesuffix(".json") for path in self._listed(f"{_JOURNAL}{shelf}/")
            ]
            numbers = [int(name) for name in names if name.isdecimal()]
            if numbers:
                return max(numbers)
        return 0

    # -- the object store --------------------------------------------------------------------------------

    def _get(self, path: str) -> bytes:
        with self._told_plainly(path):
            return bytes(obstore.get(self._store, path).bytes())

    def _put(self, path: str, body: bytes) -> None:
        with self._told_plainly(path):
            obstore.put(self._store, path, body)

    def _create(self, path: str, body: bytes) -> bool:
        """Puts an object where none is, and returns whether it did.

        A try whose answer was lost may have put it: an object with the same content is ours.
        """
        try:
            with self._told_plainly(path):
                obstore.put(self._store, path, body, mode="create", use_multipart=False)
        except FileExistsError:
            return self._get(path) == body
        return True

    def _is_there(self, path: str) -> bool:
        try:
            with self._told_plainly(path):
                obstore.head(self._store, path)
        except NotFoundError:
            return False
        return True

    def _delete(self, paths: Sequence[str]) -> None:
        for path in paths:
            with contextlib.suppress(NotFoundError), self._told_plainly(path):
                obstore.delete(self._store, path)

    def _listed(self, prefix: str) -> list[str]:
        with self._told_plainly(prefix):
            return [each["path"] for page in obstore.list(self._store, prefix or None) for each in page]

    def _named(self, path: str) -> str:
        return f"{self._url}/{path}"

    @contextlib.contextmanager
    def _told_plainly(self, path: str) -> Iterator[None]:
        try:
            yield
        except (exceptions.NotFoundError, FileNotFoundError):
            raise NotFoundError(f"{self._named(path)}: not there") from None
        except exceptions.AlreadyExistsError:
            raise FileExistsError(path) from None
        except _REFUSED as error:
            raise StoreError(
                f"{self._named(path)}: refused ({_line(error)}); the archive must be writable"
            ) from None
        except (exceptions.BaseError, OSError) as error:
            if isinstance(error, FileExistsError):
                raise
            raise UnavailableError(f"{self._named(path)}: {_line(error)}; wait, then run again") from None


def _note_path(place: str) -> str:
    return f"{_UNSETTLED}{name_of(place)}.json"


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
