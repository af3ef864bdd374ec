"""Raw items → enriched articles with their vectors: what can be done anywhere, item by item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.enrich.enricher import Enricher
from pipeline.errors import RejectedError
from pipeline.normalize.article import normalize
from pipeline.ports import Embedder
from pipeline.records import Article, EnrichedArticle, RawItem, Rejection, content_id
from pipeline.stages.intake.budget import item_budget
from pipeline.stages.intake.known_vectors import made_vectors, rows_of


def raw_key(item: RawItem) -> str:
    """The identity key of an item exactly as it was sent, whenever and in whatever capture it came.

    Feeds repeat most items at each poll; an item with a known key needs no parsing, no model and no decision.
    """
    beside = (part for text in item.texts for part in (text.kind, text.text))
    own = (item.feed, item.outlet, item.url, item.guid, item.title, item.body, item.page, item.published)
    return "raw:" + content_id(*own, *beside)


def reject(item: RawItem, reason: str, place: str) -> Rejection:
    """The quarantine entry of an item that cannot become an article."""
    source = item.url or item.guid or item.feed
    return Rejection(
        id=content_id("normalize", source, item.title, item.body, reason),
        source=source,
        stage="normalize",
        reason=reason,
        at=item.fetched,
        capture=f"{place}#{item.capture}" if place else item.capture,
        excerpt=(item.title or item.body)[:500],
    )


@dataclass(frozen=True, slots=True)
class PreparedItems:
    """What became of some items; see `PreparedBatch`."""

    articles: tuple[EnrichedArticle, ...]
    rejections: tuple[Rejection, ...]
    vectors: dict[str, str]


class Preparer:
    """Normalizes, enriches and embeds, each item by itself; models are loaded once.

    Args:
        enricher: Finds entities and topics.
        embedder: Makes vectors; None leaves them out.
    """

    def __init__(self, enricher: Enricher, embedder: Embedder | None) -> None:
        self._enricher = enricher
        self._embedder = embedder

    def prepare(self, part: tuple[Sequence[RawItem], str]) -> PreparedItems:
        """Makes articles of items.

        Args:
            part: The items, and where their captures are in the archive, for quarantine entries.
        """
        items, place = part
        articles: list[Article] = []
        rejections: list[Rejection] = []
        for item in items:
            try:
                with item_budget():
                    article = normalize(item)
            except RejectedError as error:
                rejections.append(reject(item, str(error), place))
                continue
            articles.append(replace(article, keys=(*article.keys, raw_key(item))))
        enriched, vectors = self._enriched(articles)
        return PreparedItems(tuple(enriched), tuple(rejections), vectors)

    def enrich(self, articles: Sequence[Article]) -> list[EnrichedArticle]:
        """Finds entities and topics of articles anew."""
        return self._enriched(articles)[0]

    def _enriched(self, articles: Sequence[Article]) -> tuple[list[EnrichedArticle], dict[str, str]]:
        if self._embedder is None or not articles:
            return self._enricher.enrich(articles), {}
        vectors = made_vectors(articles, self._embedder)
        return self._enricher.enrich(articles, rows_of(articles, vectors)), vectors
