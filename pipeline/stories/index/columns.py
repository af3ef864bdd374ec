"""Columns of what members are found by, worked out as they come, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import compress
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.features.packed import HEAD, Dense, Ids, IndexedArticle
from pipeline.stories.index.postings import POSTED_TERMS, Bits, Places, heaviest_of_each
from pipeline.stories.index.sums import Floats

Mask = NDArray[np.bool_]
Codes = NDArray[np.uint64]
# The columns by slot. Codes are kept in three parts, in the order in which they are compared.
SIDE_BY_SIDE: Final = ("time", "fetched", "coded", "first_bits", "second_bits", "other_bits")


@dataclass(frozen=True, slots=True)
class Columns:
    """What n members are found by.

    Attributes:
        time, fetched: When each was published (nan: nobody says) and when it came, shape [n].
        coded: Whether it has a dense vector that can be compared, shape [n].
        codes: The signs of these vectors, shape [n, words of 64 bits]; 0 where there is none.
        posted: By how many terms each is found, shape [n].
        terms: These terms, member after member, heaviest first.
        weights: The bits of their weights (float16).
    """

    time: Floats
    fetched: Floats
    coded: Mask
    codes: Codes
    posted: Places
    terms: Ids
    weights: Bits

    @classmethod
    def of(cls, members: Sequence[IndexedArticle], center: NDArray[np.float64] | None) -> Columns:
        """The columns of at most 2¹⁶ members; `center` as in `story_index.StoryIndex`."""
        parts = [member.packed for member in members]
        heads = np.frombuffer(b"".join([part.head_bytes for part in parts]), HEAD)
        posted, terms, bits = heaviest_of_each(
            np.frombuffer(b"".join([part.body_ids for part in parts]), "<u4"),
            np.frombuffer(b"".join([part.body_weights for part in parts]), "<f2"),
            heads["body"].astype(np.intp),
            POSTED_TERMS,
        )
        size = 0 if center is None else len(center)
        coded = (heads["dense"] == size) & (size > 0)
        codes = np.zeros((len(members), code_width(center)), dtype=np.uint64)
        if center is not None:
            joined = b"".join([part.dense for part in compress(parts, coded.tolist())])
            codes[coded] = signs(np.frombuffer(joined, "<f2").reshape(-1, size), center)
        return cls(heads["time"], heads["fetched"], coded, codes, posted, terms, bits)

    def side_by_side(self) -> dict[str, NDArray[Any]]:
        """The columns that are kept by slot, under the names of `SIDE_BY_SIDE`."""
        codes = (self.codes[:, 0], self.codes[:, 1], self.codes[:, 2:])
        return dict(zip(SIDE_BY_SIDE, (self.time, self.fetched, self.coded, *codes), strict=True))

    @classmethod
    def joined(cls, parts: Sequence[Columns], order: Places) -> Columns:
        """The columns of several, one after another, then put in order: row order[0] comes first."""
        time, fetched, coded, codes, posted, terms, weights = (
            np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)
        )
        if np.array_equal(order, np.arange(len(order))):
            return cls(time, fetched, coded, codes, posted, terms, weights)
        time, fetched, coded, codes, posted = (each[order] for each in (time, fetched, coded, codes, posted))
        lengths = np.concatenate([part.posted for part in parts])
        # Where the terms of each row begin, and where they are to begin.
        before, after = (np.cumsum(lengths) - lengths)[order], np.cumsum(posted) - posted
        places = np.repeat(before - after, posted) + np.arange(len(terms))
        return cls(time, fetched, coded, codes, posted, terms[places], weights[places])


def code_width(center: NDArray[np.float64] | None) -> int:
    """How many 64-bit words the code of a vector takes; at least the two that are compared first."""
    return 2 if center is None else max(2, (len(center) + 63) // 64)


def signs(dense: Dense, center: NDArray[np.float64]) -> Codes:
    """Packs the signs of vectors less the center into bits: from shape [n, d] to [n, words]."""
    bits = np.packbits(dense > center, axis=1)
    padded = np.zeros((len(dense), 8 * code_width(center)), dtype=np.uint8)
    padded[:, : bits.shape[1]] = bits
    return padded.view(np.uint64)
