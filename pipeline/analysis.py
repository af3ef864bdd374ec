"""How text becomes search tokens: one function for both stores and for queries, so that all three agree.

A token is a run of letters and digits, folded (NFKC, case, accents) and, for `stems`, reduced by the Snowball
stemmer of the text's language. Scripts written without spaces give one token a character.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

import snowballstemmer

# Languages whose stems a query is matched by; an article in any other language is matched by folded words.
STEMMED = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}
# What a stemmer can change: it leaves a word as it is that has no character of its script.
_LATIN = re.compile("[a-z\u00aa-\u024f\u1e00-\u1eff]")
_SCRIPTS = {"ar": re.compile("[\u0600-\u06ff]"), "ru": re.compile("[\u0400-\u04ff]")}
# Han, kana, Thai, Lao, Khmer, Myanmar: no spaces between words, so each character is a token.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Folds case, width and accents, and runs of white space to one space.

    >>> fold("  El  PAÍS ")
    'el pais'
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(unicodedata.normalize("NFKC", bare).casefold().split())


def words(text: str) -> list[str]:
    """The folded, unstemmed tokens of a text, in order.

    >>> words("Zürich's 2 GOALS")
    ['zurich', 's', '2', 'goals']
    """
    return _TOKEN.findall(fold(text) if len(text) < 200 else fold.__wrapped__(text))


@cache
def _stemmer(language: str) -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer(STEMMED[language])


@lru_cache(maxsize=262144)
def stem(word: str, language: str) -> str:
    """The stem of one folded word in a language; the word itself where no stemmer exists."""
    if language not in STEMMED:
        return word
    reduced: str = _stemmer(language).stemWord(word)
    return reduced


def stems(text: str, language: str) -> list[str]:
    """The stemmed tokens of a text in its language, in order: what a text field holds in a store."""
    return [stem(word, language) for word in words(text)]


def query_forms(word: str) -> tuple[str, ...]:
    """A folded word and every stem it has in any language, sorted: what a query term looks for."""
    able = (language for language in STEMMED if _SCRIPTS.get(language, _LATIN).search(word))
    return tuple(sorted({word} | {stem(word, language) for language in able}))
