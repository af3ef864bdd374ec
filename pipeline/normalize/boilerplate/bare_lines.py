"""Lines of nothing but buttons, and lines of nothing but a date."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

from pipeline.languages.template import NETWORKS, one_of
from pipeline.languages.word_file import WordFile, read
from pipeline.normalize.date.date_words import ENDINGS, date_word, fillers, leads
from pipeline.normalize.date.relative import counts_from_fetch
from pipeline.normalize.words.vocabulary import every
from pipeline.text import fold


class _BareLineWords(WordFile):
    buttons: frozenset[str]
    before_dates: tuple[str, ...]


_WORDS: Final = read(Path(__file__).with_name("bare_line_words.yaml"), _BareLineWords)
_I = re.IGNORECASE
_NETWORK_WORDS = NETWORKS | _WORDS.buttons
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W_]+")
_DATE_TOKEN = re.compile(rf"(?:{date_word()}|\d{{1,4}}{one_of(ENDINGS.bare_days)}?|[apAP]\.?[mM]\.?)$", _I)
_NUMERIC = re.compile(r"\b\d{1,4}[./-]\d{1,2}[./-]\d{2,4}\b")
_CLOCK_ONLY = re.compile(
    rf"\W*\d{{1,2}}[:.h]\d{{2}}(?:[:.]\d{{2}})?\s*(?:[ap]\.?m\.?|{one_of(ENDINGS.hours)})?\W*", _I
)
_MARKS = " :|-–—•·*()[]"
# Shorter words before a date ("on", "le") make no line by themselves.
_LEAD_CHARS = 4


def is_share_bar(line: str, share_words: frozenset[str], share_core: frozenset[str]) -> bool:
    """Whether a line is nothing but words of sharing buttons and names of networks.

    Args:
        line: One paragraph.
        share_words: What such a bar may consist of in the article's language.
        share_core: Words of which one makes it a bar; else half of its words must name networks or buttons.
    """
    if len(line) > 200:
        return False
    words = [word.lower() for word in _WORD.findall(line) if not word.isdigit()]
    if not words or not all(
        word in share_words or word in share_core or word in _NETWORK_WORDS for word in words
    ):
        return False
    return any(word in share_core for word in words) or sum(
        word in _NETWORK_WORDS for word in words
    ) * 2 >= len(words)


@cache
def _said_of_dates() -> frozenset[str]:
    """Folded words that a line of nothing but a date may have beside it."""
    units = (
        word
        for spoken in every().values()
        for unit in ("second", "minute", "hour", "day", "week")
        for word in getattr(spoken.dates.units, unit)
    )
    ago = (word for spoken in every().values() for phrase in spoken.dates.ago for word in phrase.split())
    ones = (word for spoken in every().values() for word in spoken.dates.one)
    lead_words = (word for lead in leads() for word in lead.split())
    return fillers() | {fold(word) for words in (units, ago, ones, lead_words) for word in words}


@cache
def _lead() -> re.Pattern[str]:
    long = [lead for lead in leads() if len(lead) >= _LEAD_CHARS]
    before = one_of((*leads(), *_WORDS.before_dates))
    return re.compile(rf"^\W{{0,3}}(?:{before}\W+)*{one_of(long)}\b", _I)


def is_date_line(line: str) -> bool:
    """Whether a line is nothing but a date or time, with or without "Updated" before it."""
    if len(line) > 160:
        return False
    bare = line.strip(_MARKS)
    if len(bare) >= _LEAD_CHARS and all(word in _lead_words() for word in fold(bare).split()):
        return _lead().match(bare) is not None
    return _DIGIT.search(line) is not None and _is_dated(line)


def _is_dated(line: str) -> bool:
    lead = _lead().match(line)
    rest = line[lead.end() :] if lead else line
    words = re.findall(r"[^\W\d_]+\.?(?:[mM]\.)?|\d+[^\W\d_]*", rest)
    if not 0 < len(words) <= 22:
        return False
    if not all(fold(w).rstrip(".") in _said_of_dates() or _DATE_TOKEN.match(w.rstrip(".")) for w in words):
        return False
    named = sum(1 for word in words if _DATE_TOKEN.match(word.rstrip(".")) and not word.isdigit())
    numeric = _NUMERIC.search(rest) or _CLOCK_ONLY.fullmatch(rest)
    return bool(lead or numeric or counts_from_fetch(rest) or (named >= 1 and len(words) >= 2))


@cache
def _lead_words() -> frozenset[str]:
    return frozenset(fold(word) for lead in leads() for word in lead.split())
