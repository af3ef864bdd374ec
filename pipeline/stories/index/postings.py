"""An inverted index of members by their heaviest words only: a pruned index (Carmel et al. 2001)."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.features.packed import Ids, Weights

# A member is indexed by this many of its heaviest words, and an article asks with this many of its own. Both
# rules look at one article alone, so whether a member is found does not depend on the others.
POSTED_TERMS: Final = 32
QUERY_TERMS: Final = 24
_WEIGHT_BITS: Final = 16
_POSTING_BYTES: Final = 8
# How many postings are merged at once.
_AT_ONCE: Final = 1 << 20
# How many postings are sorted at once, unless that makes more than _PARTS parts: each part goes over all
# terms.
_SORTED: Final = 1 << 17
_PARTS: Final = 64
# From this many on, postings that come together get an array of their own.
_BULK: Final = 1 << 15

Places = NDArray[np.intp]
Packed = NDArray[np.uint64]
Bits = NDArray[np.uint16]
# Terms, ascending; how many postings each has; and these, term after term.
Laid = tuple[Ids, NDArray[np.int64], Packed]


def heaviest_of_each(ids: Ids, weights: Weights, lengths: Places, limit: int) -> tuple[Places, Ids, Bits]:
    """The heaviest terms of each of some vectors that lie one after another; ties: the smaller id first.

    Args:
        ids: The ids of all vectors, ascending within each.
        weights: The weight of each id; above 0, so the order of their bits is that of the numbers.
        lengths: How many terms each vector has; at most 2¹⁶ vectors.
        limit: How many terms are kept of each at most.

    Returns:
        How many terms of each vector are kept; their ids, vector after vector; and the bits of their weights.
    """
    # Each term becomes one number (vector, lightness, id), which sorts fast. The numbers are written part by
    # part, because intermediate arrays would cost more than the work on them.
    keys = np.empty(len(ids), dtype="<u8")
    parts = keys.view("<u2").reshape(-1, 4)
    parts[:, 3] = np.repeat(np.arange(len(lengths), dtype=np.uint16), lengths)
    parts[:, 2] = np.uint16(0xFFFF) - weights.view(np.uint16)
    keys.view("<u4").reshape(-1, 2)[:, 0] = ids
    keys.sort()
    kept = np.minimum(lengths, limit)
    firsts = np.cumsum(lengths) - lengths
    heaviest = keys[np.repeat(firsts - np.cumsum(kept) + kept, kept) + np.arange(np.sum(kept))]
    return kept, heaviest.astype(np.uint32), np.uint16(0xFFFF) - (heaviest >> np.uint64(32)).astype(np.uint16)


class Postings:
    """For each term the slots that have it, ascending, with its weight there.

    A posting is slot · 2¹⁶ + the bits of the weight (float16). The first postings lie in one array, term
    after term, and so do those of many slots that came together later; all others are in a dictionary. There
    most terms have a single posting, which is then a plain number.

    Args:
        posted: For slots from 0 on, how many terms each has; at most 2³² in all.
        terms: The ids of these terms, slot after slot.
        weights: The bits of their weights.
    """

    def __init__(self, posted: Places, terms: Ids, weights: Bits) -> None:
        self._entries: dict[int, int | array[int]] = {}
        # Arrays of postings that came together, oldest first; all are older than the dictionary.
        self._bulks: list[_Bulk] = []
        first = _Bulk.of(0, posted, terms, weights)
        self._read: Callable[[int, int], bytes | memoryview] = first.read
        self._first_terms, self._first_ends = first.terms, first.ends

    @classmethod
    def kept(cls, terms: Ids, ends: NDArray[np.int64], read: Callable[[int, int], bytes]) -> Postings:
        """Postings that lie elsewhere, such as in a file.

        Args:
            terms: The ids of all terms, ascending.
            ends: Where the postings of each begin, and where those of the last one end.
            read: Gives the postings from one place to another, 8 bytes each.
        """
        postings = cls(np.zeros(0, np.intp), np.zeros(0, np.uint32), np.zeros(0, np.uint16))
        postings._first_terms, postings._first_ends, postings._read = terms, ends, read
        return postings

    def add(self, first: int, posted: Places, terms: Ids, weights: Bits) -> None:
        """Adds slots from `first` on, which is above all so far; the rest as for the class."""
        entries = self._entries
        if not entries and len(terms) >= _BULK:
            self._bulks.append(_Bulk.of(first, posted, terms, weights))
            return
        for term, posting in zip(terms.tolist(), _packed(first, posted, weights).tolist(), strict=True):
            known = entries.get(term)
            if known is None:
                entries[term] = posting
            elif isinstance(known, int):
                entries[term] = array("Q", (known, posting))
            else:
                known.append(posting)

    def newest(self, terms: list[int], limit: int | None) -> tuple[list[int], Packed]:
        """The last postings of terms.

        Args:
            terms: Their ids.
            limit: How many of each at most; all if None.

        Returns:
            For each term how many there are, and the postings one term after another.
        """
        pieces: list[bytes | array[int] | memoryview] = []
        lengths: list[int] = []
        asked = np.array(terms, dtype=np.uint32)
        bulks = [(bulk.read, *_places(bulk.terms, bulk.ends, asked)) for bulk in self._bulks]
        firsts = _places(self._first_terms, self._first_ends, asked)
        for place, (term, start, end) in enumerate(zip(terms, *firsts, strict=True)):
            known = self._entries.get(term)
            later: bytes | array[int] = b""
            count = 0
            if isinstance(known, int):
                later, count = known.to_bytes(8, "little"), 1
            elif known is not None:
                later = known if limit is None or len(known) <= limit else known[-limit:]
                count = len(later)
            newer: list[bytes | array[int] | memoryview] = [later]
            for read, starts, ends in reversed(bulks):
                since = starts[place] if limit is None else max(starts[place], ends[place] - limit + count)
                if since < ends[place]:
                    newer.insert(0, read(since, ends[place]))
                    count += ends[place] - since
            first = start if limit is None else max(start, end - limit + count)
            if first < end:
                newer.insert(0, self._read(first, end))
                count += end - first
            pieces += newer
            lengths.append(count)
        return lengths, np.frombuffer(b"".join(pieces), "<u8")

    def laid_together(self) -> Iterator[Laid]:
        """All postings, later ones merged with the first ones; yields some terms at a time, ascending."""
        later, added = self._later()
        first, ends, done, start = self._first_terms, self._first_ends, 0, 0
        while start < len(first) or done < len(later):
            wanted = np.searchsorted(ends, ends[start] + _AT_ONCE, side="right") - 1
            end = min(max(int(wanted), start + 1), len(first))
            upto = len(later) if end == len(first) else int(np.searchsorted(later, first[end]))
            counts = np.diff(ends[start : end + 1])
            there = self._read(int(ends[start]), int(ends[end])) if end > start else b""
            terms = np.concatenate([np.repeat(first[start:end], counts), later[done:upto]])
            postings = np.concatenate([np.frombuffer(there, "<u8"), added[done:upto]])
            # Stable: what came later has higher slots.
            order = np.argsort(terms, kind="stable")
            terms = terms[order]
            begins = np.flatnonzero(np.diff(terms, prepend=np.int64(-1)))
            yield terms[begins], np.diff(np.append(begins, len(terms))), postings[order]
            start, done = end, upto

    def _later(self) -> tuple[Ids, Packed]:
        """The postings that came after the first ones, sorted by term, and the term of each."""
        held = [[one] if isinstance(one, int) else one for one in self._entries.values()]
        last = np.repeat(np.fromiter(self._entries, np.uint32, len(held)), [len(each) for each in held])
        every = [(np.repeat(bulk.terms, np.diff(bulk.ends)), bulk.postings) for bulk in self._bulks]
        every.append((last, np.fromiter(chain.from_iterable(held), np.uint64, len(last))))
        terms, postings = (np.concatenate(part) for part in zip(*every, strict=True))
        order = np.argsort(terms, kind="stable")
        return terms[order], postings[order]


@dataclass(frozen=True, slots=True, eq=False)
class _Bulk:
    """Postings in one array, term after term.

    Attributes:
        terms: The ids of all terms, ascending.
        ends: Where the postings of each begin, and where those of the last one end.
        postings: One after another.
    """

    terms: Ids
    ends: NDArray[np.int64]
    postings: Packed

    @classmethod
    def of(cls, first: int, posted: Places, terms: Ids, weights: Bits) -> _Bulk:
        """The postings of slots from `first` on; the other arguments as for `Postings`."""
        postings = _packed(first, posted, weights)
        # Term and place are sorted as one number, which is faster than sorting by index.
        keys = (terms.astype(np.uint64) << np.uint64(32)) | np.arange(len(terms), dtype=np.uint64)
        keys.sort()
        terms = (keys >> np.uint64(32)).astype(np.uint32)
        keys &= np.uint64(0xFFFFFFFF)
        starts = np.flatnonzero(np.diff(terms, prepend=np.int64(-1)))
        return cls(terms[starts], np.append(starts, len(terms)), postings[keys])

    def read(self, start: int, end: int) -> memoryview:
        """The postings from one place to another."""
        return self.postings.data[start:end]


def _places(known: Ids, ends: NDArray[np.int64], wanted: Ids) -> tuple[list[int], list[int]]:
    """Where the postings of wanted terms start and end."""
    if not len(known):
        return [0] * len(wanted), [0] * len(wanted)
    places = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return ends[places].tolist(), ends[places + (known[places] == wanted)].tolist()


def laid_in_parts(posted: Places, terms: Ids, weights: Bits) -> Iterator[Laid]:
    """Postings of slots from 0 on, given as for `Postings`; some terms at a time, to sort less at once."""
    ends = np.cumsum(posted)
    # Ids are checksums, so equal parts of their range hold about equally many.
    parts = min(_PARTS, 1 + len(terms) // _SORTED)
    bounds = np.linspace(0, 1 << 32, parts + 1).astype(np.int64)
    for low, high in pairwise(bounds.tolist()):
        here = np.flatnonzero((terms >= low) & (terms < high))
        slots = np.searchsorted(ends, here, side="right").astype(np.uint64)
        # Stable: slots stay ascending.
        order = np.argsort(terms[here], kind="stable")
        postings = ((slots << np.uint64(_WEIGHT_BITS)) | weights[here])[order]
        some = terms[here][order]
        begins = np.flatnonzero(np.diff(some, prepend=np.int64(-1)))
        yield some[begins], np.diff(np.append(begins, len(some))), postings


def without(
    terms: Ids, ends: NDArray[np.int64], read: Callable[[int, int], bytes], gone: NDArray[np.bool_]
) -> Iterator[Laid]:
    """Postings that lie elsewhere, without those of some slots; yields some terms at a time.

    Args:
        terms: As for `Postings.kept`.
        ends: As for `Postings.kept`.
        read: As for `Postings.kept`.
        gone: By slot, whether it is left out; slots after it move up.
    """
    places = np.cumsum(~gone).astype(np.uint64) - np.uint64(1)
    start = 0
    while start < len(terms):
        wanted = int(np.searchsorted(ends, ends[start] + _AT_ONCE, side="right")) - 1
        end = min(max(wanted, start + 1), len(terms))
        postings = np.frombuffer(read(int(ends[start]), int(ends[end])), "<u8")
        slots = (postings >> np.uint64(_WEIGHT_BITS)).astype(np.intp)
        stay = ~gone[slots]
        which = np.repeat(np.arange(end - start), np.diff(ends[start : end + 1]))[stay]
        counts = np.bincount(which, minlength=end - start)
        some = counts > 0
        moved = (places[slots[stay]] << np.uint64(_WEIGHT_BITS)) | postings[stay].astype(np.uint16)
        yield terms[start:end][some], counts[some], moved
        start = end


def _packed(first: int, posted: Places, weights: Bits) -> Packed:
    """The postings of slots from `first` on."""
    slots = np.repeat(np.arange(first, first + len(posted), dtype=np.uint64), posted)
    return (slots << np.uint64(_WEIGHT_BITS)) | weights


def unpacked(postings: Packed) -> tuple[Places, NDArray[np.float64]]:
    """The slots and weights of postings."""
    slots = (postings >> np.uint64(_WEIGHT_BITS)).astype(np.intp)
    return slots, postings.astype(np.uint16).view(np.float16).astype(np.float64)
