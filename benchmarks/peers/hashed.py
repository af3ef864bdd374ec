"""Hashed words, pairs of words and runs of characters, linked at a cosine of 0.615, as worldmonitor does it.

Its shared/story-identity.js: two views, one of them with names and numbers weighed more, must both agree; a
text that holds nearly all words of another matches anyway; stories are chains of matches. It reads titles of
at most 300 characters; here a short title is followed by its text: .769 on average instead of .741.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.linking import components
from benchmarks.peers.news import News

_DIMENSIONS: Final = 512
_CHARS: Final = 300
_WORD_WEIGHT, _PAIR_WEIGHT, _RUN_WEIGHT = 2.0, 1.5, 1.0
_NAME_BOOST, _NUMBER_BOOST = 3.0, 2.0
_RUN: Final = 4
_HELD: Final = 0.9  # share of words held, and the similarity that this is worth
_HELD_WORDS: Final = 4


class Hashed:
    """Single link over the lesser cosine of the two views."""

    name = "hashed words, pairs, characters"
    thresholds = (*(round(0.025 * step, 3) for step in range(10, 37)), 0.615)
    shipped = 0.615

    def __init__(self) -> None:
        self._similar: NDArray[np.float32]

    def read(self, news: Sequence[News]) -> None:
        """Hashes the openings and compares all of them."""
        told = [list(_words(f"{one.title} {one.text}")) for one in news]
        plain = np.stack([_vector(some, boosted=False) for some in told])
        boosted = np.stack([_vector(some, boosted=True) for some in told])
        self._similar = np.minimum(plain @ plain.T, boosted @ boosted.T)
        columns: dict[str, int] = {}
        held = np.zeros((len(told), sum(map(len, told)) or 1), dtype=np.float32)
        for row, some in zip(held, told, strict=True):
            row[[columns.setdefault(word, len(columns)) for word, _ in some]] = 1.0
        held = held[:, : len(columns) or 1]
        sizes = held.sum(axis=1)
        lesser = np.minimum.outer(sizes, sizes)
        rescued = (lesser >= _HELD_WORDS) & (held @ held.T >= _HELD * lesser - 1e-6)
        self._similar[rescued] = np.maximum(self._similar[rescued], _HELD)

    def stories(self, threshold: float) -> Sequence[int]:
        """See `Peer`."""
        first, second = np.nonzero(np.triu(self._similar >= threshold, 1))
        return components(len(self._similar), first, second)


def _words(text: str) -> Iterator[tuple[str, float]]:
    """The words of an opening in lower case with their boost; short ASCII words are left out."""
    for raw in text[:_CHARS].split():
        clean = re.sub(r"[\W_]", "", raw)
        if clean and not (clean.isascii() and len(clean) < 3):
            number = any(char.isnumeric() for char in clean)
            yield clean.lower(), _NUMBER_BOOST if number else _NAME_BOOST if clean[0].isupper() else 1.0


def _features(told: Sequence[tuple[str, float]], *, boosted: bool) -> Iterator[tuple[str, float]]:
    for word, boost in told:
        yield f"w:{word}", _WORD_WEIGHT * (boost if boosted else 1.0)
        if not word.isascii():
            yield from ((f"2:{word[at : at + 2]}", _RUN_WEIGHT) for at in range(len(word) - 1))
        if len(word) >= _RUN:
            framed = f"<{word}>"
            yield from ((f"4:{framed[at : at + _RUN]}", _RUN_WEIGHT) for at in range(len(framed) - _RUN + 1))
    for (one, _), (other, _) in pairwise(told):
        yield f"p:{one} {other}", _PAIR_WEIGHT


def _vector(told: Sequence[tuple[str, float]], *, boosted: bool) -> NDArray[np.float32]:
    vector = np.zeros(_DIMENSIONS, dtype=np.float32)
    for feature, weight in _features(told, boosted=boosted):
        code = crc32(feature.encode())
        vector[code % _DIMENSIONS] += weight if code >> 31 else -weight
    return vector / (float(np.linalg.norm(vector)) or 1.0)
