"""Watches, what they have told of, alerts, and the outbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Annotated, Literal, TypeAlias

from annotated_types import Ge, Le

AlertKind = Literal["new", "growth", "news", "withdrawn"]
DeliveryState = Literal["decided", "rendered", "sent", "failed", "suppressed"]
Channel = Literal["mail", "webhook", "chat"]
UNFINISHED: tuple[DeliveryState, ...] = ("decided", "rendered")
# The fields say what a person may write, because reading a file validates this class.
_Count: TypeAlias = Annotated[int, Ge(1), Le(1_000_000)]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a story must have before a watch fires: all of these.

    Attributes:
        articles, outlets, origins: At least this many.
        topics, entities: At least one of these ids or names, if any are given.
        hot: At least this hot: as much as this number of independent origins that came just now.
        growth: At least this many articles within 24 hours of the data's time; 0 for any.
    """

    articles: _Count = 1
    outlets: _Count = 1
    origins: _Count = 1
    topics: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    hot: Annotated[float, Ge(0)] = 0.0
    growth: Annotated[int, Ge(0)] = 0


@dataclass(frozen=True, slots=True)
class Digest:
    """When collected alerts are sent: at these full hours on these weekdays (0 is Monday), local time."""

    hours: tuple[int, ...]
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end` (local time, may span midnight) nothing is sent; what waits is sent at `end`."""

    start: time
    end: time
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a watch delivers.

    Attributes:
        mail: Addresses.
        webhook: A URL, or "".
        chat: Names of channels in the settings.
        digest: When to send digests; None to send at once.
        quiet: When to send nothing; None for never.
        at_most_per_day: How many mails a day; the rest goes into a digest. 0 is no limit.
        timezone: The time zone in which days begin and times are written.
    """

    mail: tuple[str, ...] = ()
    webhook: str = ""
    chat: tuple[str, ...] = ()
    digest: Digest | None = None
    quiet: QuietHours | None = None
    at_most_per_day: int = 0
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Watch:
    """What a person cares about, as written in `config/watches.yaml`.

    Attributes:
        once_per: Whether it tells once of each story, or once of all stories of a situation together.
    """

    name: str
    query: str
    description: str = ""
    conditions: Conditions = field(default_factory=Conditions)
    match: Literal["any", "most", "central"] = "any"
    deliver: Delivery = field(default_factory=Delivery)
    once_per: Literal["story", "situation"] = "story"
    follow_up: Literal["none", "growth", "news"] = "none"
    language: str = "en"
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Thread:
    """What one destination was sent of one story.

    Attributes:
        to: The address or URL.
        message_id: The Message-ID of the first mail; follow-ups are replies to it.
        shown: The highest ingest sequence that a message to it has shown.
        subject: The subject of the first mail, which follow-ups keep; "" for a digest, which begins no
            thread.
    """

    to: str
    message_id: str
    shown: int
    subject: str = ""


@dataclass(frozen=True, slots=True)
class WatchState:
    """What one watch knows of one story, so that it tells of it once.

    Attributes:
        watch, story: The watch's name and the story's id.
        matched: The articles that hit the query.
        told: All members that the story had at any time when the watch told of it.
        alerts: Ids of the alerts so far; empty while the conditions do not hold.
        origins: How many independent origins the story had when it last told.
        entities: All entity ids that the story had at any time when the watch told of it.
        seq: The highest ingest sequence of the store when it last told; 0 if it has not told yet.
        threads: What each destination was sent; written when a message is rendered.
        miss: Why it has not fired, in words; "" once it has.
        at: When this was last changed (UTC).
    """

    watch: str
    story: str
    matched: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    origins: int = 0
    entities: tuple[str, ...] = ()
    seq: int = 0
    threads: tuple[Thread, ...] = ()
    miss: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """A decision that a watch fires for a story.

    Attributes:
        id: Derived from watch, kind, story and the article that made it fire.
        watch: The name of the watch.
        kind: "new" for a first alert on the story; else why there is another.
        story: The id of the story.
        articles: The articles that it tells of, in ingest sequence.
        reason: Why, in words.
        seq: The ingest sequence of the newest article of the story when it fired.
        at: When it was decided (UTC).
        evidence: What the reason is made of, for mails in other languages: ("articles", "3"),
            ("origins_before", "2"), ("person", "Valery Gerasimov") and so on.
        change: The number of the change that made it fire; 0 if unknown.
        cause: What kind of change that was.
    """

    id: str
    watch: str
    kind: AlertKind
    story: str
    articles: tuple[str, ...]
    reason: str
    seq: int
    at: datetime
    evidence: tuple[tuple[str, str], ...] = ()
    change: int = 0
    cause: Literal["arrival", "edit", "move", "time"] = "arrival"


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the outbox: one mail or webhook call with one alert, or a digest of several.

    Attributes:
        id: Derived from the alerts and the destination.
        watch: The name of its watch.
        alerts: Ids of the alerts that it carries.
        channel: "mail", "webhook" or "chat".
        to: The address, the URL, or the channel's name.
        state: Each step is recorded before the next.
        due: The time before which it is not sent (UTC).
        message_id: The Message-ID of the mail, fixed when it is rendered.
        payload: The rendered message, from state "rendered" on.
        attempts: How often sending it was tried; a failure of our own mail server, which concerns all mails,
            does not count.
        since: When it first failed in passing (UTC); it is given up when that is too long ago.
        error: The last error, or "".
        sent: When the other side accepted it (UTC).
    """

    id: str
    watch: str
    alerts: tuple[str, ...]
    channel: Channel
    to: str
    state: DeliveryState
    due: datetime
    message_id: str = ""
    payload: bytes = field(default=b"", repr=False)
    attempts: int = 0
    error: str = ""
    sent: datetime | None = None
    since: datetime | None = None
