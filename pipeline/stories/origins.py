"""Independent origins: reprints of one text are one, and an outlet vouches once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from pipeline.stories.traits import Traits

# Estimated Jaccard similarity of three-word shingles from which two texts are one, edited.
REPRINT: Final = 0.5
# The same where both credit the same agency: a reprint may be cut or woven into other copy.
AGENCY_REPRINT: Final = 0.2


def families(traits: Sequence[Traits], agencies: Sequence[str]) -> list[int]:
    """For each article the number of its family: texts of one origin.

    Two articles are of one family when their MinHash signatures agree in a share of `REPRINT` (Broder 1997),
    or `AGENCY_REPRINT` where both credit one agency, or when they are of one outlet. Families are closed
    under this and numbered in order of their first article.

    Args:
        traits: Of each article.
        agencies: The agency credited by each article, or "".
    """
    count = len(traits)
    parent = list(range(count))

    def root(article: int) -> int:
        while parent[article] != article:
            article = parent[article]
        return article

    def join(one: int, other: int) -> None:
        first, second = sorted((root(one), root(other)))
        parent[second] = first

    signatures = np.stack([t.signature for t in traits]) if traits else np.zeros((0, 0), dtype=np.uint32)
    outlets: dict[str, int] = {}
    for one in range(count):
        if traits[one].outlet:
            join(one, outlets.setdefault(traits[one].outlet, one))
        alike = (signatures[:one] == signatures[one]).mean(axis=1) if one else np.zeros(0)
        for other in np.flatnonzero(alike >= AGENCY_REPRINT).tolist():
            agency = agencies[one] != "" and agencies[one].casefold() == agencies[other].casefold()
            if agency or alike[other] >= REPRINT:
                join(one, other)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(root(article), len(numbers)) for article in range(count)]
