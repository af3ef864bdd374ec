"""The outbox: decided → rendered → sent, each step committed before the next.

Killed anywhere, the next run goes on where this one stopped. Only where the far side took a message and the
commit that says so is missing does it go out again, with the same Message-ID.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.errors import MessageError

from pipeline.alerts.decide.decide import WatchRule, rule_of
from pipeline.alerts.send.content import Item
from pipeline.alerts.send.render import Renderer
from pipeline.errors import PermanentError, TransientError, UnavailableError
from pipeline.notify import next_try
from pipeline.ports import Commit, Lease, Notifier, Store
from pipeline.records import Alert, Message, Story, Watch, WatchState
from pipeline.records.alerts import Thread
from pipeline.stages.alerting.lineage import heir

# A channel that could not be used so often in one run is left alone until the next.
TRIES_OF_A_CHANNEL = 2
# A digest waits a week at most, and a full day moves it on; older alerts are looked for only when missing.
LOOK_BACK = timedelta(days=16)


@dataclass(slots=True)
class Delivered:
    """What one delivery run did; counts messages."""

    delivered: int = 0
    failed: int = 0
    dropped: int = 0
    errors: tuple[str, ...] = ()


@dataclass(slots=True)
class _Run:
    now: datetime
    renew: Callable[[], Lease]
    done: Delivered = field(default_factory=Delivered)
    blocked: set[tuple[str, str]] = field(default_factory=set)
    unavailable: Counter[str] = field(default_factory=Counter)

    def error(self, message: Message, text: str) -> None:
        self.done.errors = (*self.done.errors, f"{message.watch}, {message.to}: {text}")


class Deliverer:
    """Sends what is due.

    Args:
        store: Its outbox is worked off under the lease "alerts".
        watches: For the language and the query of each message.
        notifier: Sends.
        renderer: Renders.
        max_attempts: After so many tries a message has failed.
    """

    def __init__(
        self,
        store: Store,
        watches: Sequence[Watch],
        notifier: Notifier,
        renderer: Renderer,
        max_attempts: int = 12,
    ) -> None:
        self._store = store
        self._watches = {watch.name: watch for watch in watches}
        self._notifier = notifier
        self._renderer = renderer
        self._max_attempts = max_attempts
        self._rules: dict[str, WatchRule] = {}
        self._alerts: dict[str, dict[str, Alert]] = {}

    def run(self, now: datetime, renew: Callable[[], Lease]) -> Delivered:
        """Renders and sends every message that is due.

        Args:
            now: The time of this run (UTC).
            renew: Renews the lease "alerts" and returns it.

        Raises:
            LeaseHeldError: The lease was lost.
        """
        run = _Run(now, renew)
        for message in self._store.outbox():
            if message.state == "decided" and _due(message, now):
                self._render(message, run)
        waiting = self._store.outbox()
        # A destination that is backing off is left alone, whatever else is for it.
        run.blocked = {(m.channel, m.to) for m in waiting if m.attempts and not _due(m, now)}
        for message in waiting:
            if message.state == "rendered" and _due(message, now):
                self._send(message, run)
        return run.done

    # -- rendering ---------------------------------------------------------------------------------------

    def _render(self, message: Message, run: _Run) -> None:
        watch = self._watches.get(message.watch)
        if watch is None or not watch.enabled:
            self._drop(message, "the watch was switched off or taken out", run)
            return
        items, tellings = self._items(message)
        if not items:
            self._drop(message, "its stories are not in the store any more", run)
            return
        try:
            rendered = self._renderer.render(message, self._rule(watch, run.now), items, run.now)
        except (ValueError, LookupError, MessageError) as error:
            # What one address or text does to the mail must stop nobody else's.
            self._fail(message, f"cannot be rendered: {type(error).__name__}: {error}", run)
            return
        ready = replace(
            message, state="rendered", message_id=rendered.message_id, payload=rendered.payload, error=""
        )
        told = tuple(
            _threaded(telling, item, Thread(message.to, rendered.message_id, item.members[-1].seq))
            for item, telling in zip(items, tellings, strict=True)
            if telling
        )
        self._store.commit(Commit(messages=(ready,), tellings=told), run.renew())

    def _drop(self, message: Message, why: str, run: _Run) -> None:
        self._store.commit(Commit(messages=(replace(message, state="suppressed", error=why),)), run.renew())
        run.done.dropped += 1
        run.error(message, why)

    def _rule(self, watch: Watch, now: datetime) -> WatchRule:
        if watch.name not in self._rules:
            self._rules[watch.name] = rule_of(watch, now)
        return self._rules[watch.name]

    def _items(self, message: Message) -> tuple[list[Item], list[WatchState | None]]:
        """The stories of a message as they are now, with what its destination was shown of them."""
        grouped: dict[str, tuple[Story, list[Alert]]] = {}
        for alert in self._alerts_of(message):
            story = heir(self._store, alert.story) or self._by_articles(alert.articles)
            if story:
                grouped.setdefault(story.id, (story, []))[1].append(alert)
        items: list[Item] = []
        tellings: list[WatchState | None] = []
        for story, alerts in grouped.values():
            members = sorted(self._store.articles(story.members).values(), key=lambda each: each.seq)
            if not members:
                continue
            names = list(dict.fromkeys((story.id, *(alert.story for alert in alerts))))
            known = self._store.tellings(message.watch, names)
            telling = next((known[name] for name in names if name in known), None)
            thread = next((t for each in known.values() for t in each.threads if t.to == message.to), None)
            shown, root = (thread.shown, thread.message_id) if thread else (0, "")
            items.append(Item(tuple(alerts), story, tuple(members), shown, root))
            tellings.append(telling)
        return items, tellings

    def _alerts_of(self, message: Message) -> list[Alert]:
        known = self._alerts.get(message.watch, {})
        for since in (message.due - LOOK_BACK, None):
            if all(alert in known for alert in message.alerts):
                break
            known = {alert.id: alert for alert in self._store.alerts(message.watch, since)}
        self._alerts[message.watch] = known
        return [known[alert] for alert in message.alerts if alert in known]

    def _by_articles(self, articles: Iterable[str]) -> Story | None:
        for stored in self._store.articles(tuple(articles)).values():
            return self._store.stories([stored.story]).get(stored.story)
        return None

    # -- sending -----------------------------------------------------------------------------------------

    def _send(self, message: Message, run: _Run) -> None:
        if (message.channel, message.to) in run.blocked:
            return
        if run.unavailable[message.channel] >= TRIES_OF_A_CHANNEL:
            return
        run.renew()
        try:
            self._notifier.send(message)
        except TransientError as error:
            if isinstance(error, UnavailableError):
                run.unavailable[message.channel] += 1
            self._later(message, error, run)
            return
        except PermanentError as error:
            self._fail(replace(message, attempts=message.attempts + 1), str(error), run)
            return
        sent = replace(message, state="sent", sent=run.now, attempts=message.attempts + 1, error="")
        self._store.commit(Commit(messages=(sent,)), run.renew())
        run.done.delivered += 1

    def _later(self, message: Message, error: TransientError, run: _Run) -> None:
        attempts = message.attempts + 1
        tried = replace(message, attempts=attempts)
        if attempts >= self._max_attempts:
            self._fail(tried, f"given up after {attempts} tries: {error}", run)
            return
        due = next_try(f"{message.channel}:{message.to}", attempts, run.now, error.retry_after_seconds)
        again = replace(tried, due=due, error=str(error))
        self._store.commit(Commit(messages=(again,)), run.renew())
        run.blocked.add((message.channel, message.to))
        run.done.failed += 1
        run.error(message, f"{error}; next try {due:%Y-%m-%d %H:%M} UTC")

    def _fail(self, message: Message, why: str, run: _Run) -> None:
        self._store.commit(Commit(messages=(replace(message, state="failed", error=why),)), run.renew())
        run.done.failed += 1
        run.error(message, why)


def _due(message: Message, now: datetime) -> bool:
    """Whether a message may go out; one that is due in a far future was decided by a clock that was wrong."""
    return message.due <= now or message.due > now + LOOK_BACK


def _threaded(telling: WatchState, item: Item, shown: Thread) -> WatchState:
    """The telling with what a destination is shown now; the first mail stays the thread's root."""
    thread = Thread(shown.to, item.thread or shown.message_id, max(shown.shown, item.shown))
    return replace(telling, threads=(*(each for each in telling.threads if each.to != shown.to), thread))
