"""The outlet's name in a feed's title, which often holds a section's name too."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from pipeline.addresses import host_of

_PARTS = re.compile(r"\s+[-–—:>»›·•/]+\s+|\s*[|｜»›>]\s*|(?<=\w):\s+|\s+::\s+")
# What feed makers hang on: the format, and that it is a feed.
_FORMAT = re.compile(
    r"\s*[-–—(|]?\s*\b(?:rss|atom|xml|feeds?|newsfeed|rss\d?(?:\.\d)?)\)?\s*$", re.IGNORECASE
)
_LETTERS = re.compile(r"[^a-z0-9]+")
_SHORTEST = 3


def outlet_in(title: str, addresses: Iterable[str]) -> str:
    """The part of a feed's title that names the outlet: the one that the outlet's host is named after.

    Args:
        title: The feed's title.
        addresses: The outlet's and the feed's addresses, the surest first.

    Returns:
        That part without "RSS" and the like; the title when no part, or only the whole, fits a host.

    >>> outlet_in("World news | The Guardian", ["https://www.theguardian.com/world"])
    'The Guardian'
    >>> outlet_in("NYT > Business", ["https://www.nytimes.com/"]), outlet_in("Notes: on bread", [])
    ('NYT', 'Notes: on bread')
    """
    whole = _bare(title)
    parts = [part for part in map(_bare, _PARTS.split(whole)) if part]
    if len(parts) < 2:
        return whole
    for address in addresses:
        names = [_LETTERS.sub("", label) for label in host_of(address).split(".")[:-1]]
        fits = [(max((_likeness(part, name) for name in names), default=0.0), part) for part in parts]
        best = max(fits, key=lambda fit: fit[0])
        if best[0] > 0:
            return best[1]
    return whole


def _bare(text: str) -> str:
    text = " ".join(text.split())
    while (shorter := _FORMAT.sub("", text).strip()) != text and shorter:
        text = shorter
    return text


def _likeness(part: str, name: str) -> float:
    """How much of a part and a host's label is the same letters, 0 to 1; 0 where neither begins the other."""
    if len(name) < _SHORTEST:
        return 0.0
    words = [_LETTERS.sub("", word) for word in _folded(part).split()]
    letters, initials = "".join(words), "".join(word[:1] for word in words)
    bare = "".join(words[1:]) if words[:1] in (["the"], ["la"], ["le"], ["el"], ["der"], ["die"]) else letters
    if initials == name:
        return 1.0
    likeness = 0.0
    for written in {letters, bare} - {""}:
        if len(written) >= _SHORTEST and (name.startswith(written) or written.startswith(name)):
            likeness = max(likeness, min(len(name), len(written)) / max(len(name), len(written)))
    return likeness


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
