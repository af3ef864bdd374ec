"""A mail to the operator when a watch breaks, or breaks in another way, into the outbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from pipeline.alerts.send.operator_mail import Letter, to_operators
from pipeline.alerts.watch.last_good import said
from pipeline.alerts.watch.watch_file import BrokenWatch
from pipeline.ports import Commit, Lease, Store
from pipeline.records import content_id

MARK = "watches.mailed"


def report_watches(
    store: Store,
    broken: Sequence[BrokenWatch],
    sender: str,
    operators: Sequence[str],
    now: datetime,
    renew: Callable[[], Lease],
) -> None:
    """Puts a mail into the outbox when what is broken is not what the operator was last told.

    Once all is well again the next fault is told anew, the same one too.

    Args:
        store: The mark and the outbox are written, together.
        broken: What is set aside now.
        sender: From.
        operators: Who gets it; nobody is told where this is empty.
        now: The time of this run (UTC).
        renew: Renews the lease "alerts" and returns it.
    """
    lines = [said(each) for each in broken]
    told = content_id("watches", *lines) if lines else ""
    if store.mark(MARK) == told:
        return
    letter = Letter(
        "watches.yaml needs a look",
        "This is set aside until somebody mends it:",
        lines,
        "`wirewatch watch check` says whether all is well again. All other watches go on.",
    )
    key = ("watches", told, now.isoformat())
    messages = to_operators(letter, key, sender, operators, now) if lines else ()
    store.commit(Commit(messages=messages, marks={MARK: told}), renew())
