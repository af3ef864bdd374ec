"""What an article has in common with stories: all of them at once, in arrays.

Without contrast a row depends on the article and its story alone, whatever else is compared in the same call:
sums run in order of members and ids within each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.contrast import kept_shares
from pipeline.stories.profile import SMALL, Floats, Profile, SparseSum, measure
from pipeline.stories.traits import HEAD, Ids, Member, Sparse, Traits, comparable, squares

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
        kept_text, kept_lead: The shares of these that remain after contrast.
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
    kept_text: Floats
    kept_lead: Floats
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
        self.fitting: list[bool] = []
        self.speaking_rows: list[int] = []
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
                self.speaking_rows.append(row)
            fits = len(dense) == 2 * self._dimension
            self.fitting.append(fits)
            if fits:
                self.dense.append(dense)
            self.ours.append(member.outlet == mine.outlet)
            self.own.append(member.article == mine.article)


class _Comparison:
    """One article against some stories.

    Args:
        member: The article.
        stories: How many stories.
        scale: See `compare`.
        unknown, contrast: Likewise.

    Attributes:
        kept: The shares of body and pairs that remain, shape [2, stories]; see `contrast`.
        inner, squared, count: Of body, pairs and dense with the sums, shape [3, stories].
        told: Inside, size, near, outlet, figures: as in `Compared`, but summed; shape [5, stories].
    """

    def __init__(self, member: Member, stories: int, scale: float, unknown: float, contrast: float) -> None:
        self.member = member
        self.traits: Traits = member.traits
        self.stories = stories
        self.inner, self.squared, self.count = np.zeros((3, 3, stories))
        self.told = np.zeros((5, stories))
        self.wide = self.traits.dense.astype(np.float64)
        self._time = np.nan if member.time is None else member.time
        self._scale, self._unknown, self._contrast = scale, unknown, contrast
        self.kept = np.ones((2, stories))

    def run(self, profiles: Sequence[Profile]) -> None:
        """Fills the tables."""
        measure(profiles)
        members = _Members(self.member, len(self.wide))
        several: list[int] = []
        large: list[tuple[int, Profile]] = []
        lengths: list[tuple[float, ...]] = []
        for row, profile in enumerate(profiles):
            size = len(profile.members)
            if size <= SMALL:
                members.take(row, profile.members)
            else:
                large.append((row, profile))
            if size > 1:
                several.append(row)
                language = profile.lengths(self.member.language)
                lengths.append((*language, *profile.dense_length(len(self.wide))))
        if members.rows:
            self._small(members)
        if large:
            self._large(large)
        if several:
            count, body, pairs, vectors, dense = np.array(lengths).T
            self.count[:, several] = count, count, vectors
            self.squared[:, several] = body, pairs, dense
        self._inner(members, large)

    def _small(self, members: _Members) -> None:
        """Sums up the members of small stories; the lengths hold where there is one member."""
        traits, rows = self.traits, np.array(members.rows)
        heads = np.frombuffer(b"".join(members.heads), HEAD)
        own, speaking = np.array(members.own), np.array(members.speaking)
        others = ~own
        table = np.zeros((11, len(rows)))
        squared, count, told = table[:3], table[3:6], table[6:]
        squared[:] = heads["squares"].T
        count[:2] = speaking
        if len(self.wide):
            count[2] = np.array(members.fitting)
        told[0] = own
        told[1] = others
        told[2] = self._closeness(heads["time"]) * others
        if self.member.outlet:
            told[3] = np.array(members.ours) & others
            told[4] = told[3] * (heads["form"] == traits.title_form) * (heads["exact"] != traits.title_exact)
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        at = rows[starts]
        summed = np.add.reduceat(table, starts, axis=1)
        self.squared[:, at], self.count[:, at], self.told[:, at] = summed[:3], summed[3:6], summed[6:]
        if members.dense and len(self.wide):
            # Exact for single vectors, so BLAS may do it.
            vectors = np.frombuffer(b"".join(members.dense), "<f2").reshape(len(members.dense), -1)
            inner = vectors.astype(np.float64) @ self.wide
            self.inner[2] = np.bincount(rows[count[2] > 0.0], inner, self.stories)

    def _large(self, profiles: list[tuple[int, Profile]]) -> None:
        """Takes what of large stories is not text."""
        times = [self._large_rest(row, profile) for row, profile in profiles]
        numbers = np.repeat([row for row, _ in profiles], [len(t) for t in times])
        self.told[2] += np.bincount(numbers, self._closeness(np.concatenate(times)), self.stories)

    def _large_rest(self, row: int, profile: Profile) -> Floats:
        """The same of one story; returns the times of the other members."""
        sums, mine = profile.sums, self.member
        inside = profile.holds(mine.article)
        outlet = figures = 0
        if len(self.wide) in sums.dense:
            self.inner[2, row] = np.add.reduce(sums.dense[len(self.wide)][0] * self.wide)
        if mine.outlet and sums.outlets[mine.outlet]:
            outlet = sums.outlets[mine.outlet] - inside
            titles = sums.forms.get((mine.outlet, self.traits.title_form))
            figures = titles.total() - titles[self.traits.title_exact] if titles else 0
        self.told[:, row] = inside, profile.size - inside, 0.0, outlet, figures
        times: Floats = np.frombuffer(sums.times)
        return times[[m.article != mine.article for m in profile.members]] if inside else times

    def _inner(self, members: _Members, large: list[tuple[int, Profile]]) -> None:
        """The inner products with bodies and pairs, of small stories' members and of large stories' sums."""
        body, pairs = self.traits.body, self.traits.pairs
        rows = [row for row in members.speaking_rows for _ in (body, pairs)]
        lengths = list(members.lengths)
        ids: list[Ids] = [np.frombuffer(b"".join(members.ids), "<u4")]
        weights = [np.frombuffer(b"".join(members.weights), "<f2").astype(np.float64)]
        for row, profile in large:
            for sums, vector in ((profile.body, body), (profile.pairs, pairs)):
                terms, values = _cut_down(sums.get(self.member.language), vector)
                rows.append(row)
                lengths.append(len(terms))
                ids.append(terms)
                weights.append(values)
        self._look_up(np.array(rows, dtype=np.intp), lengths, np.concatenate(ids), np.concatenate(weights))

    def _look_up(self, rows: NDArray[np.intp], lengths: list[int], ids: Ids, weights: Floats) -> None:
        """Sums products where an id is one of the article's.

        Args:
            rows: The story of each vector; vectors are bodies and pairs in turn.
            lengths: How many terms each vector has.
            ids: Of all vectors, one after another.
            weights: Likewise.
        """
        body, pairs = self.traits.body, self.traits.pairs
        own = np.concatenate([body.ids, pairs.ids]).astype(np.int64)
        if not len(own) or not len(ids):
            return
        # Whether any id of the article has these low 16 bits: that leaves little to look up.
        present = np.zeros(1 << 16, dtype=np.bool_)
        present[own & 0xFFFF] = True
        hits = np.flatnonzero(present.take(ids & 0xFFFF))
        vectors = np.searchsorted(np.cumsum(lengths), hits, side="right")
        # An id of a pair counts from 2³²: bodies meet bodies, and pairs meet pairs.
        own[len(body.ids) :] += 1 << 32
        keys = ids[hits] + ((vectors & 1) << 32)
        places = np.minimum(np.searchsorted(own, keys), len(own) - 1)
        shared = own[places] == keys
        mine = np.concatenate([body.weights, pairs.weights]).astype(np.float64)
        vectors = vectors[shared]
        targets = rows[vectors] + self.stories * (vectors & 1)
        products = weights[hits[shared]] * mine[places[shared]]
        self.inner[:2] = np.bincount(targets, products, 2 * self.stories).reshape(2, -1)
        if self._contrast > 0.0:
            self.kept = kept_shares(
                rows[vectors],
                places[shared],
                products,
                mine,
                len(body.ids),
                self.count[0],
                self.told[0],
                self._contrast,
            )

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
    member: Member,
    profiles: Sequence[Profile],
    time_scale_days: float,
    unknown_gap_days: float,
    contrast: float,
) -> Compared:
    """Compares an article with stories.

    Args:
        member: The article; its traits decoded.
        profiles: Of the stories; one that holds nothing but the article has nothing in common with it.
        time_scale_days: See `Compared.near`.
        unknown_gap_days: The gap in time where one is unknown.
        contrast: How much a word loses that other stories share with the article; see `contrast`.
    """
    comparison = _Comparison(member, len(profiles), time_scale_days, unknown_gap_days, contrast)
    comparison.run(profiles)
    inside, size, near, outlet, figures = comparison.told
    own = np.array(squares(member.data))[:, np.newaxis]
    (text, lead, vector), means = _cosines(
        comparison.inner, comparison.squared, comparison.count, own, inside
    )
    kept_text, kept_lead = comparison.kept
    held = comparison.count - inside
    size = np.maximum(size, 1.0)
    return Compared(
        text=text,
        lead=lead,
        vector=vector,
        mean_text=means[0],
        mean_lead=means[1],
        mean_vector=means[2],
        kept_text=kept_text,
        kept_lead=kept_lead,
        same=np.maximum(held[0], 0.0) / size,
        vectors=(held[2] > 0.0).astype(np.float64),
        near=near / size,
        outlet=outlet / size,
        figures=figures / size,
        size=size,
    )


def _cosines(
    inner: Floats, squared: Floats, count: Floats, own: Floats, inside: Floats
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
    inner = np.where(some, inner, 0.0)
    return inner / np.sqrt(np.where(some, squared * own, 1.0)), inner / np.maximum(count, 1.0)
