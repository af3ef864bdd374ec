"""Takes lines out of a text that are no part of the article."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipeline.normalize.boilerplate.bare_lines import is_date_line, is_share_bar
from pipeline.normalize.boilerplate.rules import KINDS, rules_for
from pipeline.records import Removed
from pipeline.text import SENTENCE_ENDS, fold

# Longer lines are prose: no rule looks at them but those for what is glued to an end.
_LINE_CHARS = 600
_GLUED_CHARS = 260
_MOST_CUTS = 40
_MIN_KEPT = 12
_SENTENCE_END = re.compile(rf"[{SENTENCE_ENDS}\"')\]]$")
# Signs that more text was there: in any language.
_CONTINUED = re.compile(r"\s*(?:\[\s?(?:\.\.\.|…)\s?\]|\(\.\.\.\)|→|»)\s*$")
# A list of other headlines in mid-text is a box of at most this many; a longer one is a briefing.
_BOX = 2
_HEADLINE_CHARS = 130


@dataclass(frozen=True, slots=True)
class Body:
    """The paragraphs that remain, and what was taken out, in the order of the text."""

    paragraphs: tuple[str, ...]
    removed: tuple[Removed, ...] = ()


@lru_cache(maxsize=4096)
def rule_for(line: str, language: str, *, first: bool = False, only: bool = False) -> str:
    """The rule that takes a line out, or "".

    Args:
        line: One paragraph.
        language: Whose rules act (ISO 639-1).
        first: Whether no paragraph of the article stands before it.
        only: Whether it is all the text there is.
    """
    if len(line) > _LINE_CHARS:
        return ""
    if not any(char.isalnum() for char in line):
        return "no words"
    rules = rules_for(language)
    if is_share_bar(line, rules.share_words, rules.share_core):
        return KINDS["share"]
    if is_date_line(line):
        return "date line"
    return next((KINDS[rule.kind] for rule in rules.lines if rule.takes(line, first=first, only=only)), "")


def strip_boilerplate(paragraphs: tuple[str, ...], title: str, language: str) -> Body:
    """Takes out the lines that a rule of the text's language knows, and cuts what is glued to a line's end.

    The only paragraph of a text stays, unless it is nothing but a phrase that is no news in any article.

    Args:
        paragraphs: One line each.
        title: The clean title: a first line that repeats it goes.
        language: ISO 639-1; "und" where unknown, in which no language's rules act.
    """
    listed = _other_headlines(paragraphs, language)
    kept: list[str] = []
    removed: list[Removed] = []
    for position, line in enumerate(paragraphs):
        rule = listed.get(position, "") or rule_for(line, language, first=not kept, only=len(paragraphs) == 1)
        if position in listed and not listed[position]:
            rule = ""
        if not rule and position < 3 and _repeats(line, title):
            rule = "title repeated"
        if rule:
            removed.append(Removed(line, rule))
            continue
        shorter, cuts = cut_glued(line, language)
        removed.extend(cuts)
        if shorter:
            kept.append(shorter)
    return Body(tuple(kept), tuple(removed))


def _other_headlines(paragraphs: Sequence[str], language: str) -> dict[int, str]:
    """The lines of lists of other headlines, headings included: place → rule, "" where the list must stay.

    Such a list ends the text, or is a box of one or two lines within it. Anything longer, or more than half
    of the text, is what the article is about, as in a briefing.
    """
    found: dict[int, str] = {}
    heads = rules_for(language).heads
    position, prose_ends = 0, -1  # the latter is worked out at the first heading
    whole = sum(map(len, paragraphs))
    while position < len(paragraphs):
        if not heads.match(paragraphs[position]):
            position += 1
            continue
        start = position
        position += 1
        while position < len(paragraphs) and _listed(paragraphs[position], language):
            position += 1
        if prose_ends < 0:
            prose_ends = _prose_ends(paragraphs, language)
        ends_the_text = position >= prose_ends
        chars = sum(map(len, paragraphs[start + 1 : position]))
        furniture = chars <= whole / 2 and (ends_the_text or position - start - 1 <= _BOX)
        found |= dict.fromkeys(range(start, position), "read-more list" if furniture else "")
    return found


def _prose_ends(paragraphs: Sequence[str], language: str) -> int:
    """The number of the last line that no rule takes, from 1; 0 where there is none."""
    ahead = range(len(paragraphs), 0, -1)
    return next((place for place in ahead if not rule_for(paragraphs[place - 1], language)), 0)


def _listed(line: str, language: str) -> bool:
    return _is_headline(line) or bool(rule_for(line, language))


def cut_glued(line: str, language: str) -> tuple[str, list[Removed]]:
    """Cuts "Leave a Comment", "Read more" and the like off the end of a line, as often as they come."""
    cuts: list[Removed] = []
    if len(line) <= _MIN_KEPT:
        return line, cuts
    rules = (*rules_for(language).ends, ("read_more", _CONTINUED))
    while len(cuts) < _MOST_CUTS:
        tail_start = max(0, len(line) - _GLUED_CHARS)
        tail = line[tail_start:]
        for kind, pattern in rules:
            found = pattern.search(tail)
            if found and tail_start + found.start() >= _MIN_KEPT:
                cuts.append(Removed(tail[found.start() :].strip(), KINDS[kind]))
                line = line[: tail_start + found.start()].rstrip()
                break
        else:
            break
    return line, cuts


def is_text_date(line: Removed) -> bool:
    """Whether a removed line may date the article: a line of nothing but a date, with day and year."""
    return line.rule == "date line" and re.search(r"\d{1,2}.*\d{4}|\d{4}.*\d{1,2}", line.text) is not None


def _is_headline(line: str) -> bool:
    return len(line) <= _HEADLINE_CHARS and not _SENTENCE_END.search(line)


def _repeats(line: str, title: str) -> bool:
    if not title or abs(len(line) - len(title)) > 60:
        return False
    ours, theirs = fold(line).rstrip(" ."), fold(title).rstrip(" .")
    if ours == theirs:
        return True
    rest = ours.removeprefix(theirs)  # a feed's "Title  Outlet"
    return len(theirs) > 30 and rest != ours and len(rest.split()) <= 4 and not _SENTENCE_END.search(line)
