"""The main text of a page, by a vote: trafilatura, the container under the headline, and JSON-LD.

The only file that imports trafilatura. Each sees something else: trafilatura the densest text, the container
what stands with the headline (lists, tables, captions, pieces), JSON-LD what the outlet says itself.
"""

from __future__ import annotations

import copy
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

import trafilatura

from pipeline.text import word_set

# trafilatura logs each page it finds wanting; what becomes of the item is our answer.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("htmldate").setLevel(logging.CRITICAL)

_FURNITURE_TAGS: Final = word_set(
    "nav footer aside form script style noscript template iframe button svg select dialog"
)
# Parts of class names and ids by which pages mark what is no article.
_FURNITURE: Final = re.compile(
    r"(?:^|[\s_-])(?:comments?|commentlist|talkback|disqus|discussion|related\w*|recommend\w*|recirc\w*|share\w*|sharing|social|"
    r"newsletter|subscribe|signup|sidebar|cookie|consent|gdpr|promo\w*|advert\w*|ads?|ad-slot|most-?read|popular|"
    r"trending|breadcrumbs?|footer|navigation|navbar|menu|paywall|teasers?|tags?|byline|author-?(?:box|bio)|more-?from|"
    r"read-?(?:more|next)|qr-?code|copyright|outbrain|taboola|toolbar|modal|popup|banner|skip-?link)(?:$|[\s_-])",
    re.IGNORECASE,
)
_BLOCKS: Final = word_set("p h2 h3 h4 h5 li blockquote pre figcaption caption tr dd dt")
_HEADINGS: Final = word_set("h2 h3 h4 h5")
_CAPTION: Final = re.compile(r"caption|figure", re.IGNORECASE)
_PLAIN: Final = word_set("div section article td main")
_PARTS: Final = _BLOCKS | _PLAIN
_SPACE: Final = re.compile(r"\s+")
# A container holds at least this much beside the headline, in characters; those of Asia count twice.
_LEAST_TEXT: Final = 40
# So much of what trafilatura found must be in the container, and the other way round, to be believed whole.
_AGREED: Final = 0.5
_AGREED_WHOLE: Final = 0.75
_LINKED: Final = 0.6
# Shorter texts with a full stop are no sentences.
_LEAST_SENTENCE: Final = 16
_LONG_BODY: Final = 200
# A page of so many elements has this many characters for each, or is no article.
_MANY_ELEMENTS: Final = 3_000
_LEAST_OF_ELEMENT: Final = 4
# A heading shorter than this names no article.
_TITLE_CHARS: Final = 10
# The headline is among the first headings, or the page has none; they may stand within each other.
_MOST_HEADS: Final = 50


class _Block(NamedTuple):
    """A paragraph, item, row or caption: its text, the class of what holds it, and its tag or ""."""

    text: str
    holder: str
    tag: str = ""


def main_text(tree: Any, linked_body: str) -> str:
    """The main text of a parsed page, one line a paragraph.

    Args:
        tree: Of lxml; left as it is.
        linked_body: The article's body as JSON-LD gives it, or "".
    """
    extracted = _extracted(tree)
    try:
        head = _headline(tree)
        container = _container(tree, head)
        ours = _blocks(container) if container is not None else []
        if ours and head is not None and _squeezed(ours[0].text) == _squeezed(_own_text(head)):
            del ours[0]
    except RecursionError:  # thousands of elements in each other
        ours = []
    chosen = _voted(extracted, ours)
    if len(linked_body) >= _LONG_BODY and len(linked_body) > 1.5 * sum(map(len, chosen)):
        return "\n\n".join(line.strip() for line in linked_body.split("\n") if line.strip())
    return "\n\n".join(chosen)


def _voted(extracted: Sequence[str], ours: Sequence[_Block]) -> list[str]:
    """What trafilatura and the container agree on, and of the rest what is like it."""
    if not ours or not extracted:
        return [block.text for block in ours] or list(extracted)
    theirs, own = _squeezed(" ".join(extracted)), _squeezed(" ".join(block.text for block in ours))
    shared = [block for block in ours if _squeezed(block.text) in theirs]
    of_theirs = _share((line for line in extracted if _squeezed(line) in own), extracted)
    of_ours = _share((block.text for block in shared), [block.text for block in ours])
    if of_theirs >= _AGREED:
        if of_ours >= _AGREED_WHOLE:
            return [block.text for block in ours]
        alike = {block.holder for block in shared}
        kept = [block in shared or block.holder in alike for block in ours]
        return [
            block.text for place, block in enumerate(ours) if kept[place] or _stands_among(ours, kept, place)
        ]
    if any(_is_sentence(block.text) or _squeezed(block.text) in theirs for block in ours[:3]):
        return [block.text for block in ours]
    return list(extracted)


def _stands_among(blocks: Sequence[_Block], kept: Sequence[bool], place: int) -> bool:
    """Whether a block is the caption of a picture that stands between kept blocks."""
    between = 0 < place < len(blocks) - 1 and kept[place - 1] and kept[place + 1]
    return between and _CAPTION.search(blocks[place].holder) is not None


def _share(part: Iterable[str], whole: Iterable[str]) -> float:
    return sum(map(len, part)) / max(1, sum(map(len, whole)))


def _is_sentence(text: str) -> bool:
    return len(text) >= _LEAST_SENTENCE and text.rstrip("\"')»")[-1:] in ".!?。！？।؟"


def _squeezed(text: str) -> str:
    return re.sub(r"\W+", "", text).lower()


def _extracted(tree: Any) -> list[str]:
    if _is_confetti(tree):
        return []
    try:
        document = trafilatura.bare_extraction(
            copy.deepcopy(tree),
            fast=True,
            include_comments=False,
            include_tables=True,
            with_metadata=False,
            deduplicate=False,
        )
    except Exception:  # noqa: BLE001  # whatever a strange page does to the extractor, the item goes on
        return []
    text = getattr(document, "text", None) if document is not None else None
    lines = (_SPACE.sub(" ", line.replace("|", " ")).strip() for line in str(text or "").split("\n"))
    return [line for line in lines if any(char.isalnum() for char in line)]


def _is_confetti(tree: Any) -> bool:
    """Whether a page has far more elements than text: no article, and trafilatura takes a second for it."""
    elements = sum(1 for _ in tree.iter())
    return elements > _MANY_ELEMENTS and len("".join(tree.itertext())) < _LEAST_OF_ELEMENT * elements


def _container(tree: Any, head: Any | None) -> Any | None:
    """The one article, or the smallest element of headline and text; else what holds most paragraphs."""
    bodies = tree.xpath("//*[@itemprop='articleBody']")
    if len(bodies) == 1 and _text_length(bodies[0]) >= _LEAST_TEXT:
        return bodies[0]
    articles = [found for found in tree.iter("article") if not _is_furniture(found)]
    if len(articles) == 1 and _text_length(articles[0]) >= _LEAST_TEXT:
        return articles[0]
    element = head.getparent() if head is not None else None
    while element is not None and element.tag not in {"body", "html"}:
        if _text_length(element) >= _LEAST_TEXT:
            return element
        element = element.getparent()
    return _densest(tree) if head is None else None


def _densest(tree: Any) -> Any | None:
    """The element with the most text in paragraphs of its own; None where that is little, or furniture."""
    lengths: dict[Any, int] = {}
    for paragraph in tree.iter("p"):
        parent = paragraph.getparent()
        lengths[parent] = lengths.get(parent, 0) + len(_own_text(paragraph))
    best = max(lengths, key=lengths.__getitem__, default=None)
    if best is None or lengths[best] < _LONG_BODY or any(map(_is_furniture, [best, *best.iterancestors()])):
        return None
    return best


def _headline(tree: Any) -> Any | None:
    """The one first heading, else the heading that the page's title repeats."""
    heads = tree.xpath("//h1")
    if len(heads) == 1:
        return heads[0]
    title = _squeezed("".join(tree.xpath("//title/text()")[:1]))
    for head in islice(tree.iter("h1", "h2", "h3"), _MOST_HEADS):
        text = _squeezed(_own_text(head))
        if len(text) >= _TITLE_CHARS and title.startswith(text):
            return head
    return None


def _text_length(element: Any) -> int:
    """Characters of the blocks in an element; those of scripts of Asia say twice as much."""
    text = "".join(block.text for block in _blocks(element))
    return sum(1 if char < "\u0590" else 2 for char in text)


def _blocks(element: Any) -> list[_Block]:
    return [block for block in _walk(element) if block.text]


def _walk(element: Any) -> Iterator[_Block]:
    """The blocks of an element in order, without furniture and lists of links."""
    loose: list[str] = [element.text or ""]
    for child in element:
        if not isinstance(child.tag, str) or _is_furniture(child) or child.tag == "h1":
            pass
        elif child.tag in _BLOCKS and not _holds(child, _BLOCKS):
            yield from _flush(loose, element)
            text = _own_text(child)
            if text and not _is_link(child):
                yield _Block(text, _holder(child), child.tag)
        elif child.tag in _PARTS or _holds(child, _PARTS):
            yield from _flush(loose, element)
            if _holds(child, _PARTS) or not _is_link(child):
                yield from _walk_part(child)
        elif child.tag == "br":
            yield from _flush(loose, element)
        elif child.tag not in {"img", "time"}:
            loose.append(_own_text(child))
        loose.append(child.tail or "")
    yield from _flush(loose, element)


def _walk_part(element: Any) -> Iterator[_Block]:
    """As `_walk`; of a heading above nothing but links, nothing."""
    if not any(child.tag in _HEADINGS for child in element) or next(element.iter("a"), None) is None:
        return _walk(element)
    blocks = list(_walk(element))
    return iter(() if all(block.tag in _HEADINGS for block in blocks) else blocks)


def _holds(element: Any, tags: frozenset[str]) -> bool:
    return any(inner.tag in tags for inner in element.iterdescendants())


def _flush(loose: list[str], element: Any) -> Iterator[_Block]:
    """Text that stands in no paragraph of its own; words alone are labels of buttons."""
    text = _SPACE.sub(" ", " ".join(loose)).strip()
    loose.clear()
    if _is_sentence(text) or (len(text) > _LEAST_TEXT and element.tag in {"div", "td", "section", "article"}):
        yield _Block(text, _holder(element))


def _own_text(element: Any) -> str:
    if element.tag == "tr":
        pieces = [_SPACE.sub(" ", str(piece)).strip() for piece in element.itertext()]
        return _SPACE.sub(" ", " ".join(piece for piece in pieces if piece)).strip()
    return _SPACE.sub(" ", "".join(element.itertext())).strip()


def _holder(element: Any) -> str:
    parent = element.getparent()
    return f"{getattr(parent, 'tag', '')}.{parent.get('class') or ''}" if parent is not None else ""


def _is_furniture(element: Any) -> bool:
    if element.tag in _FURNITURE_TAGS:
        return True
    named = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('role') or ''}"
    return element.tag not in {"body", "html", "article", "main"} and _FURNITURE.search(named) is not None


def _is_link(element: Any) -> bool:
    """Whether a block is little more than a link to something else."""
    if element.tag == "figcaption" or next(element.iter("a"), None) is None:
        return False
    linked = sum(len("".join(link.itertext())) for link in element.iter("a"))
    return linked > _LINKED * max(1, len("".join(element.itertext())))
