"""Doing what the journal says: now, after a crash, and in a replay, by the same code."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from pipeline.app.wiring import Wiring
from pipeline.errors import NotFoundError
from pipeline.ports import Lease, Store
from pipeline.records import Correction, JournalEntry
from pipeline.stages.alerting.alert import Alerting
from pipeline.stages.grouping.group import GroupCounts, Grouping
from pipeline.stages.grouping.repair import RepairCounts, Repairing
from pipeline.stages.grouping.state import Clustering
from pipeline.stages.intake.prepare import PreparedBatch, merged

log = logging.getLogger("wirewatch.app")

MARK = "journal"


@dataclass(slots=True)
class Writer:
    """Writes stories into one store, entry by entry of the journal; holds the lease "stories".

    Attributes:
        wiring: The parts.
        store: Where to.
        renew: Renews the lease.
        clustering: Kept between batches, made anew after a repair or correction.
        missing: How many batches were left out because the archive does not have them any more.
    """

    wiring: Wiring
    store: Store
    renew: Callable[[], Lease]
    clustering: Clustering | None = None
    missing: int = 0

    def apply(self, entry: JournalEntry, batch: PreparedBatch | None = None) -> GroupCounts | RepairCounts:
        """Does one entry; doing it again changes nothing.

        Args:
            entry: As it is in the journal.
            batch: What its captures were made into, if that is known; else it is made again.
        """
        marks = {MARK: str(entry.n)}
        if entry.kind == "batch":
            return self._grouping().run(batch or self._prepared(entry), marks, entry.at)
        # So that what follows cannot change what the watches would have told.
        self.decide_alerts(entry.at)
        repairing = Repairing(self.store, self.wiring.scorer, self._fresh_clustering(), self.renew)
        self.clustering = None
        if entry.kind == "repair":
            return repairing.run(entry.at, timedelta(days=float(entry.data["days"])), marks)
        return repairing.correct(correction_from(entry), marks)

    def ready(self) -> Self:
        """Makes sure of everything that carrying out an entry asks of the configuration.

        To be called before an entry is written: what is in the journal must be carried out by whoever comes
        next, so what cannot be must not be there.

        Raises:
            ConfigError: A file that is needed is wrong.
        """
        wiring = self.wiring
        _ = wiring.scorer, wiring.window, wiring.vector_center, wiring.watches
        return self

    def _grouping(self) -> Grouping:
        if self.clustering is None:
            self.clustering = self._fresh_clustering()
        return Grouping(self.store, self.wiring.embedder, self.clustering, self.renew)

    def _fresh_clustering(self) -> Clustering:
        wiring = self.wiring
        return Clustering(self.store, wiring.scorer, wiring.window, wiring.vector_center)

    def _prepared(self, entry: JournalEntry) -> PreparedBatch:
        """The batch of an entry, made from its captures."""
        wiring = self.wiring
        parts: list[PreparedBatch] = []
        for place in entry.data["places"]:
            try:
                parts.append(wiring.intake.prepare(wiring.archive.read(place), self.store, place))
            except NotFoundError as error:
                self.missing += 1
                log.warning("journal entry %d goes on without a batch: %s", entry.n, error)
        batch = merged(parts)
        return PreparedBatch(
            batch.places, batch.articles, batch.rejections, (), batch.known, bool(entry.data["backfill"])
        )

    def decide_alerts(self, at: datetime, *, silent: bool = False) -> None:
        """Matches every watch up to the head; `silent` records alerts and sends nothing."""
        with self.wiring.lease("alerts", self.store) as renew:
            Alerting(self.store, self.wiring.watches).decide(at, silent=silent, renew=renew)


@contextmanager
def writing(wiring: Wiring, store: Store | None = None) -> Iterator[Writer]:
    """Takes the lease "stories", and first completes what another writer began and did not finish."""
    target = store or wiring.store
    with wiring.lease("stories", target) as renew:
        writer = Writer(wiring, target, renew)
        if store is None:
            for entry in wiring.archive.entries(int(target.mark(MARK) or 0)):
                if entry.kind != "alert":
                    writer.apply(entry)
        yield writer


def correction_entry(correction: Correction) -> Mapping[str, Any]:
    """A correction as the journal keeps it."""
    return {
        "id": correction.id,
        "kind": correction.kind,
        "groups": [list(group) for group in correction.groups],
        "note": correction.note,
    }


def correction_from(entry: JournalEntry) -> Correction:
    """The inverse of `correction_entry`."""
    data = entry.data
    groups = tuple(tuple(group) for group in data["groups"])
    return Correction(data["id"], data["kind"], groups, entry.at, data["note"])
