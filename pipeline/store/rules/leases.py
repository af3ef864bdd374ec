"""Who holds a lease, and the errors when it cannot be had or was lost: the same on every store.

The clocks of machines differ, so no clock alone can tell that a holder is gone. A lease that ends about now
counts as held until a process that wants it has seen, by its own clock, that it was not renewed for a while
(`Standstill`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pipeline.errors import LeaseHeldError

# No lease is taken for longer than this: a later end was written by a wrong clock, and nobody waits for it.
_MOST: Final = timedelta(hours=1)
# Clocks differ by less than this: a lease that ended longer ago has ended by every clock.
_ASTRAY: Final = timedelta(minutes=15)
# How often a living holder renews a lease within its term.
RENEWALS: Final = 12
# A lease that is past its end by the local clock is over after this many missed renewals.
_MISSED: Final = 2.4


def is_held(until: datetime, now: datetime) -> bool:
    """Whether a lease that ends at `until`, by the clock of whoever took it, may still be held."""
    return now - _ASTRAY < until <= now + _MOST


def held(name: str, owner: str, until: datetime, now: datetime) -> LeaseHeldError:
    """The error that somebody else has the lease, or had it until lately."""
    wait = max(0.0, (until - now).total_seconds())
    message = f"{owner} is the writer of {name!r} for another {wait:.0f} s: try again then"
    return LeaseHeldError(message, wait, owner, until)


def lost(name: str) -> LeaseHeldError:
    """The error that the lease of a write is not the current one."""
    return LeaseHeldError(f"the lease {name!r} went to another process, nothing was written: run again")


@dataclass(slots=True)
class Standstill:
    """Tells whether the holder of a lease is gone, from what a waiting process has seen.

    The end of a lease moves with each renewal, whichever clock is wrong. If it does not move for a whole term
    the holder is gone; if the lease is past its end by the local clock too, two missed renewals are enough.

    Attributes:
        term: The term of the lease in seconds.
    """

    term: float
    _seen: tuple[str, datetime | None] = ("", None)
    _since: float = 0.0

    def is_over(self, held: LeaseHeldError, monotonic: float) -> bool:
        """Whether it may be taken over.

        Args:
            held: The error with which the last attempt to take it ended.
            monotonic: When that came, by a clock in seconds that never goes back.

        >>> end, still = datetime(2026, 1, 1), Standstill(60)
        >>> [still.is_over(held("stories", "a", end, end), at) for at in (0, 11, 12)]
        [False, False, True]
        """
        now = (held.owner, held.until)
        if now != self._seen:
            self._seen, self._since = now, monotonic
        enough = self.term if held.retry_after_seconds else self.term / RENEWALS * _MISSED
        return held.until is not None and monotonic - self._since >= enough
