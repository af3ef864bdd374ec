"""A watch and what its query hits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from pipeline.query import hits, parse
from pipeline.query.hits import Prepared
from pipeline.query.tree import Query
from pipeline.records import Watch


@dataclass(frozen=True, slots=True)
class WatchRule:
    """A watch with its query parsed; where the query says now (`relative`), that is an article's arrival."""

    watch: Watch
    query: Query
    relative: bool = False


def rule_of(watch: Watch, now: datetime) -> WatchRule:
    """Parses a watch's query.

    Raises:
        QueryError: It cannot be parsed.
    """
    return WatchRule(watch, parse.parse(watch.query, now), parse.is_relative(watch.query))


def rule_hits(rule: WatchRule, article: Prepared) -> bool:
    """Whether a watch's query hits an article."""
    return hits.matches(query_at(rule, article), article)


def query_at(rule: WatchRule, article: Prepared) -> Query:
    """The rule's query as it is meant when this article arrives."""
    return _parsed(rule.watch.query, article.article.fetched) if rule.relative else rule.query


# Articles that came in one poll have one time of arrival.
_parsed = lru_cache(maxsize=4096)(parse.parse)
