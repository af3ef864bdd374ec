"""What the clauses of a query mean: patterns, runs of words, ranges, and the values they are compared with.

Pure, and the same for everything that answers a query: both stores, and the watches over new articles.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from pipeline import text as analysis
from pipeline.errors import QueryError
from pipeline.query.tree import KEYWORD_FIELDS, TEXT_FIELDS, KeywordRange, Phrase
from pipeline.query.words import search_tokens
from pipeline.records import StoredArticle

# For each keyword field its values, each as it is compared and as it is written.
Values = dict[str, tuple[tuple[str, str], ...]]
Tokens = Mapping[str, tuple[str, ...]]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def text_fields(field: str | None) -> tuple[str, ...]:
    """The text fields that a field name stands for; none for a keyword field.

    Raises:
        QueryError: There is no such field.
    """
    if field is None:
        return TEXT_FIELDS
    if field in TEXT_FIELDS:
        return (field,)
    if field in KEYWORD_FIELDS:
        return ()
    known = ", ".join(TEXT_FIELDS + KEYWORD_FIELDS)
    raise QueryError(f"there is no field {field!r} to look for words in; there are {known}")


@lru_cache(maxsize=4096)
def wildcard(pattern: str) -> re.Pattern[str]:
    """A wildcard pattern as a regular expression over a whole token or value.

    >>> wildcard("st?rm*").fullmatch("storms").group()
    'storms'
    """
    parts = re.findall(r"\*+|\?|[^*?]+", pattern)
    made = (".*" if part[0] == "*" else "." if part == "?" else re.escape(part) for part in parts)
    return re.compile("".join(made), re.DOTALL)


@lru_cache(maxsize=4096)
def fitting(pattern: str) -> Callable[[str], object]:
    """Tells which tokens or values fit a wildcard pattern; truthy where one does.

    Most patterns say no more than what a value begins with, ends with or contains.

    >>> bool(fitting("* korea")("north korea")), bool(fitting("s*m")("storms"))
    (True, False)
    """
    inner = pattern.strip("*")
    if "*" in inner or "?" in inner or not inner:
        return wildcard(pattern).fullmatch
    begins, ends = not pattern.startswith("*"), not pattern.endswith("*")
    if begins and ends:
        return inner.__eq__
    if begins:
        return lambda value: value.startswith(inner)
    return (lambda value: value.endswith(inner)) if ends else (lambda value: inner in value)


def literal_prefix(pattern: str) -> str:
    """What every token that fits a wildcard pattern begins with."""
    return re.split(r"[*?]", pattern, maxsplit=1)[0]


def in_range(value: str, query: KeywordRange) -> bool:
    """Whether a folded value lies in a range, by code point."""
    if query.low is not None and (value < query.low or (value == query.low and not query.low_inclusive)):
        return False
    return query.high is None or value < query.high or (value == query.high and query.high_inclusive)


def runs(tokens: Sequence[str], words: Sequence[Sequence[str]], slop: int) -> Iterator[tuple[int, int]]:
    """The first and last place of each run of the words in this order, with at most `slop` others within.

    A phrase of no words, or with a word that has no form, is nowhere.

    >>> list(runs("a x b a b".split(), [["a"], ["b"]], 1))
    [(0, 2), (3, 4)]
    """
    if not words or not all(words):
        return
    sets = [frozenset(alternatives) for alternatives in words]
    for start, token in enumerate(tokens):
        if token not in sets[0]:
            continue
        place, last = start, min(start + len(sets) - 1 + slop, len(tokens) - 1)
        for alternatives in sets[1:]:
            place += 1
            while place <= last and tokens[place] not in alternatives:
                place += 1
            if place > last:
                break
        else:
            yield start, place


def near(tokens: Sequence[str], words: Sequence[Sequence[str]], slop: int) -> bool:
    """Whether the words stand somewhere as `runs` finds them."""
    return next(runs(tokens, words, slop), None) is not None


def phrase_value(query: Phrase) -> str:
    """The value that a phrase on a keyword field stands for."""
    return analysis.fold(query.text)


@lru_cache(maxsize=65536)
def value(text: str) -> str:
    """A keyword value as it is compared: folded, and cut as tokens are."""
    return analysis.fold(analysis.well_formed(text))[: analysis.LONGEST]


def values(stored: StoredArticle) -> Values:
    """The values of each keyword field of an article; what folds to nothing is left out."""
    entities, topics, article = stored.enriched.entities, stored.enriched.topics, stored.enriched.article
    return {
        "entities": _pairs(each for entity in entities for each in (entity.name, entity.id)),
        "topics": _pairs(
            each for topic in topics for each in (topic.name, topic.id, *analysis.words(topic.name))
        ),
        "outlet": _pairs((article.outlet,)),
        "language": _pairs((article.language,)),
        "place": _pairs(
            each for entity in entities if entity.kind == "place" for each in (entity.name, entity.id)
        ),
        "story": _pairs((stored.story,)),
        "feed": _pairs(article.feeds),
        "kind": _pairs((stored.enriched.kind,)),
    }


def _pairs(written: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((folded, each) for each in written if (folded := value(each)))


@dataclass(frozen=True, slots=True)
class Indexed:
    """The searchable side of one article.

    Attributes:
        tokens: What terms are compared with, by text field: a bag (`pipeline.query.words.search_tokens`).
        words: Folded words, in order, by text field.
        keywords: Folded values, sorted and distinct, by keyword field.
        published: `Article.time`, in microseconds since 1970.
        fetched: `Article.fetched`, in microseconds since 1970.
    """

    tokens: Tokens
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
    """Keyword values as a store holds them: folded, cut, distinct and sorted, without empty ones."""
    return tuple(sorted({value(each) for each in values} - {""}))


def texts(title: str, text: str, language: str) -> tuple[Tokens, Tokens]:
    """The tokens and the words of both text fields."""
    contents = {"title": title, "text": text}
    words = {field: tuple(search_tokens.words(content)) for field, content in contents.items()}
    tokens = {
        field: search_tokens.text_tokens(content, words[field], language)
        for field, content in contents.items()
    }
    return tokens, words


def keywords(stored: StoredArticle) -> dict[str, tuple[str, ...]]:
    """The folded values of each keyword field."""
    found = values(stored)
    return {field: tuple(sorted({value for value, _ in pairs})) for field, pairs in found.items()}


def indexed(stored: StoredArticle) -> Indexed:
    """Analyzes one article."""
    article = stored.enriched.article
    tokens, words = texts(article.title, article.text, article.language)
    return Indexed(tokens, words, keywords(stored), micros(article.time), micros(article.fetched))
