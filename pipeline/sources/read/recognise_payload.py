"""What a file is, whatever its name says: pages named .txt, feeds named .html, MHTML, mails."""

from __future__ import annotations

import contextlib
import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import replace
from email.header import decode_header, make_header
from email.message import Message
from email.parser import HeaderParser

from pipeline.errors import RejectedError
from pipeline.records import Capture, Payload
from pipeline.sources.read.charset import decode

_HEAD_BYTES = 4096
_AHEAD = r"\s*(?:<\?xml[^>]*>\s*|<!--(?:(?!-->).)*-->\s*|<!DOCTYPE\s+(?!html)[^>]*>\s*)*"
_FEED = re.compile(_AHEAD + r"<(?:rss|feed|rdf:RDF|urlset|sitemapindex)[\s>]", re.IGNORECASE | re.DOTALL)
_PAGE = re.compile(_AHEAD + r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_JSON_FEED = re.compile(r"\{[^{}\[\]]{0,2000}\"version\"\s*:\s*\"https?://(?:www\.)?jsonfeed\.org/version")
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_READ_TYPES = _HTML_TYPES | {"text/plain"}
# How many parts a message may have, how many bytes a part, and how deep messages may be nested.
_MOST_PARTS = 5_000
_MOST_PART_BYTES = 8 * 1024 * 1024
_MOST_DEPTH = 8
_MOST_HEAD_BYTES = 64 * 1024  # mails that went through many servers
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_MAIL_TYPES = frozenset({"multipart", "text"})
_HEADER = re.compile(r"[A-Za-z-]{1,40}:\s")


def recognised(capture: Capture) -> tuple[Capture, Payload]:
    """A capture and how it is to be read: as its beginning shows, else as its name or server said.

    A polled feed stays a feed: its reader tells the formats apart. JSON that says it is a JSON Feed is one.

    Returns:
        The capture and its payload. A message has the page or text within it as its body, and a mail its
        subject and date as its headers.
    """
    if capture.payload == "feed":
        return capture, capture.payload
    head = decode(capture.body[:_HEAD_BYTES], capture.content_type).lstrip("\ufeff \t\r\n")
    if capture.payload == "jsonl":
        return capture, "feed" if _JSON_FEED.match(head) else "jsonl"
    if _HEADER.match(head) and _is_message(head):
        return _in_message(capture)
    if _FEED.match(head) or _JSON_FEED.match(head):
        return capture, "feed"
    return capture, "html" if _PAGE.match(head) else capture.payload


def payload_of(body: bytes) -> Payload | None:
    """Whether bytes without a declared type are a feed or a page; None for anything else."""
    head = decode(body[:_HEAD_BYTES]).lstrip("\ufeff \t\r\n")
    return "feed" if _FEED.match(head) else "html" if _PAGE.match(head) else None


def _is_message(head: str) -> bool:
    """Whether a file begins with the headers of a message (RFC 5322) that says it is MIME."""
    headers = HeaderParser(policy=email.policy.compat32).parsestr(head.replace("\r\n", "\n"))
    return "MIME-Version" in headers and headers.get_content_maintype() in _MAIL_TYPES


def _in_message(capture: Capture) -> tuple[Capture, Payload]:
    """The page in a message, as MHTML (RFC 2557) with the address it was saved from; else its text.

    Raises:
        RejectedError: It has more parts, or a longer page, than is read.
    """
    body = capture.body.lstrip()
    head, _ = _head_of(memoryview(body))
    plain: Message | None = None
    for part in _parts(memoryview(body), 0, [_MOST_PARTS]):
        if part.get_content_type() in _HTML_TYPES:
            said = head.get("Snapshot-Content-Location") or part.get("Content-Location") or ""
            url = str(said).strip()
            item = url if url.startswith(("http://", "https://")) else capture.item
            typed = str(part.get("Content-Type", ""))
            sent = _sent(head) if item == capture.item else capture.headers
            return replace(capture, body=_content(part), content_type=typed, item=item, headers=sent), "html"
        plain = plain or part
    if plain is None:
        return capture, capture.payload
    text = f"{_subject(head)}\n{decode(_content(plain), str(plain.get('Content-Type', '')))}"
    typed = "text/plain; charset=utf-8"
    return replace(capture, body=text.encode(), content_type=typed, headers=_sent(head)), "text"


def _parts(message: memoryview, depth: int, left: list[int]) -> Iterator[Message]:
    """The pages and texts in a message; what is attached to them is passed over without being unpacked."""
    head, at = _head_of(message)
    boundary = head.get_boundary() if head.get_content_maintype() == "multipart" else None
    if boundary is None:
        if head.get_content_type() in _READ_TYPES:
            if len(message) > _MOST_PART_BYTES:
                raise RejectedError(f"a page of more than {_MOST_PART_BYTES // 1024**2} MiB in a message")
            yield email.message_from_bytes(bytes(message), policy=email.policy.compat32)
        return
    if depth >= _MOST_DEPTH:
        raise RejectedError(f"messages within more than {_MOST_DEPTH} others")
    mark = re.compile(
        rb"(?:\A|(?<=\n))--" + re.escape(boundary.encode("utf-8", "replace")) + rb"(--)?[ \t]*\r?(?:\n|\Z)"
    )
    started = None
    for found in mark.finditer(message, at):
        left[0] -= 1
        if left[0] < 0:
            raise RejectedError(f"a message of more than {_MOST_PARTS:,} parts")
        if started is not None:
            yield from _parts(message[started : found.start()], depth + 1, left)
        started = None if found[1] else found.end()
        if found[1]:
            break
    if started is not None:  # cut off: the last part is what there is of it
        yield from _parts(message[started:], depth + 1, left)


def _head_of(message: memoryview) -> tuple[Message, int]:
    """The headers of a message or a part, and where its content begins."""
    if bytes(message[:1]) in {b"\n", b"\r"}:
        return Message(email.policy.compat32), 0
    found = _HEAD_END.search(message)
    end = min(found.end() if found else len(message), _MOST_HEAD_BYTES)
    text = bytes(message[:end]).decode("utf-8", "replace").replace("\r\n", "\n")
    return HeaderParser(policy=email.policy.compat32).parsestr(text), end


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _sent(message: Message) -> tuple[tuple[str, str], ...]:
    """Subject and date of a mail; () for a page that a browser saved, whose date is that of saving."""
    if "From" not in message or "Snapshot-Content-Location" in message:
        return ()
    return ("subject", _subject(message)), ("date", str(message.get("Date") or "").strip())


def _subject(message: Message) -> str:
    """The subject on one line, its encoded words decoded; it becomes the title."""
    said = str(message.get("Subject") or "")
    with contextlib.suppress(ValueError, LookupError):  # of no known encoding
        said = str(make_header(decode_header(said)))
    return " ".join(said.split())
