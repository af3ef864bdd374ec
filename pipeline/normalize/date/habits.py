"""How an outlet writes its dates: the zone of those that name none, and which comes first, day or month."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Final

from pipeline.normalize.date.relative import RelativeTime
from pipeline.normalize.date.zones import zone_letters

_OFFSET = re.compile(r"\d\s?([+-])(\d{2}):?(\d{2})\s*$")
_LETTERS = re.compile(r"\d\s?\(?([A-Z]{2,5})\)?\s*$")
_FIGURES = re.compile(r"^\D{0,15}(\d{1,2})[./-](\d{1,2})[./-](?:\d{4}|\d{2})\b")
_MONTHS: Final = 12
# How much clocks may differ; and no zone is further ahead of UTC than `_MOST`.
_SKEW: Final = timedelta(minutes=15)
_MOST: Final = timedelta(hours=14)


def written_zone(dates: Iterable[str], country: str) -> timezone | None:
    """The zone that most of a source's dates name; None where they name none, or UTC, as machines do.

    Args:
        dates: As written.
        country: Of the outlet (ISO 3166), for letters that countries share.

    >>> written_zone(["Tue, 04 Mar 2031 10:00:00 +0200", "04.03.2031 09:10"], "")
    datetime.timezone(datetime.timedelta(seconds=7200))
    """
    named = Counter(ahead for text in dates if (ahead := _ahead(text, country)))
    return timezone(named.most_common(1)[0][0]) if named else None


def clock_zone(moments: Iterable[RelativeTime], fetched: datetime) -> timezone | None:
    """The fewest whole hours ahead of UTC that put no date of a source into the future; None where UTC does.

    Args:
        moments: Its dates, those without a zone read as UTC.
        fetched: When they came (UTC).
    """
    told = (m.time - fetched for m in moments if m.exact and not m.zoned)
    ahead = max((gap for gap in told if gap <= _MOST), default=timedelta(0))
    hours = math.ceil((ahead - _SKEW) / timedelta(hours=1))
    return timezone(timedelta(hours=hours)) if hours > 0 else None


def day_first(dates: Iterable[str]) -> bool | None:
    """Whether a source writes the day before the month in dates of figures, where all that can tell agree.

    >>> day_first(["03/09/2031", "14/09/2031"]), day_first(["9/3/31", "9/14/31"]), day_first(["03/09/2031"])
    (True, False, None)
    """
    found = [(int(each[1]), int(each[2])) for text in dates if (each := _FIGURES.match(text))]
    told = {first > _MONTHS for first, second in found if (first > _MONTHS) != (second > _MONTHS)}
    return told.pop() if len(told) == 1 else None


def _ahead(text: str, country: str) -> timedelta | None:
    found = _OFFSET.search(text)
    if found and int(found[2]) <= 14 and int(found[3]) < 60:
        ahead = timedelta(hours=int(found[2]), minutes=int(found[3]))
        return -ahead if found[1] == "-" else ahead
    letters = _LETTERS.search(text)
    zone = zone_letters(country).get(letters[1]) if letters else None
    return zone.utcoffset(None) if zone else None
