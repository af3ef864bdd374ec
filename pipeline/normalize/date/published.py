"""When an article was published: from what the source, the page, the text and the URL say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from functools import cache
from typing import NamedTuple

from dateutil import parser as dateutil_parser

from pipeline.languages.template import one_of
from pipeline.normalize.date.calendars import western
from pipeline.normalize.date.date_words import (
    ENDINGS,
    all_months,
    all_weekdays,
    east_asian_day,
    english_months,
    fillers,
    leads,
    months_of,
)
from pipeline.normalize.date.habits import clock_zone, day_first, written_zone
from pipeline.normalize.date.relative import RelativeTime, by_library, relative
from pipeline.normalize.date.zones import LETTERS, named_zone, only_zone, zone_letters
from pipeline.records import DateSource
from pipeline.text import fold

_RFC = re.compile(r"^(?:[A-Za-z]{3,9}\.?,?\s+)?\d{1,2}\s+[A-Za-z]{3,9}\.?,?\s+\d{2,4}\s+\d{1,2}:\d{2}")
_ISO = re.compile(r"^\d{4}-\d{1,2}-\d{1,2}(?:[T ]|$)")
_YEAR_FIRST = re.compile(r"^(\d{4})[/.]\s?(\d{1,2})[/.]\s?(\d{1,2})\b\.?")
_YEAR_AHEAD = re.compile(r"\d{4}\b")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?![\d:])")
_EAST_ASIAN_DAY = re.compile(east_asian_day())
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?)?(Z)?$")
_EPOCH = re.compile(r"^\d{9,10}(?:\.\d+)?$|^\d{12,13}$")
_NUMERIC = re.compile(r"^\D{0,15}(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})\b(.*)$", re.DOTALL)
_LEAD = re.compile(rf"^\W*(?:{one_of(leads())}\b[\s:.,|]*)+", re.IGNORECASE)
_CLOCK_WORD = re.compile(
    r"(?<![\d:+-])(\d{1,2})[.:hH](\d{2})(?:[.:](\d{2}))?(?!\d)(?:\.\d+)?\s*"
    rf"(?:{one_of(ENDINGS.clocks)}\b)?",
    re.IGNORECASE,
)
_CLOCK_PART = re.compile(
    r"^(?:\d{1,2}:\d{2}(?::\d{2})?(?:[ap]\.?m\.?)?|[+-]\d{2}:?\d{2}|[ap]\.?m\.?|\d{1,2}[ap]m|Z)$",
    re.IGNORECASE,
)
_CLOCK_FIRST = re.compile(
    rf"^(\d{{1,2}}[:.hH]\d{{2}}(?::\d{{2}})?(?:\s?[ap]\.?m\.?)?(?:\s?{one_of(ENDINGS.hours)})?)"
    r"[\s,|–-]+(?=\S*\d)(.*)$",
    re.IGNORECASE,
)
_SIGNS = ENDINGS.east_asian
_EAST_ASIAN = re.compile(
    rf"(\d{{4}})\s?{one_of(_SIGNS.year)}\s?(\d{{1,2}})\s?{one_of(_SIGNS.month)}"
    rf"\s?(\d{{1,2}})\s?{one_of(_SIGNS.day)}\s?"
)
_NAMED_OFFSET = re.compile(r"\b(?:GMT|UTC)\s?([+-])(\d{1,2})(?::?(\d{2}))?\b")
# A date that says how far from UTC it is, by figures or by a zone's letters.
_HAS_OFFSET = re.compile(
    r"\d\s?[+-]\d{2}:?\d{2}\s*$|\d\s?Z\s*$|\b(?:"
    + "|".join(name for name in sorted(LETTERS) if len(name) > 1)
    + r")\b"
)
# A zone's letters in capitals behind a time of day; written small, many are words of some language ("cet").
_ZONED_CLOCK = re.compile(
    rf"(?P<clock>\d[:.hH]\d{{2}}(?::\d{{2}})?(?:\s?(?i:[ap]\.?m\b\.?|{one_of(ENDINGS.hours)}\b))?)\s*[,–-]?\s*"
    r"\(?(?P<letters>[^\W\d_]{2,5})\)?(?!\w)"
)
_HOUR_WORD = re.compile(rf"\b(\d{{1,2}})\s*{one_of(ENDINGS.hours)}\b", re.IGNORECASE)
_ORDINAL = re.compile(rf"\b(\d{{1,2}}){one_of(ENDINGS.days)}\b", re.IGNORECASE)
_OF_YEAR = re.compile(rf"\b(\d{{4}}){one_of(ENDINGS.years)}\b")
_WORD = re.compile(r"[^\W\d_]+\.?")
_URL_DATE = re.compile(
    r"(?<!\d)(?P<y>(?:19[89]|20[0-4])\d)(?P<s>[/._-]?)"
    rf"(?P<m>0?[1-9]|1[0-2]|{one_of(name[:3] for name in english_months()[1:])})(?P=s)"
    r"(?P<d>0[1-9]|[12]\d|3[01]|[1-9](?=[/._-]))(?!\d)",
    re.IGNORECASE,
)
_PIECE = re.compile(r"([\s,،|()/–—•·]+|(?<=[^\W\d_])-|-(?=[^\W\d_]))")
_NO_DATE = datetime(1, 1, 1)  # noqa: DTZ001  # dateutil fills what a text leaves open from it
# Clocks differ: what lies this little in the future was published now.
_SKEW = timedelta(minutes=15)
_HALF_DAY = timedelta(hours=12)
# No zone is further from UTC, in seconds.
_MOST_BEHIND = 14 * 3600


@dataclass(frozen=True, slots=True)
class Dated:
    """When an article was published and who says so; `note` names what was found wrong, or ""."""

    published: datetime | None
    source: DateSource
    note: str = ""


class _Context(NamedTuple):
    """A date's surroundings: when it was fetched, the article's language, its outlet's country and order."""

    fetched: datetime
    language: str
    country: str
    day_first: bool | None

    @property
    def letters(self) -> Mapping[str, timezone]:
        """What letters of zones mean there."""
        return zone_letters(self.country)


def parse_date(
    text: str, fetched: datetime, language: str = "", country: str = "", day_first: bool | None = None
) -> RelativeTime | None:
    """Reads a date in any common form; what gives no zone is UTC.

    Args:
        text: As written: RFC 822, ISO 8601, seconds since 1970, "3 février 2015 à 14h05", "2 hours ago".
        fetched: For relative dates, and to choose between day-first and month-first (UTC).
        language: ISO 639-1; decides 03/04/2015 where nothing else does, and which names of months are asked.
        country: ISO 3166; decides between zones of the same letters ("IST").
        day_first: The order of 03/04/2015, where the source's other dates tell it.

    Returns:
        The moment, or None where the text is no date with day, month and year.
    """
    text = " ".join(text.split())[:120]
    context = _Context(fetched, language, country, day_first)
    try:
        if not any(char.isdigit() for char in text):
            return relative(text, fetched, language)
        return _zoned(western(text, language), context)
    except (ValueError, OverflowError, TypeError, AttributeError, IndexError, RecursionError):
        return None


def _zoned(text: str, context: _Context) -> RelativeTime | None:
    """Reads a date that may name its zone as "Europe/Berlin"; an offset beside it prevails."""
    zone, rest = named_zone(text)
    moment = _parse(rest, context)
    if moment is None or zone is None or not moment.exact or _HAS_OFFSET.search(rest):
        return moment
    return RelativeTime(moment.time.replace(tzinfo=zone).astimezone(UTC), exact=True)


def _parse(text: str, context: _Context) -> RelativeTime | None:
    if _EPOCH.match(text):
        number = float(text)
        seconds = int(number / 1000 if number > 1e11 else number)
        return RelativeTime(datetime.fromtimestamp(seconds, UTC), True)
    compact = _COMPACT.match(text)
    if compact:
        digits = [int(part or 0) for part in compact.groups()[:6]]
        year, month, day, hour, minute, second = digits
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        return RelativeTime(moment, compact[4] is not None, zoned=compact[7] is not None)
    text = _NAMED_OFFSET.sub(lambda m: f"{m[1]}{int(m[2]):02d}{m[3] or '00'}", text)
    bare = _LEAD.sub("", text)
    text = bare if _YEAR_AHEAD.match(bare) else text
    text = _EAST_ASIAN_DAY.sub(" ", text).strip()
    text = " ".join(_EAST_ASIAN.sub(r"\1-\2-\3 ", text).split())
    text = _CLOCK_FIRST.sub(r"\2 \1", text)
    text = _YEAR_FIRST.sub(r"\1-\2-\3", text)
    ago = None if _ISO.match(text) else relative(text, context.fetched, context.language)
    # "ma" is today in Hungarian and Monday in Dutch: a year decides.
    if ago is not None and not _YEAR.search(text):
        return ago
    found = _absolute(text, context)
    return ago if found is None else replace(found, zoned=_HAS_OFFSET.search(text) is not None)


def _absolute(text: str, context: _Context) -> RelativeTime | None:
    moment = _iso(text, context) if _ISO.match(text) else None
    if moment is None and _RFC.match(text):
        moment = _rfc(text, context)
    if moment is not None:
        return moment
    bare = _LEAD.sub("", text)
    numeric = _NUMERIC.match(bare)
    if numeric:
        return _numeric(numeric, context)
    return _loose(bare, context) or by_library(text, context.fetched, context.language)


def _utc(moment: datetime) -> datetime:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(microsecond=0)


def _iso(text: str, context: _Context) -> RelativeTime | None:
    text = re.sub(
        r"^(\d{4})-(\d{1,2})-(\d{1,2})\b", lambda m: f"{m[1]}-{int(m[2]):02d}-{int(m[3]):02d}", text
    )
    form = re.sub(r"\s*(?:Z|UTC|GMT)$", "+00:00", re.sub(r"^(\S{10}) ", r"\1T", text))
    form = re.sub(r"\s+([+-]\d{2}:?\d{2})$", r"\1", form)
    form = re.sub(r"(\.\d{6})\d+", r"\1", form)
    try:
        return RelativeTime(_utc(datetime.fromisoformat(form)), len(form) > 10)
    except ValueError:
        pass
    try:
        return RelativeTime(_utc(dateutil_parser.parse(text, tzinfos=context.letters)), ":" in text)
    except (ValueError, OverflowError):
        return None


def _rfc(text: str, context: _Context) -> RelativeTime | None:
    if re.search(r"\b[ap]\.?m\b", text, re.IGNORECASE):
        return None
    name = text.rsplit(" ", 1)[-1].strip("()").upper()
    if name.isalpha() and name in context.letters and name not in {"UT", "GMT", "UTC"}:
        try:
            moment = parsedate_to_datetime(text.rsplit(" ", 1)[0] + " +0000")
        except (ValueError, TypeError):
            return None
        return RelativeTime(_utc(moment.replace(tzinfo=context.letters[name])), True)
    try:
        return RelativeTime(_utc(parsedate_to_datetime(text)), True)
    except (ValueError, TypeError):
        return None


def _numeric(found: re.Match[str], context: _Context) -> RelativeTime | None:
    first, mark, second, year = int(found[1]), found[2], int(found[3]), int(found[4])
    year += (2000 if year < 70 else 1900) if year < 100 else 0
    orders = [(second, first), (first, second)]  # (month, day): day first, then month first
    english = mark == "/" and context.language in {"", "en", "und"}
    if context.day_first is False or (context.day_first is None and english):
        orders.reverse()
    times: list[datetime] = []
    for month, day in orders:
        if 1 <= month <= 12 and 1 <= day <= 31:
            rest = _clock_form(found[5])
            try:
                times.append(
                    _utc(
                        dateutil_parser.parse(
                            f"{year:04d}-{month:02d}-{day:02d} {rest}".strip(), tzinfos=context.letters
                        )
                    )
                )
            except (ValueError, OverflowError):
                continue
    past = [time for time in times if time <= context.fetched + timedelta(days=1)]
    chosen = (past or times)[:1]
    # Of two readings in the past, the one within a week of the fetch is the likely one: feeds carry news.
    near = [time for time in past if context.fetched - time <= timedelta(days=7)]
    if len(near) == 1 and context.day_first is None:
        chosen = near
    return RelativeTime(chosen[0], _CLOCK_WORD.search(found[5]) is not None) if chosen else None


def _clock_form(text: str) -> str:
    """The time of day and zone in what follows a date."""
    text = _HOUR_WORD.sub(r"\1:00", _clocks(text))
    words = re.split(r"[\s,|()/–—]+", re.sub(r"(?<=\s)-(?=\s)", " ", text))
    return " ".join(word for word in words if _CLOCK_PART.match(word) or word.upper() in LETTERS)


def _clocks(text: str) -> str:
    """Times of day with colons, whatever parted their numbers."""
    return _CLOCK_WORD.sub(lambda m: f"{m[1]}:{m[2]}" + (f":{m[3]}" if m[3] else "") + " ", text)


def _loose(text: str, context: _Context) -> RelativeTime | None:
    """Dates with a month by name: brought into English order of words, then read by dateutil."""
    text = _ZONED_CLOCK.sub(lambda found: _with_offset(found, context.letters), text)
    text = re.sub(r"\b([ap])\.\s?m\.?", r"\1m", text, flags=re.IGNORECASE)
    text = _ORDINAL.sub(r"\1", _OF_YEAR.sub(r"\1", text))
    text = re.sub(r"(\d{1,2})\.(?=\s*[^\W\d_])", r"\1 ", text)
    months, pieces = _in_english(text, context.language, sure=True)
    if months == 0:  # "mar 3 2015" is no Tuesday
        months, pieces = _in_english(text, context.language, sure=False)
    if months != 1:
        return None
    form = _HOUR_WORD.sub(r"\1:00", _clocks("".join(pieces)))
    form = " ".join(re.sub(r"[,|()/–—•·]", " ", form).replace("noon", "12:00").split())
    if not re.search(r"\b(?:1[5-9]|2[01])\d{2}\b|'\d{2}\b|\b\d{1,2} \w+ \d{2}\b", form):
        return None
    kept = [
        word
        for word in form.split()
        if not word[0].isalpha() or word in english_months() or _is_clock_word(word)
    ]
    words = [word.upper() if word.upper().strip(".") in LETTERS else word for word in kept]
    parsed = dateutil_parser.parse(" ".join(words), tzinfos=context.letters, dayfirst=True, default=_NO_DATE)
    if parsed.year < 1500 or not re.search(r"(?<![\d:])\d{1,2}(?![\d:]|\s?[ap]m\b)", form):
        return None
    return RelativeTime(_utc(parsed), re.search(r"\d:\d{2}|\d ?[ap]m\b", form, re.IGNORECASE) is not None)


def _with_offset(found: re.Match[str], letters: Mapping[str, timezone]) -> str:
    """A time of day with its zone as an offset, where the letters behind it name one."""
    zone = letters.get(found["letters"])
    return found[0] if zone is None else f"{found['clock']} {_NO_DATE.replace(tzinfo=zone):%z}"


def _is_clock_word(word: str) -> bool:
    return word in {"am", "pm"} or word.upper().strip(".") in LETTERS


@cache
def _month_pattern(language: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W\d_]){one_of(months_of(language))}(?![^\W\d_])\.?")


def _in_english(text: str, language: str, *, sure: bool) -> tuple[int, list[str]]:
    """How many months a date names, and its pieces with them in English, without weekdays and fillers.

    Args:
        text: The date.
        language: Asked before all others.
        sure: Whether what may be a weekday as well ("mar") is no month.
    """
    names = months_of(language)

    def english(found: re.Match[str]) -> str:
        name = found[0].rstrip(".")
        return found[0] if sure and name in all_weekdays() else f" {english_months()[names[name]].lower()} "

    text = _month_pattern(language).sub(english, fold(text)) if names else fold(text)
    months, pieces = 0, []
    for piece in _PIECE.split(text):
        word = piece.strip(".,")
        if word in all_months() and not (sure and word in all_weekdays()):
            months += 1
            pieces.append(f" {english_months()[all_months()[word]]} ")
        elif piece == "-":
            pieces.append(" ")
        elif word not in all_weekdays() and word not in fillers():
            pieces.append(piece)
    return months, pieces


def url_date(url: str) -> RelativeTime | None:
    """The day that an address names ("/2015/02/03/", "-20150203"), at midnight UTC."""
    for found in _URL_DATE.finditer(url):
        month = months_of("en").get(found["m"].lower()) or int(found["m"])
        try:
            return RelativeTime(datetime(int(found["y"]), month, int(found["d"]), tzinfo=UTC), False)
        except ValueError:
            continue
    return None


def _impossible(time: datetime) -> str:
    if time.year < 1800 or (time.year, time.month, time.day) in {
        (1900, 1, 1),
        (1899, 12, 30),
        (1899, 12, 31),
    }:
        return "date before news"
    if abs((time - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) <= 2 * 86400:
        return "date is the zero of a clock"
    return ""


def _settled(moment: RelativeTime, fetched: datetime) -> tuple[datetime | None, str]:
    """A moment held against the fetch: as it is, corrected, or None; and what was wrong."""
    wrong = _impossible(moment.time)
    if wrong:
        return None, wrong
    ahead = moment.time - fetched
    if ahead <= timedelta(0):
        return moment.time, ""
    if ahead <= _SKEW:
        return fetched, ""
    whole_day = not moment.exact or (moment.time.hour, moment.time.minute, moment.time.second) == (0, 0, 0)
    if whole_day and ahead <= timedelta(hours=26):  # a day alone, which has begun further east
        return fetched, "date of tomorrow"
    if moment.exact and ahead <= _HALF_DAY:
        return moment.time - _HALF_DAY, "twelve hours ahead"
    return None, "date in the future"


def settle(
    candidates: Iterable[tuple[str, DateSource]],
    url: str,
    fetched: datetime,
    languages: Sequence[str] = ("",),
    country: str = "",
    beside: Sequence[str] = (),
) -> Dated:
    """Chooses the first believable date.

    Impossible dates (the zero of a clock, the future) are passed over. One that lies up to twelve hours
    ahead is taken for a slip of half a day, unless a later candidate is sound. `_with_zone` says which zone
    a time of day takes that came without one.

    Args:
        candidates: Dates as written, most trusted first, each with its source.
        url: Canonical; asked last.
        fetched: When the item came (UTC).
        languages: ISO 639-1; the first in which a date reads as one of news decides.
        country: Of the outlet (ISO 3166), or "".
        beside: Other dates of the same source, as written.
    """
    zones, order = _habits(beside, fetched, languages, country), day_first(beside)
    read = [
        (moment, source)
        for text, source in candidates
        if text.strip()
        and (moment := _read(text, fetched, languages, country, order if source == "feed" else None))
    ]
    slipped: Dated | None = None
    note = ""
    for moment, source in read:
        time, wrong = _settled(_with_zone(moment, read, fetched, zones), fetched)
        note = note or wrong
        if time is not None and not wrong:
            return Dated(time, source, note)
        if time is not None and slipped is None:
            slipped = Dated(time, source, wrong)
    if slipped is not None:
        return slipped
    dated = url_date(url)
    if dated is not None:
        time, wrong = _settled(dated, fetched)
        if time is not None:
            return Dated(time, "url", note or wrong)
    return Dated(None, "fetched", note)


class _Zones(NamedTuple):
    """The zones that a source's dates without one may be in.

    Attributes:
        written: The one that most of its other dates name.
        ahead: That of its country and that of its clock, for dates that would lie in the future as UTC.
        runs_ahead: Whether some of its other dates would, so that all of them need a zone.
    """

    written: tzinfo | None
    ahead: tuple[tzinfo, ...]
    runs_ahead: bool


def _read(
    text: str, fetched: datetime, languages: Sequence[str], country: str, day_first: bool | None
) -> RelativeTime | None:
    """A date in the first of the languages in which it is one of news, else as the first says."""
    found = None
    for language in dict.fromkeys(languages):
        moment = parse_date(text, fetched, language, country, day_first)
        if moment is not None and not _impossible(moment.time):
            return moment
        found = found or moment
    return found


def _habits(beside: Sequence[str], fetched: datetime, languages: Sequence[str], country: str) -> _Zones:
    order = day_first(beside)
    read = (_read(text, fetched, languages, country, order) for text in beside)
    clock = clock_zone((moment for moment in read if moment), fetched)
    ahead = tuple(zone for zone in (only_zone(country), clock) if zone is not None)
    return _Zones(written_zone(beside, country), ahead, clock is not None)


def _with_zone(
    moment: RelativeTime, read: Iterable[tuple[RelativeTime, DateSource]], fetched: datetime, zones: _Zones
) -> RelativeTime:
    """A time of day that came without a zone, in the zone that something else gives it.

    First that of the page's date, where this may be the same moment; then the zone that the source writes
    elsewhere; then, where the time would lie in the future as UTC, that of its country or of its clock.
    """
    if moment.zoned or not moment.exact:
        return moment
    for other, source in read:
        if source == "page" and other.zoned and other.exact and _is_on_another_clock(moment, other):
            return other
    is_ahead = zones.runs_ahead or moment.time - fetched > _SKEW
    for zone in (zones.written, *(zones.ahead if is_ahead else ())):
        if zone is None:
            continue
        there = moment.time.replace(tzinfo=zone).astimezone(UTC)
        if there - fetched <= _SKEW:
            return RelativeTime(there, exact=True)
    return moment


def _is_on_another_clock(moment: RelativeTime, other: RelativeTime) -> bool:
    """Whether two times may be one on two clocks: whole quarters of an hour apart, and the seconds alike."""
    behind = (moment.time - other.time).total_seconds()
    return behind % 900 == 0 and 0 < abs(behind) <= _MOST_BEHIND
