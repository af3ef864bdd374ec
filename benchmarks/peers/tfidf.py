"""TF-IDF, single pass: the classic of topic detection and tracking.

Allan, Papka, Lavrenko: On-line New Event Detection and Tracking, SIGIR 1998.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from benchmarks.peers.linking import single_pass
from benchmarks.peers.news import News, words

_TITLE_COUNT: Final = 2


class TfIdf:
    """Words weighed by (1 + log tf) log((N + 1) / df), N and df as of then; titles count twice."""

    name = "TF-IDF, single pass"
    thresholds = tuple(round(0.02 * step, 2) for step in range(2, 31))
    shipped = None

    def __init__(self) -> None:
        self._similar: NDArray[np.float32]

    def read(self, news: Sequence[News]) -> None:
        """Weighs each article with what the stream has shown up to it."""
        columns: dict[str, int] = {}
        seen: Counter[str] = Counter()
        values: list[float] = []
        places: list[int] = []
        ends = [0]
        for number, one in enumerate(news, 1):
            counts = Counter(words(one.text))
            for word in words(one.title):
                counts[word] += _TITLE_COUNT
            seen.update(counts.keys())
            weights = [(1 + math.log(n)) * math.log((number + 1) / seen[word]) for word, n in counts.items()]
            length = math.sqrt(sum(weight * weight for weight in weights)) or 1.0
            values.extend(weight / length for weight in weights)
            places.extend(columns.setdefault(word, len(columns)) for word in counts)
            ends.append(len(values))
        rows = csr_array((values, places, ends), shape=(len(news), len(columns)), dtype=np.float32)
        self._similar = (rows @ rows.T).toarray()

    def stories(self, threshold: float) -> Sequence[int]:
        """See `Peer`."""
        return single_pass(self._similar, threshold)
