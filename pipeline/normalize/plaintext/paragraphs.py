"""Splits plain text into paragraphs, whether its lines are paragraphs or were wrapped at a column."""

from __future__ import annotations

import re

_BLANK_LINES = re.compile(r"\n\s*\n")
_ENDS = re.compile(r"[.!?:;\"')\]…。！？»]$")


def paragraphs_of(text: str) -> tuple[str, ...]:
    r"""The paragraphs of a repaired text, one line each.

    Lines that were broken at a column are joined again; other lines are paragraphs of their own.

    >>> paragraphs_of("One.\nTwo.\n\nThree.")
    ('One.', 'Two.', 'Three.')
    """
    found: list[str] = []
    for block in _BLANK_LINES.split(text):
        lines = [line.strip() for line in block.split("\n") if line.strip()]
        if _hard_wrapped(lines):
            found.append(" ".join(lines))
        else:
            found.extend(lines)
    return tuple(found)


def _hard_wrapped(lines: list[str]) -> bool:
    """Whether lines were broken at a column: alike in length, most of them in mid-sentence."""
    if len(lines) < 3:
        return False
    body = lines[:-1]
    longest = max(len(line) for line in body)
    if not 40 <= longest <= 100 or len(lines[-1]) > longest + 5:
        return False
    full = sum(1 for line in body if len(line) >= longest - 22)
    broken = sum(1 for line in body if not _ENDS.search(line))
    lower = sum(1 for line in lines[1:] if line[0].islower())
    return full >= 0.8 * len(body) and broken >= 0.6 * len(body) and lower >= 0.3 * len(body)
