"""How common words are, and which are English only: those are no names merely for having a capital.

Names keep their spelling from language to language, so that "Google" is as frequent in German as in English;
"farmers" is not. The frequencies are those of wordfreq (Speer 2022).
"""

from __future__ import annotations

from functools import cache
from typing import Final

from pipeline.text import fold

_OTHERS: Final = ("de", "fr", "es", "it", "nl")
# wordfreq's lists have steps of a hundredth of a power of ten; this many make a word ten times as frequent.
_TENFOLD: Final = 100
# The Zipf scale counts in powers of ten from one word in a billion: step 0, every word of a text, is at 9.
_ALL: Final = 900
# Said of every word of a language without a list.
_NO_LIST: Final = 9


@cache
def english_words() -> frozenset[str]:
    """The folded words that are ten times as frequent in English as in any of five other languages.

    >>> {"farmers", "teachers"} <= english_words(), "google" in english_words()
    (True, False)
    """
    elsewhere: dict[str, int] = {}
    for other in _OTHERS:
        for word, step in _steps(other).items():
            elsewhere[word] = min(step, elsewhere.get(word, step))
    return frozenset(
        fold(word)
        for word, step in _steps("en").items()
        if word.isalpha() and step + _TENFOLD <= elsewhere.get(word, step + _TENFOLD)
    )


def _steps(language: str) -> dict[str, int]:
    """The words of a list to their frequency: step n is one word in 10 ** (n / 100)."""
    from wordfreq import available_languages, read_cBpack  # a fifth of a second, where a text needs it

    buckets = read_cBpack(available_languages("small")[language])
    return {word: step for step, bucket in enumerate(buckets) for word in bucket}


@cache
def _levels(language: str) -> dict[str, int]:
    from wordfreq import available_languages

    if language not in available_languages("small"):
        return {}
    return {word: (_ALL - step) // _TENFOLD for word, step in _steps(language).items()}


def commonness(word: str, language: str) -> int:
    """How common a lower-case word is on the Zipf scale, a power of ten per billion words; 9 without a list.

    >>> commonness("und", "de"), commonness("gießkanne", "de"), commonness("und", "tlh")
    (7, 0, 9)
    """
    levels = _levels(language)
    return levels.get(word, 0) if levels else _NO_LIST
