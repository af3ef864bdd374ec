"""Article → EnrichedArticle: kind, names and topics.

Keywords come with the stream: `pipeline.stories.features.keywords`.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.enrich.kind import kind_of
from pipeline.enrich.names.known.aliases import Aliases
from pipeline.enrich.names.resolve import resolve
from pipeline.enrich.topics import Taxonomy
from pipeline.ports import Recognizer
from pipeline.records import Article, EnrichedArticle, Entity


class Enricher:
    """Finds what articles are, and who and what they are about.

    Args:
        recognizer: Finds names.
        aliases: Knows spellings.
        taxonomy: Knows topics.
    """

    def __init__(self, recognizer: Recognizer, aliases: Aliases, taxonomy: Taxonomy) -> None:
        self._recognizer = recognizer
        self._aliases = aliases
        self._taxonomy = taxonomy

    def enrich(self, articles: Sequence[Article]) -> list[EnrichedArticle]:
        """Enriches articles, in their order; each by itself, whatever stands beside it."""
        found = self._recognizer.recognize(articles)
        return [
            self._described(article, resolve(article, mentions, self._aliases))
            for article, mentions in zip(articles, found, strict=True)
        ]

    def _described(self, article: Article, entities: tuple[Entity, ...]) -> EnrichedArticle:
        kind, because = kind_of(article)
        return EnrichedArticle(
            article=article,
            entities=entities,
            topics=self._taxonomy.classify(article),
            kind=kind,
            kind_because=because,
        )
