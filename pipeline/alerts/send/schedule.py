"""When an alert goes out, and with which others: pure, with local time and its changes by zoneinfo.

At once, each story has a message of its own. What a digest, quiet hours or the limit a day holds back goes
out together: one message for each destination and time. A follow-up on a story whose message still waits
joins it. A local hour that a change to summer time leaves out is the hour after; one that comes twice counts
the first time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pipeline.addresses import destination_key
from pipeline.records import Alert, Delivery, Message, Watch, content_id
from pipeline.records.alerts import Channel, QuietHours

# The rest of a day that is full goes out on the next at this hour, unless the watch has a digest.
REST_HOUR = 7

Held = Literal["", "digest", "quiet hours", "limit"]


@dataclass(frozen=True, slots=True)
class Slot:
    """When something is due (UTC), and what held it back."""

    due: datetime
    held: Held


@dataclass(frozen=True, slots=True)
class Plan:
    """What new alerts of one watch lead to.

    Attributes:
        messages: New and changed messages, all in state "decided".
        counts: Messages by destination and local day, for watches with a limit a day.
        held: For each alert, what held it back.
    """

    messages: tuple[Message, ...]
    counts: Mapping[str, Mapping[str, int]]
    held: Mapping[str, Held]


def zone_of(deliver: Delivery) -> str:
    """The time zone a watch thinks in: of its digest, else of its quiet hours, else its own."""
    if deliver.digest:
        return deliver.digest.timezone
    return deliver.quiet.timezone if deliver.quiet else deliver.timezone


def slot(deliver: Delivery, at: datetime) -> Slot:
    """When an alert decided at `at` is due, apart from the limit a day."""
    due, held = at, ""
    if deliver.digest:
        due, held = next_digest(deliver, at), "digest"
    quiet_until = quiet_end(deliver.quiet, due) if deliver.quiet else None
    if quiet_until:
        return Slot(quiet_until, "quiet hours")
    return Slot(due, "digest" if held else "")


def next_digest(deliver: Delivery, after: datetime) -> datetime:
    """The first time of a digest that is later than `after` (UTC)."""
    digest = deliver.digest
    if digest is None:
        raise ValueError("the watch has no digest")
    zone = ZoneInfo(digest.timezone)
    today = after.astimezone(zone).date()
    for days in range(9):
        day = today + timedelta(days=days)
        if day.weekday() not in digest.weekdays:
            continue
        for hour in digest.hours:
            due = _utc(day, time(hour), zone)
            if due > after:
                return due
    raise ValueError("the digest has no hour or no weekday")


def quiet_end(quiet: QuietHours, at: datetime) -> datetime | None:
    """When the quiet hours that `at` lies in end (UTC); None where it lies in none."""
    zone = ZoneInfo(quiet.timezone)
    today = at.astimezone(zone).date()
    for day in (today - timedelta(days=1), today):
        start = _utc(day, quiet.start, zone)
        last = day if quiet.start < quiet.end else day + timedelta(days=1)
        end = _utc(last, quiet.end, zone)
        if start <= at < end:
            return end
    return None


def _utc(day: date, clock: time, zone: ZoneInfo) -> datetime:
    # A time that summer time leaves out has the offset of before, so that it becomes the hour after.
    return datetime.combine(day, clock, zone).astimezone(UTC)


def destinations(deliver: Delivery) -> tuple[tuple[Channel, str], ...]:
    """Where a watch delivers to: channel and address; one place once, however often it is spelled."""
    places: list[tuple[Channel, str]] = [("mail", address) for address in deliver.mail]
    places += [("webhook", deliver.webhook)] if deliver.webhook else []
    places += [("chat", name) for name in deliver.chat]
    once: dict[tuple[str, str], tuple[Channel, str]] = {}
    for channel, to in places:
        once.setdefault((channel, destination_key(to)), (channel, to))
    return tuple(once.values())


def plan(
    watch: Watch,
    alerts: Sequence[Alert],
    pending: Sequence[Message],
    counts: Mapping[str, Mapping[str, int]],
    now: datetime,
    stories: Mapping[str, str] | None = None,
) -> Plan:
    """Puts new alerts of one watch into messages.

    Args:
        watch: The watch.
        alerts: Its new alerts, in order.
        pending: Its messages in state "decided".
        counts: As a former plan gave them.
        now: When this is done (UTC).
        stories: For alerts in `pending`, their stories.
    """
    planner = _Planner(watch, pending, counts, now, stories or {})
    for alert in alerts:
        planner.add(alert)
    return planner.done()


class _Planner:
    def __init__(
        self,
        watch: Watch,
        pending: Sequence[Message],
        counts: Mapping[str, Mapping[str, int]],
        now: datetime,
        stories: Mapping[str, str],
    ) -> None:
        self._watch = watch
        self._open = {message.id: message for message in pending if message.state == "decided"}
        # The first message to a place that tells of a story, and the first that is due at a time.
        self._telling: dict[tuple[str, str, str | None], str] = {}
        self._due: dict[tuple[str, str, datetime], str] = {}
        for message in self._open.values():
            self._note(message, (stories.get(alert) for alert in message.alerts))
        self._counts = {destination_key(to): dict(days) for to, days in counts.items()}
        self._now = now
        self._changed: set[str] = set()
        self._held: dict[str, Held] = {}

    def add(self, alert: Alert) -> None:
        """Adds an alert to a message for each destination."""
        for channel, to in destinations(self._watch.deliver):
            waiting = self._waiting(channel, to, alert.story)
            if waiting:
                self._join(waiting, alert)
                continue
            due = self._limited(to, slot(self._watch.deliver, self._now))
            self._held[alert.id] = due.held
            together = self._together(channel, to, due) if due.held else None
            if together:
                self._join(together, alert)
                continue
            message = Message(
                id=content_id("message", alert.id, channel, to),
                watch=self._watch.name,
                alerts=(alert.id,),
                channel=channel,
                to=to,
                state="decided",
                due=due.due,
            )
            self._open[message.id] = message
            self._note(message, (alert.story,))
            self._changed.add(message.id)
            self._count(to, due.due)

    def done(self) -> Plan:
        """The plan."""
        messages = tuple(self._open[key] for key in sorted(self._changed))
        return Plan(messages, self._counts, self._held)

    def _note(self, message: Message, stories: Iterable[str | None]) -> None:
        place = message.channel, destination_key(message.to)
        self._due.setdefault((*place, message.due), message.id)
        for story in stories:
            self._telling.setdefault((*place, story), message.id)

    def _waiting(self, channel: str, to: str, story: str) -> Message | None:
        name = self._telling.get((channel, destination_key(to), story))
        return self._open[name] if name else None

    def _together(self, channel: str, to: str, due: Slot) -> Message | None:
        name = self._due.get((channel, destination_key(to), due.due))
        return self._open[name] if name else None

    def _join(self, message: Message, alert: Alert) -> None:
        self._held.setdefault(alert.id, "digest" if message.due > self._now else "")
        self._note(message, (alert.story,))
        if alert.id not in message.alerts:
            self._open[message.id] = replace(message, alerts=(*message.alerts, alert.id))
            self._changed.add(message.id)

    def _limited(self, to: str, wanted: Slot) -> Slot:
        limit = self._watch.deliver.at_most_per_day
        if not limit:
            return wanted
        due, held = wanted.due, wanted.held
        # A message that waits for this very time takes the alert along and does not count again.
        while self._counts.get(destination_key(to), {}).get(self._day(due), 0) >= limit:
            if held and any(
                destination_key(m.to) == destination_key(to) and m.due == due for m in self._open.values()
            ):
                break
            due, held = self._next_day(due), "limit"
        return Slot(due, held)

    def _next_day(self, due: datetime) -> datetime:
        deliver = self._watch.deliver
        zone = ZoneInfo(zone_of(deliver))
        day = due.astimezone(zone).date() + timedelta(days=1)
        if deliver.digest:
            return slot(deliver, _utc(day, time(0), zone) - timedelta(microseconds=1)).due
        rest = _utc(day, time(REST_HOUR), zone)
        return (quiet_end(deliver.quiet, rest) if deliver.quiet else None) or rest

    def _day(self, due: datetime) -> str:
        return due.astimezone(ZoneInfo(zone_of(self._watch.deliver))).date().isoformat()

    def _count(self, to: str, due: datetime) -> None:
        if not self._watch.deliver.at_most_per_day:
            return
        day = self._day(due)
        oldest = self._day(self._now - timedelta(days=1))
        place = destination_key(to)
        days = {key: value for key, value in self._counts.get(place, {}).items() if key >= oldest}
        self._counts[place] = days | {day: days.get(day, 0) + 1}
