"""The clustering state of a run: rebuilt from the store, kept while the run lasts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.ports import Period, Store
from pipeline.processes import give_back
from pipeline.records import Article, Decision, StoredArticle, Story, Tie
from pipeline.stages.grouping.checkpoint import Checkpoints, rebuilt
from pipeline.stories.describing.describe import MEMBERS_TOLD, describe
from pipeline.stories.features.packed import Features, IndexedArticle
from pipeline.stories.index.story_index import StoryIndex
from pipeline.stories.placing.assign import assign_all
from pipeline.stories.placing.corrections import Constraints
from pipeline.stories.scoring.scorer import Scorer
from pipeline.stories.situations.situation_index import SituationIndex

# How many articles that were read to describe stories are kept for the next commits of the run.
_KEPT: Final = 4 * MEMBERS_TOLD
# After this many articles of one run, if they are more than this fraction of the index, the run
# goes on from a checkpoint again:
# what a run takes in is in memory, some 6 KiB an article, and a load may bring millions.
_TAKEN_IN: Final = 10_000
_TAKEN_SHARE: Final = 20


class Clustering:
    """The stories that new articles may join.

    Args:
        store: Read when the state is rebuilt.
        scorer: Says how well an article fits a story.
        window: A story is a candidate while it has an article within this distance of the new one.
        center: The mean of the embedder's vectors, shape [d]; None where it has none.
        checkpoints: Of the store; None where everything is read from it.
    """

    def __init__(
        self,
        store: Store,
        scorer: Scorer,
        window: timedelta,
        center: NDArray[np.float64] | None,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        self._store = store
        self._checkpoints = checkpoints
        self._scorer = scorer
        self._window = window
        self._center = center
        self._head = store.head()
        self._times: Period | None = None
        self._arrivals: Period | None = None
        self._undated = self._undated_came = False
        self._taken_in = 0
        # As they are in the store; those that were asked for last come last.
        self._articles: dict[str, StoredArticle] = {}
        self.constraints = Constraints(store.corrections())
        self.index = StoryIndex(window / timedelta(days=1), center)
        self.situations = SituationIndex(store.learned, center)

    def cover(self, articles: Sequence[Article]) -> None:
        """Makes sure that every story within the window of these articles is in the index.

        A rebuild reads one window more, so that a long run in order of time seldom needs one. The index
        passes over what lies outside an article's own window, so holding more changes nothing. To be called
        when all that was assigned is in the store.
        """
        times = _span((article.time for article in articles), self._window)
        arrivals = _span((article.fetched for article in articles), self._window)
        undated = any(article.published is None for article in articles)
        self._undated_came |= undated
        held = _holds(self._times, times) and _holds(self._arrivals, arrivals) and undated <= self._undated
        much = self._taken_in >= max(_TAKEN_IN, len(self.index) // _TAKEN_SHARE)
        if held and not (much and self._checkpoints is not None):
            self.index.let_go()
            return
        self._taken_in = 0
        # Not both at once in memory.
        self.index = StoryIndex(self._window / timedelta(days=1), self._center)
        if self._reached(times, arrivals):
            return
        self._times = (times[0], _later(times[1], self._window))
        self._arrivals = (arrivals[0], _later(arrivals[1], self._window))
        self._undated = undated
        self._rebuild()

    def _reached(self, times: Period, arrivals: Period) -> bool:
        """Whether a checkpoint holds these periods; the index is made of it then.

        When dated articles of long ago are loaded, what came lately is near none of them, even if it is all
        that the load has brought: then a checkpoint without it will do.
        """
        if self._checkpoints is None:
            return False
        since = min(times[0], arrivals[0])
        came = arrivals[0] if self._undated_came or times[1] >= arrivals[0] else None
        reach = self._checkpoints.reaching(since, came, until=times[1])
        if reach is None:
            return False
        last = datetime.max.replace(tzinfo=UTC)
        self._undated = reach.fetched is not None
        self._times = (reach.published, last)
        self._arrivals = (reach.published if reach.fetched is None else reach.fetched, last)
        self.index = reach.index
        give_back()
        return True

    def cover_all(self, start: datetime, end: datetime) -> None:
        """Makes sure that the stories with an article in [start, end], and all they may touch, are there.

        No others are: articles of such a story may be older than that, and what is near those must not hang
        on what the index holds besides. Of a checkpoint only what is asked for is read.
        """
        period = (_earlier(start, self._window), _later(end, self._window))
        self._undated_came = True
        if self._reached(period, period):
            # A checkpoint holds more; what comes of it must not hang on how much.
            since, upto = (time.timestamp() for time in period)
            self.index.only(since, upto, lambda names: self._dated(names, period))
            self._times = self._arrivals = period
            return
        self._times = self._arrivals = period
        self._undated = True
        self._rebuild()

    def _dated(self, names: Sequence[str], period: Period) -> set[str]:
        """Which of some articles are dated within a period."""
        rows = self._store.lines(names)
        return {
            name for name, row in rows.items() if period[0] <= (row.published or row.fetched) <= period[1]
        }

    def _rebuild(self) -> None:
        if self._times is None or self._arrivals is None:
            return
        published = [self._times]
        if not _holds(self._times, self._arrivals):
            published.append(self._arrivals)
        arrivals = [self._arrivals] if self._undated else []
        self.index = rebuilt(self._active(published, arrivals), self._window, self._center)
        give_back()

    def _active(
        self, published: Sequence[Period], arrivals: Sequence[Period]
    ) -> Iterator[tuple[IndexedArticle, str]]:
        for row in self._store.active(published, arrivals):
            yield IndexedArticle.of_row(row), row.story

    def assign(self, arrivals: Sequence[tuple[str, Features]]) -> list[tuple[IndexedArticle, Decision]]:
        """Decides on the next articles, one after another, and takes them into the index.

        Args:
            arrivals: Their ids and traits.

        Returns:
            The articles with their sequence numbers, each with its decision.
        """
        members = [
            IndexedArticle(article, seq, traits)
            for seq, (article, traits) in enumerate(arrivals, self._head + 1)
        ]
        self._head += len(members)
        self._taken_in += len(members)
        decisions = assign_all(members, self.index, self._scorer, self.constraints)
        return list(zip(members, decisions, strict=True))

    def told(
        self,
        touched: Mapping[str, int],
        changed: Mapping[str, StoredArticle],
        ties: Mapping[str, Tie] | None = None,
        joined: Sequence[str] = (),
    ) -> tuple[Story, ...]:
        """Stories as they are now; those without members are left out.

        What is read does not grow with a story: its newest members, and those of them that this run has
        told of are at hand.

        Args:
            touched: By story id, how many changes it has seen since it was stored.
            changed: Articles that are newer than the store's, by id.
            ties: The situations that stories belong to from now on.
            joined: Ids of stories that are no longer alone in the situation that began with them.
        """
        names = [story for story in sorted(touched) if self.index.has_story(story)]
        firsts = {self._living(story): story for story in joined if story not in names}
        before = self._store.stories([*names, *firsts])
        members = {name: self.index.profile(name).members for name in names}
        newest = {m.article for group in members.values() for m in group[-MEMBERS_TOLD:]}
        articles = self._read(sorted(newest), changed)
        told = [
            _carried(
                describe(
                    name,
                    [articles[m.article] for m in members[name][-MEMBERS_TOLD:]],
                    version=touched[name]
                    + (name in joined)
                    + (before[name].version if name in before else 0),
                    older=members[name][:-MEMBERS_TOLD],
                ),
                before.get(name),
            )
            for name in names
        ]
        told += [replace(before[name], version=before[name].version + 1) for name in firsts if name in before]
        situations = dict(zip(joined, joined, strict=True)) | firsts
        return tuple(_tied(story, situations, ties or {}) for story in sorted(told, key=lambda s: s.id))

    def _read(self, names: Sequence[str], changed: Mapping[str, StoredArticle]) -> dict[str, StoredArticle]:
        """Articles as they are once the commit is done."""
        kept = self._articles
        kept.update((name, changed[name]) for name in changed.keys() & kept.keys())
        found = {name: kept.pop(name) for name in names if name in kept}
        missing = [name for name in names if name not in found and name not in changed]
        found |= self._store.articles(missing)
        found |= {name: changed[name] for name in names if name in changed}
        kept.update(found)
        for name in list(kept)[:-_KEPT]:
            del kept[name]
        return found

    def _living(self, story: str) -> str:
        """The story that one has become part of; itself where it goes on."""
        if self._store.stories([story]):
            return story
        into = {each.story: each.into for each in self._store.lineage(story) if each.kind == "merged"}
        seen = {story}
        while into.get(story, story) not in seen:
            story = into[story]
            seen.add(story)
        return story


def _carried(story: Story, before: Story | None) -> Story:
    """A story told anew, with the situation that it had."""
    return replace(story, situation=before.situation, tie=before.tie) if before is not None else story


def _tied(story: Story, joined: Mapping[str, str], ties: Mapping[str, Tie]) -> Story:
    if story.id in joined and not story.situation and story.tie is None:
        story = replace(story, situation=joined[story.id])
    if story.id in ties:
        tie = ties[story.id]
        story = replace(story, situation=tie.situation, tie=tie)
    return story


def _span(times: Iterable[datetime], margin: timedelta) -> Period:
    ordered = sorted(times)
    return _earlier(ordered[0], margin), _later(ordered[-1], margin)


def _holds(outer: Period | None, inner: Period) -> bool:
    return outer is not None and outer[0] <= inner[0] and inner[1] <= outer[1]


def _earlier(time: datetime, by: timedelta) -> datetime:
    """`time - by`, or the first moment there is."""
    first = datetime.min.replace(tzinfo=UTC)
    return first if time - first < by else time - by


def _later(time: datetime, by: timedelta) -> datetime:
    """`time + by`, or the last moment there is."""
    last = datetime.max.replace(tzinfo=UTC)
    return last if last - time < by else time + by
