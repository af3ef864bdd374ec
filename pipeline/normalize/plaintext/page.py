"""Article pages: the main text, and what metadata say of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipeline.normalize.plaintext.html import parsed
from pipeline.normalize.plaintext.main_text import main_text
from pipeline.text import word_set

_MAX_CHARS = 12_000_000
_XML_CHARS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_TITLES = ("og:title", "twitter:title", "parsely-title", "dc.title", "headline")
_PUBLISHED = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "parsely-pub-date",
    "sailthru.date",
    "pubdate",
    "publishdate",
    "publish-date",
    "publication_date",
    "dc.date.issued",
    "dc.date",
    "dcterms.created",
    "dcterms.date",
    "date",
    "article.published",
    "cxenseparse:recs:publishtime",
    "originalpublicationdate",
    "timestamp",
    "rnews:datepublished",
    "og:published_time",
    "citation_publication_date",
    "bt:pubdate",
    "article_date_original",
)
_LAST_COMMA = re.compile(r",\s{0,200}([}\]])")
# Elements this deep are replaced by their text, because extractors cost the square of the depth.
_MOST_DEPTH = 150
_FEW, _SHORT = 8, 80
_NEWS_TYPES = word_set(
    "article newsarticle reportagenewsarticle blogposting liveblogposting analysisnewsarticle "
    "opinionnewsarticle "
    "backgroundnewsarticle reviewnewsarticle webpage videoobject socialmediaposting"
)


@dataclass(frozen=True, slots=True)
class Page:
    """What an article's page says; "" where it is silent.

    Attributes:
        text: The main text, one line a paragraph.
        title: The headline.
        site: The outlet's name.
        canonical: What the page claims as its address.
        language: ISO 639-1 with or without region.
        dates: When it was published, as written, most trusted first.
        authors: As written.
        types: The types of schema.org that it gives itself, as written; those of its article first.
        sections: Where its outlet files it, as written.
    """

    text: str = ""
    title: str = ""
    site: str = ""
    canonical: str = ""
    language: str = ""
    dates: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()


def read_page(source: str) -> Page:
    """Reads an HTML page; one that cannot be parsed is an empty `Page`."""
    if not source.strip():
        return Page()
    cleaned = _XML_CHARS.sub("", source[:_MAX_CHARS])
    tree = parsed(cleaned)
    if tree is None:
        return Page()
    for deep in tree.xpath("/*" * _MOST_DEPTH):
        text = "".join(deep.itertext())
        tail = deep.tail
        deep.clear()
        deep.text, deep.tail = text, tail
    for empty in tree.xpath("//p[not(node())]"):  # a page of nothing else costs as much as one of text
        empty.drop_tree()
    metas = _metas(tree)
    objects = _linked(tree)
    linked = sorted(filter(_is_article, objects), key=lambda item: "webpage" in _types(item))
    dates = [metas[name] for name in _PUBLISHED if metas.get(name)]
    linked_dates = [str(value) for item in linked for value in [item.get("datePublished")] if value]
    return Page(
        text=main_text(tree, _body(linked)),
        title=_title(tree, metas, linked),
        site=metas.get("og:site_name") or metas.get("application-name") or "",
        canonical=_first(tree, "//link[@rel='canonical']/@href") or metas.get("og:url", ""),
        language=_first(tree, "/html/@lang") or metas.get("og:locale", ""),
        dates=tuple(dict.fromkeys([*linked_dates, *dates, *_times(tree)])),
        authors=_authors(metas, linked),
        types=_page_types(tree, linked or objects),
        sections=_sections(metas, linked),
    )


def _first(tree: Any, path: str) -> str:
    found = tree.xpath(path)
    return str(found[0]).strip() if found else ""


def _metas(tree: Any) -> dict[str, str]:
    metas: dict[str, str] = {}
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop") or ""
        content = element.get("content") or ""
        if name and content.strip():
            metas.setdefault(name.strip().lower(), content.strip())
    return metas


def _linked(tree: Any) -> list[dict[str, Any]]:
    """The objects that JSON-LD describes, outermost first."""
    found: list[dict[str, Any]] = []
    for script in tree.xpath("//script[@type='application/ld+json']")[:20]:
        try:
            content = _lenient_json(script.text or "")
        except (ValueError, RecursionError):
            continue
        found.extend(_objects(content, 4))
    return found


def _lenient_json(text: str) -> Any:
    """JSON as pages write it: line ends in strings and a comma after the last value are forgiven."""
    try:
        return json.loads(text, strict=False)
    except ValueError:
        return json.loads(_LAST_COMMA.sub(r"\1", text), strict=False)


def _objects(content: Any, depth: int) -> Iterator[dict[str, Any]]:
    if isinstance(content, dict):
        yield content
        if depth:
            yield from _objects(content.get("@graph"), depth - 1)
            yield from _objects(content.get("mainEntity"), depth - 1)
    elif isinstance(content, list) and depth:
        for item in content[:50]:
            yield from _objects(item, depth - 1)


def _body(linked: list[dict[str, Any]]) -> str:
    """The longest body that JSON-LD gives."""
    bodies = [str(item.get("articleBody") or "") for item in linked]
    return max(bodies, key=len, default="")


def _types(item: dict[str, Any]) -> set[str]:
    kinds = item.get("@type")
    return {str(kind).lower() for kind in (kinds if isinstance(kinds, list) else [kinds])}


def _page_types(tree: Any, described: list[dict[str, Any]]) -> tuple[str, ...]:
    """Types of what a page describes in JSON-LD; where that gives none, of its first microdata item."""
    types = [str(kind) for item in described for kind in _listed(item.get("@type")) if isinstance(kind, str)]
    if not types:
        types = [str(kind) for kind in tree.xpath("//*[@itemscope][@itemtype]/@itemtype")[:1]]
    bare = (kind.rstrip("/").rpartition("/")[2][:_SHORT] for kind in types)
    return tuple(dict.fromkeys(kind for kind in bare if kind))[:_FEW]


def _sections(metas: dict[str, str], linked: list[dict[str, Any]]) -> tuple[str, ...]:
    named = [part for item in linked for part in _listed(item.get("articleSection")) if isinstance(part, str)]
    named += [metas[name] for name in ("article:section", "parsely-section") if name in metas]
    lines = (" ".join(name.split())[:_SHORT] for name in named)
    return tuple(dict.fromkeys(line for line in lines if line))[:_FEW]


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _is_article(item: dict[str, Any]) -> bool:
    return bool(_types(item) & _NEWS_TYPES)


def _title(tree: Any, metas: dict[str, str], linked: list[dict[str, Any]]) -> str:
    candidates = [str(item.get("headline") or "") for item in linked]
    candidates += [metas.get(name, "") for name in _TITLES]
    heads = [" ".join(element.text_content().split()) for element in tree.xpath("//h1")[:2]]
    candidates += heads if len(heads) == 1 else []
    candidates.append(" ".join(_first(tree, "//title/text()").split()))
    return next((title for title in candidates if title.strip()), heads[0] if heads else "")


def _times(tree: Any) -> list[str]:
    paths = (
        "//*[@itemprop='datePublished']/@datetime",
        "//*[@itemprop='datePublished']/@content",
        "//article//time/@datetime",
    )
    times = [_first(tree, path) for path in paths]
    every = tree.xpath("//time/@datetime")
    if len(every) == 1:
        times.append(str(every[0]))
    return [time for time in times if time]


def _authors(metas: dict[str, str], linked: list[dict[str, Any]]) -> tuple[str, ...]:
    names: list[str] = []
    for item in linked:
        people = item.get("author")
        for person in people if isinstance(people, list) else [people]:
            name = person.get("name") if isinstance(person, dict) else person
            if isinstance(name, str) and name.strip():
                names.append(name.strip())
    if not names:
        names = [
            metas[key]
            for key in ("author", "parsely-author", "article:author", "dc.creator")
            if metas.get(key)
        ]
    return tuple(dict.fromkeys(name for name in names if len(name) < 120 and not name.startswith("http")))
