"""What changed → alerts → messages in the outbox: load, decide, save, in the order of changes.

Each watch has its mark: up to which change it has been asked. Everything that a stretch of changes leads to
is committed together with the marks, so a crash loses and repeats nothing. Nearly all marks are one number,
in the store's mark "alerts"; those that are behind stand in "alerts.behind" (see `alerts.decide.marks`). A
watch that is new, was switched off or was missing from the file starts at what comes next; one that was
broken goes on where that began. What time alone will make true waits in the mark "alerts.times", and is
asked about when its time comes, with or without a change.

Only the first run over a store looks back. It decides on everything, as a replay does, but tells only of
what came in the last `FIRST_TELLS` before the newest article: turned on after a year, it mails a day and
not a year. The mark "alerts.first" says how far that run reaches, also after a crash.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from pipeline.alerts.decide.decide import Decider, Facts, WatchOutcome
from pipeline.alerts.decide.marks import NAMELESS, Leg, WatchMarks
from pipeline.alerts.decide.past import Past
from pipeline.alerts.decide.story_view import Occasion
from pipeline.alerts.decide.times import Dues
from pipeline.alerts.decide.watch_rule import rule_of
from pipeline.alerts.send.render import Renderer
from pipeline.alerts.send.schedule import Plan, plan
from pipeline.alerts.watch import last_good
from pipeline.alerts.watch.watch_file import BrokenWatch, WatchList
from pipeline.ports import Commit, Lease, Notifier, Store
from pipeline.processes import cycles_left
from pipeline.records import Alert, Message, Watch, WatchState
from pipeline.retry import DELIVERY, RetryPolicy
from pipeline.stages.alerting.deliver import Deliverer
from pipeline.stages.alerting.occasions import Memory, OccasionReader, Questions, States, stretches
from pipeline.stories.describing.describe import describe

MARK = "alerts"
BEHIND = "alerts.behind"
FIRST = "alerts.first"
FIRST_TELLS = timedelta(days=1)
TIMES = "alerts.times"
COUNTS = "alerts.counts."
LEASE_SECONDS = 300.0
# Changes that are matched and committed at a time: each stretch costs one round of all queries.
STRETCH = 1000

Renew = Callable[[], Lease]


@dataclass(frozen=True, slots=True)
class Decided:
    """What one call of `Alerting.decide` came to; `held` are alerts that wait for a digest or the like."""

    alerts: tuple[Alert, ...] = ()
    messages: tuple[Message, ...] = ()
    held: int = 0


@dataclass(frozen=True, slots=True)
class AlertReport:
    """What one alert run did.

    Attributes:
        alerts: Decided in this run.
        delivered: Messages that were sent.
        failed: Messages that could not be sent in this run, whether they are tried again or not.
        suppressed: Alerts held back for a digest, quiet hours or the limit a day, or too old in a first run,
            and messages dropped.
        errors: Why, one line for each failed or dropped message.
        broken: Watches that are set aside, and why.
    """

    alerts: tuple[Alert, ...] = ()
    delivered: int = 0
    failed: int = 0
    suppressed: int = 0
    errors: tuple[str, ...] = ()
    broken: tuple[BrokenWatch, ...] = ()


@dataclass(slots=True)
class _Plans:
    """What a run knows of schedules beside the store, so that a dry run sees its own decisions."""

    pending: dict[str, dict[str, Message]] = field(default_factory=dict)
    counts: dict[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    stories: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Span:
    """The changes of a run.

    Attributes:
        start: What had been matched before it.
        last: The newest change.
        first: Up to where the first run over this store reaches.
        tells_since: From when on that run tells; None in every later one.
    """

    start: int
    last: int
    first: int
    tells_since: datetime | None

    def told(self, outcomes: Iterable[WatchOutcome], occasions: Iterable[Occasion]) -> list[Alert]:
        """The alerts that are told of: all but those on what a first run found already there."""
        fired = [outcome.alert for outcome in outcomes if outcome.alert]
        if self.tells_since is None:
            return fired
        changes = [each.change for each in occasions]
        lying = {
            (each.n, each.kind) for each in changes if each.n <= self.first and each.at < self.tells_since
        }
        return [alert for alert in fired if (alert.change, alert.cause) not in lying]


@dataclass(slots=True)
class _Done:
    """What has been decided so far."""

    alerts: list[Alert] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    held: int = 0

    def add(self, fired: Sequence[Alert], plans: Mapping[str, Plan]) -> None:
        self.alerts += fired
        for each in plans.values():
            self.messages |= {message.id: message for message in each.messages}
            self.held += sum(bool(reason) for reason in each.held.values())


class Alerting:
    """Matches what is new against the watches.

    Args:
        store: Read, and written under the lease "alerts".
        watches: All of them, also those that are switched off.
        facts: Works out what is known of a story from its members.
        stretch: Changes that are matched and committed at a time; changes no result.
        file: What the file of watches has, where these come from one: what of it is broken is remembered.
    """

    def __init__(
        self,
        store: Store,
        watches: Sequence[Watch],
        facts: Facts = describe,
        stretch: int = STRETCH,
        file: WatchList | None = None,
    ) -> None:
        self._store = store
        self._watches = tuple(watches)
        self._facts = facts
        self._stretch = stretch
        self._file = file
        self._owner = f"alerts:{uuid.uuid4().hex}"

    def run(
        self,
        now: datetime,
        notifier: Notifier,
        renderer: Renderer,
        *,
        dry_run: bool = False,
        policy: RetryPolicy = DELIVERY,
        renew: Renew | None = None,
    ) -> AlertReport:
        """Decides, renders and sends.

        Args:
            now: The time of this run (UTC).
            notifier: Sends.
            renderer: Renders.
            dry_run: Says what would be sent and changes nothing.
            policy: When a message is tried again, and given up.
            renew: Renews a lease "alerts" that the caller holds; without it, one is held here.

        Raises:
            LeaseHeldError: Another run is at it.
        """
        if dry_run:
            decided = self.decide(now, dry_run=True)
            return AlertReport(decided.alerts, suppressed=decided.held)
        held = renew or self._renewal(now)
        lease = held()
        try:
            decided = self.decide(now, renew=held)
            delivery = Deliverer(self._store, self._watches, notifier, renderer, policy)
            done = delivery.run(now, held)
        finally:
            if renew is None:
                self._store.release(lease)
        suppressed = decided.held + done.dropped
        return AlertReport(decided.alerts, done.delivered, done.failed, suppressed, done.errors)

    def decide(
        self,
        now: datetime,
        *,
        silent: bool = False,
        dry_run: bool = False,
        backfill: bool = False,
        renew: Renew | None = None,
    ) -> Decided:
        """Decides on everything that changed since the last time, and fills the outbox.

        Args:
            now: The time of this run (UTC); goes into records and due times, never into decisions.
            silent: Records alerts but sends nothing, as a replay does.
            dry_run: Changes nothing.
            backfill: Whether articles that were loaded as backfill may alert as well.
            renew: As in `run`.

        Raises:
            LeaseHeldError: Another run is at it.
            QueryError: A watch's query cannot be parsed.
        """
        if dry_run:
            return self._walk(now, None, silent=silent, backfill=backfill)
        held = renew or self._renewal(now)
        lease = held()
        try:
            return self._walk(now, held, silent=silent, backfill=backfill)
        finally:
            if renew is None:
                self._store.release(lease)

    def _renewal(self, now: datetime) -> Renew:
        return lambda: self._store.acquire("alerts", self._owner, now, LEASE_SECONDS)

    def _walk(self, now: datetime, renew: Renew | None, *, silent: bool, backfill: bool) -> Decided:
        """Goes through what changed, leg by leg and stretch by stretch; without `renew` nothing is saved."""
        marks, aside = self._marks(renew), self._file.set_aside if self._file else frozenset()
        with cycles_left():
            rules = {watch.name: rule_of(watch, now) for watch in self._watches if watch.enabled}
        last, dues = self._store.last_change(), Dues(self._store.mark(TIMES))
        way = marks.way(rules, last, aside)
        dues.keep(rules)
        if not way and not dues.any(now):
            return Decided()
        span = self._span(min((leg.start for leg in way), default=last), last, now)
        known: dict[tuple[str, str], WatchState] = {}
        past = Past(self._store.amendments(span.start), self._store.versions)

        def reader(names: Iterable[str], states: States) -> OccasionReader:
            asked = [rules[name] for name in sorted(names)]
            return OccasionReader(self._store, asked, past, Memory(known, dues, states), backfill=backfill)

        plans, decider, done = self._waiting(silent=silent), Decider(self._facts), _Done()
        for names, upto, asked in self._questions(way, reader, marks.reached, (last, now)):
            with cycles_left():
                outcomes = list(_outcomes(decider, asked, known, now))
            fired = [outcome.alert for outcome in outcomes if outcome.alert]
            told = [] if silent else span.told(outcomes, asked.occasions)
            planned = self._plans(told, plans, now)
            marks.advance(names - aside, upto)
            if renew:
                stand = {MARK: str(marks.reached), BEHIND: marks.written}
                stand |= {FIRST: str(span.first), TIMES: dues.written}
                self._store.commit(_commit(outcomes, planned, stand), renew())
            done.add(fired, planned)
            done.held += 0 if silent else len(fired) - len(told)
        return Decided(tuple(done.alerts), tuple(done.messages.values()), done.held)

    def _questions(
        self,
        way: Sequence[Leg],
        reader: Callable[[Iterable[str], States], OccasionReader],
        reached: int,
        end: tuple[int, datetime],
    ) -> Iterator[tuple[frozenset[str], int, Questions]]:
        """What changed asks, stretch by stretch, and last what time alone asks; whom, and how far it goes."""
        for leg in way:
            read = reader(leg.names, "earlier" if leg.start >= reached else "all")
            for upto, changes in stretches(self._store, leg.start, leg.upto, self._stretch):
                yield leg.names, upto, read.read(changes)
        everybody = frozenset(watch.name for watch in self._watches if watch.enabled)
        yield everybody, end[0], reader(everybody, "earlier").ripe(end[1], end[0])

    def _marks(self, renew: Renew | None) -> WatchMarks:
        """The mark of each watch; what is broken, or good again, is noted together with what is good."""
        before = self._store.mark(BEHIND)
        marks = WatchMarks(int(self._store.mark(MARK) or 0), before)
        if self._file is None:
            return marks
        kept = self._store.mark(last_good.MARK)
        aside, good = self._file.set_aside, last_good.to_keep(self._file, kept)
        if NAMELESS not in aside:
            marks.mended(last_good.changed(self._file, kept))
        marks.hold(aside)
        if self._file.readable:
            marks.keep({*aside, *(watch.name for watch in self._watches if watch.enabled)})
        if renew and (good, marks.written) != (kept, before):
            self._store.commit(Commit(marks={last_good.MARK: good, BEHIND: marks.written}), renew())
        return marks

    def _span(self, start: int, last: int, now: datetime) -> _Span:
        first = int(self._store.mark(FIRST) or 0) if self._store.mark(MARK) else last
        return _Span(start, last, first, self._tells_since(first, now) if start < first else None)

    def _tells_since(self, first: int, now: datetime) -> datetime:
        """From when on a first run tells; by the changes, so that a clock far ahead silences nothing."""
        newest = max((each.at for each in self._store.changes(max(0, first - STRETCH), first)), default=now)
        return min(newest, now) - FIRST_TELLS

    def _waiting(self, *, silent: bool) -> _Plans:
        plans = _Plans()
        for message in () if silent else self._store.outbox():
            if message.state == "decided":
                plans.pending.setdefault(message.watch, {})[message.id] = message
        return plans

    def _plans(self, fired: Sequence[Alert], state: _Plans, now: datetime) -> dict[str, Plan]:
        by_watch: dict[str, list[Alert]] = {}
        for alert in fired:
            by_watch.setdefault(alert.watch, []).append(alert)
        return {
            watch.name: self._plan(watch, by_watch[watch.name], state, now)
            for watch in self._watches
            if watch.name in by_watch
        }

    def _plan(self, watch: Watch, alerts: Sequence[Alert], state: _Plans, now: datetime) -> Plan:
        name = watch.name
        pending = state.pending.setdefault(name, {})
        if any(alert not in state.stories for message in pending.values() for alert in message.alerts):
            state.stories |= {alert.id: alert.story for alert in self._store.alerts(name)}
        if watch.deliver.at_most_per_day and name not in state.counts:
            state.counts[name] = json.loads(self._store.mark(COUNTS + name) or "{}")
        made = plan(watch, alerts, tuple(pending.values()), state.counts.get(name, {}), now, state.stories)
        pending |= {message.id: message for message in made.messages}
        state.stories |= {alert.id: alert.story for alert in alerts}
        state.counts[name] = made.counts
        return made


def _commit(outcomes: Sequence[WatchOutcome], plans: Mapping[str, Plan], marks: Mapping[str, str]) -> Commit:
    """All that a stretch came to, with how far it goes."""
    states = {(each.state.watch, each.state.story): each.state for each in outcomes}
    counts = {
        COUNTS + name: json.dumps(made.counts, sort_keys=True) for name, made in plans.items() if made.counts
    }
    return Commit(
        tellings=tuple(states.values()),
        alerts=tuple(each.alert for each in outcomes if each.alert),
        messages=tuple(message for made in plans.values() for message in made.messages),
        marks=counts | dict(marks),
    )


def _outcomes(
    decider: Decider, asked: Questions, known: dict[tuple[str, str], WatchState], now: datetime
) -> Iterator[WatchOutcome]:
    """Asks the watches, occasion by occasion; what they come to know is kept in `known`.

    Stories that one repair or correction touched are asked by what was known before it.
    """
    decider.keep(asked.ready.values())
    for _, together in groupby(asked.occasions, key=lambda occasion: occasion.together):
        learned: dict[tuple[str, str], WatchState] = {}
        for occasion in together:
            for rule in asked.interested[occasion.view.id]:
                name = rule.watch.name
                if occasion.only and name not in occasion.only:
                    continue
                view = occasion.view
                states = {story: known[name, story] for story in view.asked if (name, story) in known}
                hit = bool(occasion.only) or name in asked.hits.get(occasion.change.n, ())
                outcome = decider.decide(rule, occasion, states, hit=hit, now=now)
                if outcome:
                    learned[name, occasion.view.id] = outcome.state
                    yield outcome
        known |= learned
