"""When a feed asks to be polled: `max-age`, `ttl`, `skipHours`, `skipDays`. Hints, each within a bound."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

HINT_MAX_SECONDS = 86_400.0  # who asks for more has set it wrong, or stopped caring
_CHANNEL_CHARS = 200_000  # the channel's own elements stand before its items or right behind them
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,12})", re.IGNORECASE)
_NO_CACHE = re.compile(r"\bno-(?:cache|store)\b", re.IGNORECASE)
_TTL = re.compile(r"<ttl>\s*(\d{1,9})\s*</ttl>", re.IGNORECASE)
_SKIPPED = re.compile(r"<(skipHours|skipDays)>(.{0,2000}?)</\1>", re.IGNORECASE | re.DOTALL)
_HOUR = re.compile(r"<hour>\s*(\d{1,2})\s*</hour>", re.IGNORECASE)
_DAY = re.compile(r"<day>\s*([A-Za-z]{6,9})\s*</day>", re.IGNORECASE)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class PollHints:
    """What a feed and its server ask for.

    Attributes:
        wait_seconds: The least time to the next poll, at most a day; 0 where nobody says.
        skip_hours: Hours of the day (UTC) without news, 0 to 23.
        skip_days: Days of the week without news, 0 is Monday.
    """

    wait_seconds: float = 0.0
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()

    def after(self, time: datetime) -> datetime:
        """The first moment from a time on that is not skipped; the time itself where all are."""
        if len(self.skip_hours) > 23 or len(self.skip_days) > 6:
            return time
        moved = time
        for _ in range(8 * 24):
            if moved.hour not in self.skip_hours and moved.weekday() not in self.skip_days:
                return moved
            moved = (moved + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
        return time


def read_hints(headers: Mapping[str, str], text: str) -> PollHints:
    """Reads the hints of an answer.

    Args:
        headers: By lower-case name.
        text: The feed.
    """
    cached = headers.get("cache-control", "")
    age = _MAX_AGE.search(cached)
    wait = float(age[1]) if age and not _NO_CACHE.search(cached) else 0.0
    channel = text[:_CHANNEL_CHARS] + text[_CHANNEL_CHARS:][-_CHANNEL_CHARS:]
    if found := _TTL.search(channel):
        wait = max(wait, 60.0 * float(found[1]))
    hours: set[int] = set()
    days: set[int] = set()
    for name, inside in _SKIPPED.findall(channel):
        if name.lower() == "skiphours":
            hours |= {int(hour) % 24 for hour in _HOUR.findall(inside)}  # 24 is midnight in old feeds
        else:
            days |= {_DAYS.index(day.lower()) for day in _DAY.findall(inside) if day.lower() in _DAYS}
    return PollHints(min(wait, HINT_MAX_SECONDS), frozenset(hours), frozenset(days))
