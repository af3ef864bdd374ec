"""The query tree as FTS5 expressions, wherever FTS5 can express exactly what a query means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from math import prod

from pipeline.query.fields import fitting, in_range, literal_prefix, phrase_value, text_fields
from pipeline.query.tree import (
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
from pipeline.query.words.search_tokens import is_word
from pipeline.store.sqlite.file import DatabaseFile
from pipeline.store.sqlite.terms import glob, is_token, key, present, value_of

# An expression that hits nothing, because no column contains this private use character.
NOTHING = '"\ue0fe"'
# How many words one expression may have; more are split into several expressions.
MOST_WORDS = 400


@dataclass(frozen=True, slots=True)
class Words:
    """Quoted words, prefixes and phrases, any of which in any of the columns is a hit.

    Attributes:
        columns: The columns.
        first: All words if they fit in one expression; else `MOST_WORDS` + 1 of them.
        again: Goes through all words, however many: `*a*` may stand for most of a vocabulary.
    """

    columns: tuple[str, ...]
    first: list[str]
    again: Callable[[], Iterable[str]]

    @classmethod
    def of(cls, columns: tuple[str, ...], words: Callable[[], Iterable[str]]) -> Words:
        """Words from a function that goes through them, which is called more than once."""
        return cls(columns, list(islice(words(), MOST_WORDS + 1)), words)

    @property
    def few(self) -> bool:
        """Whether they all fit in one expression."""
        return len(self.first) <= MOST_WORDS

    def pieces(self) -> Iterator[str]:
        """Expressions that together contain all words."""
        words = iter(self.again())
        while piece := list(islice(words, MOST_WORDS)):
            yield said(self.columns, piece)


def any_of(expressions: Iterable[str]) -> str:
    """The expressions joined by OR."""
    distinct = list(dict.fromkeys(expressions))
    return f"({' OR '.join(distinct)})" if distinct else NOTHING


def said(columns: tuple[str, ...], words: Iterable[str]) -> str:
    """The expression for any of these words in any of these columns."""
    return f"({{{' '.join(columns)}}} : {any_of(words)})"


def writable(form: str) -> bool:
    """Whether a text is not empty and can be written as UTF-8."""
    return bool(form) and not any("\ud800" <= char <= "\udfff" for char in form)


def _in_order(fields: Iterable[str]) -> tuple[str, ...]:
    """The columns with the words of text fields; the columns with the fields' own names have tokens."""
    return tuple(f"{field}_words" for field in fields)


def _keys(tokens: Iterable[str]) -> Words:
    return _listed(("keys",), [f'"{token}"' for token in tokens])


def _listed(columns: tuple[str, ...], words: list[str]) -> Words:
    return Words.of(columns, lambda: words)


class Expressions:
    """Turns checked queries into FTS5 expressions.

    Args:
        file: The store's file, where the tokens that a wildcard or a range stands for are looked up.
    """

    def __init__(self, file: DatabaseFile) -> None:
        self._file = file
        self._known: dict[Query, Words | None] = {}

    def of(self, query: Query) -> str | None:
        """An expression with exactly the meaning of the query; None where there is none."""
        match query:
            case And(parts):
                return self._all_of(parts)
            case Or(parts):
                found = [self.of(part) for part in parts]
                return None if None in found else any_of(each for each in found if each)
            case Not() | TimeRange() | Everything():
                return None
        words = self.words(query)
        return said(words.columns, words.first) if words is not None and words.few else None

    def _all_of(self, parts: Sequence[Query]) -> str | None:
        positive = [self.of(part) for part in parts if not isinstance(part, Not)]
        negative = [self.of(part.part) for part in parts if isinstance(part, Not)]
        if not positive or None in positive or None in negative:
            return None
        both = f"({' AND '.join(each for each in positive if each)})"
        return f"({both} NOT {any_of(each for each in negative if each)})" if negative else both

    def words(self, query: Query) -> Words | None:
        """The words that a leaf of the tree stands for, any number; None where words cannot express it."""
        if query not in self._known:
            self._known[query] = self._words(query)
        return self._known[query]

    def _words(self, query: Query) -> Words | None:  # noqa: PLR0911  one return for each kind of node
        if getattr(query, "field", None) == "story":
            return None
        match query:
            case Term(field, _, forms):
                return self._term(field, forms)
            case Phrase():
                return self._phrase(query)
            case Wildcard(field, pattern):
                return self._wildcard(text_fields(field), field or "", pattern)
            case KeywordRange(field):
                return self._values(field, lambda value: in_range(value, query), "*")
            case Exists(field):
                return None if field in TIME_FIELDS else _keys([present(field)])
        return None

    def _term(self, field: str | None, forms: Iterable[str]) -> Words:
        fields = text_fields(field)
        if not fields:
            return _keys(key(field or "", form) for form in forms if writable(form))
        return _listed(fields, [f'"{form}"' for form in forms if is_token(form)])

    def _phrase(self, query: Phrase) -> Words | None:
        fields = text_fields(query.field)
        if not fields:
            return self._term(query.field, [phrase_value(query)])
        columns = _in_order(fields)
        words = [[form for form in forms if is_token(form)] for forms in query.words]
        if not words or not all(words):
            return _listed(columns, [])
        if (query.slop > 0 and len(words) > 1) or prod(map(len, words)) > MOST_WORDS:
            return None
        return _listed(columns, [f'"{" ".join(each)}"' for each in product(*words)])

    def nearby(self, query: Phrase) -> str:
        """An expression that fits every hit of a phrase with gaps, and perhaps more: its words are near."""
        fields = _in_order(text_fields(query.field))
        words = [[form for form in forms if is_token(form)] for forms in query.words]
        if prod(map(len, words)) > MOST_WORDS:
            each = (said(fields, [f'"{form}"' for form in forms]) for forms in words)
            return f"({' AND '.join(each)})"
        gap = len(words) - 2 + query.slop  # between the first and the last, whatever their order
        quoted = (" ".join(f'"{form}"' for form in forms) for forms in product(*words))
        return said(fields, [f"NEAR({forms}, {gap})" for forms in quoted])

    def _wildcard(self, fields: tuple[str, ...], field: str, pattern: str) -> Words:
        if pattern and not pattern.strip("*"):
            return _keys(map(present, fields or (field,)))
        if not fields:
            fits = fitting(pattern)
            return self._values(field, lambda value: bool(fits(value)), pattern)
        columns, literal = _in_order(fields), literal_prefix(pattern)
        if not writable(pattern) or (literal and not is_token(literal)):
            return _listed(columns, [])
        if literal and literal != pattern and not pattern[len(literal) :].strip("*"):
            return _listed(columns, [f'"{literal}" *'])
        return Words.of(
            columns,
            lambda: (
                f'"{term}"' for term in self._terms(literal, pattern) if is_word(term) and is_token(term)
            ),
        )

    def _values(self, field: str, fits: Callable[[str], bool], pattern: str) -> Words:
        return Words.of(("keys",), lambda: (f'"{term}"' for term in self._named(field, pattern, fits)))

    def _named(self, field: str, pattern: str, fits: Callable[[str], bool]) -> Iterator[str]:
        """The tokens of a field's values that fit a wildcard pattern and the function `fits`."""
        rough = glob(field, pattern) if writable(pattern) else glob(field, "*")
        sql = "SELECT term FROM keyword WHERE term GLOB ?"
        return (row[0] for row in self._file.each(sql, (rough,)) if fits(value_of(row[0])))

    def _terms(self, prefix: str, pattern: str) -> Iterator[str]:
        """The tokens of the index that begin with a prefix and fit a wildcard pattern."""
        # Wildcards of SQLite's GLOB mean what ours do; only its brackets have to be escaped.
        sql = "SELECT term FROM article_terms WHERE term >= ? AND term < ? AND term GLOB ?"
        values = (prefix, prefix + "\U0010ffff", pattern.replace("[", "[[]"))
        return (row[0] for row in self._file.each(sql, values))


def positive(query: Query) -> Iterable[Query]:
    """The leaves of a tree that count towards relevance: words and values that are under no Not."""
    match query:
        case And(parts) | Or(parts):
            for part in parts:
                yield from positive(part)
        case Term() | Phrase() | Wildcard() | KeywordRange():
            yield query
