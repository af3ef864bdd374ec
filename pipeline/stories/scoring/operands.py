"""What articles are compared with, as arrays: members of small stories, and sums of large ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import compress
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.features.packed import Ids, IndexedArticle, Sparse
from pipeline.stories.index.story_profile import StoryProfile
from pipeline.stories.index.sums import Floats, SparseSum

# A sum with more terms than this is cut down to the article's terms first.
_LONG_SUM: Final = 4096

Rows = NDArray[np.intp]


@dataclass(slots=True)
class Texts:
    """The vectors that one article is compared with, body and pairs by turns.

    First come those of small stories' members, then the sums of large stories.

    Attributes:
        rows: The row of the story, once for each body with its pairs.
        lengths: How many terms each vector has.
        ids, weights: The terms and weights of all vectors, one after another.
    """

    rows: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    ids: list[Ids] = field(default_factory=list)
    weights: list[Floats] = field(default_factory=list)

    def take(self, row: int, profile: StoryProfile, member: IndexedArticle) -> None:
        """Adds the sums of a large story."""
        self.rows.append(row)
        for sums, vector in ((profile.body, member.traits.body), (profile.pairs, member.traits.pairs)):
            terms, values = _cut_down(sums.get(member.language), vector)
            self.lengths.append(len(terms))
            self.ids.append(terms)
            self.weights.append(values)


class Small:
    """Members of small stories, with what they are compared by apart from text.

    Attributes:
        rows, askers: The row of the story of each, and the article that it is compared with.
        heads: The fixed head of the packed features of each (`packed.HEAD`).
        speaking: Whether it is in the article's language.
        fitting: Whether their dense vectors can be compared.
        ours, own: Whether it is of the article's outlet; whether it is the article itself.
        dense: The dense vectors of those that can be compared.
    """

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.askers: list[int] = []
        self.speaking: list[bool] = []
        self.ours: list[bool] = []
        self.own: list[bool] = []
        self.fitting: list[bool] = []
        self.heads: list[bytes] = []
        self.dense: list[bytes] = []

    def take(self, asker: int, mine: IndexedArticle, rows: list[int], members: list[IndexedArticle]) -> Texts:
        """Adds the members of an article's small stories; returns their bodies and pairs."""
        texts = Texts()
        if not members:
            return texts
        speaking = [member.language == mine.language for member in members]
        parts = [member.packed for member in members]
        size = len(mine.traits.dense)
        fitting = [part.head.dense == size > 0 for part in parts]
        self.rows += rows
        self.askers += [asker] * len(rows)
        self.speaking += speaking
        self.ours += [member.outlet == mine.outlet for member in members]
        self.own += [member.article == mine.article for member in members]
        self.fitting += fitting
        self.heads += [part.head_bytes for part in parts]
        self.dense += [part.dense for part in compress(parts, fitting)]
        texts.rows += compress(rows, speaking)
        read = list(compress(parts, speaking))
        texts.lengths += [length for part in read for length in (part.head.body, part.head.pairs)]
        texts.ids.append(np.frombuffer(b"".join([part.text_ids for part in read]), "<u4"))
        joined = b"".join([part.text_weights for part in read])
        texts.weights.append(np.frombuffer(joined, "<f2").astype(np.float64))
        return texts


class Hits:
    """The words that articles share with stories, gathered article by article."""

    def __init__(self) -> None:
        self._present = np.zeros(1 << 16, dtype=np.bool_)
        self.rows: list[Rows] = []
        self.askers: list[Rows] = []
        self.pairs: list[Rows] = []
        self.ids: list[Ids] = []
        self.weights: list[Floats] = []

    def take(self, asker: int, member: IndexedArticle, texts: Texts) -> None:
        """Adds the ids that may be words of the article: those that share their low 16 bits with one."""
        if not texts.lengths:
            return
        ids, weights = np.concatenate(texts.ids), np.concatenate(texts.weights)
        own = np.concatenate([member.traits.body.ids, member.traits.pairs.ids]) & 0xFFFF
        self._present[own] = True
        hits = np.flatnonzero(self._present.take(ids & 0xFFFF))
        self._present[own] = False
        # Bodies and pairs take turns.
        vectors = np.searchsorted(np.cumsum(texts.lengths), hits, side="right")
        self.rows.append(np.array(texts.rows)[vectors >> 1])
        self.askers.append(np.full(len(hits), asker))
        self.pairs.append(vectors & 1)
        self.ids.append(ids[hits])
        self.weights.append(weights[hits])


def _cut_down(total: SparseSum | None, vector: Sparse) -> tuple[Ids, Floats]:
    """The ids and values of a sum; of a long one only those that the vector has too."""
    if total is None:
        return np.zeros(0, dtype=np.uint32), np.zeros(0)
    return total.within(vector.ids) if len(total.ids) > _LONG_SUM else (total.ids, total.values)
