"""Labelled news, read once and made ready to be grouped: without enrichment and without a store."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.app.evaluate import Labelled as Line
from pipeline.enrich.vectors.embedder import E5Embedder
from pipeline.errors import RejectedError
from pipeline.normalize.article import normalize
from pipeline.normalize.identity.recognise import known_as, own_key
from pipeline.ports import Vectors
from pipeline.records import Article, EnrichedArticle, content_id
from pipeline.stories.features.features import arrive
from pipeline.stories.features.packed import IndexedArticle
from pipeline.stories.features.statistics import StreamStatistics


class CachedEmbedder:
    """The shipped embedder; what it made once is kept in a file, by the digest of the text."""

    name = "e5"

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._rows = sqlite3.connect(file)
        self._rows.execute("CREATE TABLE IF NOT EXISTS vectors (text TEXT PRIMARY KEY, vector BLOB)")
        self._inner = E5Embedder()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As the shipped embedder does."""
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in texts]
        rows: Vectors = np.stack([self._row(key, text) for key, text in zip(keys, texts, strict=True)])
        self._rows.commit()
        return rows

    def _row(self, key: str, text: str) -> Vectors:
        found = self._rows.execute("SELECT vector FROM vectors WHERE text = ?", (key,)).fetchone()
        if found is not None:
            return np.frombuffer(found[0], dtype=np.float32)
        row: Vectors = self._inner.embed([text])[0]
        self._rows.execute("INSERT INTO vectors VALUES (?, ?)", (key, row.astype(np.float32).tobytes()))
        return row


@dataclass(frozen=True)
class Labelled:
    """A labelled file, ready to be grouped.

    Attributes:
        name: The file's, without endings.
        digest: See `digest_of`; "" where it is a variant of a file.
        members: Its articles in order of publication, their traits packed.
        lines: The article of each labelled line.
        gold: The label of each line.
    """

    name: str
    digest: str
    members: list[IndexedArticle]
    lines: list[str]
    gold: list[str]

    def whole(self) -> list[IndexedArticle]:
        """The members, ready to be weighed."""
        return [member.full() for member in self.members]

    def plain(self) -> list[IndexedArticle]:
        """The members without their vectors."""
        none = np.zeros(0, dtype=np.float16)
        return [IndexedArticle(m.article, m.seq, replace(m.traits, dense=none)) for m in self.members]


def digest_of(file: Path) -> str:
    """SHA-256, the first 16 digits."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def made_ready(name: str, digest: str, rows: Sequence[Line], embedder: CachedEmbedder) -> Labelled:
    """Labelled lines made ready to be grouped, in their order; all forms of an article are that article."""
    owners: dict[str, str] = {}
    known: dict[str, Article] = {}
    lines: list[str] = []
    gold: list[str] = []
    for number, row in enumerate(rows):
        gold.append(row.cluster)
        try:
            article = normalize(row.item)
        except RejectedError:
            lines.append(f"refused {number}")
            continue
        found = known_as(article, owners, known)
        own = content_id(own_key(article, owners)) if found is None else found.article
        for key in article.keys:
            owners.setdefault(key, own)
        known.setdefault(own, article)
        lines.append(own)
    articles = [EnrichedArticle(replace(article, id=own)) for own, article in known.items()]
    arrivals = arrive(articles, StreamStatistics.empty(), embedder)
    members = [
        IndexedArticle(a.enriched.article.id, n, a.traits).lean() for n, a in enumerate(arrivals, start=1)
    ]
    return Labelled(name, digest, members, lines, gold)
