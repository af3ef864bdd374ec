"""Sums of members' vectors, by which large stories are compared.

Weights of 16 bits add up exactly in float64 (see `packed.Sparse`), so the sums depend only on the set of
members, not on the order in which these came and went.
"""

from __future__ import annotations

from array import array
from collections import Counter
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.features.packed import (
    HEAD,
    Ids,
    IndexedArticle,
    Packed,
    Sparse,
)

# In the keys of `summed_texts`: from this number on a term is a pair of words, below it a word of the body.
_PAIRS_FROM: Final = 1 << 32

Floats = NDArray[np.float64]


class SparseSum:
    """The sum of unit vectors.

    Attributes:
        count: How many vectors were added.
        ids: Term ids, shape [n], ascending.
        values: The sum, float64, shape [n].
    """

    __slots__ = ("_squared", "count", "ids", "values")

    def __init__(self, ids: Ids, values: Floats, count: int) -> None:
        self.ids = ids
        self.values = values
        self.count = count
        self._squared: float | None = None

    @classmethod
    def of(cls, ids: list[bytes], weights: list[bytes]) -> SparseSum:
        """The sum of vectors, given as the bytes of their ids (uint32) and weights (float16)."""
        keys = np.frombuffer(b"".join(ids), "<u4").astype(np.uint64)
        terms, sums = summed(keys, np.frombuffer(b"".join(weights), "<u2"))
        return cls(terms.astype(np.uint32), sums, len(ids))

    @property
    def squared(self) -> float:
        """The squared length of the sum."""
        if self._squared is None:
            self._squared = float(np.sum(self.values * self.values))
        return self._squared

    @property
    def weights(self) -> dict[int, float]:
        """The sum as a dictionary: weight by term id."""
        return dict(zip(self.ids.tolist(), self.values.tolist(), strict=True))

    def dot(self, vector: Sparse) -> float:
        """The inner product with a vector, summed in order of ids."""
        places, shared = self._places(vector.ids)
        return float(np.sum(self.values[places[shared]] * vector.weights[shared].astype(np.float64)))

    def within(self, ids: Ids) -> tuple[Ids, Floats]:
        """The terms of the sum that are among these ids, and their weights."""
        places, shared = self._places(ids)
        return ids[shared], self.values[places[shared]]

    def change(self, vector: Sparse, sign: int) -> None:
        """Adds a vector (+1) or takes it out (-1), exactly."""
        weights = vector.weights.astype(np.float64) * sign
        places, shared = self._places(vector.ids)
        self.values[places[shared]] += weights[shared]
        if sign < 0:
            kept = self.values != 0.0
            self.ids, self.values = self.ids[kept], self.values[kept]
        else:
            new = np.flatnonzero(~shared)
            at = np.searchsorted(self.ids, vector.ids[new])
            self.ids = _inserted(self.ids, at, vector.ids[new])
            self.values = _inserted(self.values, at, weights[new])
        self.count += sign
        self._squared = None

    def _places(self, ids: Ids) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """For each id its position in the sum, and whether it is there at all."""
        if not len(self.ids):
            return np.zeros(len(ids), dtype=np.intp), np.zeros(len(ids), dtype=np.bool_)
        places = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return places, self.ids[places] == ids


def _inserted(array: NDArray[Any], at: NDArray[np.intp], more: NDArray[Any]) -> NDArray[Any]:
    """`np.insert` for ascending places, but faster: a large story's sums change with each article."""
    made = np.empty(len(array) + len(more), array.dtype)
    start = 0
    for done, place in enumerate(at.tolist()):
        made[start + done : place + done] = array[start:place]
        start = place
    made[start + len(more) :] = array[start:]
    made[at + np.arange(len(more))] = more
    return made


class Sums:
    """All that is summed over the members of a story.

    Args:
        members: The members of one story, in ingest sequence.
        heads: The fixed head of each one's packed features (`packed.HEAD`), shape [n].

    Attributes:
        body: Body vectors, by language.
        pairs: Pair vectors, by language.
        dense: By dimension, the sum of the dense vectors and how many there are.
        outlets: How many members each outlet has.
        times: When each was published (nan where unknown), in ingest sequence.
        years: The years of each, likewise; see `years`.
    """

    __slots__ = ("body", "dense", "outlets", "pairs", "times", "years")

    def __init__(self, members: list[IndexedArticle], heads: NDArray[np.void]) -> None:
        self.body: dict[str, SparseSum] = {}
        self.pairs: dict[str, SparseSum] = {}
        self.dense: dict[int, tuple[Floats, int]] = {}
        self.outlets = Counter([m.outlet for m in members if m.outlet])
        self.times = array("d", heads["time"].tobytes())
        self.years = array("Q", heads["years"].tobytes())

    @classmethod
    def of(cls, members: list[IndexedArticle]) -> Sums:
        """The sums over a story's members."""
        [sums] = cls.of_each([members])
        return sums

    @classmethod
    def of_each(cls, stories: list[list[IndexedArticle]]) -> list[Sums]:
        """The sums of several stories, worked out together; a group is a language of a story."""
        parts = [[member.packed for member in members] for members in stories]
        heads = np.frombuffer(b"".join([part.head_bytes for each in parts for part in each]), HEAD)
        ends = np.cumsum([len(members) for members in stories]).tolist()
        found = [
            cls(members, heads[end - len(members) : end]) for members, end in zip(stories, ends, strict=True)
        ]
        _sum_texts(found, stories, parts)
        _sum_dense(found, parts)
        return found

    def add(self, member: IndexedArticle, position: int) -> None:
        """Adds a member; `position` is its place among the members."""
        self.times.insert(position, np.nan if member.time is None else member.time)
        self.years.insert(position, member.packed.head.years)
        self._change(member, 1)

    def remove(self, member: IndexedArticle, position: int) -> None:
        """Removes a member; `position` is its place among the members."""
        del self.times[position], self.years[position]
        self._change(member, -1)

    def _change(self, member: IndexedArticle, sign: int) -> None:
        if member.outlet:
            self.outlets[member.outlet] += sign
        packed = member.packed
        for sums, vector in ((self.body, packed.body), (self.pairs, packed.pairs)):
            total = sums.setdefault(member.language, SparseSum.of([], []))
            total.change(vector, sign)
            if not total.count:
                del sums[member.language]
        dense = np.frombuffer(packed.dense, "<f2").astype(np.float64)
        if len(dense):
            before, count = self.dense.get(len(dense), (np.zeros(len(dense)), 0))
            self.dense[len(dense)] = (before + sign * dense, count + sign)


def _sum_texts(found: list[Sums], stories: list[list[IndexedArticle]], parts: list[list[Packed]]) -> None:
    """Fills in the sums of bodies and pairs."""
    groups: dict[tuple[int, str], int] = {}
    of_members = [
        groups.setdefault((place, member.language), len(groups))
        for place, members in enumerate(stories)
        for member in members
    ]
    sizes = np.bincount(of_members).tolist()
    every = [part for each in parts for part in each]
    terms, sums = summed_texts(every, np.array(of_members, dtype=np.int64))
    starts = np.arange(2 * len(groups) + 1, dtype=np.uint64) * np.uint64(_PAIRS_FROM)
    bounds = np.searchsorted(terms, starts).tolist()
    ids = terms.astype(np.uint32)
    for (place, language), group in groups.items():
        # Copies, because a slice would keep the whole array in memory.
        body, pairs = (
            SparseSum(ids[start:end].copy(), sums[start:end].copy(), sizes[group])
            for start, end in pairwise(bounds[2 * group : 2 * group + 3])
        )
        found[place].body[language], found[place].pairs[language] = body, pairs


def _sum_dense(found: list[Sums], parts: list[list[Packed]]) -> None:
    """Fills in the sums of dense vectors."""
    dense = [[part.dense for part in each] for each in parts]
    for size in dict.fromkeys([len(vector) for each in dense for vector in each if vector]):
        vectors = [[vector for vector in each if len(vector) == size] for each in dense]
        counts = [len(each) for each in vectors]
        some = [place for place, count in enumerate(counts) if count]
        joined = b"".join([vector for each in vectors for vector in each])
        rows = np.frombuffer(joined, "<f2").reshape(-1, size // 2).astype(np.float64)
        firsts = np.cumsum([0, *counts])[some]
        for place, total in zip(some, np.add.reduceat(rows, firsts, axis=0), strict=True):
            found[place].dense[size // 2] = (total.copy(), counts[place])


def summed_texts(parts: list[Packed], groups: NDArray[np.int64]) -> tuple[NDArray[np.uint64], Floats]:
    """The sums of bodies and of pairs by group.

    Args:
        parts: The features of members.
        groups: The number of each one's group, below 2¹⁵.

    Returns:
        Keys, ascending, and the sum of weights for each. A key is group · 2³³ + term id for a word of the
        body, and 2³² more for a pair of words.
    """
    kinds = (2 * groups[:, np.newaxis] + np.arange(2)).astype(np.uint64) << np.uint64(32)
    keys = np.repeat(kinds.ravel(), [count for part in parts for count in (part.head.body, part.head.pairs)])
    keys |= np.frombuffer(b"".join([part.text_ids for part in parts]), "<u4")
    return summed(keys, np.frombuffer(b"".join([part.text_weights for part in parts]), "<u2"))


def summed(terms: NDArray[np.uint64], bits: NDArray[np.uint16]) -> tuple[NDArray[np.uint64], Floats]:
    """Sums float16 weights (given as bits) by term (below 2⁴⁸): distinct terms, ascending, and their sums."""
    # Term and weight are sorted as one number, which is many times faster than sorting by index.
    keys = terms << np.uint64(16)
    keys |= bits
    keys.sort()
    values = keys.astype(np.uint16).view(np.float16).astype(np.float64)
    keys >>= np.uint64(16)
    first = np.ones(len(keys), dtype=np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    return keys[starts], np.add.reduceat(values, starts) if len(starts) else values
