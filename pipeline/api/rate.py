"""How many requests each token may make: a token bucket for each, which fills steadily."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Final

# Whoever asked longest ago is forgotten first: that bucket is the fullest.
_MOST_REMEMBERED: Final = 10_000


class Buckets:
    """How many requests each caller has left, at most a minute's worth at once.

    >>> from datetime import UTC, timedelta
    >>> buckets, start = Buckets(), datetime(2026, 1, 1, tzinfo=UTC)
    >>> [buckets.wait("a", 2, start) for _ in range(3)]
    [0.0, 0.0, 30.0]
    >>> buckets.wait("a", 2, start + timedelta(seconds=30))
    0.0
    """

    def __init__(self) -> None:
        self._of: dict[str, tuple[float, datetime]] = {}
        self._lock = threading.Lock()

    def wait(self, who: str, per_minute: int, now: datetime) -> float:
        """Counts a request, returning 0; where none is left, the seconds to wait."""
        with self._lock:
            left, at = self._of.pop(who, (float(per_minute), now))
            passed = max((now - at).total_seconds(), 0.0)
            left = min(left + passed * per_minute / 60, float(per_minute))
            allowed = left >= 1.0
            self._of[who] = left - 1.0 if allowed else left, now
            if len(self._of) > _MOST_REMEMBERED:
                del self._of[next(iter(self._of))]
            return 0.0 if allowed else (1.0 - left) * 60 / per_minute
