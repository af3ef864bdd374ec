"""Compares many articles with many stories at once, in arrays.

Without contrast, the result for an article and a story depends on these two alone, whatever else is compared
in the same call: sums run in order of members and ids within each row. With contrast it depends on the
article's other stories too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.features.packed import HEAD, IndexedArticle
from pipeline.stories.index.story_profile import SMALL, StoryProfile, measure, sum_up
from pipeline.stories.index.sums import Floats
from pipeline.stories.scoring.contrast import OwnWords, SharedWords, kept_shares, nearness
from pipeline.stories.scoring.operands import Hits, Rows, Small

_DAY_SECONDS: Final = 86_400.0
Asked = Sequence[tuple[IndexedArticle, Sequence[StoryProfile]]]
Years = NDArray[np.uint64]


class Part(IntEnum):
    """The rows of the tables of vectors: the three vectors of an article."""

    BODY = 0
    PAIRS = 1
    DENSE = 2


class Tally(IntEnum):
    """The rows of the table of sums over a story's members."""

    INSIDE = 0  # is the article itself
    OTHERS = 1  # every other member
    NEAR = 2  # exp(-gap / scale)
    OUTLET = 3  # of the article's outlet
    TITLE = 4  # of its outlet, with a title that differs only in figures
    DATED = 5  # its years can be compared with the article's
    OTHER_YEARS = 6  # and have none in common


@dataclass(frozen=True, slots=True)
class Compared:
    """One value for each story, float64, shape [stories]. A story that holds the article is taken without it.

    Attributes:
        text, lead, vector: The cosine with the sum of the members: bodies and pairs of those in the article's
            language, dense vectors of all; 0 where there are none.
        mean_text, mean_lead, mean_vector: The mean inner product with each of these members.
        kept_text, kept_lead: The shares of text and lead that remain after contrast.
        same: The share of members in the article's language.
        vectors: 1 where article and story have dense vectors that can be compared, else 0.
        near: The mean over members of exp(-gap / scale), with the gap in time.
        outlet: The share of members of the article's outlet.
        figures: The share of members of the outlet whose title differs from the article's only in figures.
        years: The share of members that have no year in common with the article, among those that have years
            and a date where the article has none, or the other way round.
        size: How many members there are, at least 1.
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
    years: Floats
    size: Floats


class _Comparison:
    """Some articles, each against some stories.

    Every table has a column for each pair of article and story, those of one article side by side::

                       article 0          article 1
                    story  story  story  story  story
        askers        0      0      0      1      1      shape [stories]
        inner         …      …      …      …      …      shape [Part, stories]
        tally         …      …      …      …      …      shape [Tally, stories]
        starts      ^ 0                  ^ 3          ^ 5

    Args:
        asked: The articles, with the stories of each.
        scale: The days after which closeness in time has fallen to 1/e.
        unknown: The gap in days that is assumed where a time is unknown.

    Attributes:
        rows: How many pairs of article and story there are.
        starts: Where the stories of each article start, and where the last ones end.
        askers: The article of each story.
        kept: The shares of body and pairs that remain, shape [2, stories]; see `contrast`.
        inner: The inner product with the sum of the members, shape [Part, stories].
        squared: The squared length of that sum, likewise.
        count: How many members are summed, likewise.
        tally: What is summed over the members, shape [Tally, stories].
    """

    def __init__(self, asked: Asked, scale: float, unknown: float) -> None:
        self.asked = asked
        sizes = [len(profiles) for _, profiles in asked]
        self.starts = np.cumsum([0, *sizes]).tolist()
        self.rows = self.starts[-1]
        self.askers = np.repeat(np.arange(len(asked)), sizes)
        self.inner, self.squared, self.count = np.zeros((3, len(Part), self.rows))
        self.tally = np.zeros((len(Tally), self.rows))
        self.kept = np.ones((2, self.rows))
        self._times = np.array([np.nan if m.time is None else m.time for m, _ in asked])
        self._years = np.array([m.packed.head.years for m, _ in asked], dtype=np.uint64)
        self._scale, self._unknown = scale, unknown
        # By row, the sum of the vectors of the other members.
        self._sums: dict[int, Floats] = {}

    def run(self, contrast: float, floor: float) -> None:
        """Fills the tables; see `compare`."""
        every = [profile for _, profiles in self.asked for profile in profiles]
        measure(every)
        sum_up(every)
        small, hits = Small(), Hits()
        large: list[tuple[int, Floats, Years]] = []
        for asker, (member, profiles) in enumerate(self.asked):
            rows: list[int] = []
            members: list[IndexedArticle] = []
            several: list[tuple[int, StoryProfile]] = []
            for row, profile in enumerate(profiles, self.starts[asker]):
                if len(profile.members) <= SMALL:
                    rows += [row] * len(profile.members)
                    members += profile.members
                else:
                    several.append((row, profile))
            texts = small.take(asker, member, rows, members)
            for row, profile in several:
                large.append((row, *self._large(member, row, profile)))
                texts.take(row, profile, member)
            hits.take(asker, member, texts)
        self._measure()
        if small.rows:
            self._small(small)
        if large:
            self._times_apart(large)
        if hits.ids:
            self._share(hits, contrast, floor)

    def _measure(self) -> None:
        """The counts and squared lengths of stories of several members."""
        rows: list[int] = []
        lengths: list[tuple[float, ...]] = []
        for asker, (member, profiles) in enumerate(self.asked):
            dimension = len(member.traits.dense)
            for row, profile in enumerate(profiles, self.starts[asker]):
                if len(profile.members) > 1:
                    rows.append(row)
                    lengths.append((*profile.lengths(member.language), *profile.dense_length(dimension)))
        if rows:
            count, body, pairs, vectors, dense = np.array(lengths).T
            self.count[:, rows] = count, count, vectors
            self.squared[:, rows] = body, pairs, dense

    def _small(self, small: Small) -> None:
        """Fills in the sums over members of small stories; counts and lengths for those of one member."""
        rows, askers = np.array(small.rows), np.array(small.askers)
        heads = np.frombuffer(b"".join(small.heads), HEAD)
        inside, fitting = np.array(small.own), np.array(small.fitting)
        outlets = np.array([bool(member.outlet) for member, _ in self.asked])
        forms, exacts = self._titles()
        other_title = (heads["title_form"] == forms[askers]) * (heads["title_exact"] != exacts[askers])
        dated, other_years = self._other_years(heads["time"], heads["years"], askers)
        each = np.zeros((len(Tally), len(rows)))
        each[Tally.INSIDE] = inside
        each[Tally.OTHERS] = ~inside
        each[Tally.NEAR] = self._closeness(heads["time"], askers) * ~inside
        each[Tally.OUTLET] = np.array(small.ours) & outlets[askers] & ~inside
        each[Tally.TITLE] = each[Tally.OUTLET] * other_title
        each[Tally.DATED] = dated & ~inside
        each[Tally.OTHER_YEARS] = other_years & ~inside
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        self.tally[:, rows[starts]] = np.add.reduceat(each, starts, axis=1)
        single = np.flatnonzero(np.bincount(rows, minlength=self.rows)[rows] == 1)
        self.squared[:, rows[single]] = heads["squares"][single].T
        self.count[: Part.DENSE, rows[single]] = np.array(small.speaking)[single]
        self.count[Part.DENSE, rows[single]] = fitting[single]
        self._multiply(small.dense, rows[fitting], askers[fitting], inside[fitting])

    def _titles(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """The digests of the articles' titles, without and with figures."""
        traits = [member.traits for member, _ in self.asked]
        return (
            np.array([each.title_form for each in traits], dtype=np.uint64),
            np.array([each.title_exact for each in traits], dtype=np.uint64),
        )

    def _multiply(self, dense: list[bytes], rows: Rows, askers: Rows, inside: NDArray[np.bool_]) -> None:
        """Fills in the inner products with dense vectors of small stories' members, and the sums of these."""
        inner: list[Floats] = []
        done = 0
        for asker, count in enumerate(np.bincount(askers, minlength=1).tolist()):
            if count:
                wide = self.asked[asker][0].traits.dense.astype(np.float64)
                packed = np.frombuffer(b"".join(dense[done : done + count]), "<f2").reshape(count, -1)
                vectors = packed.astype(np.float64)
                # Exact for single vectors, so BLAS may do it.
                inner.append(vectors @ wide)
                here, others = rows[done : done + count], ~inside[done : done + count]
                stories = here[np.flatnonzero(np.diff(here, prepend=-1))]
                # As exact as a sum, and faster.
                sums = ((stories[:, np.newaxis] == here) & others).astype(np.float64) @ vectors
                self._sums.update(zip(stories.tolist(), sums, strict=True))
                done += count
        if inner:
            self.inner[Part.DENSE] += np.bincount(rows, np.concatenate(inner), self.rows)

    def _large(self, member: IndexedArticle, row: int, profile: StoryProfile) -> tuple[Floats, Years]:
        """Fills in all but the texts of a large story; returns the times and years of the other members."""
        sums, traits = profile.sums, member.traits
        inside = profile.compares(member.article)
        outlet = figures = 0
        if len(traits.dense) in sums.dense:
            wide = traits.dense.astype(np.float64)
            total = sums.dense[len(wide)][0]
            self.inner[Part.DENSE, row] = np.add.reduce(total * wide)
            self._sums[row] = total - wide if inside else total
        if member.outlet and sums.outlets[member.outlet]:
            outlet = sums.outlets[member.outlet] - inside
            figures = profile.alike(member.outlet, traits.title_form, traits.title_exact)
        self.tally[Tally.INSIDE, row] = inside
        self.tally[Tally.OTHERS, row] = len(profile.compared) - inside
        self.tally[Tally.OUTLET, row] = outlet
        self.tally[Tally.TITLE, row] = figures
        times, years = np.frombuffer(sums.times), np.frombuffer(sums.years, dtype=np.uint64)
        if not inside:
            return times, years
        others = [m.article != member.article for m in profile.compared]
        return times[others], years[others]

    def _times_apart(self, large: list[tuple[int, Floats, Years]]) -> None:
        """Fills in how close members of large stories are to their articles in time and years."""
        rows = np.repeat([row for row, *_ in large], [len(times) for _, times, _ in large])
        times, years = (np.concatenate([each[part] for each in large]) for part in (1, 2))
        askers = self.askers[rows]
        self.tally[Tally.NEAR] += np.bincount(rows, self._closeness(times, askers), self.rows)
        dated, other_years = self._other_years(times, years, askers)
        self.tally[Tally.DATED] += np.bincount(rows, dated, self.rows)
        self.tally[Tally.OTHER_YEARS] += np.bincount(rows, other_years, self.rows)

    def _share(self, hits: Hits, contrast: float, floor: float) -> None:
        """Fills in the inner products of texts, from the words that an article has too; then contrast."""
        rows, askers, pairs = (np.concatenate(part) for part in (hits.rows, hits.askers, hits.pairs))
        ids, weights = np.concatenate(hits.ids), np.concatenate(hits.weights)
        own, mine = self._own_words()
        # Each key is article, body or pairs, and word; the article's own keys are ascending.
        keys = ((2 * askers + pairs) << 32) + ids
        places = np.minimum(np.searchsorted(own, keys), len(own) - 1)
        shared = np.flatnonzero(own[places] == keys)
        rows, askers, pairs, places = rows[shared], askers[shared], pairs[shared], places[shared]
        products = weights[shared] * mine[places]
        inner = np.bincount(rows + self.rows * pairs, products, 2 * self.rows)
        self.inner[: Part.DENSE] = inner.reshape(2, self.rows)
        if contrast <= 0.0:
            return
        ends = np.searchsorted(askers, np.arange(len(self.asked) + 1)).tolist()
        first_word = 0
        for asker, (member, _) in enumerate(self.asked):
            words = slice(first_word, first_word + len(member.traits.body.ids) + len(member.traits.pairs.ids))
            first_word = words.stop
            here = slice(ends[asker], ends[asker + 1])
            if here.start == here.stop:
                continue
            stories = slice(self.starts[asker], self.starts[asker + 1])
            self.kept[:, stories] = kept_shares(
                SharedWords(rows[here] - stories.start, places[here] - words.start, products[here]),
                OwnWords(mine[words], len(member.traits.body.ids)),
                self.count[Part.BODY, stories],
                self.tally[Tally.INSIDE, stories],
                self._nearness(member, stories, floor),
                contrast,
            )

    def _nearness(self, member: IndexedArticle, stories: slice, floor: float) -> Floats:
        """How near the vectors of an article's stories are to each other, see `contrast`."""
        rows = range(stories.start, stories.stop)
        dimension = len(member.traits.dense)
        if not dimension or len(rows) == 1:
            return np.ones((len(rows), len(rows)))
        none = np.zeros(dimension)
        return nearness(np.stack([self._sums.get(row, none) for row in rows]), floor)

    def _own_words(self) -> tuple[NDArray[np.int64], Floats]:
        """The articles' words and pairs of words as keys (see `_share`), with their weights."""
        keys: list[NDArray[np.int64]] = []
        weights: list[Floats] = []
        for asker, (member, _) in enumerate(self.asked):
            for pairs, vector in enumerate((member.traits.body, member.traits.pairs)):
                keys.append(vector.ids.astype(np.int64) + ((2 * asker + pairs) << 32))
                weights.append(vector.weights.astype(np.float64))
        return np.concatenate(keys), np.concatenate(weights)

    def _other_years(self, times: Floats, years: Years, askers: Rows) -> NDArray[np.bool_]:
        """Whether a member's years can be compared with its article's; and whether they have none in common.

        They can be compared if one of the two has a date and the other none, and both have years.
        """
        mine = self._years[askers]
        compared = (np.isnan(times) != np.isnan(self._times[askers])) & (years != 0) & (mine != 0)
        return np.stack([compared, compared & ((years & mine) == 0)])

    def _closeness(self, times: Floats, askers: Rows) -> Floats:
        """exp(-gap / scale), with the gap between each time and that of its article."""
        gaps = np.abs(times - self._times[askers]) / _DAY_SECONDS
        closeness: Floats = np.exp(-np.where(np.isnan(gaps), self._unknown, gaps) / self._scale)
        return closeness


def compare(
    asked: Asked, time_scale_days: float, unknown_gap_days: float, contrast: float, vector_floor: float
) -> Compared:
    """Compares articles with stories.

    Args:
        asked: The articles, their traits decoded, each with the profiles of its stories. A story that holds
            only the article itself has nothing in common with it.
        time_scale_days: The days after which closeness in time has fallen to 1/e.
        unknown_gap_days: The gap that is assumed where a time is unknown.
        contrast: How much a word loses that other stories share with the article; see `contrast`.
        vector_floor: The cosine of vectors that counts as nothing in common.

    Returns:
        One value for each pair of article and story, in the order of `asked`.

    An article of the words 7 and 9, with weights 3 and 4, against a story of one article that has the word 9
    alone, which another outlet wrote at the same time:

    >>> from dataclasses import replace
    >>> from pipeline.stories.features.packed import Features, Sparse
    >>> mine = Features(
    ...     time=0.0, fetched=0.0, language="en", outlet="Post", title="", lead="", title_form=1,
    ...     title_exact=1, years=0, body=Sparse.unit({7: 3.0, 9: 4.0}, 99), pairs=Sparse.unit({}, 99),
    ...     names=(), numbers=(), dense=np.zeros(0, np.float16), signature=np.zeros(0, np.uint32),
    ... )
    >>> theirs = replace(mine, outlet="Mail", body=Sparse.unit({9: 1.0}, 99))
    >>> story = StoryProfile.of("s", [IndexedArticle("b", 1, theirs)])
    >>> found = compare([(IndexedArticle("a", 2, mine), [story])], 3.0, 1.0, 0.0, 0.8)
    >>> [round(float(column[0]), 3) for column in (found.text, found.near, found.outlet, found.size)]
    [0.8, 1.0, 0.0, 1.0]
    """
    comparison = _Comparison(asked, time_scale_days, unknown_gap_days)
    comparison.run(contrast, vector_floor)
    tally = comparison.tally
    heads = [member.packed.head for member, _ in asked]
    lengths = [(head.body_squared, head.pairs_squared, head.dense_squared) for head in heads]
    own = np.array(lengths).reshape(-1, len(Part))[comparison.askers].T
    inside = tally[Tally.INSIDE]
    (text, lead, vector), means = _cosines(
        comparison.inner, comparison.squared, comparison.count, own, inside
    )
    kept_text, kept_lead = comparison.kept
    held = comparison.count - inside
    size = np.maximum(tally[Tally.OTHERS], 1.0)
    return Compared(
        text=text,
        lead=lead,
        vector=vector,
        mean_text=means[0],
        mean_lead=means[1],
        mean_vector=means[2],
        kept_text=kept_text,
        kept_lead=kept_lead,
        same=np.maximum(held[Part.BODY], 0.0) / size,
        vectors=(held[Part.DENSE] > 0.0).astype(np.float64),
        near=tally[Tally.NEAR] / size,
        outlet=tally[Tally.OUTLET] / size,
        figures=tally[Tally.TITLE] / size,
        years=tally[Tally.OTHER_YEARS] / np.maximum(tally[Tally.DATED], 1.0),
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
        own: The vectors' squared lengths.
        inside: 1 where the vector itself is in the sum, else 0; it is then taken out:
            (s - v)·v = s·v - |v|² and |s - v|² = |s|² - 2 s·v + |v|².
    """
    squared = squared - inside * (2.0 * inner - own)
    inner = inner - inside * own
    count = count - inside
    some = (squared > 1e-9) & (own > 0.0) & (count > 0.0)
    inner = np.where(some, inner, 0.0)
    return inner / np.sqrt(np.where(some, squared * own, 1.0)), inner / np.maximum(count, 1.0)
