"""How similar the articles of a story are to each other: a loosely connected story may hold two events."""

from __future__ import annotations

import math
from typing import Final

from pipeline.stories.index.story_profile import StoryProfile

# The weights of the shipped scorer (a test compares them): text, lead and vector within a language, the
# vector across languages, and the cosine of vectors that counts as nothing in common. They are not read from
# config/scorer.yaml, because `hot` is stored: it would depend on what the file said when a story was
# described.
_TEXT: Final = 2.0
_LEAD: Final = 1.0
_VECTOR: Final = 1.0
_ACROSS: Final = 0.65
_FLOOR: Final = 0.82


def tightness(profile: StoryProfile) -> float:
    """The mean similarity of a story's articles, over all pairs, weighted like a score but without time.

    It is worked out from the lengths of sums of vectors: |Σv|² - Σ|v|² is twice the sum of the inner products
    of all pairs. It is 1 for a single article, and where articles have no vectors, because nothing was
    measured there.
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
