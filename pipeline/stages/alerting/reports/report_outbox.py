"""A mail to the operator on what was given up, once for each message, into the outbox."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from pipeline.alerts.send.operator_mail import Letter, to_operators
from pipeline.ports import Commit, Lease, Store
from pipeline.records import content_id

MARK = "outbox.mailed"


def report_outbox(
    store: Store,
    sender: str,
    operators: Sequence[str],
    now: datetime,
    renew: Callable[[], Lease],
) -> int:
    """Puts a mail into the outbox when a message was given up since the last such mail.

    What the operator's own mails came to is told by `doctor` only: a mail on a mail that cannot be sent
    would breed the next.

    Args:
        store: The outbox is read and written, the mark with it.
        sender: From.
        operators: Who gets it; nobody is told where this is empty.
        now: The time of this run (UTC).
        renew: Renews the lease "alerts" and returns it.

    Returns:
        How many messages stand given up.
    """
    failed = [message for message in store.outbox(["failed"]) if message.watch]
    told = content_id("outbox", *sorted(message.id for message in failed)) if failed else ""
    if store.mark(MARK) == told:
        return len(failed)
    letter = Letter(
        "1 message was given up" if len(failed) == 1 else f"{len(failed)} messages were given up",
        "These did not arrive:",
        [f"{message.watch}, {message.to}: {message.error}" for message in failed],
        "`wirewatch outbox list` shows them; `outbox retry` sends them again, `outbox drop ID` takes one "
        "out.",
    )
    key = ("outbox", told, now.isoformat())
    messages = to_operators(letter, key, sender, operators, now) if failed else ()
    store.commit(Commit(messages=messages, marks={MARK: told}), renew())
    return len(failed)
