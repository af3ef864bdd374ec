"""Names in CoNLL-U files with entities (GUM): of each entity that a proper noun heads, its proper nouns.

Of the entity "President Jong Wook Lee" that is "Jong Wook Lee": titles are no part of a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from benchmarks.enrich.names.corpora import Name
from pipeline.enrich.names.forms import is_title

KINDS = {"person": "PER", "place": "LOC", "organization": "ORG"}
_MARK = re.compile(r"\([^()]*\)?|[^()]+\)")
_PROPER = "PROPN"
# How a name hangs on the calling before it.
_NAMING = {"appos", "flat"}
_IN_NAMES = {"PER": {"de", "la", "von", "van", "bin", "al", "-"}, "LOC": set[str]()}
_IN_BODIES = {"of", "the", "and", "for", "&", "de", "la", "-"}


@dataclass(frozen=True, slots=True)
class _Word:
    number: int
    written: str
    part: str
    head: int
    relation: str
    start: int
    end: int
    marks: str


@dataclass(slots=True)
class Text:
    """A text with its names and where its sentences end."""

    text: str = ""
    names: list[Name] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)


def read(document: str) -> Text:
    """The text of a document, sentences with a blank between."""
    made = Text()
    names: list[Name] = []
    words: list[_Word] = []
    # The last of the words that are written as one, and what stands behind it.
    whole, ended = 0, ""
    for line in [*document.splitlines(), ""]:
        cells = line.split("\t")
        if not line and words:
            names += _names(words)
            made.ends.append(words[-1].end)
            made.text = made.text.rstrip() + " "
            words, whole = [], 0
        elif len(cells) > 1 and "-" in cells[0]:  # words that are written as one
            whole = int(cells[0].partition("-")[2])
            ended = _behind(cells)
        elif len(cells) > 1 and cells[0].isdigit():
            start = len(made.text)
            number = int(cells[0])
            made.text += cells[1] + ("" if number < whole else ended if number == whole else _behind(cells))
            marks = re.search(r"Entity=([^|]*)", cells[9])
            words.append(
                _Word(
                    number, cells[1], cells[3], int(cells[6]), cells[7], start,
                    start + len(cells[1]), marks[1] if marks else "",
                )
            )  # fmt: skip
    for name in sorted(set(names), key=lambda each: (each[0], -each[1], not each[2], each[2])):
        if not made.names or name[0] >= made.names[-1][1]:
            made.names.append(name)
    return made


def _behind(cells: Sequence[str]) -> str:
    return "" if "SpaceAfter=No" in cells[9] else " "


def _names(words: Sequence[_Word]) -> Iterator[Name]:
    """The names of a sentence; a kind of nothing for what is neither person, place nor body."""
    begun: list[tuple[str, str, int]] = []
    for at, word in enumerate(words):
        for mark in _MARK.findall(word.marks):
            if mark[0] == "(":
                number, kind, *_ = mark[1:].rstrip(")").split("-")
                begun.append((number, kind, at))
            if mark[-1] != ")":
                continue
            number = mark.strip("()").split("-")[0]
            place = next((at for at in reversed(range(len(begun))) if begun[at][0] == number), None)
            if place is not None:
                _, kind, first = begun.pop(place)
                yield from _name(words[first : at + 1], KINDS.get(kind, ""))


def _is_named(word: _Word, head: _Word) -> bool:
    return word.part == _PROPER and word.head == head.number and word.relation in _NAMING


def _name(words: Sequence[_Word], kind: str) -> Iterator[Name]:
    numbers = {word.number for word in words}
    head = next((at for at, word in enumerate(words) if word.head not in numbers), None)
    if head is None:
        return
    if words[head].part != _PROPER:  # "the physician Yang Buwei"
        head = next((at for at, word in enumerate(words) if _is_named(word, words[head])), head)
    if words[head].part != _PROPER:
        return
    joins = _IN_NAMES.get(kind, _IN_BODIES)

    def goes_on(at: int, step: int) -> bool:
        if not 0 <= at < len(words):
            return False
        if words[at].part == _PROPER:
            return True
        further = at + step
        return words[at].written.lower() in joins and 0 <= further < len(words) and goes_on(further, step)

    first = last = head
    while goes_on(first - 1, -1):
        first -= 1
    while goes_on(last + 1, 1):
        last += 1
    while first < last and kind == "PER" and is_title(words[first].written.lower().rstrip(".")):
        first += 1
    yield words[first].start, words[last].end, kind
