"""Mends recent stories, and carries out a person's corrections. Needs the lease "stories"."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pipeline.ports import Commit, Lease, Store
from pipeline.records import Correction, Decision, Lineage
from pipeline.stages.clustering import Clustering
from pipeline.stories.constraints import Constraints
from pipeline.stories.index import StoryIndex
from pipeline.stories.repair import Change, repair
from pipeline.stories.scorer import Scorer

By = Literal["repair", "person"]


@dataclass(frozen=True, slots=True)
class Mended:
    """How many stories were merged and split, and how many articles moved."""

    merged: int = 0
    split: int = 0
    moved: int = 0


class Repairing:
    """Repairs and corrections over one store.

    Args:
        store: Whose lease "stories" the caller holds.
        scorer: Says how well an article fits a story.
        clustering: The clustering state, not yet covering anything.
        renew: Renews the lease and returns it.
    """

    def __init__(
        self, store: Store, scorer: Scorer, clustering: Clustering, renew: Callable[[], Lease]
    ) -> None:
        self._store = store
        self._scorer = scorer
        self._clustering = clustering
        self._renew = renew

    def run(self, now: datetime, span: timedelta, marks: dict[str, str] | None = None) -> Mended:
        """Repairs the stories that have an article within `span` before `now` or before the newest article.

        Args:
            now: When the repair runs; the newest article's time if that is earlier, so that an archive of
                long ago is repaired as it was when it was news.
            span: How far back.
            marks: Saved with the outcome.
        """
        newest = self._store.newest_stories(None, None, 1)
        if not newest:
            self._store.commit(Commit(marks=marks or {}), self._renew())
            return Mended()
        end = min(now, newest[0].last_published)
        start = end - span
        self._clustering.cover_all(start, end)
        recent = {row.story for row in self._store.active(start, now)}
        recent |= {row.story for row in self._store.active(start, now, fetched=True)}
        return self._mend(recent, now, "repair", Commit(marks=marks or {}))

    def correct(self, correction: Correction, marks: dict[str, str] | None = None) -> Mended:
        """Keeps a person's word and carries it out at once on the stories it names.

        Raises:
            ContradictionError: It contradicts an earlier correction; nothing is changed.
            NotFoundError: It names an article that is not in the store.
        """
        known = self._store.corrections()
        corrections = known if any(c.id == correction.id for c in known) else [*known, correction]
        self._clustering.constraints = Constraints(corrections)
        named = self._store.articles([a for group in correction.groups for a in group])
        times = [stored.enriched.article.time for stored in named.values()]
        self._clustering.cover_all(min(times), max(times))
        stories = {stored.story for stored in named.values()}
        commit = Commit(corrections=(correction,), marks=marks or {})
        return self._mend(stories, correction.at, "person", commit)

    def _mend(self, stories: Collection[str], now: datetime, by: By, commit: Commit) -> Mended:
        index = self._clustering.index
        before = {m.article: p.story for p in index.stories() for m in p.members}
        outcome = repair(index, self._scorer, self._clustering.constraints, stories)
        moved = [a for a, story in before.items() if index.story_of(a) != story]
        touched = {name: 1 for a in moved for name in (before[a], index.story_of(a) or before[a])}
        articles = {
            name: replace(stored, story=index.story_of(name) or stored.story)
            for name, stored in self._store.articles(sorted(moved)).items()
        }
        self._store.commit(
            replace(
                commit,
                articles=tuple(sorted(articles.values(), key=lambda a: a.seq)),
                stories=self._clustering.told(touched, articles),
                ended=tuple(name for name in sorted(touched) if not index.has_story(name)),
                decisions=tuple(_signed(decision, by) for decision in outcome.decisions),
                lineage=tuple(_lineage(outcome.changes, index, now, by)),
            ),
            self._renew(),
        )
        kinds = [change.kind for change in outcome.changes]
        return Mended(kinds.count("merge"), kinds.count("split"), len(moved))


def _signed(decision: Decision, by: By) -> Decision:
    return replace(decision, by=by)


def _lineage(changes: Iterable[Change], index: StoryIndex, now: datetime, by: By) -> Iterable[Lineage]:
    """Merges lead on; splits note where the new story came from. Single moves leave no lineage."""
    for change in changes:
        if change.kind == "merge" or (change.kind == "move" and not index.has_story(change.story)):
            yield Lineage(change.story, change.into, "merged", now, by)
        elif change.kind == "split":
            yield Lineage(change.story, change.into, "split", now, by)
