"""Lines of a text that are no part of the article."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pipeline.normalize.boilerplate.bare_lines import is_date_line, is_share_bar
from pipeline.normalize.boilerplate.phrases import RULES
from pipeline.normalize.boilerplate.rules import holds_any
from pipeline.normalize.boilerplate.tails import GLUED, LIST_HEADS, may_be_boilerplate
from pipeline.records import Removed
from pipeline.text import fold

# Longer lines are prose: no rule looks at them but those for what is glued to an end.
_LINE_CHARS = 600
_GLUED_CHARS = 260
# A line this long is boilerplate only when it holds one of the words that all rules for long lines ask for.
_PROSE_CHARS = 150
_MOST_CUTS = 40
_MIN_KEPT = 12
_SENTENCE_END = re.compile(r"[.!?\"')\]。！？]$")


@dataclass(frozen=True, slots=True)
class Body:
    """The paragraphs that remain, and what was taken out, in the order of the text."""

    paragraphs: tuple[str, ...]
    removed: tuple[Removed, ...] = ()


@lru_cache(maxsize=4096)
def rule_for(line: str) -> str:
    """The rule that takes a line out, or ""."""
    if len(line) > _LINE_CHARS:
        return ""
    if not any(char.isalnum() for char in line):
        return "no words"
    if len(line) > _PROSE_CHARS and not may_be_boilerplate(line):
        return ""
    if is_share_bar(line):
        return "share bar"
    if is_date_line(line):
        return "date line"
    lower = line.lower()
    return next((rule.name for rule in RULES if rule.takes(line, lower)), "")


def strip_boilerplate(paragraphs: tuple[str, ...], title: str) -> Body:
    """Takes out the lines that a rule knows, and cuts what is glued to a line's end.

    Args:
        paragraphs: One line each.
        title: The clean title: a first line that repeats it goes.
    """
    kept: list[str] = []
    removed: list[Removed] = []
    in_list = False
    for position, line in enumerate(paragraphs):
        rule = rule_for(line)
        if LIST_HEADS.match(line):
            in_list, rule = True, rule or "read-more list"
        elif in_list and not rule:
            if _is_headline(line):
                rule = "read-more list"
            else:
                in_list = False
        if not rule and position < 3 and _repeats(line, title):
            rule = "title repeated"
        if rule:
            removed.append(Removed(line, rule))
            continue
        shorter, cuts = cut_glued(line)
        removed.extend(cuts)
        if shorter:
            kept.append(shorter)
    return Body(tuple(kept), tuple(removed))


def cut_glued(line: str) -> tuple[str, list[Removed]]:
    """Cuts "Leave a Comment", "Read more" and the like off the end of a line, as often as they come."""
    cuts: list[Removed] = []
    while len(cuts) < _MOST_CUTS:
        tail_start = max(0, len(line) - _GLUED_CHARS)
        tail = line[tail_start:]
        lower = tail.lower()
        for rule, needles, pattern in GLUED:
            found = pattern.search(tail) if holds_any(lower, needles) else None
            if found and tail_start + found.start() >= _MIN_KEPT:
                cuts.append(Removed(tail[found.start() :].strip(), rule))
                line = line[: tail_start + found.start()].rstrip()
                break
        else:
            break
    return line, cuts


def is_text_date(line: Removed) -> bool:
    """Whether a removed line may date the article: a line of nothing but a date, with day and year."""
    return line.rule == "date line" and re.search(r"\d{1,2}.*\d{4}|\d{4}.*\d{1,2}", line.text) is not None


def _is_headline(line: str) -> bool:
    return len(line) <= 130 and not _SENTENCE_END.search(line)


def _repeats(line: str, title: str) -> bool:
    if not title or abs(len(line) - len(title)) > 60:
        return False
    ours, theirs = fold(line).rstrip(" ."), fold(title).rstrip(" .")
    if ours == theirs:
        return True
    rest = ours.removeprefix(theirs)  # a feed's "Title  Outlet"
    return len(theirs) > 30 and rest != ours and len(rest.split()) <= 4 and not _SENTENCE_END.search(line)
