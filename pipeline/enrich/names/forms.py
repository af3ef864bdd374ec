"""Names as tokens: folding, titles, spelling variants, and the ids made of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, NamedTuple

from pipeline.enrich.names.name_words import NAME_WORDS
from pipeline.languages.template import one_of
from pipeline.languages.word_file import WordFile, read
from pipeline.text import UNSPACED, fold

# Each character of a script without spaces is a word; vowel signs of the scripts of India belong to theirs.
_TOKEN = re.compile(
    rf"(?:[^\W\d_]\.){{2,}}[^\W\d_]?|[{UNSPACED}]|(?:[^\W_{UNSPACED}]|[\u0900-\u0963\u0966-\u0dff])+"
)


class Token(NamedTuple):
    """A word of a text: where it stands, and folded without its points ("U.S." is "us")."""

    start: int
    end: int
    text: str
    folded: str


_new = tuple.__new__


@lru_cache(maxsize=131072)
def _folded(word: str) -> str:
    return fold(word.replace(".", "") if "." in word else word)


def tokens_of(text: str) -> list[Token]:
    """The words of a text with their places; hyphens and apostrophes part words.

    >>> [token.folded for token in tokens_of("Kim Jong-Un of the D.P.R.K.")]
    ['kim', 'jong', 'un', 'of', 'the', 'dprk']
    """
    # `tuple.__new__` spares the call of a Python function for each word.
    return [_new(Token, (*m.span(), word := m[0], _folded(word))) for m in _TOKEN.finditer(text)]


def key_of(name: str) -> tuple[str, ...]:
    """A name as folded words."""
    return tuple(token.folded for token in tokens_of(name))


class _Ending(WordFile):
    least: int
    run: str
    last: str
    written: str


class _Step(WordFile):
    """One spelling for some letters; the file says what each key means."""

    letters: tuple[str, ...]
    written: str
    at: Literal["anywhere", "start", "end"] = "anywhere"
    behind: str = ""
    behind_other: str = ""
    before: str = ""
    before_other: str = ""

    def pattern(self) -> re.Pattern[str]:
        """What finds the letters where they are to be written otherwise."""
        start = "^" if self.at == "start" else ""
        behind = f"(?<=[{self.behind}])" if self.behind else ""
        behind += f"(?<=[^{self.behind_other}])" if self.behind_other else ""
        before = f"(?=[{self.before}])" if self.before else ""
        before += f"(?=[^{self.before_other}])" if self.before_other else ""
        return re.compile(start + behind + one_of(self.letters) + before + ("$" if self.at == "end" else ""))


class _Transliteration(WordFile):
    ending: _Ending
    slavic: tuple[_Step, ...]
    arabic: tuple[_Step, ...]


_ONE_SPELLING: Final = read(Path(__file__).with_name("transliteration.yaml"), _Transliteration)
_ENDING: Final = re.compile(f"[{_ONE_SPELLING.ending.run}]+[{_ONE_SPELLING.ending.last}]$")
_SLAVIC_STEPS: Final = [(step.pattern(), step.written) for step in _ONE_SPELLING.slavic]
_ARABIC_STEPS: Final = [(step.pattern(), step.written) for step in _ONE_SPELLING.arabic]
_DOUBLED: Final = re.compile(r"(.)\1+")
_CANONICAL = {
    fold(variant): name for name, variants in NAME_WORDS.given_names.items() for variant in variants
}
_SLAVIC = NAME_WORDS.slavic
_ARABIC = NAME_WORDS.arabic
_PARTICLES = NAME_WORDS.particles
_SUFFIXES = NAME_WORDS.suffixes


@lru_cache(maxsize=65536)
def skeleton(key: tuple[str, ...]) -> tuple[str, ...]:
    """A person's folded name with one spelling for what transliteration leaves open.

    Middle initials and the Arabic article go; given names take one form; a name with a Slavic or Arabic
    given name has its family name reduced as well, so that Shoygu meets Shoigu, and Putin never Lukin.

    >>> skeleton(("sergey", "shoygu")) == skeleton(("sergei", "shoigu"))
    True
    """
    words = [_CANONICAL.get(word, word) for word in key]
    if len(words) > 2:
        inner = [word for word in words[1:-1] if len(word) > 1 and word not in _PARTICLES]
        words = [words[0], *inner, words[-1]]
    first = words[0] if words else ""
    if len(words) > 1 and first in _SLAVIC:
        words[1:] = [_slavic(word) for word in words[1:]]
    elif len(words) > 1 and first in _ARABIC:
        words[1:] = [_CANONICAL.get(word) or _arabic(word) for word in words[1:]]
    return tuple(_ending(word) for word in words)


def _ending(word: str) -> str:
    if len(word) < _ONE_SPELLING.ending.least:
        return word
    ended = _ENDING.sub(_ONE_SPELLING.ending.written, word)
    return ended if len(ended) > 1 else word  # one letter would be an initial


def _rewritten(word: str, steps: Sequence[tuple[re.Pattern[str], str]]) -> str:
    for pattern, written in steps:
        word = pattern.sub(written, word)
    return word


def _slavic(word: str) -> str:
    if word in _SUFFIXES:
        return word
    return _rewritten(_ending(word), _SLAVIC_STEPS)


def _arabic(word: str) -> str:
    return _rewritten(_DOUBLED.sub(r"\1", word), _ARABIC_STEPS)


def slug(words: tuple[str, ...]) -> str:
    """Folded words as the last part of an id."""
    return "-".join(words)[:80].strip("-")


# They stand before a name and are no part of it. Compared folded and without points.
_TITLES = NAME_WORDS.titles
_TITLE_JOIN = NAME_WORDS.title_joins
_ARTICLES = NAME_WORDS.articles


def without_titles(tokens: list[Token]) -> list[Token]:
    """A person's name without the offices before it; at least one word stays.

    An office that goes on with one of `title_joins` ("Chief of Staff") is left as it is.

    Args:
        tokens: The words of the mention.
    """
    at = 0
    while at < len(tokens) - 1:
        word = tokens[at].folded
        if word not in _TITLES:
            break
        at += 1
    if at and tokens[at].folded in _TITLE_JOIN:
        return tokens
    return tokens[at:]


def is_title(word: str) -> bool:
    """Whether a folded word is an office or form of address."""
    return word in _TITLES


def without_article(tokens: list[Token]) -> list[Token]:
    """A name without "the" before and without a possessive "s" after it."""
    kept = tokens
    while (
        len(kept) > 1 and kept[0].folded in _ARTICLES and (kept[0].text.islower() or kept[0].folded == "the")
    ):
        kept = kept[1:]
    if (
        len(kept) > 1
        and kept[-1].folded == "s"
        and kept[-1].start == kept[-2].end + 1
        and kept[-1].text == "s"
    ):
        kept = kept[:-1]
    return kept


_COMPANY = NAME_WORDS.legal_forms


def organisation_key(key: tuple[str, ...]) -> tuple[str, ...]:
    """An organisation's folded name without its legal form."""
    words = list(key)
    while len(words) > 1 and words[-1] in _COMPANY:
        words.pop()
    return tuple(words)
