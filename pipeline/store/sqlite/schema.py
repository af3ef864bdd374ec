"""The tables of the SQLite store, as migrations: each takes the file one version further."""

from __future__ import annotations

APPLICATION = 0x57697265  # "Wire": `PRAGMA application_id`, so that another program's file is recognised

# Columns of the full-text index, and their weights in BM25: a word in the title says more.
INDEX_COLUMNS = ("title", "text", "title_words", "text_words", "keys")
WEIGHTS = (4.0, 1.0, 4.0, 1.0, 1.0)

_FIRST = """
-- Numbers that belong to the store itself.
CREATE TABLE number (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO number VALUES ('head', 0);
-- Times are microseconds since 1970, UTC.
CREATE TABLE lease (
    name TEXT PRIMARY KEY, owner TEXT NOT NULL, token INTEGER NOT NULL, expires INTEGER NOT NULL
) WITHOUT ROWID;
-- Narrow, so that windows and stories are scanned without reading texts.
CREATE TABLE article (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, story TEXT NOT NULL, story_key TEXT NOT NULL,
    time INTEGER NOT NULL, fetched INTEGER NOT NULL, digest TEXT NOT NULL, backfill INTEGER NOT NULL
);
CREATE INDEX article_story ON article (story);
CREATE INDEX article_story_key ON article (story_key);
CREATE INDEX article_time ON article (time);
CREATE INDEX article_fetched ON article (fetched);
-- `enriched` is the record as JSON; `terms` is what the full-text index was given, to take it out again.
CREATE TABLE article_body (seq INTEGER PRIMARY KEY, enriched TEXT NOT NULL, terms BLOB NOT NULL);
CREATE TABLE article_traits (seq INTEGER PRIMARY KEY, traits BLOB NOT NULL);
-- Tokens come analyzed and parted by spaces; every character beyond ASCII is part of a token.
CREATE VIRTUAL TABLE article_index USING fts5(
    title, text, title_words, text_words, keys, content='', tokenize='ascii'
);
CREATE VIRTUAL TABLE article_terms USING fts5vocab('article_index', 'row');
CREATE TABLE identity (key TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (key, seq)) WITHOUT ROWID;
CREATE INDEX identity_seq ON identity (seq);
CREATE TABLE version (
    article TEXT NOT NULL, place INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (article, place)
) WITHOUT ROWID;
CREATE TABLE story (id TEXT PRIMARY KEY, last_published INTEGER NOT NULL, document TEXT NOT NULL);
CREATE INDEX story_newest ON story (last_published DESC, id);
CREATE TABLE decision (article TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE lineage (
    story TEXT NOT NULL, into_story TEXT NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL,
    PRIMARY KEY (story, into_story, kind, at, by)
) WITHOUT ROWID;
CREATE INDEX lineage_into ON lineage (into_story);
CREATE TABLE correction (id TEXT PRIMARY KEY, at INTEGER NOT NULL, document TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE learned (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE mark (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE feed (id TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE rejection (id TEXT PRIMARY KEY, at INTEGER NOT NULL, document TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE cursor (watch TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE telling (
    watch TEXT NOT NULL, story TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (watch, story)
) WITHOUT ROWID;
CREATE TABLE alert (
    id TEXT PRIMARY KEY, watch TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL,
    document TEXT NOT NULL
);
CREATE INDEX alert_order ON alert (seq, id);
CREATE TABLE message (id TEXT PRIMARY KEY, state TEXT NOT NULL, due INTEGER NOT NULL, document TEXT NOT NULL);
CREATE INDEX message_due ON message (due, id);
"""

_TELLINGS_BY_STORY = """
CREATE INDEX telling_story ON telling (story);
"""

# Not SQL: the full-text index is rebuilt from the articles, because its contents have changed.
REINDEX = "reindex"

_MESSAGES_BY_STATE = """
CREATE INDEX message_state ON message (state, due, id);
"""

# Articles from before changes were numbered each get an "arrival", in their order.
_CHANGES = """
CREATE TABLE change (
    n INTEGER PRIMARY KEY, kind TEXT NOT NULL, article TEXT NOT NULL, story TEXT NOT NULL,
    former TEXT NOT NULL, placed_by TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL
);
INSERT INTO change SELECT seq, 'arrival', id, story, '', 'assign', seq, fetched FROM article;
INSERT INTO number SELECT 'changes', value FROM number WHERE name = 'head';
CREATE INDEX change_article ON change (article);
CREATE INDEX change_at ON change (at);
CREATE INDEX change_amendment ON change (n) WHERE kind <> 'arrival';
DROP TABLE IF EXISTS cursor;
"""

# Requests were kept as a mark, which is dropped: what was carried out is among the corrections.
_REQUESTS = """
CREATE TABLE IF NOT EXISTS request (
    id TEXT PRIMARY KEY, at INTEGER NOT NULL, done INTEGER NOT NULL, document TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS request_unfinished ON request (at, id) WHERE done = 0;
DELETE FROM mark WHERE name = 'requests';
"""

# Stories whose articles say no date come last in order of time.
_UNDATED_STORIES = """
ALTER TABLE story ADD COLUMN dated INTEGER NOT NULL DEFAULT 1;
DROP INDEX story_newest;
CREATE INDEX story_newest ON story (dated, last_published DESC, id);
"""
# What lists of stories are sorted and filtered by, so that only documents that are shown are read.
_STORY_RANK = """
CREATE TABLE IF NOT EXISTS story_rank (
    id TEXT PRIMARY KEY, undated INTEGER NOT NULL, hot REAL NOT NULL, newest INTEGER NOT NULL,
    size INTEGER NOT NULL, origins INTEGER NOT NULL, outlets INTEGER NOT NULL, last_seq INTEGER NOT NULL,
    labels TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS story_rank_hot ON story_rank (undated, hot DESC, id);
CREATE INDEX IF NOT EXISTS story_rank_newest ON story_rank (undated, newest DESC, id);
CREATE INDEX IF NOT EXISTS story_rank_size ON story_rank (size DESC, id);
CREATE TRIGGER IF NOT EXISTS story_gone AFTER DELETE ON story
BEGIN DELETE FROM story_rank WHERE id = old.id; END;
"""
# Not SQL: the rank of each story is worked out from its record.
RERANK = "rerank"
# Which situation a story belongs to; a story that is alone has no row.
_SITUATIONS = """
CREATE TABLE IF NOT EXISTS story_situation (
    story TEXT PRIMARY KEY, situation TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS story_situation_of ON story_situation (situation);
CREATE TRIGGER IF NOT EXISTS story_untied AFTER DELETE ON story
BEGIN DELETE FROM story_situation WHERE story = old.id; END;
"""
# Which story a decision passed over, and its score; an index on last_seq, to count stories with something
# new; and which messages carry an alert.
_NEAR = """
ALTER TABLE decision ADD COLUMN near TEXT;
ALTER TABLE decision ADD COLUMN near_score REAL;
CREATE INDEX IF NOT EXISTS decision_near ON decision (near, near_score DESC, article) WHERE near IS NOT NULL;
CREATE INDEX IF NOT EXISTS story_rank_last ON story_rank (last_seq);
CREATE TABLE IF NOT EXISTS message_alert (
    alert TEXT NOT NULL, message TEXT NOT NULL, PRIMARY KEY (alert, message)
) WITHOUT ROWID;
"""
# Not SQL: both are worked out from the records of decisions and messages.
REFERRED = "referred"
# What lists of the quarantine are sorted and filtered by; when feeds last answered; and each token of a
# keyword value once, for wildcards, because the full-text index would read all entries of a token to list it.
_FOUND_BY = """
CREATE TABLE IF NOT EXISTS rejection_rank (
    id TEXT PRIMARY KEY, at INTEGER NOT NULL, source TEXT NOT NULL, place TEXT NOT NULL,
    stage TEXT NOT NULL, reason TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS rejection_rank_newest ON rejection_rank (at DESC, id);
CREATE INDEX IF NOT EXISTS rejection_rank_source ON rejection_rank (source, at DESC, id);
CREATE INDEX IF NOT EXISTS rejection_rank_place ON rejection_rank (place, at DESC, id);
CREATE INDEX IF NOT EXISTS rejection_rank_stage ON rejection_rank (stage, at DESC, id);
CREATE INDEX IF NOT EXISTS rejection_rank_reason ON rejection_rank (reason, at DESC, id);
CREATE TRIGGER IF NOT EXISTS rejection_gone AFTER DELETE ON rejection
BEGIN DELETE FROM rejection_rank WHERE id = old.id; END;
CREATE TABLE IF NOT EXISTS feed_success (feed TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS keyword (term TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT OR IGNORE INTO keyword SELECT term FROM article_terms WHERE term >= char(57344) AND term < char(57599);
"""
# Not SQL: the first two are worked out from the records of rejections and feeds.
FILED = "filed"
# The steps that are not SQL.
STEPS = frozenset({REINDEX, RERANK, REFERRED, FILED})

# The n-th entry takes a file from version n to n + 1; entries are never changed, only added.
MIGRATIONS: tuple[str, ...] = (
    _FIRST,
    _TELLINGS_BY_STORY,
    REINDEX,
    _MESSAGES_BY_STATE,
    _CHANGES,
    REINDEX,
    _REQUESTS,
    _UNDATED_STORIES,
    _STORY_RANK,
    RERANK,
    _SITUATIONS,
    _NEAR,
    REFERRED,
    _FOUND_BY,
    FILED,
)
VERSION = len(MIGRATIONS)


def statements(migration: str) -> list[str]:
    """The statements of a migration: each ends with a semicolon at the end of a line."""
    return [statement for statement in migration.split(";\n") if statement.strip()]
