"""Pages that hide their article: for consent, for a login, for humans; or an error page that says 200."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import Final

from pipeline.languages.template import one_of_phrases
from pipeline.normalize.plaintext.html import plain_text
from pipeline.normalize.words.vocabulary import vocabulary
from pipeline.text import UNSPACED, words

# A wall is no longer than this; an article about walls may be.
_MOST_CHARS: Final = 12_000
# This many different phrases of a wall make a page one, unless it has most words of title and teaser.
_SURE: Final = 4
# The share of the words of title and teaser that a page must hold, if it has no, one, or several phrases of a
# wall. Measured on the pages of `tests/normalize/test_walls.py`.
_LEAST_SHARED: Final = (0.08, 0.34, 0.5)
# With fewer telling words than this, title and teaser say too little to compare a page with.
_LEAST_WORDS: Final = 4
_WORD_CHARS: Final = 5
_UNSPACED: Final = re.compile(f"[{UNSPACED}]")


@cache
def _phrases(language: str) -> re.Pattern[str]:
    spoken = [words for code in dict.fromkeys((language, "en")) if (words := vocabulary(code)) is not None]
    phrases = one_of_phrases(phrase for words in spoken for phrase in words.wall)
    return re.compile(rf"(?<!\w)(?:{phrases})(?!\w)", re.IGNORECASE)


def is_wall(text: str, language: str, known: str) -> bool:
    """Whether a page's text is a wall's, and nothing of the article's.

    Args:
        text: The page's main text.
        language: Whose phrases are looked for, beside those of English (ISO 639-1).
        known: What the feed says of the article: title and teaser; "" where nothing is known.
    """
    if not text or len(text) > _MOST_CHARS:
        return False
    said = len({found[0].lower() for found in _phrases(language).finditer(text)})
    shared = _shared(known, text)
    if shared is None:
        return said >= _SURE
    return shared < _LEAST_SHARED[min(said, len(_LEAST_SHARED) - 1)] or (said >= _SURE and shared < 0.8)


def is_wall_page(page: str, language: str, known: str) -> bool:
    """As `is_wall`, of a page as it was fetched: with all its furniture.

    Args:
        page: HTML.
        language: As configured or claimed.
        known: Title and teaser of the item.
    """
    return is_wall(plain_text(page, html=True), language, known)


def _shared(known: str, text: str) -> float | None:
    """The share of the telling words of title and teaser that a text holds; None where there are too few."""
    telling = _telling(known)
    if len(telling) < _LEAST_WORDS:
        return None
    there = _telling(text)
    return len(telling & there) / len(telling)


def _telling(text: str) -> set[str]:
    """Words long enough to tell something; in scripts without spaces each two characters."""
    found = words(text)
    long = {word[:7] for word in found if len(word) >= _WORD_CHARS}
    pairs = {a + b for a, b in pairwise(found) if _UNSPACED.match(a) and _UNSPACED.match(b)}
    return long | pairs
