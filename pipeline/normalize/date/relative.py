"""Dates that count from the fetch: "2 hours ago", "gestern", "hace 2 horas", "3시간 전"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from pipeline.languages.template import one_of
from pipeline.normalize.words.vocabulary import DateWords, every
from pipeline.text import fold

if TYPE_CHECKING:
    from dateparser.date import DateData, DateDataParser

# Where a figure touches its unit ("15m ago"), with no word boundary between them.
_TOUCHING = re.compile(r"(?<=\d)(?=[^\W\d_])")
# Some pages show no more than this: "5 min", "2h", "3 hrs".
_BARE = re.compile(r"^(\d{1,2})\s?([^\W\d_]+)\.?$")
_SECONDS = (("second", 1), ("minute", 60), ("hour", 3600), ("day", 86400), ("week", 604800))
_CLOCK = re.compile(r"(?<![\d:+-])(\d{1,2})[.:hH](\d{2})(?!\d)")
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20|21)\d{2}(?!\d)")
# A longer text in a date field is a sentence, not a relative date.
_MOST_CHARS = 40
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class RelativeTime:
    """A parsed date.

    Attributes:
        time: In UTC.
        exact: Whether a time of day was given.
        zoned: Whether the date said how far from UTC it is, or counts from the fetch.
    """

    time: datetime
    exact: bool
    zoned: bool = True


def relative(text: str, fetched: datetime, language: str) -> RelativeTime | None:
    """Reads what counts from the fetch, or None.

    Our own rules read the languages of most feeds; what they do not read, if it is short, goes to dateparser,
    in the article's language and English. dateparser is given the fetch time and told to remember nothing
    between texts, so that the outcome depends on the arguments alone.

    Args:
        text: Of a date field; free text is not to be read for such words.
        fetched: When the item came (UTC).
        language: ISO 639-1.
    """
    plain = fold(text).strip(" .,:;!|·")
    if plain in _words().now:
        return RelativeTime(fetched, exact=True)
    bare = _BARE.match(plain)
    if bare and bare[2] in _words().seconds:
        return _before(fetched, bare[1], bare[2])
    found = _words().ago.search(_TOUCHING.sub(" ", plain))
    if found:
        said = {name[0]: value for name, value in found.groupdict().items() if value}
        return _before(fetched, said.get("n", "1"), said["u"])
    day = _words().day.match(plain)
    if day:
        return _on_day(text, fetched, _words().days[day[1]])
    return _by_library(text, fetched, language)


def counts_from_fetch(text: str) -> bool:
    """Whether a text holds something like "2 hours ago"."""
    return _words().ago.search(_TOUCHING.sub(" ", fold(text))) is not None


class _Words(NamedTuple):
    """What the word files say of dates that count from the fetch; folded.

    Attributes:
        now: What means the fetch itself.
        days: Words for days to how many days ago they were.
        day: Fits such a word at the start.
        seconds: Words for spans to their length.
        ago: Fits "2 hours ago" in each language; its groups begin with n (number) and u (unit).
    """

    now: frozenset[str]
    days: Mapping[str, int]
    day: re.Pattern[str]
    seconds: Mapping[str, int]
    ago: re.Pattern[str]


@cache
def _words() -> _Words:
    spoken = [vocabulary.dates for vocabulary in every().values()]
    days = {
        fold(word): number
        for dates in spoken
        for number, words in enumerate((dates.today, dates.yesterday, dates.day_before_yesterday))
        for word in words
    }
    seconds = {
        fold(word): length
        for dates in spoken
        for unit, length in _SECONDS
        for word in getattr(dates.units, unit)
    }
    return _Words(
        now=frozenset(fold(phrase) for dates in spoken for phrase in dates.now),
        days=days,
        day=re.compile(rf"({one_of(days)})(?!\w)"),
        seconds=seconds,
        ago=re.compile("|".join(_ago_patterns(spoken))),
    )


def _ago_patterns(spoken: Iterable[DateWords]) -> Iterator[str]:
    """A pattern for each phrase such as "{number} {unit} ago" in each language; no number stands for one."""
    for place, dates in enumerate(spoken):
        units = one_of(fold(word) for unit, _ in _SECONDS for word in getattr(dates.units, unit))
        number = rf"(?:(?P<n{place}_{{0}}>\d{{{{1,3}}}}|{one_of(map(fold, dates.one))})\s+)?"
        for turn, phrase in enumerate(dates.ago):
            pattern = re.escape(fold(phrase)).replace(r"\ ", r"\s+")
            pattern = pattern.replace(r"\{number\}\s+", number.format(turn))
            yield r"\b" + pattern.replace(r"\{unit\}", rf"(?P<u{place}_{turn}>{units})\.?") + r"(?!\w)"


def _before(fetched: datetime, number: str, unit: str) -> RelativeTime:
    count = int(number) if number.isdigit() else 1
    seconds = _words().seconds[unit]
    return RelativeTime(fetched - timedelta(seconds=count * seconds), exact=seconds < 86400)


def _on_day(text: str, fetched: datetime, days: int) -> RelativeTime:
    day = (fetched - timedelta(days=days)).date()
    clock = _CLOCK.search(text)
    hour, minute = (int(clock[1]), int(clock[2])) if clock else (0, 0)
    if clock and re.search(r"\bp\.?m\b", text, re.IGNORECASE) and hour < 12:
        hour += 12
    return RelativeTime(
        datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC), exact=clock is not None
    )


def _by_library(text: str, fetched: datetime, language: str) -> RelativeTime | None:
    if len(text) > _MOST_CHARS or _YEAR.search(text):
        return None
    read = _asked(text, fetched, language, ("relative-time",))
    if read is None or (time := read.date_obj.replace(tzinfo=UTC)) > fetched:
        return None
    if read.period == "time":
        return RelativeTime(time, exact=True)
    return RelativeTime(time.replace(hour=0, minute=0, second=0), exact=False)


def by_library(text: str, fetched: datetime, language: str) -> RelativeTime | None:
    """A date with day, month and year in one of dateparser's 200 languages, where our own rules read none."""
    if not _YEAR.search(text):
        return None
    read = _asked(text, fetched, language, ("absolute-time",))
    if read is None or read.period not in {"day", "time"}:
        return None
    return RelativeTime(read.date_obj.replace(tzinfo=UTC, microsecond=0), read.period == "time", zoned=False)


def _asked(text: str, fetched: datetime, language: str, parsers: tuple[str, ...]) -> DateData | None:
    base = fetched.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    read = _reader(language, base, parsers).get_date_data(text)
    return None if read is None or read.date_obj is None or read.date_obj > base + _A_DAY else read


@cache
def _known(language: str) -> tuple[str, ...]:
    from dateparser.data.languages_info import language_order

    return tuple(dict.fromkeys(name for name in (language, "en") if name in language_order))


def _reader(language: str, base: datetime, parsers: tuple[str, ...]) -> DateDataParser:
    # Some 200 ms to import, and few feeds need it.
    from dateparser.date import DateDataParser

    return DateDataParser(
        languages=list(_known(language)),
        try_previous_locales=False,
        settings={
            "RELATIVE_BASE": base,
            "PARSERS": list(parsers),
            "REQUIRE_PARTS": ["day", "month", "year"] if parsers == ("absolute-time",) else [],
            "TIMEZONE": "UTC",
            "RETURN_AS_TIMEZONE_AWARE": False,
            "RETURN_TIME_AS_PERIOD": True,
        },
    )
