"""Contrast: a word that several candidates share with an article counts less for each of them.

Inverse document frequency knows what is common in all the news, but not what is common around one article: a
hundred reports on as many shootings share their words with every new one. Here the evidence of each word for
a story shrinks with how much of it the article's other candidate stories have:

    kept = Σₜ aₜ sₜ / (1 + β Σ over other stories r of νᵣ (1 - Cᵣ Vᵣ) pₜᵣ) / Σₜ aₜ sₜ,    pₜ = min(1, mₜ / aₜ)

with aₜ the article's weight of word t, sₜ that of the story's sum, mₜ the mean weight of the story's
members, and β the strength.

Cᵣ says how much of what the rival r shares with the article the story shares too: Σₜ aₜ² min(pₜ, pₜᵣ) / Σₜ
aₜ² pₜᵣ. Vᵣ says how near the vectors of the two are. A piece of the same event agrees with the story in words
and in meaning, a look-alike in words alone; so only the look-alike is a rival. A small piece has little that
the whole story has not, so what a repair takes out of a story takes none of the story's words away. νᵣ says
how new the rival is beside those that share more with the article: 1 - max (V J)⁴, with J the weighted
Jaccard index of what the two share with it. It is 0 for a copy and nearly 1 for one that is only similar,
because many look-alikes are to count as many.

So pieces of one event are no rivals of each other, and count once as rivals of others: a story that is there
twice changes no score (voting theory calls this independence of clones; Tideman 1987). Otherwise an event in
two pieces would take its own words away from the next article, which would found a third piece. All of this
depends on the candidates alone, not on how the index came about. What was measured:
docs/research/2026-11-29-pieces.md.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.index.sums import Floats

# The power of the overlap in ν: the higher, the more alike two stories must be to count as one rival.
_SAMENESS: Final = 4
# Unit vectors are rounded to multiples of 1 / _STEPS, so that their inner products are exact in any order.
_STEPS: Final = 4096.0


class SharedWords(NamedTuple):
    """The words that stories share with an article, in any order.

    Attributes:
        stories: For each word that a member or a sum shares with the article, the position of the story.
        places: The position of the word in the article; its pairs of words come after its words.
        products: The product of the two weights.
    """

    stories: NDArray[np.intp]
    places: NDArray[np.intp]
    products: Floats


class OwnWords(NamedTuple):
    """The words of an article.

    Attributes:
        weights: Of its words, then of its pairs of words, shape [words and pairs].
        bodies: How many of these are words.
    """

    weights: Floats
    bodies: int


def kept_shares(
    words: SharedWords, own: OwnWords, count: Floats, inside: Floats, nearness: Floats, strength: float
) -> Floats:
    """The shares that contrast leaves of the inner products of bodies and of pairs; see the module.

    Args:
        words: What the stories share with the article.
        own: The article's own words.
        count: For each story, how many members it has in the article's language, the article itself included.
        inside: 1 for the story that holds the article itself, else 0.
        nearness: How near the stories' vectors are to each other, 0 to 1, shape [stories, stories].
        strength: β, 0 for no contrast.

    Returns:
        0 to 1, and 1 where there is nothing to share out; shape [2, stories].
    """
    shape = (len(count), len(own.weights))
    others = (count - inside)[:, np.newaxis]
    squares = own.weights * own.weights
    at = words.stories * shape[1] + words.places
    flat: Floats = np.bincount(at, words.products, shape[0] * shape[1]).astype(np.float64)
    shared: Floats = flat.reshape(shape) - inside[:, np.newaxis] * squares
    full = np.maximum(others, 1.0) * squares
    present = np.minimum(shared / np.where(full > 0.0, full, 1.0), 1.0) * (others > 0.0)
    rivals = _rivals(present, squares, nearness)
    remaining = shared / (1.0 + strength * rivals)
    parts = (slice(0, own.bodies), slice(own.bodies, None))
    before = np.stack([np.add.reduce(shared[:, part], axis=1) for part in parts])
    after = np.stack([np.add.reduce(remaining[:, part], axis=1) for part in parts])
    some = before > 1e-9
    return np.where(some, np.clip(after / np.where(some, before, 1.0), 0.0, 1.0), 1.0)


def nearness(sums: Floats, floor: float) -> Floats:
    """How near stories' vectors are to each other; 1 where one has none, so that words alone tell.

    Args:
        sums: The sum of each story's vectors, shape [stories, d].
        floor: The cosine that counts as nothing in common.

    Returns:
        0 to 1, shape [stories, stories]; exactly 1 where they are the same.

    >>> nearness(np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 0.0]]), 0.5).tolist()[0]
    [1.0, 1.0, 0.0, 1.0]
    """
    lengths = np.sqrt(np.add.reduce(sums * sums, axis=1))
    known = lengths > 0.0
    steps = np.rint(sums * (_STEPS / np.where(known, lengths, 1.0))[:, np.newaxis])
    inner = steps @ steps.T
    squares = np.diagonal(inner)
    both = known & known[:, np.newaxis]
    cosines = inner / np.where(both, np.sqrt(squares * squares[:, np.newaxis]), 1.0)
    near: Floats = np.where(both, np.clip((cosines - floor) / (1.0 - floor), 0.0, 1.0), 1.0)
    return near


def _rivals(present: Floats, squares: Floats, nearness: Floats) -> Floats:
    """How often rivals have each word, pieces of one event counted once.

    Args:
        present: How much of each word a story has, 0 to 1, shape [stories, words].
        squares: The words' squared weights in the article.
        nearness: How near each story is to each other one, 0 to 1, shape [stories, stories].

    Returns:
        Shape [stories, words].

    Two stories that share the same with an article are no rivals of each other, and count as one rival of a
    third. The third shares a part of that: it is no rival of theirs.

    >>> present = np.array([[1.0, 1.0], [1.0, 1.0], [0.0, 1.0]])
    >>> _rivals(present, np.array([0.5, 0.5]), np.ones((3, 3))).tolist()
    [[0.0, 0.0], [0.0, 0.0], [0.5, 0.5]]
    """
    total = np.add.reduce(present * squares, axis=1)
    # A word that only one story has takes nothing from another.
    common = np.flatnonzero(np.count_nonzero(present, axis=0) > 1)
    had = present[:, common] * squares[common]
    both = np.add.reduce(np.minimum(had[:, np.newaxis], had), axis=2)
    either = total[:, np.newaxis] + total - both
    overlap = nearness * np.where(either > 1e-12, both / np.where(either > 1e-12, either, 1.0), 0.0)
    covered = nearness * np.where(total > 1e-12, both / np.where(total > 1e-12, total, 1.0), 0.0)
    np.fill_diagonal(covered, 1.0)
    # Stories that share more with the article come first; ties keep their order.
    order = np.argsort(-total, kind="stable")
    earlier = np.tril(overlap[np.ix_(order, order)], -1)
    new = np.empty(len(total))
    new[order] = 1.0 - np.max(earlier, axis=1, initial=0.0) ** _SAMENESS
    rivals: Floats = np.zeros_like(present)
    rivals[:, common] = np.einsum("sr,rt->st", (1.0 - covered) * new, present[:, common])
    return rivals
