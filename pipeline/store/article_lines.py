"""Reads parts of records fast: articles as lines of a list, and feeds without what only a poll needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, make_dataclass
from datetime import datetime
from typing import Any, Final, get_type_hints

from pipeline.records import ArticleKind, ArticleRow, Entity, EntityName, FeedState, Span
from pipeline.records.articles import shown_title
from pipeline.store.codec import decode, encode


@dataclass(frozen=True, slots=True)
class _Article:
    """The fields of `Article` that a line needs."""

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
    """The fields of `EnrichedArticle` that a line needs."""

    article: _Article
    recurring: tuple[Span, ...] = ()
    kind: ArticleKind = "news"


@dataclass(frozen=True, slots=True)
class _Named:
    """The field of `EnrichedArticle` with what it names."""

    entities: tuple[EntityName, ...] = ()


def names_record(entities: Iterable[Entity]) -> bytes:
    """Makes a record of its own of what an article names; `names_in` reads it."""
    return encode(_Named(tuple(EntityName(each.id, each.name, each.kind) for each in entities)))


def names_in(record: str | bytes) -> tuple[EntityName, ...]:
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


_POLLS_OWN: Final = frozenset({"seen", "pending"})
_KEPT: Final = [each for each in fields(FeedState) if each.name not in _POLLS_OWN]
_HINTS: Final = get_type_hints(FeedState)
# `FeedState` without these fields: what is not decoded costs nothing, and `seen` is nine tenths of a record.
_Light: Final[type[Any]] = make_dataclass(
    "_Light", [(each.name, _HINTS[each.name], field(default=each.default)) for each in _KEPT], frozen=True
)


def light_state(record: str | bytes) -> FeedState:
    """A feed's state from its record as JSON, without `seen` and `pending`: a sixth of the cost.

    Raises:
        StoreError: It is no such record.
    """
    found = decode(_Light, record)
    return FeedState(**{each.name: getattr(found, each.name) for each in _KEPT})
