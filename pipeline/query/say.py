"""A query in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

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
from pipeline.query.words.search_tokens import shown

_NAMES = {
    "title": "the title",
    "text": "the text",
    "entities": "the names",
    "topics": "the topics",
    "outlet": "the outlet",
    "language": "the language",
    "place": "the places",
    "story": "the story",
    "feed": "the feed",
    "kind": "the kind",
    "published": "the publication time",
    "fetched": "the time of arrival",
}


def describe(query: Query) -> str:
    """Says what a query finds.

    >>> describe(Not(Term("outlet", "Daily Planet", ("daily planet",))))
    'articles without ‘Daily Planet’ in the outlet'
    """
    if isinstance(query, Everything):
        return "every article"
    if isinstance(query, Not):
        return f"articles without {_clause(query.part)}"
    return f"articles with {_clause(query)}"


def is_name(query: Query) -> bool:
    """Whether a query is what one name, word or phrase is made into: several clauses that are said as one."""
    return isinstance(query, And | Or) and bool(_one(query))


def _clause(query: Query) -> str:
    match query:
        case And(parts):
            return _one(query) or " and ".join(_part(part) for part in parts)
        case Or(parts):
            return _one(query) or " or ".join(_part(part) for part in parts)
        case Not(part):
            return f"not {_part(part)}"
        case _:
            return _leaf(query)


def _part(query: Query) -> str:
    if isinstance(query, And | Or) and not _one(query):
        return f"({_clause(query)})"
    return _clause(query)


def _one(query: And | Or) -> str:
    """What a query of several clauses is said as, if it is made of one name, word or phrase."""
    said = _whole_words(query) if isinstance(query, Or) else ""
    leaves = list(_leaves(query))
    one = {(leaf.field, leaf.text) for leaf in leaves if isinstance(leaf, Term | Phrase)}
    if (
        said
        or len(one) != 1
        or len(leaves) < 2
        or not all(isinstance(leaf, Term | Phrase) for leaf in leaves)
    ):
        return said
    phrases = [leaf for leaf in leaves if isinstance(leaf, Phrase)]
    return _leaf((phrases or leaves)[0])


def _leaves(query: Query) -> Iterator[Query]:
    match query:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _leaves(part)
        case _:
            yield query


def _whole_words(query: Or) -> str:
    """The four clauses that a name is made into, said as one."""
    first, *rest = query.parts
    if isinstance(first, Term) and first.field and len(rest) == 3:
        value = first.forms[0]
        if {f"{value} *", f"* {value}", f"* {value} *"} == {
            p.pattern for p in rest if isinstance(p, Wildcard)
        }:
            return f"‘{first.text}’ in {_NAMES[first.field]}"
    return ""


def _leaf(query: Query) -> str:  # noqa: PLR0911  # one line a kind of clause
    match query:
        case Term(field, text, forms) if field is None or field in TEXT_FIELDS:
            exact = " as written" if forms and all(shown(form)[0] == "=" for form in forms) else ""
            return f"‘{text}’{exact}{_where(field)}" if field else f"the word ‘{text}’{exact}"
        case Term(field, text):
            return f"‘{text}’{_where(field)}"
        case Phrase(field, text, words, slop):
            near = f" (at most {slop} other words between)" if slop else ""
            if len(words) == 1:
                return f"the word ‘{text}’ in this form{_where(field)}"
            what = "the phrase" if len(text.split()) > 1 else "the word"
            return f"{what} ‘{text}’{near}{_where(field)}"
        case Wildcard(field, pattern):
            what = "a word" if field in {None, "title", "text"} else "a value"
            return f"{what} like ‘{pattern}’{_where(field)}"
        case TimeRange(field, since, until):
            return _period(field, since, until)
        case KeywordRange(field, low, high):
            return f"{_NAMES[field]} from ‘{low or '*'}’ to ‘{high or '*'}’"
        case Exists(field):
            return f"anything in {_NAMES[field]}"
        case _:
            return "anything"


def _where(field: str | None) -> str:
    return f" in {_NAMES[field]}" if field else ""


def _period(field: str, since: datetime | None, until: datetime | None) -> str:
    parts = []
    if since:
        parts.append(f"from {since:%Y-%m-%d %H:%M} UTC")
    if until:
        parts.append(f"before {until:%Y-%m-%d %H:%M} UTC")
    return f"{_NAMES[field]} {' and '.join(parts) or 'at any time'}"
