"""Months, weekdays, eras and what else is written in dates, in the languages of the word files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from pipeline.languages import calendar_names
from pipeline.languages.calendar_names import bare, names_as_written
from pipeline.languages.template import one_of
from pipeline.languages.word_file import WordFile, read
from pipeline.normalize.date.zones import LETTERS
from pipeline.normalize.words.vocabulary import LANGUAGES, every, vocabulary
from pipeline.text import EAST_ASIAN, fold


class _EastAsianSigns(WordFile):
    year: tuple[str, ...]
    month: tuple[str, ...]
    day: tuple[str, ...]
    hour: tuple[str, ...]
    minute: tuple[str, ...]
    second: tuple[str, ...]
    no_clock: tuple[str, ...]


class _Endings(WordFile):
    hours: tuple[str, ...]
    clocks: tuple[str, ...]
    days: tuple[str, ...]
    bare_days: tuple[str, ...]
    years: tuple[str, ...]
    zones: frozenset[str]
    everyday_zones: frozenset[str]
    languages_first: tuple[str, ...]
    east_asian: _EastAsianSigns
    first_year: str
    persian_month: str


ENDINGS: Final = read(Path(__file__).with_name("endings.yaml"), _Endings)


def months_of(language: str) -> Mapping[str, int]:
    """The folded names of months in a language, CLDR's and those of its word file."""
    return _months(language if language in LANGUAGES else "", language)


@cache
def _months(known: str, language: str) -> Mapping[str, int]:
    spoken = vocabulary(known)
    ours = spoken.dates.months if spoken else {}
    return dict(calendar_names.months(language)) | {
        bare(name): number for number, names in ours.items() for name in names
    }


@cache
def all_months() -> Mapping[str, int]:
    """The names of months of all languages with a word file; of two meanings that of more outlets."""
    found: dict[str, int] = {}
    for language in (*ENDINGS.languages_first, *LANGUAGES):
        for name, number in months_of(language).items():
            if len(name) > 2:
                found.setdefault(name, number)
    return found


@cache
def all_weekdays() -> frozenset[str]:
    """The folded names of weekdays in all languages that have a word file."""
    return frozenset(name for language in LANGUAGES for name in calendar_names.weekdays(language))


@cache
def english_months() -> tuple[str, ...]:
    """The full names of months in English, by number; the first, for none, is ""."""
    written = sorted((name for name in months_of("en") if name.isascii()), key=len)
    full = {months_of("en")[name]: name.capitalize() for name in written}
    return ("", *(full[number] for number in range(1, 13)))


@cache
def east_asian_day() -> str:
    """A pattern for a weekday in Chinese, Japanese or Korean: in full, or one sign in brackets."""
    names = {
        language: {*calendar_names.weekdays(language), *every()[language].dates.filler}
        for language in EAST_ASIAN
    }
    signs = {name for name in names["ja"] | names["ko"] if len(name) == 1} | {
        name[-1] for name in names["zh"]
    }
    full = {name for found in names.values() for name in found if len(name) > 1}
    return rf"[(（]?(?:{one_of(full)}|(?<=[(（]){one_of(signs)}(?=[)）]))[)）]?"


@cache
def persian_months() -> Mapping[str, int]:
    """The folded names of months of the Persian solar calendar."""
    return {
        fold(name): number
        for spoken in every().values()
        for number, names in spoken.dates.persian_months.items()
        for name in names
    }


@cache
def eras() -> Mapping[str, int]:
    """Names of eras, with the number that turns their years into ours."""
    return {name: years for spoken in every().values() for name, years in spoken.dates.eras.items()}


@cache
def half_days(language: str) -> Mapping[str, int]:
    """Words beside a time of day → hours they add: the language's, and all that are not in Latin letters."""
    words: dict[str, int] = {}
    for code, spoken in every().items():
        dates = spoken.dates
        for word, hours in (*((w, 0) for w in dates.before_noon), *((w, 12) for w in dates.after_noon)):
            if code == language or (len(word) > 1 and max(word) > "\u024f"):
                words.setdefault(word, hours)
    return words


@cache
def fillers() -> frozenset[str]:
    """Folded words within dates that say nothing about when."""
    return frozenset(fold(word) for spoken in every().values() for word in spoken.dates.filler)


@cache
def leads() -> tuple[str, ...]:
    """Words that stand before a date, as written and folded."""
    words = [word for spoken in every().values() for word in spoken.dates.lead]
    return tuple(dict.fromkeys([*words, *map(fold, words)]))


@cache
def date_word() -> str:
    """A pattern for a word of a date as it is written (month, weekday, zone, "today"), whatever its case."""
    days = {word for spoken in every().values() for word in (*spoken.dates.today, *spoken.dates.yesterday)}
    letters = {name for name in LETTERS if len(name) > 1} - ENDINGS.everyday_zones
    ours = {name for spoken in every().values() for names in spoken.dates.months.values() for name in names}
    names = {name for name in names_as_written(LANGUAGES) if len(name) > 1}
    return one_of(names | letters | days | ours | ENDINGS.zones)
