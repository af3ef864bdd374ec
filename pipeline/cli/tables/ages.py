"""How long ago a thing was, in the fewest letters; `now` is an argument."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

# From so long ago on, and so far ahead, the day says more than a number of days.
_FAR: Final = timedelta(days=100)
NEVER: Final = "–"


def age(stamp: str | None, now: datetime) -> str:
    """A time stamp as an age; as a day where it is long ago.

    Args:
        stamp: In ISO 8601, in UTC; or None.
        now: The present time.

    >>> from datetime import UTC
    >>> now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    >>> age("2026-03-01T11:59:40Z", now), age("2026-03-01T11:18:00Z", now), age("2026-02-27T13:00:00Z", now)
    ('now', '42 min', '47 h')
    >>> age("2026-02-27T11:00:00Z", now), age("2025-03-01T12:00:00Z", now), age("2026-03-01T15:00:00Z", now)
    ('2 d', '2025-03-01', 'in 3 h')
    """
    if not stamp:
        return NEVER
    passed = now - datetime.fromisoformat(stamp)
    said = _span(abs(passed))
    if not said:
        return stamp[:10]
    return f"in {said}" if passed < timedelta() and said != "now" else said


def seen_age(stamp: str | None, now: datetime) -> str:
    """The age of what has no date of its own: since when it is known.

    >>> from datetime import UTC
    >>> seen_age("2026-03-01T09:00:00Z", datetime(2026, 3, 1, 12, tzinfo=UTC))
    'seen 3 h ago'
    """
    said = age(stamp, now)
    return f"seen {said} ago" if said.endswith(("min", " h", " d")) else f"seen {said}"


def minute(stamp: str | None) -> str:
    """A time stamp to the minute, where the time itself is asked for.

    >>> minute("2026-03-01T09:00:30Z"), minute(None)
    ('2026-03-01 09:00', '–')
    """
    return stamp.replace("T", " ")[:16] if stamp else NEVER


def _span(passed: timedelta) -> str:
    if passed < timedelta(minutes=1):
        return "now"
    if passed < timedelta(hours=1):
        return f"{passed // timedelta(minutes=1)} min"
    if passed < timedelta(days=2):
        return f"{passed // timedelta(hours=1)} h"
    return f"{passed.days} d" if passed < _FAR else ""
