"""Who holds a lease, and what is said when one cannot be had or has been lost: the same on every store.

The clocks of several machines differ, so no clock alone says that a holder is gone. A lease whose end is near
is held until whoever wants it has seen it stand still for a while by a clock of his own (`Standstill`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pipeline.errors import LeaseHeldError

# No lease is taken for so long: whoever wrote a later end had a clock that was wrong, and is not waited for.
_MOST: Final = timedelta(hours=1)
# Clocks differ by less: what ended longer ago has ended by every clock.
_ASTRAY: Final = timedelta(minutes=15)
# How often a lease is renewed within its term by who lives.
RENEWALS: Final = 12
# A lease that has ended by the clock here and missed two renewals has ended.
_MISSED: Final = 2.4


def is_held(until: datetime, now: datetime) -> bool:
    """Whether a lease that ends at `until`, by the clock of whoever took it, may still be held."""
    return now - _ASTRAY < until <= now + _MOST


def held(name: str, owner: str, until: datetime, now: datetime) -> LeaseHeldError:
    """Somebody else has the lease, or had it until lately."""
    wait = max(0.0, (until - now).total_seconds())
    message = f"{owner} is the writer of {name!r} for another {wait:.0f} s: try again then"
    return LeaseHeldError(message, wait, owner, until)


def lost(name: str) -> LeaseHeldError:
    """The lease that a write came with is not the current one."""
    return LeaseHeldError(f"the lease {name!r} went to another process, nothing was written: run again")


@dataclass(slots=True)
class Standstill:
    """Whether the holder of a lease is gone, by what whoever waits for it has seen.

    Its end moves each time it is renewed, whichever clock is wrong. One that stands for a whole term is
    nobody's; where it is past its end by the clock here too, two missed renewals are enough.

    Attributes:
        term: Of the lease, in seconds.
    """

    term: float
    _seen: tuple[str, datetime | None] = ("", None)
    _since: float = 0.0

    def is_over(self, held: LeaseHeldError, monotonic: float) -> bool:
        """Whether it may be taken over.

        Args:
            held: The answer to a try to take it.
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
