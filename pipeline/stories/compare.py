"""What an article has in common with stories: all of them at once, in arrays.

A row depends on the article and its story alone, whatever else is compared in the same call: sums run in
order of members and ids within each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.profile import SMALL, Floats, Profile, SparseSum
from pipeline.stories.traits import HEAD, Ids, Member, Sparse, Traits, Weights, comparable, squares

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


class _Members:
    """The members of small stories, side by side: their bytes, and what is read off them at once.

    Args:
        mine: The article they are compared with.
        dimension: Of its dense vector.
    """

    def __init__(self, mine: Member, dimension: int) -> None:
        self._mine = mine
        self._dimension = dimension
        self.rows: list[int] = []
        self.heads: list[bytes] = []
        self.ids: list[bytes] = []
        self.weights: list[bytes] = []
        self.lengths: list[int] = []
        self.dense: list[bytes] = []
        self.dense_rows: list[int] = []
        self.speaking: list[bool] = []
        self.ours: list[bool] = []
        self.own: list[bool] = []

    def take(self, row: int, members: list[Member]) -> None:
        """Takes the members of one story."""
        mine = self._mine
        for member in members:
            head, ids, weights, dense, body, pairs = comparable(member.data)
            self.rows.append(row)
            self.heads.append(head)
            speaks = member.language == mine.language
            self.speaking.append(speaks)
            if speaks:
                self.ids.append(ids)
                self.weights.append(weights)
                self.lengths += (body, pairs)
            else:
                self.lengths += (0, 0)
            if len(dense) == 2 * self._dimension:
                self.dense.append(dense)
                self.dense_rows.append(row)
            self.ours.append(member.outlet == mine.outlet)
            self.own.append(member.article == mine.article)


class _Table:
    """What is counted and summed for each story, in float64, shape [stories]."""

    def __init__(self, stories: int) -> None:
        zeros = np.zeros((12, stories))
        self.inside, self.size, self.count, self.body, self.pairs, self.vectors = zeros[:6]
        self.dense, self.near, self.outlet, self.figures, self.body_inner, self.pairs_inner = zeros[6:]
        self.dense_inner = np.zeros(stories)


class _Comparison:
    """One article against some stories.

    Args:
        member: The article.
        stories: How many stories.
        scale: See `compare`.
        unknown: Likewise.
    """

    def __init__(self, member: Member, stories: int, scale: float, unknown: float) -> None:
        self.member = member
        self.traits: Traits = member.traits
        self.table = _Table(stories)
        self.wide = self.traits.dense.astype(np.float64)
        self._time = np.nan if member.time is None else member.time
        self._scale, self._unknown = scale, unknown
        # Whether any id of the article has these low 16 bits: that leaves little to look up.
        self._present: NDArray[np.bool_] = np.zeros(1 << 16, dtype=np.bool_)
        self._present[self.traits.body.ids & 0xFFFF] = True
        self._present[self.traits.pairs.ids & 0xFFFF] = True

    def run(self, profiles: Sequence[Profile]) -> None:
        """Fills the table."""
        members = _Members(self.member, len(self.wide))
        several: list[tuple[int, Profile]] = []
        large: list[tuple[int, Profile]] = []
        for row, profile in enumerate(profiles):
            if len(profile.members) <= SMALL:
                members.take(row, profile.members)
            else:
                large.append((row, profile))
            if len(profile.members) > 1:
                several.append((row, profile))
        if members.rows:
            self._small(members)
        if large:
            self._large(large)
        table = self.table
        for row, profile in several:
            table.count[row], table.body[row], table.pairs[row] = profile.lengths(self.member.language)
            table.vectors[row], table.dense[row] = profile.dense_length(len(self.wide))

    def _small(self, members: _Members) -> None:
        """Sums up the members of small stories; the lengths hold where there is one member."""
        table, traits = self.table, self.traits
        rows, stories = np.array(members.rows), len(self.table.size)
        heads = np.frombuffer(b"".join(members.heads), HEAD)
        lengths = np.array(members.lengths)
        own = np.array(members.own)
        others = (~own).astype(np.float64)
        same = np.array(members.ours) & ~own if self.member.outlet else np.zeros(len(rows), dtype=np.bool_)
        alike = same & (heads["form"] == traits.title_form) & (heads["exact"] != traits.title_exact)
        speaking = np.array(members.speaking)
        squared = heads["squares"]
        for target, values in (
            (table.inside, own),
            (table.size, others),
            (table.count, speaking),
            (table.body, squared[:, 0] * speaking),
            (table.pairs, squared[:, 1] * speaking),
            (table.near, self._closeness(heads["time"]) * others),
            (table.outlet, same),
            (table.figures, alike),
        ):
            np.add(target, np.bincount(rows, values, stories), out=target)
        self._dense(members, heads)
        ids: Ids = np.frombuffer(b"".join(members.ids), "<u4")
        weights: Weights = np.frombuffer(b"".join(members.weights), "<f2")
        self._inner(np.repeat(rows, 2), np.cumsum(lengths), ids, weights)

    def _dense(self, members: _Members, heads: NDArray[np.void]) -> None:
        """The inner products of dense vectors are exact for small stories, so BLAS may do them."""
        if not members.dense or not len(self.wide):
            return
        table, stories = self.table, len(self.table.size)
        vectors = np.frombuffer(b"".join(members.dense), "<f2").reshape(len(members.dense), -1)
        rows = np.array(members.dense_rows)
        table.dense_inner += np.bincount(rows, vectors.astype(np.float64) @ self.wide, stories)
        table.vectors += np.bincount(rows, minlength=stories)
        table.dense += np.bincount(members.rows, heads["squares"][:, 2], stories)

    def _large(self, profiles: list[tuple[int, Profile]]) -> None:
        """Takes large stories by their sums."""
        rows: list[int] = []
        sums: list[tuple[Ids, Floats]] = []
        times: list[Floats] = []
        for row, profile in profiles:
            times.append(self._large_rest(row, profile))
            for total, vector in (
                (profile.body.get(self.member.language), self.traits.body),
                (profile.pairs.get(self.member.language), self.traits.pairs),
            ):
                rows.append(row)
                sums.append(_cut_down(total, vector))
        numbers = np.repeat([row for row, _ in profiles], [len(t) for t in times])
        close = self._closeness(np.concatenate(times))
        self.table.near += np.bincount(numbers, close, len(self.table.size))
        ends = np.cumsum([len(ids) for ids, _ in sums])
        ids = np.concatenate([ids for ids, _ in sums])
        self._inner(np.array(rows), ends, ids, np.concatenate([values for _, values in sums]))

    def _large_rest(self, row: int, profile: Profile) -> Floats:
        """Takes what of a large story is not text; returns the times of the other members."""
        sums, table, mine = profile.sums, self.table, self.member
        inside = profile.holds(mine.article)
        table.inside[row], table.size[row] = inside, profile.size - inside
        if len(self.wide) in sums.dense:
            table.dense_inner[row] = np.add.reduce(sums.dense[len(self.wide)][0] * self.wide)
        if mine.outlet and sums.outlets[mine.outlet]:
            table.outlet[row] = sums.outlets[mine.outlet] - inside
            titles = sums.forms.get((mine.outlet, self.traits.title_form))
            table.figures[row] = titles.total() - titles[self.traits.title_exact] if titles else 0
        times: Floats = np.frombuffer(sums.times)
        return times[[m.article != mine.article for m in profile.members]] if inside else times

    def _inner(
        self, rows: NDArray[np.intp], ends: NDArray[np.intp], ids: Ids, weights: Weights | Floats
    ) -> None:
        """Adds the inner products with body and pairs.

        Args:
            rows: The story of each vector; vectors are bodies and pairs in turn.
            ends: Where each vector ends in `ids`.
            ids: Of all vectors, one after another.
            weights: Likewise.
        """
        hits = np.flatnonzero(self._present.take(ids & 0xFFFF))
        vectors = np.searchsorted(ends, hits, side="right")
        for kind, vector, target in (
            (0, self.traits.body, self.table.body_inner),
            (1, self.traits.pairs, self.table.pairs_inner),
        ):
            chosen = (vectors & 1) == kind
            here, terms = hits[chosen], ids[hits[chosen]]
            if not len(here) or not len(vector.ids):
                continue
            places = np.minimum(np.searchsorted(vector.ids, terms), len(vector.ids) - 1)
            shared = vector.ids[places] == terms
            products = weights[here[shared]].astype(np.float64) * vector.weights[places[shared]]
            summed = np.bincount(rows[vectors[chosen][shared]], products, len(target))
            np.add(target, summed, out=target)

    def _closeness(self, times: Floats) -> Floats:
        """exp(-gap / scale) for each time."""
        gaps = np.abs(times - self._time) / _DAY_SECONDS
        closeness: Floats = np.exp(-np.where(np.isnan(gaps), self._unknown, gaps) / self._scale)
        return closeness


def _cut_down(total: SparseSum | None, vector: Sparse) -> tuple[Ids, Floats]:
    """The ids and values of a sum, of a long one only those that matter."""
    if total is None:
        return np.zeros(0, dtype=np.uint32), np.zeros(0)
    return total.within(vector.ids) if len(total.ids) > _LONG_SUM else (total.ids, total.values)


def compare(
    member: Member, profiles: Sequence[Profile], time_scale_days: float, unknown_gap_days: float
) -> Compared:
    """Compares an article with stories.

    Args:
        member: The article; its traits decoded.
        profiles: Of the stories; one that holds nothing but the article has nothing in common with it.
        time_scale_days: See `Compared.near`.
        unknown_gap_days: The gap in time where one is unknown.
    """
    comparison = _Comparison(member, len(profiles), time_scale_days, unknown_gap_days)
    comparison.run(profiles)
    t = comparison.table
    own = squares(member.data)
    text, mean_text = _cosines(t.body_inner, t.body, t.count, own[0], t.inside)
    lead, mean_lead = _cosines(t.pairs_inner, t.pairs, t.count, own[1], t.inside)
    vector, mean_vector = _cosines(t.dense_inner, t.dense, t.vectors, own[2], t.inside)
    size = np.maximum(t.size, 1.0)
    return Compared(
        text=text,
        lead=lead,
        vector=vector,
        mean_text=mean_text,
        mean_lead=mean_lead,
        mean_vector=mean_vector,
        same=np.where(t.count > 0.0, t.count - t.inside, 0.0) / size,
        vectors=(t.vectors - t.inside > 0.0).astype(np.float64),
        near=t.near / size,
        outlet=t.outlet / size,
        figures=t.figures / size,
        size=t.size,
    )


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
