"""When a delivery that failed is tried again."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

FIRST_SECONDS = 60.0
LONGEST_SECONDS = 6 * 3600.0
# Each wait is longer or shorter by up to this share, so that many failures do not come back together.
JITTER = 0.2


def next_try(key: str, attempts: int, now: datetime, asked_seconds: float | None = None) -> datetime:
    """The time of the next try: one minute, doubling up to six hours, or later where the far side says so.

    Args:
        key: What is tried; the jitter is derived from it, so that the rule has no randomness.
        attempts: Failed tries so far, at least 1.
        now: The time of the last one (UTC).
        asked_seconds: How long the far side asked to wait; honoured up to one day.

    >>> from datetime import UTC
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> 48 <= (next_try("a", 1, at) - at).total_seconds() <= 72
    True
    """
    wait = min(FIRST_SECONDS * 2.0 ** min(attempts - 1, 20), LONGEST_SECONDS)
    digest = hashlib.sha256(f"{key}:{attempts}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    wait *= 1 + JITTER * (2 * share - 1)
    return now + timedelta(seconds=max(wait, min(asked_seconds or 0.0, 86400.0)))
