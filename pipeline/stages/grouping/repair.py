"""Mends recent stories, and carries out a person's corrections. Needs the lease "stories"."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pipeline.ports import Commit, Lease, Store
from pipeline.records import Correction, Lineage, Tie
from pipeline.stages.grouping.state import Clustering
from pipeline.stories.placing.carried_out import carry_out
from pipeline.stories.placing.corrections import Constraints, in_force, origin_of
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
        commit = self._mended(recent, now, "repair", Commit(marks=marks or {}), self._placement())
        self._store.commit(commit, self._renew())
        return _counts(commit)

    def correct(self, correction: Correction, marks: dict[str, str] | None = None) -> RepairCounts:
        """Keeps a person's word and carries it out at once on the stories it names.

        Articles that are not in the store, or not any more, are passed over.

        Raises:
            ContradictionError: It contradicts an earlier correction; nothing is changed.
        """
        commit = replace(self.worked_out(correction), marks=marks or {})
        self._store.commit(commit, self._renew())
        return _counts(commit)

    def worked_out(self, *corrections: Correction) -> Commit:
        """What a person's words change, with what repair moves in consequence; nothing is written.

        The stories of the articles that an undo names are placed again by the scorer, from where they would
        have been without what it takes back: that state is not brought back by force.

        Raises:
            ContradictionError: One contradicts an earlier correction.
        """
        known = self._store.corrections()
        kept = {each.id for each in known}
        everything = [*known, *(each for each in corrections if each.id not in kept)]
        constraints = self._clustering.constraints = Constraints(everything)
        names = {a for each in corrections for group in each.groups for a in group}
        names |= {other for a in names for other in constraints.together(a)}
        named = self._store.articles(sorted(names))
        commit = Commit(corrections=corrections)
        if not named:
            return commit
        times = [stored.enriched.article.time for stored in named.values()]
        self._clustering.cover_all(min(times), max(times))
        before = self._placement()
        index, standing = self._clustering.index, in_force(everything)
        stories: set[str] = set()
        for correction in corrections:
            said = origin_of(correction, everything)
            stories |= carry_out(index, constraints, said, holds=said in standing)
        stories = {story for story in stories if index.has_story(story)}
        return self._mended(stories, corrections[-1].at, "person", commit, before)

    def _placement(self) -> dict[str, str]:
        index = self._clustering.index
        return {m.article: p.story for p in index.stories() for m in p.members}

    def _mended(
        self,
        stories: Collection[str],
        now: datetime,
        by: Literal["repair", "person"],
        commit: Commit,
        before: Mapping[str, str],
    ) -> Commit:
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
        return replace(
            commit,
            articles=tuple(sorted(articles.values(), key=lambda a: a.seq)),
            stories=self._clustering.told(touched, articles, self._inherited(lineage, by)),
            ended=tuple(name for name in sorted(touched) if not index.has_story(name)),
            decisions=outcome.decisions,
            lineage=lineage,
            at=now,
        )

    def _inherited(self, lineage: Collection[Lineage], by: Literal["repair", "person"]) -> dict[str, Tie]:
        """The situations of stories that were made out of one that has one, or took one in and had none."""
        known = self._store.stories(sorted({name for each in lineage for name in (each.story, each.into)}))
        found: dict[str, Tie] = {}
        then = self._store.head() + 1
        for each in sorted(lineage, key=lambda one: (one.into, one.story)):
            former, now = known.get(each.story), known.get(each.into)
            if former is not None and former.situation and not (now is not None and now.situation):
                found.setdefault(each.into, Tie(former.situation, by=by, seq=then))
        return found


def _counts(commit: Commit) -> RepairCounts:
    kinds = [entry.kind for entry in commit.lineage]
    return RepairCounts(kinds.count("merged"), kinds.count("split"), len(commit.decisions))
