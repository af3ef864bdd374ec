"""Keywords of an article: its words that the language uses rarely (by wordfreq)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache

from wordfreq import available_languages, get_frequency_dict

from pipeline.analysis import fold
from pipeline.records import Article

_WORD = re.compile(r"[^\W\d_]{3,}")
_TEXT_CHARS = 3000
_FLOOR = 1e-7  # of words the list does not have
_COUNT = 8


@cache
def _frequencies(language: str) -> Mapping[str, float]:
    """The share of each word in running text (wordfreq, packaged); empty for an unknown language."""
    if language not in available_languages("small"):
        return {}
    frequencies: Mapping[str, float] = get_frequency_dict(language, wordlist="small")
    return frequencies


def keywords(article: Article) -> tuple[str, ...]:
    """Up to eight words, the most telling first: often here (the title twice), rare in the language.

    The weight is (1 + log count) times the surprise −log p of a word, for words used at least twice or in
    the title.
    """
    frequencies = _frequencies(article.language)
    if not frequencies:
        return ()
    counts: dict[str, int] = {}
    shown: dict[str, str] = {}
    title_words = _WORD.findall(article.title)
    for word in title_words * 2 + _WORD.findall(article.text[:_TEXT_CHARS]):
        lower = word.lower()
        counts[lower] = counts.get(lower, 0) + 1
        shown.setdefault(lower, lower)
    scored = []
    for word, count in counts.items():
        if count < 2:
            continue
        share = frequencies.get(word) or frequencies.get(fold(word)) or _FLOOR
        if share > 2e-4:
            continue
        scored.append((-(1.0 + math.log(count)) * -math.log(max(share, _FLOOR)), word))
    return tuple(word for _, word in sorted(scored)[:_COUNT])
