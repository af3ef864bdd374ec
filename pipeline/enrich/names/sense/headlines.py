"""Names in a headline that capitalises every word, held against the text below it.

There a capital says nothing, and a model takes verbs for family names: "William Barr Speaks Truth". What the
text writes with capitals too is a name; of the rest only what its own words make one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pipeline.enrich.names.forms import is_title
from pipeline.enrich.names.known.gazetteer import given_names
from pipeline.enrich.names.mentions import FieldText, Named
from pipeline.enrich.names.name_words import NAME_WORDS as WORDS
from pipeline.enrich.names.sense.surroundings import beside, word_before

_NAMED: Final = frozenset({"person", "organisation", "place"})
# A shorter text repeats too little of its headline to speak against it.
_TEXT_TOKENS: Final = 25


def confirmed(headline: FieldText, row: Sequence[Named], text: FieldText) -> list[Named]:
    """The names of a headline that the text or their own words confirm, without the verbs around them."""
    capitals: dict[str, list[int]] = {}
    for place, token in enumerate(text.tokens):
        if token.text[0].isupper():
            capitals.setdefault(token.folded, []).append(place)
    kept = []
    for one in row:
        if one.known is not None or one.kind not in _NAMED:
            kept.append(one)
            continue
        bare = _without_verbs(headline, one)
        if bare is None:
            continue
        bare = _as_in_text(headline, bare, text, capitals)
        if (
            _stands_in(headline, bare, text, capitals)
            or len(text.tokens) < _TEXT_TOKENS
            or _is_name_by_its_words(headline, bare)
        ):
            kept.append(bare)
    return kept


def _without_verbs(headline: FieldText, one: Named) -> Named | None:
    """A name without verbs of headlines at its ends; None where nothing is left."""
    words = headline.folded(one)
    first, last = 0, len(words)
    while first < last and words[first] in WORDS.headline_verbs:
        first += 1
    while last > first and words[last - 1] in WORDS.headline_verbs:
        last -= 1
    return replace(one, first=one.first + first, last=one.first + last) if first < last else None


def _as_in_text(headline: FieldText, one: Named, text: FieldText, capitals: dict[str, list[int]]) -> Named:
    """The beginning of a name that the text has for itself, where it does not have the whole."""
    if _stands_in(headline, one, text, capitals):
        return one
    for last in range(one.last - 1, one.first, -1):
        shorter = replace(one, last=last)
        if _stands_in(headline, shorter, text, capitals, whole=True):
            return shorter
    return one


def _stands_in(
    headline: FieldText, one: Named, text: FieldText, capitals: dict[str, list[int]], *, whole: bool = False
) -> bool:
    """Whether the text has the words of a name with capitals; as a `whole`, with no capital right behind."""
    words = headline.folded(one)
    for place in capitals.get(words[0], ()):
        end = place + len(words)
        run = text.tokens[place:end]
        if tuple(token.folded for token in run) == words and all(token.text[0].isupper() for token in run):
            longer = end < len(text.tokens) and beside(text, end - 1) and text.tokens[end].text[0].isupper()
            if not (whole and longer):
                return True
    return False


def _is_name_by_its_words(headline: FieldText, one: Named) -> bool:
    """Whether it would be taken for a name of its kind wherever it stood."""
    words = headline.folded(one)
    written = headline.written(one)
    if one.kind == "person":
        return words[0] in given_names() or "." in written or is_title(word_before(headline, one))
    if one.kind == "organisation":
        body = WORDS.organisation_tails | WORDS.organisation_ends | WORDS.company_words
        return words[-1] in body or written.isupper()
    if words[0] in WORDS.directions:
        return True
    return words[-1] in WORDS.place_tails | WORDS.place_tails_and_names or words[0] in WORDS.place_heads
