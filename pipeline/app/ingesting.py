"""Taking articles in: the journal before the store, so that a replay goes the same way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pipeline.app.wiring import Wiring
from pipeline.errors import RejectedError, UsageError
from pipeline.ports import FeedSource, Fetched, Lease, Store
from pipeline.records import Capture, FeedState, JournalEntry, Rejection, content_id
from pipeline.sources.fetcher import HttpFetcher
from pipeline.sources.files import capture_file, find_files
from pipeline.sources.poll import due, groups
from pipeline.stages.batches import BatchFile, read_batch, write_batch
from pipeline.stages.grouping import Counts
from pipeline.stages.intake import Batch, merged
from pipeline.stages.redoing import Redo

# A batch of loaded files: bounded in number and size so that memory stays flat over any number of files.
BATCH_FILES = 500
BATCH_BYTES = 32 * 1024 * 1024
JOURNAL_MARK = "journal"

Progress = Callable[[int], None]


@dataclass(slots=True)
class Outcome:
    """What a run took in; `seen` is the sum of new, updated, duplicate and quarantined."""

    counts: Counts = field(default_factory=Counts)
    seconds: float = 0.0
    feeds: list[dict[str, Any]] | None = None

    def as_json(self) -> dict[str, Any]:
        """As the command line answers."""
        counts = self.counts
        shape: dict[str, Any] = {
            "seen": counts.new + counts.updated + counts.duplicate + counts.quarantined,
            "new": counts.new,
            "updated": counts.updated,
            "duplicate": counts.duplicate,
            "quarantined": counts.quarantined,
            "stories_new": len(counts.founded),
            "stories_grown": len(counts.grown - counts.founded),
            "seconds": round(self.seconds, 3),
        }
        if self.feeds is not None:
            shape["feeds"] = self.feeds
        return shape


def _quiet(_: int) -> None:
    """No progress bar."""
