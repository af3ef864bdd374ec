"""Article → EnrichedArticle: names and topics.

Keywords come with the stream: `pipeline.stories.features.keywords`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.enrich.names.aliases import Aliases
from pipeline.enrich.names.resolve import resolve, salience
from pipeline.enrich.offsets import kept_blocks, moved_span
from pipeline.enrich.topics import Taxonomy
from pipeline.ports import Recognizer
from pipeline.records import Article, EnrichedArticle, Entity


class Enricher:
    """Finds who and what articles are about.

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
            self._with_topics(article, resolve(article, mentions, self._aliases))
            for article, mentions in zip(articles, found, strict=True)
        ]

    def refresh(self, enriched: EnrichedArticle, cleaned: Article) -> EnrichedArticle:
        """What remains of an enriched article when parts of its title and text were taken out.

        No model is asked: mentions in what went go too, others move, topics are found anew.

        Args:
            enriched: As it was.
            cleaned: The same article with parts removed.
        """
        old = enriched.article
        blocks = {"title": kept_blocks(old.title, cleaned.title), "text": kept_blocks(old.text, cleaned.text)}
        texts = {"title": cleaned.title, "text": cleaned.text}
        entities: list[Entity] = []
        for entity in enriched.entities:
            moved = (moved_span(span, blocks[span.field], texts[span.field]) for span in entity.spans)
            spans = tuple(span for span in moved if span is not None)
            if spans:
                entities.append(replace(entity, spans=spans, count=len(spans)))
        most = max((entity.count for entity in entities), default=1)
        entities = [replace(entity, salience=salience(entity.spans, most)) for entity in entities]
        entities.sort(key=lambda entity: (-entity.salience, -entity.count, entity.id))
        return replace(self._with_topics(cleaned, tuple(entities)), keywords=enriched.keywords)

    def _with_topics(self, article: Article, entities: tuple[Entity, ...]) -> EnrichedArticle:
        return EnrichedArticle(
            article=article,
            entities=entities,
            topics=self._taxonomy.classify(article),
        )
