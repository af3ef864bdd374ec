"""What stands around a mention: in its article, before and behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from pipeline.enrich.names.forms import key_of, organisation_key, slug
from pipeline.enrich.names.known.aliases import Aliases, KnownNames
from pipeline.enrich.names.known.gazetteer import City, abbreviations, organisations
from pipeline.enrich.names.mentions import FieldText, Named
from pipeline.enrich.names.name_words import NAME_WORDS as WORDS
from pipeline.records import Article

# A city with this many people is believed even where nothing says that a place is meant.
LARGE_CITY: Final = 100_000


NAME_TOKENS: Final = 3


TAIL_TOKENS: Final = 4


_SPORT_WORDS: Final = 2


_SHORT_CHARS: Final = 6
_NONE: Final[Mapping[str, str]] = {}
_SPORT_TOKENS: Final = 250
_SPORT_CHARS: Final = 1500
_SENTENCE_END: Final = re.compile(r"[.!?:;\n\"“”‘’'|•–—(\[-]\s*$|\s-\s*$")
_SCORE: Final = re.compile(r"(?<![\w:.,–-])\d[:–-]\d(?![\w:–-]|[.,]\d)")  # of a match: "3:1"


@dataclass(frozen=True, slots=True)
class Context:
    """What an article says around its names.

    Attributes:
        language: ISO 639-1.
        aliases: The alias table.
        countries: The countries that it names, by their codes.
        families: Last words of persons that it names in full, folded.
        home: The country that its outlet's address ends in, or "".
        sport: Whether it is on sport, where a city's name may be its team's.
        small: Words that it writes in small letters somewhere, folded.
    """

    language: str
    aliases: Aliases
    countries: frozenset[str]
    families: frozenset[str]
    home: str
    sport: bool
    small: frozenset[str]


def context_of(
    article: Article, aliases: Aliases, rows: Sequence[tuple[FieldText, Sequence[Named]]]
) -> Context:
    """What the fields of an article and their mentions say together."""
    countries: set[str] = set()
    families: set[str] = set()
    small: set[str] = set()
    sport: set[str] = set()
    for field, row in rows:
        for one in row:
            if one.known is not None and one.kind == "place" and one.known.id[6:8].isupper():
                countries.add(one.known.id[6:8])
            elif one.kind == "person" and one.last - one.first > 1:
                families.add(field.tokens[one.last - 1].folded)
        sport.update(
            word for token in field.tokens[:_SPORT_TOKENS] if (word := token.folded) in WORDS.sport_words
        )
        small.update(token.folded for token in field.tokens if token.text[0].islower())
        sport.update(_SCORE.findall(field.text[:_SPORT_CHARS]))
    host = urlsplit(article.url).hostname or ""
    home = host.rpartition(".")[2].upper()
    return Context(
        article.language, aliases, frozenset(countries), frozenset(families),
        "GB" if home == "UK" else home if len(home) == 2 else "", len(sport) >= _SPORT_WORDS,
        frozenset(small),
    )  # fmt: skip


def shortened(written: str, context: Context) -> KnownNames | None:
    """What a newsroom's short form means: "Qld", or "SA" in South Africa."""
    if context.language != "en" or len(written) > _SHORT_CHARS:
        return None
    bare = written.removesuffix(".")
    for country in ("anywhere", context.home, *sorted(context.countries)):
        name = abbreviations().get(country, _NONE).get(bare)
        if name is not None:
            known = context.aliases.find(key_of(name))
            return known or KnownNames(f"place:{slug(key_of(name))}", name, "place")
    return None


def placed(one: Named, city: City, context: Context) -> Named:
    """The mention as this city."""
    return replace(one, kind="place", known=known_city(city, context.aliases))


def known_region(name: str, context: Context) -> KnownNames:
    """A region as the table knows it, else by its own name."""
    known = context.aliases.find(key_of(name))
    if known is not None and known.kind == "place":
        return known
    return KnownNames(f"place:{slug(key_of(name))}", name, "place")


def known_body(key: tuple[str, ...], context: Context) -> KnownNames | None:
    """A body that is known in the article's language, as the table has it, else by its own name."""
    name = organisations(context.language).get(key)
    if name is None:
        return None
    known = context.aliases.find(key_of(name))
    if known is not None:
        return known if known.kind == "organisation" else None
    return KnownNames(f"org:{slug(organisation_key(key_of(name)))}", name, "organisation")


def known_city(city: City, aliases: Aliases) -> KnownNames:
    """A city as the table knows it, a capital as its country; else by its own name."""
    known = aliases.find(key_of(city.name))
    if known is not None and known.kind == "place":
        return known
    return KnownNames(f"place:{slug(key_of(city.name))}", city.name, "place")


def word_before(field: FieldText, one: Named) -> str:
    """The word before a mention, "" where a mark stands between; "the" is passed over."""
    at = one.first - 1
    if at > 0 and field.tokens[at].folded == "the" and beside(field, at):
        at -= 1
    return field.tokens[at].text.lower() if at >= 0 and beside(field, at) else ""


def beside(field: FieldText, at: int, *, apostrophe: bool = False) -> bool:
    """Whether only a blank, or if so asked an apostrophe, stands between this word and the next."""
    if at + 1 >= len(field.tokens):
        return False
    between = field.text[field.tokens[at].end : field.tokens[at + 1].start]
    return between in {" ", "\u00a0"} or (apostrophe and between in {"'", "’"})


def beside_or_hyphen(field: FieldText, at: int) -> bool:
    """Whether a blank, hyphen or apostrophe alone stands between this word and the next."""
    between = field.text[field.tokens[at].end : field.tokens[at + 1].start]
    return between in {" ", "-", "'", "’", "\u00a0"}


def speaks_of_company(field: FieldText, one: Named) -> bool:
    """Whether a stake or a belief stands before "in"."""
    at = one.first - 2
    return at >= 0 and field.tokens[at].folded in WORDS.not_places_in


def opens_sentence(field: FieldText, at: int) -> bool:
    """Whether a sentence, a quotation or the field begins with this word."""
    return at == 0 or bool(
        _SENTENCE_END.search(field.text[field.tokens[at - 1].end : field.tokens[at].start])
    )
