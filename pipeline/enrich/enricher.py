"""Article → EnrichedArticle: kind, names and topics.

Keywords come with the stream: `pipeline.stories.features.keywords`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.enrich.kind import kind_of
from pipeline.enrich.names.known.aliases import Aliases
from pipeline.enrich.names.resolve import resolve
from pipeline.enrich.topics.classifier import TopicClassifier
from pipeline.enrich.topics.taxonomy import Taxonomy
from pipeline.ports import Recognizer, Vectors
from pipeline.records import Article, EnrichedArticle, Entity


class Enricher:
    """Finds what articles are, and who and what they are about.

    Args:
        recognizer: Finds names.
        aliases: Knows spellings.
        taxonomy: Knows topics.
        classifier: Tells topics by vectors; None where none are made.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        aliases: Aliases,
        taxonomy: Taxonomy,
        classifier: TopicClassifier | None = None,
    ) -> None:
        self._recognizer = recognizer
        self._aliases = aliases
        self._taxonomy = taxonomy
        self._classifier = classifier

    def enrich(self, articles: Sequence[Article], vectors: Vectors | None = None) -> list[EnrichedArticle]:
        """Enriches articles, in their order; each by itself, whatever else is in the batch.

        Args:
            articles: As normalized.
            vectors: One row for each article, made of its beginning; without them topics go by words alone.
        """
        found = self._recognizer.recognize(articles)
        senses: Sequence[Mapping[str, float] | None] = [None] * len(articles)
        if self._classifier is not None and vectors is not None:
            senses = self._classifier.log_odds(vectors)
        return [
            self._described(article, resolve(article, mentions, self._aliases), sense)
            for article, mentions, sense in zip(articles, found, senses, strict=True)
        ]

    def _described(
        self, article: Article, entities: tuple[Entity, ...], senses: Mapping[str, float] | None
    ) -> EnrichedArticle:
        kind, because = kind_of(article)
        return EnrichedArticle(
            article=article,
            entities=entities,
            topics=self._taxonomy.classify(article, senses),
            kind=kind,
            kind_because=because,
        )
