"""Dates that count from the fetch: "2 hours ago", "gestern", "hace 2 horas", "3시간 전"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from pipeline.text import fold

if TYPE_CHECKING:
    from dateparser.date import DateDataParser

_AGO = re.compile(
    r"\b(?:(?P<n>\d{1,3}|an?|one|einer?|une?|un[ao]?)\s*)?\b(?P<unit>seconds?|secs?|minutes?|mins?|m|hours?|"
    r"hrs?|h|days?|d|weeks?|w|sekunden?|minuten?|stunden?|tage?n?|wochen?|heures?|jours?|semaines?|minutos?|"
    r"horas?|días?|dias?|semanas?|ore|ora|giorni)\.?\s+(?:ago|fa|atrás)\b|"
    r"\b(?:vor|il y a|hace|há)\s+(?P<n2>\d{1,3}|einer?|einem|une?|un[ao]?)\s+(?P<unit2>[^\W\d]+)",
    re.IGNORECASE,
)
# A figure touches its unit ("15m ago"), so that no word boundary parts them.
_TOUCHING = re.compile(r"(?<=\d)(?=[^\W\d_])")
# All that some pages show: "5 min", "2h", "3 hrs".
_BARE = re.compile(r"^(\d{1,2})\s?(s|sec|secs|m|min|mins|h|hr|hrs|std|d)\.?$", re.IGNORECASE)
_UNITS = (
    (("mo",), 0),  # months and moments are not counted here
    (("sec", "sek", "seg"), 1),
    (("m",), 60),
    (("h", "st", "or"), 3600),
    (("w", "sem"), 604800),
    (("d", "tag", "j", "gio"), 86400),
    (("s",), 1),
)
_NOW = frozenset(
    {
        "now", "just now", "right now", "moments ago", "a moment ago", "a few moments ago", "seconds ago",
        "a few seconds ago", "gerade eben", "soeben", "eben", "jetzt", "vor wenigen augenblicken",
        "a l'instant",
        "il y a un instant", "maintenant", "ahora", "ahora mismo", "hace un momento", "hace unos segundos",
        "agora", "agora mesmo", "ha instantes", "adesso", "ora", "proprio ora", "pochi istanti fa", "zojuist",
        "net", "nu", "nyss", "juuri nyt", "teraz", "przed chwila", "az once", "simdi", "только что", "сеичас",
    }
)  # fmt: skip
_DAYS = {
    "today": 0, "heute": 0, "aujourd'hui": 0, "hoy": 0, "oggi": 0, "hoje": 0, "vandaag": 0,
    "yesterday": 1, "gestern": 1, "hier": 1, "ayer": 1, "ieri": 1, "ontem": 1, "gisteren": 1,
    "vorgestern": 2, "avant-hier": 2, "anteayer": 2, "anteontem": 2, "eergisteren": 2,
}  # fmt: skip
_CLOCK = re.compile(r"(?<![\d:+-])(\d{1,2})[.:hH](\d{2})(?!\d)")
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20|21)\d{2}(?!\d)")
# Longer texts than these words from a date field are no relative dates, but sentences.
_MOST_CHARS = 40


@dataclass(frozen=True, slots=True)
class RelativeTime:
    """A parsed date: the time in UTC, and whether a time of day was given."""

    time: datetime
    exact: bool


def relative(text: str, fetched: datetime, language: str) -> RelativeTime | None:
    """Reads what counts from the fetch, or None.

    The languages of most feeds are read by rules of our own; what is left, and short, is put before
    dateparser in the article's language and English. It is given nothing but the fetch time and told to
    remember nothing between texts, so that the outcome depends on the arguments alone.

    Args:
        text: Of a date field; free text is not to be read for such words.
        fetched: When the item came (UTC).
        language: ISO 639-1.
    """
    plain = fold(text).strip(" .,:;!|·")
    if plain in _NOW:
        return RelativeTime(fetched, exact=True)
    bare = _BARE.match(text.strip())
    if bare:
        return _before(fetched, bare[1], bare[2])
    found = _AGO.search(_TOUCHING.sub(" ", text))
    if found:
        ago = _before(fetched, found["n"] or found["n2"] or "1", found["unit"] or found["unit2"])
        if ago is not None:
            return ago
    first = plain.replace(",", " ").split(" ", 1)[0]
    if first in _DAYS:
        return _on_day(text, fetched, _DAYS[first])
    return _by_library(text, fetched, language)


def _before(fetched: datetime, number: str, unit: str) -> RelativeTime | None:
    count = int(number) if number.isdigit() else 1
    for starts, seconds in _UNITS:
        if fold(unit).startswith(starts):
            if not seconds:
                return None
            return RelativeTime(fetched - timedelta(seconds=count * seconds), exact=seconds < 86400)
    return None


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
    base = fetched.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    read = _reader(language, base).get_date_data(text)
    if read is None or read.date_obj is None or read.date_obj > base:
        return None
    time = read.date_obj.replace(tzinfo=UTC)
    if read.period == "time":
        return RelativeTime(time, exact=True)
    return RelativeTime(time.replace(hour=0, minute=0, second=0), exact=False)


@cache
def _known(language: str) -> tuple[str, ...]:
    from dateparser.data.languages_info import language_order

    return tuple(dict.fromkeys(name for name in (language, "en") if name in language_order))


def _reader(language: str, base: datetime) -> DateDataParser:
    # Some 200 ms to import, and few feeds need it.
    from dateparser.date import DateDataParser

    return DateDataParser(
        languages=list(_known(language)),
        try_previous_locales=False,
        settings={
            "RELATIVE_BASE": base,
            "PARSERS": ["relative-time"],
            "TIMEZONE": "UTC",
            "RETURN_AS_TIMEZONE_AWARE": False,
            "RETURN_TIME_AS_PERIOD": True,
        },
    )
