"""How much the articles of a story are like each other: what hangs together loosely may hold two events."""

from __future__ import annotations

import math
from typing import Final

from pipeline.stories.index.story_profile import StoryProfile

# As the shipped scorer weighs them, to which a test holds them: text, lead and vector within a language, the
# vector across languages, and the cosine of vectors that counts as nothing in common. They are not read from
# config/scorer.yaml, because `hot` is stored: it would depend on what the file said when a story was told.
_TEXT: Final = 2.0
_LEAD: Final = 1.0
_VECTOR: Final = 1.0
_ACROSS: Final = 0.65
_FLOOR: Final = 0.82


def tightness(profile: StoryProfile) -> float:
    """The mean similarity of two of a story's articles, weighed like a score without what time takes.

    Worked out from the lengths of sums: the squared length of a sum less those of its parts is twice the sum
    of all inner products. 1 for one article, and where articles have no vectors: there nothing was measured.
    """
    members = profile.members
    heads = [member.packed.head for member in members]
    width = max(head.dense for head in heads)
    count, squared = profile.dense_length(width)
    if count < 2 or not width:
        return 1.0
    dense = math.fsum(head.dense_squared for head in heads if head.dense == width)
    cosine = (squared - dense) / (count * (count - 1))
    vector = min(1.0, max(0.0, (cosine - _FLOOR) / (1.0 - _FLOOR)))
    pairs = text = lead = 0.0
    for language in sorted({member.language for member in members}):
        own = [head for head, m in zip(heads, members, strict=True) if m.language == language]
        speaking, body, couples = profile.lengths(language)
        pairs += speaking * (speaking - 1)
        text += body - math.fsum(head.body_squared for head in own)
        lead += couples - math.fsum(head.pairs_squared for head in own)
    same = pairs / (len(members) * (len(members) - 1))
    words = (_TEXT * text + _LEAD * lead) / pairs if pairs else 0.0
    within = (words + _VECTOR * vector) / (_TEXT + _LEAD + _VECTOR)
    return same * within + (1.0 - same) * _ACROSS * vector
