"""Articles as lines of a list, read out of their records without the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipeline.records import ArticleKind, ArticleRow, EntityName, Span
from pipeline.records.articles import shown_title
from pipeline.store.codec import decode


@dataclass(frozen=True, slots=True)
class _Article:
    """Of `Article`, what a line has."""

    id: str
    url: str
    title: str
    outlet: str
    published: datetime | None
    fetched: datetime
    language: str
    version: int = 1
    link: str = ""
    withdrawn: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Enriched:
    """Of `EnrichedArticle`, what a line has."""

    article: _Article
    recurring: tuple[Span, ...] = ()
    kind: ArticleKind = "news"


@dataclass(frozen=True, slots=True)
class _Named:
    """Of `EnrichedArticle`, what it names."""

    entities: tuple[EntityName, ...] = ()


def names_in(record: str) -> tuple[EntityName, ...]:
    """What an article names, from its record as JSON.

    Raises:
        StoreError: It is no such record.
    """
    return decode(_Named, record).entities


def line_from(record: str, seq: int, story: str) -> ArticleRow:
    """The line of an article from its record as JSON: a tenth of the cost of reading it whole.

    Raises:
        StoreError: It is no such record.
    """
    found = decode(_Enriched, record)
    article = found.article
    return ArticleRow(
        article.id,
        article.title,
        shown_title(article.title, found.recurring),
        article.outlet,
        article.url,
        article.link,
        article.language,
        article.published,
        article.fetched,
        found.kind,
        article.version,
        article.withdrawn,
        seq,
        story,
    )
