"""Doing what the journal says: now, after a crash, and in a replay, by the same code."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pipeline.app.wiring import JOURNAL, LEASE_SECONDS, Wiring
from pipeline.errors import (
    ConfigError,
    NotFoundError,
    PermanentError,
    QueryError,
    StoreError,
)
from pipeline.ports import Commit, Lease, Store
from pipeline.processes import died_here
from pipeline.records import Capture, Correction, JournalEntry, Rejection, Request, Unsettled, content_id
from pipeline.stories.placing.corrections import Constraints, named, said_after, said_already

if TYPE_CHECKING:
    from pipeline.stages.grouping.checkpoint import Checkpoints
    from pipeline.stages.grouping.group import GroupCounts, Grouping
    from pipeline.stages.grouping.repair import RepairCounts
    from pipeline.stages.grouping.state import Clustering
    from pipeline.stages.grouping.telling_apart import TellingApart
    from pipeline.stages.intake.prepare import PreparedBatch
    from pipeline.stories.features.statistics import StreamStatistics

log = logging.getLogger("wirewatch.app")

Counted = TypeVar("Counted")

# An archived batch that nobody has settled for so long was left behind, whoever wrote it.
LEFT_BEHIND = timedelta(hours=1)
# Not the entry's fault: whoever mends the file or the store goes on from there.
OF_THE_HOUSE = (ConfigError, StoreError, QueryError)


@dataclass(slots=True)
class Warm:
    """What a writer worked out from its store, for the next batch of the same process.

    Attributes:
        store: Whose state it is.
        token: Of the lease under which it was true. The next holder has the next token: who comes with that
            one knows that nobody wrote in between.
        clustering: The stories that new articles may join.
        learned: What the stream has taught.
    """

    store: Store
    token: int
    clustering: Clustering
    learned: StreamStatistics


@dataclass(slots=True)
class Writer:
    """Writes stories into one store, entry by entry of the journal; holds the lease "stories".

    Attributes:
        wiring: The parts.
        store: Where to.
        renew: Renews the lease.
        clustering: Kept between batches, made anew after a repair or correction.
        learned: What the stream has taught, kept between batches; a repair or correction teaches nothing.
        missing: How many batches were left out because the archive does not have them any more.
        damaged: What of the archive could not be read, one line each.
        strict: Whether damage stops it.
        renewed: When the lease was last renewed within a step, by the monotonic clock in seconds.
        token: Of the lease.
    """

    wiring: Wiring
    store: Store
    renew: Callable[[], Lease]
    clustering: Clustering | None = None
    learned: StreamStatistics | None = None
    missing: int = 0
    damaged: list[str] = field(default_factory=list)
    strict: bool = False
    renewed: float = field(default_factory=time.monotonic)
    token: int = 0

    def apply(self, entry: JournalEntry) -> GroupCounts:
        """Does one entry as it is in the journal; doing it again changes nothing.

        Returns:
            What became of a batch; nothing of other entries.

        Raises:
            PermanentError: It cannot be carried out, by what is in it.
        """
        from pipeline.stages.grouping.group import GroupCounts

        try:
            if entry.kind == "batch":
                return self.group(entry)
            if entry.kind in ("repair", "correction"):
                self.mend(entry)
            elif entry.kind == "unreadable":
                raise PermanentError(str(entry.data["reason"]))
        except (KeyError, TypeError, ValueError) as error:
            raise PermanentError(f"a damaged journal entry ({type(error).__name__}: {error})") from error
        return GroupCounts()

    def group(self, entry: JournalEntry, batch: PreparedBatch | None = None) -> GroupCounts:
        """Takes in a batch.

        Args:
            entry: Its entry.
            batch: What its captures were made into, if that is known; else it is made again.
        """
        prepared = batch or self._prepared(entry)
        return self._past_damage(lambda: self._grouping().run(prepared, _marks(entry), entry.at))

    def mend(self, entry: JournalEntry) -> RepairCounts:
        """Carries out a repair or a correction."""
        # So that what follows cannot change what the watches would have told.
        self.decide_alerts(entry.at)
        self.clustering = None
        return self._past_damage(lambda: self._mended(entry))

    def _past_damage(self, work: Callable[[], Counted]) -> Counted:
        """Does what reads the checkpoint; where that turns out damaged, once more without it."""
        from pipeline.stages.grouping.index_files import DamagedIndexError

        try:
            return work()
        except DamagedIndexError as error:
            log.warning("the clustering state is made anew: %s", error)
            self._forget_checkpoint()
            self.clustering = self.learned = None
            return work()

    def _mended(self, entry: JournalEntry) -> RepairCounts:
        from pipeline.stages.grouping.repair import RepairCounts, Repairing
        from pipeline.stages.grouping.telling_apart import is_about_identity

        clustering = self._fresh_clustering(kept=True)
        repairing = Repairing(self.store, self.wiring.scorer, clustering, self.renew)
        if entry.kind == "repair":
            return repairing.run(entry.at, timedelta(days=float(entry.data["days"])), _marks(entry))
        correction = correction_from(entry)
        if is_about_identity(correction, self.store.corrections()):
            self.learned = None
            commit = self._identified(correction)
            remain = self._checkpoints().retiring(commit.retired) if commit.retired else None
            self.store.commit(replace(commit, marks=_marks(entry)), self.renew())
            if remain is not None:
                remain()
            return RepairCounts()
        return repairing.correct(correction, _marks(entry))

    def _identified(self, correction: Correction) -> Commit:
        """What changes where a person says which forms are one article."""
        return telling_apart(self.wiring, self.store, self._fresh_clustering()).worked_out(correction)

    def say(self, correction: Correction) -> str:
        """Journals a person's word and carries it out; what holds already is not said twice.

        Returns:
            The id under which it was said; "" where it holds already.

        Raises:
            ContradictionError: What a person said before and did not take back contradicts it.
            PermanentError: It cannot be carried out, and is set aside.
        """
        from pipeline.stages.grouping.telling_apart import is_about_identity

        known = self.store.corrections()
        if said_already(known, correction):
            return ""
        correction = said_after(known, correction)
        # Refused before it is journalled: a contradiction must not come back at every replay.
        Constraints([*known, correction])
        if is_about_identity(correction, known):
            self._identified(correction)
        entry = JournalEntry("correction", correction.at, data=correction_entry(correction))
        entry = replace(entry, n=self.wiring.archive.append(entry))
        try:
            self.mend(entry)
        except PermanentError as error:
            if not isinstance(error, OF_THE_HOUSE):
                self.set_aside(entry, str(error))
            raise
        return correction.id

    def carry_out_requests(self) -> None:
        """Says what persons asked for and did not wait for; what cannot be done is refused, with the reason.

        Whoever dies in the midst of one leaves it open: the next does it again, and what was said already is
        not said twice.
        """
        waiting = [each for each in self.store.requests(unfinished=True) if each.kind != "retry"]
        if waiting:
            try:
                self.ready()
            except ConfigError as error:
                log.warning("%d requests wait: %s", len(waiting), error)
                return
        for request in waiting:
            self._keep_request(replace(request, state="working"))
            self._keep_request(self._carried_out(request))

    def _keep_request(self, request: Request) -> None:
        self.store.commit(Commit(requests=(request,)), self.renew())

    def _carried_out(self, request: Request) -> Request:
        known = self.store.corrections()
        open_ones = [each for each in request.corrections if not said_already(known, each)]
        if len(open_ones) == len(request.corrections) and not self._as_looked_at(request):
            return replace(request, state="stale")
        said: list[str] = []
        try:
            for each in open_ones:
                said += [self.say(named(replace(each, at=self.wiring.clock())))]
        except PermanentError as error:
            if isinstance(error, OF_THE_HOUSE):
                raise
            return replace(request, state="refused", result=str(error), said=tuple(said))
        names = {a for each in request.corrections for group in each.groups for a in group}
        into = sorted({stored.story for stored in self.store.articles(sorted(names)).values()})
        return replace(request, state="done", into=tuple(into), said=tuple(said))

    def _as_looked_at(self, request: Request) -> bool:
        """Whether the stories of a request are as the person saw them."""
        seen = dict(each.rpartition(":")[::2] for each in request.stories)
        now = self.store.stories(sorted(seen))
        return {name: str(story.version) for name, story in now.items()} == seen

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

    def catch_up(self) -> None:
        """Completes what other writers began and did not finish; what cannot be completed is set aside."""
        for entry in self.wiring.archive.entries(int(self.store.mark(JOURNAL) or 0)):
            try:
                self.apply(entry)
            except PermanentError as error:
                if isinstance(error, OF_THE_HOUSE):
                    raise
                self.set_aside(entry, str(error))

    def set_aside(self, entry: JournalEntry, reason: str) -> None:
        """Goes on without an entry: it is kept in quarantine with the reason, and told by the doctor."""
        log.warning("journal entry %d is set aside: %s", entry.n, reason)
        name = content_id("journal", str(entry.n), reason)
        kept = Rejection(name, f"journal entry {entry.n}", "journal", reason, self.wiring.clock())
        self.store.commit(Commit(rejections=(kept,), marks=_marks(entry)), self.renew())
        # What it had done before it failed is in the state and not in the store.
        self.clustering = self.learned = None

    def take_left_behind(self, but: Collection[str]) -> None:
        """Takes in the batches that were archived, and then the store or the process failed.

        Args:
            but: Places that somebody is about to take in.
        """
        now = self.wiring.clock()
        for left in left_behind(self.wiring):
            if left.place in but:
                continue
            entry = JournalEntry("batch", now, data={"places": [left.place], "backfill": left.backfill})
            batch = self._prepared(entry)
            if batch.articles:
                log.warning("%s was archived and not taken in; it is taken in now", left.place)
            self.take(entry, batch)

    def take(self, entry: JournalEntry, batch: PreparedBatch) -> GroupCounts:
        """Journals a batch and groups it; one without anything new only saves its feed states."""
        from pipeline.stages.grouping.group import GroupCounts

        archive = self.wiring.archive
        if batch.articles:
            self.ready()
            entry = replace(entry, n=archive.append(entry))
            counts = self.group(entry, batch)
        else:
            commit = Commit(rejections=batch.rejections, feeds=batch.feeds)
            self.store.commit(commit, self.renew())
            counts = GroupCounts(quarantined=len(batch.rejections), duplicate=sum(batch.known.values()))
        archive.settle(batch.places)
        return counts

    def _grouping(self) -> Grouping:
        from pipeline.stages.grouping.group import Grouping
        from pipeline.stories.features.statistics import StreamStatistics

        if self.clustering is None:
            self.clustering = self._fresh_clustering(kept=True)
        if self.learned is None:
            self.learned = StreamStatistics.load(self.store.learned)
        return Grouping(self.store, self.wiring.embedder, self.clustering, self.renew, self.learned)

    def _fresh_clustering(self, *, kept: bool = False) -> Clustering:
        """The clustering state, not covering anything yet; `kept` where it may come from a checkpoint."""
        from pipeline.stages.grouping.state import Clustering

        wiring = self.wiring
        # A checkpoint is of the home's own store.
        checkpoints = self._checkpoints() if kept and self.store is wiring.store else None
        return Clustering(self.store, wiring.scorer, wiring.window, wiring.vector_center, checkpoints)

    def _checkpoints(self) -> Checkpoints:
        from pipeline.stages.grouping.checkpoint import Checkpoints

        wiring = self.wiring
        folder = wiring.home / "cache" / "clustering"
        return Checkpoints(folder, self.store, self.renew, wiring.window, wiring.vector_center)

    def _forget_checkpoint(self) -> None:
        """So that one that was found damaged is not opened again."""
        from pipeline.stages.grouping.checkpoint import MARK

        if self.store.mark(MARK):
            self.store.commit(Commit(marks={MARK: ""}), self.renew())

    def drop_before(self, time: datetime) -> int:
        """Forgets the articles before a time; returns how many."""
        remain = self._checkpoints().dropping(time)
        dropped = self.store.drop_before(time, self.renew())
        remain()
        return dropped

    def go_on_from(self, warm: Warm | None) -> None:
        """Takes over the state of the batch before, if nobody else wrote since."""
        self.token = self.renew().token
        if warm is not None and warm.store is self.store and self.token == warm.token + 1:
            self.clustering, self.learned = warm.clustering, warm.learned

    def warm(self) -> Warm | None:
        """What the next batch of this process may go on from, once this one is in."""
        if self.clustering is None or self.learned is None:
            return None
        return Warm(self.store, self.token, self.clustering, self.learned)

    def keep(self, _: int = 0) -> None:
        """Renews the lease in the midst of a long step, once a third of it has gone by."""
        if time.monotonic() - self.renewed > LEASE_SECONDS / 3:
            self.renew()
            self.renewed = time.monotonic()

    def _prepared(self, entry: JournalEntry) -> PreparedBatch:
        """The batch of an entry, made from its captures as far as they can be read."""
        from pipeline.stages.intake.prepare import PreparedBatch, merged

        parts: list[PreparedBatch] = []
        for place in entry.data["places"]:
            captures, refused = self._readable(place, entry)
            part = self.wiring.intake.prepare(captures, self.store, place, self.keep)
            parts.append(replace(part, rejections=(*part.rejections, *refused)))
        batch = merged(parts)
        return PreparedBatch(
            batch.places, batch.articles, batch.rejections, (), batch.known, bool(entry.data["backfill"])
        )

    def _readable(self, place: str, entry: JournalEntry) -> tuple[list[Capture], list[Rejection]]:
        """The captures of a batch up to where it is damaged, and the quarantine entry that says so."""
        captures: list[Capture] = []
        try:
            captures.extend(self.wiring.archive.read(place))  # keeps what came before the damage
        except NotFoundError as error:
            self.missing += 1
            log.warning("journal entry %d goes on without a batch: %s", entry.n, error)
        except PermanentError as error:
            if self.strict or isinstance(error, OF_THE_HOUSE):
                raise
            self.damaged.append(str(error))
            log.warning("journal entry %d goes on with what can be read: %s", entry.n, error)
            name = content_id("archive", place, str(error))
            return captures, [Rejection(name, place, "journal", str(error), entry.at)]
        return captures, []

    def decide_alerts(self, at: datetime, *, silent: bool = False) -> None:
        """Matches every watch up to the head; `silent` records alerts and sends nothing."""
        from pipeline.stages.alerting.alert import Alerting

        with self.wiring.lease("alerts", self.store) as renew:
            found = self.wiring.watch_list
            Alerting(self.store, found.watches, file=found).decide(at, silent=silent, renew=renew)


def telling_apart(wiring: Wiring, store: Store, clustering: Clustering) -> TellingApart:
    """What carries out a person's word on which forms are one article."""
    from pipeline.stages.grouping.telling_apart import Remaking, TellingApart

    entries = wiring.settings.fetch.max_entries
    return TellingApart(store, clustering, Remaking(wiring.archive, wiring.workers, wiring.embedder, entries))


def left_behind(wiring: Wiring) -> list[Unsettled]:
    """The batches that were archived and that nobody will take in unless somebody else does."""
    now = wiring.clock()
    return [
        each
        for each in wiring.archive.unsettled()
        # Long ago, or long to come: another machine's clock may be ahead.
        if abs(now - each.at) > LEFT_BEHIND or died_here(each.owner)
    ]


def _marks(entry: JournalEntry) -> dict[str, str]:
    return {JOURNAL: str(entry.n)}


@contextmanager
def writing(
    wiring: Wiring,
    store: Store | None = None,
    own: Collection[str] = (),
    *,
    recover: bool = True,
    warm: Warm | None = None,
) -> Iterator[Writer]:
    """Takes the lease "stories", and first completes what other writers began and did not finish.

    Args:
        wiring: The parts.
        store: Another store than the wiring's, as a replay fills it: there nothing is completed.
        own: Places in the archive that the caller is about to take in.
        recover: Whether to take in what else was left behind in the archive.
        warm: What the writer of the batch before left.

    Raises:
        StoreError: The store follows another home's journal.
    """
    target = store or wiring.store
    wiring.belongs(target)
    with wiring.lease("stories", target) as renew:
        wiring.follow(target, renew())
        writer = Writer(wiring, target, renew)
        writer.go_on_from(warm)
        if store is None:
            writer.catch_up()
            writer.carry_out_requests()
            if recover:
                writer.take_left_behind(frozenset(own))
        yield writer


def correction_entry(correction: Correction) -> Mapping[str, Any]:
    """A correction as the journal keeps it."""
    return {
        "id": correction.id,
        "kind": correction.kind,
        "groups": [list(group) for group in correction.groups],
        "note": correction.note,
        "of": correction.of,
        "who": correction.who,
    }


def correction_from(entry: JournalEntry) -> Correction:
    """The inverse of `correction_entry`."""
    data = entry.data
    groups = tuple(tuple(group) for group in data["groups"])
    # Entries of before there was an undo have neither.
    of, who = data.get("of", ""), data.get("who", "")
    return Correction(data["id"], data["kind"], groups, entry.at, data["note"], of, who)
