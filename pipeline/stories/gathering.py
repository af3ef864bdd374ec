"""What articles are compared with, laid side by side: members of small stories, and sums of large ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.profile import Floats, Profile, SparseSum
from pipeline.stories.traits import Ids, Member, Sparse, comparable

# A story's sum with more terms than this is cut to the article's terms before it is looked through.
_LONG_SUM: Final = 4096

Rows = NDArray[np.intp]


@dataclass(slots=True)
class Texts:
    """Bodies and pairs that one article meets, in turn: of small stories' members, then large ones' sums.

    Attributes:
        rows: The story of each.
        lengths: How many terms each has.
        ids, weights: Those of members: bytes, one after another.
        sums: Ids and weights of the sums.
    """

    rows: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    ids: list[bytes] = field(default_factory=list)
    weights: list[bytes] = field(default_factory=list)
    sums: list[tuple[Ids, Floats]] = field(default_factory=list)


@dataclass(slots=True)
class Small:
    """Members of small stories side by side, with what they are compared by apart from text.

    Attributes:
        rows, askers: The story of each, and the article that asks.
        speaking: Whether it is in the article's language.
        fitting: Whether their dense vectors can be compared.
        ours, own: Whether it is of the article's outlet; whether it is the article itself.
        heads, dense: See `traits.comparable`; dense vectors of those that fit.
    """

    rows: list[int] = field(default_factory=list)
    askers: list[int] = field(default_factory=list)
    speaking: list[bool] = field(default_factory=list)
    fitting: list[bool] = field(default_factory=list)
    ours: list[bool] = field(default_factory=list)
    own: list[bool] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    dense: list[bytes] = field(default_factory=list)

    def take(self, asker: int, mine: Member, row: int, profile: Profile, texts: Texts) -> None:
        """Takes the members of one story; adds their bodies and pairs to `texts`."""
        size = 2 * len(mine.traits.dense)
        for member in profile.members:
            head, ids, weights, dense, body, pairs = comparable(member.data)
            self.rows.append(row)
            self.askers.append(asker)
            self.heads.append(head)
            speaks = member.language == mine.language
            self.speaking.append(speaks)
            if speaks:
                texts.ids.append(ids)
                texts.weights.append(weights)
                texts.lengths += (body, pairs)
                texts.rows += (row, row)
            fits = len(dense) == size > 0
            self.fitting.append(fits)
            if fits:
                self.dense.append(dense)
            self.ours.append(member.outlet == mine.outlet)
            self.own.append(member.article == mine.article)


class Hits:
    """The words that articles share with stories, gathered article by article."""

    def __init__(self) -> None:
        self._present = np.zeros(1 << 16, dtype=np.bool_)
        self.rows: list[Rows] = []
        self.askers: list[Rows] = []
        self.pairs: list[Rows] = []
        self.ids: list[Ids] = []
        self.weights: list[Floats] = []

    def take(self, asker: int, member: Member, texts: Texts) -> None:
        """Takes what may be one of the article's words: an id with the low 16 bits of one of them."""
        if not texts.lengths:
            return
        ids = np.concatenate([np.frombuffer(b"".join(texts.ids), "<u4"), *(ids for ids, _ in texts.sums)])
        weights = np.frombuffer(b"".join(texts.weights), "<f2").astype(np.float64)
        weights = np.concatenate([weights, *(values for _, values in texts.sums)])
        present = self._present
        low = [vector.ids & 0xFFFF for vector in (member.traits.body, member.traits.pairs)]
        for some in low:
            present[some] = True
        hits = np.flatnonzero(present.take(ids & 0xFFFF))
        for some in low:
            present[some] = False
        vectors = np.searchsorted(np.cumsum(texts.lengths), hits, side="right")
        self.rows.append(np.array(texts.rows)[vectors])
        self.askers.append(np.full(len(hits), asker))
        # Vectors are bodies and pairs in turn.
        self.pairs.append(vectors & 1)
        self.ids.append(ids[hits])
        self.weights.append(weights[hits])


def take_sums(member: Member, row: int, profile: Profile, texts: Texts) -> None:
    """Adds the sums of a large story to what an article meets."""
    for sums, vector in ((profile.body, member.traits.body), (profile.pairs, member.traits.pairs)):
        terms, values = _cut_down(sums.get(member.language), vector)
        texts.rows.append(row)
        texts.lengths.append(len(terms))
        texts.sums.append((terms, values))


def _cut_down(total: SparseSum | None, vector: Sparse) -> tuple[Ids, Floats]:
    """The ids and values of a sum, of a long one only those that matter."""
    if total is None:
        return np.zeros(0, dtype=np.uint32), np.zeros(0)
    return total.within(vector.ids) if len(total.ids) > _LONG_SUM else (total.ids, total.values)
