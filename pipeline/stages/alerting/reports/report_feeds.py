"""Once a week, a mail on the feeds that broke or fell silent against their own rhythm, into the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pipeline.alerts.send.operator_mail import Letter, to_operators
from pipeline.ports import Commit, Store
from pipeline.sources.feeds.health import ailment

MARK = "feeds.mailed"
EVERY = timedelta(days=7)


def report_feeds(
    store: Store, enabled: Sequence[str], sender: str, operators: Sequence[str], now: datetime
) -> int:
    """Puts the weekly mail into the outbox, when a week has passed and a feed is ill.

    The mark and the messages are committed together, so a crash neither loses nor repeats the mail.

    Args:
        store: Feed states are read, the outbox is written.
        enabled: Ids of the feeds that are polled.
        sender: From.
        operators: Who gets it; nobody is told where this is empty.
        now: The time of this run (UTC).

    Returns:
        How many feeds are ill.
    """
    states = store.feeds(light=True)
    ill = [(name, what) for name in enabled if name in states and (what := ailment(states[name], now))]
    told = store.mark(MARK)
    if not ill or not operators or (told and now - datetime.fromisoformat(told) < EVERY):
        return len(ill)
    letter = Letter(
        "1 feed needs a look" if len(ill) == 1 else f"{len(ill)} feeds need a look",
        "These feeds broke or fell silent:",
        [f"{name}: {what}" for name, what in ill],
        "`wirewatch feeds health` shows all feeds. Failing feeds are tried again by themselves.",
    )
    messages = to_operators(letter, ("feeds", now.isoformat()), sender, operators, now)
    store.commit(Commit(messages=messages, marks={MARK: now.isoformat()}))
    return len(ill)
