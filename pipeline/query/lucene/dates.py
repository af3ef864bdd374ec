"""Times as a query writes them: ISO dates of any precision, and date maths such as `now-7d/d`."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

ALLOWED = (
    "a date such as 2026, 2026-02, 2026-02-03, 2026-02-03T10:00 or now, with maths such as now-7d or now-1d/d"
)

_ISO = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2})"
    r"(?:T(?P<hour>\d{2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d{1,6})?)?)?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?)?)?"
)
_STEP = re.compile(r"([+-])(\d{1,5})([yMwdhHms])|/([yMwdhHms])")
_UNITS = {
    "y": "year",
    "M": "month",
    "w": "week",
    "d": "day",
    "h": "hour",
    "H": "hour",
    "m": "minute",
    "s": "second",
}


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of time named by one expression: from `start` until before `end` (UTC)."""

    start: datetime
    end: datetime


def is_relative(text: str) -> bool:
    """Whether an expression depends on now.

    >>> is_relative("now-7d"), is_relative("2026-02")
    (True, False)
    """
    return text.startswith("now")


def moment(text: str, now: datetime) -> Interval:
    """Reads one expression.

    Args:
        text: For example `2026-02`, `now-7d/d` or `2026-02-03||+1M`.
        now: What "now" means (UTC).

    Raises:
        ValueError: It is no such expression, or lies outside the calendar.
    """
    base, maths = ("now", text[3:]) if text.startswith("now") else _divided(text)
    start, unit = (now, "second") if base == "now" else _iso(base)
    try:
        return _calculated(start, unit, maths)
    except OverflowError:
        raise ValueError("the date lies outside the calendar") from None


def _divided(text: str) -> tuple[str, str]:
    base, _, maths = text.partition("||")
    return base, maths


def _calculated(start: datetime, unit: str, maths: str) -> Interval:
    place = 0
    while place < len(maths):
        step = _STEP.match(maths, place)
        if step is None:
            raise ValueError(f"{maths[place:]!r} is not date maths")
        sign, number, by, rounding = step.groups()
        if rounding:
            unit = _UNITS[rounding]
            start = _floor(start, unit)
        else:
            start = _moved(start, int(sign + number), _UNITS[by])
        place = step.end()
    return Interval(start, _moved(start, 1, unit))


def _iso(text: str) -> tuple[datetime, str]:
    found = _ISO.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a date")
    names = ("year", "month", "day", "hour", "minute", "second")
    given = [name for name in names if found[name] is not None]
    values = [int(found[name]) for name in given]
    start = datetime(*(values + [1, 1][len(values) - 1 :] if len(values) < 3 else values), tzinfo=UTC)  # type: ignore[misc,arg-type]
    return start - _offset(found["zone"]), given[-1]


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone == "Z":
        return timedelta()
    digits = zone[1:].replace(":", "")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -size if zone[0] == "-" else size


def _floor(time: datetime, unit: str) -> datetime:
    if unit == "week":
        time = time - timedelta(days=time.weekday())
    zeros = {"microsecond": 0}
    for name, least in (("second", 0), ("minute", 0), ("hour", 0), ("day", 1), ("month", 1)):
        if unit == name or (unit == "week" and name == "day"):
            break
        zeros[name] = least
    return time.replace(**zeros)  # type: ignore[arg-type]


def _moved(time: datetime, count: int, unit: str) -> datetime:
    if unit in {"year", "month"}:
        months = time.year * 12 + time.month - 1 + count * (12 if unit == "year" else 1)
        year, month = divmod(months, 12)
        if not 1 <= year <= 9999:
            raise OverflowError
        return time.replace(year=year, month=month + 1, day=min(time.day, monthrange(year, month + 1)[1]))
    return time + timedelta(**{f"{unit}s": count})
