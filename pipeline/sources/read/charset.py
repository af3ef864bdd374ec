"""Bytes of unknown encoding → text."""

from __future__ import annotations

import codecs
import re

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
# What C0 controls XML forbids; they come from word processors and cut databases, and mean nothing.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
# Pages say Latin-1 and mean Windows-1252: the WHATWG Encoding Standard reads these labels so.
_MEANT = {"iso8859-1": "cp1252", "ascii": "utf-8", "gb2312": "gb18030", "gbk": "gb18030"}
# Name, bytes a letter, and which of them is not zero in Latin text.
_WIDE = (("utf-32-be", 4, 3), ("utf-32-le", 4, 0), ("utf-16-be", 2, 1), ("utf-16-le", 2, 0))
_HEAD_BYTES = 4096


def decode(body: bytes, content_type: str = "") -> str:
    r"""Text from bytes, whatever their encoding; never fails.

    A byte order mark wins, then what UTF-16 looks like, then what the server, the XML declaration or a
    `<meta>` says where the bytes agree, then UTF-8 where they are, then Windows-1252.

    Args:
        body: The bytes.
        content_type: The server's Content-Type, or "".

    >>> decode(b"caf\xe9"), decode("café".encode())
    ('café', 'café')
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    wide = _wide(body)
    if wide:
        return body.decode(wide, "replace")
    for name in (*_declared(body, content_type), "utf-8"):
        try:
            return body.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return _western(body)


def without_controls(text: str) -> str:
    r"""Text without the control characters and lone surrogates that XML forbids.

    >>> without_controls("a\x00b\n")
    'ab\n'
    """
    return _CONTROLS.sub("", text)


def is_binary(text: str) -> bool:
    """Whether decoded text holds so many control characters that it was never text."""
    head = text[:_HEAD_BYTES]
    return len(_CONTROLS.findall(head)) > len(head) // 50


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
    head = body[:_HEAD_BYTES]
    by_server = _CHARSET.search(content_type)
    said = [by_server[1]] if by_server else []
    inside = (_XML_DECLARED.search(head), _META_DECLARED.search(head))
    said += [found[1].decode("ascii") for found in inside if found]
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


def _western(body: bytes) -> str:
    """Windows-1252, or UTF-8 with a few broken bytes when most of it is UTF-8."""
    loose = body.decode("utf-8", "replace")
    broken = loose.count("\ufffd")
    if broken * 20 < sum(1 for char in loose if char > "\x7f"):
        return loose
    return body.decode("cp1252", "replace")
