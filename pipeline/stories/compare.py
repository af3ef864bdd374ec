"""What an article has in common with stories: all of them at once, in arrays.

A row depends on the article and its story alone, whatever else is compared in the same call: sums run in
order of members and ids within each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.profile import SMALL, Floats, Profile, SparseSum
from pipeline.stories.traits import Ids, Member, Sparse, Weights, cut, squares, title_digests

_DAY_SECONDS: Final = 86_400.0
# A story's sum with more terms than this is cut to the article's terms before it is looked through.
_LONG_SUM: Final = 4096


@dataclass(frozen=True, slots=True)
class Compared:
    """For each story, in float64, shape [stories]. The article itself is taken out of a story that holds it.

    Attributes:
        text, lead, vector: The cosine with the sum of the members: bodies and pairs of those in the article's
            language, dense vectors of all; 0 where there are none.
        mean_text, mean_lead, mean_vector: The mean inner product with each of them.
        same: The share of members in the article's language.
        vectors: 1 where article and story have dense vectors that can be compared, else 0.
        near: The mean over members of exp(-gap / scale), with the gap in time.
        outlet: The share of members of the article's outlet.
        figures: The share of members of the outlet with this title but for its figures.
        size: How many members there are.
    """

    text: Floats
    lead: Floats
    vector: Floats
    mean_text: Floats
    mean_lead: Floats
    mean_vector: Floats
    same: Floats
    vectors: Floats
    near: Floats
    outlet: Floats
    figures: Floats
    size: Floats


@dataclass(slots=True)
class _Few:
    """Vectors of members, as bytes, with the row of each."""

    rows: list[int] = field(default_factory=list)
    ids: list[bytes] = field(default_factory=list)
    weights: list[bytes] = field(default_factory=list)

    def append(self, row: int, ids: bytes, weights: bytes) -> None:
        self.rows.append(row)
        self.ids.append(ids)
        self.weights.append(weights)


@dataclass(slots=True)
class _Totals:
    """Sums of large stories, with the row of each."""

    rows: list[int] = field(default_factory=list)
    ids: list[Ids] = field(default_factory=list)
    values: list[Floats] = field(default_factory=list)

    def append(self, row: int, total: SparseSum, vector: Sparse) -> None:
        long = len(total.ids) > _LONG_SUM
        ids, values = total.within(vector.ids) if long else (total.ids, total.values)
        self.rows.append(row)
        self.ids.append(ids)
        self.values.append(values)


class _Gathered:
    """What the stories hand over, laid side by side."""

    def __init__(self, member: Member, stories: int) -> None:
        self.member = member
        self.traits = member.traits
        self.body = (_Few(), _Totals())
        self.pairs = (_Few(), _Totals())
        self.dense_rows: list[int] = []
        self.dense: list[bytes] = []
        self.time_rows: list[int] = []
        self.times: list[float] = []
        self.long_times: list[tuple[int, Floats]] = []
        self.counts = np.zeros((9, stories))
        self.dense_inner = np.zeros(stories)
        self.wide = self.traits.dense.astype(np.float64)

    def take(self, row: int, profile: Profile) -> None:
        """Takes a story."""
        inside = profile.holds(self.member.article)
        size = len(profile.members) - inside
        count, body, pairs = profile.lengths(self.member.language)
        vectors, dense = profile.dense_length(len(self.wide)) if len(self.wide) else (0, 0.0)
        small = profile.size <= SMALL
        same, alike = self._members(row, profile) if small else self._sums(row, profile, inside)
        self.counts[:, row] = (inside, size, count, body, pairs, vectors, dense, same, alike)

    def _members(self, row: int, profile: Profile) -> tuple[int, int]:
        """Takes a small story member by member; returns how many share the outlet, and the title's form."""
        mine = self.member
        same = alike = 0
        for member in profile.members:
            body, pairs, _, body_weights, pair_weights, dense = cut(member.data)
            if member.language == mine.language:
                self.body[0].append(row, body, body_weights)
                self.pairs[0].append(row, pairs, pair_weights)
            if len(dense) == 2 * len(self.wide):
                self.dense_rows.append(row)
                self.dense.append(dense)
            if member.article == mine.article:
                continue
            self.time_rows.append(row)
            self.times.append(np.nan if member.time is None else member.time)
            if mine.outlet and member.outlet == mine.outlet:
                same += 1
                form, exact = title_digests(member.data)
                alike += form == self.traits.title_form and exact != self.traits.title_exact
        return same, alike

    def _sums(self, row: int, profile: Profile, inside: bool) -> tuple[int, int]:
        """Takes a large story by its sums; returns the same."""
        sums, mine = profile.sums, self.member
        if mine.language in sums.body:
            self.body[1].append(row, sums.body[mine.language], self.traits.body)
            self.pairs[1].append(row, sums.pairs[mine.language], self.traits.pairs)
        if len(self.wide) in sums.dense:
            self.dense_inner[row] = np.sum(sums.dense[len(self.wide)][0] * self.wide)
        times = np.array(sums.times)
        if inside:
            times = times[[m.article != mine.article for m in profile.members]]
        self.long_times.append((row, times))
        if not mine.outlet or not sums.outlets[mine.outlet]:
            return 0, 0
        titles = sums.forms.get((mine.outlet, self.traits.title_form))
        alike = titles.total() - titles[self.traits.title_exact] if titles else 0
        return sums.outlets[mine.outlet] - inside, alike


def compare(
    member: Member, profiles: Sequence[Profile], time_scale_days: float, unknown_gap_days: float
) -> Compared:
    """Compares an article with stories.

    Args:
        member: The article; its traits decoded.
        profiles: Of the stories, each with a member besides the article.
        time_scale_days: See `Compared.near`.
        unknown_gap_days: The gap in time where one is unknown.
    """
    gathered = _Gathered(member, len(profiles))
    for row, profile in enumerate(profiles):
        gathered.take(row, profile)
    inside, size, count, body, pairs, vectors, dense, outlet, figures = gathered.counts
    own = squares(member.data)
    traits = gathered.traits
    text, mean_text = _cosines(_inner(traits.body, gathered.body, len(size)), body, count, own[0], inside)
    lead, mean_lead = _cosines(_inner(traits.pairs, gathered.pairs, len(size)), pairs, count, own[1], inside)
    vector, mean_vector = _cosines(_dense(gathered), dense, vectors, own[2], inside)
    return Compared(
        text=text,
        lead=lead,
        vector=vector,
        mean_text=mean_text,
        mean_lead=mean_lead,
        mean_vector=mean_vector,
        same=np.where(count > 0.0, count - inside, 0.0) / size,
        vectors=(vectors - inside > 0.0).astype(np.float64),
        near=_near(gathered, time_scale_days, unknown_gap_days) / size,
        outlet=outlet / size,
        figures=figures / size,
        size=size,
    )


def _inner(vector: Sparse, gathered: tuple[_Few, _Totals], stories: int) -> Floats:
    """The inner products of a vector with the members' vectors and with the sums, by row."""
    few, sums = gathered
    total = np.zeros(stories)
    if not len(vector.ids):
        return total
    present = np.zeros(1 << 16, dtype=np.bool_)
    present[vector.ids & 0xFFFF] = True
    if few.rows:
        ids: Ids = np.frombuffer(b"".join(few.ids), "<u4")
        weights: Weights = np.frombuffer(b"".join(few.weights), "<f2")
        ends = np.cumsum(np.fromiter(map(len, few.ids), np.intp, len(few.ids)) >> 2)
        total += _looked_up(vector, present, few.rows, ends, ids, weights, stories)
    if sums.rows:
        ends = np.cumsum(np.fromiter(map(len, sums.ids), np.intp, len(sums.ids)))
        ids, values = np.concatenate(sums.ids), np.concatenate(sums.values)
        total += _looked_up(vector, present, sums.rows, ends, ids, values, stories)
    return total


def _looked_up(
    vector: Sparse,
    present: NDArray[np.bool_],
    rows: list[int],
    ends: NDArray[np.intp],
    ids: Ids,
    weights: Weights | Floats,
    stories: int,
) -> Floats:
    """Sums, by row, the products where an id is one of the vector's.

    `present` says of the low 16 bits of an id whether any of the vector's has them: that leaves little to
    look up.
    """
    hits = np.flatnonzero(present.take(ids & 0xFFFF))
    terms = ids[hits]
    places = np.minimum(np.searchsorted(vector.ids, terms), len(vector.ids) - 1)
    shared = vector.ids[places] == terms
    hits, places = hits[shared], places[shared]
    products = weights[hits].astype(np.float64) * vector.weights[places].astype(np.float64)
    owners = np.array(rows)[np.searchsorted(ends, hits, side="right")]
    return np.bincount(owners, products, stories).astype(np.float64, copy=False)


def _dense(gathered: _Gathered) -> Floats:
    """The inner products of the dense vectors, by row; exact for small stories, so BLAS may do them."""
    if not gathered.dense:
        return gathered.dense_inner
    rows = np.frombuffer(b"".join(gathered.dense), "<f2").reshape(len(gathered.dense), -1)
    inner = rows.astype(np.float64) @ gathered.wide
    return gathered.dense_inner + np.bincount(gathered.dense_rows, inner, len(gathered.dense_inner))


def _near(gathered: _Gathered, scale: float, unknown: float) -> Floats:
    """The sum of exp(-gap / scale) over members, by row."""
    time = np.nan if gathered.member.time is None else gathered.member.time
    total = np.zeros(len(gathered.dense_inner))
    if gathered.times:
        close = _closeness(np.array(gathered.times), time, scale, unknown)
        total += np.bincount(gathered.time_rows, close, len(total))
    for row, times in gathered.long_times:
        total[row] = np.sum(_closeness(times, time, scale, unknown))
    return total


def _closeness(times: Floats, time: float, scale: float, unknown: float) -> Floats:
    gaps = np.abs(times - time) / _DAY_SECONDS
    closeness: Floats = np.exp(-np.where(np.isnan(gaps), unknown, gaps) / scale)
    return closeness


def _cosines(
    inner: Floats, squared: Floats, count: Floats, own: float, inside: Floats
) -> tuple[Floats, Floats]:
    """The cosine with a sum of vectors, and the mean of the inner products with each.

    Args:
        inner: The inner product with the sum.
        squared: The squared length of the sum.
        count: How many vectors it is made of.
        own: The vector's squared length.
        inside: Whether the vector itself is in the sum; it is then taken out:
            (s - v)·v = s·v - |v|² and |s - v|² = |s|² - 2 s·v + |v|².
    """
    squared = squared - inside * (2.0 * inner - own)
    inner = inner - inside * own
    count = count - inside
    some = (squared > 1e-9) & (own > 0.0) & (count > 0.0)
    cosine = np.where(some, inner / np.sqrt(np.where(some, squared * own, 1.0)), 0.0)
    return cosine, np.where(some, inner / np.where(some, count, 1.0), 0.0)
