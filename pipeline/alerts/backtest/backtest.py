"""A watch tried on history: the same decisions and the same schedule, on articles as they once arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.alerts.decide.decide import Decider, Facts, StoryView, WatchRule
from pipeline.alerts.send.schedule import Held, plan, zone_of
from pipeline.records import Alert, Delivery, Message, StoredArticle, Watch, WatchState

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
    """

    watch: str
    since: datetime
    until: datetime
    articles: int
    fired: tuple[Fired, ...]
    misses: tuple[NearMiss, ...]
    days: tuple[tuple[str, int, int], ...]

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


def arrival(article: StoredArticle) -> datetime:
    """When an article would have come in: backfill was loaded later than it was published."""
    plain = article.enriched.article
    return plain.time if article.backfill else plain.fetched


def backtest(
    rule: WatchRule,
    stories: Iterable[Sequence[StoredArticle]],
    hits: frozenset[str],
    facts: Facts,
    since: datetime,
    until: datetime,
) -> Backtest:
    """Tries a watch on history.

    Args:
        rule: The watch and its query.
        stories: For each story that the query hits, its members.
        hits: Ids of the articles that it hits.
        facts: Works out what is known of a story from its members.
        since: Articles that arrived before are known but do not alert, as for a watch that was new then.
        until: The end of the history.
    """
    views, articles = _by_arrival(stories)
    alone = replace(rule.watch, deliver=_one_reader(rule.watch.deliver))
    decider, known, clock = Decider(facts), dict[str, WatchState](), _Clock(alone)
    fired: list[tuple[Alert, str, datetime]] = []
    now = since
    for article in articles:
        if arrival(article) < since:
            continue
        now, view = max(now, arrival(article)), views[article.story]
        tellings = {view.id: known[view.id]} if view.id in known else {}
        hit = article.enriched.article.id in hits
        outcome = decider.decide(rule, article, view, tellings, hit=hit, now=now)
        if outcome is None:
            continue
        known[view.id] = outcome.telling
        if outcome.alert:
            story = decider.facts(view, view.upto(article.seq))
            fired.append((outcome.alert, story.title, story.first_published))
            clock.add(outcome.alert)
    done = tuple(clock.fired(alert, title, first) for alert, title, first in fired)
    misses = tuple(
        NearMiss(story, decider.facts(views[story], views[story].members).title, telling.miss)
        for story, telling in known.items()
        if not telling.alerts and telling.miss
    )
    zone = zone_of(rule.watch.deliver)
    hit_since = sum(a.enriched.article.id in hits and arrival(a) >= since for a in articles)
    return Backtest(rule.watch.name, since, until, hit_since, done, misses, _days(done, zone))


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


def _by_arrival(
    stories: Iterable[Sequence[StoredArticle]],
) -> tuple[dict[str, StoryView], list[StoredArticle]]:
    """Stories and articles, numbered anew in the order in which they would have come in."""
    groups = [tuple(members) for members in stories if members]
    ordered = sorted((m for members in groups for m in members), key=lambda a: (arrival(a), a.seq))
    numbered = {a.enriched.article.id: replace(a, seq=place) for place, a in enumerate(ordered, start=1)}
    views = {}
    for members in groups:
        again = sorted((numbered[m.enriched.article.id] for m in members), key=lambda a: a.seq)
        views[members[0].story] = StoryView(members[0].story, tuple(again))
    return views, list(numbered.values())


class _Clock:
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
