"""Counterparts: two texts on one event, each the other's nearest by far, though not near enough to join.

A first report and the next may share little more than persons and places. Joining all pairs that are a little
below the threshold would be wrong as often as right. It is right where each text is nearest to the other by
far and they name two things in common, one of which no story near them names. A text is an article with its
reprints, represented by the first: so one more reprint neither makes counterparts nor parts them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from pipeline.records import Decision
from pipeline.stories.features.packed import IndexedArticle
from pipeline.stories.index.story_profile import StoryProfile
from pipeline.stories.scoring.scorer import Scorer

# How near they must be, as a share of the threshold, and how much nearer than any other story is to either.
# Chosen on six labelled files and their variants (docs/research/).
NEAR: Final = 0.8
BY_FAR: Final = 1.2
# How many things both must name, numbers counting as one; and one of the names is in no story near them.
_IN_COMMON: Final = 2
# From this estimated Jaccard similarity of three-word shingles on, two articles are one text.
_REPRINT: Final = 0.5
# Larger stories are not looked at as one or two texts. And how many articles of a story near them are read
# for what they name.
_MOST: Final = 32
_ASKED: Final = 40
_WHY: Final = "each is nearest to the other by far, and alone in what both name"


@dataclass(frozen=True, slots=True)
class Speaker:
    """The article that represents a text.

    Attributes:
        member: The article.
        fits: How well it fits its candidate stories, by their ids; as if none had a rival.
    """

    member: IndexedArticle
    fits: Mapping[str, float]


def two_texts(members: Sequence[IndexedArticle]) -> tuple[IndexedArticle, IndexedArticle] | None:
    """The first article of each text of a story, if it has exactly two texts.

    Args:
        members: The members of the story, in ingest sequence.
    """
    if len(members) > _MOST:
        return None
    others = [member for member in members if not _one_text(members[0], member)]
    if not others or not all(_one_text(others[0], member) for member in others):
        return None
    return members[0], others[0]


def one_text(members: Sequence[IndexedArticle]) -> bool:
    """Whether all articles of a story are reprints of its first."""
    return len(members) <= _MOST and all(_one_text(members[0], member) for member in members)


def _one_text(one: IndexedArticle, other: IndexedArticle) -> bool:
    if one.article == other.article:
        return True
    mine, theirs = (np.frombuffer(each.packed.signature, "<u4") for each in (one, other))
    return len(mine) == len(theirs) > 0 and bool((mine == theirs).mean() >= _REPRINT)


def are_counterparts(
    one: Speaker,
    two: Speaker,
    homes: Collection[str],
    scorer: Scorer,
    named_by: Callable[[str], set[str]],
) -> bool:
    """Whether two texts are counterparts; the answer is the same whether they are in one story or two.

    Args:
        one: The first article of one text.
        two: The first article of the other.
        homes: The ids of the stories that they are in.
        scorer: Says how well they fit each other.
        named_by: The ids of the names in a story, by its id.
    """
    like = scorer.score(one.member, StoryProfile.of("", [two.member]))
    if like < NEAR * max(scorer.threshold(one.member), scorer.threshold(two.member)):
        return False
    rivals = [(each.fits[story], story) for each in (one, two) for story in each.fits if story not in homes]
    if rivals and like < BY_FAR * max(rivals)[0]:
        return False
    mine, theirs = one.member.traits, two.member.traits
    names = {name.id for name in mine.names} & {name.id for name in theirs.names}
    # A single digit says too little.
    numbers = {number for number in set(mine.numbers) & set(theirs.numbers) if len(number) > 1}
    if len(names) + bool(numbers) < _IN_COMMON:
        return False
    return bool(names.difference(*(named_by(story) for story in sorted({story for _, story in rivals}))))


def names_of(profile: StoryProfile) -> set[str]:
    """The entity ids that a story's newest articles name."""
    return {name[0] for member in profile.members[-_ASKED:] for name in member.packed.shown[2]}


def told_as_counterparts(
    decision: Decision, member: IndexedArticle, profile: StoryProfile, scorer: Scorer
) -> Decision:
    """Rewrites the decision on an article that a counterpart keeps in its story: what it needed, and why."""
    chosen = scorer.explain(member, profile)
    needed = NEAR * decision.threshold
    beaten = decision.runner_up.score if decision.runner_up is not None else needed
    return replace(
        decision,
        chosen=chosen,
        threshold=needed,
        margin=chosen.score - beaten,
        constraints=tuple(sorted((*decision.constraints, _WHY))),
    )
