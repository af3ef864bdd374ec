"""`watches.yaml` → watches, strictly: an error names file, line and key."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from email.errors import HeaderParseError
from email.headerregistry import Address
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.errors import QueryError
from pipeline.query import parse
from pipeline.records import Conditions, Delivery, Digest, QuietHours, Watch
from pipeline.settings import Document, validated

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LANGUAGES = ("en", "de", "es", "fr")
# Any time will do to see whether a query parses.
_SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_ADDRESS = re.compile(r"[^\s<>@,;\"()\\]+@[^\s<>@,;\"()\\]+")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(f"{name!r} is no time zone; write one such as Europe/Berlin or UTC") from None
    except KeyError:
        raise ValueError(f"{name!r} is no time zone; write one such as Europe/Berlin or UTC") from None
    return name


def _address(address: str) -> str:
    try:
        if _ADDRESS.fullmatch(address) and Address(addr_spec=address).addr_spec:
            return address
    except (ValueError, IndexError, HeaderParseError):
        pass
    raise ValueError(f"{address!r} is no mail address")


def _url(url: str) -> str:
    if url and not re.fullmatch(r"https?://[^\s/]+\S*", url):
        raise ValueError(f"{url!r} is no http(s) address")
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


Zone: TypeAlias = Annotated[str, AfterValidator(_zone)]
Clock: TypeAlias = Annotated[time, BeforeValidator(_clock)]
Count: TypeAlias = Annotated[int, Field(ge=1, le=1_000_000)]


class ConditionsEntry(_Closed):
    """What a story must have before the watch fires."""

    articles: Count = 1
    outlets: Count = 1
    origins: Count = 1
    topics: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    hot: Annotated[float, Field(ge=0)] = 0.0
    growth: Annotated[int, Field(ge=0)] = 0


class DigestEntry(_Closed):
    """When a digest goes out."""

    hours: Annotated[tuple[Annotated[int, Field(ge=0, le=23)], ...], Field(min_length=1)]
    weekdays: Annotated[
        tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...], Field(min_length=1)
    ] = WEEKDAYS  # type: ignore[assignment]
    timezone: Zone = "UTC"

    def record(self) -> Digest:
        """The record."""
        days = tuple(sorted({WEEKDAYS.index(day) for day in self.weekdays}))
        return Digest(tuple(sorted(set(self.hours))), days, self.timezone)


class QuietEntry(_Closed):
    """When nothing is sent."""

    start: Clock = Field(alias="from")
    end: Clock = Field(alias="to")
    timezone: Zone = "UTC"

    def record(self) -> QuietHours:
        """The record."""
        return QuietHours(self.start, self.end, self.timezone)


class DeliverEntry(_Closed):
    """Where to, and when."""

    mail: tuple[Annotated[str, AfterValidator(_address)], ...] = ()
    webhook: Annotated[str, AfterValidator(_url)] = ""
    when: Literal["immediately", "digest"] | None = None
    digest: DigestEntry | None = None
    quiet_hours: QuietEntry | None = None
    at_most_per_day: Annotated[int, Field(ge=0)] = 0

    def record(self) -> Delivery:
        """The record."""
        return Delivery(
            mail=tuple(dict.fromkeys(self.mail)),
            webhook=self.webhook,
            digest=self.digest.record() if self.digest else None,
            quiet=self.quiet_hours.record() if self.quiet_hours else None,
            at_most_per_day=self.at_most_per_day,
        )


class WatchEntry(_Closed):
    """One watch."""

    name: Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_one_line)]
    description: Annotated[str, AfterValidator(_one_line)] = ""
    query: Annotated[str, Field(min_length=1)]
    conditions: ConditionsEntry = ConditionsEntry()
    match: Literal["any", "most", "central"] = "any"
    deliver: DeliverEntry = DeliverEntry()
    follow_up: Literal["none", "growth", "news"] = "none"
    language: Literal["en", "de", "es", "fr"] = "en"
    enabled: bool = True

    def record(self) -> Watch:
        """The record."""
        return Watch(
            name=self.name,
            query=self.query,
            description=self.description,
            conditions=Conditions(**self.conditions.model_dump()),
            match=self.match,
            deliver=self.deliver.record(),
            follow_up=self.follow_up,
            language=self.language,
            enabled=self.enabled,
        )


class WatchesFile(_Closed):
    """`watches.yaml`."""

    watches: tuple[WatchEntry, ...] = ()


def load_watches(document: Document) -> tuple[Watch, ...]:
    """Reads the watches of a file.

    Raises:
        ConfigError: Something is wrong; names file, line and key.
    """
    if document.content.get("watches", ()) is None:
        return ()
    seen: set[str] = set()
    found = []
    for position, entry in enumerate(validated(WatchesFile, document).watches):
        key = f"watches.{position}"
        if entry.name in seen:
            raise document.error(f"the name {entry.name!r} is given twice", f"{key}.name")
        seen.add(entry.name)
        _check_query(document, entry, key)
        _check_delivery(document, entry.deliver, f"{key}.deliver")
        found.append(entry.record())
    return tuple(found)


def _check_query(document: Document, entry: WatchEntry, key: str) -> None:
    try:
        parse.parse(entry.query, _SOME_TIME)
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
