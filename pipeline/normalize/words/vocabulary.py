"""What a language's word file holds; `docs/add-a-language.md` explains it to speakers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator

from pipeline.languages.template import pattern_of
from pipeline.languages.word_file import WordFile, read

_HERE: Final = Path(__file__).parent
# The file of what is the same in every language, under the ISO 639 code for an undetermined one.
NO_LANGUAGE: Final = "und"
# Codes of ISO 639-1, English first: where a word means two things, the earlier language is asked first.
LANGUAGES: Final = tuple(
    sorted(
        {path.stem for path in _HERE.glob("*.yaml")} - {NO_LANGUAGE}, key=lambda code: (code != "en", code)
    )
)

Words = tuple[str, ...]


def _readable(phrase: str) -> str:
    pattern_of(phrase)
    return phrase


Phrases = tuple[Annotated[str, AfterValidator(_readable)], ...]


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
    before_noon: Words
    after_noon: Words
    eras: Mapping[str, int]
    persian_months: Mapping[int, Words]


class LineEnds(WordFile):
    """Phrases that are glued to the end of a paragraph, by what they are."""

    comments: Phrases
    syndication: Phrases
    read_more: Phrases
    follow: Phrases
    newsletter: Phrases
    copyright: Phrases
    photo_credit: Phrases
    share: Phrases


class LineWords(WordFile):
    """Lines that are no part of an article, by what they are."""

    comments: Phrases
    share: Phrases
    cookies: Phrases
    newsletter: Phrases
    read_more: Phrases
    syndication: Phrases
    photo_credit: Phrases
    copyright: Phrases
    advertisement: Phrases
    player: Phrases
    follow: Phrases
    appeal: Phrases
    tags: Phrases
    list_heads: Phrases
    ends: LineEnds
    share_words: Words
    share_core: Words


class Vocabulary(WordFile):
    """All of a language's file."""

    dates: DateWords
    lines: LineWords
    wall: Phrases


@cache
def vocabulary(language: str) -> Vocabulary | None:
    """The words of a language (ISO 639-1, or "und"), or None where nobody has written them down.

    Raises:
        ConfigError: The file is damaged.
    """
    path = _HERE / f"{language}.yaml"
    return read(path, Vocabulary) if language in {*LANGUAGES, NO_LANGUAGE} else None


@cache
def every() -> Mapping[str, Vocabulary]:
    """The words of all languages, by code."""
    return {language: read(_HERE / f"{language}.yaml", Vocabulary) for language in LANGUAGES}
