"""Questions about watches: what they mean, what they would have done, and why one was silent."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import groupby
from typing import Any

from pipeline.alerts.backtest.backtest import Backtest, Trial, WatchStates, arrival, backtest, by_publication
from pipeline.alerts.decide.decide import Decider, Facts, first_told
from pipeline.alerts.decide.explain import Told, Why, change_of, why
from pipeline.alerts.decide.marks import WatchMarks
from pipeline.alerts.decide.past import Past
from pipeline.alerts.decide.story_view import StoryView
from pipeline.alerts.decide.times import Dues
from pipeline.alerts.decide.watch_rule import WatchRule, rule_hits, rule_of
from pipeline.alerts.watch.checks import findings, meaning
from pipeline.alerts.watch.traps import QueryClause, clauses, leaves
from pipeline.errors import NotFoundError
from pipeline.ports import Store
from pipeline.query.hits import Prepared
from pipeline.query.tree import And, Query, Term, TimeRange
from pipeline.records import Alert, Change, StoredArticle, Story, Watch
from pipeline.stages.alerting.affairs import Affairs
from pipeline.stages.alerting.alert import BEHIND, MARK, STRETCH
from pipeline.stages.alerting.lineage import ancestry, heir
from pipeline.stages.alerting.occasions import Memory, OccasionReader, Questions, stretches
from pipeline.stories.describing.describe import describe
from pipeline.text import fold

# More stories than a store holds.
MANY = 1_000_000
# A watch is checked on the last week's articles: on at least the first number of the newest ones, and at most
# the second.
RECENT, MOST_RECENT = 1000, 5000
WEEK = timedelta(days=7)
# How many hits are shown.
SHOWN_HITS = 10
# In these fields, a value that no article has is probably misspelled.
_LOOKED_UP = ("outlet", "place", "entities", "language")


@dataclass(frozen=True, slots=True)
class Known:
    """What exists: ids and names of topics, ids of feeds, names of channels; empty or None: nobody knows."""

    topics: Collection[str] = ()
    feeds: Collection[str] = ()
    channels: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What one watch means, what is odd about it, and what it hits.

    Attributes:
        watch: The watch.
        meaning: In words.
        findings: What is odd about it.
        clauses: Each clause of the query, and how many articles of the sample it hits.
        hits: How many of them the whole query hits.
        of: How many articles were tried: those of the last week, or the newest where that is quiet.
        examples: The newest of the hits.
    """

    watch: Watch
    meaning: str
    findings: tuple[str, ...]
    clauses: tuple[tuple[QueryClause, int], ...] = ()
    hits: int = 0
    of: int = 0
    examples: tuple[StoredArticle, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For the command line."""
        return {
            "name": self.watch.name,
            "query": self.watch.query,
            "meaning": self.meaning,
            "warnings": list(self.findings),
            "clauses": [
                {
                    "clause": clause.words,
                    "negative": clause.negative,
                    "tokens": {language: list(found) for language, found in clause.tokens.items()},
                    "hits": hits,
                    "of": self.of,
                    "rate": round(hits / self.of, 5) if self.of else 0.0,
                }
                for clause, hits in self.clauses
            ],
            "hits": self.hits,
            "of": self.of,
            "rate": round(self.hits / self.of, 5) if self.of else 0.0,
            "examples": [
                {
                    "id": each.enriched.article.id,
                    "title": each.enriched.article.title,
                    "outlet": each.enriched.article.outlet,
                    "published": each.enriched.article.time.isoformat(),
                    "story": each.story,
                }
                for each in self.examples
            ],
        }


def check_watches(
    store: Store, watches: Sequence[Watch], now: datetime, known: Known | None = None
) -> list[Checked]:
    """Checks watches, trying them on what came last week.

    Args:
        store: Read only.
        watches: As configured.
        now: The present time (UTC).
        known: What exists, for values that are misspelled.
    """
    known, head = known or Known(), store.head()
    after = _week_ago(store, head, now)
    rules = [rule_of(watch, now) for watch in watches]
    each = {rule.watch.name: clauses(rule.query) for rule in rules}
    asked = {rule.watch.name: rule.query for rule in rules}
    parts = {f"{name}\0{n}": clause.query for name, found in each.items() for n, clause in enumerate(found)}
    hits = store.match(asked | parts, after, head) if head else {}
    checked, exists = [], _Existing(store)
    for rule in rules:
        name = rule.watch.name
        hit = hits.get(name, [])
        counts = [len(hits.get(f"{name}\0{n}", ())) for n in range(len(each[name]))]
        sample = None if rule.relative else (len(hit), head - after)
        odd = findings(rule, now, sample, known.topics, known.feeds)
        missing = [clause for clause, count in zip(each[name], counts, strict=True) if not count]
        odd += _unknown(exists, missing) if head else []
        odd += _nameless(exists, rule.watch, known, head)
        newest = list(reversed(hit[-SHOWN_HITS:]))
        articles = store.articles(newest)
        checked.append(
            Checked(
                rule.watch,
                meaning(rule.watch, now),
                tuple(odd),
                tuple(zip(each[name], counts, strict=True)),
                len(hit),
                head - after,
                tuple(articles[one] for one in newest if one in articles),
            )
        )
    return checked


def _week_ago(store: Store, head: int, now: datetime) -> int:
    """The sequence number after which the last week came, with bounds on how many articles that is."""
    low, high = max(0, head - MOST_RECENT), max(0, head - RECENT)
    # Articles come about in the order of their numbers.
    first = next(iter(store.hits(TimeRange("fetched", now - WEEK, None), low, high)), None) if high else None
    return first.seq - 1 if first is not None else high


class _Existing(dict[Query, bool]):
    """Whether any article in the store has something; asked once, since watches ask for the same."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __missing__(self, query: Query) -> bool:
        self[query] = found = bool(self._store.search(query, None, 1))
        return found


def _unknown(exists: _Existing, found: Sequence[QueryClause]) -> list[str]:
    """The outlets, places and names in clauses without a hit that no article in the store has."""
    odd = []
    for clause in found:
        fields = {getattr(leaf, "field", None) for leaf in leaves(clause.query)}
        if len(fields) == 1 and fields <= set(_LOOKED_UP) and not exists[clause.query]:
            odd.append(f"no article in the store has {clause.words}: unknown, or misspelled?")
    return odd


def _nameless(exists: _Existing, watch: Watch, known: Known, head: int) -> list[str]:
    """The names that a watch's conditions want and no article has, and the channels that are not set up."""
    odd = [
        f"can never fire: no article in the store has the name ‘{name}’; unknown, or misspelled?"
        for name in watch.conditions.entities
        if head and not exists[Term("entities", name, (fold(name),))]
    ]
    if len(odd) < len(watch.conditions.entities):
        odd = []  # one of them is enough
    channels = watch.deliver.chat if known.channels is not None else ()
    missing = [each for each in channels if each not in (known.channels or ())]
    return odd + [f"settings.yaml has no channel {each}: what goes there is given up" for each in missing]


def why_story(store: Store, watch: Watch, story: str, now: datetime, facts: Facts = describe) -> Why:
    """Why a watch did or did not alert on a story.

    Raises:
        NotFoundError: No story has this id, or its articles are gone.
    """
    found = heir(store, story)
    members = sorted(store.articles(found.members).values(), key=lambda each: each.seq) if found else []
    if found is None or not members:
        raise NotFoundError(f"story {story}: no story has this id; `wirewatch stories` lists them")
    ancestors, split = ancestry(store.lineage(found.id), found.id)
    view = StoryView(found.id, tuple(members), ancestors, split)
    rule, names = rule_of(watch, now), (found.id, *ancestors)
    changes = store.changes_of(found.members)
    affair = _told_affair(store, watch, found) if watch.once_per == "situation" else ""
    told = Told(
        alerts=tuple(_alerts_on(store, watch, view)),
        states=store.tellings(watch.name, names),
        matched_upto=WatchMarks(int(store.mark(MARK) or 0), store.mark(BEHIND)).of(watch.name),
        changes=tuple(changes),
        would=None if affair else _first_telling(store, rule, names, changes, now, facts),
        affair=affair,
    )
    return why(rule, view, Decider(facts), told)


def _told_affair(store: Store, watch: Watch, story: Story) -> str:
    """The other story of a situation with which a watch told of it first; "" where it did not."""
    now = Change("time", "", story.id, datetime.max.replace(tzinfo=UTC), seq=store.head())
    states = store.tellings(watch.name, Affairs(store, {story.id: story}).others(now))
    told = [state for state in states.values() if state.alerts]
    return first_told(told) if told else ""


def _alerts_on(store: Store, watch: Watch, view: StoryView) -> list[Alert]:
    """The alerts that told of a story: what was sent stays sent, whatever became of the story since."""
    ids = {member.enriched.article.id for member in view.members}
    about = (view.id, *view.ancestors)
    return [
        alert
        for alert in store.alerts(watch.name)
        if alert.story == view.id or (alert.story in about and not ids.isdisjoint(alert.articles))
    ]


def _first_telling(
    store: Store,
    rule: WatchRule,
    names: Sequence[str],
    changes: Sequence[Change],
    now: datetime,
    facts: Facts,
) -> Change | None:
    """The first change of a story with which the watch would have told, had it been there all the time."""
    if not changes:
        return None
    known: WatchStates = {}
    past = Past(store.amendments(changes[0].n - 1), store.versions)
    reader = OccasionReader(store, (rule,), past, Memory(known, Dues(), "none"))
    asked = (reader.read(changes), reader.ripe(now, changes[-1].n))
    trials = (trial for each in asked for trial in _trials(each, rule, known_apart=()))
    wanted = (trial for trial in trials if trial.occasions[0].view.id in names)
    span = (min(change.at for change in changes), max(now, *(change.at for change in changes)))
    fired = backtest(rule, wanted, known, Decider(facts), span).fired
    return change_of(fired[0].alert, fired[0].alert.at, changes) if fired else None


def backtest_watch(
    store: Store, watch: Watch, since: datetime, now: datetime, facts: Facts = describe
) -> Backtest:
    """What a watch would have done since a time: the changes since then are walked again, as it was then.

    Raises:
        QueryError: Its query cannot be parsed.
    """
    rule, known = rule_of(watch, now), WatchStates()
    loaded = _loaded_stories(store, rule, since)
    start, last = store.changes_since(since), store.last_change()
    past = Past(store.amendments(start), store.versions)
    reader = OccasionReader(store, (rule,), past, Memory(known, Dues(), "none"))
    live = (
        trial
        for asked in _all_asked(store, reader, (start, last), now)
        for trial in _trials(asked, rule, loaded)
    )
    archived = sorted((trial for trials in loaded.values() for trial in trials), key=lambda each: each.at)
    trials = merge(archived, live, key=lambda each: each.at)
    tried = backtest(rule, trials, known, Decider(facts), (since, now))
    return replace(tried, told=tuple(store.alerts(watch.name, since)))


def _all_asked(
    store: Store, reader: OccasionReader, span: tuple[int, int], now: datetime
) -> Iterator[Questions]:
    """What the changes of a span ask, and time after them."""
    for _, changes in stretches(store, *span, STRETCH):
        yield reader.read(changes)
    yield reader.ripe(now, span[1])


def _trials(asked: Questions, rule: WatchRule, known_apart: Collection[str]) -> Iterator[Trial]:
    """What a stretch asks of one watch, change by change, but for stories that are tried apart."""
    for (n, _), group in groupby(asked.occasions, key=lambda occasion: occasion.together):
        occasions = tuple(each for each in group if each.view.id not in known_apart)
        if occasions:
            first = occasions[0]
            hit = bool(first.only) or rule.watch.name in asked.hits.get(n, ())
            yield Trial(first.change.at, occasions, hit)


def _loaded_stories(store: Store, rule: WatchRule, since: datetime) -> dict[str, list[Trial]]:
    """The trials of stories with hits that were published since a time, but loaded as backfill."""
    window = TimeRange("published", since, None)
    query = window if rule.relative else And((rule.query, window))
    found = {}
    for story in store.newest_stories(since, query, MANY):
        members = list(store.articles(story.members).values())
        if not any(member.backfill and arrival(member) >= since for member in members):
            continue
        hits = {each.article.id for each in map(Prepared, members) if rule_hits(rule, each)}
        found[story.id] = list(by_publication(members, hits))
    return found
