"""Zones by their IANA names, as "Europe/Berlin" behind a date."""

from __future__ import annotations

import re
from functools import lru_cache
from zoneinfo import ZoneInfo

from pipeline.text import word_set

# Area/Place or Area/Region/Place, perhaps in brackets as Java writes it: 2015-02-03T08:15[Europe/Berlin].
_NAME = re.compile(r"\s*[\[(]?\b([A-Za-z]{2,}(?:/[A-Za-z][A-Za-z0-9_+-]*){1,2})[\])]?")
_AREAS = word_set(
    "africa america antarctica arctic asia atlantic australia brazil canada chile etc europe indian mexico "
    "pacific us"
)


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
