"""The meaning of a query on one article, and the words that hit: pure, and the same as on both stores."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

from pipeline import analysis
from pipeline.records import StoredArticle
from pipeline.records.query import (
    TEXT_FIELDS,
    And,
    Everything,
    Exists,
    KeywordRange,
    Not,
    Or,
    Phrase,
    Query,
    Term,
    TimeRange,
    Wildcard,
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A piece of an article that a clause of a query hit.

    Attributes:
        field: The field it is in.
        text: As the article has it.
        clause: As the query has it.
        start, end: Its place in "title" or "text", in code points; -1 where it has none.
    """

    field: str
    text: str
    clause: str
    start: int = -1
    end: int = -1


class Prepared:
    """The searchable side of one article, worked out once and only as far as it is asked for."""

    def __init__(self, stored: StoredArticle) -> None:
        self.stored = stored
        self.article = stored.enriched.article
        self._stems: dict[str, tuple[str, ...]] = {}
        self._words: dict[str, tuple[str, ...]] = {}
        self._sets: dict[str, frozenset[str]] = {}

    def content(self, field: str) -> str:
        """The text of a text field as it is."""
        return self.article.title if field == "title" else self.article.text

    def words(self, field: str) -> tuple[str, ...]:
        """The folded words of a text field."""
        if field not in self._words:
            self._words[field] = tuple(analysis.words(self.content(field)))
        return self._words[field]

    def stems(self, field: str) -> tuple[str, ...]:
        """The stems of a text field, one for each word."""
        if field not in self._stems:
            language = self.article.language
            self._stems[field] = tuple(analysis.stem(word, language) for word in self.words(field))
        return self._stems[field]

    def stem_set(self, field: str) -> frozenset[str]:
        """The distinct stems of a text field."""
        if field not in self._sets:
            self._sets[field] = frozenset(self.stems(field))
        return self._sets[field]

    @cached_property
    def values(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """For each keyword field its values, each folded and as written."""
        entities, topics = self.stored.enriched.entities, self.stored.enriched.topics
        places = [entity for entity in entities if entity.kind == "place"]
        raw = {
            "entities": [value for entity in entities for value in (entity.name, entity.id)],
            "topics": [v for topic in topics for v in (topic.name, topic.id, *analysis.words(topic.name))],
            "outlet": [self.article.outlet],
            "language": [self.article.language],
            "place": [value for place in places for value in (place.name, place.id)],
            "story": [self.stored.story],
            "feed": list(self.article.feeds),
        }
        return {
            field: tuple((folded, value) for value in values if (folded := analysis.fold(value)))
            for field, values in raw.items()
        }

    def time(self, field: str) -> datetime:
        """The time of a time field."""
        return self.article.time if field == "published" else self.article.fetched


def prepared(article: StoredArticle) -> Prepared:
    """Makes an article ready to be matched against many queries."""
    return Prepared(article)


def matches(query: Query, article: Prepared) -> bool:  # noqa: PLR0911  # one line a kind of clause
    """Whether a query hits an article."""
    match query:
        case And(parts):
            return all(matches(part, article) for part in parts)
        case Or(parts):
            return any(matches(part, article) for part in parts)
        case Not(part):
            return not matches(part, article)
        case Everything():
            return True
        case Term(field, _, forms):
            if field in TEXT_FIELDS or field is None:
                return any(not article.stem_set(f).isdisjoint(forms) for f in _fields(field))
            return any(value in forms for value, _ in article.values[field])
        case _:
            return next(_found(query, article), None) is not None


def hits(query: Query, article: StoredArticle | Prepared) -> tuple[Hit, ...]:
    """What in an article the clauses of a query hit, apart from those under NOT; by field and place.

    Empty where the query does not hit the article.
    """
    ready = article if isinstance(article, Prepared) else Prepared(article)
    if not matches(query, ready):
        return ()
    return tuple(
        sorted(set(_walk(query, ready)), key=lambda hit: (hit.field, hit.start, hit.end, hit.clause))
    )


def _walk(query: Query, article: Prepared) -> Iterator[Hit]:
    match query:
        case And(parts) | Or(parts):
            for part in parts:
                if matches(part, article):
                    yield from _walk(part, article)
        case Not() | Everything():
            return
        case _:
            yield from _found(query, article)


def _fields(field: str | None) -> tuple[str, ...]:
    return TEXT_FIELDS if field is None else (field,)


def _found(query: Query, article: Prepared) -> Iterator[Hit]:
    """All hits of one clause."""
    match query:
        case Term(field, text) | Phrase(field, text):
            if field is None or field in TEXT_FIELDS:
                yield from _in_texts(query, article)
                return
            wanted = query.forms if isinstance(query, Term) else (analysis.fold(text),)
            for value, written in article.values[field]:
                if value in wanted:
                    yield Hit(field, written, text)
        case Wildcard(field, pattern):
            yield from _by_pattern(field, pattern, article)
        case TimeRange(field, since, until):
            time = article.time(field)
            if (since is None or since <= time) and (until is None or time < until):
                yield Hit(field, time.isoformat(), f"{since or '*'} to {until or '*'}")
        case KeywordRange(field):
            for value, written in article.values[field]:
                if in_range(value, query):
                    yield Hit(field, written, f"{query.low or '*'} to {query.high or '*'}")
        case Exists(field):
            yield from _existing(field, article)
        case _:
            raise AssertionError(query)


def _in_texts(query: Term | Phrase, article: Prepared) -> Iterator[Hit]:
    for field in _fields(query.field):
        runs = (
            ((place, place) for place, stem in enumerate(article.stems(field)) if stem in query.forms)
            if isinstance(query, Term)
            else runs_of(article.stems(field), query.words, query.slop)
        )
        for first, last in runs:
            yield _hit(article, field, first, last, query.text)


def _by_pattern(field: str | None, pattern: str, article: Prepared) -> Iterator[Hit]:
    compiled = wildcard(pattern)
    if field is None or field in TEXT_FIELDS:
        for name in _fields(field):
            for place, word in enumerate(article.words(name)):
                if compiled.fullmatch(word):
                    yield _hit(article, name, place, place, pattern)
        return
    for value, written in article.values[field]:
        if compiled.fullmatch(value):
            yield Hit(field, written, pattern)


def _existing(field: str, article: Prepared) -> Iterator[Hit]:
    if field in TEXT_FIELDS:
        if article.words(field):
            yield _hit(article, field, 0, 0, "*")
    elif field in article.values:
        for _, written in article.values[field]:
            yield Hit(field, written, "*")
    else:
        yield Hit(field, article.time(field).isoformat(), "*")


def _hit(article: Prepared, field: str, first: int, last: int, clause: str) -> Hit:
    content = article.content(field)
    places = spans(content)
    if last >= len(places):
        return Hit(field, " ".join(article.words(field)[first : last + 1]), clause)
    start, end = places[first][0], places[last][1]
    return Hit(field, content[start:end], clause, start, end)


@lru_cache(maxsize=4096)
def wildcard(pattern: str) -> re.Pattern[str]:
    """A wildcard pattern as a regular expression over a whole token or value."""
    parts = re.findall(r"\*+|\?|[^*?]+", pattern)
    made = (".*" if part[0] == "*" else "." if part == "?" else re.escape(part) for part in parts)
    return re.compile("".join(made), re.DOTALL)


def in_range(value: str, query: KeywordRange) -> bool:
    """Whether a folded value lies in a range, by code point."""
    if query.low is not None and (value < query.low or (value == query.low and not query.low_inclusive)):
        return False
    return query.high is None or value < query.high or (value == query.high and query.high_inclusive)


def runs_of(tokens: Sequence[str], words: Sequence[Sequence[str]], slop: int) -> Iterator[tuple[int, int]]:
    """The first and last place of each run of the words in this order, with at most `slop` others within.

    >>> list(runs_of("a x b a b".split(), [["a"], ["b"]], 1))
    [(0, 2), (3, 4)]
    """
    if not words or not all(words):
        return
    for start, token in enumerate(tokens):
        if token not in words[0]:
            continue
        place, last = start, min(start + len(words) - 1 + slop, len(tokens) - 1)
        for alternatives in words[1:]:
            place += 1
            while place <= last and tokens[place] not in alternatives:
                place += 1
            if place > last:
                break
        else:
            yield start, place


@lru_cache(maxsize=65536)
def _folded(char: str) -> str:
    # One character beside a letter, so that white space is not stripped and a lone mark goes.
    return analysis.fold(f"a{char}a")[1:-1]


@lru_cache(maxsize=256)
def spans(content: str) -> tuple[tuple[int, int], ...]:
    """For each word that `analysis.words` finds, where it starts and ends in the text as written.

    Empty where characters fold together so that words cannot be traced to their places.

    >>> spans("Zürich won")
    ((0, 6), (7, 10))
    """
    folded: list[str] = []
    origins: list[int] = []
    for place, char in enumerate(content):
        piece = _folded(char)
        folded.append(piece)
        origins.extend([place] * len(piece))
    text, found, at = "".join(folded), [], 0
    for word in analysis.words(content):
        at = text.find(word, at)
        if at < 0:
            return ()
        found.append((origins[at], origins[at + len(word) - 1] + 1))
        at += len(word)
    return tuple(found)
