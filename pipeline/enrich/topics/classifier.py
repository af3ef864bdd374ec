"""Top terms of IPTC Media Topics from the vector of a text, in any language that has vectors.

One logistic regression a topic over the numbers of multilingual e5. `make train-topics` makes `weights.csv`
from lines in our own words. Each topic has a row: its id, the constant, then a weight for each number.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np

from pipeline.ports import Vectors

WEIGHTS = "weights.csv"


class TopicClassifier:
    """How likely each topic is by the vector of a text.

    Args:
        rows: A topic's id, its constant, and a weight for each number of a vector.
    """

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        self._topics = tuple(row[0] for row in rows)
        numbers = np.array([[float(number) for number in row[1:]] for row in rows], dtype=np.float64)
        self._constants, self._weights = numbers[:, 0], numbers[:, 1:]

    @classmethod
    def trained(cls) -> TopicClassifier:
        """The classifier that comes with the package, read once per process."""
        return _trained()

    def log_odds(self, vectors: Vectors) -> list[dict[str, float]]:
        """For each row of vectors, the natural logarithm of each topic's odds, by its id.

        Each row by itself, so that neighbours change no digit; rounded, so that no other library for matrices
        does either.
        """
        found = []
        for row in vectors:
            odds = self._weights @ row.astype(np.float64) + self._constants
            found.append(dict(zip(self._topics, np.round(odds, 4).tolist(), strict=True)))
        return found


@cache
def _trained() -> TopicClassifier:
    text = files(__package__).joinpath(WEIGHTS).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return TopicClassifier(list(csv.reader(lines)))
