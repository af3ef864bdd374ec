"""News sitemaps (https://www.google.com/schemas/sitemap-news/0.9) and plain ones → drafts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

from pipeline.addresses import redact
from pipeline.errors import RejectedError
from pipeline.sources.drafts import Draft

ROOTS = frozenset({"urlset", "sitemapindex"})
_MAX_NAMED = 10


def read_sitemap(data: bytes, root: str) -> list[Draft]:
    """The items of a sitemap; of a truncated one those that are whole.

    Args:
        data: The document, looked over by `markup.survey`.
        root: The name of its root element, one of `ROOTS`.

    Raises:
        RejectedError: It is an index of sitemaps; the reason names them.
    """
    if root == "sitemapindex":
        places = [_child(element, "loc") for element in _elements(data, "sitemap")]
        named = ", ".join(redact(place) for place in places[:_MAX_NAMED])
        raise RejectedError(f"an index of sitemaps; name one of them as the feed: {named}")
    return [_draft(element) for element in _elements(data, "url")]


def _elements(data: bytes, name: str) -> Iterator[Element]:
    try:
        for _, element in ElementTree.iterparse(io.BytesIO(data), forbid_dtd=False):
            if _local(element) == name:
                yield element
                element.clear()
    except ParseError:
        return
    except DefusedXmlException:
        raise RejectedError("it declares XML entities that could be an attack") from None


def _draft(element: Element) -> Draft:
    return Draft(
        url=_child(element, "loc"),
        title=_child(element, "title"),
        published=_child(element, "publication_date"),
        updated=_child(element, "lastmod"),
        outlet=_child(element, "name"),
        language=_child(element, "language"),
        tags=tuple(tag.strip() for tag in _child(element, "keywords").split(",") if tag.strip()),
    )


def _child(element: Element, name: str) -> str:
    # The first of that name: image and video extensions have their own loc and title, further down.
    found = (child for child in element.iter() if _local(child) == name and child is not element)
    return " ".join((next((child.text for child in found), None) or "").split())


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()
