"""What sets stories apart: a word that several candidates share with an article speaks less for each of them.

Inverse document frequency knows what is common in all the news, not what is common around one article: a
hundred reports of as many shootings share their words with every new one. Here each word's evidence for a
story is divided by how much of it the article's other candidate stories have too:

    kept = Σₜ aₜ sₜ / (1 + β Σ over other stories r of νᵣ (1 - Cᵣ Vᵣ) pₜᵣ) / Σₜ aₜ sₜ,    pₜ = min(1, mₜ / aₜ)

with aₜ the article's weight of word t, sₜ that of the story's sum, mₜ the mean weight of the story's
members, and β the strength. C is how much of what a rival has of the article the story has too,
Σₜ aₜ² min(pₜ, pₜᵣ) / Σₜ aₜ² pₜᵣ, and V how near their vectors are: a piece of the story says the same in
its words and in its meaning, a look-alike in its words alone, so only the latter is a rival. A small piece
has little that the whole has not, so what a repair takes out of a story takes none of the story's words
away. ν, what is new about a rival, is 1 less the fourth power of its largest V times overlap with those that
have more of the article, their weighted Jaccard index: nothing where it is a copy of one, nearly all where
it is only like it, because many look-alikes are to count as many.

So pieces of one event are no rivals of each other, and count once as rivals of others: a story that stands
twice changes no score (independence of clones, as voting theory calls it; Tideman 1987). Otherwise an event
in two pieces would take its own words away from the next article, which would found a third. It follows from
the candidates alone, so it is the same however the index came about. What was measured:
docs/research/2026-11-29-pieces.md.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.index.sums import Floats

# How much alike stories must be to count as one rival: the power of their overlap.
_SAMENESS: Final = 4
# Directions are rounded to so many steps, so that their inner products are exact in any order of adding.
_STEPS: Final = 4096.0


class SharedWords(NamedTuple):
    """The words that stories share with an article, in any order.

    Attributes:
        stories: The story of each word that a member or a sum shares with the article.
        places: Which of the article's words it is; its pairs of words come after its words.
        products: The two weights multiplied.
    """

    stories: NDArray[np.intp]
    places: NDArray[np.intp]
    products: Floats


class OwnWords(NamedTuple):
    """The words of an article.

    Attributes:
        weights: Shape [words and pairs].
        bodies: How many of them are words.
    """

    weights: Floats
    bodies: int


def kept_shares(
    words: SharedWords, own: OwnWords, count: Floats, inside: Floats, nearness: Floats, strength: float
) -> Floats:
    """The shares of the inner products with bodies and with pairs that remain.

    Args:
        words: What the stories share with the article.
        own: The article's own words.
        count: For each story, how many members in the article's language it has, the article itself too.
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
    """How often each word stands in the other stories, pieces of one event counted once.

    Args:
        present: How much of each word a story has, 0 to 1, shape [stories, words].
        squares: The words' squared weights in the article.
        nearness: How near each story is to each other one, 0 to 1, shape [stories, stories].

    Returns:
        Shape [stories, words].

    Two stories that have the same of an article are no rivals of each other, and one of the third. It has a
    part of what they have: it is no rival of theirs.

    >>> present = np.array([[1.0, 1.0], [1.0, 1.0], [0.0, 1.0]])
    >>> _rivals(present, np.array([0.5, 0.5]), np.ones((3, 3))).tolist()
    [[0.0, 0.0], [0.0, 0.0], [0.5, 0.5]]
    """
    total = np.add.reduce(present * squares, axis=1)
    # What one story alone has takes nothing from another.
    common = np.flatnonzero(np.count_nonzero(present, axis=0) > 1)
    had = present[:, common] * squares[common]
    both = np.add.reduce(np.minimum(had[:, np.newaxis], had), axis=2)
    either = total[:, np.newaxis] + total - both
    overlap = nearness * np.where(either > 1e-12, both / np.where(either > 1e-12, either, 1.0), 0.0)
    covered = nearness * np.where(total > 1e-12, both / np.where(total > 1e-12, total, 1.0), 0.0)
    np.fill_diagonal(covered, 1.0)
    # Those with more of the article come first; of equals the first.
    order = np.argsort(-total, kind="stable")
    earlier = np.tril(overlap[np.ix_(order, order)], -1)
    new = np.empty(len(total))
    new[order] = 1.0 - np.max(earlier, axis=1, initial=0.0) ** _SAMENESS
    rivals: Floats = np.zeros_like(present)
    rivals[:, common] = np.einsum("sr,rt->st", (1.0 - covered) * new, present[:, common])
    return rivals
