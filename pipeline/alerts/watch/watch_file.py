"""`watches.yaml` → watches: an error names file, line and key, and stops only the watch it is in."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.addresses import checked_mail_address
from pipeline.errors import ConfigError, QueryError
from pipeline.query import parse
from pipeline.records import Conditions, Delivery, Digest, QuietHours, Watch
from pipeline.settings import known_zone
from pipeline.yaml_documents import Document, validated

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LANGUAGES = ("en", "de", "es", "fr")
# A query that says now must parse at any time at which it may be asked: dates lie within the calendar or not.
_SOME_TIMES = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2400, 1, 1, tzinfo=UTC))
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _url(url: str) -> str:
    if url and not re.fullmatch(r"https?://[^\s/]+\S*", url, re.IGNORECASE):
        raise ValueError(f"{url!r} is not an http(s) address")
    return url


def _clock(value: object) -> time:
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        # Without quotation marks YAML reads 22:00 as the number 1320.
        raise ValueError('must be a time in quotation marks, such as "22:00"')
    return time(int(found[1]), int(found[2]))


def _one_line(text: str) -> str:
    if any(ord(char) < 32 or ord(char) == 127 for char in text):
        raise ValueError("must be one line of text")
    return text


Zone: TypeAlias = Annotated[str, AfterValidator(known_zone)]
Clock: TypeAlias = Annotated[time, BeforeValidator(_clock)]


class DigestEntry(_Closed):
    """When a digest goes out."""

    hours: Annotated[tuple[Annotated[int, Field(ge=0, le=23)], ...], Field(min_length=1)]
    weekdays: Annotated[
        tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...], Field(min_length=1)
    ] = WEEKDAYS  # type: ignore[assignment]
    timezone: Zone = ""

    def record(self, zone: str) -> Digest:
        """The record; `zone` where it names none."""
        days = tuple(sorted({WEEKDAYS.index(day) for day in self.weekdays}))
        return Digest(tuple(sorted(set(self.hours))), days, self.timezone or zone)


class QuietEntry(_Closed):
    """When nothing is sent."""

    start: Clock = Field(alias="from")
    end: Clock = Field(alias="to")
    timezone: Zone = ""

    def record(self, zone: str) -> QuietHours:
        """The record; `zone` where it names none."""
        return QuietHours(self.start, self.end, self.timezone or zone)


class DeliverEntry(_Closed):
    """Where to, and when."""

    mail: tuple[Annotated[str, AfterValidator(checked_mail_address)], ...] = ()
    webhook: Annotated[str, AfterValidator(_url)] = ""
    chat: tuple[str, ...] = ()
    when: Literal["immediately", "digest"] | None = None
    digest: DigestEntry | None = None
    quiet_hours: QuietEntry | None = None
    at_most_per_day: Annotated[int, Field(ge=0)] = 0
    timezone: Zone = ""

    def record(self, zone: str) -> Delivery:
        """The record; `zone` where it names none."""
        zone = self.timezone or zone
        return Delivery(
            mail=tuple(dict.fromkeys(self.mail)),
            webhook=self.webhook,
            chat=self.chat,
            digest=self.digest.record(zone) if self.digest else None,
            quiet=self.quiet_hours.record(zone) if self.quiet_hours else None,
            at_most_per_day=self.at_most_per_day,
            timezone=zone,
        )


class WatchEntry(_Closed):
    """One watch."""

    name: Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_one_line)]
    description: Annotated[str, AfterValidator(_one_line)] = ""
    query: Annotated[str, Field(min_length=1)]
    conditions: Conditions = Conditions()
    match: Literal["any", "most", "central"] = "any"
    deliver: DeliverEntry = DeliverEntry()
    once_per: Literal["story", "situation"] = "story"
    follow_up: Literal["none", "growth", "news"] = "none"
    language: Literal["en", "de", "es", "fr"] = "en"
    enabled: bool = True

    def record(self, zone: str) -> Watch:
        """The record; `zone` for the local rules that name none."""
        return Watch(
            name=self.name,
            query=self.query,
            description=self.description,
            conditions=self.conditions,
            match=self.match,
            deliver=self.deliver.record(zone),
            once_per=self.once_per,
            follow_up=self.follow_up,
            language=self.language,
            enabled=self.enabled,
        )


@dataclass(frozen=True, slots=True)
class BrokenWatch:
    """What is wrong with one watch, or with the file as a whole.

    Attributes:
        name: The watch's name; "" for the file as a whole, and where the watch has none that can be read.
        error: Names file, line and key.
        off: Whether the watch is switched off, whatever else it says.
        goes_on: Whether its last good version is used meanwhile.
        beside: Whether it is something beside the watches, which concerns none of them.
    """

    name: str
    error: ConfigError
    off: bool = False
    goes_on: bool = False
    beside: bool = False


@dataclass(frozen=True, slots=True)
class WatchList:
    """The watches that can be used, and what had to be set aside.

    Attributes:
        watches: In the order of the file; those of the file that are good, and last good versions.
        broken: In the order of the file.
        entries: What each watch is as the file has it, by name: plain values, to be kept as last good.
        readable: Whether the file as a whole could be read: where it could not, nobody knows what it lacks.
    """

    watches: tuple[Watch, ...]
    broken: tuple[BrokenWatch, ...] = ()
    entries: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    readable: bool = True

    @property
    def set_aside(self) -> frozenset[str]:
        """The names whose version of the file nobody can ask; "" among them where a name cannot be read."""
        return frozenset(
            each.name
            for each in self.broken
            if not each.off and not each.beside and each.name not in self.entries
        )


def load_watches(document: Document, zone: str = "UTC") -> tuple[Watch, ...]:
    """Reads the watches of a file that must be right.

    Raises:
        ConfigError: Something is wrong; names file, line and key.
    """
    found = read_watches(document, zone)
    for broken in found.broken:
        raise broken.error
    return found.watches


def read_watches(document: Document, zone: str = "UTC") -> WatchList:
    """Reads the watches of a file; what is wrong with one of them stops no other.

    Args:
        document: The file.
        zone: The time zone of the local rules that name none.
    """
    entries, faults = _entries(document)
    if entries is None:
        return WatchList((), tuple(faults), readable=False)
    good: dict[str, Watch] = {}
    kept: dict[str, Mapping[str, Any]] = {}
    for position, entry in enumerate(entries):
        try:
            watch = _watch(document, entry, f"watches.{position}", good, zone)
        except ConfigError as error:
            faults.append(BrokenWatch(_name(entry), error, off=_off(entry)))
            continue
        good[watch.name] = watch
        kept[watch.name] = entry
    return WatchList(tuple(good.values()), tuple(faults), kept)


def _entries(document: Document) -> tuple[Sequence[Any] | None, list[BrokenWatch]]:
    """The watches as the file has them, and what is wrong with the file; None where they cannot be found."""
    if document.fault:
        return None, [BrokenWatch("", document.fault)]
    strange = [key for key in document.content if key != "watches"]
    faults = [BrokenWatch("", document.error("unknown key", str(key))) for key in strange[:1]]
    if strange and "watches" not in document.content:
        return None, faults
    faults = [replace(each, beside=True) for each in faults]
    entries = document.content.get("watches")
    if entries is None:
        return (), faults
    if not isinstance(entries, list):
        wrong = document.error("must be a list: each watch begins with a dash", "watches")
        return None, [*faults, BrokenWatch("", wrong)]
    return entries, faults


def _name(entry: object) -> str:
    name = entry.get("name") if isinstance(entry, Mapping) else None
    return name if isinstance(name, str) else ""


def _off(entry: object) -> bool:
    return isinstance(entry, Mapping) and entry.get("enabled") is False


def _watch(document: Document, entry: object, key: str, seen: Collection[str], zone: str) -> Watch:
    found = validated(WatchEntry, document, entry, key)
    if found.name in seen:
        raise document.error(f"the name {found.name!r} is given twice", f"{key}.name")
    _check_query(document, found, key)
    _check_delivery(document, found.deliver, f"{key}.deliver")
    return found.record(zone)


def watch_from(entry: Mapping[str, Any], zone: str = "UTC", where: str = "the last good version") -> Watch:
    """A watch from what was kept of it, or was written elsewhere than in the file.

    Args:
        entry: What stands in it.
        zone: Of hours that name none.
        where: What an error calls it.

    Raises:
        ConfigError: This version of Wirewatch does not take it.
    """
    return _watch(Document(where, {}, {}), entry, "watch", (), zone)


def _check_query(document: Document, entry: WatchEntry, key: str) -> None:
    try:
        for time in _SOME_TIMES:
            parse.parse(entry.query, time)
    except QueryError as error:
        raise document.error(str(error), f"{key}.query") from None


def _check_delivery(document: Document, deliver: DeliverEntry, key: str) -> None:
    if deliver.when == "digest" and deliver.digest is None:
        raise document.error("`when: digest` needs a digest, such as {hours: [7, 17]}", f"{key}.when")
    if deliver.when == "immediately" and deliver.digest is not None:
        raise document.error("there is a digest, but `when` says immediately", f"{key}.digest")
    quiet = deliver.quiet_hours
    if quiet and quiet.start == quiet.end:
        raise document.error("from and to are the same time, so it is never quiet", f"{key}.quiet_hours")
