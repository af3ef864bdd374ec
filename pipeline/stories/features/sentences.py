"""Splits a text into sentences, but not at the full stops of "Dr.", "U.S." or "10 a.m. Friday"."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from pipeline.languages.word_file import WordFile, read


class _SentenceWords(WordFile):
    before_names: frozenset[str]
    before_numbers: frozenset[str]
    openers: tuple[str, ...]
    after_hours: tuple[str, ...]
    after_numbers: tuple[str, ...]


_WORDS: Final = read(Path(__file__).with_name("sentence_words.yaml"), _SentenceWords)
_END: Final = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[。！？])|\n+")
_LAST_WORD: Final = re.compile(r"(?<![^\W\d_])([^\W\d_]+)\.$")
_OPENERS: Final = re.compile(rf"(?:{'|'.join(_WORDS.openers)})\s")
_HOUR: Final = re.compile(r"\b[ap]\.?\s?m\.$", re.IGNORECASE)
_AFTER_HOUR: Final = re.compile(rf"(?:{'|'.join(_WORDS.after_hours)})\b")
_AFTER_NUMBER: Final = re.compile("|".join(_WORDS.after_numbers))


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
    """Whether the sentence goes on after a full stop that ends at `stop`, given the text from `start` on."""
    if text[stop - 1 : stop] != "." or "\n" in text[stop:start]:
        return False
    before, following = text[max(0, stop - 16) : stop], text[start : start + 1]
    if following.islower() or _HOUR.search(before):
        return following.islower() or _AFTER_HOUR.match(text, start) is not None
    if before[-2:-1].isdigit():
        return following.isdigit() or _AFTER_NUMBER.match(text, start) is not None
    last = _LAST_WORD.search(before)
    return last is not None and _abbreviates(last[1], text, start)


def _abbreviates(word: str, text: str, start: int) -> bool:
    """Whether a word before a full stop is an abbreviation, given the text from `start` on."""
    if len(word) == 1 and word.isupper():
        return _OPENERS.match(text, start) is None
    known = _WORDS.before_numbers if text[start : start + 1].isdigit() else _WORDS.before_names
    return word in known


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    """Adds text[start:end] less its surrounding white space, unless nothing remains."""
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = start + len(piece.rstrip())
    if right > left:
        spans.append((left, right))
