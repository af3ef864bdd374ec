"""What letters say of the encoding of a text: which language has them, and how often it writes each."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from math import log
from pathlib import Path
from typing import Final

from pipeline.languages.word_file import WordFile, read

# Windows-1252 first: where another reads the text no better, it is that.
_ENCODINGS: Final = ("cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257", "mac_roman")
# For any other encoding, this share of the letters beyond ASCII must be of one language; of fewer than `_FEW`
# letters nothing is concluded.
_LEAST: Final = 0.95
_FEW: Final = 3
# Signs that no language writes between two letters, and those that none writes before a small one.
_BETWEEN: Final = "¹³²¾¼½±¶¦¿¡£¤¥§ªº¯¸®©¬‡†‰ˆ˜˝˛"
_BEFORE: Final = "¹³²¾¼½±¶¦¤¯¸®¬"
_MISPLACED: Final = re.compile(
    rf"(?<=[^\W\d_])[{_BETWEEN}—–](?=[^\W\d_A-Z])|(?<!\w)[{_BEFORE}](?=[a-zß-ÿ])|(?<=[a-zß-ÿ])[¹³±¶¾¼](?!\w)"
)
_AFTER_UNITS: Final = re.compile(r"\b[kcdm]?m[²³]")


# How likely a letter is that the language does not write often: one in some three thousand.
_RARE: Final = log(3e-4)
_FIRST_RANK: Final = 3


class _Letters(WordFile):
    letters: dict[str, str]
    frequent: dict[str, str]
    signs: str


@cache
def _chances() -> tuple[dict[str, float], ...]:
    """By language the logarithm of how likely each letter is, from its rank by the Zipf–Mandelbrot law."""
    found = []
    for letters in read(Path(__file__).with_suffix(".yaml"), _Letters).frequent.values():
        ranked = list(dict.fromkeys(letters))
        total = sum(1 / (rank + _FIRST_RANK) for rank in range(len(ranked)))
        found.append({each: -log((rank + _FIRST_RANK) * total) for rank, each in enumerate(ranked)})
    return tuple(found)


def likelihood(text: str) -> float:
    """How likely a text's letters beyond ASCII are, as a logarithm, in the language that fits them best.

    Of two readings of the same bytes the likelier one is right: a wrong one is full of rare letters.

    >>> likelihood("Мэр открыл мост") > likelihood("Мэр открыл мост".encode("koi8_r").decode("cp1251"))
    True
    """
    found = Counter(char for char in text.lower() if char > "\x7f" and char not in _signs())
    return max(
        sum(count * chances.get(char, _RARE) for char, count in found.items()) for chances in _chances()
    )


@cache
def _alphabets() -> tuple[frozenset[str], ...]:
    known = read(Path(__file__).with_suffix(".yaml"), _Letters)
    return tuple(frozenset(own + own.upper() + "İ" * (code == "tr")) for code, own in known.letters.items())


@cache
def _signs() -> frozenset[str]:
    return frozenset(read(Path(__file__).with_suffix(".yaml"), _Letters).signs)


def latin_encoding(sample: bytes) -> str:
    """The encoding by which a text's letters are those of one language; "" where Windows-1252 may be right.

    >>> latin_encoding("Rada města schválila příští rozpočet".encode("iso8859_2"))
    'iso8859_2'
    >>> latin_encoding("Der Präsident prüft die Größe".encode("cp1252"))
    ''
    """
    best, share = "", _share(sample, _ENCODINGS[0])
    for name in _ENCODINGS[1:]:
        fits = _share(sample, name)
        if fits > share and fits >= _LEAST:
            best, share = name, fits
    return best


def _share(sample: bytes, encoding: str) -> float:
    """The share of the letters beyond ASCII that one language has, of the language that has most of them."""
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    found = Counter(char for char in text if char > "\x7f" and char not in _signs())
    total = found.total()
    if _MISPLACED.search(_AFTER_UNITS.sub("", text)):
        return 0.0
    if total < _FEW:
        return 1.0
    return max(sum(found[char] for char in own) for own in _alphabets()) / total
