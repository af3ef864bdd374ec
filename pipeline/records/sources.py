"""What sources send: captures, raw items, rejections, and the state of feeds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

CaptureKind = Literal["feed", "page", "file"]
Payload = Literal["feed", "html", "text", "jsonl"]
Stage = Literal["fetch", "parse", "normalize", "enrich", "group", "store", "journal"]
TextKind = Literal["summary", "description", "caption"]
JournalKind = Literal["batch", "repair", "correction", "alert", "unreadable"]


@dataclass(frozen=True, slots=True)
class Capture:
    """What a source sent, byte for byte, with what is needed to read it again.

    Attributes:
        id: Derived from kind, url and body, for feeds and pages also from the time.
        kind: A polled feed, a fetched page, or a loaded file.
        payload: How `body` is to be read.
        url: Where it came from; for files the path as it was given.
        fetched: When it came (UTC).
        body: The unpacked bytes.
        content_type: The server's Content-Type, or "".
        status: The HTTP status; 0 for files.
        headers: The other headers of the answer, names in lower case, without cookies.
        feed: The feed's id in the configuration, or "".
        outlet: The outlet's name in the configuration, or "".
        language: The configured language (ISO 639-1), or "".
        item: For a page: the link of the feed item that it belongs to, as the feed wrote it, or "".
    """

    id: str
    kind: CaptureKind
    payload: Payload
    url: str
    fetched: datetime
    body: bytes = field(repr=False)
    content_type: str = ""
    feed: str = ""
    outlet: str = ""
    language: str = ""
    item: str = ""
    status: int = 0
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class SourceText:
    """A text that a source gave beside an item's body.

    Attributes:
        kind: What it is: another "summary" of the article, the "description" of a video, sound or gallery
            that the item is about, or the "caption" of a picture.
        text: As written; may contain HTML if `html` is true.
        html: Whether it is HTML.
    """

    kind: TextKind
    text: str
    html: bool = False


@dataclass(frozen=True, slots=True)
class RawItem:
    """One item as the source wrote it: only the container format is decoded.

    Attributes:
        id: Derived from the capture and the position in it.
        capture: The id of the capture it was cut from.
        position: Its place in the capture, from 0.
        fetched: When the capture came (UTC).
        url: The link as written, or "".
        guid: The source's own id for it, or "".
        title: The title; may contain HTML if `html` is true.
        body: The article's own text as the source gave it: its content, or its summary if that is longer;
            may contain HTML if `html` is true.
        texts: Other texts that the source gave, each with its kind; `normalize` chooses among them.
        page: The article's page as HTML if it was fetched or loaded, else "".
        found: Where that page was found, after redirects, or "".
        home: The address of the source's own site, as it says, or "".
        html: Whether title and body are HTML.
        authors: As written.
        published, updated: Dates as the source wrote them, or "".
        beside: Dates of its source and of neighbouring items, as written; they show the time zone of a date
            that names none.
        feed: The feed's id, or "".
        outlet: The outlet's name as configured, or as the source says, or "".
        language: The source's claim (ISO 639-1), or "".
        locale: That claim as the source wrote it ("en-IE"), which may name a country, or "".
        tags: Categories as written.
    """

    id: str
    capture: str
    position: int
    fetched: datetime
    url: str = ""
    guid: str = ""
    title: str = ""
    body: str = ""
    page: str = ""
    found: str = ""
    home: str = ""
    html: bool = False
    authors: tuple[str, ...] = ()
    published: str = ""
    updated: str = ""
    beside: tuple[str, ...] = ()
    feed: str = ""
    outlet: str = ""
    language: str = ""
    locale: str = ""
    tags: tuple[str, ...] = ()
    texts: tuple[SourceText, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejection:
    """What could not be processed, and why: an entry of the quarantine.

    Attributes:
        id: Derived from source, stage and content.
        source: The URL or path it came from.
        stage: The stage that refused it.
        reason: One line.
        at: When (UTC).
        capture: The capture to replay it from, or "".
        excerpt: The first characters of what was refused, at most 500.
    """

    id: str
    source: str
    stage: Stage
    reason: str
    at: datetime
    capture: str = ""
    excerpt: str = ""

    @property
    def place(self) -> str:
        """Where it came from, short: the host of a URL, or the path as it is.

        >>> at = datetime.min
        >>> Rejection("", "https://me@News.example:8443/a?b", "parse", "", at).place
        'news.example'
        """
        _, scheme, rest = self.source.partition("://")
        server = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
        host = server[1:].partition("]")[0] if server.startswith("[") else server.partition(":")[0]
        return host.lower() if scheme and host else self.source


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is known of a feed between two polls; the store keeps it under the feed's id.

    Attributes:
        feed: The feed's id.
        url: Where permanent redirects led; "" while the feed is where the configuration says.
        etag, modified: Validators for a conditional request, or "".
        body_digest: Of the last body, for servers that repeat a stale ETag.
        polled, succeeded, news: When it was last polled, last answered well, last had something new (UTC).
        next_poll: When it is due (UTC); None means now.
        interval_seconds: The adaptive interval.
        failures: How many polls in a row have failed.
        error: The last error in one line, or "".
        status: The last HTTP status, 0 for none.
        entries, repeats: Items seen, and how many of them were known already; older polls count less.
        lag_seconds: The time from publication to fetch, the median of the last new items; -1 if unknown.
        rhythm_seconds: The average time from one new item to the next; -1 if unknown.
        source: A digest of the configured URL; if that is edited, what is known of the old one is dropped.
        seen: Keys of the items of the last polls (`pipeline.sources.feeds.poll_rules.item_keys`).
        pending: Links of items whose page is still to be fetched, and how often that was tried.
        hub, topic: Its WebSub hub and its own name there, as the feed last said; "" if it has none.
    """

    feed: str
    url: str = ""
    etag: str = ""
    modified: str = ""
    body_digest: str = ""
    polled: datetime | None = None
    succeeded: datetime | None = None
    news: datetime | None = None
    next_poll: datetime | None = None
    interval_seconds: float = 600.0
    failures: int = 0
    error: str = ""
    status: int = 0
    entries: int = 0
    repeats: int = 0
    lag_seconds: float = -1.0
    rhythm_seconds: float = -1.0
    source: str = ""
    seen: tuple[str, ...] = ()
    pending: tuple[tuple[str, int], ...] = ()
    hub: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A batch that is archived, while the journal does not say yet what became of it.

    Attributes:
        place: Where it is in the archive.
        at: When it was written (UTC).
        owner: Which process wrote it.
        backfill: Whether its articles never alert.
    """

    place: str
    at: datetime
    owner: str = ""
    backfill: bool = False


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One thing that was done; a replay does these again in order.

    Attributes:
        kind: A batch of captures, a repair, a person's correction, or an alert run; "unreadable" if its file
            is damaged or missing, and then `data["reason"]` says how.
        at: The time that counted as now when it was done (UTC).
        place: For a batch, where its captures are in the archive; else "".
        data: What else is needed to do it again; JSON values only.
        n: Its number in the journal, from 1; 0 before it is appended.
    """

    kind: JournalKind
    at: datetime
    place: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    n: int = 0
