"""Captures, raw items and rejections with their ids: what readers and parsers of sources make."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from pipeline.languages.calendar_names import current_code, language_of
from pipeline.records import Capture, CaptureKind, Payload, RawItem, Rejection, Stage, content_id

EXCERPT_CHARS = 500
FIELD_CHARS = 4_000
TITLE_CHARS = 4_000
NAME_CHARS = 500
DATE_CHARS = 200
MANY = 64


def blank_item(capture: Capture) -> RawItem:
    """An item that says what the capture says of all its items; readers fill in the rest by `replace`."""
    return RawItem(
        id="",
        capture=capture.id,
        position=0,
        fetched=capture.fetched,
        feed=capture.feed,
        outlet=capture.outlet,
        language=capture.language,
    )


def numbered(items: Iterable[RawItem]) -> list[RawItem]:
    """Gives each item its position in the capture, and its id; all fields but the texts are cut to a length.

    A longer title, link, name or date is a fault or an attack, and the rules for them may take more than
    linear time.
    """
    return [
        replace(
            item,
            id=content_id(item.capture, str(position)),
            position=position,
            url=item.url[:FIELD_CHARS],
            guid=item.guid[:FIELD_CHARS],
            home=item.home[:FIELD_CHARS],
            title=item.title[:TITLE_CHARS],
            published=item.published[:DATE_CHARS],
            updated=item.updated[:DATE_CHARS],
            outlet=item.outlet[:NAME_CHARS],
            locale=item.locale[:NAME_CHARS],
            authors=tuple(name[:NAME_CHARS] for name in item.authors[:MANY]),
            tags=tuple(tag[:NAME_CHARS] for tag in item.tags[:MANY]),
        )
        for position, item in enumerate(items)
    ]


_NO_TEXT = re.compile(r"\\x|\\u|[^\x20-\x7e]")


def said_of(error: BaseException) -> str:
    r"""What an error says, on one line: up to the first byte it quotes that is not text.

    >>> said_of(ValueError("Unknown format, first line: ['\\x00\\xd8'] at 12"))
    'Unknown format, first line'
    """
    line = " ".join(str(error).split())
    found = _NO_TEXT.search(line)
    return line if found is None else line[: found.start()].rstrip(" b'\"[({:,")


def rejection(capture: Capture, reason: str, excerpt: str = "", stage: Stage = "parse") -> Rejection:
    """A quarantine entry for a capture or a piece of one; the same piece refused again is the same entry."""
    return Rejection(
        id=content_id(capture.url, stage, reason, excerpt or capture.id),
        source=capture.url,
        stage=stage,
        reason=reason,
        at=capture.fetched,
        capture=capture.id,
        excerpt=excerpt[:EXCERPT_CHARS],
    )


def language_code(claim: str) -> str:
    """The ISO 639-1 code at the start of a language tag; for a country's code its main language; else "".

    >>> [language_code(claim) for claim in ("en_US", "deu", "US", "dk", "iw", "Deutsch")]
    ['en', 'de', '', 'da', 'he', '']
    """
    code = claim.strip().replace("_", "-").partition("-")[0].lower()
    return current_code(code) or language_of(code.upper())


def marked_up(text: str) -> str:
    """Plain text as HTML, for an item whose other texts are HTML."""
    return html.escape(text, quote=False)


def captured(
    kind: CaptureKind, payload: Payload, url: str, fetched: datetime, body: bytes, **more: Any
) -> Capture:
    """A capture with its id; `more` are the optional fields of `Capture`.

    The time is part of the id of what a server sent, since it may send the same again; a file has one id
    whenever it is read.
    """
    time = "" if kind == "file" else fetched.isoformat()
    identity = content_id(kind, url, sha256(body).hexdigest(), time)
    return Capture(id=identity, kind=kind, payload=payload, url=url, fetched=fetched, body=body, **more)
