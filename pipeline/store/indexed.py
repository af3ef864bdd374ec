"""What of an article a query can see: the same tokens and values for both stores and for the matcher."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipeline import analysis, matching
from pipeline.records import StoredArticle

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


def folded(values: Iterable[str]) -> tuple[str, ...]:
    """Keyword values as a store holds them: folded, cut, distinct, sorted; empty ones are none."""
    return tuple(sorted({matching.value(each) for each in values} - {""}))


def texts(title: str, text: str, language: str) -> tuple[Tokens, Tokens]:
    """The stems and the words of both text fields."""
    words = {"title": tuple(analysis.words(title)), "text": tuple(analysis.words(text))}
    stems = {field: analysis.stems_of(plain, language) for field, plain in words.items()}
    return stems, words


def keywords(stored: StoredArticle) -> dict[str, tuple[str, ...]]:
    """The folded values of each keyword field."""
    found = matching.values(stored)
    return {field: tuple(sorted({value for value, _ in pairs})) for field, pairs in found.items()}


def indexed(stored: StoredArticle) -> Indexed:
    """Analyzes one article."""
    article = stored.enriched.article
    stems, words = texts(article.title, article.text, article.language)
    return Indexed(stems, words, keywords(stored), micros(article.time), micros(article.fetched))
