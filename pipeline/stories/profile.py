"""A story as a whole: its members, and sums of their vectors.

Weights of 16 bits add up exactly in float64 (see `traits.Sparse`), so the sums are those of the set of
members, in whatever order these came and went. Small stories keep only the lengths of their sums: comparing
with each of a few members costs no more, and most stories are small.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.traits import (
    Ids,
    Member,
    Parts,
    Sparse,
    comparable,
    cut,
    squares,
    texts,
    title_digests,
    years_of,
)

# Up to so many members a story keeps no sums. Inner products with them are then exact too: 5² < 2⁵, and
# 5 + 48 bits fit float64.
SMALL: Final = 5
# See `_summed_texts`.
_MEASURED_AT_ONCE: Final = 1 << 14
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
        terms, sums = _summed(keys, np.frombuffer(b"".join(weights), "<u2"))
        return cls(terms.astype(np.uint32), sums, len(ids))

    @property
    def squared(self) -> float:
        """The squared length of the sum."""
        if self._squared is None:
            self._squared = float(np.sum(self.values * self.values))
        return self._squared

    @property
    def weights(self) -> dict[int, float]:
        """The sum, weight by term id."""
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
            new = ~shared
            at = np.searchsorted(self.ids, vector.ids[new])
            self.ids = np.insert(self.ids, at, vector.ids[new])
            self.values = np.insert(self.values, at, weights[new])
        self.count += sign
        self._squared = None

    def _places(self, ids: Ids) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """For each id where it is in the sum, and whether it is there."""
        if not len(self.ids):
            return np.zeros(len(ids), dtype=np.intp), np.zeros(len(ids), dtype=np.bool_)
        places = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return places, self.ids[places] == ids


class Sums:
    """All that is summed over the members of a story.

    Attributes:
        body: Body vectors, by language.
        pairs: Pair vectors, by language.
        dense: Dense vectors and how many they are, by dimension.
        outlets: How many members each outlet has.
        times: When each was published (nan where unknown), in ingest sequence.
        years: The years of each, likewise; see `years`.
    """

    __slots__ = ("body", "dense", "outlets", "pairs", "times", "years")

    def __init__(self, members: list[Member]) -> None:
        self.body: dict[str, SparseSum] = {}
        self.pairs: dict[str, SparseSum] = {}
        self.dense: dict[int, tuple[Floats, int]] = {}
        self.outlets = Counter([m.outlet for m in members if m.outlet])
        self.times = array("d", [np.nan if m.time is None else m.time for m in members])
        self.years = array("Q", [years_of(m.data) for m in members])
        every = [comparable(member.data) for member in members]
        for language in dict.fromkeys([m.language for m in members]):
            parts = [part for part, m in zip(every, members, strict=True) if m.language == language]
            terms, sums = _summed_texts(parts, np.zeros(len(parts), dtype=np.int64))
            end = int(np.searchsorted(terms, _PAIRS_FROM))
            ids = terms.astype(np.uint32)
            self.body[language] = SparseSum(ids[:end].copy(), sums[:end].copy(), len(parts))
            self.pairs[language] = SparseSum(ids[end:].copy(), sums[end:].copy(), len(parts))
        for size in dict.fromkeys([len(part[3]) for part in every if part[3]]):
            vectors = [part[3] for part in every if len(part[3]) == size]
            rows = np.frombuffer(b"".join(vectors), "<f2").reshape(len(vectors), -1)
            self.dense[size // 2] = (rows.astype(np.float64).sum(axis=0), len(vectors))

    def add(self, member: Member, position: int) -> None:
        """Takes a member in; `position` is its place among the members."""
        self.times.insert(position, np.nan if member.time is None else member.time)
        self.years.insert(position, years_of(member.data))
        self._change(member, 1)

    def remove(self, member: Member, position: int) -> None:
        """Takes a member out."""
        del self.times[position], self.years[position]
        self._change(member, -1)

    def _change(self, member: Member, sign: int) -> None:
        if member.outlet:
            self.outlets[member.outlet] += sign
        for sums, vector in zip((self.body, self.pairs), texts(member.data), strict=True):
            total = sums.setdefault(member.language, SparseSum.of([], []))
            total.change(vector, sign)
            if not total.count:
                del sums[member.language]
        dense = np.frombuffer(comparable(member.data)[3], "<f2").astype(np.float64)
        if len(dense):
            before, count = self.dense.get(len(dense), (np.zeros(len(dense)), 0))
            self.dense[len(dense)] = (before + sign * dense, count + sign)


class Profile:
    """A story as the scorer sees it: a function of the set of its members.

    Attributes:
        story: The story's id.
        members: In ingest sequence.
        changes: How often members came and went.
    """

    __slots__ = ("_articles", "_lengths", "_sums", "changes", "members", "story")

    def __init__(self, story: str) -> None:
        self.story = story
        self.members: list[Member] = []
        self.changes = 0
        self._articles: set[str] | None = None
        self._sums: Sums | None = None
        self._lengths: dict[str | int, tuple[int, float, float]] | None = None

    @classmethod
    def of(cls, story: str, members: Iterable[Member]) -> Profile:
        """The profile of given members."""
        profile = cls(story)
        profile.members = sorted(members, key=_seq)
        return profile

    @property
    def size(self) -> int:
        """How many members it has."""
        return len(self.members)

    @property
    def first_seq(self) -> int:
        """The ingest sequence number of the oldest member."""
        return self.members[0].seq

    @property
    def sums(self) -> Sums:
        """The sums over all members; made when first asked for."""
        if self._sums is None:
            self._sums = Sums(self.members)
        return self._sums

    @property
    def body(self) -> dict[str, SparseSum]:
        """Sum of the body vectors, by language."""
        return self.sums.body

    @property
    def pairs(self) -> dict[str, SparseSum]:
        """Sum of the pair vectors, by language."""
        return self.sums.pairs

    def add(self, member: Member) -> None:
        """Takes a member in."""
        position = len(self.members)
        if position and member.seq < self.members[-1].seq:
            position = bisect_left(self.members, member.seq, key=_seq)
        self.members.insert(position, member)
        self._changed()
        if self._articles is not None:
            self._articles.add(member.article)
        if self._sums is not None:
            self._sums.add(member, position)

    def remove(self, article: str) -> Member:
        """Takes a member out.

        Raises:
            KeyError: The article is not a member.
        """
        if not self.holds(article):
            raise KeyError(article)
        position = next(i for i, m in enumerate(self.members) if m.article == article)
        member = self.members.pop(position)
        if self._articles is not None:
            self._articles.discard(article)
        self._changed()
        if self._sums is not None:
            self._sums.remove(member, position)
        return member

    def holds(self, article: str) -> bool:
        """Whether an article is a member."""
        if len(self.members) <= SMALL:
            return any(member.article == article for member in self.members)
        if self._articles is None:
            self._articles = {member.article for member in self.members}
        return article in self._articles

    def alike(self, outlet: str, form: int, exact: int) -> int:
        """How many members of an outlet have a title of this form, but another one."""
        digests = [title_digests(member.data) for member in self.members if member.outlet == outlet]
        return sum(theirs == form and title != exact for theirs, title in digests)

    def lengths(self, language: str) -> tuple[int, float, float]:
        """Of the members in a language: how many, and the squared lengths of the sums of bodies and pairs."""
        if len(self.members) == 1:
            member = self.members[0]
            return (1, *squares(member.data)[:2]) if member.language == language else (0, 0.0, 0.0)
        return self._known().get(language, (0, 0.0, 0.0))

    def dense_length(self, dimension: int) -> tuple[int, float]:
        """Of the members with a dense vector of this dimension: how many, and the sum's squared length."""
        if len(self.members) == 1:
            data = self.members[0].data
            return (1, squares(data)[2]) if len(cut(data)[5]) == 2 * dimension else (0, 0.0)
        count, squared, _ = self._known().get(dimension, (0, 0.0, 0.0))
        return count, squared

    def _changed(self) -> None:
        """Forgets what is no longer true."""
        self.changes += 1
        self._lengths = None
        if len(self.members) <= SMALL:
            self._sums = self._articles = None

    def _known(self) -> dict[str | int, tuple[int, float, float]]:
        """Counts and squared lengths, by language and by dimension."""
        if self._lengths is None:
            self._lengths = self._measured() if len(self.members) > SMALL else _lengths(self.members)
        return self._lengths

    def unmeasured(self) -> bool:
        """Whether this is a small story of one language, of several members, not measured yet."""
        members = self.members
        if self._lengths is not None or not 1 < len(members) <= SMALL:
            return False
        return all(member.language == members[0].language for member in members)

    def measured(self, body: float, pairs: float, dense: Floats | None) -> None:
        """Takes the lengths that `measure` found."""
        self._lengths = {self.members[0].language: (len(self.members), body, pairs)}
        if dense is not None:
            self._lengths[len(dense)] = (len(self.members), float(np.sum(dense * dense)), 0.0)

    def _measured(self) -> dict[str | int, tuple[int, float, float]]:
        """The same from the sums."""
        sums = self.sums
        found: dict[str | int, tuple[int, float, float]] = {
            language: (body.count, body.squared, sums.pairs[language].squared)
            for language, body in sums.body.items()
        }
        for dimension, (total, count) in sums.dense.items():
            found[dimension] = (count, float(np.sum(total * total)), 0.0)
        return found


def measure(profiles: Iterable[Profile]) -> None:
    """Measures small stories of one language and dimension in one go; others are measured when asked."""
    todo = [(p, [comparable(m.data) for m in p.members]) for p in dict.fromkeys(profiles) if p.unmeasured()]
    todo = [(p, parts) for p, parts in todo if len({len(part[3]) for part in parts}) == 1]
    for size in dict.fromkeys(len(parts[0][3]) for _, parts in todo):
        alike = [(p, parts) for p, parts in todo if len(parts[0][3]) == size]
        for start in range(0, len(alike), _MEASURED_AT_ONCE):
            _measure(alike[start : start + _MEASURED_AT_ONCE])


def _measure(stories: list[tuple[Profile, list[Parts]]]) -> None:
    """Measures stories, given with the parts of their members; dense vectors are all of one dimension."""
    every = [part for _, parts in stories for part in parts]
    sizes = [len(parts) for _, parts in stories]
    terms, sums = _summed_texts(every, np.repeat(np.arange(len(stories)), sizes))
    squared = np.bincount((terms >> np.uint64(32)).astype(np.intp), sums * sums, 2 * len(stories)).tolist()
    dense = np.frombuffer(b"".join([part[3] for part in every]), "<f2").astype(np.float64)
    firsts = np.cumsum([0, *sizes[:-1]])
    totals = np.add.reduceat(dense.reshape(len(every), -1), firsts, axis=0) if len(dense) else None
    for place, (profile, _) in enumerate(stories):
        total = None if totals is None else totals[place]
        profile.measured(squared[2 * place], squared[2 * place + 1], total)


def _summed_texts(parts: list[Parts], groups: NDArray[np.int64]) -> tuple[NDArray[np.uint64], Floats]:
    """The sums of bodies and of pairs by group.

    Args:
        parts: Of members.
        groups: The group of each, below 2¹⁵.

    Returns:
        Term ids, those of pairs from 2³² on, and of each group from group · 2³³ on; and the sum of each.
    """
    kinds = (2 * groups[:, np.newaxis] + np.arange(2)).astype(np.uint64) << np.uint64(32)
    keys = np.repeat(kinds.ravel(), [count for part in parts for count in part[4:]])
    keys |= np.frombuffer(b"".join([part[1] for part in parts]), "<u4")
    return _summed(keys, np.frombuffer(b"".join([part[2] for part in parts]), "<u2"))


def _summed(terms: NDArray[np.uint64], bits: NDArray[np.uint16]) -> tuple[NDArray[np.uint64], Floats]:
    """Each of some terms (below 2⁴⁸) once, ascending, with the sum of its weights, given as their bits."""
    # Sorted as one number, term before weight: many times faster than sorting by index.
    keys = terms << np.uint64(16)
    keys |= bits
    keys.sort()
    values = keys.astype(np.uint16).view(np.float16).astype(np.float64)
    keys >>= np.uint64(16)
    first = np.ones(len(keys), dtype=np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    return keys[starts], np.add.reduceat(values, starts) if len(starts) else values


def _lengths(members: list[Member]) -> dict[str | int, tuple[int, float, float]]:
    """Counts and squared lengths of the sums of a few members."""
    found: dict[str | int, tuple[int, float, float]] = {}
    cuts = [cut(member.data) for member in members]
    for language in dict.fromkeys(m.language for m in members):
        chosen = [c for c, m in zip(cuts, members, strict=True) if m.language == language]
        body = SparseSum.of([c[0] for c in chosen], [c[3] for c in chosen])
        pairs = SparseSum.of([c[1] for c in chosen], [c[4] for c in chosen])
        found[language] = (len(chosen), body.squared, pairs.squared)
    for size in dict.fromkeys(len(c[5]) for c in cuts if c[5]):
        rows = [np.frombuffer(c[5], "<f2") for c in cuts if len(c[5]) == size]
        total: Floats = np.sum(rows, axis=0, dtype=np.float64)
        found[size // 2] = (len(rows), float(np.sum(total * total)), 0.0)
    return found


def _seq(member: Member) -> int:
    return member.seq
