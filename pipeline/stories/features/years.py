"""The years an article belongs to: those of its date or, where it has none, those that its text names.

An archive that is loaded at once may hold reports on similar events of different years, some without a date.
Where an undated text names years, but not the year of a dated article, the two are less likely to be about
the same event (docs/benchmarks.md).

A set of years is a 64-bit number: bit i stands for the year 1990 + i; the first bit also stands for all years
before, the last for all after.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

_FIRST: Final = 1990
_BITS: Final = 64
# A story takes in articles for weeks, so one of early January may be about an event of the year before.
_MARGIN_DAYS: Final = 30
# Four digits that are not part of a longer number, a time, a date in figures or a telephone number.
_YEAR: Final = re.compile(r"(?<![\d.,:/-])(19[5-9]\d|20[0-4]\d)(?!\d|[.,]\d|-\d{3})")


def named(text: str) -> int:
    """The years that a text names.

    >>> named("Elected in 2008, he left in 2010.") == 1 << 18 | 1 << 20
    True
    """
    return _bits(int(year) for year in set(_YEAR.findall(text)))


def around(published: datetime) -> int:
    """The year of a date, and the one before or after where that is less than a month away."""
    day = published.timetuple().tm_yday
    last_day = published.replace(month=12, day=31).timetuple().tm_yday
    years = {published.year}
    if day <= _MARGIN_DAYS:
        years.add(published.year - 1)
    if day > last_day - _MARGIN_DAYS:
        years.add(published.year + 1)
    return _bits(years)


def _bits(years: Iterable[int]) -> int:
    found = 0
    for year in years:
        found |= 1 << min(max(year - _FIRST, 0), _BITS - 1)
    return found
