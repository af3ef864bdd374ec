"""Whether some words are an outlet's name."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Final

from pipeline.languages.template import one_of
from pipeline.languages.word_file import WordFile, read
from pipeline.text import fold


class _OutletWords(WordFile):
    generic: frozenset[str]
    markers: tuple[str, ...]
    unparted_markers: tuple[str, ...]
    small: frozenset[str]
    domains: tuple[str, ...]
    articles: tuple[str, ...]
    name_articles: frozenset[str]
    editions: frozenset[str]
    single: frozenset[str]


_WORDS: Final = read(Path(__file__).with_name("outlet_words.yaml"), _OutletWords)

_GENERIC: Final = _WORDS.generic
_MARKER: Final = re.compile(rf"^{one_of(_WORDS.markers)}$", re.IGNORECASE)
# Words such as "paper" or "agency" at the end of a name, in languages that write such words together.
_UNPARTED_MARKER: Final = re.compile(rf"^[\w・!！]{{1,12}} ?{one_of(_WORDS.unparted_markers)}$")
_CALL_SIGN = re.compile(
    r"\b[KW][A-Z]{2,3}(?:[- ]?(?:TV|FM|AM|DT|LD))?\b|\b(?:ABC|NBC|CBS|FOX|CW)\s?\d{1,2}\b", re.ASCII
)
_DOMAIN: Final = re.compile(rf"^(?:www\.)?[\w-]+(?:\.[\w-]+)*\.{one_of(_WORDS.domains)}$", re.IGNORECASE)
_SMALL: Final = _WORDS.small
# Chinese and Japanese add "net", "digital" or "online" to a name without a blank.
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff]{2}")
_WORD = re.compile(r"[\w&'.]+")


def _squeezed(text: str) -> str:
    return re.sub(r"[^\w]|_", "", fold(text))


def _core(text: str) -> str:
    words = [word for word in re.findall(r"\w+", fold(text)) if word not in _GENERIC]
    return "".join(words)


@lru_cache(maxsize=4096)
def names_outlet(text: str, outlet: str, host: str) -> bool:
    """Whether some words name this outlet: by its known name or its host, in full, shortened or extended.

    >>> names_outlet("The New York Times", "", "nytimes.com"), names_outlet("Peru", "BBC", "bbc.co.uk")
    (True, False)
    """
    if len(text) > 60 or not _squeezed(text):
        return False
    bare = outlet.rpartition(".")[0] if _DOMAIN.match(outlet) else ""  # "NU.nl" is NU, too
    return any(_is_name(text, known) for known in (outlet, bare, *_host_names(host)))


def _is_name(text: str, known: str) -> bool:
    squeezed, core, name, name_core = _squeezed(text), _core(text), _squeezed(known), _core(known)
    if len(name) < 2:
        return False
    if squeezed == name or (core and core == name_core and len(core) > 1):
        return True
    if _abbreviates(name, text) or _abbreviates(squeezed, known):
        return True
    if _UNSPACED.match(known) and squeezed.startswith(name) and len(squeezed) <= len(name) + 4:
        return True
    if _edition_of(text, known) or _edition_of(known, text, article=True):
        return True
    return len(name_core) > 2 and (_extends(text, known) or _begins(text, known))


def _host_names(host: str) -> tuple[str, ...]:
    if not host:
        return ()
    labels = host.split(".")
    names = [
        label
        for label in labels[:-1]
        if len(label) > 2 and label not in {"www", "com", "news", "org", "net", "gov"}
    ]
    bare = [found[1] for name in names if (found := _GLUED_ARTICLE.match(name))]
    return (host, *names, *bare)


# "theguardian", "lemonde", "derstandard" without their article.
_GLUED_ARTICLE: Final = re.compile(rf"^{one_of(_WORDS.articles)}(\w{{5,}})$")


def _edition_of(text: str, known: str, *, article: bool = False) -> bool:
    """Whether a name is followed by one or two capitalised words: "BBC Wales", "El Comercio Perú".

    Args:
        text: The longer of the two.
        known: The name it may begin with.
        article: Whether that name must begin with an article, as when it is all a title shows:
            "The Local" of "The Local Germany".
    """
    words, names = _WORD.findall(text), _WORD.findall(known)
    rest = words[len(names) :]
    if (
        not names
        or not 1 <= len(rest) <= 2
        or [fold(w) for w in words[: len(names)]] != [fold(n) for n in names]
    ):
        return False
    if article and (len(names) != 2 or fold(names[0]) not in _ARTICLES):
        return False
    return len(known) > 2 and all(word[0].isupper() or word[0].isdigit() for word in (*names, *rest))


def _extends(text: str, known: str) -> bool:
    """Whether the words are the known name and only words for an edition or section."""
    words, names = re.findall(r"\w+", fold(text)), re.findall(r"\w+", fold(known))
    names = [name for name in names if name not in _GENERIC] or names
    if not names or len(words) > len(names) + 3:
        return False
    rest = list(words)
    for name in names:
        if name not in rest:
            return False
        rest.remove(name)
    return all(
        word in _GENERIC or word in _EDITIONS or word.isdigit() or _MARKER.match(word) for word in rest
    )


def _begins(text: str, known: str) -> bool:
    """Whether the words are the beginning by which an outlet goes: "Folha" of "Folha de S.Paulo".

    One of them must be a word such as "newspaper": the town alone is not enough of "Hull Daily Mail".
    """
    words, names = re.findall(r"\w+", fold(text)), re.findall(r"\w+", fold(known))
    return (
        0 < len(words) < len(names)
        and names[: len(words)] == words
        and any(_MARKER.match(word) for word in words)
    )


_ARTICLES: Final = _WORDS.name_articles
_EDITIONS: Final = _WORDS.editions


def _abbreviates(short: str, text: str) -> bool:
    """Whether `short` joins beginnings of all words but generic ones, in order ("nytimes", "WSJ")."""
    words = re.findall(r"\w+", fold(text))
    if not 2 <= len(words) <= 7 or len(short) < 3:
        return False

    def fits(at: int, position: int) -> bool:
        if position == len(words):
            return at == len(short)
        word = words[position]
        if word in _GENERIC and fits(at, position + 1):
            return True
        length = 0
        while length < len(word) and at + length < len(short) and short[at + length] == word[length]:
            length += 1
            if fits(at + length, position + 1):
                return True
        return False

    return fits(0, 0)


def has_unparted_marker(text: str) -> bool:
    """Whether some words end as East Asian outlets' names do.

    >>> has_unparted_marker("人民网"), has_unparted_marker("地震")
    (True, False)
    """
    return _UNPARTED_MARKER.match(text) is not None


@lru_cache(maxsize=4096)
def looks_like_outlet(text: str, *, strong: bool) -> bool:
    """Whether some words look like an outlet's name although no outlet is known.

    Args:
        text: What stands behind a separator.
        strong: Whether the separator is a bar or the like, which sentences hardly use.
    """
    if _DOMAIN.match(text):
        return True
    words = _WORD.findall(text)
    if not words or len(words) > 6 or len(text) > 45 or text[-1] in "?!:,;":
        return False
    if has_unparted_marker(text):
        return True
    marked = any(_MARKER.match(word.strip("'.")) for word in words)
    if not _capitalised(words):
        return strong and (words[1:] == ["online"] or (marked and len(words) == 1))
    if marked:
        return strong or len(words) > 1 or words[0].isupper() or _strong_single(words[0])
    return _CALL_SIGN.search(text) is not None or (strong and len(words) <= 4)


def _capitalised(words: list[str]) -> bool:
    """Whether all words but small ones have a capital; one such as "newspaper" needs none after the first."""
    return all(
        word[0].isupper() or word[0].isdigit() or word.lower() in _SMALL or (place and _MARKER.match(word))
        for place, word in enumerate(words)
    )


_SINGLE: Final = _WORDS.single


def _strong_single(word: str) -> bool:
    return word.lower() in _SINGLE
