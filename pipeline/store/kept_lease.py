"""Keeps a lease while its holder lives, however long a step takes, and not long after that."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from pipeline.errors import LeaseHeldError, WirewatchError
from pipeline.ports import Lease, Store
from pipeline.store.rules.leases import RENEWALS

log = logging.getLogger("wirewatch.store")


@contextmanager
def kept(
    open_again: Callable[[], Store], lease: Lease, clock: Callable[[], datetime], seconds: float
) -> Iterator[None]:
    """Renews a lease from a thread, `RENEWALS` times in each term.

    The thread has a connection of its own, made when it is first needed, because most steps end before.

    Args:
        open_again: Opens the store of the lease once more.
        lease: As it was taken.
        clock: Gives the present time (UTC).
        seconds: The term of the lease.
    """
    over = threading.Event()

    def renew() -> None:
        store = None
        try:
            while not over.wait(seconds / RENEWALS):
                try:
                    store = store or open_again()
                    store.acquire(lease.name, lease.owner, clock(), seconds)
                except LeaseHeldError:
                    return  # lost: the next commit of its holder is refused, and says so
                except WirewatchError as error:
                    log.warning("the lease %s could not be renewed: %s", lease.name, error)
        finally:
            if store is not None:
                store.close()

    thread = threading.Thread(target=renew, name=f"lease {lease.name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
