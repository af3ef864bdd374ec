"""Names by their look, for languages without a model: runs of capitalised words."""

from __future__ import annotations

import re

from pipeline.enrich.names.forms import is_title
from pipeline.enrich.names.name_words import NAME_WORDS
from pipeline.text import fold

_UPPER = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĢĪĮİĶĹĻĽŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŹŻŽА-ЯЁЂЄІЇЈЉЊЋЎҐΑ-ΩΆΈΉΊΌΎΏ"
_WORD = rf"[{_UPPER}][\w'’.-]{{0,60}}+"  # bounded and possessive: a long run of O'BO'BO'B must cost no more
_JOIN = rf"(?:{'|'.join(NAME_WORDS.joins)})"
_RUN = re.compile(rf"{_WORD}(?:[ \u00a0](?:{_JOIN}[ \u00a0])?{_WORD})+")
_ORG_WORDS = (re.escape(word).replace("…", r"\w*") for word in NAME_WORDS.organisation_words)
_ORG = re.compile(rf"\b(?:{'|'.join(_ORG_WORDS)})\b")
_SENTENCE_START = re.compile(r"(?:^|[.!?:\n\"“„«»¿¡(\[]\s*|[-–—]\s)$")
# Words that open sentences or are capitalised by rule, and begin no name.
_OPENERS = NAME_WORDS.openers


def named_spans(text: str, language: str) -> list[tuple[int, int, str]]:
    """Runs of two to six capitalised words as (start, end, label), label PERSON, ORG or NAME.

    In German, which capitalises every noun, a run counts only when it is no more than three words and
    follows an office ("Kanzlerin Angela Merkel") or holds a word that marks an organisation.

    Args:
        text: One field of an article.
        language: ISO 639-1.
    """
    found: list[tuple[int, int, str]] = []
    for match in _RUN.finditer(text):
        start, end = match.span()
        words = match[0].split()
        first, last = 0, len(words) - 1
        while first < last and fold(words[first]) in _OPENERS:
            first += 1
        opened = first
        while first < last and is_title(fold(words[first]).strip(".")):
            first += 1
        titled = first > opened
        start += sum(len(word) + 1 for word in words[:first])
        words = words[first:]
        label = _label(words, titled=titled, language=language)
        end -= len(text[start:end]) - len(text[start:end].rstrip(".'’-"))
        if (label and 2 <= len(words) <= 6) or (label and titled):
            found.append((start, end, label))
    return found


def _label(words: list[str], *, titled: bool, language: str) -> str:
    run = " ".join(words)
    if _ORG.search(run):
        return "ORG"
    if titled:
        return "PERSON"
    if language == "de":
        return ""
    if (
        len(words) in {2, 3}
        and all(len(word) > 1 for word in words)
        and not any(word.isupper() for word in words)
    ):
        return "PERSON"
    return "ORG" if len(words) > 1 else ""
