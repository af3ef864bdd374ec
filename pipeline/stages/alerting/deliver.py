"""The outbox: decided → rendered → sent, each step committed before the next.

Killed anywhere, the next run goes on where this one stopped. Only where the far side took a message and the
commit that says so is missing does it go out again, with the same Message-ID.

Whom a message goes to is asked of today's watches in each step: who left a watch gets nothing of what
still waits, and who came gets it. Trouble of our own mail server is the server's, in a mark of the store: it
burns no mail's tries, one mail is the probe, and all go out when it is back. A message that its own far side
does not take now is tried again, and given up by age.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.errors import MessageError

from pipeline.addresses import destination_key
from pipeline.alerts.decide.watch_rule import WatchRule, rule_of
from pipeline.alerts.send.content import Item
from pipeline.alerts.send.render import Renderer
from pipeline.alerts.send.schedule import destinations
from pipeline.errors import PermanentError, TransientError, UnavailableError
from pipeline.ports import Commit, Lease, Notifier, Store
from pipeline.records import Alert, Message, Story, Watch, WatchState, content_id
from pipeline.records.alerts import Thread
from pipeline.retry import DELIVERY, MAIL_SERVER, RetryPolicy
from pipeline.stages.alerting.lineage import heir

# A digest waits a week at most, and a full day moves it on; older alerts are looked for only when missing.
LOOK_BACK = timedelta(days=16)
_MOST_WAIT = timedelta(days=2)  # twice the longest wait that a server may ask for
# The mark that says since when our mail server is in trouble; "" when it is well.
MAIL_TROUBLE = "outbox.mail"
NOT_TOLD = "it takes back an article that this address was never told of"
GONE = "the watch was switched off or taken out"
LEFT = "its address does not stand in the watch any more"
DROPPED = "dropped by hand"


@dataclass(frozen=True, slots=True)
class ServerTrouble:
    """That our own mail server takes nothing: since when, how often it was tried, when next, and why."""

    since: datetime
    failures: int
    next_try: datetime
    error: str

    @staticmethod
    def of(store: Store) -> ServerTrouble | None:
        """What the store knows of it; None when the server is well."""
        found = store.mark(MAIL_TROUBLE)
        if not found:
            return None
        since, failures, next_try, error = json.loads(found)
        return ServerTrouble(datetime.fromisoformat(since), failures, datetime.fromisoformat(next_try), error)

    def mark(self) -> dict[str, str]:
        """As a store keeps it."""
        values = [self.since.isoformat(), self.failures, self.next_try.isoformat(), self.error]
        return {MAIL_TROUBLE: json.dumps(values, ensure_ascii=False)}


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
    trouble: ServerTrouble | None = None
    done: Delivered = field(default_factory=Delivered)
    blocked: set[tuple[str, str]] = field(default_factory=set)

    def error(self, message: Message, text: str) -> None:
        self.done.errors = (*self.done.errors, f"{message.watch or 'operator'}, {message.to}: {text}")

    @property
    def server_waits(self) -> bool:
        if self.trouble is None:
            return False
        # A try planned for later than any rule allows was planned by a clock that went wrong.
        return self.now < self.trouble.next_try <= self.now + _MOST_WAIT


class Deliverer:
    """Sends what is due.

    Args:
        store: Its outbox is worked off under the lease "alerts".
        watches: As configured today: whom messages go to, and in which language.
        notifier: Sends.
        renderer: Renders.
        policy: When a message is tried again, and given up.
    """

    def __init__(
        self,
        store: Store,
        watches: Sequence[Watch],
        notifier: Notifier,
        renderer: Renderer,
        policy: RetryPolicy = DELIVERY,
    ) -> None:
        self._store = store
        self._watches = {watch.name: watch for watch in watches if watch.enabled}
        self._notifier = notifier
        self._renderer = renderer
        self._policy = policy
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
        run = _Run(now, renew, ServerTrouble.of(self._store))
        waiting = self._of_today(self._store.outbox(), run)
        for message in waiting:
            if message.state == "decided" and _due(message, now):
                self._render(message, run)
        waiting = self._store.outbox()
        # A destination that is backing off is left alone, whatever else is for it.
        run.blocked = {_place(m) for m in waiting if m.attempts and not _due(m, now)}
        for message in waiting:
            if message.state == "rendered" and _due(message, now):
                self._send(message, run)
        return run.done

    # -- whom it goes to ---------------------------------------------------------------------------------

    def _of_today(self, waiting: Sequence[Message], run: _Run) -> list[Message]:
        """What waits, less the messages to those who left their watch, plus those to people who joined it."""
        kept = []
        for message in waiting:
            why = self._no_more(message)
            if why:
                self._drop(message, why, run)
            else:
                kept.append(message)
        due: dict[str, list[Message]] = {}
        # Those who left still say what waits for those who came.
        for message in waiting:
            if message.watch in self._watches and _due(message, run.now):
                due.setdefault(message.watch, []).append(message)
        for name, messages in due.items():
            kept = self._with_newcomers(self._watches[name], messages, kept, run)
        return kept

    def _no_more(self, message: Message) -> str:
        if not message.watch:  # to the operator
            return ""
        watch = self._watches.get(message.watch)
        if watch is None:
            return GONE
        places = {(channel, destination_key(to)) for channel, to in destinations(watch.deliver)}
        return "" if _place(message) in places else LEFT

    def _with_newcomers(
        self, watch: Watch, due: Sequence[Message], kept: list[Message], run: _Run
    ) -> list[Message]:
        wanted = list(dict.fromkeys(alert for message in due for alert in message.alerts))
        for channel, to in destinations(watch.deliver):
            place = (channel, destination_key(to))
            own = [m for m in kept if m.watch == watch.name and _place(m) == place]
            has = {alert for message in own for alert in message.alerts}
            lacking = self._untold(watch, [each for each in wanted if each not in has], due, to)
            done = self._done_with(watch, place) if lacking else frozenset()
            lacking = [each for each in lacking if each not in done]
            if not lacking:
                continue
            open_one = next((m for m in own if m.state == "decided" and _due(m, run.now)), None)
            made = (
                replace(open_one, alerts=(*lacking, *open_one.alerts))
                if open_one
                else Message(
                    id=content_id("message", lacking[0], channel, to),
                    watch=watch.name,
                    alerts=tuple(lacking),
                    channel=channel,
                    to=to,
                    state="decided",
                    due=min(message.due for message in due),
                )
            )
            self._store.commit(Commit(messages=(made,)), run.renew())
            kept = [*(m for m in kept if m.id != made.id), made]
        return kept

    def _untold(self, watch: Watch, alerts: Sequence[str], due: Sequence[Message], to: str) -> list[str]:
        """The alerts whose stories a destination was not shown yet, up to the article that made them."""
        if not alerts:
            return []
        known: dict[str, Alert] = {}
        for message in due:
            known |= {alert.id: alert for alert in self._alerts_of(message)}
        found = [known[each] for each in alerts if each in known]
        names = {alert.story: {alert.story} for alert in found}
        for story in names:
            now_in = heir(self._store, story)
            names[story] |= {now_in.id} if now_in else set()
        states = self._store.tellings(watch.name, sorted(set().union(*names.values())))
        key = destination_key(to)

        def shown(story: str) -> int:
            threads = (t for name in names[story] if name in states for t in states[name].threads)
            return max((t.shown for t in threads if destination_key(t.to) == key), default=0)

        # That an article is withdrawn is for those who were told of it, and no newcomer was.
        return [a.id for a in found if a.kind != "withdrawn" and shown(a.story) < a.seq]

    def _done_with(self, watch: Watch, place: tuple[str, str]) -> frozenset[str]:
        """The alerts that a destination had, or that were given up or dropped for it; no others wait."""
        finished = self._store.outbox(("sent", "failed", "suppressed"))
        return frozenset(
            alert
            for message in finished
            if message.watch == watch.name and _place(message) == place
            if message.state != "suppressed" or message.error == DROPPED
            for alert in message.alerts
        )

    # -- rendering ---------------------------------------------------------------------------------------

    def _render(self, message: Message, run: _Run) -> None:
        watch = self._watches[message.watch]
        items, tellings, why = self._items(message)
        if not items:
            self._drop(message, why, run)
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
        # A digest begins no thread: its subject is of no story.
        root = rendered.message_id if len(items) == 1 else ""
        told = tuple(
            _threaded(telling, item, Thread(message.to, root, item.members[-1].seq, rendered.subject))
            for item, telling in zip(items, tellings, strict=True)
            if telling
        )
        self._store.commit(Commit(messages=(ready,), tellings=told), run.renew())

    def _drop(self, message: Message, why: str, run: _Run) -> None:
        self._store.commit(Commit(messages=(replace(message, state="suppressed", error=why),)), run.renew())
        run.done.dropped += 1
        if why != NOT_TOLD:  # as it should be, and no trouble
            run.error(message, why)

    def _rule(self, watch: Watch, now: datetime) -> WatchRule:
        if watch.name not in self._rules:
            self._rules[watch.name] = rule_of(watch, now)
        return self._rules[watch.name]

    def _items(self, message: Message) -> tuple[list[Item], list[WatchState | None], str]:
        """The stories of a message as they are now, with what its destination was shown; why some lack."""
        why = "its stories are not in the store any more"
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
            key = destination_key(message.to)
            thread = next(
                (t for each in known.values() for t in each.threads if destination_key(t.to) == key), None
            )
            fit = _for_those_told(alerts, thread, known.values())
            if not fit:
                why = NOT_TOLD
                continue
            shown, root, subject = (
                (thread.shown, thread.message_id, thread.subject) if thread else (0, "", "")
            )
            items.append(Item(tuple(fit), story, tuple(members), shown, root, subject))
            tellings.append(telling)
        return items, tellings, why

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
        if _place(message) in run.blocked or (message.channel == "mail" and run.server_waits):
            return
        run.renew()
        try:
            self._notifier.send(message)
        except UnavailableError as error:
            if message.channel == "mail":
                self._server_away(message, error, run)
            else:
                self._later(message, error, run)
            return
        except TransientError as error:
            self._later(message, error, run)
            self._server_back(message, run)
            return
        except PermanentError as error:
            self._fail(replace(message, attempts=message.attempts + 1), str(error), run)
            self._server_back(message, run)
            return
        sent = replace(message, state="sent", sent=run.now, attempts=message.attempts + 1, error="")
        marks = {MAIL_TROUBLE: ""} if run.trouble and message.channel == "mail" else {}
        self._store.commit(Commit(messages=(sent,), marks=marks), run.renew())
        run.trouble = None if marks else run.trouble
        run.done.delivered += 1

    def _server_away(self, message: Message, error: UnavailableError, run: _Run) -> None:
        """Our own server takes nothing: no mail is tried until the next probe, none is given up."""
        since = run.trouble.since if run.trouble else run.now
        failures = run.trouble.failures + 1 if run.trouble else 1
        due = MAIL_SERVER.next_try("mail", failures, run.now, error.retry_after_seconds)
        run.trouble = ServerTrouble(since, failures, due, str(error))
        waits = replace(message, due=due, error=str(error))
        self._store.commit(Commit(messages=(waits,), marks=run.trouble.mark()), run.renew())
        run.done.failed += 1
        run.error(message, f"{error}; all mails wait, next try {due:%Y-%m-%d %H:%M} UTC")

    def _server_back(self, message: Message, run: _Run) -> None:
        """Our server gave an answer about this mail, so it is well again."""
        if run.trouble and message.channel == "mail":
            self._store.commit(Commit(marks={MAIL_TROUBLE: ""}), run.renew())
            run.trouble = None

    def _later(self, message: Message, error: TransientError, run: _Run) -> None:
        tried = replace(message, attempts=message.attempts + 1, since=message.since or run.now)
        if self._policy.gives_up(tried.since or run.now, run.now):
            days = (run.now - (tried.since or run.now)) / timedelta(days=1)
            self._fail(tried, f"given up after {days:.1f} days ({tried.attempts} tries): {error}", run)
            return
        key = ":".join(_place(message))
        due = self._policy.next_try(key, tried.attempts, run.now, error.retry_after_seconds)
        again = replace(tried, due=due, error=str(error))
        self._store.commit(Commit(messages=(again,)), run.renew())
        run.blocked.add(_place(message))
        run.done.failed += 1
        run.error(message, f"{error}; next try {due:%Y-%m-%d %H:%M} UTC")

    def _fail(self, message: Message, why: str, run: _Run) -> None:
        self._store.commit(Commit(messages=(replace(message, state="failed", error=why),)), run.renew())
        run.done.failed += 1
        run.error(message, why)


def _for_those_told(
    alerts: Sequence[Alert], thread: Thread | None, states: Iterable[WatchState]
) -> list[Alert]:
    """All alerts; of withdrawals alone, those of articles that the destination was told of."""
    if any(alert.kind != "withdrawn" for alert in alerts):
        return list(alerts)
    told = {article for state in states for article in state.told}
    return [a for a in alerts if thread and (thread.shown >= a.seq or not told.isdisjoint(a.articles))]


def _place(message: Message) -> tuple[str, str]:
    return message.channel, destination_key(message.to)


def _due(message: Message, now: datetime) -> bool:
    """Whether a message may go out; one due in the far future was decided by a clock that was wrong."""
    return message.due <= now or message.due > now + LOOK_BACK


def _threaded(telling: WatchState, item: Item, shown: Thread) -> WatchState:
    """The telling with what a destination is shown now; the first mail stays the thread's root."""
    root, subject = (item.thread, item.subject) if item.thread else (shown.message_id, shown.subject)
    thread = Thread(shown.to, root, max(shown.shown, item.shown), subject)
    key = destination_key(shown.to)
    others = (each for each in telling.threads if destination_key(each.to) != key)
    return replace(telling, threads=(*others, thread))
