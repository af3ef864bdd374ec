"""Queries over the SQLite store: what FTS5 cannot express is worked out on sets of sequence numbers.

Time, story, "not" on its own and phrases with gaps are evaluated on sorted arrays. Candidates that FTS5 finds
only roughly are checked against the stored tokens, so that the hits are those of `pipeline.query.evaluate`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING, TypeAlias

from pipeline.query.evaluate import checked, holds
from pipeline.query.fields import Indexed, micros
from pipeline.query.tree import TIME_FIELDS, And, Everything, Exists, Not, Or, Phrase, Query, Term, TimeRange
from pipeline.store.rules import ranking
from pipeline.store.sqlite.expressions import NOTHING, Expressions, Words, any_of, positive, writable
from pipeline.store.sqlite.file import DatabaseFile
from pipeline.store.sqlite.schema import WEIGHTS
from pipeline.store.sqlite.terms import seen_from

if (
    TYPE_CHECKING
):  # numpy is loaded where sets of numbers are worked on: most searches are one expression of FTS5
    import numpy as np
    from numpy.typing import NDArray

Seqs: TypeAlias = "NDArray[np.int64]"
_SCORE = f"-bm25(article_index, {', '.join(map(str, WEIGHTS))})"
_FIRST, _LAST = -(1 << 63), (1 << 63) - 1
# A query that may hit most articles is tried on this many of the newest first.
_BLOCKS = (20_000, 100_000)
# A window of time with at most this many articles is first turned into a span of numbers, in a few
# milliseconds.
_SHORT = 50_000
# Where hits are wanted among at most this many numbers, SQLite filters by these numbers itself.
_FEW = 20_000


class Queries:
    """Evaluates queries on one file, inside one transaction of the caller.

    Args:
        file: The store's file.
    """

    def __init__(self, file: DatabaseFile) -> None:
        self._file = file
        self._expressions = Expressions(file)

    def hits(self, query: Query) -> Seqs:
        """The sequence numbers of all articles that a query hits, ascending.

        Raises:
            QueryError: It names a field that does not exist, or that is of the wrong kind.
        """
        return self._set(checked(query), None)

    def between(self, query: Query, after: int, upto: int) -> Seqs:
        """The hits with after < seq <= upto, ascending.

        Raises:
            QueryError: It names a field that does not exist, or that is of the wrong kind.
        """
        every = self._seqs("SELECT seq FROM article WHERE seq > ? AND seq <= ?", (after, upto))
        return _both(every, self._set(checked(query), every)) if len(every) else every

    def among(self, query: Query, seqs: Iterable[int]) -> Seqs:
        """The hits among some numbers, ascending; the cost grows with how many these are.

        Raises:
            QueryError: It names a field that does not exist, or that is of the wrong kind.
        """
        asked, some = checked(query), _array(seqs)
        return _both(some, self._set(asked, some)) if len(some) else some

    def stories(self, query: Query) -> tuple[str, tuple[object, ...]]:
        """A statement that gives the stories of all hits, with its values.

        Raises:
            QueryError: It names a field that does not exist, or that is of the wrong kind.
        """
        expression = self._expressions.of(checked(query))
        if expression is not None:
            # CROSS JOIN puts the full-text index first, so that it is asked once and not for each story.
            sql = (
                "SELECT a.story FROM article_index f CROSS JOIN article a ON a.seq = f.rowid"
                " WHERE article_index MATCH ?"
            )
            return sql, (expression,)
        sql = "SELECT story FROM article WHERE seq IN (SELECT value FROM json_each(?))"
        return sql, (json.dumps(self.hits(query).tolist()),)

    def ranked(self, query: Query, since: datetime | None, limit: int) -> list[tuple[int, float]]:
        """(seq, score) of the best hits, best first, ties by seq.

        Raises:
            QueryError: It names a field that does not exist, or that is of the wrong kind.
        """
        expression = self._expressions.of(checked(query))
        window = TimeRange("published", since, None)
        most = ranking.candidates(limit)
        if expression is not None:
            rest, values = self._matching(expression, [window] if since else [])
            # The full-text index starts with the newest, and scores only the rows that it returns.
            newest = f"SELECT f.rowid AS seq, {_SCORE} AS score {rest} ORDER BY f.rowid DESC LIMIT ?"
            sql = f"SELECT seq, score FROM ({newest}) ORDER BY score DESC, seq LIMIT ?"  # noqa: S608
            return [(seq, score) for seq, score in self._file.rows(sql, (*values, most, limit))]
        hits = self._newest(And((query, window)) if since else query, most)
        return self._scored(query, hits, limit)

    def _newest(self, query: Query, most: int) -> Seqs:
        """The newest hits, at most `most`, ascending; all where `most` is negative."""
        if most > 0 and _dense(query):
            for size in _BLOCKS:
                newest = self._seqs("SELECT seq FROM article ORDER BY seq DESC LIMIT ?", (size,))
                found = _both(newest, self._set(query, newest))
                if len(found) >= most:
                    return found[-most:]
        found = self._set(query, None)
        return found[-most:] if most > 0 else found

    def _scored(self, query: Query, hits: Seqs, limit: int) -> list[tuple[int, float]]:
        parts = [each for leaf in positive(query) if (each := self._expressions.of(leaf)) is not None]
        scores: dict[int, float] = {}
        if parts and len(hits):
            # The plus keeps SQLite from asking the full-text index once for each number.
            sql = (
                f"SELECT rowid, {_SCORE} FROM article_index WHERE article_index MATCH ?"  # noqa: S608  our own
                " AND rowid BETWEEN ? AND ? AND +rowid IN (SELECT value FROM json_each(?))"
            )
            seqs = hits.tolist()
            scores = dict(self._file.rows(sql, (any_of(parts), seqs[0], seqs[-1], json.dumps(seqs))))
        ranked = sorted((-scores.get(seq, 0.0), seq) for seq in hits.tolist())[:limit]
        return [(seq, -score) for score, seq in ranked]

    def _set(self, query: Query, within: Seqs | None) -> Seqs:
        """The hits; if `within` is given, hits outside it may be left out."""
        expression = self._expressions.of(query)
        if expression is not None:
            return self._match(expression, [], within)
        match query:
            case And(parts):
                return self._intersection(parts, within)
            case Or(parts):
                return _union(self._set(part, within) for part in parts)
            case Not(part):
                every = self._every() if within is None else within
                return _without(every, self._set(part, every))
            case TimeRange():
                condition, values = _condition(query)
                sql = f"SELECT seq FROM article a WHERE {condition} AND +seq BETWEEN ? AND ?"  # noqa: S608
                return self._seqs(sql, (*values, *_ends(within)))
        return self._leaf(query, within)

    def _leaf(self, query: Query, within: Seqs | None) -> Seqs:
        if isinstance(query, Everything) or (isinstance(query, Exists) and query.field != "story"):
            return self._every() if within is None else within  # every article has times
        if getattr(query, "field", None) == "story":
            return self._story(query, within)
        words = self._expressions.words(query)
        if words is not None:
            return self._pieces(words, within)
        return self._verified(query, within) if isinstance(query, Phrase) else self._every()

    def _intersection(self, parts: Sequence[Query], within: Seqs | None) -> Seqs:
        spoken = [part for part in parts if not isinstance(part, Not) and self._expressions.of(part)]
        times = [part for part in parts if isinstance(part, TimeRange)]
        rest = [part for part in parts if part not in spoken]
        found = within
        if spoken:
            rest = [part for part in rest if part not in times]
            expression = self._expressions.of(And(tuple(spoken))) or NOTHING
            found = _both(found, self._match(expression, times, within))
        # Not, and phrases that are checked article by article, come last, when few articles are left.
        for part in sorted(rest, key=lambda part: isinstance(part, Phrase | Not)):
            found = _both(found, self._set(part, found))
        return self._every() if found is None else found

    def _pieces(self, words: Words, within: Seqs | None) -> Seqs:
        """The hits of more words than fit in one expression; stops as soon as no article is left."""
        every = left = self._every() if within is None else within
        for piece in words.pieces():
            if not len(left):
                break
            left = _without(left, self._match(piece, [], left))
        return _without(every, left)

    def _verified(self, query: Phrase, within: Seqs | None) -> Seqs:
        candidates = _both(within, self._match(self._expressions.nearby(query), [], within))
        return _array(seq for seq, seen in self.seen(candidates) if holds(query, seen))

    def seen(self, seqs: Seqs) -> Iterator[tuple[int, Indexed]]:
        """The searchable sides of articles, ascending by sequence number."""
        sql = (
            "SELECT a.seq, b.terms, a.story_key, a.time, a.fetched FROM article a"
            " JOIN article_body b USING (seq) WHERE a.seq IN ({}) ORDER BY a.seq"
        )
        for seq, terms, story, published, fetched in self._file.rows_of(sql, seqs.tolist()):
            yield seq, seen_from(terms, story, published, fetched)

    def _story(self, query: Query, within: Seqs | None) -> Seqs:
        if within is not None and len(within) <= _FEW:
            sql = "SELECT seq, story_key FROM article WHERE seq IN (SELECT value FROM json_each(?))"
            keys_of = self._file.rows(sql, (json.dumps(within.tolist()),))
            return _array(seq for seq, story in keys_of if holds(query, _story_only(story)))
        if isinstance(query, Term):
            keys = [form for form in query.forms if writable(form)]
        else:
            rows = self._file.rows("SELECT DISTINCT story_key FROM article")
            keys = [row[0] for row in rows if holds(query, _story_only(row[0]))]
        found = self._file.rows_of("SELECT seq FROM article WHERE story_key IN ({})", keys)
        return _array(row[0] for row in found)

    def _every(self) -> Seqs:
        return self._seqs("SELECT seq FROM article", ())

    def _match(self, expression: str, times: Sequence[TimeRange], within: Seqs | None) -> Seqs:
        rest, values = self._matching(expression, times)
        sql = f"SELECT f.rowid {rest} AND f.rowid BETWEEN ? AND ?"
        if within is not None and len(within) <= _FEW:
            # The plus keeps SQLite from asking the full-text index once for each number.
            sql += " AND +f.rowid IN (SELECT value FROM json_each(?))"
            values = (*values, *_ends(within), json.dumps(within.tolist()))
            return self._seqs(sql, values)
        return self._seqs(sql, (*values, *_ends(within)))

    def _matching(self, expression: str, times: Sequence[TimeRange]) -> tuple[str, tuple[object, ...]]:
        """FROM and WHERE for an expression's hits in windows of time; the full-text index comes first."""
        join = "CROSS JOIN article a ON a.seq = f.rowid " if times else ""
        conditions: list[str] = ["article_index MATCH ?"]
        bounds: list[object] = [expression]
        for each in times:
            condition, window = _condition(each)
            conditions.append(condition)
            bounds += window
            if (span := self._span(condition, window)) is not None:
                conditions.append("f.rowid BETWEEN ? AND ?")
                bounds += span
        return f"FROM article_index f {join}WHERE {' AND '.join(conditions)}", tuple(bounds)

    def _span(self, condition: str, window: tuple[int, int]) -> tuple[int, int] | None:
        """The first and last number of a short window, so that only hits between them are looked at."""
        inside = f"SELECT seq FROM article a WHERE {condition} LIMIT {_SHORT + 1}"  # noqa: S608  our own
        sql = f"SELECT count(*), coalesce(min(seq), 0), coalesce(max(seq), -1) FROM ({inside})"  # noqa: S608
        count, first, last = self._file.one(sql, window)
        return (first, last) if count <= _SHORT else None

    def _seqs(self, sql: str, values: Sequence[object]) -> Seqs:
        return _array(row[0] for row in self._file.rows(sql, values))


def _condition(query: TimeRange) -> tuple[str, tuple[int, int]]:
    column = "time" if query.field == "published" else "fetched"
    since = _FIRST if query.since is None else micros(query.since)
    until = _LAST if query.until is None else micros(query.until) - 1
    return f"a.{column} BETWEEN ? AND ?", (since, until)


def _dense(query: Query) -> bool:
    """Whether a query demands no word or value of an article, so that it may hit nearly all of them."""
    match query:
        case And(parts):
            return all(map(_dense, parts))
        case Or(parts):
            return any(map(_dense, parts))
        case Exists(field):
            return field in TIME_FIELDS
        case _:
            return isinstance(query, Not | TimeRange | Everything)


def _ends(within: Seqs | None) -> tuple[int, int]:
    """The first and last of some numbers; the widest possible bounds where `within` is None."""
    if within is None:
        return _FIRST, _LAST
    return (int(within[0]), int(within[-1])) if len(within) else (0, -1)


def _story_only(story_key: str) -> Indexed:
    return Indexed({}, {}, {"story": (story_key,) if story_key else ()}, 0, 0)


def _array(seqs: Iterable[int]) -> Seqs:
    import numpy as np

    return np.unique(np.fromiter(seqs, dtype=np.int64))


def _both(first: Seqs | None, second: Seqs) -> Seqs:
    import numpy as np

    return second if first is None else np.intersect1d(first, second, assume_unique=True)


def _without(first: Seqs, second: Seqs) -> Seqs:
    import numpy as np

    return np.setdiff1d(first, second, assume_unique=True)


def _union(sets: Iterable[Seqs]) -> Seqs:
    import numpy as np

    return reduce(np.union1d, sets, np.empty(0, dtype=np.int64))
