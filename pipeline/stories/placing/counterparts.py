"""Two texts that are one event although neither is near enough to join: each the other's nearest by far.

A first report and the next may share little but whom and where they tell of. What is a little below the
threshold is as often wrong as right; not so where each text is nearest to the other by far and they name two
things in common, one of which no story beside them names. A text is an article with its reprints, and speaks
by its first: so a reprint more neither makes counterparts nor parts them.
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
# So many things both name (numbers count as one), and one that no story beside them names.
_IN_COMMON: Final = 2
# Estimated Jaccard similarity of three-word shingles from which two articles are one text.
_REPRINT: Final = 0.5
# Larger stories are no pair of texts. Of a story beside them so many articles are asked what they name.
_MOST: Final = 32
_ASKED: Final = 40
_WHY: Final = "each is nearest to the other by far, and alone in what both name"


@dataclass(frozen=True, slots=True)
class Speaker:
    """An article that speaks for its text.

    Attributes:
        member: The article.
        fits: How well it fits the stories looked at for it, by their ids; as if none had a rival.
    """

    member: IndexedArticle
    fits: Mapping[str, float]


def two_texts(members: Sequence[IndexedArticle]) -> tuple[IndexedArticle, IndexedArticle] | None:
    """The first articles of a story's texts, if it has just two.

    Args:
        members: Of the story, in ingest sequence.
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
    """Whether two texts are one event; the same whether they have one story or two.

    Args:
        one: The first article of one text.
        two: That of the other.
        homes: The stories they are in.
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
    # A single digit says little.
    numbers = {number for number in set(mine.numbers) & set(theirs.numbers) if len(number) > 1}
    if len(names) + bool(numbers) < _IN_COMMON:
        return False
    return bool(names.difference(*(named_by(story) for story in sorted({story for _, story in rivals}))))


def names_of(profile: StoryProfile) -> set[str]:
    """The ids of what a story's newest articles name."""
    return {name[0] for member in profile.members[-_ASKED:] for name in member.packed.shown[2]}


def told_as_counterparts(
    decision: Decision, member: IndexedArticle, profile: StoryProfile, scorer: Scorer
) -> Decision:
    """The decision on an article that a counterpart keeps in a story: what it needed, and why."""
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
