"""What of an article a query can see: the same tokens and values for both stores and for the matcher."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipeline import analysis
from pipeline.records import StoredArticle
from pipeline.store.codec import well_formed

# Longer tokens and values are cut: FTS5 cuts at 32,768 bytes, Lucene refuses terms above 32,766.
LONGEST = 4096
Tokens = Mapping[str, tuple[str, ...]]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Indexed:
    """The searchable side of one article.

    Attributes:
        stems: Stemmed tokens, in order, by text field.
        words: Unstemmed tokens, in order, by text field.
        keywords: Folded values, sorted and distinct, by keyword field.
        published: `Article.time`, in microseconds since 1970.
        fetched: Likewise.
    """

    stems: Tokens
    words: Tokens
    keywords: Tokens
    published: int
    fetched: int


def micros(time: datetime) -> int:
    """A time as microseconds since 1970 UTC: exact, sortable, and before 1970 negative."""
    return (time - EPOCH) // timedelta(microseconds=1)


def from_micros(value: int) -> datetime:
    """The time that `micros` was given."""
    return EPOCH + timedelta(microseconds=value)


def _tokens(tokens: Iterable[str]) -> tuple[str, ...]:
    # A stemmer may leave nothing of a word: an empty token takes no place.
    return tuple(token[:LONGEST] for token in tokens if token)


def folded(values: Iterable[str]) -> tuple[str, ...]:
    """Keyword values as a store holds them: folded, cut, distinct, sorted; empty ones are none."""
    distinct = {analysis.fold(well_formed(value))[:LONGEST] for value in values}
    return tuple(sorted(distinct - {""}))


def texts(title: str, text: str, language: str) -> tuple[Tokens, Tokens]:
    """The stems and the words of both text fields."""
    found: tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]] = ({}, {})
    for field, content in (("title", title), ("text", text)):
        plain = analysis.words(content)
        found[0][field] = _tokens(analysis.stem(word, language) for word in plain)
        found[1][field] = _tokens(plain)
    return found


def keywords(stored: StoredArticle) -> dict[str, tuple[str, ...]]:
    """The folded values of each keyword field."""
    enriched = stored.enriched
    article = enriched.article
    places = [entity for entity in enriched.entities if entity.kind == "place"]
    return {
        "entities": folded(value for entity in enriched.entities for value in (entity.id, entity.name)),
        "topics": folded(
            value
            for topic in enriched.topics
            for value in (topic.id, topic.name, *analysis.words(topic.name))
        ),
        "outlet": folded([article.outlet]),
        "language": folded([article.language]),
        "place": folded(value for place in places for value in (place.id, place.name)),
        "story": folded([stored.story]),
        "feed": folded(article.feeds),
    }


def indexed(stored: StoredArticle) -> Indexed:
    """Analyzes one article."""
    article = stored.enriched.article
    stems, words = texts(article.title, article.text, article.language)
    return Indexed(stems, words, keywords(stored), micros(article.time), micros(article.fetched))
