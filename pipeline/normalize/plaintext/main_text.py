"""The main text of a page, by a vote: trafilatura, the container under the headline, and JSON-LD.

Each sees something else: trafilatura the densest text, the container all that stands with the headline
(lists, tables, captions, pieces), JSON-LD what the outlet itself says. Only this file imports trafilatura.
"""

from __future__ import annotations

import copy
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Any, Final, NamedTuple

import trafilatura

from pipeline.text import word_set

# trafilatura logs every page that it cannot use, which is no news here: other ways follow.
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
_HIDDEN: Final = re.compile(r"display:\s*none|visibility:\s*hidden", re.IGNORECASE)
# A post of another site, which the article quotes.
_EMBEDDED: Final = re.compile(r"embed|tweet", re.IGNORECASE)
_BLOCKS: Final = word_set("p h2 h3 h4 h5 li blockquote pre figcaption caption tr dd dt")
_UNSEEN: Final = ("script", "style", "noscript", "template")
_HEADINGS: Final = word_set("h2 h3 h4 h5")
_CAPTION: Final = re.compile(r"caption|figure|credit|gallery|image|photo|media|video", re.IGNORECASE)
_ROWS: Final = word_set("li tr blockquote dd dt")
_LOOSE: Final = word_set("div td section article blockquote")
_PLAIN: Final = word_set("div section article td main")
_PARTS: Final = _BLOCKS | _PLAIN
_SPACE: Final = re.compile(r"\s+")
# A container holds at least this much beside the headline, as `_text_length` counts.
_LEAST_TEXT: Final = 40
# Where less of one is in the other, trafilatura and the container have different texts.
_AGREED: Final = 0.5
# A container without a headline must have this share of what trafilatura found.
_AGREED_WHOLE: Final = 0.6
# An element elsewhere with this many times the text of the container is where the article stands.
_DENSER: Final = 2.0
# An element with this share of all that was found is no furniture, whatever its class says.
_MOST_OF_IT: Final = 0.4
_SENTENCES: Final = 2
# Where the vote leaves less than this share of a container, it is a gallery, and all of it stays.
_LEAST_KEPT: Final = 0.3
# More lines than this are menus, if lines longer than `_LEAST_TEXT` make up less than this share of the text.
_MANY_LINES: Final = 60
_LEAST_TOLD: Final = 0.3
# If both ways found this share of a kind of blocks, all of that kind belongs to the article.
_LEAST_TWICE: Final = 0.1
# This many items in a row, with fewer characters each on average, are labels.
_MANY_ITEMS: Final = 6
_LABEL_CHARS: Final = 20
# Paragraphs longer than this tell where the article stands; this many first characters are compared.
_LEAST_PARAGRAPH: Final = 20
_OF_PARAGRAPH: Final = 60
# The headline may be repeated among this many first lines.
_FIRST: Final = 3
_LINKED: Final = 0.6
# A shorter text is no sentence, even with a full stop.
_LEAST_SENTENCE: Final = 16
_LONG_BODY: Final = 200
# A page of more elements than this with fewer characters for each is no article.
_MANY_ELEMENTS: Final = 3_000
_LEAST_OF_ELEMENT: Final = 4
# The time of trafilatura grows with the square of the elements: 23 s for 230,000, a second for these.
_MOST_ELEMENTS: Final = 50_000
# A first heading that ends the title, and is less than this share of it, names the site.
_OF_TITLE: Final = 0.5
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
        tree: The page's tree (lxml); it is not changed.
        linked_body: The article's body as JSON-LD gives it, or "".
    """
    extracted = _extracted(tree)
    try:
        chosen = _with_container(tree, extracted)
    except RecursionError:  # thousands of elements in each other
        chosen = extracted
    if len(linked_body) >= _LONG_BODY and len(linked_body) > 1.5 * sum(map(len, chosen)):
        return "\n\n".join(line.strip() for line in linked_body.split("\n") if line.strip())
    return "\n\n".join(chosen)


def _with_container(tree: Any, extracted: list[str]) -> list[str]:
    head = _headline(tree)
    named = _squeezed(_own_text(head)) if head is not None else ""
    theirs = [line for place, line in enumerate(extracted) if place >= _FIRST or _squeezed(line) != named]
    container = _container(tree, head)
    dense = _densest_found(tree, theirs)
    if container is not None and dense is not None and not _is_within(dense.element, container):
        length = sum(len(block.text) for block in _blocks(container))
        if dense.chars > _DENSER * length:  # only the standfirst is under the headline
            container = _common(container, dense.element)
    if container is None:
        return (
            theirs
            if dense is None or not _is_menu(theirs)
            else [each.text for each in _blocks(dense.element)]
        )
    spared = dense.path if dense is not None and dense.chars >= _MOST_OF_IT * _chars(theirs) else frozenset()
    blocks = _blocks(container, spared)
    ours = [block for place, block in enumerate(blocks) if place >= _FIRST or _squeezed(block.text) != named]
    return _voted(theirs, ours, sure=head is not None)


class _Dense(NamedTuple):
    """The element with most of what trafilatura found in paragraphs of its own, and how much that is."""

    element: Any
    chars: int

    @property
    def path(self) -> frozenset[Any]:
        """The element and all around it: they hold the article, whatever their class says."""
        return frozenset((self.element, *self.element.iterancestors()))


def _densest_found(tree: Any, theirs: Sequence[str]) -> _Dense | None:
    found = _squeezed(" ".join(theirs))
    chars: dict[Any, int] = {}
    for paragraph in tree.iter("p"):
        text = _own_text(paragraph)
        if len(text) > _LEAST_PARAGRAPH and _squeezed(text)[:_OF_PARAGRAPH] in found:
            parent = paragraph.getparent()
            chars[parent] = chars.get(parent, 0) + len(text)
    for parent in {line.getparent() for line in tree.iter("br")} - {None}:
        text = _SPACE.sub(" ", " ".join([parent.text or "", *(child.tail or "" for child in parent)])).strip()
        if len(text) > _LEAST_TEXT and _squeezed(text)[:_OF_PARAGRAPH] in found:
            chars[parent] = chars.get(parent, 0) + len(text)
    best = max(chars, key=chars.__getitem__, default=None)
    return None if best is None else _Dense(best, chars[best])


def _is_within(element: Any, container: Any) -> bool:
    return element is container or any(outer is container for outer in element.iterancestors())


def _common(one: Any, other: Any) -> Any | None:
    """The innermost element around both; None where that is the whole page."""
    outer = {one, *one.iterancestors()}
    found = next((each for each in (other, *other.iterancestors()) if each in outer), None)
    return None if found is None or found.tag in {"body", "html"} else found


def _is_menu(lines: Sequence[str]) -> bool:
    """Whether most lines are those of menus, which is what trafilatura returns where it finds no article."""
    return len(lines) > _MANY_LINES and _chars(
        line for line in lines if len(line) > _LEAST_TEXT
    ) < _LEAST_TOLD * _chars(lines)


def _chars(lines: Iterable[str]) -> int:
    return sum(map(len, lines))


def _voted(theirs: Sequence[str], ours: Sequence[_Block], *, sure: bool) -> list[str]:
    """The blocks of the container that trafilatura found too, and those like them; one side if they differ.

    Args:
        theirs: The lines that trafilatura found, without the headline.
        ours: The blocks of the container.
        sure: Whether the container has the headline.
    """
    if not ours or not theirs:
        return [block.text for block in ours] or list(theirs)
    found, own = _squeezed(" ".join(theirs)), _squeezed(" ".join(block.text for block in ours))
    shared = [(text := _squeezed(block.text)) != "" and text in found for block in ours]
    both = _chars(block.text for block, is_shared in zip(ours, shared, strict=True) if is_shared)
    length = _chars(block.text for block in ours)
    # Measured by trafilatura's lines, or, where it ran lines together, by ours.
    of_theirs = max(_chars(line for line in theirs if _squeezed(line) in own), both) / _chars(theirs)
    if of_theirs < _AGREED and both < _AGREED * min(length, _chars(theirs)):
        said = [block.text for block in ours if _is_sentence(block.text)]
        # Under a headline two sentences are an article: were it elsewhere, the container would be wider.
        believed = _chars(said) > _chars(theirs) or (sure and len(said) >= _SENTENCES)
        return [block.text for block in ours] if believed else list(theirs)
    if not sure and of_theirs < _AGREED_WHOLE:
        return list(theirs)
    kept = _kept(ours, shared)
    if _chars(block.text for block, keep in zip(ours, kept, strict=True) if keep) < _LEAST_KEPT * length:
        return [block.text for block in ours]  # little but captions: a gallery
    return [block.text for block, keep in zip(ours, kept, strict=True) if keep]


def _kept(blocks: Sequence[_Block], shared: Sequence[bool]) -> list[bool]:
    """Which blocks of the container belong to the article: those found twice, and what is like them.

    On real pages, blocks that only the container has are mostly captions and boxes. Those of the article are
    in elements like those of its other paragraphs, or are rows and items among them.
    """
    kept = list(shared)
    alike = _alike(blocks, shared)
    labels = _labels(blocks, shared)
    holders = {holder for holder, tag in alike if tag not in _HEADINGS}
    first, last = shared.index(True), len(shared) - 1 - shared[::-1].index(True)
    for place, block in enumerate(blocks):
        if kept[place] or place in labels or block.tag in _HEADINGS or _is_caption(block):
            continue
        row = block.tag in _ROWS or block.holder.startswith("blockquote.")
        among = first < place < last and (row or (not block.tag and _is_sentence(block.text)))
        kept[place] = among or (block.holder, block.tag) in alike
    for place, block in enumerate(blocks[:-1]):
        like = block.holder in holders or (block.holder, block.tag) in alike
        if block.tag in _HEADINGS and kept[place + 1] and like:
            kept[place] = True
    return kept


def _alike(blocks: Sequence[_Block], shared: Sequence[bool]) -> set[tuple[str, str]]:
    """The kinds of blocks, by holder and tag, of which both found enough; one word of a chart is not."""
    chars: dict[tuple[str, str], list[int]] = {}
    for block, both in zip(blocks, shared, strict=True):
        of_kind = chars.setdefault((block.holder, block.tag), [0, 0])
        of_kind[both] += len(block.text)
    return {kind for kind, (once, twice) in chars.items() if twice and twice >= _LEAST_TWICE * (once + twice)}


def _labels(blocks: Sequence[_Block], shared: Sequence[bool]) -> set[int]:
    """The places of menus: long lists of items of a word or two, which only the container has."""
    found: set[int] = set()
    for _, run in groupby(range(len(blocks)), key=lambda at: (blocks[at].holder, blocks[at].tag, shared[at])):
        places = list(run)
        is_list = blocks[places[0]].tag == "li" and not shared[places[0]]
        chars = _chars(blocks[place].text for place in places)
        if is_list and len(places) >= _MANY_ITEMS and chars < _LABEL_CHARS * len(places):
            found.update(places)
    return found


def _is_caption(block: _Block) -> bool:
    if block.tag == "blockquote":
        return False
    return block.tag == "figcaption" or _CAPTION.search(block.holder) is not None


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
    except MemoryError:  # the item's budget is spent
        raise
    except Exception:  # noqa: BLE001  # whatever a strange page does to the extractor, the item goes on
        return []
    text = getattr(document, "text", None) if document is not None else None
    lines = (_SPACE.sub(" ", line.replace("|", " ")).strip() for line in str(text or "").split("\n"))
    return [line for line in lines if any(char.isalnum() for char in line)]


def _is_confetti(tree: Any) -> bool:
    """Whether trafilatura would take seconds: far more elements than text (no article), or too many."""
    elements = sum(1 for _ in tree.iter())
    sparse = elements > _MANY_ELEMENTS and len("".join(tree.itertext())) < _LEAST_OF_ELEMENT * elements
    return sparse or elements > _MOST_ELEMENTS


def _container(tree: Any, head: Any | None) -> Any | None:
    """The page's one article; else the smallest element with headline and text; else `_densest`."""
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
    """The page's only h1, unless it names the site; else the heading that the page's title begins with."""
    heads = tree.xpath("//h1")
    title = _squeezed("".join(tree.xpath("//title/text()")[:1]))
    if len(heads) == 1 and not _names_the_site(_squeezed(_own_text(heads[0])), title):
        return heads[0]
    for head in islice(tree.iter("h1", "h2", "h3"), _MOST_HEADS):
        text = _squeezed(_own_text(head))
        if len(text) >= _TITLE_CHARS and title.startswith(text):
            return head
    return None


def _names_the_site(head: str, title: str) -> bool:
    """Whether a first heading is the site's name, with which the title ends too."""
    return bool(head) and title.endswith(head) and len(head) < _OF_TITLE * len(title)


def _text_length(element: Any) -> int:
    """Characters of the blocks in an element; those from Hebrew on (U+0590) count twice."""
    text = "".join(block.text for block in _blocks(element))
    return sum(1 if char < "\u0590" else 2 for char in text)


def _blocks(element: Any, spared: frozenset[Any] = frozenset()) -> list[_Block]:
    return [block for block in _walk(element, spared) if block.text]


def _walk(element: Any, spared: frozenset[Any]) -> Iterator[_Block]:
    """The blocks of an element in order, without furniture and lists of links.

    Args:
        element: Whose children are walked.
        spared: Elements that are no furniture, whatever their class says.
    """
    loose: list[str] = [element.text or ""]
    for child in element:
        named = isinstance(child.tag, str) and child.tag != "h1"
        if not named or (child not in spared and _is_furniture(child)):
            pass
        elif child.tag in _BLOCKS and not _holds(child, _BLOCKS):
            yield from _flush(loose, element)
            text = _own_text(child)
            if text and not _is_link(child):
                yield _Block(text, _holder(child), child.tag)
        elif child.tag in _PARTS or _holds(child, _PARTS):
            yield from _flush(loose, element)
            if _holds(child, _PARTS) or not _is_link(child):
                yield from _walk_part(child, spared)
        elif child.tag == "br":
            yield from _flush(loose, element)
        elif child.tag not in {"img", "time"}:
            loose.append(_own_text(child))
        loose.append(child.tail or "")
    yield from _flush(loose, element)


def _walk_part(element: Any, spared: frozenset[Any]) -> Iterator[_Block]:
    """As `_walk`, but nothing where only headings remain, as above a list of links."""
    if not any(child.tag in _HEADINGS for child in element) or next(element.iter("a"), None) is None:
        return _walk(element, spared)
    blocks = list(_walk(element, spared))
    return iter(() if all(block.tag in _HEADINGS for block in blocks) else blocks)


def _holds(element: Any, tags: frozenset[str]) -> bool:
    return any(inner.tag in tags for inner in element.iterdescendants())


def _flush(loose: list[str], element: Any) -> Iterator[_Block]:
    """Yields the text gathered outside of paragraphs, if a sentence or long: a few words label a button."""
    text = _SPACE.sub(" ", " ".join(loose)).strip()
    loose.clear()
    least = _LEAST_SENTENCE if element.tag == "blockquote" else _LEAST_TEXT
    if _is_sentence(text) or (len(text) > least and element.tag in _LOOSE):
        yield _Block(text, _holder(element), "blockquote" if element.tag == "blockquote" else "")


def _own_text(element: Any) -> str:
    """The text of an element, without that of scripts in it."""
    pieces = [str(piece) for piece in element.itertext()]
    if any(True for _ in element.iter(*_UNSEEN)):
        unseen = [text for inner in element.iter(*_UNSEEN) for text in [inner.text] if text]
        pieces = [piece for piece in pieces if piece not in unseen]
    if element.tag == "tr":
        cells = [_SPACE.sub(" ", piece).strip() for piece in pieces]
        return _SPACE.sub(" ", " ".join(cell for cell in cells if cell)).strip()
    return _SPACE.sub(" ", "".join(pieces)).strip()


def _holder(element: Any) -> str:
    parent = element.getparent()
    return f"{getattr(parent, 'tag', '')}.{parent.get('class') or ''}" if parent is not None else ""


def _is_furniture(element: Any) -> bool:
    if element.tag in _FURNITURE_TAGS or (element.tag == "article" and _is_card(element)):
        return True
    if element.get("hidden") is not None or _HIDDEN.search(element.get("style") or ""):
        return True
    named = f"{element.get('class') or ''} {element.get('id') or ''} {element.get('role') or ''}"
    if element.tag in {"body", "html", "article", "main"} or _FURNITURE.search(named) is None:
        return False
    return _EMBEDDED.search(named) is None or next(element.iter("blockquote"), None) is None


def _is_card(article: Any) -> bool:
    """Whether an article's heading leads to another page: it is the teaser of another article."""
    head = next(article.iter("h1", *_HEADINGS), None)
    if head is None or head.tag == "h1" or not _is_link(head):
        return False
    return not any((link.get("href") or "#").startswith("#") for link in head.iter("a"))


def _is_link(element: Any) -> bool:
    """Whether a block is little more than a link to something else."""
    if element.tag == "figcaption" or next(element.iter("a"), None) is None:
        return False
    linked = sum(len("".join(link.itertext())) for link in element.iter("a"))
    return linked > _LINKED * max(1, len("".join(element.itertext())))
