"""Which numbers to take, and what they trade: the rule of `make train`, without any file.

The highest mean over a few files takes what fits one of them much and costs the others little, and news that
nobody labelled pays for it. So a choice counts only where it loses on nothing that it is measured on, beside
the numbers that are shipped; of those that count the best mean is taken, then the best worst figure. What
does not count is named with what it would have gained and lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

Choice = tuple[tuple[str, float], ...]
Row = Mapping[str, float]
Table = Mapping[Choice, Row]

# A figure that is lower by no more than this is no loss: less than one article of most files.
UNNOTICED: Final = 0.001
# How many of the largest gains and losses are named.
_NAMED: Final = 3


class Standing(NamedTuple):
    """Mean and worst over some sets, and which of them is the worst."""

    mean: float
    worst: float
    where: str


def sources(name: str) -> frozenset[str]:
    """Where the articles of a set are from: a file's training and development set are one source.

    >>> sorted(sources("allsides_train, undated")), sorted(sources("feeds_dev, with technews_dev"))
    (['allsides'], ['feeds', 'technews'])
    """
    file, _, variant = name.partition(", ")
    other = variant.removeprefix("with ") if variant.startswith("with ") else ""
    return frozenset(re.sub(r"_(dev|train)$", "", each) for each in (file, other) if each)


def without(table: Table, source: str) -> dict[Choice, dict[str, float]]:
    """A table without the sets that hold articles of a source; all of it where nothing would be left."""
    kept = {
        choice: {name: value for name, value in row.items() if source not in sources(name)}
        for choice, row in table.items()
    }
    return kept if all(kept.values()) else {choice: dict(row) for choice, row in table.items()}


def standing(row: Row) -> Standing:
    """How a choice fares over all sets.

    >>> standing({"a": 0.8, "b": 0.6})
    Standing(mean=0.7, worst=0.6, where='b')
    """
    where = min(row, key=lambda name: (row[name], name))
    return Standing(round(sum(row.values()) / len(row), 6), round(row[where], 6), where)


def changes(row: Row, shipped: Row) -> dict[str, float]:
    """Gain or loss on each set, beside what is shipped, as far as it is noticed."""
    differences = {name: round(value - shipped[name], 6) for name, value in row.items()}
    return {name: value for name, value in differences.items() if abs(value) > UNNOTICED}


def counting(table: Table, shipped: Choice) -> list[Choice]:
    """The choices that lose on no set, best first: by mean, by the worst set; ties: the first of the table.

    What is shipped counts always, so there is one.
    """
    kept = [
        choice for choice in table if min(changes(table[choice], table[shipped]).values(), default=0.0) >= 0.0
    ]
    return sorted(kept, key=lambda choice: tuple(-figure for figure in standing(table[choice])[:2]))


def traded(table: Table, shipped: Choice) -> list[str]:
    """What each choice gains and loses beside what is shipped, a line each, in words."""
    return [
        f"{told(choice)}: {_traded(table[choice], table[shipped])}" for choice in table if choice != shipped
    ]


def told(choice: Choice) -> str:
    """A choice in words.

    >>> told((("threshold", 0.2), ("contrast", 0.8)))
    'threshold 0.2, contrast 0.8'
    """
    return ", ".join(f"{name} {value:g}" for name, value in choice)


def _traded(row: Row, shipped: Row) -> str:
    mean, worst, where = standing(row)
    text = f"mean {mean:.4f} ({mean - standing(shipped).mean:+.4f}), worst {worst:.4f} ({where})"
    found = sorted(changes(row, shipped).items(), key=lambda pair: (pair[1], pair[0]))
    for word, some in (
        ("loses", [pair for pair in found if pair[1] < 0]),
        ("gains", [pair for pair in reversed(found) if pair[1] > 0]),
    ):
        if some:
            named = "; ".join(f"{name} {value:+.4f}" for name, value in some[:_NAMED])
            text += f"; {word} on {len(some)} of {len(row)}: {named}"
    return text
