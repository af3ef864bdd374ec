"""Small charts as numbers for SVG attributes; each with its numbers in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

BARS: Final = 24
HEIGHT: Final = 20
STEP: Final = 4


@dataclass(frozen=True, slots=True)
class Spark:
    """Bars, one a step of time.

    Attributes:
        bars: Left edge, upper edge and height of each bar that is not empty.
        width: Of the whole.
        counts: What each step counts, oldest first.
        start, end: What the first and the last step begin and end with.
    """

    bars: tuple[tuple[int, int, int], ...]
    width: int
    counts: tuple[int, ...]
    start: datetime
    end: datetime


def spark(times: Iterable[datetime], end: datetime, step: timedelta, bars: int = BARS) -> Spark:
    """Counts times by steps up to `end`; what lies before the first step is left out.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> spark([noon, noon - timedelta(minutes=30)], noon, timedelta(hours=1), bars=2).counts
    (0, 2)
    """
    counts = [0] * bars
    for time in times:
        back = max(int((end - time) / step), 0)
        if back < bars:
            counts[bars - 1 - back] += 1
    return drawn(counts, end - step * bars, end)


def drawn(counts: Sequence[int], start: datetime, end: datetime) -> Spark:
    """Bars for counts."""
    most = max([1, *counts])
    return Spark(
        tuple(
            (place * STEP, HEIGHT - height, height)
            for place, count in enumerate(counts)
            if count and (height := max(round(count / most * HEIGHT), 2))
        ),
        len(counts) * STEP,
        tuple(counts),
        start,
        end,
    )
