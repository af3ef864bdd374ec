"""A commit as statements. Everything here runs inside one transaction of the caller."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from pipeline.errors import StoreError
from pipeline.ports import Commit, Version
from pipeline.query.fields import folded, indexed, micros
from pipeline.records import (
    Change,
    Decision,
    EnrichedArticle,
    FeedState,
    Message,
    Rejection,
    StoredArticle,
    Story,
)
from pipeline.store.codec import decode, encode
from pipeline.store.copying import Piece
from pipeline.store.rules.numbering import Numbers, Placed, numbered
from pipeline.store.rules.retention import shrunk
from pipeline.store.sqlite.file import DatabaseFile, Row
from pipeline.store.sqlite.schema import INDEX_COLUMNS
from pipeline.store.sqlite.terms import columns, is_value, packed, unpacked
from pipeline.text import well_formed

_COLUMNS = ", ".join(INDEX_COLUMNS)
_ADD_TERMS = f"INSERT INTO article_index (rowid, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608  our own names
_TAKE_TERMS = (
    f"INSERT INTO article_index (article_index, rowid, {_COLUMNS})"  # noqa: S608  our own names
    " VALUES ('delete', ?, ?, ?, ?, ?, ?)"
)
# How many articles are read at a time when the index is rebuilt.
_REINDEXED = 500


def text(record: object) -> str:
    """A record as JSON text."""
    return encode(record).decode("utf-8")


def apply(file: DatabaseFile, commit: Commit) -> None:
    """Writes a commit. Removals come first, so that nothing just written is removed.

    Raises:
        StoreError: A new article's `seq` does not follow the head, or a known one's differs.
    """
    _retire(file, commit.retired)
    _articles(file, commit)
    _stories(file, commit)
    _state(file, commit)
    _alerts(file, commit)


def restore(file: DatabaseFile, piece: Piece) -> None:
    """Writes a piece of another store; articles keep their numbers, gaps included."""
    commit = piece.commit
    sql = "SELECT id FROM article WHERE id IN ({})"
    known = {row[0] for row in file.rows_of(sql, (_id(each) for each in commit.articles))}
    for stored in commit.articles:
        if _id(stored) in known:
            _update(file, stored, changed=False)
        else:
            _insert(file, stored)
    file.run_all(
        "INSERT OR REPLACE INTO version VALUES (?, ?, ?)",
        ((well_formed(each.article.id), place, text(each)) for place, each in piece.versions),
    )
    file.run("UPDATE number SET value = ? WHERE name = 'head'", (piece.head,))
    _changes(file, piece.changes)
    _stories(file, commit)
    _state(file, commit)
    _alerts(file, commit)


# -- articles --------------------------------------------------------------------------------------------


def _articles(file: DatabaseFile, commit: Commit) -> None:
    articles = commit.articles
    if not articles:
        return
    given: dict[str, int] = dict(file.rows("SELECT name, value FROM number"))
    head = before = int(given["head"])
    sql = "SELECT id, seq, digest, story FROM article WHERE id IN ({})"
    rows = list(file.rows_of(sql, (_id(each) for each in articles)))
    known = {row[0]: (row[1], row[2]) for row in rows}
    placed = {name: Placed(digest, story) for name, _, digest, story in rows}
    for stored in articles:
        name, digest = _id(stored), well_formed(stored.enriched.article.digest)
        former = known.get(name)
        if former is None:
            if stored.seq != head + 1:
                raise StoreError(
                    f"article {name} has sequence number {stored.seq}, the store is at {head}: "
                    "another writer was here; load again"
                )
            head = stored.seq
            _insert(file, stored)
        elif stored.seq != former[0]:
            raise StoreError(f"article {name} has sequence number {former[0]}, not {stored.seq}")
        else:
            _update(file, stored, changed=former[1] != digest)
        known[name] = (stored.seq, digest)
    _changes(file, numbered(commit, placed, Numbers(before, int(given["changes"]))))
    if head != before:
        file.run("UPDATE number SET value = ? WHERE name = 'head'", (head,))


def _changes(file: DatabaseFile, changes: Sequence[Change]) -> None:
    if not changes:
        return
    file.run_all(
        "INSERT OR REPLACE INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (c.n, c.kind, *map(well_formed, (c.article, c.story, c.former)), c.by, c.seq, micros(c.at))
            for c in changes
        ),
    )
    file.run("UPDATE number SET value = max(value, ?) WHERE name = 'changes'", (changes[-1].n,))


def _id(stored: StoredArticle) -> str:
    return well_formed(stored.enriched.article.id)


def _row(stored: StoredArticle) -> tuple[object, ...]:
    article = stored.enriched.article
    return (
        well_formed(stored.story),
        story_key(stored.story),
        micros(article.time),
        micros(article.fetched),
        well_formed(article.digest),
        stored.backfill,
        stored.seq,
    )


def story_key(story: str) -> str:
    """A story id as it is in the keyword field "story": folded; "" for none."""
    return (*folded([story]), "")[0]


def _insert(file: DatabaseFile, stored: StoredArticle) -> None:
    contents = columns(indexed(stored))
    file.run(
        "INSERT INTO article (story, story_key, time, fetched, digest, backfill, seq, id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*_row(stored), _id(stored)),
    )
    file.run(
        "INSERT INTO article_body VALUES (?, ?, ?)", (stored.seq, text(stored.enriched), packed(contents))
    )
    file.run("INSERT INTO article_traits VALUES (?, ?)", (stored.seq, stored.traits))
    file.run(_ADD_TERMS, (stored.seq, *contents))
    _name_keywords(file, contents)
    _keys(file, stored)


def _name_keywords(file: DatabaseFile, contents: tuple[str, ...]) -> None:
    """Records the keyword values of an article; one that no article has any more stays, but hits nothing."""
    values = ((term,) for term in contents[-1].split(" ") if is_value(term))
    file.run_all("INSERT OR IGNORE INTO keyword VALUES (?)", values)


def _update(file: DatabaseFile, stored: StoredArticle, *, changed: bool) -> None:
    file.run(
        "UPDATE article SET story = ?, story_key = ?, time = ?, fetched = ?, digest = ?, backfill = ?"
        " WHERE seq = ?",
        _row(stored),
    )
    file.run(
        "UPDATE article_traits SET traits = ? WHERE seq = ? AND traits <> ?",
        (stored.traits, stored.seq, stored.traits),
    )
    document, terms = file.one("SELECT enriched, terms FROM article_body WHERE seq = ?", (stored.seq,))
    fresh = text(stored.enriched)
    if fresh == document:
        return
    if changed:
        former = decode(EnrichedArticle, document)
        _version(file, Version(former.article, _replaced(stored), former.entities, former.topics))
    contents = columns(indexed(stored))
    file.run(
        "UPDATE article_body SET enriched = ?, terms = ? WHERE seq = ?",
        (fresh, packed(contents), stored.seq),
    )
    if list(contents) != (old := unpacked(terms)):
        file.run(_TAKE_TERMS, (stored.seq, *old))
        file.run(_ADD_TERMS, (stored.seq, *contents))
        _name_keywords(file, contents)
    file.run("DELETE FROM identity WHERE seq = ?", (stored.seq,))
    _keys(file, stored)


def _replaced(stored: StoredArticle) -> datetime:
    return stored.enriched.article.revised or stored.enriched.article.fetched


def _keys(file: DatabaseFile, stored: StoredArticle) -> None:
    keys = {well_formed(key) for key in stored.enriched.article.keys}
    file.run_all("INSERT INTO identity VALUES (?, ?)", ((key, stored.seq) for key in sorted(keys)))


def reindex(file: DatabaseFile) -> None:
    """Rebuilds the full-text index from the articles."""
    file.run("INSERT INTO article_index (article_index) VALUES ('delete-all')")
    seqs = [row[0] for row in file.rows("SELECT seq FROM article ORDER BY seq")]
    sql = (
        "SELECT seq, story, backfill, enriched FROM article JOIN article_body USING (seq)"
        " WHERE seq IN ({}) ORDER BY seq"
    )
    for start in range(0, len(seqs), _REINDEXED):
        for seq, story, backfill, document in list(file.rows_of(sql, seqs[start : start + _REINDEXED])):
            enriched = decode(EnrichedArticle, document)
            contents = columns(indexed(StoredArticle(enriched, seq, story, b"", bool(backfill))))
            file.run("UPDATE article_body SET terms = ? WHERE seq = ?", (packed(contents), seq))
            file.run(_ADD_TERMS, (seq, *contents))


def _version(file: DatabaseFile, version: Version) -> None:
    sql = "INSERT INTO version SELECT ?, coalesce(max(place), 0) + 1, ? FROM version WHERE article = ?"
    name = well_formed(version.article.id)
    file.run(sql, (name, text(version), name))


# -- stories ---------------------------------------------------------------------------------------------


def _stories(file: DatabaseFile, commit: Commit) -> None:
    file.run_all("DELETE FROM story WHERE id = ?", ((well_formed(each),) for each in commit.ended))
    _put_stories(file, commit.stories)
    file.run_all(
        "INSERT INTO decision VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " document = excluded.document, near = excluded.near, near_score = excluded.near_score",
        ((well_formed(each.article), text(each), *_near(each)) for each in commit.decisions),
    )
    file.run_all(
        "INSERT OR IGNORE INTO lineage VALUES (?, ?, ?, ?, ?)",
        (
            (well_formed(each.story), well_formed(each.into), each.kind, micros(each.at), each.by)
            for each in commit.lineage
        ),
    )
    file.run_all(
        "INSERT OR IGNORE INTO correction VALUES (?, ?, ?)",
        ((well_formed(each.id), micros(each.at), text(each)) for each in commit.corrections),
    )


def _near(decision: Decision) -> tuple[str | None, float | None]:
    """The story that the decision passed over, with its score; (None, None) where there is none."""
    passed = decision.passed_over
    return (well_formed(passed.story), passed.score) if passed else (None, None)


def _paged(file: DatabaseFile, table: str, key: str) -> Iterator[list[Row]]:
    """The keys and documents of a table in pieces; writing between two pieces does no harm."""
    last = ""
    sql = f"SELECT {key}, document FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT {_REINDEXED}"  # noqa: S608  our own names
    while rows := file.rows(sql, (last,)):
        last = rows[-1][0]
        yield rows


def refer(file: DatabaseFile) -> None:
    """Works out again which stories decisions passed over, and which alerts messages carry."""
    for rows in _paged(file, "decision", "article"):
        file.run_all(
            "UPDATE decision SET near = ?, near_score = ? WHERE article = ?",
            ((*_near(decode(Decision, document)), article) for article, document in rows),
        )
    for rows in _paged(file, "message", "id"):
        _carried(file, [decode(Message, document) for _, document in rows])


def _carried(file: DatabaseFile, messages: Iterable[Message]) -> None:
    """Records which alerts messages carry."""
    file.run_all(
        "INSERT OR IGNORE INTO message_alert VALUES (?, ?)",
        ((well_formed(alert), well_formed(each.id)) for each in messages for alert in each.alerts),
    )


def file_by(file: DatabaseFile) -> None:
    """Works out again what rejections are found by, and when feeds last answered."""
    for rows in _paged(file, "rejection", "id"):
        _filed(file, [decode(Rejection, document) for _, document in rows])
    for rows in _paged(file, "feed", "id"):
        _answered(file, [decode(FeedState, document) for _, document in rows])


def _filed(file: DatabaseFile, rejections: Iterable[Rejection]) -> None:
    """Records what rejections are found by."""
    file.run_all(
        "INSERT OR REPLACE INTO rejection_rank VALUES (?, ?, ?, ?, ?, ?)",
        (
            (well_formed(r.id), micros(r.at), *map(well_formed, (r.source, r.place, r.stage, r.reason)))
            for r in rejections
        ),
    )


def _answered(file: DatabaseFile, feeds: Sequence[FeedState]) -> None:
    """Records when feeds last answered well."""
    file.run_all("DELETE FROM feed_success WHERE feed = ?", ((well_formed(each.feed),) for each in feeds))
    file.run_all(
        "INSERT OR REPLACE INTO feed_success VALUES (?, ?)",
        ((well_formed(each.feed), micros(each.succeeded)) for each in feeds if each.succeeded),
    )


def _put_stories(file: DatabaseFile, stories: Sequence[Story]) -> None:
    file.run_all(
        "INSERT INTO story (id, last_published, document, dated) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
        " SET last_published = excluded.last_published, document = excluded.document, dated = excluded.dated",
        ((well_formed(each.id), micros(each.last_published), text(each), each.dated) for each in stories),
    )
    _rank(file, stories)
    _situate(file, stories)


def _situate(file: DatabaseFile, stories: Sequence[Story]) -> None:
    """Records which situations stories belong to."""
    names = ((well_formed(each.id),) for each in stories if not each.situation)
    file.run_all("DELETE FROM story_situation WHERE story = ?", names)
    file.run_all(
        "INSERT OR REPLACE INTO story_situation VALUES (?, ?)",
        ((well_formed(each.id), well_formed(each.situation)) for each in stories if each.situation),
    )


def _rank(file: DatabaseFile, stories: Iterable[Story]) -> None:
    file.run_all(
        "INSERT OR REPLACE INTO story_rank VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                well_formed(each.id),
                not each.dated,
                each.hot,
                micros(each.last_published),
                len(each.members),
                each.origins,
                len(each.outlets),
                each.last_seq,
                labels(each),
            )
            for each in stories
        ),
    )


def label(kind: str, value: str) -> str:
    """A topic or language of a story as it is in the story's rank."""
    return f"\x1f{kind}:{well_formed(value)}\x1f"


def labels(story: Story) -> str:
    """All topics and languages of a story as one text, in which a `label` can be searched for."""
    topics = (label("topic", topic.id) for topic in story.topics)
    return "".join([*topics, *(label("language", each) for each in story.languages)])


def rerank(file: DatabaseFile) -> None:
    """Works out the ranks of all stories again, from the records."""
    for rows in _paged(file, "story", "id"):
        _rank(file, [decode(Story, document) for _, document in rows])


# -- state and alerts ------------------------------------------------------------------------------------


def _state(file: DatabaseFile, commit: Commit) -> None:
    learned = {well_formed(key): value for key, value in commit.learned.items()}
    file.run_all("DELETE FROM learned WHERE key = ?", ((key,) for key, value in learned.items() if not value))
    file.run_all(
        "INSERT INTO learned VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        ((key, value) for key, value in learned.items() if value),
    )
    file.run_all("DELETE FROM rejection WHERE id = ?", ((well_formed(each),) for each in commit.released))
    file.run_all(
        "INSERT INTO rejection VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
        " SET at = excluded.at, document = excluded.document",
        ((well_formed(each.id), micros(each.at), text(each)) for each in commit.rejections),
    )
    _filed(file, commit.rejections)
    file.run_all(
        "INSERT INTO feed VALUES (?, ?) ON CONFLICT DO UPDATE SET document = excluded.document",
        ((well_formed(each.feed), text(each)) for each in commit.feeds),
    )
    _answered(file, commit.feeds)
    file.run_all(
        "INSERT INTO request VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
        " SET at = excluded.at, done = excluded.done, document = excluded.document",
        ((well_formed(each.id), micros(each.at), each.done, text(each)) for each in commit.requests),
    )
    file.run_all(
        "INSERT INTO mark VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        ((well_formed(name), well_formed(value)) for name, value in commit.marks.items()),
    )


def _alerts(file: DatabaseFile, commit: Commit) -> None:
    file.run_all(
        "DELETE FROM telling WHERE watch = ? AND story = ?",
        ((well_formed(watch), well_formed(story)) for watch, story in commit.forgotten),
    )
    file.run_all(
        "INSERT INTO telling VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET document = excluded.document",
        ((well_formed(each.watch), well_formed(each.story), text(each)) for each in commit.tellings),
    )
    file.run_all(
        "INSERT OR IGNORE INTO alert VALUES (?, ?, ?, ?, ?)",
        (
            (well_formed(each.id), well_formed(each.watch), each.seq, micros(each.at), text(each))
            for each in commit.alerts
        ),
    )
    file.run_all(
        "INSERT INTO message VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
        " SET state = excluded.state, due = excluded.due, document = excluded.document",
        ((well_formed(each.id), each.state, micros(each.due), text(each)) for each in commit.messages),
    )
    _carried(file, commit.messages)


# -- retention -------------------------------------------------------------------------------------------


def drop_before(file: DatabaseFile, time: int) -> int:
    """Removes articles before a time (microseconds) and stories left empty; returns how many articles."""
    gone = file.rows("SELECT seq, id, story FROM article WHERE time < ?", (time,))
    _forget(file, gone)
    _shrink(file, {row[2] for row in gone}, {row[1] for row in gone})
    return len(gone)


def _retire(file: DatabaseFile, articles: Sequence[str]) -> None:
    if articles:
        sql = "SELECT seq, id, story FROM article WHERE id IN ({})"
        _forget(file, list(file.rows_of(sql, map(well_formed, articles))))


def _forget(file: DatabaseFile, gone: Sequence[tuple[int, str, str]]) -> None:
    """Removes articles (number, id, story) with all that is kept of them; their stories stay."""
    sql = "SELECT seq, terms FROM article_body WHERE seq IN ({})"
    for seq, terms in file.rows_of(sql, (row[0] for row in gone)):
        file.run(_TAKE_TERMS, (seq, *unpacked(terms)))
    for table in ("identity", "article_body", "article_traits", "article"):
        file.run_all(f"DELETE FROM {table} WHERE seq = ?", ((row[0],) for row in gone))  # noqa: S608  our names
    for table in ("decision", "version", "change"):
        file.run_all(f"DELETE FROM {table} WHERE article = ?", ((row[1],) for row in gone))  # noqa: S608


def _shrink(file: DatabaseFile, stories: Iterable[str], gone: set[str]) -> None:
    for name, document in list(file.rows_of("SELECT id, document FROM story WHERE id IN ({})", stories)):
        story = decode(Story, document)
        members = tuple(member for member in story.members if well_formed(member) not in gone)
        rows = file.rows_of("SELECT seq, time FROM article WHERE id IN ({})", map(well_formed, members))
        left = sorted(rows)
        if left:
            _put_stories(file, [shrunk(story, members, [row[0] for row in left], [row[1] for row in left])])
        else:
            file.run("DELETE FROM story WHERE id = ?", (name,))
