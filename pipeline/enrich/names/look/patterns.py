"""Names by their look, for languages without a model: runs of capitalised words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from pipeline.enrich.names.forms import is_title
from pipeline.enrich.names.known.gazetteer import given_names
from pipeline.enrich.names.name_words import NAME_WORDS
from pipeline.text import fold

_UPPER = "A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĖĘĚĞĢĪĮİĶĹĻĽŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŹŻŽА-ЯЁЂЄІЇЈЉЊЋЎҐΑ-ΩΆΈΉΊΌΎΏ"
# Bounded and possessive: a long run of O'BO'BO'B must cost no more. A point behind a word ends its sentence,
# unless the word is an initial or short for one of two letters.
_ELIDED = r"(?![LDMNSTJCQ]u?['’][a-zà-ÿ])"  # "L'actrice" begins no name
_WORD = rf"{_ELIDED}(?:[{_UPPER}]\w?\.(?=[ \u00a0])|[{_UPPER}](?:[\w'’-]|\.(?=\w)){{0,60}}+)"
_JOIN = rf"(?:{'|'.join(NAME_WORDS.joins)})"
_RUN = re.compile(rf"(?<!\w){_WORD}(?:[ \u00a0](?:{_JOIN}[ \u00a0])?{_WORD})+")
_ORG_WORDS = (re.escape(word).replace("…", r"\w*") for word in NAME_WORDS.organisation_words)
_ORG = re.compile(rf"\b(?:{'|'.join(_ORG_WORDS)})\b")
_SENTENCE_START = re.compile(r"(?:^|[.!?:\n\"“„«»¿¡(\[]\s*|[-–—]\s)$")
_JOINED = 3
# How many characters before a name are searched for a calling.
_NEAR = 40
# Words that open sentences or are capitalised by rule, and begin no name.
_OPENERS = NAME_WORDS.openers


def named_spans(text: str, language: str) -> list[tuple[int, int, str]]:
    """Runs of two to six capitalised words as (start, end, label), label PERSON or ORG; also acronyms.

    A run behind an office may be a single word. In German, which capitalises every noun, a run counts only if
    it follows an office ("Kanzlerin Angela Merkel"), holds a word that marks an organisation, or is two or
    three words of which the first is a given name.

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
        while first < last and _is_calling(words[first]):
            first += 1
        titled = first > opened
        if not titled and first == 0:
            nouns = _behind_nouns(words) if language == "de" else 0
            first = nouns or _behind_join(text, start, words)
        start += sum(len(word) + 1 for word in words[:first])
        words = words[first:]
        label = _label(words, titled=titled, language=language)
        end -= len(text[start:end]) - len(text[start:end].rstrip(".'’-"))
        if (label and 2 <= len(words) <= 6) or (label and titled):
            found.append((start, end, label))
    return found + acronyms(text, found)


_ACRONYM = re.compile(rf"(?<![\w'’-])[{_UPPER}]{{3,7}}(?![\w'’-])")
_UPPER_NEAR = re.compile(rf"[{_UPPER}]{{3,}}[ :,|–—-]{{1,3}}$|^[ :,|–—-]{{1,3}}[{_UPPER}]{{3,}}")


@lru_cache(maxsize=65536)
def marks_organisation(word: str) -> bool:
    """Whether a word marks an organisation: "Ministerium", "Club"."""
    return _ORG.search(word) is not None


def persons(text: str, language: str, *, sure: bool) -> Iterator[tuple[int, int, str]]:
    """The persons among the spans of `named_spans`.

    Args:
        text: One field of an article.
        language: ISO 639-1.
        sure: Only those that a given name begins, or a calling stands before.
    """
    for start, end, label in named_spans(text, language):
        before = text[max(0, start - _NEAR) : start].split()[-1:]
        given = fold(text[start:end].split(maxsplit=1)[0]) in given_names()
        if label == "PERSON" and (not sure or given or any(map(_is_calling, before))):
            yield start, end, label


def opens_sentence(text: str, start: int) -> bool:
    """Whether a sentence, a quotation or the text begins here."""
    return _SENTENCE_START.search(text[max(0, start - 3) : start]) is not None


def acronyms(text: str, found: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Bodies that go by their initials: "la RATP". Not beside other capitals, nor at the start of a text."""
    made = []
    for match in _ACRONYM.finditer(text):
        start, end = match.span()
        if fold(match[0]) in NAME_WORDS.no_names or any(a < end and start < b for a, b, _ in found):
            continue
        if _UPPER_NEAR.search(text[max(0, start - 12) : start]) or _UPPER_NEAR.search(text[end : end + 12]):
            continue
        if start == 0:
            continue
        made.append((start, end, "ORG"))
    return made


def _is_calling(word: str) -> bool:
    folded = fold(word).strip(".")
    return is_title(folded) or folded in NAME_WORDS.callings_and_origins


def is_nobody(words: list[str]) -> bool:
    """Whether no person is called so, by the first or last word, or it is two: "Buchard et Cannone"."""
    folded = [fold(word) for word in words]
    return (
        folded[0] in NAME_WORDS.no_person_heads
        or folded[-1] in NAME_WORDS.no_person_tails
        or (folded[0] not in given_names() and not NAME_WORDS.between_persons.isdisjoint(folded))
    )


def _behind_join(text: str, start: int, words: list[str]) -> int:
    """Where a name begins behind a word that only opens the sentence, as in "Doppietta di Marco Rossi"."""
    if len(words) < _JOINED or fold(words[0]) in given_names() or _ORG.search(words[0]):
        return 0
    at = 1
    while at < len(words) - 1 and words[at][0].islower():
        at += 1
    opens = at > 1 and opens_sentence(text, start)
    later_body = at > 1 and _ORG.search(words[at])
    return at if opens or later_body else 0


def _behind_nouns(words: list[str]) -> int:
    """Where a person begins behind nouns, which German capitalises: "Trainer Vincent Kompany"."""
    for at in range(min(len(words) - 1, _JOINED)):
        if fold(words[at]) in given_names():
            return at
    return 0


def _label(words: list[str], *, titled: bool, language: str) -> str:
    run = " ".join(words)
    if _ORG.search(run):
        return "ORG"
    if is_nobody(words):
        return ""
    if titled:
        return "PERSON"
    if language == "de":
        return "PERSON" if len(words) in {2, 3} and fold(words[0]) in given_names() else ""
    if (
        len(words) in {2, 3}
        and all(len(word) > 1 for word in words)
        and not any(word.isupper() for word in words)
    ):
        return "PERSON"
    initials = any(len(word) > 1 and word.isupper() for word in words)
    return "ORG" if initials and 1 < len(words) <= _JOINED else ""
