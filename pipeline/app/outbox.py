"""The outbox: what waits, failed or was given up, and a person's word on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.app.wiring import Wiring, the_one
from pipeline.errors import NotFoundError
from pipeline.ports import Commit
from pipeline.records import Message
from pipeline.records.alerts import UNFINISHED

_OPEN = (*UNFINISHED, "failed")


class Outbox:
    """What waits, failed or was given up.

    Args:
        wiring: The parts.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def messages(self) -> list[Message]:
        """All messages that were not sent, the oldest first."""
        return self._wiring.store.outbox(_OPEN)

    def message(self, name: str) -> Message:
        """One of them.

        Args:
            name: Its id, or a beginning that no other has.

        Raises:
            NotFoundError: There is none.
            UsageError: There are several.
        """
        found = {each.id: each for each in self.messages() if name and each.id.startswith(name)}
        whole = the_one("messages", name, sorted(found))
        if whole is None:
            raise NotFoundError(
                f"message {name}: no message with this id waits or failed; `wirewatch outbox list` lists them"
            )
        return found[whole]

    def retry(self, names: Sequence[str]) -> list[Message]:
        """Makes messages due now, as if they had never been tried; the next alert run sends them.

        Args:
            names: Ids; none takes all that have failed or wait for a next try.
        """
        from pipeline.stages.alerting.deliver import MAIL_TROUBLE

        now = self._wiring.clock()
        chosen = [self.message(name) for name in names] or [
            message for message in self.messages() if message.error
        ]
        anew = tuple(
            replace(
                message,
                # What was rendered goes out again as it is, with the same Message-ID.
                state="rendered" if message.payload else "decided",
                due=now,
                attempts=0,
                since=None,
                error="",
            )
            for message in chosen
        )
        with self._wiring.lease("alerts") as renew:
            self._wiring.store.commit(Commit(messages=anew, marks={MAIL_TROUBLE: ""}), renew())
        return list(anew)

    def drop(self, name: str) -> Message:
        """Takes a message out: it is never sent."""
        from pipeline.stages.alerting.deliver import DROPPED

        message = replace(self.message(name), state="suppressed", error=DROPPED)
        with self._wiring.lease("alerts") as renew:
            self._wiring.store.commit(Commit(messages=(message,)), renew())
        return message
