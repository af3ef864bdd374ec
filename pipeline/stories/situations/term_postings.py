"""Which situations have a term: a sorted array for those read from the store, a dictionary for later ones.

The answers depend on which situations there are, not on when they came: so state read back from the store
answers like state that grew in memory.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.situations.situation_profile import Ids

# The array is rebuilt after this many changes.
_LATER_MOST: Final = 2000


class TermPostings:
    """For each term, the serials of the situations that have it.

    Args:
        situations: The terms of each situation, by serial.
    """

    def __init__(self, situations: Mapping[int, Ids]) -> None:
        self._terms_of = dict(situations)
        self._lay_out()

    def __len__(self) -> int:
        return len(self._terms_of)

    def _lay_out(self) -> None:
        serials = np.fromiter(self._terms_of, dtype=np.int64, count=len(self._terms_of))
        sizes = [len(ids) for ids in self._terms_of.values()]
        none = np.zeros(0, dtype=np.uint32)
        terms = np.concatenate([none, *self._terms_of.values()])
        order = np.argsort(terms, kind="stable")
        self._terms = terms[order]
        self._owners: NDArray[np.int64] = np.repeat(serials, sizes)[order]
        self._gone: set[int] = set()
        self._gone_counts: Counter[int] = Counter()
        self._later: dict[int, list[int]] = defaultdict(list)
        self._later_serials: set[int] = set()

    def add(self, serial: int, ids: Ids) -> None:
        """Adds a situation."""
        self._terms_of[serial] = ids
        self._later_serials.add(serial)
        for term in ids.tolist():
            self._later[term].append(serial)
        if len(self._later_serials) + len(self._gone) > _LATER_MOST:
            self._lay_out()

    def remove(self, serial: int) -> None:
        """Removes a situation."""
        ids = self._terms_of.pop(serial).tolist()
        if serial in self._later_serials:
            self._later_serials.discard(serial)
            for term in ids:
                self._later[term].remove(serial)
        else:
            self._gone.add(serial)
            self._gone_counts.update(ids)

    def counts(self, ids: Ids) -> NDArray[np.int64]:
        """How many situations have each of these terms."""
        found = np.searchsorted(self._terms, ids, "right") - np.searchsorted(self._terms, ids, "left")
        gone, later = self._gone_counts, self._later
        changes = [len(later.get(term, ())) - gone.get(term, 0) for term in ids.tolist()]
        return found + np.array(changes, dtype=np.int64)

    def having(self, term: int) -> list[int]:
        """The serials of the situations that have a term, in no order."""
        first = int(np.searchsorted(self._terms, np.uint32(term), "left"))
        last = int(np.searchsorted(self._terms, np.uint32(term), "right"))
        found: list[int] = self._owners[first:last].tolist()
        if self._gone and found:
            found = [serial for serial in found if serial not in self._gone]
        return found + self._later.get(term, [])
