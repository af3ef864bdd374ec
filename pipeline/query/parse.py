"""Lucene syntax → `pipeline.query.tree`. The only file that imports luqum.

Two words side by side must both occur, as people expect of a search box: the default operator is AND.
A word or phrase on "entities", "place", "topics" or "outlet" matches a whole value or whole words within
one, so that `entities:Putin` finds Vladimir Putin.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any

from luqum import tree as lucene
from luqum.exceptions import ParseError

# From Python 3.13 on luqum's stored tables do not fit and are made anew, which it tells at length on stderr.
with contextlib.redirect_stderr(io.StringIO()):
    from luqum.parser import lexer, parser

from pipeline import text as analysis
from pipeline.errors import QueryError
from pipeline.query.lucene import dates
from pipeline.query.lucene.source_text import QueryText
from pipeline.query.say import is_name
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
    Query,
    Term,
    TimeRange,
    Wildcard,
)
from pipeline.query.words.search_tokens import plain, words
from pipeline.query.words.spellings import spellings
from pipeline.query.words.wording import as_written, dropped_signs, loose, stray_sign, unsought_signs

FIELDS = TEXT_FIELDS + KEYWORD_FIELDS + TIME_FIELDS
# Values of these are names of several words, and people ask for one of the words.
NAME_FIELDS = ("entities", "place", "topics", "outlet")
LONGEST = 10_000
DEEPEST = 40
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
# Private-use characters stand for unescaped * and ? while a pattern is folded.
_ANY, _ONE = "\ue000", "\ue001"
_MARKS = {"*": _ANY, "?": _ONE}
# Words that are operators here in capitals.
_OPERATORS = ("and", "or", "not")
# How others say that words are near each other: NEAR/5, w/3.
_DISTANCE = re.compile(r"(?:NEAR|ADJ|WITHIN|PRE|ONEAR|W|N)/\d+", re.IGNORECASE)

# Many watches ask for the same words.
_as_written = lru_cache(maxsize=16_384)(as_written)


@dataclass(frozen=True, slots=True)
class _Unquoted:
    """An unquoted word: what it looks for, the first sign it cannot look for, and the signs ignored."""

    query: Query | None
    stray: str
    dropped: str


@lru_cache(maxsize=16_384)
def _unquoted(field: str | None, value: str) -> _Unquoted:
    return _Unquoted(loose(field, value), stray_sign(value), dropped_signs(value))


# A bound as written, and whether it belongs to the range.
_Bound = tuple[str, bool]


def parse(text: str, now: datetime | None = None) -> Query:
    """Parses a query.

    Args:
        text: Lucene syntax.
        now: What "now" means in date maths (UTC); without it, a query that needs it is refused.

    Raises:
        QueryError: It cannot be parsed; says where, and what is allowed.
    """
    fixed = _fixed(text)
    if isinstance(fixed, _NeedsNowError) and now is not None:
        fixed = _at(text, now)
    if isinstance(fixed, QueryError):
        raise fixed.with_traceback(None)
    return fixed.query


def notes(text: str) -> tuple[str, ...]:
    """What in a valid query may mean something else than its writer thinks, each with its column."""
    read = _fixed(text)
    if isinstance(read, _NeedsNowError):
        read = _at(text, datetime(2000, 1, 1, tzinfo=UTC))
    return () if isinstance(read, QueryError) else read.notes


@dataclass(frozen=True, slots=True)
class _Parsed:
    query: Query
    notes: tuple[str, ...]


def _read(text: str, now: datetime | None) -> _Parsed | QueryError:
    if len(text) > LONGEST:
        return QueryError(f"the query has {len(text)} characters; {LONGEST} are allowed")
    if not text.strip():
        return QueryError("the query is empty; * finds everything")
    try:
        return _parsed(QueryText.of(text), now)
    except RecursionError:
        return QueryError(f"the query is nested too deeply; {DEEPEST} levels are allowed")
    except QueryError as error:
        return error


def _parsed(source: QueryText, now: datetime | None) -> _Parsed:
    try:
        node = parser.parse(source.text, lexer=lexer.clone())
    except ParseError as error:
        raise _syntax(error, source) from None
    reader = _Reader(source, now)
    return _Parsed(reader.read(node, None, 0), tuple(reader.notes))


# A watch is asked for in many places, and parsing costs more than all of them: each text is parsed once.
@lru_cache(maxsize=16_384)
def _fixed(text: str) -> _Parsed | QueryError:
    """The query, if it does not depend on the time."""
    return _read(text, None)


# Articles of one poll have one time of arrival, so the same "now" is asked for many times.
_at = lru_cache(maxsize=4096)(_read)


def is_relative(text: str) -> bool:
    """Whether what a query finds depends on the time at which it is asked.

    >>> is_relative("drills AND published:[now-7d TO now]"), is_relative("drills now")
    (True, False)
    """
    return isinstance(_fixed(text), _NeedsNowError)


class _NeedsNowError(QueryError):
    """The query says now, and nobody said when that is."""


def _syntax(error: ParseError, source: QueryText) -> QueryError:
    message = str(error)
    found = re.search(r"at position (\d+)", message)
    column = source.column(int(found[1]) if found else len(source.text))
    bare = re.sub(r'\\.|"(?:[^"\\]|\\.)*"', "", source.text)
    if '"' in bare:
        return QueryError(
            f"column {source.column(source.text.rfind(chr(34)))}: a quotation mark has no partner"
        )
    if bare.count("(") > bare.count(")"):
        return QueryError(f"column {column}: a parenthesis is not closed")
    if bare.count(")") > bare.count("("):
        return QueryError(f"column {column}: a parenthesis is closed that was not opened")
    what = re.search(r"unexpected\s+'(.*)' at|Illegal character '(.*)' at", message, re.DOTALL)
    token = (what[1] or what[2] or "")[:20] if what else ""
    said = f"{token!r} cannot stand here" if token else "something is missing at the end"
    return QueryError(
        f'column {column}: {said}; allowed are words, "phrases", AND, OR, NOT, ( ), field:word, wild*cards '
        r"and [low TO high]; put a \ before a sign that is meant literally"
    )


def _distinct(parts: Iterable[Query], kind: type[And | Or]) -> tuple[Query, ...]:
    flat: dict[Query, None] = {}
    for part in parts:
        for each in part.parts if isinstance(part, kind) and not is_name(part) else (part,):
            flat[each] = None
    return tuple(flat)


def _all(parts: Iterable[Query]) -> Query:
    distinct = _distinct(parts, And)
    return distinct[0] if len(distinct) == 1 else And(distinct)


def _some(parts: Iterable[Query]) -> Query:
    distinct = _distinct(parts, Or)
    return distinct[0] if len(distinct) == 1 else Or(distinct)


class _Reader:
    """One luqum tree → one query."""

    def __init__(self, source: QueryText, now: datetime | None) -> None:
        self._source = source
        self._now = now
        self.notes: list[str] = []

    def _note(self, node: Any, message: str) -> None:
        self.notes.append(f"column {self._source.column(node.pos or 0)}: {message}")

    def _error(self, node: Any, message: str) -> QueryError:
        column = self._source.column(node.pos or 0)
        return QueryError(f"column {column}: {message}")

    def read(self, node: Any, field: str | None, depth: int) -> Query:
        if depth > DEEPEST:
            raise self._error(node, f"nested too deeply; {DEEPEST} levels are allowed")
        match node:
            case lucene.Group() | lucene.FieldGroup() | lucene.Plus():
                return self.read(node.children[0], field, depth + 1)
            case lucene.Boost():
                raise self._error(node, "a boost (^) means nothing: a query hits or not; leave it out")
            case lucene.Not() | lucene.Prohibit():
                return Not(self.read(node.children[0], field, depth + 1))
            case lucene.OrOperation():
                return self._either(node, field, depth)
            case lucene.AndOperation() | lucene.UnknownOperation():
                self._look_at(node)
                return _all(self.read(child, field, depth + 1) for child in node.children)
            case lucene.SearchField():
                return self._field(node, depth)
            case _:
                return self._leaf(node, field)

    def _look_at(self, node: Any) -> None:
        """Refuses what means nothing among words side by side, and notes what may be meant otherwise."""
        children = node.children
        pluses = [child for child in children if isinstance(child, lucene.Plus)]
        marked = lucene.Plus | lucene.Prohibit | lucene.Not
        side_by_side = isinstance(node, lucene.UnknownOperation)
        if side_by_side and pluses and not all(isinstance(child, marked) for child in children):
            raise self._error(pluses[0], "+ means nothing here: words side by side must all occur anyway")
        for child in children:
            if side_by_side and isinstance(child, lucene.Word) and child.value == "*":
                raise self._error(child, "* alone means nothing beside other words; put it within a word")
            if isinstance(child, lucene.OrOperation):
                self._note(child, "OR joins its two neighbours only; put ( ) around what belongs together")
        for first, second in pairwise(children):
            self._look_at_pair(first, second)

    def _look_at_pair(self, first: Any, second: Any) -> None:
        if isinstance(second, lucene.Prohibit) and second.children[0].head and first.tail:
            left_out = str(second.children[0]).strip()
            self._note(second, f'the spaced - leaves out ‘{left_out}’; put "…" around a name with a dash')
        if not isinstance(first, lucene.SearchField) or not isinstance(first.children[0], lucene.Word):
            return
        value = first.children[0].value
        several = isinstance(second, lucene.Word) and (
            first.name in TEXT_FIELDS or (first.name in NAME_FIELDS and second.value[:1].isupper())
        )
        if several:
            both = f'{first.name}:"{value} {second.value}"'
            self._note(
                second, f"‘{second.value}’ is looked for anywhere, not in {first.name}; or write {both}"
            )

    def _either(self, node: Any, field: str | None, depth: int) -> Query:
        # As Lucene has it: beside a part with + the others are optional; a part with - is always out.
        marked = [child for child in node.children if isinstance(child, lucene.Plus | lucene.Prohibit)]
        for child in node.children:
            if isinstance(child, lucene.AndOperation | lucene.UnknownOperation):
                self._note(child, "AND binds closer than OR; put ( ) around what belongs together")
            if isinstance(child, lucene.Prohibit):
                self._note(child, "- within OR leaves the word out of everything; write NOT for a choice")
        free = [child for child in node.children if child not in marked]
        musts = [self.read(child, field, depth + 1) for child in marked]
        either = [self.read(child, field, depth + 1) for child in free]
        if any(isinstance(child, lucene.Plus) for child in marked) or not either:
            return _all(musts)
        return _all([_some(either), *musts])

    def _field(self, node: Any, depth: int) -> Query:
        name = _ESCAPED.sub(r"\1", node.name)
        value = node.children[0]
        if name == "_exists_" and isinstance(value, lucene.Word):
            return Exists(self._known(value, value.value))
        if name == "*" and isinstance(value, lucene.Word) and value.value == "*":
            return Everything()
        return self.read(value, self._known(node, name), depth + 1)

    def _known(self, node: Any, name: str) -> str:
        if name in FIELDS:
            return name
        near = [_SYNONYMS[name]] if name in _SYNONYMS else difflib.get_close_matches(name, FIELDS, 1)
        hint = f", did you mean {near[0]}" if near else ""
        hint = ", put what has a colon in quotation marks" if name.isdigit() else hint
        raise self._error(node, f"there is no field {name!r}{hint}; the fields are {', '.join(FIELDS)}")

    def _leaf(self, node: Any, field: str | None) -> Query:
        match node:
            case lucene.Word():
                return self._word(node, field)
            case lucene.Phrase():
                return self._phrase(node, field, 0)
            case lucene.Proximity():
                if field in KEYWORD_FIELDS + TIME_FIELDS:
                    raise self._error(node, f"~ means nothing on {field}, which holds whole values")
                return self._phrase(node.children[0], field, int(node.degree))
            case lucene.Range() | lucene.From() | lucene.To():
                return self._range(node, field)
            case lucene.Fuzzy():
                raise self._error(node, "fuzzy search (word~) is not supported; use a wildcard such as wor*")
            case lucene.Regex():
                raise self._error(node, "regular expressions are not supported; use a wildcard such as wor*")
            case _:
                raise self._error(node, f"{str(node).strip()!r} is not supported here")

    def _word(self, node: Any, field: str | None) -> Query:
        value = _ESCAPED.sub(r"\1", node.value)
        if field in TIME_FIELDS:
            return Exists(field) if value == "*" else self._when(node, field, value)
        marked = re.sub(r"\\.|[*?]", lambda found: _MARKS.get(found[0], found[0][-1]), node.value)
        if marked == _ANY:
            return Exists(field) if field else Everything()
        if _ANY in marked or _ONE in marked:
            return self._wildcard(node, field, marked)
        if field in KEYWORD_FIELDS:
            return self._value(node, field, value)
        if node.value == "=":
            raise self._error(node, "= stands before a word, without a space")
        if node.value.startswith("="):
            return self._text(node, field, value[1:], 0)
        return self._loose(node, field, value)

    def _phrase(self, node: Any, field: str | None, slop: int) -> Query:
        value = _ESCAPED.sub(r"\1", node.value[1:-1])
        if field in TIME_FIELDS:
            return self._when(node, field, value)
        if field in KEYWORD_FIELDS:
            return self._value(node, field, value)
        found = self._text(node, field, value, slop)
        if signs := unsought_signs(value):
            self._note(node, f"the sign {signs} of ‘{value}’ is not looked for")
        if slop and len(analysis.words(value)) < 2:
            raise self._error(node, "~ means nothing after one word; it says how far apart several may stand")
        return found

    def _text(self, node: Any, field: str | None, value: str, slop: int) -> Query:
        found = _as_written(field, value, slop)
        if found is None:
            raise self._error(node, f"{value!r} has no letters or digits to look for")
        return found

    def _loose(self, node: Any, field: str | None, value: str) -> Query:
        read = _unquoted(field, value)
        if read.query is None:
            hint = f'; a sign with its word is written together, or as "… {value}"' if len(value) == 1 else ""
            raise self._error(node, f"{value!r} has no letters or digits to look for{hint}")
        if sign := read.stray:
            hint = "write OR between choices" if sign in "|，、；" else 'leave it out, or put the word in "…"'
            raise self._error(node, f"the sign {sign} in {value!r} cannot be looked for; {hint}")
        if signs := read.dropped:
            more = "; write OR between choices" if "," in signs or ";" in signs else ""
            self._note(node, f"the sign {signs} of ‘{value}’ is not looked for{more}")
        if value.lower() in _OPERATORS and field is None:
            self._note(node, f"looks for the word ‘{value}’; write {value.upper()} to join clauses")
        elif (value in spellings().operators_elsewhere or _DISTANCE.fullmatch(value)) and field is None:
            self._note(node, f"looks for the word ‘{value}’; the operators are AND, OR and NOT")
        return read.query

    def _value(self, node: Any, field: str, value: str) -> Query:
        folded = analysis.fold(value)
        if not folded:
            raise self._error(node, f"{field} needs a value")
        whole = Term(field, value, (folded,))
        if field not in NAME_FIELDS or "*" in folded or "?" in folded:
            return whole
        within = (f"{folded} *", f"* {folded}", f"* {folded} *")
        return Or((whole, *(Wildcard(field, pattern) for pattern in within)))

    def _wildcard(self, node: Any, field: str | None, marked: str) -> Query:
        folded = analysis.fold(marked)
        if field not in KEYWORD_FIELDS:
            folded = plain(folded)
            whole = folded.strip(_ANY)
            unspaced = len(whole) > 1 and words(whole) == list(whole)
            if unspaced and _ANY not in whole and _ONE not in whole:
                return self._text(node, field, whole, 0)  # no word of such a script ends anywhere
        pattern = folded.replace(_ANY, "*").replace(_ONE, "?")
        if field not in KEYWORD_FIELDS and re.fullmatch(r"[^*?]+\?", pattern):
            self._note(node, f"the ? of ‘{pattern}’ stands for one letter more; leave it out if it asks")
        if field not in KEYWORD_FIELDS:
            for part in re.split(f"[{_ANY}{_ONE}]+", folded):
                if part and words(part) != [part]:
                    raise self._error(node, f"a wildcard stands within one word, and {part!r} is not one")
        return Wildcard(field, pattern)

    def _range(self, node: Any, field: str | None) -> Query:
        low, high = self._bounds(node)
        if field in TIME_FIELDS:
            return self._period(node, field, low, high)
        if field not in KEYWORD_FIELDS:
            raise self._error(
                node, f"a range needs a field: one of {', '.join(TIME_FIELDS + KEYWORD_FIELDS)}"
            )
        folded = [analysis.fold(bound[0]) if bound else None for bound in (low, high)]
        return KeywordRange(field, folded[0], folded[1], not low or low[1], not high or high[1])

    def _bounds(self, node: Any) -> tuple[_Bound | None, _Bound | None]:
        if isinstance(node, lucene.From):
            return self._bound(node, node.children[0], node.include), None
        if isinstance(node, lucene.To):
            return None, self._bound(node, node.children[0], node.include)
        low, high = node.children
        return self._bound(node, low, node.include_low), self._bound(node, high, node.include_high)

    def _bound(self, node: Any, bound: Any, include: bool) -> _Bound | None:
        if isinstance(bound, lucene.Word) and bound.value == "*":
            return None
        if isinstance(bound, lucene.Word):
            return _ESCAPED.sub(r"\1", bound.value), bool(include)
        if isinstance(bound, lucene.Phrase):
            return _ESCAPED.sub(r"\1", bound.value[1:-1]), bool(include)
        raise self._error(node, f"{str(bound).strip()!r} cannot bound a range; put it in quotation marks")

    def _moment(self, node: Any, text: str) -> dates.Interval:
        if dates.is_relative(text) and self._now is None:
            raise _NeedsNowError("the query says now, which means nothing here")
        try:
            return dates.moment(text, self._now or datetime(2000, 1, 1, tzinfo=UTC))
        except ValueError as error:
            raise self._error(node, f"{error}; allowed is {dates.ALLOWED}") from None

    def _when(self, node: Any, field: str, value: str) -> Query:
        named = self._moment(node, value)
        return TimeRange(field, named.start, named.end)

    def _period(
        self, node: Any, field: str, low: tuple[str, bool] | None, high: tuple[str, bool] | None
    ) -> Query:
        since = until = None
        if low:
            named = self._moment(node, low[0])
            since = named.start if low[1] else named.end
        if high:
            named = self._moment(node, high[0])
            until = named.end if high[1] else named.start
        return TimeRange(field, since, until)


_SYNONYMS = {
    "body": "text", "content": "text", "headline": "title", "date": "published", "time": "published",
    "source": "outlet", "publisher": "outlet", "lang": "language", "location": "place", "country": "place",
    "name": "entities", "person": "entities", "organisation": "entities", "category": "topics",
}  # fmt: skip
