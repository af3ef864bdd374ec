"""Names of months, weekdays and countries in every language of CLDR. The only file that imports Babel.

It imports Babel when it is first asked: the desk and the alerts load this file, but never ask.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.languages.word_file import WordFile, read
from pipeline.text import fold

# "1月" and "M01" are figures, not names.
_FIGURES = re.compile(r"\d|^m\d\d$")
# Norwegian is several files of CLDR, and Tagalog is there under Filipino.
_FILES = {"no": ("no", "nb", "nn"), "tl": ("fil",)}


class CountryNames(WordFile):
    """Names of countries by language and code."""

    names: Mapping[str, Mapping[str, tuple[str, ...]]]


@cache
def _common_names() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    return read(Path(__file__).with_name("country_names.yaml"), CountryNames).names


@cache
def months(language: str) -> Mapping[str, int]:
    """The folded names of months in a language, long and short, to their numbers; {} for unknown languages.

    Forms of all its countries are in it: Arabic has "مارس" and "آذار". Abbreviations are without full stops.

    >>> months("pl")["marca"], months("th")["ม.ค"], months("xx")
    (3, 1, {})
    """
    return {bare(name): number for number, name in _names(language, "months") if not _FIGURES.search(name)}


@cache
def weekdays(language: str) -> Mapping[str, int]:
    """The folded names of weekdays in a language, long and short, to their numbers from 0 for Monday.

    >>> weekdays("es")["martes"]
    1
    """
    return {bare(name): number for number, name in _names(language, "days")}


def names_as_written(languages: Iterable[str]) -> frozenset[str]:
    """All names of months and weekdays in some languages as they are written, without full stops."""
    return frozenset(
        name.rstrip(".")
        for language in languages
        for kind in ("months", "days")
        for _, name in _names(language, kind)
        if not _FIGURES.search(name)
    )


def bare(name: str) -> str:
    """A name as it is looked up: folded, without a full stop at its end."""
    return fold(name).rstrip(".॰׳'")


@cache
def is_language(code: str) -> bool:
    """Whether two letters are a language's code of ISO 639-1; "us", "cz" and "jp" are countries.

    >>> [is_language(code) for code in ("uk", "ua", "ja", "jp", "en")]
    [True, False, True, False, True]
    """
    return len(code) == 2 and code in _english_names("languages")


@cache
def current_code(code: str) -> str:
    """The ISO 639-1 code for a language code, which may have three letters or be a former one; else "".

    >>> [current_code(code) for code in ("de", "deu", "in", "us", "tok")]
    ['de', 'de', 'id', '', '']
    """
    found = str(_table("language_aliases").get(code, code))
    return found if is_language(found) else ""


@cache
def is_country(code: str) -> bool:
    """Whether two capitals are a country's code of ISO 3166."""
    return len(code) == 2 and code in _english_names("territories")


@cache
def language_of(country: str) -> str:
    """The language that most people of a country speak, or "".

    >>> language_of("CZ"), language_of("JP")
    ('cs', 'ja')
    """
    likely = str(_table("likely_subtags").get(f"und_{country}", "")).partition("_")[0]
    return likely if is_language(likely) else ""


def _table(name: str) -> Mapping[str, Any]:
    """One of the tables that CLDR has for all languages together."""
    from babel.core import get_global

    return get_global(name)  # type: ignore[arg-type]  # its literal types name every table


@cache
def zones_of(country: str) -> tuple[str, ...]:
    """The time zones of a country by their names of IANA."""
    return tuple(_table("territory_zones").get(country, ()))


def _names(language: str, kind: str) -> Iterator[tuple[int, str]]:
    """Number and name as CLDR has them, those of the language itself before those of its countries."""
    for data in _files(language):
        for style in data.get(kind, {}).values():
            if isinstance(style, dict):
                for width in ("wide", "abbreviated"):
                    names = style.get(width)
                    if isinstance(names, dict):
                        yield from ((int(number), str(name)) for number, name in names.items())


@cache
def _files(language: str) -> tuple[dict[str, Any], ...]:
    """The files of a language and its countries.

    As they are, without what Babel makes of names that a language does not have: `Locale.months` gives
    Swahili the stand-alone names of whatever language was asked before (2.18).
    """
    from babel.localedata import locale_identifiers

    bases = _FILES.get(language, (language,))
    found = sorted(name for name in locale_identifiers() if name.split("_")[0] in bases)
    return tuple(data for name in found if (data := _file(name)))


@cache
def _file(name: str) -> dict[str, Any]:
    from babel.localedata import resolve_locale_filename

    content = Path(resolve_locale_filename(name)).read_bytes()
    if b"months" not in content:  # most countries write the same names; unpickling them all takes a second
        return {}
    return dict(pickle.loads(content))  # noqa: S301  # the library's own data, as the library reads it


def _english_names(kind: str) -> Mapping[str, str]:
    return dict(_file("en")[kind])


def country_names(language: str) -> dict[str, str]:
    """Names of countries and territories in a language, to their codes (ISO 3166-1).

    >>> country_names("de")["Großbritannien"], country_names("de")["Vereinigtes Königreich"]
    ('GB', 'GB')
    """
    from babel import Locale, UnknownLocaleError

    try:
        territories = Locale(language).territories
    except (UnknownLocaleError, ValueError):
        return {}
    more = _common_names().get(language, {})
    return {name: code for code, names in more.items() for name in names} | {
        name: code for code, name in territories.items() if len(code) == 2 and code.isalpha()
    }
