"""Sentence vectors of the shipped embedder (multilingual e5-small), kept in a folder from run to run."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from hashlib import sha1
from pathlib import Path

import numpy as np

from pipeline.enrich.vectors.embedder import E5Embedder
from pipeline.ports import Vectors

_AT_ONCE = 64


class KeptVectors:
    """An `Embedder` that makes each vector once.

    Args:
        folder: Where `vectors.sqlite` is; made when missing.
    """

    name = E5Embedder.name

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._embedder = E5Embedder()
        self._kept = sqlite3.connect(folder / "vectors.sqlite")
        self._kept.execute("CREATE TABLE IF NOT EXISTS vectors (text TEXT PRIMARY KEY, vector BLOB)")

    def embed(self, texts: Sequence[str]) -> Vectors:
        """An array of shape [len(texts), dimensions], float32, each row of length 1."""
        names = [sha1(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest() for text in texts]
        found = {name: vector for name in names if (vector := self._find(name)) is not None}
        missing = {name: text for name, text in zip(names, texts, strict=True) if name not in found}
        queue = list(missing)
        for start in range(0, len(queue), _AT_ONCE):
            part = queue[start : start + _AT_ONCE]
            made = self._embedder.embed([missing[name] for name in part])
            found.update(zip(part, made, strict=True))
            rows = [(name, vector.tobytes()) for name, vector in zip(part, made, strict=True)]
            with self._kept:
                self._kept.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows)
        return np.stack([found[name] for name in names])

    def _find(self, name: str) -> Vectors | None:
        row = self._kept.execute("SELECT vector FROM vectors WHERE text = ?", (name,)).fetchone()
        return np.frombuffer(row[0], dtype=np.float32) if row else None
