"""What sets stories apart: a word that several candidates share with an article speaks less for each of them.

Inverse document frequency knows what is common in all the news, not what is common around one article: a
hundred reports of as many shootings share their words with every new one. Here each word's evidence for a
story is divided by how much of it the article's other candidate stories have too:

    kept = Σₜ aₜ sₜ / (1 + β Σ over other stories of pₜ) / Σₜ aₜ sₜ,    pₜ = min(1, mₜ / aₜ)

with aₜ the article's weight of word t, sₜ that of the story's sum, mₜ the mean weight of the story's members,
and β the strength. Measured on the development sets: mean BCubed F1 +0.007, most of it on real feeds and on
look-alike events (docs/benchmarks.md). It follows from the candidates alone, so it is the same however the
index came about.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.index.sums import Floats


def kept_shares(
    stories: NDArray[np.intp],
    places: NDArray[np.intp],
    products: Floats,
    own: Floats,
    bodies: int,
    count: Floats,
    inside: Floats,
    strength: float,
) -> Floats:
    """The shares of the inner products with bodies and with pairs that remain.

    Args:
        stories: The story of each word that a member or a sum shares with the article, in any order.
        places: Which of the article's words it is; its pairs of words come after its words.
        products: The two weights multiplied.
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
    flat: Floats = np.bincount(stories * shape[1] + places, products, shape[0] * shape[1]).astype(np.float64)
    shared: Floats = flat.reshape(shape) - inside[:, np.newaxis] * squares
    full = np.maximum(others, 1.0) * squares
    present = np.minimum(shared / np.where(full > 0.0, full, 1.0), 1.0) * (others > 0.0)
    rivals = np.add.reduce(present, axis=0) - present
    remaining = shared / (1.0 + strength * rivals)
    parts = (slice(0, bodies), slice(bodies, None))
    before = np.stack([np.add.reduce(shared[:, part], axis=1) for part in parts])
    after = np.stack([np.add.reduce(remaining[:, part], axis=1) for part in parts])
    some = before > 1e-9
    return np.where(some, np.clip(after / np.where(some, before, 1.0), 0.0, 1.0), 1.0)
