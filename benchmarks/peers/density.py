"""Sentence vectors and HDBSCAN, as BERTopic and many a notebook do it.

Campello, Moulavi, Sander: Density-Based Clustering Based on Hierarchical Density Estimates, PAKDD 2013.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import HDBSCAN

from benchmarks.peers.news import News
from pipeline.ports import Embedder

_LEAST: Final = 1e-3  # of a distance: twins have none, and one over it is the density


class Density:
    """HDBSCAN over the whole file at once: no stream. Below the threshold, a distance, it does not split.

    Distances below the threshold are rounded up to it, so that splits there are worth nothing. That is what
    `cluster_selection_epsilon` is for, which in scikit-learn fails with NumPy 2.4 ("only 0-dimensional
    arrays").

    Args:
        embedder: Makes the vectors.
    """

    name = "e5 vectors, HDBSCAN"
    thresholds = (0.0, *(round(0.02 * step, 2) for step in range(12, 32)))
    shipped = 0.0

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._apart: NDArray[np.float64]

    def read(self, news: Sequence[News]) -> None:
        """Makes the vectors and measures all pairs."""
        vectors = self._embedder.embed([one.embedded for one in news]).astype(np.float64)
        self._apart = np.sqrt(np.maximum(2.0 - 2.0 * vectors @ vectors.T, 0.0))

    def stories(self, threshold: float) -> Sequence[int]:
        """Clusters of two or more; what HDBSCAN calls noise is alone."""
        scan = HDBSCAN(min_cluster_size=2, min_samples=1, metric="precomputed", copy=False)
        labels = scan.fit(np.maximum(self._apart, max(threshold, _LEAST))).labels_
        alone = labels < 0
        labels[alone] = labels.max() + 1 + np.arange(alone.sum())
        return list(map(int, labels))
