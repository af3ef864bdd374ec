"""Which members have which words among their heaviest: an inverted index, pruned (Carmel et al. 2001)."""

from __future__ import annotations

from array import array
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.traits import Ids, Weights

# A member is found by so many of its heaviest words, when an article asks with so many of its own; both are
# rules for one article, so that what is found of one member does not hang on the others.
POSTED_TERMS: Final = 32
QUERY_TERMS: Final = 24
_WEIGHT_BITS: Final = 16

Slots = NDArray[np.intp]


def heaviest(ids: Ids, weights: Weights, limit: int) -> tuple[list[int], Weights]:
    """The heaviest terms and their weights, heaviest first; ties: the smaller id."""
    order = np.argsort(-weights, kind="stable")[:limit]
    return ids[order].tolist(), weights[order]


class Postings:
    """For each term the slots that have it, ascending, with its weight there.

    A posting is slot · 2¹⁶ + the bits of the weight (float16). Most terms have one: a plain number then.
    """

    def __init__(self) -> None:
        self._entries: dict[int, int | array[int]] = {}

    def add(self, slot: int, ids: Ids, weights: Weights) -> None:
        """Enters a slot, the highest so far, by the heaviest of its terms."""
        terms, values = heaviest(ids, weights, POSTED_TERMS)
        entries = self._entries
        base = slot << _WEIGHT_BITS
        for term, bits in zip(terms, values.view(np.uint16).tolist(), strict=True):
            known = entries.get(term)
            if known is None:
                entries[term] = base | bits
            elif isinstance(known, int):
                entries[term] = array("Q", (known, base | bits))
            else:
                known.append(base | bits)

    def newest(self, terms: list[int], limit: int | None) -> tuple[list[int], NDArray[np.uint64]]:
        """The last postings of terms.

        Args:
            terms: Each once.
            limit: At most so many of each; all if None.

        Returns:
            For each term how many, and all of them one after another.
        """
        pieces: list[bytes | array[int]] = []
        for term in terms:
            known = self._entries.get(term, b"")
            if isinstance(known, int):
                pieces.append(known.to_bytes(8, "little"))
            elif limit is None or len(known) <= limit:
                pieces.append(known)
            else:
                pieces.append(known[-limit:])
        joined = b"".join(pieces)
        lengths = [len(p) // 8 if isinstance(p, bytes) else len(p) for p in pieces]
        return lengths, np.frombuffer(joined, "<u8")


def unpacked(postings: NDArray[np.uint64]) -> tuple[Slots, NDArray[np.float64]]:
    """The slots and weights of postings."""
    slots = (postings >> np.uint64(_WEIGHT_BITS)).astype(np.intp)
    return slots, postings.astype(np.uint16).view(np.float16).astype(np.float64)
