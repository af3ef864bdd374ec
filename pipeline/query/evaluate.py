"""The meaning of a query, as one pure function: both stores are tested against it.

What `pipeline.query.tree` leaves open is fixed here: `And` of nothing holds, `Or` of nothing does not; a
phrase of no words holds nowhere; a phrase on a keyword field is the whole value; a text field "exists" when
it has a token; "published" and "fetched" always exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.errors import QueryError
from pipeline.query.fields import (
    Indexed,
    in_range,
    indexed,
    micros,
    near,
    phrase_value,
    text_fields,
    wildcard,
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


def _any(tokens: Iterable[str], wanted: Sequence[str]) -> bool:
    return not set(wanted).isdisjoint(tokens)


def _term(query: Term, seen: Indexed) -> bool:
    fields = text_fields(query.field)
    if not fields:
        return _any(seen.keywords[query.field or ""], query.forms)
    return any(_any(seen.stems[field], query.forms) for field in fields)


def _phrase(query: Phrase, seen: Indexed) -> bool:
    fields = text_fields(query.field)
    if not fields:
        return phrase_value(query) in seen.keywords[query.field or ""]
    return any(near(seen.stems[field], query.words, query.slop) for field in fields)


def _wildcard(query: Wildcard, seen: Indexed) -> bool:
    fields = text_fields(query.field)
    pattern = wildcard(query.pattern)
    if not fields:
        return any(pattern.fullmatch(value) for value in seen.keywords[query.field or ""])
    return any(pattern.fullmatch(token) for field in fields for token in seen.words[field])


def _time_range(query: TimeRange, seen: Indexed) -> bool:
    time = seen.published if query.field == "published" else seen.fetched
    after = query.since is None or micros(query.since) <= time
    return after and (query.until is None or time < micros(query.until))


def _exists(query: Exists, seen: Indexed) -> bool:
    if query.field in TIME_FIELDS:
        return True
    return bool(seen.words[query.field] if query.field in TEXT_FIELDS else seen.keywords[query.field])


def holds(query: Query, seen: Indexed) -> bool:  # noqa: PLR0911  one return for each kind of node
    """Whether a checked query hits an analyzed article."""
    match query:
        case And(parts):
            return all(holds(part, seen) for part in parts)
        case Or(parts):
            return any(holds(part, seen) for part in parts)
        case Not(part):
            return not holds(part, seen)
        case Term():
            return _term(query, seen)
        case Phrase():
            return _phrase(query, seen)
        case Wildcard():
            return _wildcard(query, seen)
        case TimeRange():
            return _time_range(query, seen)
        case KeywordRange(field):
            return any(in_range(value, query) for value in seen.keywords[field])
        case Exists():
            return _exists(query, seen)
        case Everything():
            return True


def matches(query: Query, article: StoredArticle) -> bool:
    """Whether a query hits an article.

    Raises:
        QueryError: It names a field that does not exist, or that is of the wrong kind.
    """
    return holds(checked(query), indexed(article))
