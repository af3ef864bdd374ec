"""The errors of Wirewatch: a thing is worth trying again, or it is not.

The tree:

    WirewatchError
    ├── TransientError          try again later; carries `retry_after_seconds` where the far side said so
    │   ├── UnavailableError    a server, a disk or a network did not answer
    │   └── LeaseHeldError      another writer holds the lease
    └── PermanentError          trying again changes nothing
        ├── ConfigError         a file the user edits is wrong: names file, line and key (exit 2)
        ├── UsageError          an argument is wrong (exit 2)
        ├── QueryError          a Lucene query is wrong: names the column
        ├── RejectedError       an item cannot become an article: goes to quarantine with the reason
        │   └── EmptyFeedError  a feed has no entries just now, which is no fault of a polled one
        ├── NotFoundError       an id that is not in the store, a batch that is not in the archive
        ├── ContradictionError  a correction that contradicts an earlier one
        └── StoreError          the store refuses: an unknown schema, a missing right, a bad document

A lease, or a store that does not answer, is waited for in one place (`pipeline.app.wiring`). Feeds and
messages are tried again at their next time. Everything below raises.
"""

from __future__ import annotations

from datetime import datetime


class WirewatchError(Exception):
    """Anything Wirewatch raises on purpose. Its text is one line a user can act on."""


class TransientError(WirewatchError):
    """Worth trying again.

    Args:
        message: What happened, where, and what to do, in one line.
        retry_after_seconds: How long the far side asked to wait, if it did.
    """

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class UnavailableError(TransientError):
    """A server, disk or network did not answer."""


class LeaseHeldError(TransientError):
    """Another process is the writer just now.

    Args:
        message: What happened, where, and what to do, in one line.
        retry_after_seconds: How long until the lease expires, where known.
        owner: Who holds it, or "".
        until: When it ends, by the owner's clock.
    """

    def __init__(
        self,
        message: str,
        retry_after_seconds: float | None = None,
        owner: str = "",
        until: datetime | None = None,
    ) -> None:
        super().__init__(message, retry_after_seconds)
        self.owner, self.until = owner, until


class PermanentError(WirewatchError):
    """Trying again changes nothing."""


class ConfigError(PermanentError):
    """A configuration file is wrong.

    Args:
        message: What is wrong and what would be right.
        file: The file's path, as the user gave it.
        line: Its line, counted from 1, where known.
        key: The dotted key, where known.
    """

    def __init__(self, message: str, file: str = "", line: int | None = None, key: str = "") -> None:
        where = ":".join(part for part in (file, str(line) if line else "") if part)
        super().__init__(": ".join(part for part in (where, key, message) if part))
        self.file, self.line, self.key = file, line, key


class UsageError(PermanentError):
    """An argument on the command line is wrong."""


class QueryError(PermanentError):
    """A query cannot be parsed, or names a field that does not exist."""


class RejectedError(PermanentError):
    """An item cannot become an article; its text is the reason kept in quarantine."""


class EmptyFeedError(RejectedError):
    """A feed is whole and has no entries."""


class NotFoundError(PermanentError):
    """Nothing in the store has this id, or the archive has no such batch."""


class ContradictionError(PermanentError):
    """A correction contradicts one that a person made before.

    Args:
        message: What contradicts what, and what takes it back, in one line.
        against: The ids of the corrections that it speaks of, where known.
    """

    def __init__(self, message: str, against: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.against = against


class StoreError(PermanentError):
    """The store refuses: an unknown schema, a missing right, or a document it cannot take."""
