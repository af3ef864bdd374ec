"""Taking articles in: captures to the archive, a batch to the journal, then to the store."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pipeline.addresses import shown
from pipeline.app.journal import Warm, left_behind, writing
from pipeline.app.wiring import Progress, Stages, Wiring, no_stages, quiet
from pipeline.errors import PermanentError, UsageError
from pipeline.normalize.identity.keys import former_key
from pipeline.ports import Commit, FeedSource, RejectionFilter
from pipeline.records import Capture, JournalEntry, Rejection, content_id
from pipeline.sources.feeds.poll_rules import current, due, groups
from pipeline.sources.files import find_files, read_file
from pipeline.stages.intake.poll import Polls, poll
from pipeline.stages.intake.prepare import Begun, PreparedBatch

# A task that only polls does without the rest: loading it would take longer than its work.
if TYPE_CHECKING:
    from pipeline.stages.alerting.alert import AlertReport
    from pipeline.stages.grouping.group import GroupCounts

# A batch of loaded files: bounded in items and size, so that memory stays flat over any number of either.
BATCH_ITEMS = 500
BATCH_BYTES = 32 * 1024 * 1024
# Feeds polled before what they sent is grouped and their states are saved.
FEEDS_A_BATCH = 200


def _no_counts() -> GroupCounts:
    from pipeline.stages.grouping.group import GroupCounts

    return GroupCounts()


@dataclass(slots=True)
class IngestReport:
    """What a run took in, and what it told of; `seen` sums new, updated, duplicate and quarantined."""

    counts: GroupCounts = field(default_factory=_no_counts)
    seconds: float = 0.0
    feeds: list[dict[str, Any]] | None = None
    alerts: AlertReport | None = None

    def as_json(self) -> dict[str, Any]:
        """As the command line answers."""
        counts = self.counts
        shape: dict[str, Any] = {
            "seen": counts.new + counts.updated + counts.duplicate + counts.quarantined,
            "new": counts.new,
            "updated": counts.updated,
            "duplicate": counts.duplicate,
            "quarantined": counts.quarantined,
            "recognised": counts.recognised,
            "stories_new": len(counts.founded),
            "stories_grown": len(counts.grown - counts.founded),
            "seconds": round(self.seconds, 3),
        }
        if self.feeds is not None:
            shape["feeds"] = self.feeds
        if self.alerts is not None:
            shape["alerts"] = len(self.alerts.alerts)
        return shape


class Ingest:
    """Taking articles in, stage by stage.

    Args:
        wiring: The parts.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._warm: Warm | None = None

    def load(self, paths: Sequence[str], *, alert: bool = False, stages: Stages = no_stages) -> IngestReport:
        """Takes files through every stage, and with `alert` alerts on them at once; see `read_in`."""
        outcome = self.read_in(paths, may_alert=alert, stages=stages)
        if alert:
            from pipeline.app.watches import Watches

            outcome.alerts = Watches(self._wiring).alert()
        return outcome

    def read_in(
        self, paths: Sequence[str], *, may_alert: bool = False, stages: Stages = no_stages
    ) -> IngestReport:
        """Takes files in, a bounded batch at a time.

        Args:
            paths: Files, folders, globs.
            may_alert: Whether the next alert run tells of them.
            stages: Told of each stage of each batch as it begins.

        Raises:
            UsageError: A path does not exist, or a folder holds nothing that can be read.
        """
        started = time.monotonic()
        outcome = IngestReport()
        _ = self._wiring.settings  # a configuration that cannot be read is told before anything is archived
        waiting: PreparedBatch | None = None
        for captures, refused in self._file_batches(paths):
            begun = self._begun(captures, stages, backfill=not may_alert)
            # What an earlier load left behind comes among these batches, in its place.
            if waiting is not None:
                self._grouped(waiting, stages, outcome)
            batch = begun()
            waiting = replace(batch, rejections=(*refused, *batch.rejections), backfill=not may_alert)
            # Where others can prepare the next one meanwhile, it is grouped once they are at it.
            if not self._wiring.workers.away():
                self._grouped(waiting, stages, outcome)
                waiting = None
        if waiting is not None:
            self._grouped(waiting, stages, outcome)
        if left_behind(self._wiring):
            with writing(self._wiring):
                pass
        outcome.seconds = time.monotonic() - started
        return outcome

    def _grouped(self, batch: PreparedBatch, stages: Stages, outcome: IngestReport) -> None:
        """Takes a batch in."""
        progress = stages("Finding their stories", len(batch.articles))
        outcome.counts.add(self.take(batch, recover=False))
        progress(len(batch.articles))

    def _begun(
        self, captures: Sequence[Capture], stages: Stages, *, backfill: bool
    ) -> Callable[[], PreparedBatch]:
        """Archives loaded captures and begins to prepare them; what is called then does the rest.

        What an earlier load archived is not written again. So a load that was cut short passes over what it
        has done, and what it had archived and not yet taken in keeps the time at which it was first read: a
        replay finds that time.
        """
        if not captures:
            return PreparedBatch
        self._wiring.belongs()
        reading = partial(stages, "Reading articles", sum(map(_items, captures)))
        name = content_id(*(capture.id for capture in captures))
        place = self._wiring.archive.place_of(name)
        if place:
            return lambda: self._once_more(captures, name, place, reading(), backfill)
        begun = self._written(captures, name, backfill)
        return lambda: begun.finish(reading())

    def _once_more(
        self, captures: Sequence[Capture], name: str, place: str, progress: Progress, backfill: bool
    ) -> PreparedBatch:
        """Prepares captures that were loaded before."""
        archive = self._wiring.archive
        with contextlib.suppress(PermanentError):  # damaged: the files are at hand, it is written anew
            kept = list(archive.read(place))
            batch = self._wiring.intake.prepare(kept, self._wiring.store, place, progress)
            replaced = [former_key(key) for each in batch.articles for key in each.article.keys]
            unsettled = {each.place for each in archive.unsettled()}
            if place in unsettled or not self._wiring.store.find(replaced):
                return batch
            # It was taken in and replaced since, and comes again: an edit is taken back, now.
            name = content_id(name, captures[0].fetched.isoformat())
        return self._written(captures, name, backfill).finish(progress)

    def _written(self, captures: Sequence[Capture], name: str, backfill: bool) -> Begun:
        place = self._wiring.archive.write(name, captures, backfill=backfill)
        return self._wiring.intake.begin(captures, self._wiring.store, place)

    def _file_batches(self, paths: Sequence[str]) -> Iterator[tuple[list[Capture], list[Rejection]]]:
        captures: list[Capture] = []
        refused: list[Rejection] = []
        size = items = 0
        for path in find_files(paths):
            for found in read_file(path, self._wiring.clock()):
                if isinstance(found, Rejection):
                    refused.append(found)
                    continue
                captures.append(found)
                size += len(found.body)
                items += _items(found)
                if items >= BATCH_ITEMS or size >= BATCH_BYTES:
                    yield captures, refused
                    captures, refused, size, items = [], [], 0, 0
        if captures or refused:
            yield captures, refused

    def take(self, batch: PreparedBatch, *, recover: bool = True) -> GroupCounts:
        """Journals a batch and groups it; first, with `recover`, what was left behind in the archive."""
        healed = self._healed(batch)
        data = {"places": list(batch.places), "backfill": batch.backfill}
        # Given back only when the batch is in: after a failure the store alone says what is true.
        warm, self._warm = self._warm, None
        with writing(self._wiring, own=batch.places, recover=recover, warm=warm) as writer:
            if healed:
                writer.store.commit(Commit(released=healed), writer.renew())
            counts = writer.take(JournalEntry("batch", self._wiring.clock(), data=data), batch)
            self._warm = writer.warm()
            return counts

    def _healed(self, batch: PreparedBatch) -> tuple[str, ...]:
        """Quarantine entries of feeds that failed at the poll before and work again."""
        if not any(state.failures == 0 for state in batch.feeds):
            return ()
        before = self._wiring.store.feeds(light=True)
        well = {
            s.feed for s in batch.feeds if not s.failures and s.feed in before and before[s.feed].failures
        }
        if not well:
            return ()
        urls = {shown(f.url, f.secrets) for f in self._wiring.settings.feeds if f.id in well}
        urls |= {before[feed].url for feed in well} - {""}
        entries = [e for url in sorted(urls) for e in self._wiring.store.rejections(RejectionFilter(url))]
        return tuple(e.id for e in entries if e.stage in {"fetch", "parse"})

    def chosen_feeds(self, ids: Sequence[str], *, every: bool) -> list[FeedSource]:
        """The feeds to poll: those named, or all that are enabled, or those of them that are due.

        Raises:
            UsageError: No feed has this id.
        """
        feeds = {feed.id: feed for feed in self._wiring.settings.feeds}
        if ids:
            unknown = [name for name in ids if name not in feeds]
            if unknown:
                raise UsageError(f"feed {unknown[0]}: no feed has this id; `wirewatch feeds list` lists them")
            return [feeds[name] for name in ids]
        if every:
            return [feed for feed in feeds.values() if feed.enabled]
        states = self._wiring.store.feeds(light=True)
        return [feed for feed, _ in due(self._wiring.settings.feeds, states, self._wiring.clock())]

    def polled(self, feeds: Sequence[FeedSource], progress: Progress = quiet) -> Polls:
        """Polls feeds and archives what they sent; their states are not saved yet.

        Raises:
            StoreError: The store follows another home's journal.
        """
        self._wiring.belongs()
        states = self._wiring.store.feeds()
        pairs = [(feed, current(feed, states.get(feed.id))) for feed in feeds]
        return poll(self._wiring.fetcher, self._wiring.archive, pairs, self._wiring.clock(), progress)

    def enriched(self, polls: Polls, progress: Progress = quiet) -> PreparedBatch:
        """Polled items as a batch, with the states of their feeds."""
        store, place = self._wiring.store, polls.place
        batch = self._wiring.intake.prepare_items(polls.items, polls.rejections, store, place, progress)
        return replace(batch, feeds=polls.states)

    def fetch(self, feeds: Sequence[str], *, every: bool = False, stages: Stages = no_stages) -> IngestReport:
        """Polls feeds through every stage.

        Args:
            feeds: Ids to poll, due or not; none polls those that are due.
            every: Poll all of them, due or not.
            stages: Told of each stage as it begins.

        Raises:
            UsageError: No feed has this id.
        """
        started = time.monotonic()
        lines: list[dict[str, Any]] = []
        outcome = IngestReport(feeds=lines)
        for group in groups(self.chosen_feeds(feeds, every=every), FEEDS_A_BATCH):
            polls = self.polled(group, stages("Asking feeds", len(group)))
            batch = self.enriched(polls, stages("Reading articles", len(polls.items) + len(polls.rejections)))
            grouped = stages("Finding their stories", len(batch.articles))
            outcome.counts.add(self.take(batch))
            grouped(len(batch.articles))
            lines += [
                {"id": s.feed, "status": s.status, "entries": polls.entries(s.feed), "error": s.error or None}
                for s in polls.states
            ]
        outcome.seconds = time.monotonic() - started
        return outcome


def _items(capture: Capture) -> int:
    """About how many articles it holds."""
    return capture.body.count(b"\n") + 1 if capture.payload == "jsonl" else 1
