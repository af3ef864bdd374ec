"""Trims what a model takes into a name by mistake: parties behind persons, numbers, small letters."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pipeline.enrich.names.known.gazetteer import given_names
from pipeline.enrich.names.mentions import FieldText, Named
from pipeline.enrich.names.name_words import NAME_WORDS as WORDS

# What joins the words of one name: "Lee Jae-myung" goes on in small letters.
_JOINED: Final = frozenset({"-", "‐", "‑", "'", "’"})


def trimmed(field: FieldText, one: Named) -> Named | None:
    """A mention without what is no part of a name; None where none is left."""
    tokens = field.tokens
    last = next((place for place in range(one.first + 1, one.last) if _ends_before(field, place)), one.last)
    if one.kind == "person" and last - one.first == 1 and tokens[one.first].folded in WORDS.suffixes:
        return None
    if one.kind in {"person", "place"}:
        last = _before_small_letters(field, one.first, last)
    return _without_no_names(field, replace(one, last=last))


def _ends_before(field: FieldText, place: int) -> bool:
    """Whether a bracket or a party begins here: "FOX News Channel (FNC", "Tony Gonzales R-Texas"."""
    token = field.tokens[place]
    bracketed = "(" in field.text[field.tokens[place - 1].end : token.start]
    return bracketed or (
        len(token.text) == 1 and token.text.isupper() and field.text[token.end : token.end + 1] == "-"
    )


def _before_small_letters(field: FieldText, first: int, last: int) -> int:
    """Where a name ends that goes on in small letters which nobody is called: "Pacific leatherback sea"."""
    tokens = field.tokens
    for place in range(first + 1, last):
        word = tokens[place]
        if (
            word.text[0].islower()
            and word.folded not in WORDS.joins
            and word.text.isalpha()
            and len(word.text) > 1
            and field.text[tokens[place - 1].end : word.start] not in _JOINED
        ):
            kinds = WORDS.place_tails | WORDS.place_tails_and_names
            return last if all(token.folded in kinds for token in tokens[place:last]) else place
    return last


def _without_no_names(field: FieldText, one: Named) -> Named | None:
    """A mention without the words at its ends that nobody is called; None where none is left."""
    first, last = one.first, one.last
    tokens = field.tokens
    behind = tokens[last].folded if last < len(tokens) else ""
    if (
        last - first == 1
        and behind in WORDS.variant_words
        and tokens[first].text.isalpha()
        and one.kind != "person"
    ):
        return None
    if one.kind in {"work", "event"}:
        return one
    if one.kind == "organisation" and last - first > 1:
        named = any(
            len(token.text) > 1 and token.folded not in WORDS.no_names and token.text[0].isupper()
            for token in tokens[first:last]
        )
        return one if named else None
    strippable = one.kind != "organisation" and tokens[first].folded not in given_names()
    if last - first > 1 and not strippable:
        return one
    while first < last and (tokens[first].folded in WORDS.no_names or not tokens[first].text[0].isalpha()):
        first += 1
    while first < last and (
        tokens[last - 1].folded in WORDS.no_names
        or (one.kind != "organisation" and tokens[last - 1].text[0].isdigit())
    ):
        last -= 1
    if first == last or tokens[first].text[0].islower():
        return None
    return replace(one, first=first, last=last)
