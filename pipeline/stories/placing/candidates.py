"""How articles fit the stories they may belong to: many are scored together, each as if it came alone.

Scores that are worked out ahead for an article hold until one of its candidate stories changes; then they are
worked out again, for it alone. So it makes no difference how many are scored together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.stories.features.packed import IndexedArticle
from pipeline.stories.index.story_index import StoryIndex
from pipeline.stories.index.story_profile import StoryProfile
from pipeline.stories.placing.corrections import Constraints
from pipeline.stories.scoring.scorer import Scored, Scorer

# How many articles are looked up together; how many are scored ahead of their turn at first; and the share
# that may have to be scored again before fewer are scored ahead.
TOGETHER: Final = 128
_REACH_AT_FIRST: Final = 8
_STALE_SHARE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Weighed:
    """A story with its score for an article, its score without rivals, and its position in `scored`."""

    score: float
    plain: float
    profile: StoryProfile
    row: int


@dataclass(frozen=True, slots=True)
class Weighing:
    """All stories that were scored for an article, best first, and what persons said about it.

    Attributes:
        ranked: Stories that are allowed, best first; ties: the older story.
        forced: The story that a correction demands, or None.
        notes: The corrections that applied, in words.
        scored: What the scores are made of.
        looked_at: The ids of all candidates, also of those that it is kept out of.
    """

    ranked: tuple[Weighed, ...]
    forced: StoryProfile | None
    notes: tuple[str, ...]
    scored: Scored
    looked_at: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What was worked out ahead for an article, and the state of its candidates then.

    Attributes:
        candidates: The candidate stories.
        changes: How often each had changed.
        allowed: The candidates that it may join.
        notes: What keeps it out of the others, in words.
        scored: The scores of those allowed.
    """

    candidates: list[StoryProfile]
    changes: list[int]
    allowed: list[StoryProfile]
    notes: list[str]
    scored: Scored

    def holds(self, candidates: list[StoryProfile]) -> bool:
        """Whether the candidates are still these stories, unchanged."""
        return candidates == self.candidates and self.changes == [p.changes for p in candidates]


class Candidates:
    """How some articles fit the stories they may belong to, each at the moment it is asked for, in order.

    Where many articles are about the same things, scores from far ahead would seldom hold, so how far ahead
    they are made adapts to how often they held before.

    Args:
        members: The articles. Which members are similar to each of them must not change any more.
        index: The active stories.
        scorer: Says how well an article fits.
        constraints: A person's corrections.
        placed: Whether the articles have stories, as in a repair; an article's own story is then always a
            candidate, by its other members.
    """

    def __init__(
        self,
        members: Sequence[IndexedArticle],
        index: StoryIndex,
        scorer: Scorer,
        constraints: Constraints,
        *,
        placed: bool = False,
    ) -> None:
        self._members = members
        self._index = index
        self._scorer = scorer
        self._constraints = constraints
        self._placed = placed
        self._found = index.find(members)
        self._ahead: list[_Ahead] = []
        self._reach = _REACH_AT_FIRST
        self._stale = 0

    def of(self, position: int) -> Weighing:
        """How an article fits the stories as they are now."""
        member = self._members[position]
        if position == len(self._ahead):
            self._look_ahead()
        ahead, candidates = self._ahead[position], self._candidates(position)
        if not ahead.holds(candidates):
            self._stale += 1
            [ahead] = self._worked_out([position], [candidates])
        scores = zip(ahead.scored.values, ahead.scored.plain, ahead.allowed, strict=True)
        ranked = [Weighed(score, plain, profile, row) for row, (score, plain, profile) in enumerate(scores)]
        ranked.sort(key=lambda w: (-w.score, w.profile.first_seq))
        notes = list(ahead.notes)
        forced = _forced(member, self._index, self._constraints, self._present(position), notes)
        looked_at = tuple(profile.story for profile in candidates)
        return Weighing(tuple(ranked), forced, tuple(sorted(notes)), ahead.scored, looked_at)

    def _look_ahead(self) -> None:
        """Works out the next articles."""
        done = len(self._ahead)
        if done:
            few = self._stale <= _STALE_SHARE * self._reach
            self._reach = 2 * self._reach if few else max(1, self._reach // 2)
            self._stale = 0
        positions = range(done, min(done + self._reach, len(self._members)))
        self._ahead += self._worked_out(positions, [self._candidates(position) for position in positions])

    def _present(self, position: int) -> str | None:
        """The story an article is in."""
        return self._index.story_of(self._members[position].article) if self._placed else None

    def _candidates(self, position: int) -> list[StoryProfile]:
        """The candidate stories of an article; its own comes last, if it is not alone there."""
        candidates = self._index.candidates(self._found[position])
        present = self._present(position)
        if present is not None:
            candidates = [p for p in candidates if p.story != present]
            if self._index.profile(present).size > 1:
                candidates.append(self._index.profile(present))
        return candidates

    def _worked_out(self, positions: Sequence[int], candidates: Sequence[list[StoryProfile]]) -> list[_Ahead]:
        """Scores the stories of some articles."""
        members = [self._members[position] for position in positions]
        sorted_out = [self._allowed(*pair) for pair in zip(members, candidates, strict=True)]
        asked = [(member, allowed) for member, (allowed, _) in zip(members, sorted_out, strict=True)]
        return [
            _Ahead(looked_at, [p.changes for p in looked_at], allowed, notes, scored)
            for looked_at, (allowed, notes), scored in zip(
                candidates, sorted_out, self._scorer.weigh_all(asked), strict=True
            )
        ]

    def _allowed(
        self, member: IndexedArticle, candidates: list[StoryProfile]
    ) -> tuple[list[StoryProfile], list[str]]:
        """The stories that an article may join, and notes of those that a column or a person forbids."""
        allowed: list[StoryProfile] = []
        notes: list[str] = []
        for profile in candidates:
            others = (m.article for m in profile.members if m.article != member.article)
            correction = self._constraints and self._constraints.forbids(member.article, others)
            if correction:
                notes.append(f"kept out of story {profile.story} by correction {correction}")
            elif profile.is_column_of(member):
                notes.append(f"kept out of story {profile.story}: its outlet writes this title day by day")
            else:
                allowed.append(profile)
        return allowed, notes


def _forced(
    member: IndexedArticle, index: StoryIndex, constraints: Constraints, present: str | None, notes: list[str]
) -> StoryProfile | None:
    """The oldest story with an article that this one must be together with, its own story included."""
    linked = {index.story_of(article): article for article in constraints.together(member.article)}
    profiles = [index.profile(story) for story in linked if story is not None]
    if not profiles:
        return None
    if present is not None:
        profiles.append(index.profile(present))
    oldest = min(profiles, key=lambda p: (p.first_seq, p.story))
    partner = next(article for story, article in linked.items() if story is not None)
    notes.append(f"belongs with article {linked.get(oldest.story, partner)}: a person's correction")
    return oldest
