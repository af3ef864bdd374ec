"""What pairs of letters say of the encoding of a text: how often each language writes them in its words.

A headline often has only one or two letters beyond ASCII, and Windows-1252, Windows-1250 and Windows-1257
each read them as letters of some language. Only together with the letters around them is one reading likely.
The pairs are counted in the words of wordfreq (Speer 2022), once per process, at the first such text.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import cache
from itertools import pairwise
from math import log
from typing import Final

# In the order of `letters.latin_encoding`: the usual one comes first.
_ENCODINGS: Final = ("cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257", "mac_roman")
# wordfreq's codes: "sh" is Croatian and Serbian, "nb" Norwegian.
_LANGUAGES: Final = (
    *("ca", "cs", "da", "de", "en", "es", "fi", "fr", "hu", "id", "is", "it"),
    *("lt", "lv", "nb", "nl", "pl", "pt", "ro", "sh", "sk", "sl", "sv", "tr"),
)
_WORDS: Final = 5_000
_LAST_LATIN: Final = "\u024f"
_SAMPLE: Final = 2_000
# The logarithm of how likely a pair of letters is that the language does not write.
_UNWRITTEN: Final = log(2e-6)
# What a sign beyond ASCII costs where such signs stand, and elsewhere: more than the rarest pair of letters.
_IN_PLACE: Final = 2.0
_OUT_OF_PLACE: Final = 18.0
# As logarithms: how much likelier Windows-1252 is before anything is read, and the lead that an answer needs.
_USUAL: Final = 2.0
_CLEAR: Final = 0.7
# Encodings of before 1999 have the Romanian letters with a cedilla.
_CEDILLAS: Final = str.maketrans("șț", "şţ")
_RUN = re.compile(r"[^\W\d_¹²³¼½¾]+")
_PLACES: Final = re.compile(
    r"(?<=[^\W_])’|(?<=[\s\d])[–—](?=[\s\d])|…(?!\w)|(?<!\w)[¿¡](?=\w)|(?<![^\W\d_])[€£§°](?![^\W\d_])|(?<=m)[²³](?!\w)|(?<=\d)[½¼¾](?!\w)"
    r"|(?<!\w)«[^«»]*»(?!\w)|(?<!\w)»[^«»]*«(?!\w)|(?<!\w)[„“][^„“”]*[“”](?!\w)|(?<!\w)[‚‘][^‚‘]*[‘’](?!\w)"
)


@cache
def _pairs() -> tuple[dict[str, float], ...]:
    """By language the logarithm of how likely each pair of letters is; the ends of words count as spaces."""
    from wordfreq import available_languages, read_cBpack  # a second; few feeds say nothing of their encoding

    places = available_languages("small")
    found = []
    for language in _LANGUAGES:
        counts: defaultdict[str, float] = defaultdict(float)
        taken = 0
        for centibels, words in enumerate(read_cBpack(places[language])):
            for word in words:
                if word.isalpha() and max(word) <= _LAST_LATIN:
                    taken += 1
                    # The root of the frequency: a headline has rarer words than running text.
                    for first, second in pairwise(f" {word.translate(_CEDILLAS)} "):
                        counts[first + second] += 10 ** (-centibels / 200)
            if taken > _WORDS:
                break
        total = sum(counts.values())
        found.append({pair: log(count / total) for pair, count in counts.items()})
    return tuple(found)


def _likelihood(text: str) -> float:
    text = text.lower()
    spaced = f" {' '.join(_RUN.findall(text))} "
    pairs = Counter(first + second for first, second in pairwise(spaced))
    likely = max(
        sum(count * known.get(pair, _UNWRITTEN) for pair, count in pairs.items()) for known in _pairs()
    )
    signs = sum(map(_is_sign, text))
    ends = {at: text[at] for found in _PLACES.finditer(text) for at in (found.start(), found.end() - 1)}
    placed = sum(map(_is_sign, ends.values()))
    return likely - _IN_PLACE * placed - _OUT_OF_PLACE * max(0, signs - placed)


def _is_sign(char: str) -> bool:
    return char > "\x7f" and not char.isalpha()


def spelled_encoding(sample: bytes) -> str:
    """The encoding in which a text of Latin letters is spelled most like a language; "" where none is clear.

    >>> spelled_encoding("Vláda čeká".encode("cp1250")), spelled_encoding("La città al buio".encode("cp1252"))
    ('cp1250', 'cp1252')
    """
    ranked: list[tuple[float, str, str]] = []
    for name in _ENCODINGS:
        try:
            text = sample[:_SAMPLE].decode(name)
        except UnicodeDecodeError:
            continue
        ranked.append((_likelihood(text) + _USUAL * (name == _ENCODINGS[0]), name, text))
    ranked.sort(key=lambda each: -each[0])
    best, name, text = ranked[0]
    others = [likely for likely, _, other in ranked if other != text]
    return name if not others or best - others[0] >= _CLEAR else ""
