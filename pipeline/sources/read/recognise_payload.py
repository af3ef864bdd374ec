"""What a file is, whatever its name says: pages named .txt, feeds named .html, pages saved as MHTML."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace

from pipeline.records import Capture, Payload
from pipeline.sources.read.charset import decode

_HEAD_BYTES = 4096
_AHEAD = r"\s*(?:<\?xml[^>]*>\s*|<!--(?:(?!-->).)*-->\s*|<!DOCTYPE\s+(?!html)[^>]*>\s*)*"
_FEED = re.compile(_AHEAD + r"<(?:rss|feed|rdf:RDF|urlset|sitemapindex)[\s>]", re.IGNORECASE | re.DOTALL)
_PAGE = re.compile(_AHEAD + r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_MHTML = re.compile(r"\nMIME-Version:.*\nContent-Type:\s*multipart/related", re.IGNORECASE | re.DOTALL)
_HEADER = re.compile(r"[A-Za-z-]{1,40}:\s")


def recognised(capture: Capture) -> tuple[Capture, Payload]:
    """A capture and how it is to be read: as its beginning shows, else as its name or server said.

    Polled feeds and JSON lines are what they were asked for, and told apart by their readers.

    Returns:
        The capture, of an MHTML file with the page that is in it, and its payload.
    """
    if capture.payload not in {"text", "html"}:
        return capture, capture.payload
    head = decode(capture.body[:_HEAD_BYTES], capture.content_type).lstrip("\ufeff \t\r\n")
    if _HEADER.match(head) and _MHTML.search("\n" + head.replace("\r\n", "\n")):
        page = _page_in(capture)
        return (page, "html") if page else (capture, capture.payload)
    if _FEED.match(head):
        return capture, "feed"
    return capture, "html" if _PAGE.match(head) else capture.payload


def _page_in(capture: Capture) -> Capture | None:
    """The page in an MHTML file (RFC 2557), with the address it was saved from."""
    message = email.message_from_bytes(capture.body.lstrip(), policy=email.policy.compat32)
    for part in message.walk():
        if part.get_content_type() in {"text/html", "application/xhtml+xml"}:
            body = part.get_payload(decode=True)
            if not isinstance(body, bytes):
                continue
            said = message.get("Snapshot-Content-Location") or part.get("Content-Location") or ""
            url = str(said).strip()
            item = url if url.startswith(("http://", "https://")) else capture.item
            return replace(capture, body=body, content_type=part.get("Content-Type", ""), item=item)
    return None
