"""Bytes of unknown encoding → text. The only file that imports charset_normalizer."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from charset_normalizer import CharsetMatch, from_bytes

from pipeline.languages.letter_pairs import spelled_encoding
from pipeline.languages.letters import latin_encoding, likelihood

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with the UTF-16 one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_XML_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"']")
_META_DECLARED = re.compile(
    rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE
)
# Control characters that XML forbids; they come from word processors and cut databases, and mean nothing.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
# References to halves of a character, as programs write emoji that count in UTF-16; XML forbids them.
_HALVES = re.compile(r"(?:&#(?:[xX]0*[dD][89a-fA-F][0-9a-fA-F]{2}|0*5[5-7]\d{3});)+")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|(\d+));")
_OF_PRINTERS = frozenset("\x0b\x0c\x1a")  # tabs and feeds, and the end of a DOS file
_FEW_CONTROLS = 3
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Pages say Latin-1 and mean Windows-1252: the WHATWG Encoding Standard reads these labels so.
_MEANT = {"iso8859-1": "cp1252", "ascii": "utf-8", "gb2312": "gb18030", "gbk": "gb18030"}
# Name, bytes a letter, and which of them is not zero in Latin text.
_WIDE = (("utf-32-be", 4, 3), ("utf-32-le", 4, 0), ("utf-16-be", 2, 1), ("utf-16-le", 2, 0))
UNKNOWN_ENCODING = "its encoding is not declared, and its letters fit none"
_HEAD_BYTES = 4096
_DECLARED_BYTES = 256 * 1024  # some pages declare behind long scripts
_SAMPLE_BYTES = 16 * 1024
# What the web is written in (WHATWG Encoding Standard) besides UTF-8. Unbounded, Greek is taken for Cyrillic.
_CANDIDATES = [
    *(f"cp125{page}" for page in range(9)),
    *("cp866", "koi8_r", "koi8_u", "iso8859_2", "iso8859_5", "iso8859_6", "iso8859_7"),
    *("cp874", "cp932", "cp949", "euc_jp", "gb18030", "big5hkscs"),
]
_ISO_2022 = ("iso2022_jp", "iso2022_kr")
# Chinese in seven bits, as mails of the nineties have it: RFC 1843.
_HZ = re.compile(rb"~\{(?:[\x21-\x77][\x21-\x7e]){2,}~\}")
_WESTERN = "cp1252"
_LATIN = frozenset({"cp1250", "cp1252", "cp1254", "cp1257", "cp1258", "iso8859-2", "iso8859-15", "iso8859-9"})
_MANY_BYTES = 300  # enough for statistics of letters
_MESS_MAX = 0.2
_MARGIN = 0.05
_CLEARLY = 3.0  # how much likelier, as a logarithm: twenty times
_BETWEEN_TAGS = re.compile(rb"[<>\n]")
# The two Greek encodings differ in little more than the place of Ά, which the other reads as ’ or ¶.
_GREEK = {"iso8859_7": "cp1253", "cp1253": "iso8859_7"}
_GREEK_CAPITAL = {
    "cp1253": re.compile(rb"(?<![\xb8-\xfe])\xa2[\xdc-\xfe]"),
    "iso8859_7": re.compile(rb"(?<![\xb8-\xfe])\xb6[\xdc-\xfe]"),
}
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text from bytes, and whether its encoding is known: declared credibly, or recognised."""

    text: str
    sure: bool = True


def decode(body: bytes, content_type: str = "") -> str:
    r"""The text of `read_bytes`, whether or not its encoding is known.

    >>> decode(b"caf\xe9"), decode("café".encode())
    ('café', 'café')
    """
    return read_bytes(body, content_type).text


def read_bytes(body: bytes, content_type: str = "") -> Decoded:
    """Text from bytes, whatever their encoding; never fails.

    A byte order mark wins; then UTF-16 or UTF-32, if the bytes look like it; then ISO 2022 or HZ, if its
    escapes are there; then UTF-8, if the bytes are valid as such. Then what the XML declaration, a `<meta>`
    or the server says, in this order, as long as the bytes look like it: servers announce Latin-1 for
    everything. Then what the letters' statistics say, and Windows-1252 where these say nothing.

    Args:
        body: The bytes.
        content_type: The server's Content-Type, or "".
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return Decoded(body[len(mark) :].decode(name, "replace"))
    wide = _wide(body)
    if wide:
        return Decoded(body.decode(wide, "replace"))
    names = _declared(body, content_type)
    shifted = _ISO_2022 if b"\x1b$" in body else ("hz",) if _HZ.search(body) else ()
    for name in (*shifted, *names, "utf-8"):
        try:
            if _looks_like(body, name):
                return Decoded(body.decode(name))
        except (UnicodeDecodeError, LookupError):
            continue
    return _recognised(body)


def without_controls(text: str) -> str:
    r"""Text without the control characters and lone surrogates that XML forbids.

    >>> without_controls("a\x00b\n"), without_controls("tide &#xD83C;&#xDF0A;, &#xD83C;")
    ('ab\n', 'tide 🌊, \ufffd')
    """
    return _HALVES.sub(_whole, _CONTROLS.sub("", text))


def _whole(halves: re.Match[str]) -> str:
    units = (int(each[1] or each[2], 16 if each[1] else 10) for each in _REFERENCE.finditer(halves[0]))
    return "".join(map(chr, units)).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def is_binary(text: str) -> bool:
    """Whether decoded text holds so many control characters that it was never text.

    A few are slips of the tool that wrote a short text, and those of old printers are white space.
    """
    head = text[:_HEAD_BYTES]
    odd = sum(char not in _OF_PRINTERS for char in _CONTROLS.findall(head))
    return odd > max(_FEW_CONTROLS, len(head) // 50) or odd * 10 > len(head)


def with_line_ends(text: str) -> str:
    r"""Text with one kind of line end, whatever parted its lines: Windows, old Macs, printers, Unicode.

    >>> with_line_ends("a\r\nb\rc\fd\u2028e")
    'a\nb\nc\nd\ne'
    """
    return _LINE_END.sub("\n", text)


def _wide(body: bytes) -> str:
    """The UTF-16 or UTF-32 that unmarked bytes look like, or "": Latin text has zeros beside its letters."""
    head = body[:_HEAD_BYTES]
    if len(head) < 4 or b"\x00" not in head:
        return ""
    for name, width, place in _WIDE:
        letters = head[place::width]
        others = b"".join(head[other::width] for other in range(width) if other != place)
        if others.count(0) > 0.7 * len(others) and letters.count(0) < 0.1 * len(letters):
            return name
    return ""


def _declared(body: bytes, content_type: str) -> list[str]:
    head = body[:_DECLARED_BYTES]
    by_server = _CHARSET.search(content_type)
    inside = (_XML_DECLARED.search(head), _META_DECLARED.search(head))
    said = [found[1].decode("ascii") for found in inside if found]
    said += [by_server[1]] if by_server else []
    names = []
    for label in said:
        try:
            info = codecs.lookup(label)
        except (LookupError, ValueError):
            continue
        if not getattr(info, "_is_text_encoding", True) or info.name.startswith(("utf-16", "utf-32")):
            continue  # "hex" and the like; and a wide encoding would have been recognised above
        names.append(_MEANT.get(info.name, info.name))
    # Bytes that are UTF-8 beyond ASCII are nothing else by chance, whatever the label says.
    return names if body.isascii() or not _is_utf8(body) else []


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _looks_like(body: bytes, name: str) -> bool:
    """Whether bytes look like a declared encoding: Latin letters beyond ASCII rarely stand side by side.

    Servers that were told nothing announce Windows-1252, so there the letters of another language decide.
    """
    if name not in _LATIN:
        return True
    return _is_sparse(body) and (name != _WESTERN or not latin_encoding(_sample(body)))


def _is_sparse(body: bytes) -> bool:
    """Whether most bytes beyond ASCII stand alone or in pairs, as in languages of Latin letters."""
    runs = [len(run) for run in _HIGH_RUN.findall(body, 0, _DECLARED_BYTES)]
    return sum(length for length in runs if length > 2) <= sum(runs) // 2


def _recognised(body: bytes) -> Decoded:
    """UTF-8 with a few broken bytes when most of it is UTF-8, else what statistics of letters say."""
    loose = body.decode("utf-8", "replace")
    broken = loose.count("\ufffd")
    if broken * 20 < sum(1 for char in loose if char > "\x7f"):
        return Decoded(loose)
    sparse = _is_sparse(body)
    sample = _sample(body)
    spelled = (spelled_encoding(sample) or latin_encoding(sample)) if sparse else ""
    name = spelled or _best_of(sample, sparse=sparse)
    if name:
        other = _GREEK.get(name)
        if other and _GREEK_CAPITAL[other].search(sample) and not _GREEK_CAPITAL[name].search(sample):
            name = other
        return Decoded(body.decode(name, "replace"))
    return Decoded(body.decode(_WESTERN, "replace"), sure=sparse)


def _sample(body: bytes) -> bytes:
    """What stands between tags and has something beyond ASCII: markup would drown it."""
    pieces = [piece for piece in _BETWEEN_TAGS.split(body[:_DECLARED_BYTES]) if not piece.isascii()]
    return b"\n".join(pieces)[:_SAMPLE_BYTES] or body[:_SAMPLE_BYTES]


def _best_of(sample: bytes, *, sparse: bool) -> str:
    """The encoding whose text is least of a mess and most like a language, or ""."""
    matches = [
        match
        for match in from_bytes(sample, cp_isolation=_CANDIDATES, threshold=2 * _MESS_MAX)
        if match.chaos <= _MESS_MAX
    ]
    if not matches:
        return ""
    best = matches[0]
    if not sparse and len(sample) < _MANY_BYTES:
        ranked = sorted(((likelihood(str(match)), match) for match in matches), key=lambda each: -each[0])
        others = [score for score, match in ranked if str(match) != str(ranked[0][1])]
        return str(ranked[0][1].encoding) if not others or ranked[0][0] - others[0] > _CLEARLY else ""
    western = sample.decode(_WESTERN, "replace")
    if sparse and any(_is_as_good(match, best, western) for match in matches):
        return _WESTERN
    return str(best.encoding)


def _is_as_good(match: CharsetMatch, best: CharsetMatch, western: str) -> bool:
    """Whether Windows-1252 is a match that is no messier than the best and about as much like a language."""
    same = _WESTERN in match.could_be_from_charset or str(match) == western
    return same and match.chaos <= best.chaos and match.coherence >= best.coherence - _MARGIN
