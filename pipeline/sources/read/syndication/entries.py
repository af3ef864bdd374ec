"""What feedparser mixes up or leaves out of a feed's entries: links by relation, texts of media, odd dates.

feedparser keeps one link, whatever its relation, takes the caption of a picture for the entry's text, and
knows a few places of a date. This reads those from the same document, in the same order of entries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from pipeline.addresses import absolute
from pipeline.records import SourceText, TextKind

_ENTRIES = frozenset({"item", "entry"})
_CHARS = 4_000
_TEXT_CHARS = 100_000
_HEAD_BYTES = 20_000
_MANY = 16  # texts of one entry
_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_MEDIA = ("http://search.yahoo.com/mrss", "media")
_WEB = ("http://", "https://")
_PAGES = frozenset({"", "text/html", "application/xhtml+xml"})
_DATES = ("pubdate", "published", "issued", "publicationdate", "created", "date", "coverdate")
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|svg)(?:\?|$)", re.IGNORECASE)
_MEDIA_PREFIX = re.compile(rb"xmlns:([A-Za-z_][\w.-]{0,40})\s*=\s*[\"']http://search\.yahoo\.com/mrss/?[\"']")


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """What one entry says beyond feedparser.

    Attributes:
        link: The article's own address, absolute; "" when it names none.
        date: When it was published, as written, by the first of `_DATES` that it has; "" without one.
        title: The title of its video or sound, for an entry without one.
        texts: Descriptions and captions of its media.
    """

    link: str = ""
    date: str = ""
    title: str = ""
    texts: tuple[SourceText, ...] = ()


def read_entries(data: bytes, url: str) -> list[EntryFacts]:
    """The facts of each entry, in order; of a broken document as far as it can be read.

    Args:
        data: The document, looked over by `xml_guard.survey`.
        url: Where it came from; links are relative to it.
    """
    limits = {"resolve_entities": False, "no_network": True, "load_dtd": False}
    parser = etree.XMLParser(encoding="utf-8", recover=True, remove_comments=True, **limits)
    try:
        root = etree.fromstring(data, parser)
        if root is None:
            return []
        base = url if url.startswith(_WEB) else _home(root)
        return [_facts(entry, base) for entry in root.iter() if _name(entry) in _ENTRIES]
    except (etree.LxmlError, ValueError):  # ValueError: bytes in it that are no UTF-8 after all
        return []


def without_media_texts(data: bytes) -> bytes:
    """The document with titles and descriptions of media under names that feedparser passes over."""
    prefixes = sorted({b"media", *_MEDIA_PREFIX.findall(data[:_HEAD_BYTES])})
    tag = re.compile(rb"(</?(?:" + b"|".join(map(re.escape, prefixes)) + rb"):)(title|description)\b")
    return tag.sub(rb"\1own-\2", data)


def _facts(entry: Any, base: str) -> EntryFacts:
    texts, title = _media(entry)
    return EntryFacts(link=_link(entry, base), date=_date(entry), title=title, texts=texts)


def _name(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(tag, str) else ""


def _is_media(element: Any) -> bool:
    """Whether an element is of Media RSS, even if the document does not declare its prefix."""
    tag = str(element.tag)
    return tag.startswith((f"{{{_MEDIA[0]}", f"{_MEDIA[1]}:"))


def _text(element: Any, limit: int = _CHARS) -> str:
    return "".join(element.itertext())[:limit].strip()


def _home(root: Any) -> str:
    """The address that a feed gives itself: what links are relative to in one that was saved as a file."""
    links = []
    for element in root.iter():
        if _name(element) in _ENTRIES:
            break
        if _name(element) == "link":
            links.append((element.get("rel") != "self", (element.get("href") or _text(element)).strip()))
    return next((link for _, link in sorted(links, key=lambda pair: pair[0]) if link.startswith(_WEB)), "")


def _based(element: Any, base: str) -> str:
    """The base at an element: each `xml:base` above it is relative to the one outside."""
    said = [outer.get(_XML_BASE, "") for outer in (element, *element.iterancestors())]
    for inner in reversed(said):
        base = (absolute(base, inner) if base else inner) if inner else base
    return base


def _link(entry: Any, base: str) -> str:
    """The best of an entry's addresses: its own behind a redirector, its page, then a permanent guid."""
    ranked: list[tuple[int, str]] = []
    for element in entry:
        name = _name(element)
        if name == "origlink":
            ranked.append((0, _text(element)))
        elif name == "link":
            ranked += _linked(element, base)
        elif name == "guid" and (element.get("isPermaLink") or "true").strip().lower() == "true":
            ranked.append((4, _text(element)))
    addresses = [(rank, link) for rank, link in ranked if rank in {1, 2, 3} or link.startswith(_WEB)]
    return min(addresses, key=lambda pair: pair[0])[1] if addresses else ""


def _linked(element: Any, base: str) -> Iterator[tuple[int, str]]:
    if _is_media(element):
        return
    href = (element.get("href") or "").strip()
    relation = (element.get("rel") or "alternate").strip().lower().rpartition("/")[2]
    if href and relation == "alternate":
        page = (element.get("type") or "").partition(";")[0].strip().lower() in _PAGES
        yield 1 if page else 3, absolute(_based(element, base), href)[:_CHARS]
    elif not href and (text := _text(element)) and " " not in text and not element.get("rel"):
        # RSS writes the address as text; an Atom link without href is a fault.
        namespace = str(element.tag).partition("}")[0]
        yield 3 if "Atom" in namespace else 1, absolute(_based(element, base), text)


def _date(entry: Any) -> str:
    found: dict[str, str] = {}
    for element in entry:
        name = _name(element)
        if name in _DATES and not _is_media(element) and (text := _text(element, 200)):
            found.setdefault(name, text)
    return next((found[name] for name in _DATES if name in found), "")


def _media(entry: Any) -> tuple[tuple[SourceText, ...], str]:
    """The texts of an entry's media by what they are, and the title of its video or sound."""
    texts: list[SourceText] = []
    title = ""
    said = (e for e in entry.iter() if _name(e) in {"title", "description"} and _is_media(e))
    for element in islice(said, _MANY):
        text = _text(element, _TEXT_CHARS)
        kind = _media_kind(element.getparent())
        if _name(element) == "title":
            title = title or (text[:_CHARS] if kind == "description" else "")
        elif text:
            html = (element.get("type") or "").strip().lower() in {"html", "text/html"}
            texts.append(SourceText(kind, text, html))
    return tuple(dict.fromkeys(texts)), title


def _media_kind(scope: Any) -> TextKind:
    """A text about pictures alone is a caption; about a video or sound, or nothing named, a description."""
    kinds = {
        _medium(element)
        for element in scope.iter()
        if _is_media(element) and _name(element) in {"content", "player"}
    }
    return "caption" if kinds == {"image"} else "description"


def _medium(element: Any) -> str:
    if _name(element) == "player":
        return "video"
    said = (element.get("medium") or element.get("type") or "").strip().lower().partition("/")[0]
    if not said and _PICTURE.search(element.get("url") or ""):
        return "image"
    return said or "unknown"
