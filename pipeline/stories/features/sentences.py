"""The sentences of a text, by full stops that end one: not those of "Dr.", "U.S." or "10 a.m. Friday"."""

from __future__ import annotations

import re

_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[。！？])|\n+")
_LAST_WORD = re.compile(r"(?<![^\W\d_])([^\W\d_]+)\.$")
_BEFORE_NAMES = re.compile(
    r"Mr|Mrs|Ms|Dr|Prof|St|Rev|Hon|Gov|Sen|Rep|Pres|Lt|Sgt|Cpl|Capt|Col|Gen|Maj|Adm|Cmdr|Det|Supt|Insp|vs"
    r"|Sr|Sra|Srta|Dra|Mme|Mlle|Mgr|Hr|Fr|Ing|Sig"
)
_BEFORE_NUMBERS = re.compile(r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Nos?|Nr|Núm|Art|Abs|pp")
# What begins a sentence after an initial: "in the U.S. The".
_OPENERS = re.compile(r"(?:The|An?|In|On|At|He|She|It|They|We|But|And|This|That|His|Her)\s")
# "10 a.m. Friday", "3. Mai".
_HOUR = re.compile(r"\b[ap]\.?\s?m\.$", re.IGNORECASE)
_DAY = re.compile(r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|[ECMP][SD]?T\b|GMT\b|UTC\b")
_MONTH = re.compile(r"Jan|Feb|März|Apr|Mai|Jun|Jul|Aug|Sept|Okt|Nov|Dez")


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """The sentences and lines of a text as (start, end) offsets, without surrounding white space.

    >>> sentence_spans("Dr. One. Two!")
    [(0, 8), (9, 13)]
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        if _goes_on(text, match.start(), match.end()):
            continue
        closing = len(match.group().rstrip())
        _append(spans, text, start, match.start() + closing)
        start = match.end()
    _append(spans, text, start, len(text))
    return spans


def _goes_on(text: str, stop: int, start: int) -> bool:
    """Whether a full stop that ends at `stop` ends no sentence, given what begins at `start`."""
    if text[stop - 1 : stop] != "." or "\n" in text[stop:start]:
        return False
    before, following = text[max(0, stop - 16) : stop], text[start : start + 1]
    if following.islower() or _HOUR.search(before):
        return following.islower() or _DAY.match(text, start) is not None
    if before[-2:-1].isdigit():
        return following.isdigit() or _MONTH.match(text, start) is not None
    last = _LAST_WORD.search(before)
    return last is not None and _abbreviates(last[1], text, start)


def _abbreviates(word: str, text: str, start: int) -> bool:
    """Whether a word before a full stop is cut short there, given what begins at `start`."""
    if len(word) == 1 and word.isupper():
        return _OPENERS.match(text, start) is None
    known = _BEFORE_NUMBERS if text[start : start + 1].isdigit() else _BEFORE_NAMES
    return known.fullmatch(word) is not None


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    """Adds text[start:end] less its surrounding white space, unless nothing remains."""
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = start + len(piece.rstrip())
    if right > left:
        spans.append((left, right))
