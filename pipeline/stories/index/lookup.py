"""Members in slots, and which of them are similar to an article: by heavy words and by vectors.

Members are kept as bytes, in ingest sequence. Which members an article is compared with is narrowed by rules
that look at the two alone (heaviest words, first bits) or at the members within the article's window. Many
articles are looked up together, each with the same answer as if it were asked alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.features.packed import Ids, IndexedArticle
from pipeline.stories.index.columns import SIDE_BY_SIDE, Codes, Columns, Mask, code_width, signs
from pipeline.stories.index.frozen import Frozen
from pipeline.stories.index.postings import QUERY_TERMS, Places, Postings, heaviest_of_each, unpacked
from pipeline.stories.index.sums import Floats

# How many members are read for each term: the newest within the window.
POSTINGS_READ: Final = 256
# Vectors can be near only if at most NEAR_BITS of the first 64 signs differ (by chance: 32 ± 4), and at most
# NEAR_BITS_OF_TWO of the first 128 (by chance: 64 ± 5.7).
NEAR_BITS: Final = 20
NEAR_BITS_OF_TWO: Final = 46
# How many of the best are sorted at first; more are seldom needed.
_RANKED_AT_FIRST: Final = 64
_ROOM: Final = 1024
# How many codes are compared with all articles before the next ones: 256 KiB, and as much of scratch space.
_SLOTS_AT_ONCE: Final = 1 << 15


@dataclass(frozen=True, slots=True)
class Asked:
    """An article to look up.

    Attributes:
        member: The article; its traits decoded.
        own: Its slot, which is passed over; -1 where it has none.
        until: The first slot that is not looked at any more.
    """

    member: IndexedArticle
    own: int
    until: int


class Ranking:
    """Slots by similarity to an article, best first, ties by slot. Only the beginning is sorted.

    Args:
        slots: In any order, each once.
        values: How similar each is to the article.
        allowed: Says which of some slots count at all; None for all.
        first: How many are sorted.

    Attributes:
        best: The sorted beginning. Whoever gives `allowed` has to filter the first one by it.
    """

    def __init__(
        self,
        slots: Places,
        values: Floats,
        allowed: Callable[[Places], Mask] | None = None,
        first: int = _RANKED_AT_FIRST,
    ) -> None:
        self._slots = slots
        self._values = values
        self._allowed = allowed
        self._first = first
        self._looked_at = self.best = self._ordered(first)

    def rest(self, passed_over: Callable[[Places], Mask]) -> Ranking | None:
        """The ranking of what comes after the beginning; None at the end.

        Args:
            passed_over: Says which of some slots are left out. Where one large story has all the best, this
                saves sorting thousands.
        """
        if len(self._slots) <= self._first:
            return None
        kept = ~passed_over(self._slots)
        kept[np.isin(self._slots, self._looked_at)] = False
        rest = Ranking(self._slots[kept], self._values[kept], self._allowed, 8 * self._first)
        if self._allowed is not None:
            rest.best = rest.best[self._allowed(rest.best)]
        return rest

    def _ordered(self, limit: int) -> Places:
        """The best slots, at most `limit`, sorted."""
        slots, values = self._slots, self._values
        if len(slots) > limit:
            kept = values >= np.partition(values, len(values) - limit)[len(values) - limit]
            slots, values = slots[kept], values[kept]
        return slots[np.lexsort((slots, -values))][:limit]


@dataclass(frozen=True, slots=True)
class Found:
    """The members that are similar to an article: by shared heavy words, and by vectors."""

    words: Ranking
    vectors: Ranking


class CandidateLookup:
    """Members in slots, with an inverted index and binary codes of the dense vectors.

    Args:
        window_seconds: How far apart in time an article and a member may be.
        center: The mean of the embedder's vectors, shape [d]: codes are the signs of vectors less this mean.
        members: The first members, in ingest sequence.
        columns: What these are found by.

    Attributes:
        in_order: Whether the slots are in ingest sequence.
        newest: The highest sequence number that any member had.
    """

    def __init__(
        self,
        window_seconds: float,
        center: NDArray[np.float64] | None,
        members: Sequence[IndexedArticle],
        columns: Columns,
    ) -> None:
        self._window_seconds = window_seconds
        self._center = center
        self._frozen = Frozen.nothing()
        self._kept = 0
        self._later: list[IndexedArticle] = []
        self.in_order = True
        self.newest = -1
        self._make_room(max(_ROOM, len(members) * 5 // 4))
        self._take(members, columns)
        self._postings = Postings(columns.posted, columns.terms, columns.weights)

    @classmethod
    def kept(
        cls, window_seconds: float, center: NDArray[np.float64] | None, frozen: Frozen
    ) -> CandidateLookup:
        """A lookup that goes on from what was kept."""
        lookup, arrays = cls(window_seconds, center, [], Columns.of([], center)), frozen.taken_over()
        lookup._frozen, lookup._kept = frozen, len(frozen)
        # As they lie in the file; what is written to them stays within this process.
        lookup._time, lookup._fetched, lookup._coded = arrays.time, arrays.fetched, arrays.coded
        lookup._first_bits, lookup._second_bits = arrays.first_bits, arrays.second_bits
        lookup._other_bits = arrays.other_bits
        lookup._make_scratch(len(lookup._time))
        lookup._postings = Postings.kept(arrays.terms, arrays.ends, frozen.read_postings)
        lookup.newest = frozen.member(len(frozen) - 1).seq if len(frozen) else -1
        return lookup

    def _make_room(self, room: int) -> None:
        # Slots whose member was taken out have infinite times, so they are outside every window.
        self._time: Floats = np.zeros(room)
        self._fetched: Floats = np.zeros(room)
        self._coded: Mask = np.zeros(room, dtype=np.bool_)
        self._first_bits: NDArray[np.uint64] = np.zeros(room, dtype=np.uint64)
        self._second_bits: NDArray[np.uint64] = np.zeros(room, dtype=np.uint64)
        self._other_bits: NDArray[np.uint64] = np.zeros((room, code_width(self._center) - 2), dtype=np.uint64)
        self._make_scratch(room)

    def __len__(self) -> int:
        return self._kept + len(self._later)

    def member(self, slot: int) -> IndexedArticle:
        """The member of a slot, even after it was taken out."""
        return self._frozen.member(slot) if slot < self._kept else self._later[slot - self._kept]

    def laid_side_by_side(self) -> dict[str, NDArray[Any]]:
        """The arrays of `frozen.Arrays` that are by slot, without records and homes."""
        upto = len(self)
        return {name: getattr(self, f"_{name}")[:upto] for name in SIDE_BY_SIDE}

    def later(self) -> list[IndexedArticle]:
        """The members that were not kept, by slot."""
        return self._later

    def postings(self) -> Postings:
        """The inverted index."""
        return self._postings

    def drop(self, slot: int) -> None:
        """Takes out the member of a slot."""
        self._time[slot] = self._fetched[slot] = np.inf

    def within(self, start: float, end: float) -> tuple[Mask, Places]:
        """By slot, whether its member was published or came in a period; and other slots without a date."""
        time, fetched = self._time[: len(self)], self._fetched[: len(self)]
        inside = ((time >= start) & (time <= end)) | ((fetched >= start) & (fetched <= end))
        return inside, np.flatnonzero(np.isnan(time) & ~inside)

    def hide(self, slots: Mask) -> None:
        """Puts slots outside every window."""
        self._time[: len(self)][slots] = self._fetched[: len(self)][slots] = np.inf

    def append(self, members: Sequence[IndexedArticle]) -> None:
        """Puts members into the next slots."""
        first = len(self)
        columns = Columns.of(members, self._center)
        self._take(members, columns)
        self._postings.add(first, columns.posted, columns.terms, columns.weights)

    def _take(self, members: Sequence[IndexedArticle], columns: Columns) -> None:
        """Fills the next slots, but adds no postings."""
        first, end = len(self), len(self) + len(members)
        while end > len(self._time):
            self._grow()
        for name, array in columns.side_by_side().items():
            getattr(self, f"_{name}")[first:end] = array
        self._later += members
        sequence = [self.newest if first else -1, *(member.seq for member in members)]
        self.in_order &= sequence == sorted(sequence)
        self.newest = max(self.newest, *sequence)

    def _make_scratch(self, room: int) -> None:
        """Makes the arrays that are overwritten for each article."""
        self._partial: Floats = np.zeros(room)
        self._place: NDArray[np.int32] = np.zeros(room, dtype=np.int32)
        self._differing: NDArray[np.uint64] = np.zeros(_SLOTS_AT_ONCE, dtype=np.uint64)
        self._counted: NDArray[np.uint8] = np.zeros(_SLOTS_AT_ONCE, dtype=np.uint8)

    def _grow(self) -> None:
        """Makes room for half as many slots again."""
        more = max(_ROOM, len(self._time) // 2)
        for name in SIDE_BY_SIDE:
            before = getattr(self, f"_{name}")
            added = np.zeros((more, *before.shape[1:]), before.dtype)
            setattr(self, f"_{name}", np.concatenate([before, added]))
        self._make_scratch(len(self._time))

    # -- looking up --------------------------------------------------------------------------------------

    def find(self, asked: Sequence[Asked]) -> list[Found]:
        """The members that are similar to each of some articles. The slots must be in order."""
        if not asked:
            return []
        windows = _Windows(self._time, self._fetched, self._window_seconds, asked)
        words, vectors = self._by_words(asked, windows), self._by_vectors(asked, windows)
        return [Found(*pair) for pair in zip(words, vectors, strict=True)]

    def _by_words(self, asked: Sequence[Asked], windows: _Windows) -> list[Ranking]:
        """Ranks members by their partial inner product with each article, over the heaviest terms."""
        numbers, slots, products = self._read(asked, windows)
        ends = np.searchsorted(numbers, np.arange(len(asked) + 1)).tolist()
        found: list[Ranking] = []
        for start, end in pairwise(ends):
            here, places = slots[start:end], np.arange(end - start, dtype=np.int32)
            np.add.at(self._partial, here, products[start:end])
            # To keep each slot once: the place that was written last stays.
            self._place[here] = places
            values = self._partial[here]
            self._partial[here] = 0.0
            once = self._place[here] == places
            found.append(Ranking(here[once], values[once]))
        return found

    def _read(self, asked: Sequence[Asked], windows: _Windows) -> tuple[Places, Places, Floats]:
        """The slots to look at for each article: for each of its heaviest terms the newest that it may see.

        Returns:
            Positions of articles, ascending; slots; and what the term adds to the inner product there.
        """
        bodies = [each.member.traits.body for each in asked]
        lengths, terms, bits = heaviest_of_each(
            np.concatenate([body.ids for body in bodies]),
            np.concatenate([body.weights for body in bodies]),
            np.array([len(body.ids) for body in bodies]),
            QUERY_TERMS,
        )
        askers = np.repeat(np.arange(len(asked)), lengths)
        # More by the number of articles, so that slots that an article may not see yet take no room from
        # others.
        limit = POSTINGS_READ + len(asked)
        counts, postings = self._postings.newest(terms.tolist(), limit)
        slots, values = unpacked(postings)
        which = np.repeat(np.arange(len(terms)), counts)
        inside = windows.hold(askers[which], slots)
        which, slots, values = which[inside], slots[inside], values[inside]
        seen = np.bincount(which, minlength=len(terms))
        if (seen > POSTINGS_READ).any():
            last = np.cumsum(seen)[which] - np.arange(len(which)) <= POSTINGS_READ
            which, slots, values = which[last], slots[last], values[last]
        again = np.flatnonzero((seen < POSTINGS_READ) & (np.array(counts) == limit))
        if len(again):
            kept = ~np.isin(which, again)
            pieces = [(which[kept], slots[kept], values[kept])]
            pieces += [self._read_all(term, terms, askers, windows) for term in again.tolist()]
            which, slots, values = (np.concatenate(part) for part in zip(*pieces, strict=True))
            order = np.argsort(which, kind="stable")
            which, slots, values = which[order], slots[order], values[order]
        weights = bits.view(np.float16).astype(np.float64)
        return askers[which], slots, values * weights[which]

    def _read_all(
        self, which: int, terms: Ids, askers: Places, windows: _Windows
    ) -> tuple[Places, Places, Floats]:
        """The newest slots within the window of a term that has many outside it."""
        slots, values = unpacked(self._postings.newest([int(terms[which])], None)[1])
        inside = windows.hold(np.full(len(slots), askers[which]), slots)
        last = np.flatnonzero(inside)[-POSTINGS_READ:]
        return np.full(len(last), which), slots[last], values[last]

    def _by_vectors(self, asked: Sequence[Asked], windows: _Windows) -> list[Ranking]:
        """Ranks members by the number of differing bits of their codes.

        As in Charikar (2002), but the signs are those of the coordinates, not of random projections.
        """
        rankings = [
            Ranking(slots, values, partial(self._comparable, windows, asker))
            for asker, (slots, values) in enumerate(self._near(asked))
        ]
        counts = [len(ranking.best) for ranking in rankings]
        best = np.concatenate([ranking.best for ranking in rankings])
        allowed = self._comparable(windows, np.repeat(np.arange(len(asked)), counts), best)
        for ranking, end, size in zip(rankings, np.cumsum(counts).tolist(), counts, strict=True):
            ranking.best = ranking.best[allowed[end - size : end]]
        return rankings

    def _comparable(self, windows: _Windows, asker: int | Places, slots: Places) -> Mask:
        """Which slots have a vector that the article may be compared with."""
        return windows.hold(np.broadcast_to(asker, slots.shape), slots) & self._coded[slots]

    def _near(self, asked: Sequence[Asked]) -> list[tuple[Places, Floats]]:
        """For each article the slots with codes near its own, and minus the number of differing bits."""
        near = [(np.zeros(0, dtype=np.intp), np.zeros(0)) for _ in asked]
        vectors = [each.member.traits.dense for each in asked]
        size = 0 if self._center is None else len(self._center)
        fitting = [place for place, dense in enumerate(vectors) if len(dense) == size > 0]
        if self._center is None or not fitting or not len(self):
            return near
        codes = signs(np.stack([vectors[place] for place in fitting]), self._center)
        for place, code, slots in zip(fitting, codes, self._near_at_first(codes[:, 0]), strict=True):
            near[place] = self._near_in_all(code, slots)
        return near

    def _near_at_first(self, codes: Codes) -> list[Places]:
        """For each code the slots that differ in few of the first 64 bits.

        Goes over as many slots at a time as stay in the processor's cache while all codes are compared.
        """
        found: list[list[Places]] = [[] for _ in codes]
        for start in range(0, len(self), _SLOTS_AT_ONCE):
            bits = self._first_bits[start : min(start + _SLOTS_AT_ONCE, len(self))]
            differing, counted = self._differing[: len(bits)], self._counted[: len(bits)]
            for code, slots in zip(codes, found, strict=True):
                np.bitwise_xor(bits, code, out=differing)
                np.bitwise_count(differing, out=counted)
                near = np.flatnonzero(counted <= NEAR_BITS)
                if len(near):
                    slots.append(near + start)
        return [np.concatenate([np.zeros(0, dtype=np.intp), *slots]) for slots in found]

    def _near_in_all(self, code: Codes, slots: Places) -> tuple[Places, Floats]:
        """The slots whose first 128 bits are near too, and minus the number of all differing bits."""
        bits = np.bitwise_count(self._first_bits[slots] ^ code[0])
        bits += np.bitwise_count(self._second_bits[slots] ^ code[1])
        near = bits <= NEAR_BITS_OF_TWO
        slots, bits = slots[near], bits[near]
        others = np.bitwise_count(self._other_bits.take(slots, axis=0) ^ code[2:])
        # Summed by a product, because numpy sums short rows slowly.
        return slots, -(bits + others.astype(np.float64) @ np.ones(others.shape[1]))


class _Windows:
    """Which slots each of some articles may see.

    Args:
        time, fetched: When the members were published (nan: nobody says) and when they came, by slot.
        seconds: The window.
        asked: The articles.
    """

    def __init__(self, time: Floats, fetched: Floats, seconds: float, asked: Sequence[Asked]) -> None:
        self._time, self._fetched, self._seconds = time, fetched, seconds
        members = [each.member for each in asked]
        self._times = np.array([np.nan if m.time is None else m.time for m in members])
        self._arrivals = np.array([m.fetched for m in members])
        self._own = np.array([each.own for each in asked])
        self._until = np.array([each.until for each in asked])

    def hold(self, askers: Places, slots: Places) -> Mask:
        """Whether each article may see each slot: by time of publication or, where unknown, of arrival."""
        gaps = np.abs(self._time[slots] - self._times[askers])
        near: Mask = gaps <= self._seconds
        unknown = np.flatnonzero(np.isnan(gaps))
        if len(unknown):
            arrivals = self._fetched[slots[unknown]] - self._arrivals[askers[unknown]]
            near[unknown] = np.abs(arrivals) <= self._seconds
        near &= slots != self._own[askers]
        near &= slots < self._until[askers]
        return near
