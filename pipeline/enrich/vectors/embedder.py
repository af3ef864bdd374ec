"""Vectors by multilingual e5-small."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np

from pipeline.enrich.vectors.encoder import Encoder
from pipeline.enrich.vectors.weights import E5Weights, Matrix, packaged, unpacked
from pipeline.enrich.vectors.word_pieces import Pieces
from pipeline.ports import Vectors

# The model's prefix for texts of one kind that are compared with each other.
_PREFIX: Final = "query: "


class E5Embedder:
    """An `Embedder`: 384 numbers for each text, comparable across languages.

    Texts are computed one at a time, so neighbours do not matter; work is spread over processes, not threads.
    The model is loaded when first needed and once per process; it takes some 250 MB.
    """

    name = "e5"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """An array of shape [len(texts), 384], float32, each row of length 1."""
        model = _model()
        rows: Vectors = np.empty((len(texts), model.width), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[:] = model.vector(_readable(text))
        return rows


class _E5:
    """The model, loaded."""

    def __init__(self, weights: E5Weights) -> None:
        self.width = weights.width
        self._pieces = Pieces(weights)
        self._encoder = Encoder(weights, threads=1)
        self._begin, self._end = weights.special["bos"], weights.special["eos"]
        self._words = weights.blocks("emb.word")
        places = weights.vector("emb.pos").reshape(-1, self.width)
        self._places: Matrix = places + weights.vector("emb.type")[: self.width]
        self._longest = weights.longest - 2  # beside those for the beginning and the end

    def vector(self, text: str) -> Matrix:
        """The vector of a text: the mean of its tokens', of length 1.

        A text that is longer than the model can take is cut, and its parts count by their tokens.
        """
        pieces = self._pieces.ids(_PREFIX + text)
        total = np.zeros(self.width, dtype=np.float32)
        for start in range(0, len(pieces), self._longest):
            part = pieces[start : start + self._longest]
            ids = [self._begin, *part, self._end]
            total += len(part) * self._encoder.mean(unpacked(self._words[ids]) + self._places[: len(ids)])
        length = float(np.linalg.norm(total))
        return total / np.float32(length or 1.0)


@cache
def _model() -> _E5:
    return _E5(E5Weights(packaged()))


def _readable(text: str) -> str:
    """A text that can be written as UTF-8: no NUL, no lone surrogate."""
    return text.replace("\x00", " ").encode("utf-8", "replace").decode("utf-8")
