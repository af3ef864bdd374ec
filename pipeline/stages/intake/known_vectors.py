"""Vectors made before grouping, found again by the text they were made of."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.ports import Embedder, Vectors
from pipeline.records import Article, content_id
from pipeline.stories.features.features import embedded_text

# As a store keeps them, little-endian.
_NUMBERS = np.dtype("<f2")


def made_vectors(articles: Sequence[Article], embedder: Embedder) -> dict[str, str]:
    """The vectors of articles as normalize leaves them, for `KnownVectors`.

    Args:
        articles: Each is embedded by itself.
        embedder: Makes the vectors.

    Returns:
        By the digest of the embedded text, the vector as features keep it: float16, base64.
    """
    texts = {content_id(text): text for text in (embedded_text(a.title, a.text) for a in articles)}
    vectors = embedder.embed(list(texts.values())).astype(_NUMBERS)
    return {name: base64.b64encode(row.tobytes()).decode() for name, row in zip(texts, vectors, strict=True)}


def rows_of(articles: Sequence[Article], made: Mapping[str, str]) -> Vectors:
    """One row for each article, from what `made_vectors` gave for the same articles."""
    rows = [_numbers(made[content_id(embedded_text(a.title, a.text))]) for a in articles]
    return np.stack(rows) if rows else np.empty((0, 0), dtype=np.float32)


class KnownVectors:
    """An `Embedder` that makes only what is not known; the features that come of it are the same to the bit.

    An article's comparison text may be shorter than what normalize left, because it leaves out lines that the
    outlet repeats: then its vector is made here.

    Args:
        known: Vectors as text, by the id of what was embedded (`made_vectors`).
        embedder: Makes the others.
    """

    def __init__(self, known: Mapping[str, str], embedder: Embedder) -> None:
        self._known = known
        self._embedder = embedder
        self.name = embedder.name

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As `Embedder.embed`; known rows are exact in float16."""
        found = [self._known.get(content_id(text)) for text in texts]
        made = self._embedder.embed([t for t, known in zip(texts, found, strict=True) if known is None])
        new = iter(made)
        rows = [next(new) if known is None else _numbers(known) for known in found]
        return np.stack(rows).astype(np.float32) if rows else made


def _numbers(encoded: str) -> Vectors:
    return np.frombuffer(base64.b64decode(encoded), _NUMBERS).astype(np.float32)
