"""Invented articles for measuring speed: as sparse as real ones, made in a tenth of a millisecond each.

Words follow Zipf's law over 200,000 forms. An event has 40 words and 30 pairs of words of its own, of which
each of its articles has some, and a direction in which its vectors differ from the mean of e5's. How many
articles an event has follows a power law with exponent 2.6: three of four have one, the mean is 1.7, and the
largest have hundreds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.features.packed import Features, Name, Sparse

DAY_SECONDS: Final = 86_400.0
WINDOW_DAYS: Final = 14.0
_WORDS: Final = 200_000
_BODY_WORDS: Final = 280
_EVENT_WORDS: Final = 40
_EVENT_PAIRS: Final = 30
_PAIRS: Final = 50
EXPONENT: Final = 2.6
LARGEST: Final = 600
# Deviations per dimension: articles of one event then have a cosine of about 0.95, as in e5 on news.
_EVENT_SPREAD: Final = 0.018
_ARTICLE_SPREAD: Final = 0.010


class Newsroom:
    """Makes articles; the same seed makes the same.

    Args:
        center: The mean of the embedder's vectors, shape [d].
        seed: Of everything random.
    """

    def __init__(self, center: NDArray[np.float64], seed: int = 1) -> None:
        self._center = center
        self._random = np.random.default_rng(seed)
        share = 1.0 / np.arange(1, _WORDS + 1)
        self._cumulative = np.cumsum(share / share.sum())
        frequency = np.diff(self._cumulative, prepend=0.0)
        self._idf = -np.log(-np.expm1(-200.0 * frequency) + 1e-6) + 0.01
        sizes = np.arange(1, LARGEST + 1) ** -EXPONENT
        self._sizes = np.cumsum(sizes / sizes.sum())

    def events(self) -> Iterator[tuple[int, int]]:
        """Numbers of events, each with how many articles it has."""
        number = 0
        while True:
            yield number, 1 + int(np.searchsorted(self._sizes, self._random.random()))
            number += 1

    def article(self, event: int, number: int) -> Features:
        """An article on an event, published somewhere in the window."""
        own = np.random.default_rng(event)
        words = np.exp(own.uniform(np.log(800), np.log(_WORDS), _EVENT_WORDS)).astype(np.int64)
        pairs = own.integers(0, 1 << 32, _EVENT_PAIRS)
        direction = own.normal(0.0, _EVENT_SPREAD, len(self._center))
        random = self._random
        time = (float(own.random()) * WINDOW_DAYS + 0.5 * float(random.random())) * DAY_SECONDS
        names = tuple(Name(f"n{w}", f"Name {w}", "person", 0.5) for w in words[:6].tolist())
        return Features(
            time=time,
            fetched=time + 600.0,
            language="en",
            outlet=f"Outlet {number % 300}",
            title=f"Title of the article with number {number} about the event {event} in the town",
            lead=f"The first sentence says what {event} was, where, when, and who was there, {number}.",
            title_form=number,
            title_exact=number,
            years=1 << 36,
            body=self._body(words[random.random(_EVENT_WORDS) < 0.6]),
            pairs=self._pairs(pairs[random.random(_EVENT_PAIRS) < 0.4]),
            dense=self._dense(direction),
            names=names,
            numbers=(str(event), str(number)),
            signature=random.integers(0, 1 << 32, 64, dtype=np.uint32),
        )

    def _body(self, words: NDArray[np.int64]) -> Sparse:
        drawn = np.searchsorted(self._cumulative, self._random.random(_BODY_WORDS))
        every, counts = np.unique(np.concatenate([drawn, words, words]), return_counts=True)
        every, counts = every[:_WORDS], counts[:_WORDS]
        every = np.minimum(every, _WORDS - 1)
        return _unit(every * 2_654_435_761 + 97, self._idf[every] * (1.0 + np.log(counts)))

    def _pairs(self, pairs: NDArray[np.int64]) -> Sparse:
        drawn = self._random.integers(0, 1 << 32, _PAIRS)
        return _unit(np.concatenate([pairs, drawn]), 4.0 + 4.0 * self._random.random(len(pairs) + _PAIRS))

    def _dense(self, direction: NDArray[np.float64]) -> NDArray[np.float16]:
        vector = self._center + direction + self._random.normal(0.0, _ARTICLE_SPREAD, len(direction))
        return (vector / np.linalg.norm(vector)).astype(np.float16)


def _unit(ids: NDArray[np.int64], weights: NDArray[np.float64]) -> Sparse:
    """A sparse vector of length 1, as `Sparse.unit` makes it but without limit."""
    terms, places = np.unique((ids % (1 << 32)).astype(np.uint32), return_index=True)
    kept = weights[places]
    return Sparse(terms, (kept / np.linalg.norm(kept)).astype(np.float16))
