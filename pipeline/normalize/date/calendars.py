"""Years of other calendars (Buddhist, Persian, of a reign), and times of day as "午後3時" and "3:30 μ.μ."."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

import jdatetime

from pipeline.languages.template import one_of
from pipeline.normalize.date.date_words import ENDINGS, eras, half_days, persian_months
from pipeline.text import fold

# Thai and other Buddhist years; no date of news is that far ahead.
_BUDDHIST = re.compile(r"(?<!\d)(2[4-6]\d\d)(?!\d)")
_BUDDHIST_YEARS = 543
# Their last two figures, behind a month.
_BUDDHIST_SHORT = re.compile(
    r"(?:(?<=[\u0e00-\u0e7f]\.)|(?<=[\u0e00-\u0e7f])|(?<=\d[/-]))(\s?)([5-9]\d)(?![\d:.])"
)
_PERSIAN_YEAR = r"(?<!\d)(1[34]\d\d)(?!\d)"
_PERSIAN_NUMBERS = re.compile(rf"{_PERSIAN_YEAR}\s?[/.-]\s?(\d{{1,2}})\s?[/.-]\s?(\d{{1,2}})(?!\d)")
_SIGNS = ENDINGS.east_asian
_EAST_ASIAN_CLOCK = re.compile(
    rf"\s?(\d{{1,2}})\s?{one_of(_SIGNS.hour)}(?!{one_of(_SIGNS.no_clock)})"
    rf"(?:\s?(\d{{1,2}})\s?{one_of(_SIGNS.minute)})?(?:\s?(\d{{1,2}})\s?{one_of(_SIGNS.second)})?"
)
# From here on letters are of Chinese, Japanese and Korean, which put no blanks between such words.
_NO_BLANKS = "\u2e80"
# Their words for half days have Latin letters.
_LATIN_HALVES = frozenset({"vi", "hu", "tr"})
_DIGIT = re.compile(r"[^\W\d_]|\d")


def western(text: str, language: str) -> str:
    """A date with its digits and year as the West writes them; other text stays as it is.

    >>> western("18 มีนาคม 2569", "th"), western("令和8年3月18日", "ja"), western("۲۷ اسفند ۱۴۰۴", "fa")
    ('18 มีนาคม 2026', '2026年3月18日', '2026-03-18 ')
    >>> western("3:30 μ.μ.", "el"), western("午後3時5分", "ja").strip()
    ('15:30', '15:05')
    """
    if not text.isascii():
        text = "".join(_plain_digit(char) for char in text)
        text = _era().sub(_of_era, text)
        text = _persian_date(text)
    if language in {"fa", "ps", "ckb", "ku"}:
        text = _PERSIAN_NUMBERS.sub(lambda m: _from_persian(int(m[1]), int(m[2]), int(m[3])) or m[0], text)
    if language == "th":
        text = _BUDDHIST_SHORT.sub(lambda m: f"{m[1]}25{m[2]}", text)
    text = _BUDDHIST.sub(lambda found: str(int(found[1]) - _BUDDHIST_YEARS), text)
    return text if text.isascii() and language not in _LATIN_HALVES else _clock(text, language)


def _clock(text: str, language: str) -> str:
    """Times of day in figures of 24 hours."""
    text = _EAST_ASIAN_CLOCK.sub(
        lambda m: f" {m[1]}:{int(m[2] or 0):02d}" + (f":{int(m[3]):02d}" if m[3] else "") + " ", text
    )
    words = half_days(language)
    if not words:
        return text
    return _half_day(language).sub(lambda m: _in_24_hours(m, words), text)


@cache
def _half_day(language: str) -> re.Pattern[str]:
    apart = [word for word in half_days(language) if max(word) < _NO_BLANKS]
    joined = [word for word in half_days(language) if max(word) >= _NO_BLANKS]
    word = rf"((?<![^\W\d_]){one_of(apart)}(?![^\W\d_])|{one_of(joined)})"
    hour, minute, end = r"(?<![\d:./-])(\d{1,2})", r"[:.](\d{2})(:\d{2})?", r"(?![\d:])"
    return re.compile(rf"{word}\s*{hour}(?:{minute})?{end}|{hour}{minute}{end}\s*{word}")


def _in_24_hours(found: re.Match[str], words: Mapping[str, int]) -> str:
    before, after = found.groups()[:4], found.groups()[4:]
    word, hour, minute, second = before if before[0] else (after[3], *after[:3])
    count = int(hour)
    if count <= 12:
        count = count % 12 + words[word]
    return f"{count}:{minute or '00'}{second or ''}"


def _plain_digit(char: str) -> str:
    return char if char.isascii() or not char.isdecimal() else str(unicodedata.decimal(char))


@cache
def _era() -> re.Pattern[str]:
    return re.compile(rf"({one_of(eras())})\s?(\d{{1,4}}|{ENDINGS.first_year})")


def _of_era(found: re.Match[str]) -> str:
    year = 1 if found[2] == ENDINGS.first_year else int(found[2])
    return str(year + eras()[found[1]])


@cache
def _persian_named() -> re.Pattern[str]:
    month = rf"({one_of(persian_months())})(?:\s+{ENDINGS.persian_month})?"
    return re.compile(rf"(?<!\d)(\d{{1,2}})\s+{month}،?\s+{_PERSIAN_YEAR}")


def _persian_date(text: str) -> str:
    folded = fold(text)
    found = _persian_named().search(folded)
    if found is None:
        return text
    date = _from_persian(int(found[3]), persian_months()[found[2]], int(found[1]))
    return (folded[: found.start()] + f"{date} " + folded[found.end() :]) if date else text


def _from_persian(year: int, month: int, day: int) -> str:
    try:
        return str(jdatetime.date(year, month, day).togregorian().isoformat())
    except ValueError:
        return ""
