"""What each word of a text shows that could make it a name: itself, its neighbours, what lists know of it.

A sign is a short text, `w-1=en` for "the word before is *en*", and has weights in `latin.tsv.gz`. The same
signs are drawn where the weights are learned (`benchmarks/enrich/names/learn.py`): a change here asks for new
ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final

from pipeline.enrich.names.forms import Token, is_title, key_of
from pipeline.enrich.names.known.gazetteer import (
    gazetteer,
    given_names,
    organisation_beginnings,
    organisations,
    regions,
)  # fmt: skip
from pipeline.enrich.names.look.patterns import marks_organisation
from pipeline.enrich.names.name_words import NAME_WORDS as WORDS
from pipeline.languages.calendar_names import country_names
from pipeline.languages.common_words import commonness

_OPENS: Final = re.compile(r"[.!?:\n\"“„«»¿¡(\[‘]|[–—-] ")
_MARKS: Final = frozenset(".,:;!?-'’\"“”„«»()")
# Names on our lists have few words; those of the gazetteer say how many they can have.
_WORDS_TRIED: Final = 3
# Longer words are cut, so that nothing large is remembered.
_LONGEST: Final = 40
_TOWN, _CITY = 60_000, 500_000


def signs(text: str, tokens: Sequence[Token], language: str) -> list[list[str]]:
    """The signs of each word.

    Args:
        text: One field of an article.
        tokens: Its words.
        language: ISO 639-1.
    """
    gaps = [text[before.end : after.start] for before, after in pairwise(tokens)]
    drawn = _Drawn(
        tokens,
        [token.folded[:_LONGEST] for token in tokens],
        [_look(token.text) for token in tokens],
        _listed(tokens, language),
        ["^", *map(_mark, gaps), _mark(text[tokens[-1].end :])] if tokens else [],
    )
    rows = []
    for at, token in enumerate(tokens):
        look, word = drawn.looks[at], drawn.words[at]
        row = ["b", "w=" + word, "g=" + drawn.marks[at]]
        rows.append(row)
        if look == "x":
            row += (
                "x",
                "s-1=" + (drawn.looks[at - 1] if at else "^"),
                "s+1=" + (drawn.looks[at + 1] if at + 1 < len(tokens) else "$"),
            )
            continue
        opens = at == 0 or _OPENS.search(gaps[at - 1]) is not None
        common = str(commonness(token.text[:_LONGEST].lower(), language))
        row += (
            "s=" + look, "p3=" + word[:3], "s3=" + word[-3:], "s2=" + word[-2:], "L=" + language + look,
            "z=" + common, "zL=" + language + common, "h=" + drawn.marks[at + 1],
            "bos" if opens else "mid", f"bz={opens:d}{common}",
        )  # fmt: skip
        if drawn.listed[at]:
            known = drawn.listed[at]
            row += ("G=" + known, f"Gb={known}{opens:d}", "Gz=" + known[:2] + common)
        if word in given_names():
            row.append("gn")
        if calls(word):
            row.append("cal")
        if marks_organisation(token.text[:_LONGEST]):
            row.append("ow")
        drawn.behind(row, at)
        drawn.ahead(row, at)
    return rows


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What a text's words show by themselves: each list has a place for each word, `marks` one more.

    Attributes:
        tokens: The words.
        words: Folded and cut.
        looks: Their capitals.
        listed: What lists take them for.
        marks: What stands before each word, and behind the last.
    """

    tokens: Sequence[Token]
    words: Sequence[str]
    looks: Sequence[str]
    listed: Sequence[str]
    marks: Sequence[str]

    def behind(self, row: list[str], at: int) -> None:
        """Adds the signs of the words before one."""
        if at == 0:
            row.append("w-1=^")
            return
        word, look = self.words[at - 1], self.looks[at - 1]
        row += (
            "w-1=" + word,
            "s-1=" + look,
            "G-1=" + self.listed[at - 1],
            "ws=" + word + "|" + self.marks[at],
        )
        if calls(word):
            row.append("cal-1")
        if word in WORDS.place_before:
            row.append("pb-1")
        if at > 1:
            row.append("w-2=" + self.words[at - 2])
        if look != "x" and word in given_names():
            row.append("gn-1")

    def ahead(self, row: list[str], at: int) -> None:
        """Adds the signs of the words behind one."""
        if at + 1 == len(self.words):
            row.append("w+1=$")
            return
        word, look = self.words[at + 1], self.looks[at + 1]
        between = self.looks[at] + self.marks[at + 1] + look
        row += ("w+1=" + word, "s+1=" + look, "G+1=" + self.listed[at + 1], "sh=" + between)
        if at + 2 < len(self.words):
            row.append("w+2=" + self.words[at + 2])
        if look != "x" and word in given_names():
            row.append("gn+1")
        if marks_organisation(self.tokens[at + 1].text[:_LONGEST]):
            row.append("ow+1")


@lru_cache(maxsize=4096)
def _mark(gap: str) -> str:
    """What stands between two words: nothing, a blank, a new line, or its first mark."""
    if not gap or gap in {" ", "\u00a0"}:
        return "_" if gap else ""
    bare = gap.strip()
    if not bare:
        return "n" if "\n" in gap else "_"
    return bare[0] if bare[0] in _MARKS else "*"


def _look(word: str) -> str:
    if not word[0].isalpha():
        return "0"
    if word.islower():
        return "x"
    if word.isupper():
        return "X" if len(word) > 1 else "I"
    if word[0].isupper():
        return "Xx" if word[1:].islower() else "XxX"
    return "xX" if word[0].islower() else "u"


@lru_cache(maxsize=65536)
def calls(word: str) -> bool:
    """Whether a folded word is a title, an office or an origin: "ministra", "Française"."""
    return is_title(word) or word in WORDS.callings_and_origins


def _listed(tokens: Sequence[Token], language: str) -> list[str]:
    """What our lists take each word for: a body, country, region, or a city by its size; begun or gone on."""
    found = [""] * len(tokens)
    beginnings = organisation_beginnings(language)
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if not token.text[0].isupper():
            at += 1
            continue
        tried = max(gazetteer().longest_from(token.folded), beginnings.get(token.folded, 0), _WORDS_TRIED)
        for last in range(min(len(tokens), at + tried), at, -1):
            kind = tokens[last - 1].text[0].isupper() and _kind(
                tuple([each.folded for each in tokens[at:last]]), language
            )
            if kind:
                found[at:last] = [kind + "b", *[kind + "i"] * (last - at - 1)]
                at = last
                break
        else:
            at += 1
    return found


def _kind(key: tuple[str, ...], language: str) -> str:
    if key in organisations(language):
        return "O"
    if key in _countries(language):
        return "C"
    if " ".join(key) in regions():
        return "R"
    city = gazetteer().city(key)
    if city is None:
        return ""
    return "p1" if city.population < _TOWN else "p2" if city.population < _CITY else "p3"


@cache
def _countries(language: str) -> frozenset[tuple[str, ...]]:
    return frozenset(map(key_of, country_names(language)))
