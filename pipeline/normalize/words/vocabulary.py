"""What a language's word file holds. `docs/add-a-language.md` says it for speakers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from pipeline.languages.word_file import WordFile, read

_HERE: Final = Path(__file__).parent
# Codes of ISO 639-1, English first: where a word means two things, the earlier language is asked first.
LANGUAGES: Final = tuple(
    sorted((path.stem for path in _HERE.glob("*.yaml")), key=lambda language: (language != "en", language))
)

Words = tuple[str, ...]


class Units(WordFile):
    """Words for spans of time."""

    second: Words
    minute: Words
    hour: Words
    day: Words
    week: Words


class DateWords(WordFile):
    """How dates are written, beside the names of months and weekdays, which CLDR has."""

    months: Mapping[int, Words]
    lead: Words
    filler: Words
    now: Words
    today: Words
    yesterday: Words
    day_before_yesterday: Words
    ago: Words
    one: Words
    units: Units
    eras: Mapping[str, int]
    persian_months: Mapping[int, Words]


class Vocabulary(WordFile):
    """All of a language's file."""

    dates: DateWords


@cache
def vocabulary(language: str) -> Vocabulary | None:
    """The words of a language (ISO 639-1), or None where nobody has written them down.

    Raises:
        ConfigError: The file is damaged.
    """
    path = _HERE / f"{language}.yaml"
    return read(path, Vocabulary) if language in LANGUAGES else None


@cache
def every() -> Mapping[str, Vocabulary]:
    """The words of all languages, by code."""
    return {language: read(_HERE / f"{language}.yaml", Vocabulary) for language in LANGUAGES}
