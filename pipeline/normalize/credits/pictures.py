"""Whose picture it is: photographers and picture agencies at the end of captions and other lines."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from pipeline.languages.template import one_of
from pipeline.languages.word_file import WordFile, read
from pipeline.records import Removed


class _PictureWords(WordFile):
    pictures: tuple[str, ...]
    leads: tuple[str, ...]
    joins: tuple[str, ...]
    alone: tuple[str, ...]
    agencies: tuple[str, ...]
    houses: tuple[str, ...]
    kinds: tuple[str, ...]
    name_particles: tuple[str, ...]


_WORDS: Final = read(Path(__file__).with_name("picture_words.yaml"), _PictureWords)
_TAIL_CHARS: Final = 140
_NAME: Final = rf"(?:[A-ZÀ-ÖØ-ÞЀ-Я][^\W\d_]*[\w.'’-]*|{one_of(_WORDS.name_particles)})"
_NAMES: Final = rf"{_NAME}(?:[ ,&]{{1,2}}{_NAME}){{0,5}}"
_HOUSE: Final = rf"(?:{one_of(_WORDS.houses)})(?!\w)"
_AGENCY: Final = rf"(?:{one_of((*_WORDS.agencies, *_WORDS.houses))})(?!\w)"
_PICTURE: Final = rf"(?i:{one_of(_WORDS.pictures)})(?!\w)"
_SLASH: Final = rf"\s?(?:/|\||(?<!\w)(?i:{one_of(_WORDS.joins)})(?!\w))\s?"
_JOIN: Final = rf"(?:{_SLASH}|\s?(?:,|–|—|-)\s?)"
_OWNERS: Final = rf"(?:{_AGENCY}|{_NAMES})(?:{_JOIN}(?:{_AGENCY}|{_NAMES}|{_PICTURE})){{0,3}}"
# "Photo by Jane Doe/AFP", "AP Photo/Jane Doe", "REUTERS/Jane Doe", "Jane Doe / EFE", "© Jane Doe"
_SURE: Final = (
    rf"(?:(?i:{one_of(_WORDS.kinds)})\s)?{_PICTURE}(?:\s(?i:{one_of(_WORDS.leads)}))?\s?[:/|,]?\s?{_OWNERS}"
    rf"|{_AGENCY}\s{_PICTURE}(?:\s?/\s?{_OWNERS})?"
    rf"|{_AGENCY}\s?/\s?{_OWNERS}"
    rf"|{_NAMES}{_SLASH}{_AGENCY}(?:{_JOIN}(?:{_AGENCY}|{_PICTURE}|{_NAMES})){{0,2}}"
    rf"|(?:©|\(c\))\s?{_OWNERS}"
)
# "Jane Doe, Reuters" is the byline of a text, and "Reuters" its agency, unless brackets are around them.
_BRACKETED: Final = re.compile(
    rf"\s*[(\[]\s?(?:{_SURE}|{_NAMES}{_JOIN}{_AGENCY}|{_HOUSE}|(?i:{one_of(_WORDS.alone)}))\s?[)\]]\.?$"
)
_BEHIND: Final = re.compile(rf"(?<=[.!?\"”’»)])\s+(?:[—–-]\s?)?(?:{_SURE}|{_HOUSE})\.?$")
_WHOLE: Final = re.compile(rf"^\W{{0,3}}(?:{_SURE}|{_HOUSE}|(?i:{one_of(_WORDS.alone)}))\W{{0,3}}$")
# What every credit has one of: looked for first, since most lines have none.
_SIGN: Final = re.compile(rf"[/|©]|\b(?:{_PICTURE}|{_HOUSE}|(?i:{one_of(_WORDS.alone)}))")
_CLOSED: Final = re.compile(r"[)\]]\.?$")


def strip_picture_credits(paragraphs: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Removed, ...]]:
    """Takes credits of pictures off the end of paragraphs, and lines that are nothing else.

    >>> strip_picture_credits(("Cars queue on the bank. (Photo by Jane Doe/AFP)",))[0]
    ('Cars queue on the bank.',)
    """
    kept: list[str] = []
    removed: list[Removed] = []
    for line in paragraphs:
        head, tail = line[:-_TAIL_CHARS], line[-_TAIL_CHARS:]
        signed, closed = _SIGN.search(tail), _CLOSED.search(tail)
        if signed and not head and _WHOLE.match(line):
            removed.append(Removed(line, "picture credit"))
            continue
        found = _BRACKETED.search(tail, max(0, tail.rfind("("), tail.rfind("["))) if closed else None
        found = found or (_BEHIND.search(tail) if signed else None)
        if found and (head or tail[: found.start()].strip()):
            removed.append(Removed(found[0].strip(), "picture credit"))
            kept.append((head + tail[: found.start()]).rstrip())
        else:
            kept.append(line)
    return tuple(kept), tuple(removed)
