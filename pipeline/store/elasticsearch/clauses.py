"""The query tree as Elasticsearch queries over the analyzed fields, with exactly the same meaning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.query.evaluate import checked
from pipeline.query.fields import micros, phrase_value, text_fields
from pipeline.query.tree import (
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

Dsl = dict[str, Any]
NONE: Dsl = {"match_none": {}}
ALL: Dsl = {"match_all": {}}
# As in the SQLite store: a word in the title says more.
BOOST = {"title": 4.0, "text": 1.0}
# A term may become some forty clauses, and Elasticsearch limits the clauses of a query. In a query of more
# terms than this all terms count alike, whatever their frequency, and take one clause a field.
SCORED_TERMS = 20


def compiled(query: Query) -> Dsl:
    """The query in Elasticsearch's language.

    Raises:
        QueryError: It names a field that does not exist, or that is of the wrong kind.
    """
    return _compiled(checked(query), scored=_terms(query) <= SCORED_TERMS)


def _terms(query: Query) -> int:
    match query:
        case And(parts) | Or(parts):
            return sum(map(_terms, parts))
        case Not(part):
            return _terms(part)
        case _:
            return int(isinstance(query, Term))


def _compiled(query: Query, *, scored: bool) -> Dsl:  # noqa: PLR0911  one return for each kind of node
    match query:
        case And(parts):
            return _all_of(_flat(parts, And), scored=scored)
        case Or(parts):
            flat = _flat(parts, Or)
            return _any_of([_compiled(part, scored=scored) for part in (flat if scored else _joined(flat))])
        case Not(part):
            unwanted = _compiled(part, scored=scored)
            return {"bool": {"must_not": [unwanted], "must": [ALL | {"match_all": {"boost": 0}}]}}
        case Term():
            return _term(query, scored=scored)
        case Phrase():
            return _phrase(query)
        case Wildcard():
            return _wildcard(query)
        case TimeRange():
            return _filter(_time_range(query))
        case KeywordRange():
            return _filter(_keyword_range(query))
        case Exists(field):
            return _filter(ALL if field in TIME_FIELDS else {"exists": {"field": _existing(field)}})
        case Everything():
            return _filter(ALL)


def _flat(parts: Iterable[Query], kind: type[And | Or]) -> list[Query]:
    """Flattens And within And, or Or within Or, because Elasticsearch limits the depth of a query."""
    found: list[Query] = []
    for part in parts:
        found += _flat(part.parts, kind) if isinstance(part, And | Or) and type(part) is kind else [part]
    return found


def _joined(parts: Iterable[Query]) -> list[Query]:
    """Alternatives, with the terms of each field joined into one term."""
    forms: dict[str | None, dict[str, None]] = {}
    others: list[Query] = []
    for part in parts:
        if isinstance(part, Term):
            forms.setdefault(part.field, {}).update(dict.fromkeys(part.forms))
        else:
            others.append(part)
    return [*(Term(field, "", tuple(each)) for field, each in forms.items()), *others]


def _all_of(parts: Sequence[Query], *, scored: bool) -> Dsl:
    wanted = [_compiled(part, scored=scored) for part in parts if not isinstance(part, Not)]
    unwanted = [_compiled(part.part, scored=scored) for part in parts if isinstance(part, Not)]
    return {"bool": {"must": wanted or [_filter(ALL)], "must_not": unwanted}}


def _any_of(parts: Sequence[Dsl]) -> Dsl:
    if len(parts) == 1:
        return parts[0]
    return {"bool": {"should": list(parts), "minimum_should_match": 1}} if parts else NONE


def _filter(query: Dsl) -> Dsl:
    return {"constant_score": {"filter": query, "boost": 0.0}}


def _writable(text: str) -> bool:
    return bool(text) and not any("\ud800" <= char <= "\udfff" for char in text)


def _key(field: str | None) -> str:
    return f"keys.{field}"


def _existing(field: str) -> str:
    return f"words.{field}" if field in TEXT_FIELDS else _key(field)


def _term(query: Term, *, scored: bool = True) -> Dsl:
    forms = [form for form in dict.fromkeys(query.forms) if _writable(form)]
    fields = text_fields(query.field)
    if not fields:
        return {"constant_score": {"filter": {"terms": {_key(query.field): forms}}}} if forms else NONE
    if not scored and forms:
        return _any_of([{"terms": {f"stems.{field}": forms, "boost": BOOST[field]}} for field in fields])
    return _any_of(
        [
            {"term": {f"stems.{field}": {"value": form, "boost": BOOST[field]}}}
            for field in fields
            for form in forms
        ]
    )


def _phrase(query: Phrase) -> Dsl:
    fields = text_fields(query.field)
    if not fields:
        return _term(Term(query.field, query.text, (phrase_value(query),)))
    words = [[form for form in dict.fromkeys(forms) if _writable(form)] for forms in query.words]
    if not words or not all(words):
        return NONE
    if len(words) == 1:
        return _any_of(
            [
                {"term": {f"words.{field}": {"value": form, "boost": BOOST[field]}}}
                for field in fields
                for form in words[0]
            ]
        )
    rule = {
        "all_of": {"ordered": True, "max_gaps": query.slop, "intervals": [_alternatives(w) for w in words]}
    }
    return _any_of([{"intervals": {f"words.{field}": rule | {"boost": BOOST[field]}}} for field in fields])


def _alternatives(forms: Sequence[str]) -> Dsl:
    # The analyzer "keyword" takes each form as one token, as it is.
    each = [{"match": {"query": form, "analyzer": "keyword"}} for form in forms]
    return each[0] if len(each) == 1 else {"any_of": {"intervals": each}}


def _wildcard(query: Wildcard) -> Dsl:
    if query.pattern and not _writable(query.pattern):
        return NONE
    fields = text_fields(query.field)
    pattern = query.pattern.replace("\\", "\\\\")
    names = [f"words.{field}" for field in fields] or [_key(query.field)]
    return _any_of([{"wildcard": {name: {"value": pattern}}} for name in names])


def _time_range(query: TimeRange) -> Dsl:
    bounds = {
        name: micros(time) for name, time in (("gte", query.since), ("lt", query.until)) if time is not None
    }
    return {"range": {"time_us" if query.field == "published" else "fetched_us": bounds}}


def _keyword_range(query: KeywordRange) -> Dsl:
    bounds: dict[str, str] = {}
    if query.low is not None:
        low, cut = _bound(query.low)
        bounds["gte" if query.low_inclusive or cut else "gt"] = low
    if query.high is not None:
        high, cut = _bound(query.high)
        bounds["lte" if query.high_inclusive and not cut else "lt"] = high
    return {
        "bool": {"filter": [{"range": {_key(query.field): bounds}}, {"exists": {"field": _key(query.field)}}]}
    }


def _bound(value: str) -> tuple[str, bool]:
    """A bound that can be written, and whether it was cut.

    No value has a surrogate, so the bound is cut there and U+E000, the next character, takes its place.
    """
    for place, char in enumerate(value):
        if "\ud800" <= char <= "\udfff":
            return value[:place] + "\ue000", True
    return value, False
