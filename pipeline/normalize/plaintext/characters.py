"""Repairs text: encoding, entities, control characters, white space and quotes."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

import ftfy
from ftfy.badness import is_bad

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# Entities whose ampersand was lost on the way ("Schroder #39;s"), with the blank that took its place.
_LOST_ENTITY = re.compile(r"(?:(?<=\w) ?|(?<!\w))#(?:39|8217|8216);|\s?#(\d{2,5});")
_LOST_NAMED = re.compile(r"(?<![&\w])(quot|amp|lt|gt|nbsp);")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Control characters but tab and line feed, the invisible, and direction marks; joiners have meaning.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
_NEWLINE = re.compile("\r\n?|[\x0b\x0c\x85\u2028]")
_PARAGRAPH = re.compile("\u2029")
_BLANK = re.compile("[\t \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_QUOTES = str.maketrans(
    dict.fromkeys("‘’‚‛ʼ′´", "'")
    | dict.fromkeys("“”„‟″", '"')
    | {"\u2010": "-", "\u2011": "-", "\u2026": "..."}
)
_TYPOGRAPHIC = re.compile("[" + "".join(map(chr, _QUOTES)) + "]")
_TEX_QUOTES = re.compile(r"``|''")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_BAD_CHARS = 7
_ROUNDS = 8
_NOISE = re.compile("[\ufffd]{2,}")


def unescape(text: str) -> str:
    """Decodes character entities, also those that were escaped twice or thrice.

    >>> unescape("AT&amp;amp;T &amp;#8217;s")
    'AT&T \u2019s'
    """
    for _ in range(3):
        if not _ENTITY.search(text):
            break
        decoded = html.unescape(text)
        if decoded == text:
            break
        text = decoded
    return text


def _restored(found: re.Match[str]) -> str:
    if found[1] is None:
        return "'"
    code = int(found[1])
    if not 32 < code < 0x3000:
        return found[0]
    return found[0].replace(f"#{found[1]};", chr(code))


def _lost_entities(text: str) -> str:
    if "#" in text:
        text = _LOST_ENTITY.sub(_restored, text)
    if ";" in text:
        text = _LOST_NAMED.sub(lambda found: html.unescape(f"&{found[1]};"), text)
    return text


def repair(text: str) -> str:
    """Repairs a plain text; lines stay lines.

    Mojibake is undone (ftfy), entities are decoded, control and invisible characters go, white space
    within a line becomes one blank, typographic quotes become straight ones, and the result is in NFC.

    Args:
        text: Anything, lone surrogates included.

    Returns:
        Text that can be encoded as UTF-8, its lines stripped.
    """
    for _ in range(_ROUNDS):  # one repair may uncover the next
        repaired = _once(text)
        if repaired == text:
            break
        text = repaired
    return text


@lru_cache(maxsize=16)  # a caller that repairs until nothing changes passes the last form again
def _once(text: str) -> str:
    if not text.isascii() and _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _lost_entities(unescape(text))
    if not _is_plain(text):
        text = _PARAGRAPH.sub("\n\n", _NEWLINE.sub("\n", _INVISIBLE.sub("", text)))
    if not text.isascii():
        text = _typed(text)
    text = _TEX_QUOTES.sub('"', text)
    if "  " in text or not _is_plain(text):
        text = _BLANK.sub(" ", text)
    return "\n".join(map(str.strip, text.split("\n"))).strip()


def _is_plain(text: str) -> bool:
    """Whether a text has neither control nor invisible characters, and no white space but blanks and lines.

    Python calls a character printable if it is a blank or of none of Unicode's categories C and Z.
    """
    return text.replace("\n", "").isprintable()


def _is_mojibake(text: str) -> bool:
    """The answer of ftfy's `is_bad`, looking only around characters beyond ASCII.

    Each of its patterns has such a character, and none is longer than `_BAD_CHARS` (ftfy 6.3, `badness.py`).
    """
    start = end = 0
    for run in _BEYOND_ASCII.finditer(text):
        if run.start() - _BAD_CHARS > end:
            if is_bad(text[start:end]):
                return True
            start = run.start() - _BAD_CHARS
        end = run.end() + _BAD_CHARS
    return is_bad(text[start:end])


def _typed(text: str) -> str:
    """A text beyond ASCII with its encoding mended, in NFC, with straight quotes."""
    if _is_mojibake(text):
        text = _NEWLINE.sub("\n", ftfy.fix_encoding(text))
    text = unicodedata.normalize("NFC", text)
    if _TYPOGRAPHIC.search(text):
        text = text.translate(_QUOTES)
    text = _NOISE.sub("\ufffd", text)
    return text if _is_plain(text) else _INVISIBLE.sub("", text)


def one_line(text: str) -> str:
    r"""A repaired text as one line.

    >>> one_line(" Two\n lines ")
    'Two lines'
    """
    for _ in range(_ROUNDS):  # a line break between two halves of mojibake hid them
        line = " ".join(repair(text).split())
        if line == text:
            break
        text = line
    return text
