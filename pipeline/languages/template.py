"""Turns phrases as a speaker writes them into patterns; nothing else does.

A phrase is words, in any case, with four signs:

- `(a|b)` is one of some words, `[a|b]` one of them or none; they may be nested;
- `comment[s]` is a word with an ending or without, since nothing parts it from the brackets;
- `{number}`, `{name}` and the other names of `_PLACES` stand for what differs from text to text;
- `{anything}` stands for whatever follows; a phrase that has it is *open*: a sentence may fit it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

from pipeline.languages.word_file import WordFile, read


class _PlaceWords(WordFile):
    name_particles: tuple[str, ...]
    name_joins: tuple[str, ...]
    networks: tuple[str, ...]


def one_of(words: Iterable[str]) -> str:
    r"""A pattern for any of some words as they are written, longest first.

    >>> one_of(["p.m.", "noon"])
    '(?:noon|p\\.m\\.)'
    """
    return "(?:" + "|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word)))) + ")"


_WORDS: Final = read(Path(__file__).with_name("template_words.yaml"), _PlaceWords)
# Names of networks, each word by itself.
NETWORKS: Final = frozenset(word for name in _WORDS.networks for word in name.split())
_NAME_WORD: Final = r"[A-ZÀ-ÖØ-ÞЀ-Я][\w'.-]*"
_NAME: Final = rf"(?-i:{_NAME_WORD}(?: (?:{_NAME_WORD}|{one_of(_WORDS.name_particles)})){{0,4}})"
_PLACES: Final = {
    "anything": r".{0,300}",
    "words": r"[^.!?:;|]{1,80}?",
    "clock": r"\d{1,2}:\d{2}(?::\d{2})?",
    "number": r"\d+(?:[.,]\d+)?[kK]?",
    "year": r"\d{4}(?:\s?[-–/]\s?\d{2,4})?",
    "name": _NAME,
    "names": rf"{_NAME}(?:(?:[,;&]|,? {one_of(_WORDS.name_joins)})? {_NAME}){{0,6}}",
    "site": r"(?:https?://\S+|(?:[\w-]+\.)+[a-z]{2,12}(?:/\S*)?)",
    "mail": r"\S+@\S+\.\w{2,12}",
    "handle": r"@\w{2,30}",
    "network": one_of(_WORDS.networks),
}
# Marks may stand between words: "Comments (23)", "Share | Tweet".
_GAP: Final = r"\W{1,3}"
_TOKEN: Final = re.compile(r"\s+|[()\[\]|]|\{\w+\}|[^\s()\[\]|{}]+")


class TemplateError(ValueError):
    """A phrase cannot be read: brackets do not match, a choice is empty, or a name in braces is unknown."""


def is_open(phrase: str) -> bool:
    """Whether a phrase leaves open what follows, so that a sentence of prose may fit it."""
    return "{anything}" in phrase or phrase.startswith(("{words}", "[{words}]"))


def is_labelled(phrase: str) -> bool:
    """Whether a phrase begins with a word and a colon, as "Photo: {anything}": few sentences do."""
    return is_open(phrase) and ":" in phrase.partition("{anything}")[0]


@lru_cache(maxsize=8192)
def pattern_of(phrase: str) -> str:
    r"""A phrase as a regular expression, to be read without regard to case.

    Raises:
        TemplateError: Brackets do not match, a choice is empty, or a name in braces is unknown.

    >>> pattern_of("[please] leave a (comment|reply)")
    '(?:please\\W{1,3})?leave\\W{1,3}a\\W{1,3}(?:comment|reply)'
    """
    tokens = _TOKEN.findall(phrase.strip())
    if "".join(tokens) != phrase.strip():
        raise TemplateError(f"{phrase!r}: a brace does not close")
    found, rest = _choices(tokens, phrase)
    if rest:
        raise TemplateError(f"{phrase!r}: a bracket closes that was not opened")
    return found


def one_of_phrases(phrases: Iterable[str]) -> str:
    """A pattern for any of some phrases, longest first; one that nothing fits where there are none."""
    patterns = [pattern_of(phrase) for phrase in sorted(phrases, key=lambda phrase: (-len(phrase), phrase))]
    return "(?:" + "|".join(patterns) + ")" if patterns else r"(?!)"


def _choices(tokens: list[str], phrase: str) -> tuple[str, list[str]]:
    """Sequences parted by bars, and the tokens that are left."""
    found = []
    while True:
        sequence, tokens = _sequence(tokens, phrase)
        if not sequence:
            raise TemplateError(f"{phrase!r}: there is nothing between two signs")
        found.append(sequence)
        if not tokens or tokens[0] != "|":
            return "|".join(found), tokens
        tokens = tokens[1:]


def _sequence(tokens: list[str], phrase: str) -> tuple[str, list[str]]:
    """What stands one after the other; a blank beside something optional goes with it."""
    pattern, blank, firm = "", False, False
    while tokens and tokens[0] not in {")", "]", "|"}:
        token, tokens = tokens[0], tokens[1:]
        if token.isspace():
            blank = bool(pattern)
            continue
        piece, tokens = _piece(token, tokens, phrase)
        optional = token == "["  # noqa: S105  # a bracket
        if token == "{anything}":  # noqa: S105  # a placeholder
            pattern += (r"(?!\w)" if blank else "") + piece
        elif optional:
            before, after = (
                (_GAP, "") if blank and firm else ("", "" if firm or not _blank_next(tokens) else _GAP)
            )
            pattern += f"(?:{before}{piece}{after})?"
        else:
            pattern += (_GAP if blank and firm else "") + piece
        blank, firm = False, firm or not optional
    return pattern, tokens


def _blank_next(tokens: list[str]) -> bool:
    return bool(tokens) and tokens[0].isspace()


def _piece(token: str, tokens: list[str], phrase: str) -> tuple[str, list[str]]:
    if token in {"(", "["}:
        inner, tokens = _choices(tokens, phrase)
        if not tokens or tokens[0] != {"(": ")", "[": "]"}[token]:
            raise TemplateError(f"{phrase!r}: a bracket does not close")
        return (f"(?:{inner})" if token == "(" or "|" in inner else inner), tokens[1:]  # noqa: S105  # a bracket
    if token.startswith("{"):
        if token[1:-1] not in _PLACES:
            raise TemplateError(f"{phrase!r}: {token} is none of {', '.join(_PLACES)}")
        return _PLACES[token[1:-1]], tokens
    # French sets a blank before some marks.
    if token[-1] in ":;?!":
        return rf"{re.escape(token[:-1])}\s?{re.escape(token[-1])}", tokens
    return re.escape(token), tokens
