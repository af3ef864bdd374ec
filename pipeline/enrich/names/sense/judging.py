"""What English mentions are, by learned weights: the last word after model and rules.

A multinomial logistic regression over the signs of `clues.py`, read from `english.tsv.gz` and worked out
with whole numbers: the same on every machine.

    "Hamhola said the clinic …"     model: ORG   rules: organisation   weights: person
    "the Alert Level committee"     model: ORG   rules: organisation   weights: none

What tables know is left as it is, and so are events and works.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Final, TypeAlias

from pipeline.enrich.names.mentions import FieldText, Named
from pipeline.enrich.names.name_words import NAME_WORDS as WORDS
from pipeline.enrich.names.sense.clues import NOTHING, UNSEEN, PossibleName, possible_names, signs_of
from pipeline.enrich.names.sense.surroundings import Context
from pipeline.records import EntityKind

WEIGHTS: Final = "english.tsv.gz"
# The file holds weights in hundredths, as whole numbers.
SCALE: Final = 100
NAMED: Final[tuple[EntityKind, ...]] = ("person", "place", "organisation")
ANSWERS: Final = (*NAMED, NOTHING)
# In hundredths: what speaks for the kind that model and rules say; how far a name must be above none where
# they have dropped it, and where nobody has found it. A wrong name is worse than a missed one.
_SAID: Final = 100
_ABOVE: Final = 150
_ABOVE_UNSEEN: Final = 200
# The label of a name that the weights alone have found.
_LABEL: Final = "JUDGED"

Row: TypeAlias = tuple[FieldText, list[Named], list[Named]]
Weights: TypeAlias = Mapping[str, tuple[int, ...]]


def judged(rows: Sequence[Row], context: Context) -> list[list[Named]]:
    """For each field the mentions that are names, with their kinds.

    Args:
        rows: Each field with what model and tables have found in it, and what the rules have left of that.
        context: What the article says around them.
    """
    drawn = [(field, possible_names(field, found, kept)) for field, found, kept in rows]
    weights = learned()
    return [
        [
            one
            for each, signs in zip(row, signs_of_row, strict=True)
            if (one := _judged(each, signs, field, weights))
        ]
        for (field, row), signs_of_row in zip(drawn, signs_of(drawn, context), strict=True)
    ]


def _judged(each: PossibleName, signs: Iterable[str], field: FieldText, weights: Weights) -> Named | None:
    said = each.said
    if said is not None and (said.known is not None or said.kind not in NAMED):
        return said
    *sums, none = scores(signs, weights)
    if said is not None:
        sums[NAMED.index(said.kind)] += _SAID
    best = max(sums)
    kind = NAMED[sums.index(best)]
    if said is not None:
        if best < none:
            return None
        # A hospital is a body and a place: it stays what it is called by.
        body = kind == "place" and field.tokens[each.last - 1].folded in WORDS.organisation_tails
        return said if body else replace(said, kind=kind)
    above = _ABOVE_UNSEEN if each.label == UNSEEN else _ABOVE
    if field.headline or best - none < above:  # of a headline in capitals nothing is told but by the text
        return None
    return Named(field.field, each.first, each.last, kind, _LABEL)


def scores(signs: Iterable[str], weights: Weights) -> list[int]:
    """The sum of weights for each of `ANSWERS`."""
    sums = [0] * len(ANSWERS)
    for sign in signs:
        for at, weight in enumerate(weights.get(sign, ())):
            sums[at] += weight
    return sums


@cache
def learned() -> Weights:
    """The weights, read once per process."""
    packed = (files("pipeline.enrich.names.sense") / WEIGHTS).read_bytes()
    return read(gzip.decompress(packed).decode())


def read(text: str) -> Weights:
    """Weights from their table: a sign and a number for each of `ANSWERS` a line, nothing for zero."""
    weights = {}
    for line in text.splitlines():
        if not line.startswith("# "):
            sign, *cells = line.split("\t")
            weights[sign] = tuple(int(cell or 0) for cell in cells)
    return weights
