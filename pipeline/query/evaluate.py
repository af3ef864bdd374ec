"""The meaning of a query, once: what it hits among a few articles. Pure; both stores are tested against it.

Many queries are asked of many articles at a time, through an inverted index in memory, so that the archive's
size does not matter. Sets of articles are bits of one integer: bit i is the i-th article of the batch.

What `pipeline.query.tree` leaves open is fixed here: `And` of nothing holds, `Or` of nothing does not; a
phrase of no words holds nowhere; a phrase on a keyword field is the whole value; a text field "exists" when
it has a token; "published" and "fetched" always exist.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, reduce
from itertools import islice
from operator import and_, or_

from pipeline.errors import QueryError
from pipeline.query.fields import (
    Indexed,
    fitting,
    in_range,
    indexed,
    literal_prefix,
    micros,
    near,
    phrase_value,
    text_fields,
)
from pipeline.query.tree import (
    KEYWORD_FIELDS,
    TEXT_FIELDS,
    TIME_FIELDS,
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
from pipeline.records import StoredArticle

# How many articles are matched at a time: a batch of this size takes some tens of megabytes.
MATCH_BATCH = 2000


def checked(query: Query) -> Query:
    """The query itself.

    Raises:
        QueryError: It names a field that does not exist, or that is of the wrong kind.
    """
    match query:
        case And(parts) | Or(parts):
            for part in parts:
                checked(part)
        case Not(part):
            checked(part)
        case Term(field) | Phrase(field) | Wildcard(field):
            text_fields(field)
        case TimeRange(field):
            _known(field, TIME_FIELDS, "times")
        case KeywordRange(field):
            _known(field, KEYWORD_FIELDS, "values")
        case Exists(field):
            _known(field, TEXT_FIELDS + KEYWORD_FIELDS + TIME_FIELDS, "anything")
        case Everything():
            pass
    return query


def _known(field: str, fields: Sequence[str], what: str) -> None:
    if field not in fields:
        raise QueryError(f"there is no field {field!r} that holds {what}; there are {', '.join(fields)}")


def matched(queries: Mapping[str, Query], articles: Iterable[tuple[str, Indexed]]) -> dict[str, list[str]]:
    """For each named query, the ids of the articles that it hits, in the order in which they come.

    Raises:
        QueryError: A query names a field that does not exist, or that is of the wrong kind.
    """
    ready = {name: checked(query) for name, query in queries.items()}
    found: dict[str, list[str]] = {name: [] for name in queries}
    coming = iter(articles)
    while some := list(islice(coming, MATCH_BATCH)):
        batch = ArticleBatch([seen for _, seen in some])
        for name, query in ready.items():
            found[name] += [some[place][0] for place in batch.hits(query)]
    return found


class TokenPostings(dict[str, int]):
    """The set of articles by token; `ordered` are the tokens sorted, made when first asked for."""

    @cached_property
    def ordered(self) -> list[str]:
        """The tokens, sorted."""
        return sorted(self)


# By field.
Postings = defaultdict[str, TokenPostings]


class ArticleBatch:
    """An inverted index over the articles of one batch.

    Args:
        articles: Their searchable side, in the order in which hits are to come.
    """

    def __init__(self, articles: Sequence[Indexed]) -> None:
        self._articles = articles
        self._all = (1 << len(articles)) - 1
        # Queries share words, phrases and patterns, as people's interests do.
        self._known: dict[Query, int] = {}

    # Each is made when a query first needs it: most ask for words of texts only.

    @cached_property
    def _tokens(self) -> Postings:
        return _postings(self._articles, lambda seen: seen.tokens)

    @cached_property
    def _words(self) -> Postings:
        return _postings(self._articles, lambda seen: seen.words)

    @cached_property
    def _keywords(self) -> Postings:
        return _postings(self._articles, lambda seen: seen.keywords)

    def hits(self, query: Query) -> list[int]:
        """The places in the batch of the articles that a checked query hits, ascending."""
        return list(_places(self._bits(query)))

    def _bits(self, query: Query) -> int:  # noqa: PLR0911  one return for each kind of node
        match query:
            case And(parts):
                return reduce(and_, map(self._bits, parts), self._all)
            case Or(parts):
                return reduce(or_, map(self._bits, parts), 0)
            case Not(part):
                return self._all & ~self._bits(part)
            case Term() | Phrase() | Wildcard():
                if query not in self._known:
                    self._known[query] = self._words_bits(query)
                return self._known[query]
            case KeywordRange(field):
                found = self._keywords[field]
                return _union(bits for value, bits in found.items() if in_range(value, query))
            case Exists(field):
                return self._exists(field)
            case TimeRange():
                return self._filtered(self._all, lambda seen: _within(query, seen))
            case Everything():
                return self._all

    def _words_bits(self, query: Term | Phrase | Wildcard) -> int:
        match query:
            case Term(field, _, forms):
                return self._term(field, forms)
            case Phrase():
                return self._phrase(query)
            case Wildcard(field, pattern):
                return self._wildcard(field, pattern)

    def _term(self, field: str | None, forms: tuple[str, ...]) -> int:
        fields = text_fields(field)
        found = [self._tokens[name] for name in fields] if fields else [self._keywords[field or ""]]
        return _union(postings[form] for postings in found for form in forms if form in postings)

    def _phrase(self, query: Phrase) -> int:
        fields = text_fields(query.field)
        if not fields:
            return self._keywords[query.field or ""].get(phrase_value(query), 0)
        return _union(self._near(query, field) for field in fields)

    def _near(self, query: Phrase, field: str) -> int:
        held = self._words[field]
        parts = [_union(held.get(form, 0) for form in alternatives) for alternatives in query.words]
        candidates = reduce(and_, parts, self._all)
        if len(query.words) == 1:
            return candidates
        return self._filtered(candidates, lambda seen: near(seen.words[field], query.words, query.slop))

    def _wildcard(self, field: str | None, pattern: str) -> int:
        fields = text_fields(field)
        found = [self._words[name] for name in fields] if fields else [self._keywords[field or ""]]
        return _union(bits for postings in found for bits in _fitting(postings, pattern))

    def _exists(self, field: str) -> int:
        if field in TIME_FIELDS:
            return self._all
        return _union((self._words if text_fields(field) else self._keywords)[field].values())

    def _filtered(self, bits: int, test: Callable[[Indexed], bool]) -> int:
        return _union(1 << place for place in _places(bits) if test(self._articles[place]))


def _within(query: TimeRange, seen: Indexed) -> bool:
    time = seen.published if query.field == "published" else seen.fetched
    after = query.since is None or micros(query.since) <= time
    return after and (query.until is None or time < micros(query.until))


def _postings(
    articles: Sequence[Indexed], tokens: Callable[[Indexed], Mapping[str, tuple[str, ...]]]
) -> Postings:
    found: defaultdict[str, TokenPostings] = defaultdict(TokenPostings)
    for place, seen in enumerate(articles):
        for field, values in tokens(seen).items():
            postings, bit = found[field], 1 << place
            if not postings:
                postings.update(dict.fromkeys(values, bit))
                continue
            for value in set(values):
                postings[value] = postings.get(value, 0) | bit
    return found


def _fitting(postings: TokenPostings, pattern: str) -> Iterator[int]:
    """The sets of the tokens that fit a pattern; only those that begin as it does are looked at."""
    fits, prefix, tokens = fitting(pattern), literal_prefix(pattern), postings.ordered
    start = bisect_left(tokens, prefix)
    end = bisect_left(tokens, True, start, key=lambda token: not token.startswith(prefix))
    return (postings[token] for token in filter(fits, tokens[start:end]))


def _union(bits: Iterable[int]) -> int:
    return reduce(or_, bits, 0)


def _places(bits: int) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def holds(query: Query, seen: Indexed) -> bool:
    """Whether a checked query hits one analyzed article."""
    return bool(ArticleBatch([seen]).hits(query))


def matches(query: Query, article: StoredArticle) -> bool:
    """Whether a query hits an article.

    Raises:
        QueryError: It names a field that does not exist, or that is of the wrong kind.
    """
    return holds(checked(query), indexed(article))
