"""Monitoring without a scheduler: polls what is due, alerts, and once a day does what `maintain` does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from pipeline.addresses import host_of
from pipeline.app.correct import Correct
from pipeline.app.ingest import Ingest
from pipeline.app.journal import OF_THE_HOUSE
from pipeline.app.stores import Stores
from pipeline.app.watches import Watches
from pipeline.app.wiring import Wiring
from pipeline.errors import WirewatchError
from pipeline.ports import FeedSource
from pipeline.sources.feeds.websub import RENEW_SECONDS, HubLinks, Subscription

# Digests and repeated deliveries fall due without any news.
_ALERT_SECONDS: Final = 60.0
_ILL_SECONDS: Final = 30.0
_LEAST_SECONDS: Final = 1.0
# How often the configuration is looked at meanwhile.
_LOOK_SECONDS: Final = 2.0
_REFUSED_SECONDS: Final = 3600.0
_CARE_AT: Final = time(3, 30)


class Pushes:
    """What hubs said, from the thread that listens to the loop; and the subscriptions they may speak for.

    Args:
        key: Of the home; signs the addresses that hubs call. b"" subscribes to none.
    """

    def __init__(self, key: bytes = b"") -> None:
        self.key = key
        self._lock = threading.Lock()
        self._pushed: set[str] = set()
        self._refused: dict[str, str] = {}
        self._subscriptions: dict[str, Subscription] = {}
        self._came = threading.Event()

    def expect(self, subscription: Subscription) -> None:
        """Notes what a hub is about to be asked for: it may check before its answer is here."""
        with self._lock:
            self._subscriptions[subscription.feed] = subscription

    def subscription(self, path: str) -> Subscription | None:
        """The subscription whose callback's address ends so."""
        with self._lock:
            found = self._subscriptions.get("/".join(path.split("/")[-2:-1]))
        return found if found is not None and path.endswith("/" + found.path) else None

    def push(self, feed: str) -> None:
        """A hub says that a feed has news."""
        with self._lock:
            self._pushed.add(feed)
        self._came.set()

    def refuse(self, feed: str, reason: str) -> None:
        """A hub says that it will not tell of a feed."""
        with self._lock:
            self._refused[feed] = reason

    @property
    def pushed(self) -> bool:
        """Whether a feed has news that nobody took yet."""
        return self._came.is_set()

    def take(self) -> set[str]:
        """The feeds that have news, each given out once."""
        with self._lock:
            taken, self._pushed = self._pushed, set()
            self._came.clear()
        return taken

    def take_refused(self) -> dict[str, str]:
        """By feed, why its hub will not tell of it; each given out once."""
        with self._lock:
            taken, self._refused = self._refused, {}
        return taken

    def wait(self, seconds: float) -> None:
        """Waits for so long, or until a hub says something."""
        self._came.wait(max(0.0, seconds))


@dataclass(slots=True)
class LoopRound:
    """What one round did.

    Attributes:
        at: When it began (UTC).
        feeds: How many were polled, and of them how many failed.
        pushed: How many of them because a hub said so.
        alerts, delivered, failed: Of watches, and of messages.
        cared: Whether it did the daily care.
        errors: One line each; the next round tries again.
    """

    at: datetime
    feeds: int = 0
    feeds_failed: int = 0
    pushed: int = 0
    new: int = 0
    updated: int = 0
    quarantined: int = 0
    alerts: int = 0
    delivered: int = 0
    failed: int = 0
    cared: bool = False
    errors: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """As the command line answers, a line for each round."""
        shape: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__ if name != "at"}
        return {"at": self.at.isoformat(timespec="seconds"), **shape}

    @property
    def quiet(self) -> bool:
        """Whether nothing came of it."""
        told = (self.new, self.updated, self.quarantined, self.alerts, self.delivered, self.failed)
        return not (any(told) or self.cared or self.errors)


class FeedLoop:
    """Rounds of polling, alerting and care.

    Args:
        wiring: The parts.
        pushes: What hubs say.
    """

    def __init__(self, wiring: Wiring, pushes: Pushes) -> None:
        self._wiring = wiring
        self._pushes = pushes
        self._ingest = Ingest(wiring)
        self._watches = Watches(wiring)
        self._next_care = self._care_after(wiring.clock())
        self._next_asked: dict[str, datetime] = {}

    def rounds(self, changed: Callable[[], bool]) -> Iterator[LoopRound]:
        """Goes round until the configuration has changed; waits between two rounds.

        Args:
            changed: Whether there is another configuration to go on with; asked every few seconds.

        Raises:
            ConfigError: The configuration is broken.
            StoreError: The store is of another version, or follows another home.
        """
        while True:
            done = self.round()
            yield done
            until = self._wiring.clock() + timedelta(seconds=self._pause(done))
            while (left := (until - self._wiring.clock()).total_seconds()) > 0 and not self._pushes.pushed:
                if changed():
                    return
                self._pushes.wait(min(left, _LOOK_SECONDS))
            if changed():
                return

    def round(self) -> LoopRound:
        """Polls what is due or was pushed, alerts, and does the daily care when its time has come."""
        done = LoopRound(self._wiring.clock())
        self._tried(done, self._poll)
        self._tried(done, self._alert)
        if done.at >= self._next_care:
            self._tried(done, self._care)
        self._tried(done, self._subscribe)
        done.errors += [
            f"feed {name}: its hub refuses: {why}" for name, why in self._pushes.take_refused().items()
        ]
        return done

    def _tried(self, done: LoopRound, step: Callable[[LoopRound], None]) -> None:
        """A step that fails stops no other step and no later round."""
        try:
            step(done)
        except OF_THE_HOUSE:
            raise
        except WirewatchError as error:
            done.errors.append(" ".join(str(error).split()))

    def _poll(self, done: LoopRound) -> None:
        known = {feed.id for feed in self._wiring.settings.feeds if feed.enabled}
        pushed = self._pushes.take() & known
        due = [feed.id for feed in self._ingest.chosen_feeds((), every=False)]
        wanted = list(dict.fromkeys([*sorted(pushed), *due]))
        if not wanted:
            return
        try:
            report = self._ingest.fetch(wanted)
        except WirewatchError:
            for name in pushed:
                self._pushes.push(name)
            raise
        lines = report.feeds or []
        done.feeds, done.pushed = len(lines), len(pushed)
        done.feeds_failed = sum(1 for line in lines if line["error"])
        counts = report.counts
        done.new, done.updated, done.quarantined = counts.new, counts.updated, counts.quarantined

    def _alert(self, done: LoopRound) -> None:
        report = self._watches.alert()
        done.alerts, done.delivered, done.failed = len(report.alerts), report.delivered, report.failed
        done.errors += list(report.errors)

    def _care(self, done: LoopRound) -> None:
        self._next_care = self._care_after(done.at)
        from pipeline.app.care.housekeeping import Care

        stores = Stores(self._wiring)
        Correct(self._wiring).repair()
        stores.drop_old()
        stores.optimize()
        Care(self._wiring).report_feeds()
        done.cared = True

    def _care_after(self, now: datetime) -> datetime:
        """The next half past three in the morning, where the reader is."""
        here = now.astimezone(ZoneInfo(self._wiring.settings.timezone))
        today = here.replace(hour=_CARE_AT.hour, minute=_CARE_AT.minute, second=0, microsecond=0)
        return (today if today > here else today + timedelta(days=1)).astimezone(now.tzinfo)

    def _pause(self, done: LoopRound) -> float:
        """Seconds to the next round: until a feed is due, and not longer than messages may wait."""
        if done.errors:
            return _ILL_SECONDS
        states = self._wiring.store.feeds(light=True)
        feeds = [feed.id for feed in self._wiring.settings.feeds if feed.enabled]
        planned = [states[name].next_poll or done.at for name in feeds if name in states]
        now = self._wiring.clock()
        waits = [max(_LEAST_SECONDS, (at - now).total_seconds()) for at in planned]
        return min([_ALERT_SECONDS, *waits])

    # -- hubs --------------------------------------------------------------------------------------------

    def _subscribe(self, done: LoopRound) -> None:
        base = self._wiring.settings.fetch.websub_url
        if not (base and self._pushes.key):
            return
        states = self._wiring.store.feeds(light=True)
        for feed in self._wiring.settings.feeds:
            state = states.get(feed.id)
            asked = self._next_asked.get(feed.id)
            if state is None or not (feed.enabled and state.hub) or (asked and asked > done.at):
                continue
            said = self._ask(feed, Subscription(feed.id, HubLinks(state.hub, state.topic), self._pushes.key))
            wait = _REFUSED_SECONDS if said else RENEW_SECONDS
            self._next_asked[feed.id] = done.at + timedelta(seconds=wait)
            if said:
                done.errors.append(f"feed {feed.id}: its hub cannot be subscribed to, it is polled: {said}")

    def _ask(self, feed: FeedSource, subscription: Subscription) -> str:
        """Asks a hub; gives why it will not, or ""."""
        self._pushes.expect(subscription)
        hub = subscription.links.hub
        private = feed.allow_private and host_of(hub) == host_of(feed.url)
        form = subscription.form(self._wiring.settings.fetch.websub_url)
        try:
            status = self._wiring.fetcher.client.post_form(hub, form, allow_private=private)
        except WirewatchError as error:
            return " ".join(str(error).split())
        return "" if 200 <= status < 300 else f"it answered {status}"
