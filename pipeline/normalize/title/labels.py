"""Labels that outlets put before or after titles: they say how something is told, not what happened."""

from __future__ import annotations

import unicodedata
from typing import Final

from pipeline.languages.article_kinds import SIGNS, kind_words, labels_of
from pipeline.languages.template import one_of_phrases
from pipeline.text import EAST_ASIAN


def _in_capitals(phrase: str) -> str:
    """A phrase with no letter's accent, as outlets write capitals: "ANALISIS", "ΕΚΤΑΚΤΟ"."""
    return "".join(unicodedata.normalize("NFD", char)[0] for char in phrase)


_LABELS: Final = {
    phrase
    for language in kind_words()
    if language not in {*EAST_ASIAN, SIGNS}
    for phrase in labels_of(language)
}
# Patterns, to be read without regard to case; accents may be missing.
WORD_LABEL: Final = one_of_phrases(_LABELS | {_in_capitals(phrase) for phrase in _LABELS})
# These write no blanks between words, and set a label in brackets or before a colon or bar.
EAST_ASIAN_LABEL: Final = one_of_phrases(phrase for code in EAST_ASIAN for phrase in labels_of(code))
