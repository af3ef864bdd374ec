"""The embedded store: one SQLite file, no server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from typing_extensions import override

from pipeline.ports import (
    ALL_REJECTIONS,
    Commit,
    Freshness,
    Identified,
    Lease,
    MemberRow,
    Naming,
    Period,
    PlacedLine,
    RejectionFilter,
    SearchHit,
    Store,
    StoryFilter,
    StoryOrder,
    Version,
)
from pipeline.query.fields import Indexed, from_micros, indexed, micros
from pipeline.query.tree import Query, Term
from pipeline.records import (
    Alert,
    ArticleRow,
    Change,
    Correction,
    Decision,
    DeliveryState,
    EnrichedArticle,
    FeedState,
    Lineage,
    Message,
    Rejection,
    Request,
    StoredArticle,
    Story,
    WatchState,
)
from pipeline.records.alerts import UNFINISHED
from pipeline.store.article_lines import light_state, line_from, names_in
from pipeline.store.codec import decode
from pipeline.store.copying import Movable, Piece
from pipeline.store.rules import leases
from pipeline.store.rules.messages import listed
from pipeline.store.sqlite import rows, statements, story_lists
from pipeline.store.sqlite.file import DatabaseFile
from pipeline.store.sqlite.schema import FILED, REFERRED, REINDEX, RERANK, VERSION
from pipeline.store.sqlite.terms import seen_from
from pipeline.text import fold, well_formed

Kind = TypeVar("Kind")
_ARTICLE = (
    "SELECT a.id, a.seq, a.story, a.backfill, t.traits, b.enriched FROM article a"
    " JOIN article_body b USING (seq) JOIN article_traits t USING (seq)"
)

# `hits` evaluates a query on this many numbers at a time, and reads this many hits at a time.
_STRETCH, _READ = 20_000, 200


class SqliteStore(Store, Movable):
    """Implements `pipeline.ports.Store` on one file.

    Args:
        path: The file.
        create: Whether to make it when it is missing.
        timeout_seconds: How long to wait for another writer.

    Raises:
        StoreError: It is not a Wirewatch store, or newer than this version, or cannot be opened.
        UnavailableError: It stayed locked for `timeout_seconds`.
    """

    def __init__(self, path: Path, *, create: bool = True, timeout_seconds: float = 30.0) -> None:
        self._file = DatabaseFile(
            path,
            create=create,
            timeout_seconds=timeout_seconds,
            steps={
                REINDEX: statements.reindex,
                RERANK: statements.rerank,
                REFERRED: statements.refer,
                FILED: statements.file_by,
            },
        )

    @override
    def close(self) -> None:
        self._file.close()

    @override
    def stop_when(self, given_up: Callable[[], bool]) -> None:
        self._file.stop_when(given_up)

    # -- writing -----------------------------------------------------------------------------------------

    @override
    def acquire(self, name: str, owner: str, now: datetime, seconds: float) -> Lease:
        expires = now + timedelta(seconds=seconds)
        with self._file.writing():
            rows = self._file.rows("SELECT owner, token, expires FROM lease WHERE name = ?", (name,))
            holder, token, until = rows[0] if rows else ("", 0, 0)
            if holder and holder != owner and leases.is_held(from_micros(until), now):
                raise leases.held(name, holder, from_micros(until), now)
            token += holder != owner
            sql = "INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?)"
            self._file.run(sql, (name, owner, token, micros(expires)))
        return Lease(name, owner, token, expires)

    @override
    def release(self, lease: Lease) -> None:
        with self._file.writing():
            sql = "UPDATE lease SET owner = '', expires = 0 WHERE name = ? AND owner = ? AND token = ?"
            self._file.run(sql, (lease.name, lease.owner, lease.token))

    def _fence(self, lease: Lease | None) -> None:
        if lease is None:
            return
        sql = "SELECT 1 FROM lease WHERE name = ? AND owner = ? AND token = ?"
        if not self._file.rows(sql, (lease.name, lease.owner, lease.token)):
            raise leases.lost(lease.name)

    @override
    def commit(self, commit: Commit, lease: Lease | None = None) -> None:
        with self._file.writing():
            self._fence(lease)
            statements.apply(self._file, commit)

    @override
    def drop_before(self, time: datetime, lease: Lease) -> int:
        with self._file.writing():
            self._fence(lease)
            return statements.drop_before(self._file, micros(time))

    @override
    def optimize(self, before: datetime) -> int:
        """Lets SQLite refresh the statistics of its query planner; nothing has to be merged."""
        self._file.run("PRAGMA optimize")
        return 0

    @override
    def pieces(self) -> Iterator[Piece]:
        return rows.pieces(self._file)

    @override
    def put_piece(self, piece: Piece) -> None:
        rows.put(self._file, piece)

    # -- articles ----------------------------------------------------------------------------------------

    @override
    def head(self) -> int:
        return int(self._file.one("SELECT value FROM number WHERE name = 'head'")[0])

    @override
    def find(self, keys: Sequence[str]) -> dict[str, str]:
        """If several articles have a key, the one that came first."""
        asked = {well_formed(key): key for key in keys}
        sql = (
            "SELECT i.key, a.id FROM identity i JOIN article a USING (seq) WHERE i.key IN ({})"
            " ORDER BY i.key, i.seq DESC"  # the last one to be put into the dict came first
        )
        return {asked[key]: article for key, article in self._consistent(sql, asked)}

    @override
    def articles(self, ids: Sequence[str]) -> dict[str, StoredArticle]:
        asked = {well_formed(each): each for each in ids}
        return {
            asked[row[0]]: _stored(row) for row in self._consistent(f"{_ARTICLE} WHERE a.id IN ({{}})", asked)
        }

    @override
    def lines(self, ids: Sequence[str]) -> dict[str, ArticleRow]:
        asked = {well_formed(each): each for each in ids}
        sql = (
            "SELECT a.id, b.enriched, a.seq, a.story FROM article a JOIN article_body b USING (seq)"
            " WHERE a.id IN ({})"
        )
        return {asked[row[0]]: line_from(*row[1:]) for row in self._consistent(sql, asked)}

    @override
    def placed_lines(self, ids: Sequence[str]) -> dict[str, PlacedLine]:
        asked = {well_formed(each): each for each in ids}
        sql = (
            "SELECT a.id, d.document, b.enriched, a.seq, a.story FROM article a"
            " JOIN article_body b USING (seq) LEFT JOIN decision d ON d.article = a.id WHERE a.id IN ({})"
        )
        return {
            asked[name]: PlacedLine(line_from(*line), decode(Decision, document) if document else None)
            for name, document, *line in self._consistent(sql, asked)
        }

    @override
    def naming(self, entity: str, limit: int) -> list[Naming]:
        from pipeline.store.sqlite.expressions import NOTHING, Expressions

        named = Expressions(self._file).of(Term("entities", entity, (fold(entity),))) or NOTHING
        # The full-text index starts with the newest, and goes no further than `limit`.
        sql = (
            "SELECT a.seq, a.time, a.story, b.enriched FROM article_index f"
            " CROSS JOIN article a ON a.seq = f.rowid CROSS JOIN article_body b ON b.seq = f.rowid"
            " WHERE article_index MATCH ? ORDER BY f.rowid DESC LIMIT ?"
        )
        return [
            Naming(seq, from_micros(time), story, names_in(record))
            for seq, time, story, record in self._file.rows(sql, (named, limit))
        ]

    @override
    def between(self, after: int, upto: int) -> Iterator[StoredArticle]:
        sql = f"{_ARTICLE} WHERE a.seq > ? AND a.seq <= ? ORDER BY a.seq"
        return map(_stored, self._file.stream(sql, (after, upto)))

    @override
    def hits(
        self, query: Query, after: int, upto: int, *, newest_first: bool = False
    ) -> Iterator[StoredArticle]:
        """Evaluates the query on one stretch of numbers after another, and reads the hits in pieces."""
        from pipeline.store.sqlite.queries import Queries

        starts = range(after, min(upto, self.head()), _STRETCH)
        for start in reversed(starts) if newest_first else starts:
            with self._file.reading():
                found = Queries(self._file).between(query, start, min(start + _STRETCH, upto)).tolist()
            if newest_first:
                found.reverse()
            for place in range(0, len(found), _READ):
                piece = found[place : place + _READ]
                marks = ", ".join("?" * len(piece))
                order = "DESC" if newest_first else "ASC"
                sql = f"{_ARTICLE} WHERE a.seq IN ({marks}) ORDER BY a.seq {order}"
                yield from map(_stored, self._file.rows(sql, piece))

    @override
    def versions(self, article: str) -> list[Version]:
        sql = "SELECT document FROM version WHERE article = ? ORDER BY place"
        return self._documents(Version, sql, article)

    @override
    def search(self, query: Query, since: datetime | None, limit: int) -> list[SearchHit]:
        """The relevance is BM25 with a weight of 4 for words in the title."""
        from pipeline.store.sqlite.queries import Queries

        with self._file.reading():
            ranked = Queries(self._file).ranked(query, since, limit)
            rows = self._file.rows_of(f"{_ARTICLE} WHERE a.seq IN ({{}})", (seq for seq, _ in ranked))
            found = {row[1]: _stored(row) for row in rows}
        return [SearchHit(found[seq], score) for seq, score in ranked]

    @override
    def searchable(self, articles: Sequence[StoredArticle]) -> list[Indexed]:
        """Read from what was stored; nothing is analyzed again."""
        sql = (
            "SELECT a.seq, b.terms, a.story_key, a.time, a.fetched FROM article a"
            " JOIN article_body b USING (seq) WHERE a.seq IN ({})"
        )
        found = {
            row[0]: seen_from(*row[1:]) for row in self._consistent(sql, (each.seq for each in articles))
        }
        return [found.get(each.seq) or indexed(each) for each in articles]

    @override
    def match(self, queries: Mapping[str, Query], after: int, upto: int) -> dict[str, list[str]]:
        """The stored terms are matched here, so the cost does not depend on the size of the store."""
        from pipeline.query.evaluate import matched

        sql = (
            "SELECT a.id, b.terms, a.story_key, a.time, a.fetched FROM article a"
            " JOIN article_body b USING (seq) WHERE a.seq > ? AND a.seq <= ? ORDER BY a.seq"
        )
        rows = self._file.stream(sql, (after, upto))
        return matched(queries, ((row[0], seen_from(*row[1:])) for row in rows))

    # -- changes -----------------------------------------------------------------------------------------

    @override
    def last_change(self) -> int:
        return int(self._file.one("SELECT value FROM number WHERE name = 'changes'")[0])

    @override
    def changes(self, after: int, upto: int) -> Iterator[Change]:
        return map(
            rows.change, self._file.stream(f"{rows.CHANGE} WHERE n > ? AND n <= ? ORDER BY n", (after, upto))
        )

    @override
    def changes_of(self, articles: Sequence[str]) -> list[Change]:
        found = self._consistent(f"{rows.CHANGE} WHERE article IN ({{}})", map(well_formed, articles))
        return sorted(map(rows.change, found), key=lambda change: change.n)

    @override
    def changes_since(self, time: datetime) -> int:
        first = self._file.one("SELECT min(n) FROM change WHERE at >= ?", (micros(time),))[0]
        return self.last_change() if first is None else int(first) - 1

    @override
    def amendments(self, after: int) -> list[Change]:
        sql = f"{rows.CHANGE} WHERE n > ? AND kind <> 'arrival' ORDER BY n"
        return [rows.change(row) for row in self._file.rows(sql, (after,))]

    # -- stories -----------------------------------------------------------------------------------------

    @override
    def active(self, published: Sequence[Period], fetched: Sequence[Period] = ()) -> Iterator[MemberRow]:
        stories, bounds = _active(published, fetched)
        sql = (
            "SELECT a.id, a.story, a.seq, t.traits FROM ("  # noqa: S608  our own names
            f" SELECT seq FROM article WHERE story IN ({stories}) ORDER BY seq"
            ") AS m CROSS JOIN article a USING (seq) CROSS JOIN article_traits t USING (seq) ORDER BY a.seq"
        )
        yield from map(MemberRow._make, self._file.stream(sql, bounds))

    @override
    def active_stories(self, published: Sequence[Period], fetched: Sequence[Period] = ()) -> set[str]:
        return {story for (story,) in self._file.stream(*_active(published, fetched))}

    @override
    def arrived(self, after: int) -> list[MemberRow]:
        sql = (
            "SELECT a.id, a.story, a.seq, t.traits FROM article a JOIN article_traits t USING (seq)"
            " WHERE a.seq > ? ORDER BY a.seq"
        )
        return list(map(MemberRow._make, self._file.stream(sql, (after,))))

    @override
    def members(self, stories: Sequence[str], upto: int) -> list[MemberRow]:
        sql = (
            "SELECT a.id, a.story, a.seq, t.traits FROM article a JOIN article_traits t USING (seq)"
            " WHERE a.story IN ({})"
        )
        found = map(MemberRow._make, self._consistent(sql, map(well_formed, stories)))
        return [row for row in found if row.seq <= upto]

    @override
    def times(self, story: str) -> list[datetime]:
        sql = "SELECT time FROM article WHERE story = ? ORDER BY seq"
        return [from_micros(row[0]) for row in self._file.rows(sql, (well_formed(story),))]

    @override
    def stories(self, ids: Sequence[str]) -> dict[str, Story]:
        asked = {well_formed(each): each for each in ids}
        rows = self._consistent("SELECT id, document FROM story WHERE id IN ({})", asked)
        return {asked[name]: decode(Story, document) for name, document in rows}

    @override
    def newest_stories(self, since: datetime | None, query: Query | None, limit: int) -> list[Story]:
        return self.story_page(StoryFilter(since=since, query=query), "new", limit)

    @override
    def story_page(
        self, wanted: StoryFilter, order: StoryOrder, limit: int, after: tuple[int, float, str] | None = None
    ) -> list[Story]:
        with self._file.reading():
            found = story_lists.page(self._file, wanted, order, limit, after)
        return [decode(Story, document) for document in found]

    @override
    def count_stories(self, wanted: StoryFilter, most: int) -> int:
        return story_lists.count(self._file, wanted, most)

    @override
    def beginning(self, kind: Identified, prefix: str, limit: int) -> list[str]:
        return story_lists.beginning(self._file, kind, well_formed(prefix), limit)

    @override
    def rejection(self, name: str) -> Rejection | None:
        found = self._documents(Rejection, "SELECT document FROM rejection WHERE id = ?", name)
        return found[0] if found else None

    @override
    def decision(self, article: str) -> Decision | None:
        found = self._documents(Decision, "SELECT document FROM decision WHERE article = ?", article)
        return found[0] if found else None

    @override
    def near(self, stories: Sequence[str], limit: int) -> list[Decision]:
        marks = ", ".join("?" * len(stories))
        sql = f"SELECT document FROM decision WHERE near IN ({marks})"  # noqa: S608  # marks
        sql += " ORDER BY near_score DESC, article LIMIT ?"
        return self._documents(Decision, sql, *map(well_formed, stories), limit)

    @override
    def lineage(self, story: str) -> list[Lineage]:
        sql = (
            "WITH RECURSIVE kin (id) AS (SELECT ? UNION SELECT l.story FROM lineage l JOIN kin"
            " ON l.into_story = kin.id)"
            " SELECT story, into_story, kind, at, by FROM lineage"
            " WHERE story IN (SELECT id FROM kin) OR into_story IN (SELECT id FROM kin)"
            " ORDER BY at, story, into_story, kind, by"
        )
        rows = self._file.rows(sql, (well_formed(story),))
        return [Lineage(old, new, kind, from_micros(at), by) for old, new, kind, at, by in rows]

    @override
    def corrections(self) -> list[Correction]:
        return self._documents(Correction, "SELECT document FROM correction ORDER BY at, id")

    @override
    def requests(self, *, unfinished: bool = False) -> list[Request]:
        every = "SELECT document FROM request ORDER BY at, id"
        open_ones = "SELECT document FROM request WHERE done = 0 ORDER BY at, id"
        return self._documents(Request, open_ones if unfinished else every)

    # -- state -------------------------------------------------------------------------------------------

    @override
    def learned(self, keys: Sequence[str]) -> dict[str, bytes]:
        asked = {well_formed(each): each for each in keys}
        rows = self._consistent("SELECT key, value FROM learned WHERE key IN ({})", asked)
        return {asked[row[0]]: row[1] for row in rows}

    @override
    def mark(self, name: str) -> str:
        rows = self._file.rows("SELECT value FROM mark WHERE name = ?", (well_formed(name),))
        return rows[0][0] if rows else ""

    @override
    def feeds(self, *, light: bool = False) -> dict[str, FeedState]:
        read = light_state if light else partial(decode, FeedState)
        found = [read(row[0]) for row in self._file.rows("SELECT document FROM feed ORDER BY id")]
        return {state.feed: state for state in found}

    @override
    def freshness(self) -> Freshness:
        sql = "SELECT value, (SELECT max(at) FROM feed_success) FROM number WHERE name = 'head'"
        head, fetched = self._file.one(sql)
        return Freshness(int(head), None if fetched is None else from_micros(fetched))

    @override
    def rejections(
        self,
        wanted: RejectionFilter = ALL_REJECTIONS,
        limit: int | None = None,
        after: tuple[datetime, str] | None = None,
    ) -> list[Rejection]:
        chosen = {
            "source": wanted.source, "place": wanted.place, "stage": wanted.stage, "reason": wanted.reason
        }  # fmt: skip
        conditions = [f"r.{name} = ?" for name, value in chosen.items() if value]
        values: list[str | int] = [value for value in chosen.values() if value]
        if after is not None:
            at, name = after
            conditions.append("(r.at < ? OR (r.at = ? AND r.id > ?))")
            values += [micros(at), micros(at), name]
        sql = (
            "SELECT d.document FROM rejection_rank r CROSS JOIN rejection d USING (id)"  # noqa: S608  our own
            f" WHERE {' AND '.join(conditions) or '1'} ORDER BY r.at DESC, r.id LIMIT ?"
        )
        return self._documents(Rejection, sql, *values, -1 if limit is None else limit)

    @override
    def count_rejections(self, by: Literal["reason", "place"], most: int) -> list[tuple[str, int]]:
        sql = f"SELECT {by}, count(*) FROM rejection_rank GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?"  # noqa: S608  one of two
        return [(name, count) for name, count in self._file.rows(sql, (most,))]

    # -- alerts ------------------------------------------------------------------------------------------

    @override
    def tellings(self, watch: str, stories: Sequence[str] | None = None) -> dict[str, WatchState]:
        name = well_formed(watch)
        if stories is None:
            sql = "SELECT document FROM telling WHERE watch = ? ORDER BY story"
            found = self._documents(WatchState, sql, name)
        else:
            pairs = ((name, well_formed(story)) for story in dict.fromkeys(stories))
            sql = "SELECT document FROM telling WHERE watch = ? AND story = ?"
            with self._file.reading():
                found = [each for pair in pairs for each in self._documents(WatchState, sql, *pair)]
        return {each.story: each for each in found}

    @override
    def tellings_of(self, stories: Sequence[str]) -> list[WatchState]:
        sql = "SELECT document FROM telling WHERE story IN ({})"
        rows = self._consistent(sql, map(well_formed, stories))
        return sorted((decode(WatchState, row[0]) for row in rows), key=lambda each: (each.watch, each.story))

    @override
    def alerts(self, watch: str | None = None, since: datetime | None = None) -> list[Alert]:
        """`since` bounds when they were decided."""
        first = micros(since) if since else -(1 << 63)
        if watch is None:
            sql = "SELECT document FROM alert WHERE at >= ? ORDER BY seq, id"
            return self._documents(Alert, sql, first)
        sql = "SELECT document FROM alert WHERE at >= ? AND watch = ? ORDER BY seq, id"
        return self._documents(Alert, sql, first, watch)

    @override
    def messages_of(self, watch: str, alerts: Sequence[str]) -> list[Message]:
        sql = (
            "SELECT DISTINCT m.id, m.document FROM message_alert x JOIN message m ON m.id = x.message"
            " WHERE x.alert IN ({})"
        )
        rows = dict(self._consistent(sql, map(well_formed, alerts)))
        return listed(watch, (decode(Message, document) for document in rows.values()))

    @override
    def outbox(self, states: Sequence[DeliveryState] = UNFINISHED) -> list[Message]:
        marks = ", ".join("?" * len(states))
        sql = f"SELECT document FROM message WHERE state IN ({marks}) ORDER BY due, id"  # noqa: S608  # marks
        return self._documents(Message, sql, *states)

    # -- telling about itself ----------------------------------------------------------------------------

    @override
    def describe(self) -> dict[str, str | int]:
        with self._file.reading():
            articles = self._file.one("SELECT count(*) FROM article")[0]
            stories = self._file.one("SELECT count(*) FROM story")[0]
        return {
            "kind": "sqlite",
            "place": str(self._file.path),
            "schema": VERSION,
            "articles": articles,
            "stories": stories,
        }

    @override
    def damage(self) -> list[str]:
        return self._file.damage()

    def _documents(self, kind: type[Kind], sql: str, *values: str | int) -> list[Kind]:
        bound = [well_formed(each) if isinstance(each, str) else each for each in values]
        return [decode(kind, row[0]) for row in self._file.rows(sql, bound)]

    def _consistent(self, sql: str, keys: Iterable[object]) -> list[tuple[Any, ...]]:
        with self._file.reading():
            return list(self._file.rows_of(sql, keys))


def _active(published: Sequence[Period], fetched: Sequence[Period]) -> tuple[str, list[int]]:
    """The statement that finds the stories with an article in one of some periods, and its values."""
    within = ["time BETWEEN ? AND ?"] * len(published) + ["fetched BETWEEN ? AND ?"] * len(fetched)
    bounds = [micros(time) for period in (*published, *fetched) for time in period]
    return f"SELECT DISTINCT story FROM article WHERE {' OR '.join(within) or '0'}", bounds  # noqa: S608  our own


def _stored(row: tuple[Any, ...]) -> StoredArticle:
    _, seq, story, backfill, traits, enriched = row
    return StoredArticle(decode(EnrichedArticle, enriched), seq, story, traits, bool(backfill))
