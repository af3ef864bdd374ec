"""Where in an article a query hits: the words as they are written, for mails and explanations. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache

from pipeline import text as analysis
from pipeline.query.evaluate import ArticleBatch
from pipeline.query.fields import (
    Indexed,
    Values,
    in_range,
    indexed,
    phrase_value,
    runs,
    text_fields,
    values,
    wildcard,
)
from pipeline.query.tree import (
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
from pipeline.query.words import search_tokens
from pipeline.records import StoredArticle


@dataclass(frozen=True, slots=True)
class WordHit:
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
    """The searchable side of one article, worked out once and only as far as it is asked for.

    Args:
        stored: The article.
        seen: Its tokens and values, where they are known.
    """

    def __init__(self, stored: StoredArticle, seen: Indexed | None = None) -> None:
        self.stored = stored
        self.article = stored.enriched.article
        self._seen = seen
        self._found: dict[Query, tuple[WordHit, ...]] = {}

    @cached_property
    def seen(self) -> Indexed:
        """Its tokens and values."""
        return self._seen or indexed(self.stored)

    def found(self, clause: Query) -> tuple[WordHit, ...]:
        """What one clause hits in it; watches share clauses, so it is kept."""
        if clause not in self._found:
            self._found[clause] = tuple(_found(clause, self))
        return self._found[clause]

    @cached_property
    def batch(self) -> ArticleBatch:
        """The article as a batch of one, which whole queries are asked of."""
        return ArticleBatch([self.seen])

    def content(self, field: str) -> str:
        """The content of a text field as the article has it."""
        return self.article.title if field == "title" else self.article.text

    def words(self, field: str) -> tuple[str, ...]:
        """The folded words of a text field."""
        return self.seen.words[field]

    @cached_property
    def places(self) -> dict[str, tuple[dict[str, list[int]], frozenset[str]]]:
        """For each text field, at which of its words each token stands, and the tokens of no single word."""
        found = {}
        for field, tokens in self.seen.tokens.items():
            # `text_tokens` begins with one token for each word, in order.
            count, at = len(self.words(field)), dict[str, list[int]]()
            for place, token in enumerate(tokens[:count]):
                at.setdefault(token, []).append(place)
            found[field] = at, frozenset(tokens[count:])
        return found

    @cached_property
    def values(self) -> Values:
        """For each keyword field its values, each folded and as written."""
        return values(self.stored)

    def time(self, field: str) -> datetime:
        """The time of a time field."""
        return self.article.time if field == "published" else self.article.fetched


def matches(query: Query, article: Prepared) -> bool:
    """Whether a query hits an article, as `pipeline.query.evaluate` answers."""
    return bool(article.batch.hits(query))


def hits(query: Query, article: StoredArticle | Prepared) -> tuple[WordHit, ...]:
    """What in an article the clauses of a query hit, apart from those under NOT; by field and place.

    Empty where the query does not hit the article.
    """
    ready = article if isinstance(article, Prepared) else Prepared(article)
    if not matches(query, ready):
        return ()
    return tuple(
        sorted(set(_walk(query, ready)), key=lambda hit: (hit.field, hit.start, hit.end, hit.clause))
    )


def _walk(query: Query, article: Prepared) -> Iterator[WordHit]:
    """The hits of a query that holds for the article."""
    match query:
        case And(parts):
            for part in parts:
                yield from _walk(part, article)
        case Or(parts):
            for part in parts:
                # A single clause that does not hold yields nothing, so only compound ones are matched first.
                if not isinstance(part, And | Or | Not | Everything):
                    yield from article.found(part)
                elif matches(part, article):
                    yield from _walk(part, article)
        case Not() | Everything():
            return
        case _:
            yield from article.found(query)


def _found(query: Query, article: Prepared) -> Iterator[WordHit]:
    """All hits of one clause."""
    match query:
        case Term(field, text) | Phrase(field, text):
            if field is None or field in TEXT_FIELDS:
                yield from _in_texts(query, article)
                return
            wanted = query.forms if isinstance(query, Term) else (phrase_value(query),)
            for value, written in article.values[field]:
                if value in wanted:
                    yield WordHit(field, written, text)
        case Wildcard(field, pattern):
            yield from _by_pattern(field, pattern, article)
        case TimeRange(field, since, until):
            time = article.time(field)
            if (since is None or since <= time) and (until is None or time < until):
                yield WordHit(field, time.isoformat(), f"{since or '*'} to {until or '*'}")
        case KeywordRange(field):
            for value, written in article.values[field]:
                if in_range(value, query):
                    yield WordHit(field, written, f"{query.low or '*'} to {query.high or '*'}")
        case Exists(field):
            yield from _existing(field, article)
        case _:
            raise AssertionError(query)


def _in_texts(query: Term | Phrase, article: Prepared) -> Iterator[WordHit]:
    for field in text_fields(query.field):
        if isinstance(query, Phrase):
            for first, last in runs(article.words(field), query.words, query.slop):
                yield _hit(article, field, first, last, query.text)
        else:
            yield from _of_term(query, field, article)


def _of_term(query: Term, field: str, article: Prepared) -> Iterator[WordHit]:
    """The words that a term hits."""
    language, forms = article.article.language, frozenset(query.forms)
    places, others = article.places[field]
    held = sorted(place for form in forms for place in places.get(form, ()))
    found = [_hit(article, field, place, place, query.text) for place in held]
    if forms.isdisjoint(others):
        yield from found
        return
    seen = [range(hit.start, hit.end) for hit in found]
    content = article.content(field)
    for piece in re.finditer(r"\S+", content):
        if forms.isdisjoint(search_tokens.piece_tokens(piece[0], language)):
            continue
        if not any(piece.start() <= each.start < piece.end() for each in seen):
            start, end = _within(piece[0], forms, language)
            start, end = piece.start() + start, piece.start() + end
            found.append(WordHit(field, content[start:end], query.text, start, end))
    yield from found or [WordHit(field, query.text, query.text)]


def _within(piece: str, forms: frozenset[str], language: str) -> tuple[int, int]:
    """The part of a text without spaces that has one of these tokens: one word, or all but its edges."""
    for word in re.finditer(r"\w+", piece):
        if not forms.isdisjoint(search_tokens.piece_tokens(word[0], language)):
            return word.span()
    inner = re.search(r"[#@$€£¥₹.]?\w.*[\w+#%.]|\w", piece)
    return inner.span() if inner else (0, len(piece))


def _by_pattern(field: str | None, pattern: str, article: Prepared) -> Iterator[WordHit]:
    compiled = wildcard(pattern)
    if field is None or field in TEXT_FIELDS:
        for name in text_fields(field):
            for place, word in enumerate(article.words(name)):
                if compiled.fullmatch(word):
                    yield _hit(article, name, place, place, pattern)
        return
    for value, written in article.values[field]:
        if compiled.fullmatch(value):
            yield WordHit(field, written, pattern)


def _existing(field: str, article: Prepared) -> Iterator[WordHit]:
    if field in TEXT_FIELDS:
        if article.words(field):
            yield _hit(article, field, 0, 0, "*")
    elif field in article.values:
        for _, written in article.values[field]:
            yield WordHit(field, written, "*")
    else:
        yield WordHit(field, article.time(field).isoformat(), "*")


def _hit(article: Prepared, field: str, first: int, last: int, clause: str) -> WordHit:
    content = article.content(field)
    places = spans(content)
    if last >= len(places):
        return WordHit(field, " ".join(article.words(field)[first : last + 1]), clause)
    start, end = places[first][0], places[last][1]
    return WordHit(field, content[start:end], clause, start, end)


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
    if content.isascii():
        return tuple(map(re.Match.span, analysis.word_matches(content.lower())))
    folded: list[str] = []
    origins: list[int] = []
    for place, char in enumerate(content):
        piece = _folded(char)
        folded.append(piece)
        origins.extend([place] * len(piece))
    text, found, at = "".join(folded), [], 0
    for word in analysis.uncut_words(content):
        at = text.find(word, at)
        if at < 0:
            return ()
        found.append((origins[at], origins[at + len(word) - 1] + 1))
        at += len(word)
    return tuple(found)
