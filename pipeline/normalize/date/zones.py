"""Zones by their IANA names, as "Europe/Berlin" behind a date, and by letters that countries share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta, timezone
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from pipeline.languages.calendar_names import is_country, zones_of
from pipeline.languages.word_file import WordFile, read
from pipeline.text import word_set

# Area/Place or Area/Region/Place, perhaps in brackets as Java writes it: 2015-02-03T08:15[Europe/Berlin].
_NAME = re.compile(r"\s*[\[(]?\b([A-Za-z]{2,}(?:/[A-Za-z][A-Za-z0-9_+-]*){1,2})[\])]?")
_AREAS = word_set(
    "africa america antarctica arctic asia atlantic australia brazil canada chile etc europe indian mexico "
    "pacific us"
)
_REGION = re.compile(r"^[a-zA-Z]{2,3}[-_](?:[A-Za-z]{4}[-_])?([A-Za-z]{2})\b")
# Languages with nearly all their outlets in one country, of those whose zone letters differ by country.
_COUNTRY_OF = MappingProxyType(
    {"he": "IL", "bn": "BD", "zh": "CN", "ga": "IE", "hi": "IN", "ar": "SA", "hy": "AM", "ne": "NP"}
)


class _Zones(WordFile):
    letters: dict[str, float]
    elsewhere: dict[str, dict[str, float]]
    not_of_a_country: frozenset[str]


_ZONES: Final = read(Path(__file__).with_name("zones.yaml"), _Zones)
# Letters that name a zone in some country, in capitals.
LETTERS: Final = frozenset(_ZONES.letters) | frozenset(_ZONES.elsewhere)


@cache
def zone_letters(country: str) -> Mapping[str, timezone]:
    """What letters mean in a country ("" for any), in capitals.

    >>> zone_letters("IL")["IST"].utcoffset(None), zone_letters("")["IST"].utcoffset(None)
    (datetime.timedelta(seconds=7200), datetime.timedelta(seconds=19800))
    """
    hours = {letters: next(iter(there.values())) for letters, there in _ZONES.elsewhere.items()}
    hours |= _ZONES.letters
    hours |= {letters: there[country] for letters, there in _ZONES.elsewhere.items() if country in there}
    return MappingProxyType({name: timezone(timedelta(hours=ahead), name) for name, ahead in hours.items()})


def country_of(host: str, *claims: str) -> str:
    """The country of an outlet by its address, else by the languages claimed for it; "" where none is named.

    Args:
        host: Such as "harbourpost.example.in".
        claims: Languages as claimed ("en-IN") or found ("he"), most trusted first.

    >>> country_of("paper.co.il"), country_of("paper.io", "en-AU"), country_of("paper.com", "he")
    ('IL', 'AU', 'IL')
    """
    end = host.rpartition(".")[2].lower()
    country = {"uk": "GB", "eu": ""}.get(end, end.upper())
    if "." in host and end not in _ZONES.not_of_a_country and is_country(country):
        return country
    for claim in claims:
        region = _REGION.match(claim.strip())
        if region and is_country(region[1].upper()):
            return region[1].upper()
    return next((_COUNTRY_OF[claim] for claim in claims if claim in _COUNTRY_OF), "")


@cache
def only_zone(country: str) -> ZoneInfo | None:
    """The zone of a country that has only one; None for any other."""
    zones = zones_of(country)
    return _zone(zones[0]) if len(zones) == 1 else None


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo | None:
    for written in (name, re.sub(r"[A-Za-z]+", lambda word: word[0].capitalize(), name)):
        try:
            return ZoneInfo(written)
        except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
            continue
    return None


def named_zone(text: str) -> tuple[ZoneInfo | None, str]:
    """The zone that a date names and the date without that name; None where it names none that is known.

    >>> named_zone("2015-02-03 08:15 Europe/Berlin")
    (zoneinfo.ZoneInfo(key='Europe/Berlin'), '2015-02-03 08:15')
    >>> named_zone("3/Feb/2015 08:15")
    (None, '3/Feb/2015 08:15')
    """
    for found in _NAME.finditer(text):
        if found[1].partition("/")[0].lower() not in _AREAS:
            continue
        rest = " ".join((text[: found.start()] + " " + text[found.end() :]).split())
        return _zone(found[1]), rest
    return None, text
