"""Mends a broken document entry by entry, so that a fault in one of them does not reach into the next."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAMES = {"urlset": b"url", "sitemapindex": b"sitemap"}  # by root; all others hold items or entries
_HIDES = ((b"<![CDATA[", b"]]>"), (b"<!--", b"-->"))


@dataclass(frozen=True, slots=True)
class Mended:
    """What is left of a broken document.

    Attributes:
        head: What stands before the first entry.
        pieces: The entries that do not swallow what follows, each with its end and what stands behind it.
        begun: How many entries begin or end in it, whichever is more.
        cut_off: Whether its end is missing, with all that may have stood there.
    """

    head: bytes
    pieces: tuple[bytes, ...]
    begun: int
    cut_off: bool


def mended(data: bytes, root: str) -> Mended:
    """Cuts a document into its entries, so that each stands for itself, and counts what was lost.

    An entry without an end gets one, since a forgiving parser would mix it with the next; but the last one of
    a document that is cut off goes, because nobody knows what it lacks. An entry that opens a CDATA section
    or a comment and does not close it goes: all that follows would be its text.

    Args:
        data: Broken XML, without a declaration.
        root: The local name of its root in lower case, or "".
    """
    name = _NAMES.get(root, b"item|entry")
    starts = list(re.finditer(rb"<((?:\w+:)?(?:" + name + rb"))(?=[\s>])", data, re.IGNORECASE))
    if not starts:
        return Mended(data, (), 0, cut_off=_is_cut_off(data, root))
    bounds = [found.start() for found in starts] + [len(data)]
    pieces, cut_off = [], False
    for number, found in enumerate(starts):
        piece = data[bounds[number] : bounds[number + 1]]
        end = re.compile(rb"</" + re.escape(found[1]) + rb"\s*>", re.IGNORECASE).search(piece)
        last = number == len(starts) - 1
        if last:
            cut_off = _is_cut_off(piece[end.end() :] if end else piece, root)
        own = piece[: end.end()] if end else piece
        if _hides_what_follows(own) or (last and cut_off and not end):
            continue
        pieces.append(piece if end else piece + b"</" + found[1] + b">")
    ends = len(re.findall(rb"</(?:\w+:)?(?:" + name + rb")\s*>", data, re.IGNORECASE))
    return Mended(data[: bounds[0]], tuple(pieces), max(len(starts), ends), cut_off)


def _is_cut_off(rest: bytes, root: str) -> bool:
    return re.search(rb"</(?:\w+:)?" + re.escape(root.encode()) + rb"\s*>", rest, re.IGNORECASE) is None


def _hides_what_follows(entry: bytes) -> bool:
    return any(entry.rfind(opens) > entry.rfind(closes) for opens, closes in _HIDES)
