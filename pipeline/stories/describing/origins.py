"""Independent origins: how many texts by different outlets a story rests on.

Reprints of one text are one origin, however many outlets print it, and an outlet counts once, however many
texts it prints: one publisher's twenty updates are one origin, and so is one agency text in twenty papers.
The number of origins is therefore the size of a maximum matching of texts with outlets (Kuhn 1955), in which
no text and no outlet comes twice: an outlet that prints an agency's text and one of its own adds its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from pipeline.stories.features.packed import Features

# From this estimated Jaccard similarity of three-word shingles on, two texts are one that was edited.
REPRINT: Final = 0.5
# The same where both credit the same agency: a reprint may be cut or woven into other copy.
AGENCY_REPRINT: Final = 0.2


def texts(traits: Sequence[Features], agencies: Sequence[str]) -> list[int]:
    """For each article the number of its text, with reprints under one number.

    Two articles have one text when at least a share of `REPRINT` of their MinHash signatures agrees (Broder
    1997), or `AGENCY_REPRINT` where both credit one agency; so have articles that a chain of such pairs
    links. Texts are numbered in the order of their first articles.

    Args:
        traits: The features of each article.
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

    An unknown outlet is a different one for each text. Texts get their outlets one after the other; where all
    outlets of a text are taken, texts before it may move to another of theirs (`_heard`).

    >>> independent([0, 0, 1], ["Post", "Courier", "Post"])
    2

    Args:
        text: As `texts` gives it.
        outlets: The outlet of each article, "" where unknown.
    """
    printed: dict[int, dict[str | int, None]] = {}
    for number, outlet in zip(text, outlets, strict=True):
        printed.setdefault(number, {})[outlet or number] = None
    text_of: dict[str | int, int] = {}  # by outlet, where it has got one
    return sum(_heard(number, printed, text_of) for number in printed)


def _heard(text: int, printed: Mapping[int, Mapping[str | int, None]], text_of: dict[str | int, int]) -> bool:
    """Gives one more text an outlet of its own, moving other texts to other outlets of theirs if need be.

    Looks for an augmenting path, breadth first: from the text to its outlets, from a taken outlet to the text
    that has it, on to that text's other outlets, and so on, until an outlet is free. Then each text on the
    path moves one outlet further.

    Args:
        text: Its number.
        printed: The outlets of each text.
        text_of: The text that each outlet is matched with; updated in place.
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
