"""What changed, as watches are asked about it: each change with the stories it touched, as they were then."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from typing import Literal

from pipeline.alerts.decide.past import Past
from pipeline.alerts.decide.story_view import Occasion, StoryView
from pipeline.alerts.decide.times import Due, Dues, first_time, hits_at
from pipeline.alerts.decide.watch_rule import WatchRule, rule_hits
from pipeline.ports import Store
from pipeline.query.evaluate import matched
from pipeline.query.hits import Prepared
from pipeline.records import Change, StoredArticle, Story, WatchState
from pipeline.stages.alerting.affairs import Affairs
from pipeline.stages.alerting.lineage import ancestry


@dataclass(frozen=True, slots=True)
class Kin:
    """Where a story came from; the fields are those of `StoryView`."""

    ancestors: tuple[str, ...] = ()
    split: bool = False
    sources: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Ancestors and sources."""
        return (*self.ancestors, *self.sources)


_NO_KIN = Kin()
States = Literal["none", "earlier", "all"]


@dataclass(frozen=True, slots=True)
class Memory:
    """What watches carry from one stretch of changes to the next; it grows as they are read.

    Attributes:
        known: What watches know of stories, by watch and story; what is read from the store is added.
        dues: What waits for its time; what the changes make wait is added.
        states: Which of the states in the store are read: none, where the watches are asked as if they were
            new; all, where other versions of them have been asked about these changes already; else those
            of the stories that began earlier.
    """

    known: dict[tuple[str, str], WatchState]
    dues: Dues
    states: States = "earlier"


@dataclass(frozen=True, slots=True)
class Questions:
    """What a stretch of changes asks of watches.

    Attributes:
        occasions: In order; only those that some watch may have something to say on.
        interested: The watches to ask, by story.
        hits: For each arrival and edit, by its number, the watches whose query hits the article.
        ready: The articles that came or were edited, prepared for matching, by the change's number.
    """

    occasions: tuple[Occasion, ...]
    interested: Mapping[str, Sequence[WatchRule]]
    hits: Mapping[int, frozenset[str]]
    ready: Mapping[int, Prepared]


def stretches(store: Store, after: int, upto: int, size: int) -> Iterator[tuple[int, list[Change]]]:
    """Changes in pieces of about `size`, each with the number it goes up to; no commit's moves are parted."""
    while after < upto:
        last = min(after + size, upto)
        found = list(store.changes(after, last))
        while found and found[-1].kind == "move" and last < upto:
            following = list(store.changes(last, min(last + size, upto)))
            same = list(takewhile(lambda each: _together(found[-1], each), following))  # noqa: B023  used at once
            if not same:
                break
            found += same
            last = same[-1].n
        yield last, found
        after = last


def touched(changes: Iterable[Change]) -> Iterator[Change]:
    """What to ask about: each arrival and edit, and for the moves of one commit each story they touched.

    A story that articles came to or left is asked about once, as it is after all of these moves, by the first
    article that came or left.
    """
    moves: list[Change] = []
    for change in changes:
        if moves and not _together(moves[-1], change):
            yield from _stories_of(moves)
            moves = []
        if change.kind == "move":
            moves.append(change)
        else:
            yield change
    if moves:
        yield from _stories_of(moves)


def _together(one: Change, other: Change) -> bool:
    """Whether two changes are moves of one repair or correction."""
    return one.kind == other.kind == "move" and (one.at, one.by) == (other.at, other.by)


def _stories_of(moves: Sequence[Change]) -> Iterator[Change]:
    first: dict[str, Change] = {}
    for move in moves:
        for story in (move.story, move.former):
            first.setdefault(story, move)
    for story in sorted(first):
        yield replace(first[story], story=story, n=moves[-1].n, seq=moves[-1].seq)


def _begin(changes: Sequence[Change]) -> tuple[int, int]:
    """The change and the ingest sequence just before the first of these."""
    first = changes[0]
    return first.n - 1, first.seq - 1 if first.kind == "arrival" else first.seq


class OccasionReader:
    """Reads from the store what a stretch of changes asks.

    Args:
        store: Read only.
        rules: The watches that are switched on.
        past: Tells how articles and stories were at a change.
        memory: What the watches remember.
        backfill: Whether articles that were loaded as backfill may alert as well.
    """

    def __init__(
        self,
        store: Store,
        rules: Sequence[WatchRule],
        past: Past,
        memory: Memory,
        *,
        backfill: bool = False,
    ) -> None:
        self._store = store
        self._rules = {rule.watch.name: rule for rule in rules}
        self._past = past
        self._memory = memory
        self._relative = [rule for rule in rules if rule.relative]
        self._backfill = backfill
        self._once = frozenset(rule.watch.name for rule in rules if rule.watch.once_per == "situation")

    def read(self, changes: Sequence[Change]) -> Questions:
        """What these changes ask, in their order."""
        loaded = self._loaded(changes)
        articles = self._articles(changes, loaded)
        ready = self._ready(articles)
        hits = self._hits(ready)
        timed = self._timed(self._passed(changes, ready, hits), loaded)
        steps = [each for each in touched(changes) if each.kind == "move" or each.n in articles]
        steps = sorted((*steps, *timed), key=lambda each: (each.n, each.kind == "time"))
        return self._asked(steps, changes, hits, ready, loaded, timed)

    def ripe(self, now: datetime, last: int) -> Questions:
        """What time alone asks by now, after the last change."""
        newest = next(iter(self._store.changes(last - 1, last)), None)
        place = Change("time", "", "", now, seq=newest.seq if newest else 0, n=last)
        dues = self._memory.dues.take(self._rules, lambda at: at <= now)
        timed = self._timed([(due, place) for due in dues], {})
        return self._asked(list(timed), (), {}, {}, {}, timed)

    def _asked(
        self,
        steps: Sequence[Change],
        changes: Sequence[Change],
        hits: Mapping[int, frozenset[str]],
        ready: Mapping[int, Prepared],
        loaded: Mapping[str, StoredArticle],
        timed: Mapping[Change, frozenset[str]],
    ) -> Questions:
        if not steps:
            return Questions((), {}, {}, {})
        stories = self._store.stories(list(dict.fromkeys(step.story for step in steps)))
        kin = self._kin(steps, changes, stories)
        interested = self._interested(steps, hits, kin, timed)
        one = {name for name, rules in interested.items() if not self._once.isdisjoint(_names(rules))}
        affairs = Affairs(self._store, {name: stories[name] for name in one if name in stories})
        around = affairs.all(steps)
        self._recall(around, *_begin(changes or steps))
        views = _Views(self._store, self._past, {*interested, *around}, loaded)
        occasions = (
            Occasion(
                step,
                views.at(step, kin, affairs.others(step)),
                timed.get(step, frozenset()),
                views.former(step),
            )
            for step in steps
            if step.story in interested
        )
        return Questions(tuple(occasions), interested, hits, ready)

    def _passed(
        self, changes: Sequence[Change], ready: Mapping[int, Prepared], hits: Mapping[int, frozenset[str]]
    ) -> list[tuple[Due, Change]]:
        """The dues whose time came before one of these changes, each with the change just before that."""
        if not self._relative:
            return []
        found, former = [], changes[0]
        first = former.seq - (former.kind == "arrival")
        former = replace(former, n=former.n - 1, seq=first)
        for change in changes:
            passed = self._memory.dues.take(self._rules, lambda at: at < change.at)  # noqa: B023  used at once
            found += [(due, former) for due in passed]
            former, article = change, ready.get(change.n)
            for rule in self._relative if article else ():
                hit = rule.watch.name in hits[change.n]
                time = None if hit or article is None else first_time(rule, article)
                self._memory.dues.put(rule.watch.name, change.article, time)
        return found

    def _timed(
        self, passed: Sequence[tuple[Due, Change]], loaded: Mapping[str, StoredArticle]
    ) -> dict[Change, frozenset[str]]:
        """Dues as changes, each with the watches to ask; without those that an edit has overtaken."""
        wanted = sorted({due.article for due, _ in passed} - set(loaded))
        articles = {**loaded, **(self._store.articles(wanted) if wanted else {})}
        found: dict[Change, frozenset[str]] = {}
        for due, place in passed:
            stored, rule = articles.get(due.article), self._rules.get(due.watch)
            if stored is None or rule is None or not rule.relative:
                continue
            then = self._past.article(stored, place.n)
            if hits_at(rule, Prepared(then), due.at):
                step = Change("time", due.article, then.story, due.at, seq=place.seq, n=place.n)
                found[step] = found.get(step, frozenset()) | {due.watch}
        return found

    def _loaded(self, changes: Sequence[Change]) -> dict[str, StoredArticle]:
        """The articles that came or were edited, as they are now."""
        wanted = dict.fromkeys(change.article for change in changes if change.kind != "move")
        return self._store.articles(list(wanted))

    def _articles(
        self, changes: Sequence[Change], loaded: Mapping[str, StoredArticle]
    ) -> dict[int, StoredArticle]:
        """The article of each arrival and edit that may alert, as it was then, by the change's number."""
        return {
            change.n: self._past.article(loaded[change.article], change.n)
            for change in changes
            if change.kind != "move"
            and change.article in loaded
            and (self._backfill or not loaded[change.article].backfill)
        }

    def _ready(self, articles: Mapping[int, StoredArticle]) -> dict[int, Prepared]:
        """These articles prepared; the store has the tokens of those that are still as they came."""
        current: dict[int, StoredArticle] = {}
        for n, article in articles.items():
            name = article.enriched.article.id
            if self._past.is_current(name, n) and self._past.story(article, n) == article.story:
                current[n] = article
        seen = dict(zip(current, self._store.searchable(list(current.values())), strict=True))
        return {n: Prepared(article, seen.get(n)) for n, article in articles.items()}

    def _kin(
        self, steps: Sequence[Change], changes: Sequence[Change], stories: Mapping[str, Story]
    ) -> dict[str, Kin]:
        """Where stories came from. Nothing is looked up for those that began with an arrival among these.

        One that articles left may have begun earlier than its members of today say.
        """
        n, before = _begin(changes or steps)
        sources: dict[str, dict[str, None]] = {}
        for change in changes:
            if change.kind == "move":
                sources.setdefault(change.story, {})[change.former] = None
                sources.setdefault(change.former, {})
        names = list(dict.fromkeys(step.story for step in steps))
        began = {name: story.first_seq for name, story in stories.items()}
        kin = {
            name: Kin(*ancestry(self._store.lineage(name), name), tuple(sources.get(name, ())))
            for name in names
            if self._memory.states == "all"
            or name in sources
            or began.get(name, 0) <= before
            or self._past.left(name)
        }
        self._recall({*kin, *(each for own in kin.values() for each in own.names)}, n, before)
        return kin

    def _recall(self, stories: Collection[str], n: int, head: int) -> None:
        """Reads what the watches know of these stories at a change, where it is not known here already."""
        wanted = () if self._memory.states == "none" else sorted(stories)
        states = [
            state
            for state in (self._store.tellings_of(wanted) if wanted else ())
            if state.watch in self._rules and (state.watch, state.story) not in self._memory.known
        ]
        if self._memory.states == "all":
            states = self._before(states, n, head)
        self._memory.known.update({(state.watch, state.story): state for state in states})

    def _before(self, states: Sequence[WatchState], n: int, head: int) -> list[WatchState]:
        """States into which later changes have gone, without what had not matched yet."""
        found = self._store.articles(sorted({name for state in states for name in state.matched}))
        then = {
            name: Prepared(self._past.article(each, n)) for name, each in found.items() if each.seq <= head
        }
        return [
            replace(
                state,
                matched=tuple(
                    name
                    for name in state.matched
                    if name in then and rule_hits(self._rules[state.watch], then[name])
                ),
            )
            for state in states
        ]

    def _hits(self, ready: Mapping[int, Prepared]) -> dict[int, frozenset[str]]:
        found: dict[int, set[str]] = {n: set() for n in ready}
        fixed = {name: rule.query for name, rule in self._rules.items() if not rule.relative}
        for name, keys in matched(fixed, ((str(n), each.seen) for n, each in ready.items())).items():
            for key in keys:
                found[int(key)].add(name)
        for n, article in ready.items() if self._relative else ():
            found[n].update(rule.watch.name for rule in self._relative if rule_hits(rule, article))
        return {n: frozenset(names) for n, names in found.items()}

    def _interested(
        self,
        steps: Sequence[Change],
        hits: Mapping[int, frozenset[str]],
        kin: Mapping[str, Kin],
        timed: Mapping[Change, frozenset[str]],
    ) -> dict[str, list[WatchRule]]:
        """For each story the watches that may have something to say: they hit or know it or an ancestor."""
        about: dict[str, set[str]] = {}
        for watch, story in self._memory.known:
            about.setdefault(story, set()).add(watch)
        for step in steps:
            new = hits.get(step.n, frozenset()) if step.kind in {"arrival", "edit"} else timed.get(step, ())
            about.setdefault(step.story, set()).update(new)
        found = {}
        for story in {step.story for step in steps}:
            own = kin.get(story, _NO_KIN)
            names = {name for each in (story, *own.names) for name in about.get(each, ())}
            if names:
                found[story] = [self._rules[name] for name in sorted(names) if name in self._rules]
        return found


def _names(rules: Iterable[WatchRule]) -> set[str]:
    return {rule.watch.name for rule in rules}


class _Views:
    """Stories as they were at a change."""

    def __init__(
        self, store: Store, past: Past, wanted: Iterable[str], known: Mapping[str, StoredArticle]
    ) -> None:
        self._past = past
        self._known = known
        stories = store.stories(sorted(wanted))
        ids = {
            name: dict.fromkeys((*(stories[name].members if name in stories else ()), *past.left(name)))
            for name in wanted
        }
        for article in known.values():  # of a story that is not there any more
            if article.story in ids:
                ids[article.story][article.enriched.article.id] = None
        others = {each for members in ids.values() for each in members if each not in known}
        loaded = {**known, **store.articles(sorted(others))}
        self._candidates = {
            name: sorted((loaded[each] for each in members if each in loaded), key=lambda a: a.seq)
            for name, members in ids.items()
        }

    def at(self, change: Change, kin: Mapping[str, Kin], affair: tuple[str, ...]) -> StoryView:
        """The story that a change touched, just after it, beside the others of its situation."""
        members = self._past.members(change.story, self._candidates[change.story], change)
        own = kin.get(change.story, _NO_KIN)
        others = (self._past.members(name, self._candidates[name], change) for name in affair)
        around = (each for members in others for each in members)
        return StoryView(
            change.story,
            tuple(members),
            own.ancestors,
            own.split,
            own.sources,
            affair,
            tuple(sorted(around, key=lambda each: each.seq)),
        )

    def former(self, change: Change) -> StoredArticle | None:
        """The article just before the edit with which it became withdrawn; None at every other change."""
        stored = self._known.get(change.article) if change.kind == "edit" else None
        if stored is None or self._past.article(stored, change.n).enriched.article.withdrawn is None:
            return None
        before = self._past.article(stored, change.n - 1)
        return before if before.enriched.article.withdrawn is None else None
