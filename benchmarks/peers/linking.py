"""The two ways of making stories of similarities: a single pass over centroids, and connected components."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def single_pass(similar: NDArray[np.float32], threshold: float) -> list[int]:
    """Each article, in its order, joins the story with the nearest centroid, or founds one.

    Centroids are never written down: the dot product with one is the sum over its members.

    Args:
        similar: Dot products of unit vectors, shape [articles, articles].
        threshold: The least cosine with a centroid.
    """
    count = len(similar)
    labels = np.zeros(count, dtype=np.intp)
    squares = np.zeros(count)  # squared lengths of the sums of members
    stories = 0
    for place in range(count):
        own = float(similar[place, place])
        joined = stories
        if stories:
            dots = np.bincount(labels[:place], similar[place, :place], stories)
            cosines = dots / np.sqrt(np.maximum(squares[:stories], 1e-12))
            best = int(cosines.argmax())
            if cosines[best] >= threshold:
                joined = best
                squares[best] += 2.0 * dots[best] + own
        if joined == stories:
            squares[stories] = own
            stories += 1
        labels[place] = joined
    return labels.tolist()


def components(count: int, first: NDArray[np.intp], second: NDArray[np.intp]) -> list[int]:
    """Single link: articles are in one story when a chain of links joins them, in whatever order they came.

    Args:
        count: Articles.
        first: One end of each link.
        second: The other end.
    """
    links = coo_array((np.ones(len(first), dtype=np.int8), (first, second)), shape=(count, count))
    labels: list[int] = connected_components(links, directed=False)[1].tolist()
    return labels
