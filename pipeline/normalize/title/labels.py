"""Labels that outlets put before or behind titles, from the word files: how something is told, not what."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from pipeline.languages.template import pattern_of
from pipeline.normalize.words.vocabulary import every

# These write no blanks between words, and set a label in brackets or before a colon or bar.
_EAST_ASIAN: Final = frozenset({"ja", "ko", "zh"})


def _bare(phrase: str) -> str:
    """Each letter without its accent, as outlets write capitals: "ANALISIS", "ΕΚΤΑΚΤΟ"."""
    return "".join(unicodedata.normalize("NFD", char)[0] for char in phrase)


def _one_of(phrases: Iterable[str]) -> str:
    """A pattern for any of some labels, longest first, with accents or without."""
    either = {form for phrase in phrases for form in (phrase, _bare(phrase))}
    ordered = sorted(either, key=lambda phrase: (-len(phrase), phrase))
    return "(?:" + "|".join(pattern_of(phrase) for phrase in ordered) + ")"


# Patterns, to be read without regard to case.
WORD_LABEL: Final = _one_of(
    phrase for language, words in every().items() if language not in _EAST_ASIAN for phrase in words.labels
)
EAST_ASIAN_LABEL: Final = (
    "(?:"
    + "|".join(pattern_of(phrase) for code in sorted(_EAST_ASIAN) for phrase in every()[code].labels)
    + ")"
)
