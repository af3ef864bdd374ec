"""Single link whose threshold tightens as stories grow, as tgcontest does it.

https://github.com/IlyaGusev/tgcontest, src/clustering/slink.cpp and configs/clusterer.pbtxt. Its fastText
vectors are e5's here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.news import News
from pipeline.ports import Embedder

# The largest story that may come of a link, and the share of the threshold that its distance may be.
_TIGHTER: Final = ((10, 1.0), (20, 8 / 9), (30, 7 / 9))


class Tightening:
    """Links the nearest pairs first, over the whole file at once, which is less than its batch of 15,000.

    Args:
        embedder: Makes the vectors.
    """

    name = "tightening single link (tgcontest)"
    thresholds = tuple(round(0.0025 * step, 4) for step in range(4, 41))  # (1 - cosine) / 2
    shipped = 0.045

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._count = 0
        self._first = self._second = np.zeros(0, dtype=np.intp)
        self._apart: NDArray[np.float32] = np.zeros(0, dtype=np.float32)

    def read(self, news: Sequence[News]) -> None:
        """Measures all pairs, and sorts those that any threshold could link."""
        vectors = self._embedder.embed([one.embedded for one in news])
        self._count = len(news)
        apart = (1.0 - vectors @ vectors.T) / 2.0
        first, second = np.nonzero(np.triu(apart <= max(self.thresholds), 1))
        order = np.argsort(apart[first, second], kind="stable")
        self._first, self._second = first[order], second[order]
        self._apart = apart[self._first, self._second]

    def stories(self, threshold: float) -> Sequence[int]:
        """See `Peer`."""
        story = list(range(self._count))
        members = [[place] for place in range(self._count)]
        end = int(np.searchsorted(self._apart, threshold, side="right"))
        pairs = zip(self._first[:end].tolist(), self._second[:end].tolist(), strict=True)
        for (first, second), apart in zip(pairs, self._apart[:end].tolist(), strict=True):
            one, other = story[first], story[second]
            if one != other and _allowed(len(members[one]) + len(members[other]), apart / threshold):
                for place in members[other]:
                    story[place] = one
                members[one] += members[other]
        return story


def _allowed(size: int, share: float) -> bool:
    """Whether a story may grow to a size by a link at a share of the threshold."""
    return any(size <= largest and share <= most for largest, most in _TIGHTER)
