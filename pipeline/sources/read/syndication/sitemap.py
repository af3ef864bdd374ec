"""News sitemaps (https://www.google.com/schemas/sitemap-news/0.9) and plain ones → raw items."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from defusedxml import DefusedXmlException, ElementTree
from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from pipeline.addresses import redact
from pipeline.errors import RejectedError
from pipeline.records import RawItem
from pipeline.sources.raw_items import language_code
from pipeline.sources.read.syndication.xml_guard import Survey

ROOTS = frozenset({"urlset", "sitemapindex"})
_MAX_NAMED = 10
_FORGIVING = {"encoding": "utf-8", "recover": True, "resolve_entities": False, "no_network": True}
_NEWS = "news"  # the extension's element, in a namespace of that name


@dataclass(frozen=True, slots=True)
class SitemapPlace:
    """A sitemap that an index names, and when it changed as the index writes it, or ""."""

    url: str
    changed: str = ""


class SitemapIndexError(RejectedError):
    """It is no sitemap but an index of sitemaps, whose addresses are `places`."""

    def __init__(self, places: tuple[SitemapPlace, ...]) -> None:
        named = ", ".join(redact(place.url) for place in places[:_MAX_NAMED])
        super().__init__(f"an index of sitemaps; name one of them as the feed: {named}")
        self.places = places


def read_sitemap(document: Survey, blank: RawItem) -> list[RawItem]:
    """The items of a sitemap; of a broken one those that are whole.

    Args:
        document: Its root is one of `ROOTS`.
        blank: What the capture says of all its items.

    Raises:
        SitemapIndexError: It is an index of sitemaps.
    """
    if document.root == "sitemapindex":
        places = (
            SitemapPlace(_child(e, "loc"), _child(e, "lastmod")) for e in _elements(document, "sitemap")
        )
        raise SitemapIndexError(tuple(place for place in places if place.url))
    return [_item(element, blank) for element in _elements(document, "url")]


def newest_sitemaps(places: Sequence[SitemapPlace], limit: int) -> list[str]:
    """The addresses of those sitemaps of an index that hold the news, in the index's order.

    First those of Google News, which hold two days; then by when they changed, as far as they say; then the
    last ones, because archives grow at the end.

    >>> newest_sitemaps([SitemapPlace("https://a.test/1"), SitemapPlace("https://a.test/2", "2031-02-03")], 1)
    ['https://a.test/2']
    """
    ranked = sorted(
        enumerate(places),
        key=lambda each: (_NEWS in urlsplit(each[1].url).path.lower(), each[1].changed, each[0]),
        reverse=True,
    )
    return [place.url for _, place in sorted(ranked[:limit], key=lambda each: each[0])]


def _elements(document: Survey, name: str) -> Iterator[Any]:
    if document.broken is not None:
        for piece in document.broken.pieces:
            root = etree.fromstring(b"<r>" + piece, etree.XMLParser(**_FORGIVING))
            yield from (
                element for element in (() if root is None else root.iter()) if _local(element) == name
            )
        return
    try:
        for _, element in ElementTree.iterparse(io.BytesIO(document.data), forbid_dtd=False):
            if _local(element) == name:
                yield element
                element.clear()
    except DefusedXmlException:
        raise RejectedError("it declares XML entities that could be an attack") from None


def _item(element: Any, blank: RawItem) -> RawItem:
    news = next((child for child in element if _local(child) == _NEWS), Element(_NEWS))
    publication = next((child for child in news if _local(child) == "publication"), Element("publication"))
    return replace(
        blank,
        url=_child(element, "loc"),
        title=_child(news, "title"),
        published=_child(news, "publication_date"),
        updated=_child(element, "lastmod"),
        outlet=blank.outlet or _child(publication, "name"),
        language=blank.language or language_code(_child(publication, "language")),
        locale=_child(publication, "language"),
        tags=tuple(tag.strip() for tag in _child(news, "keywords").split(",") if tag.strip()),
    )


def _child(element: Any, name: str) -> str:
    """The text of a child of its own: images and videos have a loc and a title of their own, further down."""
    found = (child.text for child in element if _local(child) == name)
    return " ".join((next(found, None) or "").split())


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2].rpartition(":")[2].lower()
