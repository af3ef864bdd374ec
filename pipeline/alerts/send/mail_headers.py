"""Header lines of a mail as RFC 5322 and RFC 2047 want them.

The email package wraps ASCII lines where mail programs show it badly, and leaves encoded words longer than
the 75 characters of RFC 2047; so these lines are made here.
"""

from __future__ import annotations

from email.header import Header
from email.utils import formataddr

# The longest line with an encoded word in it is 76 (RFC 2047, 2), its leading space among them.
_LINE_CHARS = 75


def header_line(name: str, text: str) -> str:
    """One header, folded where it needs encoded words; `text` is one line.

    >>> header_line("Subject", "New story: A drill")
    'Subject: New story: A drill'
    """
    if text.isascii():
        return f"{name}: {text}"
    return f"{name}: {_encoded(text, name)}"


def address_line(name: str, display: str, address: str) -> str:
    """A header with one address; `display` is the name shown for it, or "".

    >>> address_line("From", "Wire Watch", "wire@example.org")
    'From: Wire Watch <wire@example.org>'
    """
    if display.isascii():
        return f"{name}: {formataddr((display, address)) if display else address}"
    return f"{name}: {_encoded(display, name)}\r\n <{address}>"


def _encoded(text: str, name: str) -> str:
    well_formed = text.encode("utf-8", "replace").decode()
    header = Header(well_formed, "utf-8", maxlinelen=_LINE_CHARS, header_name=name)
    return header.encode(linesep="\r\n")
