"""How a feed does, by what its state says: rules only."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline.records import FeedState

BROKEN_AFTER_FAILURES = 3
_SILENT_RHYTHMS = 10  # this many of its usual gaps without news
_SILENT_AT_LEAST = timedelta(days=2)  # nobody publishes at weekends and on holidays as on other days


def ailment(state: FeedState, now: datetime) -> str:
    """What is wrong with a feed, in one line; "" when nothing is.

    A feed is broken after three failures in a row, and silent when it brought nothing new for ten times the
    gap that is usual between its news, and at least two days.
    """
    if state.failures >= BROKEN_AFTER_FAILURES:
        since = f"since {state.succeeded:%Y-%m-%d %H:%M} UTC" if state.succeeded else "always"
        return f"fails {since} ({state.failures} times): {state.error}"
    if state.news is None or state.rhythm_seconds <= 0:
        return ""
    rhythm = timedelta(seconds=state.rhythm_seconds)
    if now - state.news > max(_SILENT_RHYTHMS * rhythm, _SILENT_AT_LEAST):
        return f"brought nothing new for {_span(now - state.news)}; usual is every {_span(rhythm)}"
    return ""


def _span(time: timedelta) -> str:
    minutes = max(1, round(time.total_seconds() / 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} days"
