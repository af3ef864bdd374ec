"""Cities of GeoNames, countries of CLDR, and given names: what a name can be, whatever a model says.

Loaded when first asked, and of other scripts only what is asked for.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.enrich.names.forms import key_of
from pipeline.enrich.names.name_words import NAME_WORDS
from pipeline.languages.calendar_names import country_names
from pipeline.languages.word_file import WordFile, read
from pipeline.text import STEMMED, fold, stem

_HERE: Final = Path(__file__).parent
# Another place of the same name is no rival when it has at most a third of the people.
_RIVAL: Final = 3
# Names of two signs are parts of other words in scripts without spaces: 大同 is a city and "the great unity".
_SHORT_NAME_PEOPLE: Final = 1_000_000
# Letters that a name has at least, in scripts whose signs are letters.
_LETTERS: Final = 3
# The scripts that languages are written in: the first and the last letter of their Unicode blocks.
_BLOCKS: Final[Mapping[str, tuple[str, str]]] = {
    "han": ("\u3400", "\u9fff"),
    "kana": ("\u30a0", "\u30ff"),
    "hangul": ("\uac00", "\ud7a3"),
    "arabic": ("\u0600", "\u06ff"),
    "cyrillic": ("\u0400", "\u052f"),
    "devanagari": ("\u0900", "\u097f"),
    "hebrew": ("\u0590", "\u05ff"),
    "greek": ("\u0370", "\u03ff"),
}
_SCRIPTS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "zh": ("han",), "ja": ("han", "kana"), "ko": ("hangul",), "ar": ("arabic",), "fa": ("arabic",),
    "ur": ("arabic",), "ru": ("cyrillic",), "uk": ("cyrillic",), "bg": ("cyrillic",), "sr": ("cyrillic",),
    "hi": ("devanagari",), "he": ("hebrew",), "el": ("greek",),
}  # fmt: skip


class City(NamedTuple):
    """A city: its GeoNames id, country (ISO 3166-1), place (degrees), people, and name.

    Attributes:
        alone: Whether no other city of this name comes near it in size.
    """

    geonames: int
    country: str
    latitude: float
    longitude: float
    population: int
    name: str
    alone: bool = True


class Country(NamedTuple):
    """A country: its GeoNames id, its middle (degrees), its Wikidata id; None and "" for a few islands."""

    geonames: int
    at: tuple[float, float] | None
    wikidata: str


class Gazetteer:
    """Names of cities in Latin letters, and of cities and countries in one language's script.

    Args:
        lines: Rows of `cities.tsv.gz`, the largest city first.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._folded = fold_lines(lines)
        self._latin: dict[str, int] = {}
        self._rivals: dict[str, tuple[int, ...]] = {}
        self._longest: dict[str, int] = {}
        for name in regions():
            self._begin(name)
        for row, folded in enumerate(self._folded):
            for number, name in enumerate(folded.rpartition("\t")[2].split("|")):
                if name.isascii() or number == 0 or name[0] < "\u0370":
                    self._add(name if name.isalpha() else " ".join(key_of(name)), row, first=number == 0)
        del self._folded

    def _add(self, key: str, row: int, *, first: bool) -> None:
        known = self._latin.get(key)
        if known is None:
            if key:
                self._latin[key] = row
                self._begin(key)
        elif first and known != row:
            self._rivals[key] = (*self._rivals.get(key, ()), row)

    def _begin(self, key: str) -> None:
        word, blank, _ = key.partition(" ")
        if blank:
            self._longest[word] = max(self._longest.get(word, 0), key.count(" ") + 1)

    def city(self, key: Sequence[str], countries: frozenset[str] = frozenset()) -> City | None:
        """The city of this folded name in Latin letters.

        Args:
            key: Its folded words.
            countries: Countries that the text names: of several cities of one name, the one that lies there.
        """
        name = " ".join(key)
        row = self._latin.get(name)
        if row is None:
            return None
        rows = (row, *self._rivals.get(name, ()))
        if len(rows) == 1:
            return self._at(row)
        cities = [self._at(each) for each in rows]
        there = [each for each in cities if each.country in countries]
        if there:
            return there[0]
        alone = cities[0].population >= _RIVAL * cities[1].population
        return cities[0]._replace(alone=alone)

    def longest_from(self, word: str) -> int:
        """How many words the longest name has that begins with this one; 0 for none."""
        return self._longest.get(word, 0) or int(word in self._latin or word in regions())

    def _at(self, row: int) -> City:
        id_, country, latitude, longitude, population, names = self._lines[row].split("\t", 5)
        return City(
            int(id_), country, float(latitude), float(longitude), int(population), names.partition("|")[0]
        )

    def in_language(self, language: str) -> Mapping[str, City | str]:
        """Names of cities in a language's own script, and of countries in it: to a city, or a country's code.

        Keys are folded words with a blank between. They are stems where the language has a stemmer and a
        script of its own, except in Arabic, so that "Японии" is found.
        """
        return _in_language(self, language)

    def written_in(self, script: str) -> Iterator[tuple[str, City]]:
        """All names of one script with their cities."""
        low, high = _BLOCKS[script]
        for row, line in enumerate(self._lines):
            city = None
            for name in line.rpartition("\t")[2].split("|"):
                if low <= name[0] <= high:
                    city = city or self._at(row)
                    yield name, city


def fold_lines(lines: Sequence[str]) -> list[str]:
    """Rows with folded names: all at once, which is quicker than one by one."""
    return [line if line.isascii() and line.islower() else _folded_names(line) for line in lines]


def _folded_names(line: str) -> str:
    names = line.rpartition("\t")[2]
    return "\t" + (names.lower() if names.isascii() else fold.__wrapped__(names))


@cache
def _in_language(gazetteer: Gazetteer, language: str) -> Mapping[str, City | str]:
    named: dict[str, City | str] = {}
    stemmed = language in STEMMED and language in _SCRIPTS_OF and language != "ar"
    for name, code in country_names(language).items():
        named.setdefault(_own_key(name, language, stemmed=stemmed), code)
    for script in _SCRIPTS_OF.get(language, ()):
        for name, city in gazetteer.written_in(script):
            short = len(name) < _LETTERS and script != "hangul"
            if short and (script != "han" or city.population < _SHORT_NAME_PEOPLE):
                continue
            named.setdefault(_own_key(name, language, stemmed=stemmed), city)
    named.pop("", None)
    return named


def _own_key(name: str, language: str, *, stemmed: bool) -> str:
    words = key_of(name)
    return " ".join(stem(word, language) for word in words) if stemmed else " ".join(words)


@cache
def gazetteer() -> Gazetteer:
    """The gazetteer that is shipped."""
    return Gazetteer(_packed("cities.tsv.gz"))


@cache
def countries() -> Mapping[str, Country]:
    """Countries by their codes (ISO 3166-1)."""
    rows = (line.split("\t") for line in _packed("countries.tsv.gz"))
    return {
        code: Country(int(id_), (float(latitude), float(longitude)) if latitude else None, wikidata)
        for code, id_, latitude, longitude, wikidata in rows
    }


@cache
def given_names() -> frozenset[str]:
    """Given names of many people and languages, folded."""
    return frozenset(_packed("given_names.txt.gz")) | frozenset(map(fold, NAME_WORDS.given_more))


class RegionsFile(WordFile):
    """`regions.yaml`."""

    regions: Mapping[str, tuple[str, ...]]


class AbbreviationsFile(WordFile):
    """`abbreviations.yaml`."""

    abbreviations: Mapping[str, Mapping[str, tuple[str, ...]]]


class OrganisationsFile(WordFile):
    """`organisations.yaml`: by language, or "everywhere", names with their other spellings."""

    organisations: Mapping[str, Mapping[str, tuple[str, ...]]]


@cache
def organisations(language: str) -> Mapping[tuple[str, ...], str]:
    """Folded words of bodies that are known in a language, to the name that each goes by."""
    listed = read(_HERE / "organisations.yaml", OrganisationsFile).organisations
    rows = {**listed["everywhere"], **listed.get(language, {})}
    return {key_of(written): name for name, others in rows.items() for written in (name, *others)}


@cache
def organisation_beginnings(language: str) -> Mapping[str, int]:
    """The first words of those names, and of how many words the longest is that begins so."""
    longest: dict[str, int] = {}
    for key in organisations(language):
        longest[key[0]] = max(longest.get(key[0], 0), len(key))
    return longest


@cache
def abbreviations() -> Mapping[str, Mapping[str, str]]:
    """Short forms as newsrooms write them, to full names, for each country and "anywhere"."""
    listed = read(_HERE / "abbreviations.yaml", AbbreviationsFile).abbreviations
    return {
        country: {short: name for name, shorts in rows.items() for short in shorts}
        for country, rows in listed.items()
    }


@cache
def regions() -> Mapping[str, str]:
    """Folded names of provinces, regions, seas and rivers, to the name that each goes by."""
    listed = read(_HERE / "regions.yaml", RegionsFile).regions
    known = {name: name for name in _packed("provinces.txt.gz")} | {
        written: name for name, others in listed.items() for written in (name, *others)
    }
    return {" ".join(key_of(written)): name for written, name in known.items()}


def _packed(name: str) -> list[str]:
    return gzip.decompress((_HERE / name).read_bytes()).decode().splitlines()
