"""What is said when a lease cannot be had or has been lost: the same words on every store."""

from __future__ import annotations

from pipeline.errors import LeaseHeldError


def held(name: str, owner: str, wait_seconds: float) -> LeaseHeldError:
    """Somebody else has the lease for a while."""
    message = f"{owner} is the writer of {name!r} for another {wait_seconds:.0f} s: try again then"
    return LeaseHeldError(message, wait_seconds, owner)


def lost(name: str) -> LeaseHeldError:
    """The lease that a write came with is not the current one."""
    return LeaseHeldError(f"the lease {name!r} went to another process, nothing was written: run again")
