"""Mends recent stories, and carries out a person's corrections. Needs the lease "stories"."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pipeline.ports import Commit, Lease, Store
from pipeline.records import Correction, Lineage
from pipeline.stages.grouping.state import Clustering
from pipeline.stories.placing.assign import story_id
from pipeline.stories.placing.corrections import Constraints
from pipeline.stories.placing.reassign import compared, repair
from pipeline.stories.scoring.scorer import Scorer


@dataclass(frozen=True, slots=True)
class RepairCounts:
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

    def run(self, now: datetime, span: timedelta, marks: dict[str, str] | None = None) -> RepairCounts:
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
            return RepairCounts()
        end = min(now, newest[0].last_published)
        start = end - span
        self._clustering.cover_all(start, end)
        recent = {row.story for row in self._store.active([(start, now)], [(start, now)])}
        return self._mend(recent, now, "repair", Commit(marks=marks or {}), self._placement())

    def correct(self, correction: Correction, marks: dict[str, str] | None = None) -> RepairCounts:
        """Keeps a person's word and carries it out at once on the stories it names.

        Articles that are not in the store, or not any more, are passed over.

        Raises:
            ContradictionError: It contradicts an earlier correction; nothing is changed.
        """
        known = self._store.corrections()
        corrections = known if any(c.id == correction.id for c in known) else [*known, correction]
        self._clustering.constraints = Constraints(corrections)
        named = self._store.articles([a for group in correction.groups for a in group])
        commit = Commit(corrections=(correction,), marks=marks or {})
        if not named:
            self._store.commit(commit, self._renew())
            return RepairCounts()
        times = [stored.enriched.article.time for stored in named.values()]
        self._clustering.cover_all(min(times), max(times))
        stories = {stored.story for stored in named.values()}
        before = self._placement()
        out = [article for article in correction.groups[0] if article in named]
        if correction.kind == "split" and out:
            stories |= {self._take_out(out)}
        return self._mend(stories, correction.at, "person", commit, before)

    def _placement(self) -> dict[str, str]:
        index = self._clustering.index
        return {m.article: p.story for p in index.stories() for m in p.members}

    def _take_out(self, articles: Sequence[str]) -> str:
        """Moves articles into a story of their own; the rest keeps the old id. Returns the new one."""
        index = self._clustering.index
        ordered = sorted(articles, key=lambda name: index.member(name).seq)
        if index.profile(index.story_of(ordered[0]) or "").size == len(ordered):
            return index.story_of(ordered[0]) or ""
        story = story_id(ordered[0], index.has_story)
        for name in ordered:
            index.move(name, story)
        return story

    def _mend(
        self,
        stories: Collection[str],
        now: datetime,
        by: Literal["repair", "person"],
        commit: Commit,
        before: Mapping[str, str],
    ) -> RepairCounts:
        index = self._clustering.index
        repair(index, self._scorer, self._clustering.constraints, stories)
        outcome = compared(before, index, self._scorer, self._clustering.constraints, by)
        lineage = tuple(
            Lineage(change.story, change.into, "merged" if change.kind == "merge" else "split", now, by)
            for change in outcome.changes
            if change.kind != "move"
        )
        moved = [decision.article for decision in outcome.decisions]
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
                decisions=outcome.decisions,
                lineage=lineage,
                at=now,
            ),
            self._renew(),
        )
        kinds = [entry.kind for entry in lineage]
        return RepairCounts(kinds.count("merged"), kinds.count("split"), len(moved))
