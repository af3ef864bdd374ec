"""Mends recent stories, and carries out a person's corrections. Needs the lease "stories"."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pipeline.ports import Commit, Lease, Store, StoryFilter
from pipeline.records import Correction, Lineage, StoredArticle, Story, Tie
from pipeline.stages.grouping.state import Clustering
from pipeline.stories.features.packed import IndexedArticle
from pipeline.stories.placing.carried_out import carry_out
from pipeline.stories.placing.corrections import Constraints, in_force, origin_of
from pipeline.stories.placing.reassign import PASSES, compared, repair
from pipeline.stories.scoring.scorer import Scorer
from pipeline.stories.situations.person_ties import (
    TIE_KINDS,
    PersonTies,
    last_word,
    machine_tie,
    stories_meant,
)
from pipeline.stories.situations.situation_index import TRIED, SituationIndex

log = logging.getLogger("wirewatch.grouping")

# Once a person spoke of a situation, others are compared with this many of its stories, the newest.
_STORIES = 500


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
        commit = replace(self.due(now, span), marks=marks or {})
        self._store.commit(commit, self._renew())
        return _counts(commit)

    def due(self, now: datetime, span: timedelta) -> Commit:
        """What `run` changes; nothing is written but, maybe, a checkpoint."""
        newest = self._store.newest_stories(None, None, 1)
        if not newest:
            return Commit()
        end = min(now, newest[0].last_published)
        start = end - span
        self._clustering.cover_all(start, end)
        recent = self._store.active_stories([(start, now)], [(start, now)])
        before = self._clustering.index.note_moves()
        commit = self._mended(recent, now, "repair", Commit(), before)
        situations = self._clustering.situations
        return with_person_ties(self._store, situations, commit, self._store.corrections())

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
        placing = [each for each in corrections if not is_about_situations(each, everything)]
        commit = Commit(corrections=corrections, at=corrections[-1].at)
        commit = self._placed(placing, everything, commit)
        return with_person_ties(self._store, self._clustering.situations, commit, everything)

    def _placed(
        self, corrections: Sequence[Correction], everything: Sequence[Correction], commit: Commit
    ) -> Commit:
        """What is said on stories changes where articles are."""
        constraints = self._clustering.constraints = Constraints(everything)
        names = {a for each in corrections for group in each.groups for a in group}
        names |= {other for a in names for other in constraints.together(a)}
        named = self._store.articles(sorted(names)) if names else {}
        if not named:
            return commit
        times = [stored.enriched.article.time for stored in named.values()]
        self._clustering.cover_all(min(times), max(times))
        before = self._clustering.index.note_moves()
        index, standing = self._clustering.index, in_force(everything)
        stories: set[str] = set()
        for correction in corrections:
            said = origin_of(correction, everything)
            stories |= carry_out(index, constraints, said, holds=said in standing)
        stories = {story for story in stories if index.has_story(story)}
        return self._mended(stories, corrections[-1].at, "person", commit, before)

    def _mended(
        self,
        stories: Collection[str],
        now: datetime,
        by: Literal["repair", "person"],
        commit: Commit,
        before: Mapping[str, str],
    ) -> Commit:
        index = self._clustering.index
        unsettled = repair(index, self._scorer, self._clustering.constraints, stories).unsettled
        if unsettled:
            log.warning(
                "a repair stopped after %d passes; in the last one %d of its articles still went from story "
                "to story, and the next repair goes on from there",
                PASSES,
                unsettled,
            )
        outcome = compared(before, index, self._scorer, self._clustering.constraints, by)
        lineage = tuple(
            Lineage(change.story, change.into, "merged" if change.kind == "merge" else "split", now, by)
            for change in outcome.changes
            if change.kind != "move"
        )
        moved = [decision.article for decision in outcome.decisions]
        inherited = self._inherited(lineage, by)
        followed = self._followed({name: before[name] for name in moved}, inherited, by)
        touched = {name: 1 for a in moved for name in (before[a], index.story_of(a) or before[a])}
        articles = {
            name: replace(stored, story=index.story_of(name) or stored.story)
            for name, stored in self._store.articles(sorted(moved)).items()
        }
        return replace(
            commit,
            articles=tuple(sorted(articles.values(), key=lambda a: a.seq)),
            stories=self._clustering.told(touched, articles, {**inherited, **followed}),
            ended=tuple(name for name in sorted(touched) if not index.has_story(name)),
            decisions=outcome.decisions,
            lineage=lineage,
            at=now,
        )

    def _inherited(self, lineage: Collection[Lineage], by: Literal["repair", "person"]) -> dict[str, Tie]:
        """The situations of stories that were made out of one that has one, or took one in and had none.

        Where a person spoke of that one, the word itself says what becomes of it (`with_person_ties`);
        beneath it lies how the machine had it, for what was parted as for the rest.
        """
        known = self._store.stories(sorted({name for each in lineage for name in (each.story, each.into)}))
        words = {each.id: each for each in self._store.corrections()}
        found: dict[str, Tie] = {}
        then = self._store.head() + 1
        for each in sorted(lineage, key=lambda one: (one.into, one.story)):
            former, now = known.get(each.story), known.get(each.into)
            if former is None or (now is not None and now.situation):
                continue
            said = former.tie.said if former.tie is not None else ""
            if said and not (each.kind == "split" and self._begins_with(each.into, words.get(said))):
                continue
            machine = machine_tie(former)
            if machine is not None and machine.situation:
                found.setdefault(each.into, Tie(machine.situation, by=by, seq=then))
        return found

    def _followed(
        self, moved: Mapping[str, str], inherited: Mapping[str, Tie], by: Literal["repair", "person"]
    ) -> dict[str, Tie]:
        """The situations of stories most of whose articles come from stories of another one than theirs.

        A story that is alone counts as a situation of its own, and one that began a situation stays there.
        Nor is a story tied anew where a person spoke of it, or of one that its articles come from.

        Args:
            moved: By article that has another story now, the one that it was in.
            inherited: How stories are tied as parts or heirs of others.
            by: Who moved them.
        """
        index = self._clustering.index
        came: dict[str, Counter[str]] = {}
        for article, former in sorted(moved.items()):
            came.setdefault(index.story_of(article) or "", Counter())[former] += 1
        known = self._store.stories(sorted({*came, *(former for each in came.values() for former in each)}))
        spoken_of = {name for name, story in known.items() if story.tie is not None and story.tie.said}
        ties = {name: machine_tie(story) for name, story in known.items()}
        tied = {name: tie.situation for name, tie in ties.items() if tie is not None and tie.situation}
        found: dict[str, Tie] = {}
        for into, formers in came.items():
            now = inherited[into].situation if into in inherited else tied.get(into, "")
            if now == into or spoken_of & {into, *formers}:
                continue
            counts = Counter({tied.get(into, into): index.profile(into).size - formers.total()})
            for former, articles in formers.items():
                counts[tied.get(former, former)] += articles
            most = max(counts, key=lambda name: (counts[name], name == now, name))
            if most in tied.values() and most not in {into, now}:
                found[into] = Tie(most, by=by, seq=self._store.head() + 1)
        return found

    def _begins_with(self, story: str, said: Correction | None) -> bool:
        """Whether a story's first article is one that a word names."""
        first = self._clustering.index.profile(story).members[0].article
        return said is not None and any(first in group for group in said.groups[:-1])


def is_about_situations(correction: Correction, known: Sequence[Correction]) -> bool:
    """Whether a correction says which situation a story belongs to, or takes that back."""
    return origin_of(correction, [*known, correction]).kind in TIE_KINDS


def with_person_ties(
    store: Store, situations: SituationIndex, commit: Commit, known: Sequence[Correction]
) -> Commit:
    """A commit with the situations that persons' words give to the stories that it is about.

    Args:
        store: As it is before the commit.
        situations: What is known of situations; is changed where a word changes which stories they have.
        commit: What moves articles, or says something of situations.
        known: All corrections, oldest first, with those of the commit.
    """
    return _Tying(store, situations, commit, known).tied()


class _Tying:
    """Makes true of the stories of one commit what persons said of their situations."""

    def __init__(
        self, store: Store, situations: SituationIndex, commit: Commit, known: Sequence[Correction]
    ) -> None:
        self._store = store
        self._situations = situations
        self._commit = commit
        self._ties = PersonTies(in_force(known))
        origins = [origin_of(each, known) for each in commit.corrections]
        self._said = [each for each in origins if each.kind in TIE_KINDS]
        self._moved = {stored.enriched.article.id: stored for stored in commit.articles}

    def tied(self) -> Commit:
        """The commit with these situations, and with what is known of them."""
        changed = {story.id: story for story in self._commit.stories}
        words = [*self._said, *self._ties.about(_members(changed.values()))]
        if not words and not any(story.tie is not None and story.tie.said for story in changed.values()):
            return self._commit
        meant = {story for story in self._meant(words) if story not in changed}
        before = self._store.stories(sorted({*changed, *meant}))
        stories = {**{name: before[name] for name in meant if name in before}, **changed}
        about: dict[str, list[Correction]] = {}
        standing = self._ties.about(_members(stories.values()))
        where = self._where(standing)
        begun = self._begun(where)
        for said in standing:
            for story in stories_meant(said, where, begun):
                about.setdefault(story, []).append(said)
        told = {
            name: self._told(story, before.get(name), about.get(name, ())) for name, story in stories.items()
        }
        fresh = {name: story for name, story in told.items() if story != stories[name]}
        for name in fresh.keys() - changed.keys():
            told[name] = replace(told[name], version=told[name].version + 1)
        regrouped = {
            situation
            for name, story in fresh.items()
            if story.situation != stories[name].situation
            for situation in (name, story.situation, stories[name].situation)
        }
        for situation in sorted(regrouped - {""}):
            self._make_anew(situation, told)
        kept = {name: story for name, story in told.items() if name in changed or name in fresh}
        return replace(
            self._commit,
            stories=tuple(kept[name] for name in sorted(kept)),
            learned=dict(self._commit.learned) | self._situations.dirty(),
        )

    def _meant(self, words: Sequence[Correction]) -> set[str]:
        where = self._where(words)
        begun = self._begun(where)
        return {story for said in words for story in stories_meant(said, where, begun)}

    def _begun(self, where: Mapping[str, str]) -> dict[str, str]:
        """By their first articles, the stories that hold some, once the commit is done."""
        names = set(where.values())
        told = {story.id: story for story in self._commit.stories if story.id in names}
        held = {**self._store.stories(sorted(names - told.keys())), **told}
        return {story.members[0]: name for name, story in held.items()}

    def _where(self, words: Iterable[Correction]) -> dict[str, str]:
        """The stories of the articles that words name, once the commit is done."""
        names = {article for said in words for group in said.groups[:-1] for article in group}
        names -= set(self._commit.retired)
        found = {name: line.story for name, line in self._store.lines(sorted(names)).items()}
        return found | {name: self._moved[name].story for name in names if name in self._moved}

    def _told(self, story: Story, before: Story | None, words: Sequence[Correction]) -> Story:
        machine = machine_tie(story)
        situation, said = last_word(story.id, words, machine)
        if not said:
            begun = machine is not None and machine == Tie(machine.situation)
            return replace(story, situation=situation, tie=None if begun else machine)
        old = before.tie if before is not None else None
        same = old is not None and (old.situation, old.said) == (situation, said)
        seq = old.seq if old is not None and same else self._store.head() + 1
        return replace(
            story, situation=situation, tie=Tie(situation, by="person", seq=seq, said=said, former=machine)
        )

    def _make_anew(self, situation: str, told: Mapping[str, Story]) -> None:
        """Brings what is known of a situation to the stories that it has now."""
        page = self._store.story_page(StoryFilter(situation=situation), "new", _STORIES)
        stored_before = {story.id: story for story in page if story.id not in self._commit.ended}
        now = stored_before | dict(told)
        inside = [story for story in now.values() if story.situation == situation]
        tried = TRIED
        founder = told.get(situation)
        if not inside and founder is not None and not founder.situation:
            # It is alone again; with few articles it has yet to be compared.
            inside = [founder]
            tried = TRIED if founder.tie is not None else min(TRIED, len(founder.members))
        ordered = sorted(inside, key=lambda each: (each.tie.seq if each.tie else 0, each.first_seq))
        firsts = [story.members[0] for story in ordered]
        stored: Mapping[str, StoredArticle] = {**self._store.articles(firsts), **self._moved}
        members = [IndexedArticle.of(stored[name]) for name in firsts]
        self._situations.make_anew(situation, members, tried)


def _members(stories: Iterable[Story]) -> Iterable[str]:
    return (article for story in stories for article in story.members)


def _counts(commit: Commit) -> RepairCounts:
    kinds = [entry.kind for entry in commit.lineage]
    return RepairCounts(kinds.count("merged"), kinds.count("split"), len(commit.decisions))
