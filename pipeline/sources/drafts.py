"""Captures, raw items and rejections with their ids: what readers and parsers of sources make."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from pipeline.records import Capture, CaptureKind, Payload, RawItem, Rejection, Stage, content_id

EXCERPT_CHARS = 500


@dataclass(frozen=True, slots=True)
class Draft:
    """An item as its source wrote it, before it has an id; the fields are those of `RawItem`."""

    url: str = ""
    guid: str = ""
    title: str = ""
    body: str = ""
    page: str = ""
    html: bool = False
    authors: tuple[str, ...] = ()
    published: str = ""
    updated: str = ""
    outlet: str = ""
    language: str = ""
    tags: tuple[str, ...] = field(default=())


def finished(capture: Capture, position: int, draft: Draft) -> RawItem:
    """Gives a draft its id, and what the capture says of all its items; what is configured goes first."""
    return RawItem(
        id=content_id(capture.id, str(position)),
        capture=capture.id,
        position=position,
        fetched=capture.fetched,
        url=draft.url,
        guid=draft.guid,
        title=draft.title,
        body=draft.body,
        page=draft.page,
        html=draft.html,
        authors=draft.authors,
        published=draft.published,
        updated=draft.updated,
        feed=capture.feed,
        outlet=capture.outlet or draft.outlet,
        language=capture.language or language_code(draft.language),
        tags=draft.tags,
    )


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
    """The ISO 639-1 code at the start of a language tag, or "".

    >>> language_code("en_US"), language_code("Deutsch")
    ('en', '')
    """
    code = claim.strip().replace("_", "-").partition("-")[0].lower()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else ""


def marked_up(text: str) -> str:
    """Plain text as HTML, for an item whose other texts are HTML."""
    return html.escape(text, quote=False)


def captured(
    kind: CaptureKind, payload: Payload, url: str, fetched: datetime, body: bytes, **more: Any
) -> Capture:
    """A capture with its id; `more` are the optional fields of `Capture`.

    The time is part of the id of what a server sent, since it may send the same again; a file is a file.
    """
    time = "" if kind == "file" else fetched.isoformat()
    identity = content_id(kind, url, sha256(body).hexdigest(), time)
    return Capture(id=identity, kind=kind, payload=payload, url=url, fetched=fetched, body=body, **more)
