"""What sets stories apart: a word that several candidates share with an article speaks less for each of them.

Inverse document frequency knows what is common in all the news, not what is common around one article: a
hundred reports of as many shootings share their words with every new one. Here each word's evidence for a
story is divided by how much of it the article's other candidate stories have too:

    kept = Σₜ aₜ sₜ / (1 + β Σ over other stories r of νᵣ (1 - Jᵣ) pₜᵣ) / Σₜ aₜ sₜ,    pₜ = min(1, mₜ / aₜ)

with aₜ the article's weight of word t, sₜ that of the story's sum, mₜ the mean weight of the story's
members, and β the strength. J, the overlap of two stories in the article's own words, is their weighted
Jaccard index, Σₜ aₜ² min(pₜ, pₜ') / Σₜ aₜ² max(pₜ, pₜ'), and ν, what is new about a rival, is 1 less the
fourth power of its largest overlap with those that have more of the article: nothing where it is a copy of
one, nearly all where it is only like it, because many look-alikes are to count as many.

So pieces of one event are no rivals of each other, and count once as rivals of others: a story that stands
twice changes no score (independence of clones, as voting theory calls it; Tideman 1987). Otherwise an event
in two pieces would take its own words away from the next article, which would found a third. It follows from
the candidates alone, so it is the same however the index came about. What was measured:
docs/research/2026-11-29-pieces.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.index.sums import Floats

# How much alike stories must be to count as one rival: the power of their overlap.
_SAMENESS: Final = 4


@dataclass(frozen=True, slots=True)
class SharedWords:
    """The words that members or sums of candidate stories share with an article, in any order.

    Attributes:
        stories: The story of each.
        places: Which of the article's words it is; its pairs of words come after its words.
        products: The two weights multiplied.
    """

    stories: NDArray[np.intp]
    places: NDArray[np.intp]
    products: Floats


def kept_shares(
    words: SharedWords, own: Floats, bodies: int, count: Floats, inside: Floats, strength: float
) -> Floats:
    """The shares of the inner products with bodies and with pairs that remain.

    Args:
        words: What candidates share with the article.
        own: The article's weights, shape [words and pairs].
        bodies: How many of them are words.
        count: For each story, how many members in the article's language it has, the article itself too.
        inside: 1 for the story that holds the article itself, else 0.
        strength: β, 0 for no contrast.

    Returns:
        0 to 1, and 1 where there is nothing to share out; shape [2, stories].
    """
    shape = (len(count), len(own))
    others = (count - inside)[:, np.newaxis]
    squares = own * own
    keys = words.stories * shape[1] + words.places
    flat = np.bincount(keys, words.products, shape[0] * shape[1]).astype(np.float64)
    shared: Floats = flat.reshape(shape) - inside[:, np.newaxis] * squares
    full = np.maximum(others, 1.0) * squares
    present = np.minimum(shared / np.where(full > 0.0, full, 1.0), 1.0) * (others > 0.0)
    rivals = _rivals(present, squares)
    remaining = shared / (1.0 + strength * rivals)
    parts = (slice(0, bodies), slice(bodies, None))
    before = np.stack([np.add.reduce(shared[:, part], axis=1) for part in parts])
    after = np.stack([np.add.reduce(remaining[:, part], axis=1) for part in parts])
    some = before > 1e-9
    return np.where(some, np.clip(after / np.where(some, before, 1.0), 0.0, 1.0), 1.0)


def _rivals(present: Floats, squares: Floats) -> Floats:
    """How often each word stands in the other stories, pieces of one event counted once.

    Args:
        present: How much of each word a story has, 0 to 1, shape [stories, words].
        squares: The words' squared weights in the article.

    Returns:
        Shape [stories, words].

    Two stories that have the same of an article are no rivals of each other, and one of the third; what it
    shares with the first, half, counts for little less:

    >>> _rivals(np.array([[1.0, 1.0], [1.0, 1.0], [0.0, 1.0]]), np.array([0.5, 0.5])).tolist()
    [[0.0, 0.46875], [0.0, 0.46875], [0.5, 0.5]]
    """
    had = present * squares
    total = np.add.reduce(had, axis=1)
    both = np.add.reduce(np.minimum(had[:, np.newaxis], had), axis=2)
    either = total[:, np.newaxis] + total - both
    overlap = np.where(either > 1e-12, both / np.where(either > 1e-12, either, 1.0), 0.0)
    # Those with more of the article come first; of equals the first.
    order = np.argsort(-total, kind="stable")
    earlier = np.tril(overlap[np.ix_(order, order)], -1)
    new = np.empty(len(total))
    new[order] = 1.0 - np.max(earlier, axis=1, initial=0.0) ** _SAMENESS
    rivals: Floats = np.einsum("sr,rt->st", (1.0 - overlap) * new, present)
    return rivals
