"""What a file is, whatever its name says: pages named .txt, feeds named .html, MHTML, mails."""

from __future__ import annotations

import contextlib
import email
import email.policy
import re
from dataclasses import replace
from email.header import decode_header, make_header
from email.message import Message
from email.parser import HeaderParser

from pipeline.records import Capture, Payload
from pipeline.sources.read.charset import decode

_HEAD_BYTES = 4096
_AHEAD = r"\s*(?:<\?xml[^>]*>\s*|<!--(?:(?!-->).)*-->\s*|<!DOCTYPE\s+(?!html)[^>]*>\s*)*"
_FEED = re.compile(_AHEAD + r"<(?:rss|feed|rdf:RDF|urlset|sitemapindex)[\s>]", re.IGNORECASE | re.DOTALL)
_PAGE = re.compile(_AHEAD + r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_JSON_FEED = re.compile(r"\{[^{}\[\]]{0,2000}\"version\"\s*:\s*\"https?://(?:www\.)?jsonfeed\.org/version")
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_MAIL_TYPES = frozenset({"multipart", "text"})
_HEADER = re.compile(r"[A-Za-z-]{1,40}:\s")


def recognised(capture: Capture) -> tuple[Capture, Payload]:
    """A capture and how it is to be read: as its beginning shows, else as its name or server said.

    Polled feeds are what they were asked for, and told apart by their reader; JSON that says it is a JSON
    Feed is one.

    Returns:
        The capture, of an MHTML file with the page that is in it, and its payload.
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
    """What bytes are that nobody named: a feed, or a page; None of all else."""
    head = decode(body[:_HEAD_BYTES]).lstrip("\ufeff \t\r\n")
    return "feed" if _FEED.match(head) else "html" if _PAGE.match(head) else None


def _is_message(head: str) -> bool:
    """Whether a file begins with the headers of a message (RFC 5322) that says it is MIME."""
    headers = HeaderParser(policy=email.policy.compat32).parsestr(head.replace("\r\n", "\n"))
    return "MIME-Version" in headers and headers.get_content_maintype() in _MAIL_TYPES


def _in_message(capture: Capture) -> tuple[Capture, Payload]:
    """The page in a message, as MHTML (RFC 2557) with the address it was saved from; else its text."""
    message = email.message_from_bytes(capture.body.lstrip(), policy=email.policy.compat32)
    parts = [(part, part.get_payload(decode=True)) for part in message.walk() if not part.is_multipart()]
    for part, body in parts:
        if part.get_content_type() in _HTML_TYPES and isinstance(body, bytes):
            said = message.get("Snapshot-Content-Location") or part.get("Content-Location") or ""
            url = str(said).strip()
            item = url if url.startswith(("http://", "https://")) else capture.item
            typed = str(part.get("Content-Type", ""))
            return replace(capture, body=body, content_type=typed, item=item), "html"
    for part, body in parts:
        if part.get_content_type() == "text/plain" and isinstance(body, bytes):
            text = f"{_subject(message)}\n{decode(body, str(part.get('Content-Type', '')))}"
            return replace(capture, body=text.encode(), content_type="text/plain; charset=utf-8"), "text"
    return capture, capture.payload


def _subject(message: Message) -> str:
    """Of encoded words, too, on one line: it becomes the title."""
    said = str(message.get("Subject") or "")
    with contextlib.suppress(ValueError, LookupError):  # of no known encoding
        said = str(make_header(decode_header(said)))
    return " ".join(said.split())
