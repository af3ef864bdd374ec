"""Words for comparing articles: tokens, their 32-bit ids, and how common a word is before any article.

Searching has its own analysis (`pipeline.text`), which folds accents; here words stay as they are
written, because the prior frequencies of wordfreq are those of written words.
"""

from __future__ import annotations

import math
import re
import zlib
from functools import cache, lru_cache

import wordfreq

# A mail address is matched from the beginning of its word, so the pattern is not tried again at each letter.
_URL = re.compile(r"https?://\S+|www\.\S+|(?<!\S)\S[^\s@]*+@\S+\.\w+")
# The mark stands first, so that the search skips quickly to the next one.
_NUMBER_MARK = re.compile(r"[,.\u00a0](?<=\d.)(?=\d)")
# Scripts written without spaces: Thai and Lao, Khmer, kana, Han. Pairs of characters stand for words.
_UNSPACED = "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_TOKEN = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+(?:'[^\W_{_UNSPACED}]+)*")
# The same for lower-case ASCII; faster.
_ASCII_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*")
_UNSPACED_START = re.compile(rf"[{_UNSPACED}]")

# How many words a document has, for the prior: a news item of medium length.
_PRIOR_WORDS = 200.0
# wordfreq has no figures: each is taken to be at least as common as one word in a million.
_FIGURE_FREQUENCY = 1e-6
# The name of a word list where it differs from ISO 639-1.
_LISTS = {"tl": "fil", "no": "nb", "hr": "sh", "sr": "sh", "bs": "sh"}


def tokens(text: str) -> list[str]:
    """The lower-case words and figures of a text, in order; URLs and addresses are left out.

    >>> tokens("NATO's 1,200 troops: https://example.org")
    ['nato', '1200', 'troops']
    """
    if "://" in text or "www." in text or "@" in text:
        text = _URL.sub(" ", text)
    plain = _NUMBER_MARK.sub("", text.lower().replace("’", "'"))
    if plain.isascii():
        return [token.removesuffix("'s") for token in _ASCII_TOKEN.findall(plain)]
    found: list[str] = []
    for token in _TOKEN.findall(plain):
        if _UNSPACED_START.match(token):
            found.extend(token[i : i + 2] for i in range(max(1, len(token) - 1)))
        else:
            found.append(token.removesuffix("'s"))
    return found


@lru_cache(maxsize=1 << 18)
def term_id(word: str) -> int:
    """A word as a 32-bit id (CRC-32 of its UTF-8 bytes).

    Among 300,000 active words about ten pairs collide (birthday bound), too few to matter to a cosine.
    """
    return zlib.crc32(word.encode("utf-8", "surrogatepass"))


@lru_cache(maxsize=1 << 18)
def pair_id(first: str, second: str) -> int:
    """Two neighbouring words as a 32-bit id; their order counts."""
    return zlib.crc32(f"{first}\0{second}".encode("utf-8", "surrogatepass"))


@cache
def _frequencies(language: str) -> dict[str, float]:
    """A language's word list; empty where wordfreq has none (it would fall back on a similar language)."""
    name = _LISTS.get(language, language)
    return wordfreq.get_frequency_dict(name) if name in wordfreq.available_languages() else {}


def has_prior(language: str) -> bool:
    """Whether wordfreq knows how common the words of a language are."""
    return bool(_frequencies(language))


def is_unspaced(token: str) -> bool:
    """Whether a token is of a script without spaces: a pair of characters rather than a word."""
    return _UNSPACED_START.match(token) is not None


@lru_cache(maxsize=1 << 18)
def prior_share(word: str, language: str) -> float:
    """The share of documents expected to contain a word, before any was seen.

    It is 1 - exp(-n p), the Poisson probability that the word occurs at all, with p the word's share of
    running text (wordfreq, Speer 2022) and n = 200 words a document.

    Args:
        word: As `tokens` gives it.
        language: ISO 639-1.

    Returns:
        0 to 1; 0 for unknown words other than figures.
    """
    frequency = _frequencies(language).get(word, 0.0)
    if word.isdigit():
        frequency = max(frequency, _FIGURE_FREQUENCY)
    return -math.expm1(-_PRIOR_WORDS * frequency)
