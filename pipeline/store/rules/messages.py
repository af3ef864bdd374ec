"""Messages as a list shows them, the same on both stores."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pipeline.records import Message


def listed(watch: str, messages: Iterable[Message]) -> list[Message]:
    """The messages of one watch, by (due, id), without payload."""
    found = (replace(each, payload=b"") for each in messages if each.watch == watch)
    return sorted(found, key=lambda each: (each.due, each.id))
