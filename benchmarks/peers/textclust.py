"""TextClust of river, the one text clusterer in the best-known library for streams.

Assenmacher, Trautmann: Textual One-Pass Stream Clustering with Automated Distance Threshold Adaption,
ACIIDS 2022.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from river.cluster import TextClust as RiverTextClust
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from benchmarks.peers.news import News, words

# Articles after which a story that did not grow is dropped, and close ones are merged. River ships 100, which
# loses stories of slow news (olympics at a radius of 0.6: .55, and .58 without).
_GAP: Final = 1000
_CHARS: Final = 1000  # of the text; more takes minutes


class TextClust:
    """River's clusterer over words of title and lead; the threshold is its radius, a distance."""

    name = "TextClust (river)"
    thresholds = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75)
    shipped = None  # 0.3, for chats: slower still, and far from the best

    def __init__(self) -> None:
        self._counts: list[dict[str, int]] = []

    def read(self, news: Sequence[News]) -> None:
        """Counts words, without stop words."""
        texts = (f"{one.title} {one.text[:_CHARS]}" for one in news)
        self._counts = [
            Counter(word for word in words(text) if word not in ENGLISH_STOP_WORDS) for text in texts
        ]

    def stories(self, threshold: float) -> Sequence[int]:
        """See `Peer`."""
        model = _Remembering(radius=threshold, real_time_fading=False, tgap=_GAP)
        labels = []
        for place, counts in enumerate(self._counts):
            model.joined = -1 - place  # of an article without words
            model.learn_one(counts)
            labels.append(model.joined)
        return [model.root(label) for label in labels]


class _Remembering(RiverTextClust):  # type: ignore[misc]  # river has no types
    """Keeps what river's class does not tell: the cluster of the last text, and what was merged."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.joined = 0
        self._into: dict[int, int] = {}

    def root(self, cluster: int) -> int:
        """The cluster that a cluster was merged into, at last."""
        while cluster in self._into:
            cluster = self._into[cluster]
        return cluster

    def _get_closest_mc(self, mc: Any, idf: Any, distance: Any) -> tuple[int | None, float]:
        found, apart = super()._get_closest_mc(mc, idf, distance)
        self.joined = self._cluster_id if found is None else found
        return found, apart

    def _mergemicroclusters(self) -> None:
        super()._mergemicroclusters()
        for cluster, micro in self.micro_clusters.items():
            self._into.update((merged, cluster) for merged in micro.merged_ids)
