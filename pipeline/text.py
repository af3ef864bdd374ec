"""Words of a text: folding, stems, scripts without spaces. `pipeline.query.words` looks for them.

A word is a run of letters and digits, folded (NFKC, case, accents); its stem is that of the Snowball
stemmer of the text's language. Scripts written without spaces give one word a character. No word is
longer than `LONGEST` or empty: a text has as many stems as words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

import Stemmer

# Their labels, clocks and dates are written another way than those of all others.
EAST_ASIAN = frozenset({"ja", "ko", "zh"})
# Joiners, which some scripts need; every other mark of format or control is left out where a text is shown.
_JOINERS = "\u200c\u200d"
# Longer tokens and values are cut: FTS5 cuts at 32,768 bytes, Lucene refuses terms above 32,766.
LONGEST = 4096
# Stems of so many words of a language are kept in memory.
_REMEMBERED = 262_144
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
# Languages in which a query looks for stems. For those that are added nothing else asks for stems.
SEARCHED = STEMMED | {"cs": "czech", "el": "greek", "hi": "hindi", "pl": "polish"}
# The one definition of scripts without spaces, for a class of characters: Han, kana, Thai, Lao, Khmer,
# Myanmar. There are no spaces between words, so each character is a token.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
# What ends a sentence in any script, for a class of characters.
SENTENCE_ENDS = ".!?…。！？।॥؟۔።։"
# Vowel signs of the scripts of India, which are marks to Unicode, stand within words.
_VOWELS = "\u0900-\u0963\u0966-\u0dff"
_TOKEN = re.compile(rf"[{UNSPACED}]|(?:[^\W_{UNSPACED}]|[{_VOWELS}])+")


class _Unmarked(dict[int, int | None]):
    """For `str.translate`: takes combining marks out. Filled as characters come, which is once each."""

    def __missing__(self, code: int) -> int | None:
        self[code] = kept = None if unicodedata.combining(chr(code)) else code
        return kept


_UNMARKED = _Unmarked()


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Folds case, width and accents, and runs of white space to one space.

    >>> fold("  El  PAÍS ")
    'el pais'
    """
    if text.isascii():  # normal forms leave ASCII as it is
        return " ".join(text.lower().split())
    bare = unicodedata.normalize("NFKD", text.casefold()).translate(_UNMARKED)
    return " ".join(unicodedata.normalize("NFKC", bare).casefold().split())


def without_marks(text: str) -> str:
    """Folds width and accents and keeps the case.

    >>> without_marks("El PAÍS")
    'El PAIS'
    """
    bare = unicodedata.normalize("NFKD", text).translate(_UNMARKED)
    return unicodedata.normalize("NFKC", bare)


def cased_words(bare: str) -> list[str]:
    """The words of a text in the case in which they are written."""
    return [word[:LONGEST] for word in _TOKEN.findall(bare)]


def word_matches(folded: str) -> Iterator[re.Match[str]]:
    """The words of a folded text, each with its place."""
    return _TOKEN.finditer(folded)


def well_formed(text: str) -> str:
    """The text with each lone surrogate replaced by U+FFFD: others cannot be written as UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    return text


def uncut_words(text: str) -> list[str]:
    """The folded words of a text at their full length: `words` before it cuts."""
    if len(text) < 200:
        return _TOKEN.findall(fold(text))
    if text.isascii():
        return _TOKEN.findall(text.lower())
    # Word by word, since few need it and those come again: no normal form reaches over white space.
    return _TOKEN.findall(" ".join([w.lower() if w.isascii() else _folded(w) for w in text.split()]))


def _folded(word: str) -> str:
    """As `fold`, which should not keep what is a whole line in scripts without spaces."""
    return fold(word) if len(word) < 40 else fold.__wrapped__(word)


def words(text: str) -> list[str]:
    """The folded, unstemmed tokens of a text, in order.

    >>> words("Zürich's 2 GOALS")
    ['zurich', 's', '2', 'goals']
    """
    found = uncut_words(text)
    return found if max(map(len, found), default=0) <= LONGEST else [word[:LONGEST] for word in found]


class _Stems(dict[str, str]):
    """The stems of one language, worked out as words come; a dictionary, since every word of a text asks."""

    def __init__(self, language: str) -> None:
        self._stemmer = Stemmer.Stemmer(SEARCHED[language], maxCacheSize=0) if language in SEARCHED else None

    def __missing__(self, word: str) -> str:
        if self._stemmer is None:
            return word
        if len(self) >= _REMEMBERED:
            self.clear()
        self[word] = found = self._stemmer.stemWord(word)[:LONGEST] or word
        return found


@cache
def _stems(language: str) -> _Stems:
    return _Stems(language)


def stem(word: str, language: str) -> str:
    """The stem of one folded word in a language.

    The word itself where no stemmer exists, and where it would leave nothing.
    """
    return _stems(language if language in STEMMED else "")[word]


def searched_stem(word: str, language: str) -> str:
    """As `stem`, in all languages of `SEARCHED`."""
    return _stems(language if language in SEARCHED else "")[word]


def stems_of(tokens: Iterable[str], language: str) -> tuple[str, ...]:
    """The stem of each token in a language, in order."""
    return tuple(map(_stems(language if language in STEMMED else "").__getitem__, tokens))


def word_set(text: str) -> frozenset[str]:
    """The words of a list written as words parted by white space.

    >>> sorted(word_set("two words"))
    ['two', 'words']
    """
    return frozenset(text.split())


def plain(text: str) -> str:
    r"""A text without control characters and marks that turn its direction; white space becomes blanks.

    >>> plain("a\x00b\u202e\nc")
    'ab c'
    """
    if text.isprintable():
        return text
    return "".join(
        " " if char.isspace() else char
        for char in text
        if char.isspace() or char in _JOINERS or unicodedata.category(char)[0] != "C"
    )
