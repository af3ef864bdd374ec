"""A watch tried on history: the same decisions and the same schedule, on articles as they once arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.alerts.decide.decide import Decider
from pipeline.alerts.decide.story_view import Occasion, StoryView
from pipeline.alerts.decide.watch_rule import WatchRule
from pipeline.alerts.send.schedule import Held, plan, zone_of
from pipeline.records import Alert, Change, Delivery, Message, StoredArticle, Story, Watch, WatchState

# Mails are counted for one reader, whoever the watch writes to.
READER = "reader@example.org"


@dataclass(frozen=True, slots=True)
class Fired:
    """An alert that would have been.

    Attributes:
        alert: The alert; its time is the arrival of the article that made it fire.
        title: The story's title then.
        first: When the story's first article was published.
        due: When the mail would have gone out.
        held: What would have held it back, or "".
        message: Which mail it would have been in.
    """

    alert: Alert
    title: str
    first: datetime
    due: datetime
    held: Held
    message: str

    @property
    def delay(self) -> timedelta:
        """From the story's first article to the alert."""
        return max(self.alert.at - self.first, timedelta())


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A story that the query hit and that never alerted: its id, its title, and what it lacked."""

    story: str
    title: str
    miss: str


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a watch would have done.

    Attributes:
        watch: Its name.
        since: From when on it was tried.
        until: Up to when.
        articles: How many articles its query hit.
        fired: What it would have alerted, in order.
        misses: Stories it would not have alerted on, though the query hit them.
        days: Local days with the number of alerts and of mails.
        told: What it really alerted in this time, whatever it is like now: a fact, not a trial.
    """

    watch: str
    since: datetime
    until: datetime
    articles: int
    fired: tuple[Fired, ...]
    misses: tuple[NearMiss, ...]
    days: tuple[tuple[str, int, int], ...]
    told: tuple[Alert, ...] = ()

    @property
    def mails(self) -> int:
        """How many mails a reader would have had."""
        return len({each.message for each in self.fired})

    @property
    def mails_per_day(self) -> float:
        """Mails a day, over all days."""
        return self.mails / max((self.until - self.since) / timedelta(days=1), 1.0)

    @property
    def busiest(self) -> int:
        """Mails on the day with the most."""
        return max((mails for _, _, mails in self.days), default=0)

    @property
    def median_delay(self) -> timedelta | None:
        """From a story's first article to its first alert."""
        delays = [each.delay.total_seconds() for each in self.fired if each.alert.kind == "new"]
        return timedelta(seconds=median(delays)) if delays else None

    @property
    def held(self) -> Mapping[str, int]:
        """How many alerts digest, quiet hours and the limit would have held back."""
        return Counter(each.held for each in self.fired if each.held)

    def as_json(self) -> dict[str, Any]:
        """For the command line."""
        delay = self.median_delay
        return {
            "watch": self.watch,
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "articles": self.articles,
            "alerts": [_fired_json(each) for each in self.fired],
            "near_misses": [{"story": m.story, "title": m.title, "miss": m.miss} for m in self.misses],
            "mails": self.mails,
            "mails_per_day": round(self.mails_per_day, 3),
            "busiest_day": self.busiest,
            "median_delay_seconds": delay.total_seconds() if delay is not None else None,
            "held": dict(self.held),
            "told": [
                {"story": each.story, "kind": each.kind, "at": each.at.isoformat(), "reason": each.reason}
                for each in self.told
            ],
            "days": [{"day": day, "alerts": alerts, "mails": mails} for day, alerts, mails in self.days],
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """Between two versions of a watch, by story.

    Attributes:
        gone: Would have alerted by the former version only.
        added: By the new version only.
        moved: By both, but at another time: former and new.
        same: How many alike.
    """

    gone: tuple[Fired, ...]
    added: tuple[Fired, ...]
    moved: tuple[tuple[Fired, Fired], ...]
    same: int

    def as_json(self) -> dict[str, Any]:
        """For the command line."""
        return {
            "gone": [_fired_json(each) for each in self.gone],
            "added": [_fired_json(each) for each in self.added],
            "moved": [{"before": _fired_json(a), "after": _fired_json(b)} for a, b in self.moved],
            "same": self.same,
        }


def _fired_json(fired: Fired) -> dict[str, Any]:
    return {
        "story": fired.alert.story,
        "title": fired.title,
        "kind": fired.alert.kind,
        "at": fired.alert.at.isoformat(),
        "due": fired.due.isoformat(),
        "held": fired.held,
        "delay_seconds": fired.delay.total_seconds(),
        "reason": fired.alert.reason,
    }


@dataclass(frozen=True, slots=True)
class Trial:
    """One change to ask a watch about, as it once was.

    Attributes:
        at: When.
        occasions: Each story that it touched, as it was then.
        hit: Whether the query hits the article that came or was edited.
    """

    at: datetime
    occasions: tuple[Occasion, ...]
    hit: bool


# What a watch knows, by watch and story.
WatchStates = dict[tuple[str, str], WatchState]


@dataclass(slots=True)
class _Tried:
    """What came of the trials so far."""

    fired: list[tuple[Alert, Story]] = field(default_factory=list)
    hits: set[str] = field(default_factory=set)
    views: dict[str, StoryView] = field(default_factory=dict)


def backtest(
    rule: WatchRule,
    trials: Iterable[Trial],
    known: WatchStates,
    decider: Decider,
    span: tuple[datetime, datetime],
) -> Backtest:
    """Tries a watch on history.

    Args:
        rule: The watch and its query.
        trials: In order; those before the span are known but do not alert, as for a watch that was new then.
        known: Empty; filled with what the watch comes to know, for whoever makes the trials.
        decider: Decides.
        span: From when on, and the end of the history.
    """
    since, until = span
    tried, now = _Tried(), since
    for trial in trials:
        if trial.at < since:
            continue
        now = max(now, trial.at)
        known |= _try(rule, trial, known, decider, tried, now)
    schedule = _Schedule(replace(rule.watch, deliver=_one_reader(rule.watch.deliver)))
    for alert, _ in tried.fired:
        schedule.add(alert)
    done = tuple(schedule.fired(alert, story.title, story.first_published) for alert, story in tried.fired)
    days = _days(done, zone_of(rule.watch.deliver))
    misses = _misses(known, tried.views, decider)
    return Backtest(rule.watch.name, since, until, len(tried.hits), done, tuple(misses), days)


def _try(
    rule: WatchRule, trial: Trial, known: WatchStates, decider: Decider, tried: _Tried, now: datetime
) -> WatchStates:
    """Asks the watch about one change; returns what it comes to know by it."""
    learned: WatchStates = {}
    for occasion in trial.occasions:
        view, name = occasion.view, rule.watch.name
        tried.views[view.id] = view
        if trial.hit and occasion.change.kind in {"arrival", "time"}:
            tried.hits.add(occasion.change.article)
        states = {story: known[name, story] for story in view.asked if (name, story) in known}
        outcome = decider.decide(rule, occasion, states, hit=trial.hit, now=now)
        if outcome:
            learned[name, view.id] = outcome.state
        if outcome and outcome.alert:
            tried.fired.append((outcome.alert, decider.facts(view)))
    return learned


def _misses(known: WatchStates, views: Mapping[str, StoryView], decider: Decider) -> Iterator[NearMiss]:
    """Stories that were hit and never told; one that went into another is not there any more."""
    for (_, story), state in known.items():
        if state.miss and not state.alerts and story in views and views[story].members:
            yield NearMiss(story, decider.facts(views[story]).title, state.miss)


def by_publication(members: Sequence[StoredArticle], hits: Collection[str]) -> Iterator[Trial]:
    """The trials of a story that was loaded later than it was news, as if it had come when it was published.

    Articles that came live keep their time; all are numbered anew in that order.
    """
    ordered = sorted(members, key=lambda each: (arrival(each), each.seq))
    numbered = tuple(replace(each, seq=place) for place, each in enumerate(ordered, start=1))
    for place, member in enumerate(numbered, start=1):
        name, at = member.enriched.article.id, arrival(member)
        change = Change("arrival", name, member.story, at, seq=place, n=place)
        occasion = Occasion(change, StoryView(member.story, numbered[:place]))
        yield Trial(at, (occasion,), name in hits)


def arrival(article: StoredArticle) -> datetime:
    """When an article would have come in: backfill was loaded later than it was published."""
    plain = article.enriched.article
    return plain.time if article.backfill else plain.fetched


def compare(before: Backtest, after: Backtest) -> Difference:
    """The difference between two versions of a watch, by the first alert on each story."""
    old = {each.alert.story: each for each in reversed(before.fired)}
    new = {each.alert.story: each for each in reversed(after.fired)}
    both = [(old[story], new[story]) for story in old if story in new]
    moved = tuple(pair for pair in both if pair[0].alert.at != pair[1].alert.at or pair[0].due != pair[1].due)
    return Difference(
        tuple(sorted((old[s] for s in old if s not in new), key=_when)),
        tuple(sorted((new[s] for s in new if s not in old), key=_when)),
        tuple(sorted(moved, key=lambda pair: _when(pair[0]))),
        len(both) - len(moved),
    )


def _when(fired: Fired) -> datetime:
    return fired.alert.at


def _one_reader(deliver: Delivery) -> Delivery:
    return replace(deliver, mail=(READER,), webhook="")


class _Schedule:
    """The schedule as it would have run."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._messages: dict[str, Message] = {}
        self._counts: Mapping[str, Mapping[str, int]] = {}
        self._held: dict[str, Held] = {}
        self._stories: dict[str, str] = {}

    def add(self, alert: Alert) -> None:
        # What is due at this very time has not gone out yet: a run decides before it delivers.
        waiting = [message for message in self._messages.values() if message.due >= alert.at]
        made = plan(self._watch, [alert], waiting, self._counts, alert.at, self._stories)
        self._messages |= {message.id: message for message in made.messages}
        self._counts = made.counts
        self._held |= made.held
        self._stories[alert.id] = alert.story

    def fired(self, alert: Alert, title: str, first: datetime) -> Fired:
        message = next(m for m in self._messages.values() if alert.id in m.alerts)
        return Fired(alert, title, first, message.due, self._held.get(alert.id, ""), message.id)


def _days(fired: Sequence[Fired], zone: str) -> tuple[tuple[str, int, int], ...]:
    where = ZoneInfo(zone)
    alerts = Counter(each.alert.at.astimezone(where).date().isoformat() for each in fired)
    mails = Counter(
        day.isoformat()
        for day in {each.message: each.due.astimezone(where).date() for each in fired}.values()
    )
    return tuple((day, alerts[day], mails[day]) for day in sorted(alerts | mails))
