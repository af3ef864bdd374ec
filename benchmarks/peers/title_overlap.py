"""Overlap of titles, as NewsBlur groups what several feeds tell.

https://github.com/samuelclay/NewsBlur, apps/clustering/models.py. Left out, for its sake: that both come from
different feeds (two files name one source for all), and that a story has at most ten articles.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import numpy as np
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from benchmarks.peers.linking import components
from benchmarks.peers.news import News

_LEAST_WORDS: Final = 5
_LEAST_SHARED: Final = 3
_LEAST_CHARS: Final = 10
_LOOKBACK: Final = timedelta(hours=120)


class TitleOverlap:
    """Links titles that are the same, or share three words that are this share of the shorter one."""

    name = "title overlap (NewsBlur)"
    thresholds = tuple(round(0.05 * step, 2) for step in range(4, 21))
    shipped = 0.6

    def __init__(self) -> None:
        self._titles: list[str] = []
        self._first = self._second = np.zeros(0, dtype=np.intp)
        self._shares = np.zeros(0)

    def read(self, news: Sequence[News]) -> None:
        """Finds the pairs that may be linked, and how much they share."""
        self._titles = [_plain(one.title) for one in news]
        told = [_telling(title) for title in self._titles]
        columns: dict[str, int] = {}
        places = [columns.setdefault(word, len(columns)) for some in told for word in sorted(some)]
        ends = np.cumsum([0, *map(len, told)])
        shape = (len(news), len(columns))
        rows = csr_array((np.ones(len(places)), places, ends), shape=shape)
        shared = (rows @ rows.T).tocoo()
        sizes = np.array([len(some) for some in told])
        first, second = shared.coords
        kept = (first < second) & (shared.data >= _LEAST_SHARED)
        kept &= np.minimum(sizes[first], sizes[second]) >= _LEAST_WORDS
        near = [_near(news[a], news[b]) for a, b in zip(first[kept], second[kept], strict=True)]
        pairs = np.flatnonzero(kept)[near]
        self._first, self._second = first[pairs].astype(np.intp), second[pairs].astype(np.intp)
        self._shares = shared.data[pairs] / np.minimum(sizes[self._first], sizes[self._second])

    def stories(self, threshold: float) -> Sequence[int]:
        """See `Peer`."""
        linked = self._shares >= threshold
        earliest: dict[str, int] = {}
        same = [
            (earliest.setdefault(title, place), place)
            for place, title in enumerate(self._titles)
            if len(title) >= _LEAST_CHARS
        ]
        again = np.array(same, dtype=np.intp).reshape(-1, 2)
        first = np.concatenate([self._first[linked], again[:, 0]])
        second = np.concatenate([self._second[linked], again[:, 1]])
        return components(len(self._titles), first, second)


def _plain(title: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", "", re.sub(r"[-/]", " ", title.lower())).split())


def _telling(title: str) -> frozenset[str]:
    """The words of a title that tell something, without the s of a plural."""
    return frozenset(
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
        for word in title.split()
        if len(word) > 1 and not word.isdigit() and word not in ENGLISH_STOP_WORDS
    )


def _near(one: News, other: News) -> bool:
    """Whether both are recent together; what has no date is."""
    return not (one.published and other.published) or abs(one.published - other.published) <= _LOOKBACK
