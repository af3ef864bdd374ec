"""New articles → alerts → messages in the outbox: load, decide, save, by ingest sequence.

The mark "alerts" says up to which sequence number all watches have been matched. Everything that a stretch of
articles leads to is committed together with the mark, so a crash loses and repeats nothing. A watch that is
new, was switched off or was missing from the file therefore starts at what comes next.

Only the first run over a store looks back. It decides on everything, as a replay does, but tells only of
what came in the last `FIRST_TELLS` before the newest article: turned on after a year, it mails a day and
not a year. The mark "alerts.first" says how far that run reaches, also after a crash.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pipeline.alerts.decide.decide import (
    Decider,
    Facts,
    StoryView,
    WatchOutcome,
    WatchRule,
    rule_hits,
    rule_of,
)
from pipeline.alerts.send.render import Renderer
from pipeline.alerts.send.schedule import Plan, plan
from pipeline.alerts.watch.watch_file import BrokenWatch
from pipeline.ports import Commit, Lease, Notifier, Store
from pipeline.query.hits import prepared
from pipeline.records import Alert, Message, StoredArticle, Story, Watch, WatchState
from pipeline.retry import DELIVERY, RetryPolicy
from pipeline.stages.alerting.deliver import Deliverer
from pipeline.stages.alerting.lineage import ancestry, story_facts

MARK = "alerts"
FIRST = "alerts.first"
FIRST_TELLS = timedelta(days=1)
COUNTS = "alerts.counts."
LEASE_SECONDS = 300.0
# Articles that are matched and committed at a time: each stretch costs one round of all queries.
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
class _Stretch:
    """The articles of one step with what is known of their stories."""

    upto: int
    articles: tuple[StoredArticle, ...]
    views: Mapping[str, StoryView]
    hits: Mapping[str, frozenset[str]]
    interested: Mapping[str, Sequence[WatchRule]]


@dataclass(slots=True)
class _State:
    """What a run knows beside the store, so that a dry run sees its own decisions."""

    known: dict[tuple[str, str], WatchState] = field(default_factory=dict)
    pending: dict[str, dict[str, Message]] = field(default_factory=dict)
    counts: dict[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    stories: dict[str, str] = field(default_factory=dict)


class Alerting:
    """Matches what is new against the watches.

    Args:
        store: Read, and written under the lease "alerts".
        watches: All of them, also those that are switched off.
        facts: Works out what is known of a story from its members.
        stretch: Articles that are matched and committed at a time; changes no result.
    """

    def __init__(
        self, store: Store, watches: Sequence[Watch], facts: Facts = story_facts, stretch: int = STRETCH
    ) -> None:
        self._store = store
        self._watches = tuple(watches)
        self._facts = facts
        self._stretch = stretch
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
        """Decides on everything that came since the last time, and fills the outbox.

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
        reached, head = self._store.mark(MARK), self._store.head()
        start = int(reached or 0)
        if start >= head:
            return Decided()
        first = int(self._store.mark(FIRST) or 0) if reached else head
        since = self._tells_since(first, now) if start < first else None
        rules = [rule_of(watch, now) for watch in self._watches if watch.enabled]
        state, decider = self._state(silent=silent), Decider(self._facts)
        alerts: list[Alert] = []
        messages: dict[str, Message] = {}
        held = 0
        for after in range(start, head, self._stretch):
            stretch = self._load(rules, after, min(after + self._stretch, head), state, backfill=backfill)
            outcomes = list(_outcomes(decider, stretch, state, now))
            fired = [outcome.alert for outcome in outcomes if outcome.alert]
            recent = _recent(fired, stretch, first, since) if since else fired
            plans = {} if silent else self._plans(recent, state, now)
            if renew:
                last = stretch.upto == head
                commit = self._commit(stretch, outcomes, fired, plans, last=last)
                marks = {**commit.marks, FIRST: str(first)}
                self._store.commit(replace(commit, marks=marks), renew())
            alerts += fired
            held += 0 if silent else len(fired) - len(recent)
            for each in plans.values():
                messages |= {message.id: message for message in each.messages}
                held += sum(bool(reason) for reason in each.held.values())
        return Decided(tuple(alerts), tuple(messages.values()), held)

    def _tells_since(self, first: int, now: datetime) -> datetime:
        """From when on a first run tells; by the articles, so that a clock far ahead silences nothing."""
        last = self._store.between(max(0, first - STRETCH), first)
        newest = max((article.enriched.article.fetched for article in last), default=now)
        return min(newest, now) - FIRST_TELLS

    def _state(self, *, silent: bool) -> _State:
        state = _State()
        if not silent:
            for message in self._store.outbox():
                if message.state == "decided":
                    state.pending.setdefault(message.watch, {})[message.id] = message
        return state

    def _load(
        self, rules: Sequence[WatchRule], after: int, upto: int, state: _State, *, backfill: bool
    ) -> _Stretch:
        articles = tuple(a for a in self._store.between(after, upto) if backfill or not a.backfill)
        names = list(dict.fromkeys(article.story for article in articles))
        stories = self._store.stories(names)
        # Nothing is known of a story that began after the last stretch, so nothing need be looked up.
        old = [name for name in names if name not in stories or stories[name].first_seq <= after]
        before = {name: ancestry(self._store.lineage(name), name) for name in old}
        self._remember(rules, before, state)
        hits = self._hits(rules, articles, after, upto)
        interested = _interested(rules, articles, hits, before, state)
        views = self._views(articles, stories, interested, before)
        return _Stretch(upto, articles, views, hits, interested)

    def _remember(
        self, rules: Sequence[WatchRule], before: Mapping[str, tuple[tuple[str, ...], bool]], state: _State
    ) -> None:
        wanted = sorted(set(before) | {each for ancestors, _ in before.values() for each in ancestors})
        if not wanted:
            return
        names = {rule.watch.name for rule in rules}
        for telling in self._store.tellings_of(wanted):
            if telling.watch in names:
                state.known.setdefault((telling.watch, telling.story), telling)

    def _hits(
        self, rules: Sequence[WatchRule], articles: Sequence[StoredArticle], after: int, upto: int
    ) -> dict[str, frozenset[str]]:
        if not articles:
            return {}
        fixed = {rule.watch.name: rule.query for rule in rules if not rule.relative}
        found = {name: frozenset(ids) for name, ids in self._store.match(fixed, after, upto).items() if ids}
        relative = [rule for rule in rules if rule.relative]
        ready = [prepared(article) for article in articles] if relative else []
        for rule in relative:
            found[rule.watch.name] = frozenset(each.article.id for each in ready if rule_hits(rule, each))
        return found

    def _views(
        self,
        articles: Sequence[StoredArticle],
        stories: Mapping[str, Story],
        interested: Mapping[str, Sequence[WatchRule]],
        before: Mapping[str, tuple[tuple[str, ...], bool]],
    ) -> dict[str, StoryView]:
        wanted = {name: stories[name].members for name in interested if name in stories}
        loaded = self._store.articles([member for members in wanted.values() for member in members])
        loaded |= {article.enriched.article.id: article for article in articles}
        views = {}
        for name in interested:
            # A story that is gone by now was merged meanwhile: what is known of it are its new articles.
            ids = wanted.get(name) or [a.enriched.article.id for a in articles if a.story == name]
            members = sorted((loaded[each] for each in ids if each in loaded), key=lambda a: a.seq)
            views[name] = StoryView(name, tuple(members), *before.get(name, ((), False)))
        return views

    def _plans(self, fired: Sequence[Alert], state: _State, now: datetime) -> dict[str, Plan]:
        by_watch: dict[str, list[Alert]] = {}
        for alert in fired:
            by_watch.setdefault(alert.watch, []).append(alert)
        return {
            watch.name: self._plan(watch, by_watch[watch.name], state, now)
            for watch in self._watches
            if watch.name in by_watch
        }

    def _plan(self, watch: Watch, alerts: Sequence[Alert], state: _State, now: datetime) -> Plan:
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

    def _commit(
        self,
        stretch: _Stretch,
        outcomes: Iterable[WatchOutcome],
        fired: Sequence[Alert],
        plans: Mapping[str, Plan],
        *,
        last: bool,
    ) -> Commit:
        tellings = {(o.telling.watch, o.telling.story): o.telling for o in outcomes}
        marks = {MARK: str(stretch.upto)}
        for name, made in plans.items():
            if made.counts:
                marks[COUNTS + name] = json.dumps(made.counts, sort_keys=True)
        return Commit(
            tellings=tuple(tellings.values()),
            alerts=tuple(fired),
            messages=tuple(message for made in plans.values() for message in made.messages),
            cursors={watch.name: stretch.upto for watch in self._watches} if last else {},
            marks=marks,
        )


def _interested(
    rules: Sequence[WatchRule],
    articles: Sequence[StoredArticle],
    hits: Mapping[str, frozenset[str]],
    before: Mapping[str, tuple[tuple[str, ...], bool]],
    state: _State,
) -> dict[str, list[WatchRule]]:
    """For each story the watches that may have something to say: they hit it, or know it."""
    story_of = {article.enriched.article.id: article.story for article in articles}
    found: dict[str, dict[str, None]] = {}
    for name, ids in hits.items():
        for each in ids:
            if each in story_of:
                found.setdefault(story_of[each], {})[name] = None
    knowing: dict[str, list[str]] = {}
    for watch, story in state.known:
        knowing.setdefault(story, []).append(watch)
    for story in set(story_of.values()):
        for known in (story, *before.get(story, ((), False))[0]):
            for watch in knowing.get(known, ()):
                found.setdefault(story, {})[watch] = None
    by_name = {rule.watch.name: rule for rule in rules}
    return {story: [by_name[name] for name in sorted(names)] for story, names in found.items()}


def _recent(fired: Sequence[Alert], stretch: _Stretch, first: int, since: datetime) -> list[Alert]:
    """The alerts that are told of: all of them but what a first run finds lying there."""
    lying = {a.seq for a in stretch.articles if a.seq <= first and a.enriched.article.fetched < since}
    return [alert for alert in fired if alert.seq not in lying]


def _outcomes(decider: Decider, stretch: _Stretch, state: _State, now: datetime) -> Iterable[WatchOutcome]:
    """Walks the articles one by one, in ingest sequence."""
    for article in stretch.articles:
        view = stretch.views.get(article.story)
        if view is None:
            continue
        for rule in stretch.interested.get(article.story, ()):
            name = rule.watch.name
            tellings = {
                story: state.known[name, story]
                for story in (view.id, *view.ancestors)
                if (name, story) in state.known
            }
            hit = article.enriched.article.id in stretch.hits.get(name, ())
            outcome = decider.decide(rule, article, view, tellings, hit=hit, now=now)
            if outcome:
                state.known[name, view.id] = outcome.telling
                yield outcome
