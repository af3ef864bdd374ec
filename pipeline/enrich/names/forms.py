"""Names as tokens: folding, titles, spelling variants, and the ids made of them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from pipeline.enrich.names.name_words import NAME_WORDS
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
    if len(word) < 5:
        return word
    return re.sub(r"[iy]+[iyj]$", "y", word)


def _slavic(word: str) -> str:
    if word in _SUFFIXES:
        return word
    word = _ending(word)
    word = re.sub(r"sky$|ski$|skyj$", "sky", word)
    word = word.replace("tch", "ch").replace("tsch", "ch").replace("schtsch", "shch")
    word = re.sub(r"(?<=[aeou])y(?=[^aeiou])", "i", word)  # shoygu
    word = re.sub(r"(?<=[^aeiou])y(?=[^aeiouy])", "i", word)  # tymoshenko
    word = re.sub(r"(?<=[nltdsz])[iy](?=[aeu])", "y", word)  # yatseniuk, lyashko
    word = re.sub(r"ey(?=ev$)|ie(?=v)", "e", word)
    word = re.sub(r"off$", "ov", word)
    word = re.sub(r"eff$", "ev", word)
    word = re.sub(r"a$", "a", word)
    return re.sub(r"nka$", "nko", word)


def _arabic(word: str) -> str:
    word = re.sub(r"(.)\1", r"\1", word)
    word = re.sub(r"^(?:q|gh|kh?(?=ad))", "g", word)
    word = (
        word.replace("dh", "d").replace("ou", "u").replace("oo", "u").replace("ee", "i").replace("ei", "ai")
    )
    return word.replace("ay", "ai").replace("aw", "au")


def slug(words: tuple[str, ...]) -> str:
    """Folded words as the last part of an id."""
    return "-".join(words)[:80].strip("-")


# Before a name: no part of it. Compared folded and without points.
_TITLES = NAME_WORDS.titles
_TITLE_JOIN = frozenset({"of", "staff", "the", "a", "and", "for"})
_ARTICLES = NAME_WORDS.articles


def without_titles(tokens: list[Token]) -> list[Token]:
    """A person's name without the offices before it; at least one word stays.

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
