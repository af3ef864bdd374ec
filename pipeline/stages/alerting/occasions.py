"""What changed, as watches are asked about it: each change with the stories it touched, as they were then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from pipeline.alerts.decide.decide import Occasion, StoryView, WatchRule, rule_hits
from pipeline.alerts.decide.past import Past
from pipeline.ports import Store
from pipeline.query.evaluate import matched
from pipeline.query.fields import indexed
from pipeline.query.hits import prepared
from pipeline.query.tree import Query
from pipeline.records import Change, StoredArticle, WatchState
from pipeline.stages.alerting.lineage import ancestry


@dataclass(frozen=True, slots=True)
class Kin:
    """Where a story came from; the fields are those of `StoryView`."""

    ancestors: tuple[str, ...] = ()
    split: bool = False
    sources: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.ancestors, *self.sources)


_NO_KIN = Kin()


@dataclass(frozen=True, slots=True)
class Questions:
    """What a stretch of changes asks of watches.

    Attributes:
        occasions: In order; only those that some watch may have something to say on.
        interested: The watches to ask, by story.
        hits: For each arrival and edit, by its number, the watches whose query hits the article.
    """

    occasions: tuple[Occasion, ...]
    interested: Mapping[str, Sequence[WatchRule]]
    hits: Mapping[int, frozenset[str]]


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


class OccasionReader:
    """Reads from the store what a stretch of changes asks.

    Args:
        store: Read only.
        rules: The watches that are switched on.
        past: Tells how articles and stories were at a change.
        known: What watches know of stories, by watch and story; what is read is added.
        backfill: Whether articles that were loaded as backfill may alert as well.
        fresh: Whether the watches are asked as if they were new: what the store has of them is not read.
    """

    def __init__(
        self,
        store: Store,
        rules: Sequence[WatchRule],
        past: Past,
        known: dict[tuple[str, str], WatchState],
        *,
        backfill: bool = False,
        fresh: bool = False,
    ) -> None:
        self._store = store
        self._rules = {rule.watch.name: rule for rule in rules}
        self._past = past
        self._known = known
        self._backfill = backfill
        self._fresh = fresh

    def read(self, changes: Sequence[Change]) -> Questions:
        """What these changes ask, in their order."""
        articles = self._articles(changes)
        steps = [each for each in touched(changes) if each.kind == "move" or each.n in articles]
        if not steps:
            return Questions((), {}, {})
        kin = self._kin(steps, changes)
        hits = self._hits(articles)
        interested = self._interested(steps, hits, kin)
        views = _Views(self._store, self._past, interested, articles.values())
        occasions = (Occasion(step, views.at(step, kin)) for step in steps if step.story in interested)
        return Questions(tuple(occasions), interested, hits)

    def _articles(self, changes: Sequence[Change]) -> dict[int, StoredArticle]:
        """The article of each arrival and edit that may alert, as it was then, by the change's number."""
        wanted = [change for change in changes if change.kind != "move"]
        stored = self._store.articles(list(dict.fromkeys(change.article for change in wanted)))
        return {
            change.n: self._past.article(stored[change.article], change.n)
            for change in wanted
            if change.article in stored and (self._backfill or not stored[change.article].backfill)
        }

    def _kin(self, steps: Sequence[Change], changes: Sequence[Change]) -> dict[str, Kin]:
        """Where stories came from. Nothing is looked up for those that began with an arrival among these."""
        first = changes[0]
        before = first.seq - 1 if first.kind == "arrival" else first.seq
        sources: dict[str, dict[str, None]] = {}
        for change in changes:
            if change.kind == "move":
                sources.setdefault(change.story, {})[change.former] = None
                sources.setdefault(change.former, {})
        names = list(dict.fromkeys(step.story for step in steps))
        began = {name: story.first_seq for name, story in self._store.stories(names).items()}
        kin = {
            name: Kin(*ancestry(self._store.lineage(name), name), tuple(sources.get(name, ())))
            for name in names
            if name in sources or began.get(name, 0) <= before
        }
        wanted = set() if self._fresh else {*kin, *(each for own in kin.values() for each in own.names)}
        for state in self._store.tellings_of(sorted(wanted)) if wanted else ():
            if state.watch in self._rules:
                self._known.setdefault((state.watch, state.story), state)
        return kin

    def _hits(self, articles: Mapping[int, StoredArticle]) -> dict[int, frozenset[str]]:
        found: dict[int, set[str]] = {n: set() for n in articles}
        fixed = {name: rule.query for name, rule in self._rules.items() if not rule.relative}
        for name, numbers in self._matched(fixed, articles).items():
            for n in numbers:
                found[n].add(name)
        relative = [rule for rule in self._rules.values() if rule.relative]
        for n, article in articles.items() if relative else ():
            ready = prepared(article)
            found[n].update(rule.watch.name for rule in relative if rule_hits(rule, ready))
        return {n: frozenset(names) for n, names in found.items()}

    def _matched(
        self, fixed: Mapping[str, Query], articles: Mapping[int, StoredArticle]
    ) -> dict[str, list[int]]:
        """For each query the numbers of the changes whose article it hits.

        The store has the tokens of what came and is still as it came; only the rest is analyzed again.
        """
        arrived: dict[str, int] = {}
        rest: list[tuple[str, StoredArticle]] = []
        for n, article in articles.items():
            name = article.enriched.article.id
            if name not in arrived and self._past.is_current(name, n):
                arrived[name] = n
            else:
                rest.append((str(n), article))
        seqs = sorted(articles[n].seq for n in arrived.values())
        dense = bool(seqs) and seqs[-1] - seqs[0] < 2 * len(seqs) + 10
        found: dict[str, list[int]] = {}
        if dense:
            for query, ids in self._store.match(fixed, seqs[0] - 1, seqs[-1]).items():
                found[query] = [arrived[each] for each in ids if each in arrived]
        else:
            rest += [(str(n), articles[n]) for n in arrived.values()]
        for query, keys in matched(fixed, ((key, indexed(article)) for key, article in rest)).items():
            found.setdefault(query, []).extend(map(int, keys))
        return found

    def _interested(
        self, steps: Sequence[Change], hits: Mapping[int, frozenset[str]], kin: Mapping[str, Kin]
    ) -> dict[str, list[WatchRule]]:
        """For each story the watches that may have something to say: they hit or know it or an ancestor."""
        about: dict[str, set[str]] = {}
        for watch, story in self._known:
            about.setdefault(story, set()).add(watch)
        for step in steps:
            about.setdefault(step.story, set()).update(hits.get(step.n, ()) if step.kind != "move" else ())
        found = {}
        for story in {step.story for step in steps}:
            own = kin.get(story, _NO_KIN)
            names = {name for each in (story, *own.names) for name in about.get(each, ())}
            if names:
                found[story] = [self._rules[name] for name in sorted(names) if name in self._rules]
        return found


class _Views:
    """Stories as they were at a change."""

    def __init__(
        self, store: Store, past: Past, wanted: Iterable[str], articles: Iterable[StoredArticle]
    ) -> None:
        self._past = past
        stories = store.stories(sorted(wanted))
        ids = {
            name: dict.fromkeys((*(stories[name].members if name in stories else ()), *past.left(name)))
            for name in wanted
        }
        for article in articles:  # of a story that is not there any more
            if article.story in ids:
                ids[article.story][article.enriched.article.id] = None
        loaded = store.articles([each for members in ids.values() for each in members])
        self._candidates = {
            name: sorted((loaded[each] for each in members if each in loaded), key=lambda a: a.seq)
            for name, members in ids.items()
        }

    def at(self, change: Change, kin: Mapping[str, Kin]) -> StoryView:
        """The story that a change touched, just after it."""
        members = self._past.members(change.story, self._candidates[change.story], change)
        own = kin.get(change.story, _NO_KIN)
        return StoryView(change.story, tuple(members), own.ancestors, own.split, own.sources)
