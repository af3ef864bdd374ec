"""HTML fragments, such as feeds send, to plain text with its paragraphs."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree, html  # type: ignore[import-untyped]  # lxml ships no types

from pipeline.normalize.plaintext.characters import repair, unescape
from pipeline.text import word_set

_TAG = re.compile(
    r"</?(?:p|br|div|span|a|b|i|em|strong|u|ul|ol|li|img|h[1-6]|table|tr|td|th|blockquote|figure|figcaption|"
    r"section|article|font|hr|iframe|script|style|small|sup|sub|center|pre|time|abbr|cite|picture|video)"
    r"(?:\s[^<>]{0,2000})?/?>",
    re.IGNORECASE,
)
_TITLE_MARKUP = re.compile(
    r"<(?P<tag>p|div|span|a|b|i|em|strong|u|s|h[1-6]|font|small|sup|sub|abbr|cite|mark|code)"
    r"(?:\s[^<>]{0,500})?>[^<>]{1,500}</(?P=tag)\s*>"
    r"|(?<!\s)<(?:br|hr|wbr)\s{0,9}/?>|<(?:br|hr|wbr)\s{0,9}/?>(?!\s)|<(?:br|hr|wbr|img)\s[^<>/][^<>]{0,500}>|<[a-z][a-z0-9]{0,9}\s+[a-z-]{1,20}=[\"'][^<>]{0,500}>|^\s*<(?:p|div|span)>",
    re.IGNORECASE,
)
_BLOCKS = word_set(
    "address article aside blockquote body center dd div dl dt fieldset figure footer h1 h2 h3 h4 h5 "
    "h6 header "
    "hr li main nav ol p pre section table tr ul"
)
_SKIPPED = word_set(
    "script style noscript template iframe form button svg select object video audio head nav figcaption"
)
_XML_CHARS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_BARE_LESS = re.compile(r"<(?![A-Za-z/!?])")
_BREAKING = re.compile(r"<(?:p|br|div|li|h[1-6]|tr)\b", re.IGNORECASE)
_SPACE = re.compile(r"\s+")


def looks_like_html(text: str) -> bool:
    """Whether a text holds HTML tags; the sign in `a < b` is none."""
    return "<" in text and _TAG.search(text) is not None


def plain_text(written: str, *, html: bool) -> str:
    """What a source wrote as repaired plain text.

    Args:
        written: Plain text or HTML.
        html: Whether the source says that it is HTML; text that holds tags is read as HTML anyway.
    """
    text = written
    for _ in range(4):  # tags may come out of entities, entities out of tags
        if html or looks_like_html(text):
            lines = html or _BREAKING.search(text) is not None
            text = html_to_text(text if lines else text.replace("\n", "<br>"))
        repaired = repair(text)
        html = False
        if repaired == text and not looks_like_html(text):
            break
        text = repaired
    return text


def title_text(written: str, *, html: bool) -> str:
    """A title as repaired plain text: what the source calls HTML is read as HTML once.

    Of what is left, only what can be nothing else is markup: pairs of tags, line breaks, tags with
    attributes. A single "<pre>" in a title is what the title is about, and so is a "<br>" between blanks.

    >>> title_text("Why &lt;pre&gt; is slow", html=True), title_text("<b>Late:</b> rain<br>", html=False)
    ('Why <pre> is slow', 'Late: rain')
    """
    text = _flattened(written) if html and "<" in written else written
    for _ in range(3):  # what was escaped twice comes out of the entities
        text = repair(unescape(text))
        if not _TITLE_MARKUP.search(text):
            break
        text = _flattened(text)
    return repair(text)


def html_to_text(fragment: str) -> str:
    """The text of an HTML fragment: one line for each paragraph, with empty lines between paragraphs.

    Scripts, forms, players and figure captions are left out; what cannot be parsed is stripped of its tags.
    """
    text = fragment
    for _ in range(3):
        if "<" not in text:
            return unescape(text)
        text = _flattened(text)
        if not looks_like_html(text):  # escaped twice: the tags appear after the first pass
            break
    return text


def _flattened(fragment: str) -> str:
    source = _BARE_LESS.sub("&lt;", _XML_CHARS.sub("", fragment))
    root = parsed(f"<html><body>{source}</body></html>")
    if root is None:
        return unescape(_TAG.sub("\n", fragment))
    return _joined(_pieces(root))


def parsed(source: str) -> Any:
    """The tree of an HTML document, without comments; None if it cannot be parsed.

    Raises:
        MemoryError: It needs more memory than it may have, which libxml2 reports as a syntax error.
    """
    try:
        parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
        return html.document_fromstring(source.encode("utf-8", "replace"), parser=parser)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
        return None
    except (etree.LxmlError, ValueError, AssertionError):
        return None


def _pieces(root: object) -> list[str]:
    pieces: list[str] = []
    skipping = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else "script"
        if event == "start":
            if tag in _SKIPPED:
                skipping += 1
            elif not skipping:
                _open(tag, element.text, pieces)
            continue
        if tag in _SKIPPED:
            skipping -= 1
        if not skipping:
            if tag in _BLOCKS:
                pieces.append("\n\n")
            if element.tail:
                pieces.append(_SPACE.sub(" ", element.tail))
    return pieces


def _open(tag: str, text: str | None, pieces: list[str]) -> None:
    if tag == "br":
        pieces.append("\n")
    elif tag in _BLOCKS:
        pieces.append("\n\n")
    elif tag in {"td", "th"}:
        pieces.append(" ")
    if text:
        pieces.append(text if tag == "pre" else _SPACE.sub(" ", text))


def _joined(pieces: list[str]) -> str:
    text = "".join(pieces)
    text = re.sub(r" *\n *", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()
