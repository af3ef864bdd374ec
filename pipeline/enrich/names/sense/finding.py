"""Places that no model has found: cities, countries, regions and short forms; names in quotation marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from pipeline.enrich.names.forms import Token
from pipeline.enrich.names.known.gazetteer import (
    City,
    Gazetteer,
    gazetteer,
    given_names,
    organisation_beginnings,
    regions,
)  # fmt: skip
from pipeline.enrich.names.mentions import LISTED, FieldText, Named
from pipeline.enrich.names.name_words import NAME_WORDS as WORDS
from pipeline.enrich.names.sense.surroundings import (
    LARGE_CITY,
    NAME_TOKENS,
    TAIL_TOKENS,
    Context,
    beside,
    beside_or_hyphen,
    known_body,
    known_city,
    known_region,
    placed,
    shortened,
    speaks_of_company,
    word_before,
)  # fmt: skip
from pipeline.records import EntityKind
from pipeline.text import stem

# A short form of fewer letters is a word or a name, but for its capitals or its point.
_SHORT: Final = 3
_KATAKANA: Final = re.compile("[\u30a0-\u30ff]")


CASELESS: Final = frozenset({"zh", "ja", "ko", "ar", "fa", "ur", "hi", "he"})


_STEMMED: Final = frozenset({"ru"})


_UNSPACED: Final = frozenset({"zh", "ja"})


NAMES_IN_MARKS: Final = frozenset({"ru", "uk", "bg", "sr"})


def in_latin(field: FieldText, context: Context, covered: set[int]) -> Iterator[Named]:
    """Cities and countries that nobody has found, in a script with capitals."""
    if field.shouting or context.language == "und":
        return
    cities = gazetteer()
    own = _own_names(context.language) if context.language != "en" else _NOTHING
    at = 0
    tokens = field.tokens
    while at < len(tokens):
        token = tokens[at]
        if at in covered or not token.text[0].isupper():
            at += 1
            continue
        found = (
            body_at(field, at, context)
            or _short_form(field, at, context)
            or _country(field, at, own, context)
            or (_by_tail(field, at, covered) if context.language == "en" else None)
            or _large_city(field, at, cities, context)
            or _told(field, at, covered, context)
        )
        if found is None or any(position in covered for position in range(found.first, found.last)):
            at += 1
            continue
        covered.update(range(found.first, found.last))
        yield found
        at = found.last


def body_at(field: FieldText, at: int, context: Context) -> Named | None:
    """A body that is known by name: "Ryanair", "Stade Rennais"."""
    longest = organisation_beginnings(context.language).get(field.tokens[at].folded, 0)
    for last in range(min(at + longest, len(field.tokens)), at, -1):
        if not all(beside_or_hyphen(field, place) for place in range(at, last - 1)):
            continue
        one = Named(field.field, at, last, "organisation", LISTED)
        known = known_body(field.folded(one), context)
        if known is not None and (last - at > 1 or not _beside_capital(field, at)):
            return replace(one, known=known)
    return None


def _beside_capital(field: FieldText, at: int) -> bool:
    """Whether a capitalised word stands beside a single one; the field's first word does not count."""
    ahead = at > 1 and beside(field, at - 1) and field.tokens[at - 1].text[0].isupper()
    behind = at + 1 < len(field.tokens) and beside(field, at) and field.tokens[at + 1].text[0].isupper()
    return ahead or behind


def _short_form(field: FieldText, at: int, context: Context) -> Named | None:
    token = field.tokens[at]
    known = shortened(token.text, context)
    if known is None:
        return None
    pointed = field.text[token.end : token.end + 1] == "." or token.text.isupper() or "." in token.text
    if not pointed and len(token.text) < _SHORT:  # "La", "Va", "Ill" are words without their point
        return None
    return Named(field.field, at, at + 1, known.kind, "SHORT", known)


def _by_tail(field: FieldText, at: int, covered: set[int]) -> Named | None:  # noqa: PLR0911  # one answer a reason, read from top to bottom
    """A place or body that its last word tells, and nobody has found: "Tulare County", "Met Police"."""
    tokens = field.tokens
    if field.headline or tokens[at].folded in WORDS.openers or tokens[at].folded in WORDS.generic_words:
        return None
    if at > 0 and field.text[tokens[at - 1].end : tokens[at].start] == "-":  # "Joint High-Level Commission"
        return None
    ahead = at > 0 and at - 1 not in covered and beside(field, at - 1) and tokens[at - 1].text[0].isupper()
    if ahead and tokens[at - 1].folded not in WORDS.openers:
        return None
    last = at + 1
    while last < len(tokens) and last not in covered and beside(field, last - 1) and last - at < TAIL_TOKENS:
        if not tokens[last].text[0].isupper():
            break
        last += 1
    if last - at < 2 or (last in covered and beside(field, last - 1)):
        return None
    tail = tokens[last - 1].folded
    if any(token.text.isupper() and len(token.text) > TAIL_TOKENS for token in tokens[at:last]):
        return None
    if tail in WORDS.place_tails or (tokens[at].folded in WORDS.place_heads and last - at <= NAME_TOKENS):
        return Named(field.field, at, last, "place", "WORDS")
    if tail in WORDS.organisation_tails:
        return Named(field.field, at, last, "organisation", "WORDS")
    return None


def _country(field: FieldText, at: int, own: _OwnNames, context: Context) -> Named | None:
    longest = own.longest.get(field.tokens[at].folded, 0)
    for last in range(min(at + longest, len(field.tokens)), at, -1):
        meant = own.names.get(" ".join(token.folded for token in field.tokens[at:last]))
        if meant is not None:
            return _own(field, at, last, meant, context)
    return None


def _own(field: FieldText, first: int, last: int, meant: City | str, context: Context) -> Named | None:
    known = (
        context.aliases.known(f"place:{meant}")
        if isinstance(meant, str)
        else known_city(meant, context.aliases)
    )
    return None if known is None else Named(field.field, first, last, known.kind, "GAZETTEER", known)


def _large_city(field: FieldText, at: int, cities: Gazetteer, context: Context) -> Named | None:
    tokens = field.tokens
    for last in range(min(at + cities.longest_from(tokens[at].folded), len(tokens)), at, -1):
        some = tokens[at:last]
        if not all(beside_or_hyphen(field, place) for place in range(at, last - 1)):
            continue
        key = [token.folded for token in some]
        one = Named(field.field, at, last, "place", "GAZETTEER")
        region = regions().get(" ".join(key))
        if region is not None and not _part_of_longer(field, one, context):
            return replace(one, known=known_region(region, context))
        city = cities.city(key, context.countries)
        if city is None or not some[-1].text[0].isupper():
            continue
        if _is_city_here(field, one, city, context):
            return placed(one, city, context)
    return None


def _is_city_here(  # noqa: PLR0911  # one answer a reason, read from top to bottom
    field: FieldText, one: Named, city: City, context: Context
) -> bool:
    """Whether nothing beside the word makes it part of another name, and it is a place often enough."""
    tokens, single = field.tokens, one.last - one.first == 1
    word = tokens[one.first]
    if single and (word.folded in WORDS.months or (field.headline and word.folded in WORDS.headline_verbs)):
        return False
    if single and (word.text.isupper() or len(word.text) < NAME_TOKENS + 1):
        return False
    before = word_before(field, one)
    sure = before in WORDS.place_surely_before and not speaks_of_company(field, one)
    if single and word.folded in context.families:
        return False
    if single and not sure and (word.folded in WORDS.cities_and_words or word.folded in WORDS.common):
        return False
    if (
        city.population < LARGE_CITY
        and not (before in WORDS.place_before and context.language != "en")
        and not (context.language in _SMALL_NOUNS and before.islower())
        and not sure
    ):
        return False
    if context.sport and not sure:
        return False
    if field.headline:
        return city.population >= 3 * LARGE_CITY or not single
    return not _part_of_longer(field, one, context)


def _told(field: FieldText, at: int, covered: set[int], context: Context) -> Named | None:
    """A place that no gazetteer knows, by the word before it: "en Juchitán", "i Åmotfors"."""
    before = WORDS.told_places.get(context.language, ())
    word = field.tokens[at]
    if not before or at == 0 or at - 1 in covered or word.folded in WORDS.no_places | WORDS.no_names:
        return None
    if field.tokens[at - 1].text.lower() not in before or not beside(field, at - 1):
        return None
    if (
        word.text.isupper()
        or len(word.text) <= NAME_TOKENS
        or word.folded in given_names() | context.families
    ):
        return None
    if at + 1 < len(field.tokens) and (
        (beside_or_hyphen(field, at) and field.tokens[at + 1].text[0].isupper())
        or field.text[word.end : word.end + 1] in {"'", "’", "-"}
    ):
        return None
    return Named(field.field, at, at + 1, "place", "WORDS")


# Here only names have capitals, and a small word before one says that it opens no sentence.
_SMALL_NOUNS: Final = frozenset({"fr", "es", "it", "pt", "nl", "ca", "ro", "sv", "da", "no", "pl", "cs"})


def _part_of_longer(field: FieldText, one: Named, context: Context) -> bool:
    """Whether a capitalised word beside it makes it part of another name."""
    tokens = field.tokens
    before = word_before(field, one)
    behind = (
        one.last < len(tokens)
        and beside_or_hyphen(field, one.last - 1)
        and tokens[one.last].text[0].isupper()
    )
    ahead = (
        one.first > 0 and beside_or_hyphen(field, one.first - 1) and tokens[one.first - 1].text[0].isupper()
    )
    if context.language == "de":  # every noun has a capital
        behind = behind and tokens[one.last].folded in WORDS.organisation_tails | WORDS.organisation_ends
        ahead = ahead and (
            tokens[one.first - 1].folded in given_names() or tokens[one.first - 1].text.isupper()
        )
    return behind or (ahead and before not in WORDS.place_before)


@dataclass(frozen=True, slots=True)
class _OwnNames:
    """Names in a language's own script: what they mean, and the longest that each word begins."""

    names: Mapping[str, City | str]
    longest: Mapping[str, int]


_NOTHING: Final = _OwnNames({}, {})


@cache
def _own_names(language: str) -> _OwnNames:
    names = gazetteer().in_language(language)
    longest: dict[str, int] = {}
    for name in names:
        word = name.partition(" ")[0]
        longest[word] = max(longest.get(word, 0), name.count(" ") + 1)
    return _OwnNames(names, longest)


def in_own_script(field: FieldText, context: Context, covered: set[int]) -> Iterator[Named]:
    """Cities and countries in a script without capitals, or in Cyrillic, word by word or sign by sign."""
    own = _own_names(context.language)
    keys = _keys(field.tokens, context.language)
    at = 0
    while at < len(keys):
        found = None if at in covered else _longest_own(field, keys, at, own, context)
        if found is None or any(position in covered for position in range(found.first, found.last)):
            at += 1
            continue
        covered.update(range(found.first, found.last))
        yield found
        at = found.last


def holds_own(field: FieldText, one: Named, language: str) -> bool:
    """Whether the last word of a mention is a city or country in this language's own script."""
    return _keys(field.tokens[one.last - 1 : one.last], language)[0] in _own_names(language).names


def _keys(tokens: Sequence[Token], language: str) -> list[str]:
    if language in _STEMMED:
        return [stem(token.folded, language) if _may_be_place(token) else "" for token in tokens]
    if language in NAMES_IN_MARKS:
        return [token.folded if _may_be_place(token) else "" for token in tokens]
    return [token.folded for token in tokens]


def _longest_own(
    field: FieldText, keys: Sequence[str], at: int, own: _OwnNames, context: Context
) -> Named | None:
    for word in _bare_words(keys[at], context.language):
        longest = own.longest.get(word, 0)
        for last in range(min(at + longest, len(keys)), at, -1):
            meant = own.names.get(" ".join((word, *keys[at + 1 : last])))
            if meant is None or (context.language in _UNSPACED and _within_word(field, at, last)):
                continue
            found = _own(field, at, last, meant, context)
            if found is not None:
                return found
    return None


def _may_be_place(token: Token) -> bool:
    """Whether it has a capital and is no short form: "ОИ" are the Games, and the stem of a city."""
    return token.text[0].isupper() and not (token.text.isupper() and len(token.text) <= _SHORT)


def own_name(field: FieldText, one: Named, context: Context) -> Named | None:
    """A mention that is a country or city as the article's language writes it: "Japão"."""
    key = " ".join(_keys(field.tokens[one.first : one.last], context.language))
    meant = _own_names(context.language).names.get(key) if key else None
    return None if meant is None else _own(field, one.first, one.last, meant, context)


def _bare_words(word: str, language: str) -> Iterator[str]:
    """A word, then without what its language writes together with it."""
    yield word
    if language == "ar" and len(word) > TAIL_TOKENS and word[0] in WORDS.proclitics:
        yield word[1:]
        for drawn, whole in WORDS.contracted.items():
            if word.startswith(drawn):
                yield whole + word[len(drawn) :]
    if language == "ko":
        for end in range(len(word) - 1, 1, -1):
            if word[end:] in WORDS.syllables_behind:
                yield word[:end]


def _within_word(field: FieldText, first: int, last: int) -> bool:
    """Whether a run in katakana goes on beside it, or it is one sign alone, or no name."""
    written = field.text[field.tokens[first].start : field.tokens[last - 1].end]
    if len(written) == 1 or written in WORDS.no_names or len(written) != last - first:
        return True
    if not _KATAKANA.match(written):
        return False
    ahead = field.text[field.tokens[first].start - 1] if field.tokens[first].start else " "
    behind = field.text[field.tokens[last - 1].end : field.tokens[last - 1].end + 1]
    return bool(_KATAKANA.match(ahead) or _KATAKANA.match(behind))


def in_quotation_marks(field: FieldText, context: Context, covered: set[int]) -> Iterator[Named]:
    """Titles of works in the marks kept for them, and names that Cyrillic puts into quotation marks."""
    if context.language in _UNSPACED:
        for marks in WORDS.title_marks:
            yield from _in_marks(field, marks, "work", covered)
    elif context.language in NAMES_IN_MARKS:
        for marks in WORDS.name_marks:
            yield from _in_marks(field, marks, "organisation", covered)


def _in_marks(field: FieldText, marks: str, kind: EntityKind, covered: set[int]) -> Iterator[Named]:
    for match in re.finditer(f"{marks[0]}([^{marks}\\n]{{1,40}}){marks[1]}", field.text):
        inside = [
            place for place, token in enumerate(field.tokens)
            if match.start(1) <= token.start and token.end <= match.end(1)
        ]  # fmt: skip
        if not inside or not covered.isdisjoint(inside):
            continue
        if kind == "organisation":
            if len(inside) > NAME_TOKENS or not field.tokens[inside[0]].text[0].isupper():
                continue
            covered.update(inside)
            yield Named(field.field, inside[0], inside[-1] + 1, "organisation", "QUOTED")
        else:
            covered.update(inside)
            yield Named(field.field, inside[0], inside[-1] + 1, "work", "QUOTED")
