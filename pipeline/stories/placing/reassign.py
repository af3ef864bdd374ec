"""Repairs stories: each recent article is taken out and placed again, until nothing changes.

The present story keeps an article unless another fits better by more than `stay`, so that articles do not
move to and fro. When no article moves any more, two stories whose articles fit each other nearly as well as
their own become one. Placing articles one by one would never do this, because each half holds its own. They
are joined only if every article then stays, so that the next repair does not take them apart. Two single
texts that are counterparts (see `counterparts`) become one story, too, and being counterparts keeps them
there. Unless `PASSES` passes are too few the outcome is a fixed point: another repair of unchanged stories
does nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from pipeline.records import Decision, content_id
from pipeline.stories.features.packed import IndexedArticle
from pipeline.stories.index.story_index import StoryIndex
from pipeline.stories.index.story_profile import StoryProfile
from pipeline.stories.placing.assign import By, decide, story_id
from pipeline.stories.placing.candidates import TOGETHER, Candidates, Weighing
from pipeline.stories.placing.corrections import Constraints
from pipeline.stories.placing.counterparts import (
    NEAR,
    Speaker,
    are_counterparts,
    names_of,
    one_text,
    told_as_counterparts,
    two_texts,
)
from pipeline.stories.scoring.scorer import Scorer

PASSES: Final = 25
# How well the articles of two stories must fit the other story, as a share of how well they fit their own.
# Both pairs in eight labelled files that reach this are one event; below, more and more are two
# (docs/research/).
_AS_WELL: Final = 0.7
# How many articles of a story are asked how well they fit, the newest.
_ASKED: Final = 32

Placement = dict[str, str]


@dataclass(frozen=True, slots=True)
class StoryChange:
    """One thing a repair did.

    Attributes:
        kind: "move": articles went to another story; "merge": what was left of a story went into another;
            "split": a new story was made out of another.
        story: Where the articles were.
        into: Where they are now.
        articles: In ingest sequence.
        reason: In words.
    """

    kind: Literal["move", "merge", "split"]
    story: str
    into: str
    articles: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Repair:
    """What a repair did to the index.

    Attributes:
        changes: Sorted by former and new story.
        decisions: For each article that moved, in ingest sequence.
        unsettled: How many articles still moved in the last of `PASSES` passes; 0 where it came to rest.
    """

    changes: tuple[StoryChange, ...] = ()
    decisions: tuple[Decision, ...] = field(default=())
    unsettled: int = 0


def repair(
    index: StoryIndex,
    scorer: Scorer,
    constraints: Constraints,
    stories: Collection[str] | None = None,
) -> Repair:
    """Places the articles of recent stories again.

    Args:
        index: The active stories; is changed.
        scorer: Says how well an article fits.
        constraints: A person's corrections.
        stories: The ids of the stories whose articles may move; all if None. Others may take articles in.
    """
    eligible = _articles(index, stories)
    before = {article: index.story_of(article) or "" for article in eligible}
    seen: dict[str, Placement] = {}
    order: list[str] = []
    state = _digest(before)
    current = dict(before)
    sweeps = _Sweeps(index, scorer, constraints)
    while state not in seen and len(order) <= PASSES:
        seen[state] = dict(current)
        order.append(state)
        for start in range(0, len(eligible), TOGETHER):
            sweeps.place(eligible[start : start + TOGETHER])
        current = {article: index.story_of(article) or "" for article in eligible}
        state = _digest(current)
        if state == order[-1] and (sweeps.join(eligible) or sweeps.pair_off(eligible)):
            current = {article: index.story_of(article) or "" for article in eligible}
            state = _digest(current)
    if state in seen and state != order[-1]:
        # Placements that lead to each other in a circle: keep the one with the smallest digest.
        _restore(index, seen[min(order[order.index(state) :])])
    former = current if state in seen else seen[order[-1]]
    unsettled = sum(current[article] != story for article, story in former.items())
    return replace(compared(before, index, scorer, constraints), unsettled=unsettled)


def _articles(index: StoryIndex, stories: Collection[str] | None) -> list[str]:
    """The articles of these stories, in ingest sequence."""
    profiles = index.stories() if stories is None else map(index.profile, filter(index.has_story, stories))
    members = [member for profile in profiles for member in profile.members]
    return [m.article for m in sorted(members, key=lambda m: m.seq)]


class _Sweeps:
    """Places articles again and again, and skips those for which nothing changed since the last time.

    Where an article belongs depends only on its candidate stories and on what persons said. Which stories are
    candidates changes only when a member of one of them moves.
    """

    def __init__(self, index: StoryIndex, scorer: Scorer, constraints: Constraints) -> None:
        self._index = index
        self._scorer = scorer
        self._constraints = constraints
        self._moves = 0
        self._moved: dict[str, int] = {}
        self._settled: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._fits: dict[str, dict[str, float]] = {}
        self._plain: dict[str, dict[str, float]] = {}

    def place(self, articles: Sequence[str]) -> None:
        """Leaves articles where they are, or moves them where they fit better; one after another."""
        open_ones = [article for article in articles if not self._is_settled(article)]
        positions = {article: position for position, article in enumerate(open_ones)}
        weighings = self._weighings(open_ones)
        for article in articles:
            if article in positions:
                self._place(article, weighings.of(positions[article]))
            elif not self._is_settled(article):
                # Something moved since.
                self._place(article, self._weighings([article]).of(0))

    def _weighings(self, articles: Sequence[str]) -> Candidates:
        members = [self._index.member(article) for article in articles]
        return Candidates(members, self._index, self._scorer, self._constraints, placed=True)

    def _place(self, article: str, weighing: Weighing) -> None:
        index = self._index
        story = index.story_of(article) or ""
        self._settled[article] = (self._moves, (story, *weighing.looked_at))
        self._keep(article, weighing)
        target = self._target(article, weighing)
        into = story_id(article, index.has_story) if target is None else target.story
        if into != story:
            self._move(article, story, into)

    def _keep(self, article: str, weighing: Weighing) -> None:
        """Remembers how well an article fits its candidates, with and without contrast between them."""
        self._fits[article] = {w.profile.story: w.score for w in weighing.ranked}
        self._plain[article] = {w.profile.story: w.plain for w in weighing.ranked}

    def _target(self, article: str, weighing: Weighing) -> StoryProfile | None:
        """The story where an article belongs; None for a story of its own. Counterparts stay together."""
        index, scorer = self._index, self._scorer
        profile = index.profile(index.story_of(article) or "")
        threshold = scorer.threshold(index.member(article))
        target = _target(profile, weighing, threshold, scorer.stay)
        if target is None and (texts := two_texts(profile.members)) and self._are_counterparts(*texts):
            return profile
        return target

    def _move(self, article: str, story: str, into: str) -> None:
        self._index.move(article, into)
        self._moves += 1
        self._moved[story] = self._moved[into] = self._moves

    def join(self, articles: Sequence[str]) -> bool:
        """Joins stories that are one; returns whether any were joined. All articles must be settled.

        Args:
            articles: Those that may move, in ingest sequence.
        """
        joined = False
        may_move = set(articles)
        for story in dict.fromkeys(self._index.story_of(article) or "" for article in articles):
            for other in self._like(story):
                pair = sorted((story, other), key=lambda s: (self._index.profile(s).first_seq, s))
                if self._join(pair[0], pair[1], may_move):
                    joined = True
                    break
        return joined

    def _like(self, story: str) -> list[str]:
        """The stories that a story's articles fit nearly as well as their own, best first."""
        if not self._index.has_story(story) or self._index.profile(story).size == 1:
            return []
        asked = self._asked(story)
        if any(article not in self._fits or not self._is_settled(article) for article in asked):
            self._ask(asked)
        fits = [self._fits[article] for article in asked]
        own = sum(each.get(story, 0.0) for each in fits)
        sums: dict[str, float] = {}
        for each in fits:
            for other, score in each.items():
                sums[other] = sums.get(other, 0.0) + score
        like = [other for other, total in sums.items() if other != story and total >= _AS_WELL * own > 0.0]
        return sorted(like, key=lambda other: (-sums[other], other))

    def _asked(self, story: str) -> list[str]:
        """The newest articles of a story."""
        return [member.article for member in self._index.profile(story).members[-_ASKED:]]

    def _ask(self, articles: Sequence[str]) -> None:
        """Scores articles again and remembers how well they fit."""
        weighings = self._weighings(articles)
        for position, article in enumerate(articles):
            self._keep(article, weighings.of(position))

    def _join(self, older: str, younger: str, may_move: set[str]) -> bool:
        """Makes one of two stories if they fit each other and every article stays; else changes nothing."""
        index = self._index
        if not (index.has_story(older) and index.has_story(younger)):
            return False
        whole = [member.article for member in index.profile(older).members]
        part = [member.article for member in index.profile(younger).members]
        if len(part) < 2 or len(whole) < 2 or not may_move.issuperset(part):
            return False
        if any(self._constraints.forbids(article, whole) for article in part):
            return False
        if younger not in self._like(older) or older not in self._like(younger):
            return False
        return self._joined(older, younger, part)

    def _joined(self, older: str, younger: str, part: Sequence[str]) -> bool:
        """Moves all articles of the younger story into the older one; back again if not all would stay."""
        for article in part:
            self._move(article, younger, older)
        if all(self._stays(article, older) for article in self._asked(older)):
            return True
        for article in part:
            self._move(article, older, younger)
        return False

    def pair_off(self, articles: Sequence[str]) -> bool:
        """Joins stories that are counterparts; returns whether any were joined. All articles must be settled.

        Args:
            articles: Those that may move, in ingest sequence.
        """
        index, found = self._index, False
        may_move = set(articles)
        for story in dict.fromkeys(index.story_of(article) or "" for article in articles):
            other = self._counterpart_of(story) if index.has_story(story) else None
            if other is None:
                continue
            older, younger = sorted((story, other), key=lambda s: (index.profile(s).first_seq, s))
            whole = [member.article for member in index.profile(older).members]
            part = [member.article for member in index.profile(younger).members]
            if not may_move.issuperset(part):
                continue
            if any(self._constraints.forbids(article, whole) for article in part):
                continue
            found = self._joined(older, younger, part) or found
        return found

    def _counterpart_of(self, story: str) -> str | None:
        """The story that is the counterpart of a story of one text; None where there is none."""
        profile = self._index.profile(story)
        first = profile.members[0]
        fits = {other: fit for other, fit in self._speaker(first).fits.items() if other != story}
        nearest = max(fits, key=lambda other: (fits[other], other), default=None)
        if nearest is None or fits[nearest] < NEAR * self._scorer.threshold(first):
            return None
        others = self._index.profile(nearest).members
        if not (one_text(profile.members) and one_text(others) and self._are_counterparts(first, others[0])):
            return None
        return nearest

    def _are_counterparts(self, one: IndexedArticle, two: IndexedArticle) -> bool:
        homes = {self._index.story_of(each.article) or "" for each in (one, two)}
        return are_counterparts(self._speaker(one), self._speaker(two), homes, self._scorer, self._names_of)

    def _speaker(self, member: IndexedArticle) -> Speaker:
        if member.article not in self._plain or not self._is_settled(member.article):
            self._ask([member.article])
        return Speaker(self._index.member(member.article), self._plain[member.article])

    def _names_of(self, story: str) -> set[str]:
        return names_of(self._index.profile(story))

    def _stays(self, article: str, story: str) -> bool:
        target = self._target(article, self._weighings([article]).of(0))
        return target is not None and target.story == story

    def _is_settled(self, article: str) -> bool:
        at, stories = self._settled.get(article, (-1, ()))
        if at < 0 or self._constraints.together(article):
            return False
        return all(self._moved.get(story, 0) <= at for story in stories)


def _target(present: StoryProfile, weighing: Weighing, threshold: float, stay: float) -> StoryProfile | None:
    """Where an article belongs, with `stay` added to the present story; None for a story of its own."""
    if weighing.forced is not None:
        return weighing.forced
    alone = present.size == 1
    here = next((w for w in weighing.ranked if w.profile is present), None)
    best = next((w for w in weighing.ranked if w.profile is not present), None)
    score_here = here.score + stay if here is not None else 0.0
    if best is not None and best.score > score_here and best.score >= threshold + (stay if alone else 0.0):
        return best.profile
    return present if alone or score_here >= threshold else None


def _digest(placement: Placement) -> str:
    return content_id(*(f"{article} {story}" for article, story in sorted(placement.items())))


def _restore(index: StoryIndex, placement: Placement) -> None:
    for article, story in placement.items():
        if index.story_of(article) != story:
            index.move(article, story)


def compared(
    before: Mapping[str, str],
    index: StoryIndex,
    scorer: Scorer,
    constraints: Constraints,
    by: By = "repair",
) -> Repair:
    """The changes from a placement to the index now, with a decision for each article that moved.

    Args:
        before: The former story of each article that may have moved.
        index: The stories now.
        scorer: Explains the decisions.
        constraints: A person's corrections.
        by: Who decided.
    """
    moved = sorted(
        (a for a, story in before.items() if index.story_of(a) != story), key=lambda a: index.member(a).seq
    )
    groups: dict[tuple[str, str], list[str]] = {}
    for article in moved:
        groups.setdefault((before[article], index.story_of(article) or ""), []).append(article)
    existed = set(before.values())
    # A story with a member that did not move existed before.
    stayed = {
        into for _, into in groups if {m.article for m in index.profile(into).members}.difference(moved)
    }
    heirs: dict[str, str] = {}
    for (source, into), articles in groups.items():
        if len(articles) > len(groups.get((source, heirs.get(source, "")), ())):
            heirs[source] = into
    changes = [
        _change(source, into, articles, index, existed | stayed, heir=heirs[source] == into)
        for (source, into), articles in groups.items()
    ]
    decisions: list[Decision] = []
    for start in range(0, len(moved), TOGETHER):
        members = [index.member(article) for article in moved[start : start + TOGETHER]]
        weighings = Candidates(members, index, scorer, constraints, placed=True)
        for position, member in enumerate(members):
            story = index.story_of(member.article) or ""
            profile = index.profile(story)
            chosen = None if profile.members[0].article == member.article else profile
            weighing = weighings.of(position)
            decision = decide(member, chosen, story, weighing, scorer, by)
            short = decision.chosen is not None and decision.chosen.score + scorer.stay < decision.threshold
            if short and chosen is not None and weighing.forced is None and two_texts(profile.members):
                decision = told_as_counterparts(decision, member, profile, scorer)
            decisions.append(decision)
    return Repair(tuple(sorted(changes, key=lambda c: (c.story, c.into))), tuple(decisions))


def _change(
    source: str,
    into: str,
    articles: list[str],
    index: StoryIndex,
    existed: set[str],
    *,
    heir: bool,
) -> StoryChange:
    kind: Literal["move", "merge", "split"] = "move"
    reason = f"fits {into} better than {source}"
    if not index.has_story(source) and heir:
        kind, reason = "merge", f"{source} has nothing left of its own"
    elif into not in existed and index.profile(into).members[0].article in articles:
        kind, reason = "split", f"too little in common with the rest of {source}"
    return StoryChange(kind, source, into, tuple(articles), reason)
