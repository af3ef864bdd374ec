"""Independent origins: how many texts by how many outlets a story rests on.

Reprints of one text are one origin, however many outlets print it, and an outlet vouches once, however many
texts it prints: a story of one publisher's twenty updates has one origin, and so has one agency text in
twenty papers. The number of origins is therefore the most pairs of a text and an outlet in which no text and
no outlet comes twice (a maximum matching, Kuhn 1955): an outlet that prints an agency's text and one of its
own adds its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from pipeline.stories.features.packed import Features

# Estimated Jaccard similarity of three-word shingles from which two texts are one, edited.
REPRINT: Final = 0.5
# The same where both credit the same agency: a reprint may be cut or woven into other copy.
AGENCY_REPRINT: Final = 0.2


def texts(traits: Sequence[Features], agencies: Sequence[str]) -> list[int]:
    """For each article the number of its text, with reprints under one number.

    Two articles have one text when their MinHash signatures agree in a share of `REPRINT` (Broder 1997), or
    `AGENCY_REPRINT` where both credit one agency. Texts are closed under this and numbered in order of their
    first article.

    Args:
        traits: Of each article.
        agencies: The agency credited by each article, or "".
    """
    joined = _Joined(len(traits))
    signatures = np.stack([t.signature for t in traits]) if traits else np.zeros((0, 0), dtype=np.uint32)
    for one in range(1, len(traits)):
        alike = (signatures[:one] == signatures[one]).mean(axis=1)
        for other in np.flatnonzero(alike >= AGENCY_REPRINT).tolist():
            agency = agencies[one] != "" and agencies[one].casefold() == agencies[other].casefold()
            if agency or alike[other] >= REPRINT:
                joined.join(one, other)
    return joined.numbers()


def families(text: Sequence[int], outlets: Sequence[str]) -> list[int]:
    """For each article the number of its family: texts that are linked by reprints or by outlet.

    Args:
        text: As `texts` gives it.
        outlets: The outlet of each article, "" where unknown.
    """
    joined = _Joined(len(text))
    first: dict[int | str, int] = {}
    for place, (number, outlet) in enumerate(zip(text, outlets, strict=True)):
        joined.join(place, first.setdefault(number, place))
        if outlet:
            joined.join(place, first.setdefault(outlet, place))
    return joined.numbers()


def independent(text: Sequence[int], outlets: Sequence[str]) -> int:
    """The number of independent origins: the most texts that can each have an outlet of their own.

    An unknown outlet is another for each text. Texts get their outlets one after the other; where one finds
    all of its own taken, texts before it may move to another of theirs (`_heard`).

    >>> independent([0, 0, 1], ["Post", "Courier", "Post"])
    2

    Args:
        text: As `texts` gives it.
        outlets: The outlet of each article, "" where unknown.
    """
    printed: dict[int, dict[str | int, None]] = {}
    for number, outlet in zip(text, outlets, strict=True):
        printed.setdefault(number, {})[outlet or number] = None
    text_of: dict[str | int, int] = {}  # by outlet, as far as it has one
    return sum(_heard(number, printed, text_of) for number in printed)


def _heard(text: int, printed: Mapping[int, Mapping[str | int, None]], text_of: dict[str | int, int]) -> bool:
    """Gives one more text an outlet of its own, if need be by giving other texts other outlets of theirs.

    From the text to its outlets, from a taken one to the text that has it, to that one's other outlets, and
    so on, until an outlet is free; then every text on this way moves one outlet further.

    Args:
        text: Its number.
        printed: The outlets of each text.
        text_of: The text that each outlet stands for; is brought up to date.
    """
    outlet_of = {number: outlet for outlet, number in text_of.items()}
    reached_from: dict[str | int, int] = {}
    waiting = [text]
    for number in waiting:
        for outlet in printed[number]:
            if outlet in reached_from:
                continue
            reached_from[outlet] = number
            if outlet in text_of:
                waiting.append(text_of[outlet])
                continue
            free, mover = outlet, number
            while mover != text:
                text_of[free] = mover
                free = outlet_of[mover]
                mover = reached_from[free]
            text_of[free] = text
            return True
    return False


class _Joined:
    """Disjoint sets of the numbers below `count`."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def _root(self, one: int) -> int:
        while self._parent[one] != one:
            one = self._parent[one]
        return one

    def join(self, one: int, other: int) -> None:
        """Makes two sets one."""
        first, second = sorted((self._root(one), self._root(other)))
        self._parent[second] = first

    def numbers(self) -> list[int]:
        """The set of each, numbered in order of first members."""
        found: dict[int, int] = {}
        return [found.setdefault(self._root(one), len(found)) for one in range(len(self._parent))]
