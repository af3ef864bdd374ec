"""When time alone makes a query true: pure.

A query may say `now`. As an article arrives that is its arrival, and what is not true then may become so
later: `published:<now-6h` six hours on, without a new article. The time at which it does is worked out once,
when the article comes, and waits among the dues. It is asked about before the first change that is later than
that time, so a replay asks at the same place, whatever the size of its batches.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from pipeline.alerts.decide.watch_rule import WatchRule
from pipeline.query import hits, parse
from pipeline.query.fields import micros
from pipeline.query.hits import Prepared
from pipeline.query.tree import And, Everything, Not, Or, Query, TimeRange

# What would become true later than this is not waited for.
HORIZON = timedelta(days=366)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """That a watch's query will hit an article from a time on (UTC)."""

    at: datetime
    watch: str
    article: str


class Dues:
    """What waits for its time.

    Args:
        written: As `written` gave it.
    """

    def __init__(self, written: str = "") -> None:
        self._at: dict[tuple[str, str], datetime] = {
            (watch, article): datetime.fromisoformat(at) for at, watch, article in json.loads(written or "[]")
        }

    def put(self, watch: str, article: str, at: datetime | None) -> None:
        """Notes the time of a watch and an article; None where there is none any more."""
        self._at.pop((watch, article), None)
        if at is not None:
            self._at[watch, article] = at

    def keep(self, watches: Collection[str]) -> None:
        """Forgets what waits for any other watch."""
        self._at = {key: at for key, at in self._at.items() if key[0] in watches}

    def take(self, watches: Collection[str], ripe: Callable[[datetime], bool]) -> list[Due]:
        """Takes out those of these watches whose time has come, in order of time."""
        found = [Due(at, *key) for key, at in self._at.items() if ripe(at) and key[0] in watches]
        for due in found:
            del self._at[due.watch, due.article]
        return sorted(found)

    def any(self, now: datetime) -> bool:
        """Whether one's time has come."""
        return any(at <= now for at in self._at.values())

    @property
    def written(self) -> str:
        """All of them, to be kept."""
        return json.dumps(
            sorted((at.isoformat(), watch, article) for (watch, article), at in self._at.items())
        )


def hits_at(rule: WatchRule, article: Prepared, time: datetime) -> bool:
    """Whether a watch's query hits an article where `now` is a given time."""
    return hits.matches(parse.parse(rule.watch.query, time), article)


def first_time(rule: WatchRule, article: Prepared) -> datetime | None:
    """The first time after an article's arrival at which time alone makes a query hit it.

    Args:
        rule: One whose query says now, and did not hit the article as it came.
        article: The article.

    Returns:
        None where there is no such time within `HORIZON`.
    """
    start = article.article.fetched
    if not hits.matches(_if_time_helps(rule.query), article):
        return None
    found = sorted(_crossings(rule.watch.query, article, start, start + HORIZON))
    return next((time for time in found if hits_at(rule, article, time)), None)


@lru_cache(maxsize=4096)
def _if_time_helps(query: Query, positive: bool = True) -> Query:
    """The query with every clause on times taken to be as is best for it."""
    match query:
        case TimeRange():
            return Everything() if positive else Or(())
        case And(parts):
            return And(tuple(_if_time_helps(part, positive) for part in parts))
        case Or(parts):
            return Or(tuple(_if_time_helps(part, positive) for part in parts))
        case Not(part):
            return Not(_if_time_helps(part, not positive))
        case _:
            return query


def _crossings(query: str, article: Prepared, start: datetime, end: datetime) -> Iterator[datetime]:
    """When the bounds of a query's clauses on times, which move with now, pass the article's times."""

    def passed(place: int, time: datetime) -> bool:
        bounds = list(_bounds(parse.parse(query, time)))
        field, bound = bounds[place]
        return bound > micros(article.time(field))

    for place in range(len(list(_bounds(parse.parse(query, start))))):
        low, high = 0, int((end - start) / SECOND)
        if passed(place, start) or not passed(place, end):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if passed(place, start + middle * SECOND) else (middle, high)
        yield start + high * SECOND


def _bounds(query: Query) -> Iterator[tuple[str, int]]:
    """The bounds of the clauses on times, in the order of the tree, each with its field."""
    match query:
        case TimeRange(field, since, until):
            yield from ((field, micros(bound)) for bound in (since, until) if bound is not None)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _bounds(part)
        case Not(part):
            yield from _bounds(part)
        case _:
            return
