"""When what failed is tried again, and when it is given up: one policy for all that waits.

The rule is pure: what waits, and by which clock, is handed in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from pipeline.errors import TransientError

Answer = TypeVar("Answer")

# The longest wait that a far side may ask for.
ASKED_SECONDS = 86400.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Waits that double up to a longest one, until it is given up.

    Attributes:
        first_seconds: The wait after the first failure.
        longest_seconds: No wait is longer, but for its jitter.
        give_up_seconds: After so long since the first failure it is given up; infinite for never.
        jitter: Each wait is longer or shorter by up to this share, so that many do not come back together.
    """

    first_seconds: float
    longest_seconds: float
    give_up_seconds: float = float("inf")
    jitter: float = 0.2

    def wait(self, key: str, failures: int, asked_seconds: float | None = None) -> float:
        """Seconds until the next try.

        Args:
            key: What is tried; the jitter is derived from it, so that the rule has no randomness.
            failures: In a row so far, at least 1.
            asked_seconds: How long the far side asked to wait; honoured up to a day.

        >>> policy = RetryPolicy(60, 600, jitter=0)
        >>> [policy.wait("a", failures) for failures in (1, 2, 3, 9)], policy.wait("a", 1, 90)
        ([60.0, 120.0, 240.0, 600.0], 90)
        """
        wait = min(self.first_seconds * 2.0 ** min(failures - 1, 60), self.longest_seconds)
        digest = hashlib.sha256(f"{key}:{failures}".encode("utf-8", "replace")).digest()
        share = int.from_bytes(digest[:4], "big") / 2**32
        wait *= 1 + self.jitter * (2 * share - 1)
        return max(wait, min(asked_seconds or 0.0, ASKED_SECONDS))

    def next_try(
        self, key: str, failures: int, now: datetime, asked_seconds: float | None = None
    ) -> datetime:
        """The time of the next try; see `wait`."""
        return now + timedelta(seconds=self.wait(key, failures, asked_seconds))

    def gives_up(self, since: datetime, now: datetime) -> bool:
        """Whether it has failed for so long that it is given up."""
        return (now - since).total_seconds() >= self.give_up_seconds


# A message that its far side does not take now; its settings say when it is given up.
DELIVERY = RetryPolicy(60.0, 6 * 3600.0)
# Our own mail server: a probe costs one connection, and nothing is given up because of it.
MAIL_SERVER = RetryPolicy(60.0, 1800.0)
# A lease that another run holds, which waits a quarter of an hour.
LEASE = RetryPolicy(0.1, 3.0, 900.0)
# A store that does not answer; how long is its caller's.
STORE = RetryPolicy(0.05, 2.0)


@dataclass(frozen=True, slots=True)
class Patience:
    """Tries again on the spot: for what a run cannot go on without.

    Attributes:
        policy: How long the waits are, and when it is given up.
        monotonic: A clock in seconds that never goes back.
        sleep: Waits so many seconds.
        tell: Is told each wait and its cause.
    """

    policy: RetryPolicy
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    tell: Callable[[float, TransientError], None] = lambda _wait, _cause: None

    def until_done(self, what: str, ask: Callable[[], Answer], on: type[TransientError]) -> Answer:
        """Asks until there is an answer.

        Args:
            what: The policy's key.
            ask: Made again after each error of the kind `on`.
            on: Which errors pass; any other is raised at once.

        Raises:
            TransientError: The last one, of the kind `on`, when the time is over.
        """
        began, failures = self.monotonic(), 0
        while True:
            try:
                return ask()
            except on as error:
                failures += 1
                wait = self.policy.wait(what, failures)
                if self.monotonic() - began + wait > self.policy.give_up_seconds:
                    raise
                self.tell(wait, error)
                self.sleep(wait)
