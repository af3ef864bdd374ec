"""What is said when a lease cannot be had or has been lost: the same words on every store."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from pipeline.errors import LeaseHeldError

# No lease is taken for so long: whoever wrote a later end had a clock that was wrong, and is not waited for.
_MOST: Final = timedelta(hours=1)


def is_held(until: datetime, now: datetime) -> bool:
    """Whether a lease that ends at `until`, by the clock of whoever took it, is still held."""
    return now < until <= now + _MOST


def held(name: str, owner: str, wait_seconds: float) -> LeaseHeldError:
    """Somebody else has the lease for a while."""
    message = f"{owner} is the writer of {name!r} for another {wait_seconds:.0f} s: try again then"
    return LeaseHeldError(message, wait_seconds, owner)


def lost(name: str) -> LeaseHeldError:
    """The lease that a write came with is not the current one."""
    return LeaseHeldError(f"the lease {name!r} went to another process, nothing was written: run again")
