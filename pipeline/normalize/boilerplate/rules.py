"""What a rule for whole lines is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple


class LineRule(NamedTuple):
    """A rule that takes a line out.

    Attributes:
        name: What the line is.
        pattern: Fits the whole line; without regard to case.
        words: In small letters; a line has one of them or the pattern does not fit. Empty for a pattern that
            is quick by itself.
    """

    name: str
    pattern: re.Pattern[str]
    words: tuple[str, ...] = ()

    def takes(self, line: str, lower: str) -> bool:
        """Whether the rule fits a line; `lower` is the line in small letters."""
        if self.words and not holds_any(lower, self.words):
            return False
        return self.pattern.match(line) is not None


def rule(name: str, *patterns: str, words: tuple[str, ...] = ()) -> LineRule:
    """A rule of alternatives, with a few marks before and behind."""
    joined = re.compile(r"^\W{0,4}(?:" + "|".join(patterns) + r")\W{0,6}$", re.IGNORECASE)
    return LineRule(name, joined, words)


def holds_any(text: str, words: Iterable[str]) -> bool:
    """Whether a text holds one of some words or marks; a loop, since a generator would double the time."""
    for word in words:  # noqa: SIM110
        if word in text:
            return True
    return False
