"""Cursors: where a list goes on, as a text that clients need not understand.

A cursor belongs to one question (path and filters) and keeps the moment at which that was first asked:
"the last 7 days" means the same on every page.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pipeline.errors import UsageError

MOST_CURSOR_CHARS: Final = 600
Place = tuple[int | float | str, ...]


@dataclass(frozen=True, slots=True)
class PageCursor:
    """Where to go on.

    Attributes:
        place: Of the last thing that was given, in the order of the list; () for the beginning.
        now: When the question was first asked (UTC).
    """

    place: Place
    now: datetime


def question_of(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    """A short digest of path and filters, which tells one question from another."""
    return hashlib.sha256(repr((path, sorted(pairs))).encode(errors="surrogatepass")).hexdigest()[:12]


def written_cursor(question: str, cursor: PageCursor) -> str:
    """A cursor as it is given out."""
    body = json.dumps([question, int(cursor.now.timestamp()), *cursor.place], separators=(",", ":"))
    return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")


def read_cursor(text: str, question: str, kinds: Sequence[type]) -> PageCursor:
    """A cursor that was given out for this question.

    Args:
        text: As it was given out.
        question: What is asked now.
        kinds: The types of the parts of its place.

    Raises:
        UsageError: It was never given out, or was given out for another question.
    """
    try:
        said = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        whose, at, *place = said
        now = datetime.fromtimestamp(int(at), UTC)
    except (ValueError, TypeError, OverflowError, OSError, RecursionError, binascii.Error):
        raise UsageError("cursor: this one was never given out; begin without one") from None
    if len(place) != len(kinds) or not all(map(_fits, place, kinds)):
        raise UsageError("cursor: this one was never given out; begin without one")
    if whose != question:
        raise UsageError("cursor: it belongs to another question; ask with the same filters, or without it")
    return PageCursor(tuple(place), now)


def _fits(value: object, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**62
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**62
    return isinstance(value, kind)
