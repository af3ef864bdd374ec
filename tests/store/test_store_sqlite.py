"""The SQLite store against the contract, and what only a file can get wrong."""

from __future__ import annotations

import ctypes
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from conformance import StoreConformance
from conformance_changes import ChangeConformance
from conformance_faults import FaultConformance, check_whole
from conformance_lists import ListConformance
from conformance_queries import QueryConformance, RankedQueryConformance
from conformance_state import StateConformance
from store_child import batch
from store_copies import check_copy
from store_records import article, at, decision

from pipeline.errors import StoreError, UnavailableError, UsageError
from pipeline.ports import Commit, RejectionFilter
from pipeline.query.parse import parse
from pipeline.records import Candidate, FeedState, Message, Rejection
from pipeline.store import copy_store, open_store
from pipeline.store.sqlite import expressions, story_lists
from pipeline.store.sqlite.database import SqliteStore
from pipeline.store.sqlite.schema import APPLICATION, FILED, INDEX_COLUMNS, MIGRATIONS, REFERRED, statements
from pipeline.store.sqlite.terms import packed

ROOT = Path(__file__).parents[2]


class TestSqlite(StoreConformance, StateConformance, ListConformance, ChangeConformance):
    @pytest.fixture
    def url(self, tmp_path) -> str:
        return f"sqlite:///{tmp_path}/folder/store.db"


class TestSqliteListsInPieces(ListConformance):
    """So few stories and members are looked at here that each way to a page is gone."""

    @pytest.fixture
    def store(self, tmp_path, monkeypatch) -> Iterator[SqliteStore]:
        few = {"_LOOKED": 4, "_FURTHER": 3, "_MOST_LOOKED": 40, "_FREQUENT": 3, "_FEW": 2}
        for name, value in few.items():
            monkeypatch.setattr(story_lists, name, value)
        store = SqliteStore(tmp_path / "store.db")
        yield store
        store.close()


class TestSqliteQueries(RankedQueryConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def corpus_url(cls, tmp_path_factory) -> str:
        return f"sqlite:///{tmp_path_factory.mktemp('corpus')}/store.db"


class TestSqliteQueriesInPieces(QueryConformance):
    """One expression holds so few words here that most wildcards and ranges are asked for in pieces.

    What is asked for in pieces has no score.
    """

    @pytest.fixture(scope="class")
    @classmethod
    def corpus_url(cls, tmp_path_factory) -> Iterator[str]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(expressions, "MOST_WORDS", 2)
            yield f"sqlite:///{tmp_path_factory.mktemp('corpus')}/store.db"


class TestSqliteFaults(FaultConformance):
    @pytest.fixture
    def url(self, tmp_path) -> str:
        return f"sqlite:///{tmp_path}/store.db"


def test_a_store_that_is_missing_is_not_made_unasked(tmp_path) -> None:
    with pytest.raises(StoreError, match="no store at"):
        open_store(f"sqlite:///{tmp_path}/none.db", create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at" * 10, b"x"])
def test_a_file_that_is_no_database_is_refused(tmp_path, content: bytes) -> None:
    path = tmp_path / "letter.txt"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="not a Wirewatch store"):
        open_store(f"sqlite:///{path}")
    assert path.read_bytes() == content


def test_opening_a_store_again_leaves_the_locks_of_a_connection_of_this_process(tmp_path) -> None:
    """Else the next process that leaves removes the log, and what the first writes then is lost."""
    url = f"sqlite:///{tmp_path}/store.db"
    first = open_store(url)
    first.commit(Commit(marks={"a": "1"}))
    open_store(url).close()
    program = "import sys; from pipeline.store import open_store; print(open_store(sys.argv[1]).mark('a'))"

    def seen_by_another() -> str:
        done = subprocess.run(
            [sys.executable, "-c", program, url], check=True, cwd=ROOT, stdout=subprocess.PIPE
        )
        return done.stdout.decode().strip()

    assert seen_by_another() == "1"
    first.commit(Commit(marks={"a": "2"}))
    assert seen_by_another() == "2"
    assert first.mark("a") == "2"
    first.close()


def test_another_programs_database_is_refused(tmp_path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE theirs (x)")
    with pytest.raises(StoreError, match="not a Wirewatch store"):
        open_store(f"sqlite:///{path}")


def test_a_newer_schema_is_refused(tmp_path) -> None:
    path = tmp_path / "store.db"
    open_store(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA user_version = 999")
    with pytest.raises(StoreError, match=r"schema version 999.*upgrade"):
        open_store(f"sqlite:///{path}")


def test_a_file_of_the_first_schema_is_brought_up_to_date_by_opening_it(tmp_path) -> None:
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        for statement in statements(MIGRATIONS[0]):
            file.execute(statement)
        file.execute("INSERT INTO mark VALUES ('a', '1')")
        file.execute(f"PRAGMA application_id = {APPLICATION}")
        file.execute("PRAGMA user_version = 1")
    store = SqliteStore(path)
    assert store.mark("a") == "1"
    plan = store._file.rows("EXPLAIN QUERY PLAN SELECT document FROM telling WHERE story IN ('s')")
    assert "telling_story" in plan[0][-1]
    store.close()


def unrefer(file):
    """Takes a file to before decisions and messages were found by what they name."""
    file.execute("DROP INDEX decision_near")
    file.execute("ALTER TABLE decision DROP COLUMN near")
    file.execute("ALTER TABLE decision DROP COLUMN near_score")
    file.execute("DROP TABLE message_alert")
    unfile(file)


def unfile(file):
    """Takes a file to before the quarantine was ordered, and keyword values were known by themselves."""
    file.execute("DROP TRIGGER rejection_gone")
    for table in ("rejection_rank", "feed_success", "keyword"):
        file.execute(f"DROP TABLE {table}")


def test_an_older_file_learns_what_its_quarantine_and_keywords_are(tmp_path) -> None:
    path = tmp_path / "store.db"
    store = SqliteStore(path)
    refused = Rejection("r", "https://a.example/feed", "parse", "why", at(1))
    feeds = (FeedState("one", succeeded=at(2)), FeedState("two", succeeded=at(1)), FeedState("three"))
    store.commit(Commit(articles=(article(1, outlet="Daily Mail"),), rejections=(refused,), feeds=feeds))
    store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        unfile(file)
        file.execute(f"PRAGMA user_version = {MIGRATIONS.index(FILED) - 1}")
    store = SqliteStore(path)
    assert store.rejections(RejectionFilter(place="a.example")) == [refused]
    assert store.freshness() == (1, at(2))
    assert len(store.search(parse("outlet:Mail"), None, 9)) == 1
    store.close()


def test_an_older_file_learns_what_its_decisions_and_messages_name(tmp_path) -> None:
    path = tmp_path / "store.db"
    store = SqliteStore(path)
    near = replace(decision("a", "s1"), runner_up=Candidate("s2", 0.25))
    message = Message("m", "w", ("a1",), "mail", "a@x.example", "sent", at(0))
    store.commit(Commit(decisions=(near, decision("b", "s1")), messages=(message,)))
    store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        unrefer(file)
        file.execute(f"PRAGMA user_version = {MIGRATIONS.index(REFERRED) - 1}")
    store = SqliteStore(path)
    assert store.near(["s2"], 9) == [near]
    assert store.messages_of("w", ["a1"]) == [message]
    store.close()


def test_an_older_full_text_index_is_made_anew_by_opening_the_file(tmp_path) -> None:
    path = tmp_path / "store.db"
    store = SqliteStore(path)
    store.commit(Commit(articles=(article(1, "Calm", "winds for a year", story="s1"),)))
    store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        # As the second schema had it: stems of no language, "for" among them.
        old = ("calm", "wind for a year", "calm", "winds for a year", "")
        file.execute("INSERT INTO article_index (article_index) VALUES ('delete-all')")
        file.execute(
            f"INSERT INTO article_index (rowid, {', '.join(INDEX_COLUMNS)}) VALUES (1, ?, ?, ?, ?, ?)",  # noqa: S608  our own names
            old,
        )
        file.execute("UPDATE article_body SET terms = ?", (packed(old),))
        file.execute("DROP INDEX message_state")
        file.execute("DROP TABLE change")
        file.execute("DELETE FROM number WHERE name = 'changes'")
        file.execute("DROP INDEX story_newest")
        file.execute("ALTER TABLE story DROP COLUMN dated")
        file.execute("CREATE INDEX story_newest ON story (last_published DESC, id)")
        unrefer(file)
        file.execute("PRAGMA user_version = 2")
    store = SqliteStore(path)
    assert [(change.n, change.kind, change.seq) for change in store.changes(0, 9)] == [(1, "arrival", 1)]
    for query, found in (("wind", 1), ("Ford", 0), ("story:s1 feed:feed", 0)):
        assert len(store.search(parse(query), None, 9)) == found
        assert len(store.match({"w": parse(query)}, 0, 9)["w"]) == found
    store.commit(Commit(articles=(article(1, "Storm", "gales", digest="d2"),)))
    assert store.search(parse("calm"), None, 9) == []
    assert len(store.search(parse("gale"), None, 9)) == 1
    store.close()


def test_a_lock_that_is_held_is_worth_trying_again(tmp_path) -> None:
    path = tmp_path / "store.db"
    store = open_store(f"sqlite:///{path}", timeout_seconds=0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnavailableError, match=r"locked for 0.1 s"):
            store.commit(Commit(marks={"a": "1"}))
        assert store.mark("a") == ""
    store.commit(Commit(marks={"a": "1"}))
    store.close()


def test_a_store_being_made_by_another_is_waited_for(tmp_path) -> None:
    """The switch to a write-ahead log is refused at once while another connection writes."""
    path = tmp_path / "store.db"

    def other() -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            locked.set()
            time.sleep(0.3)
            connection.execute("COMMIT")

    locked = threading.Event()
    thread = threading.Thread(target=other)
    thread.start()
    locked.wait()
    SqliteStore(path, create=True, timeout_seconds=20).close()
    thread.join()


def test_a_full_disk_is_one_clear_line_and_writes_nothing(tmp_path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    store.commit(batch(0, 5))
    pages = store._file.one("PRAGMA page_count")[0]
    store._file.run(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(UnavailableError, match=r"disk of .* is full") as full:
        store.commit(batch(5, 200))
    assert "\n" not in str(full.value)
    check_whole(store, 5)
    store._file.run(f"PRAGMA max_page_count = {pages + 100_000}")
    store.commit(batch(5, 200))
    assert store.head() == 205
    store.close()


def test_a_read_only_file_is_one_clear_line(tmp_path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    store._file.run("PRAGMA query_only = 1")  # as SQLite answers where root may write anything
    with pytest.raises(StoreError, match="read-only"):
        store.commit(batch(0, 1))
    store.close()


def test_a_reader_without_the_right_to_write_reads(tmp_path) -> None:
    place = tmp_path / "held"
    store = SqliteStore(place / "store.db")
    store.commit(batch(0, 3))
    store.close()
    # Root may write anything, unless the two rights that let it are taken away.
    code = (
        "import sys; from pipeline.store import open_store\n"
        "store = open_store(sys.argv[1], create=False)\n"
        "print(store.head(), [s.seq for s in store.between(0, 99)], store.damage())\n"
        "sys.stdin.readline(); print(store.head(), len(list(store.between(0, 99))))\n"
        "from pipeline.ports import Commit\n"
        "try: store.commit(Commit(marks={'a': 'b'}))\n"
        "except Exception as error: print(error)"
    )
    (place / "store.db").chmod(0o400)
    place.chmod(0o500)
    try:
        reader = subprocess.Popen(
            [sys.executable, "-c", code, f"sqlite:///{place}/store.db"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=without_roots_rights,  # noqa: PLW1509  one system call, nothing else
        )  # fmt: skip
        assert reader.stdout is not None
        assert reader.stdout.readline() == "3 [1, 2, 3] []\n"
        place.chmod(0o700)
        (place / "store.db").chmod(0o600)
        writer = SqliteStore(place / "store.db")
        writer.commit(batch(3, 2))
        (place / "store.db").chmod(0o400)
        for name in ("store.db-wal", "store.db-shm"):
            (place / name).chmod(0o400)
        place.chmod(0o500)
        out, err = reader.communicate("go on\n", timeout=60)
        assert out.splitlines()[0] == "5 5", out + err
        assert "read-only" in out.splitlines()[1]
        assert err == ""
        writer.close()
    finally:
        place.chmod(0o700)


def without_roots_rights() -> None:
    for right in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH; 24 is PR_CAPBSET_DROP
        ctypes.CDLL(None).prctl(24, right, 0, 0, 0)


@pytest.mark.parametrize(
    "url", ["sqlite://store.db", "sqlite:///", "sqlite:///:memory:", "mysql://u:secret@h/x", ""]
)
def test_a_url_of_no_known_form_says_what_is(url: str) -> None:
    with pytest.raises(UsageError, match=r"sqlite:///path.db") as wrong:
        open_store(url)
    assert "secret" not in str(wrong.value)


def test_the_index_holds_no_trace_of_a_former_text(tmp_path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    store.commit(Commit(articles=(article(1, "before", "gone"),)))
    store.commit(Commit(articles=(article(1, "after", "here", digest="d2"),)))
    store.drop_before(at(99), store.acquire("stories", "me", at(0), 60))
    assert store._file.rows("SELECT term FROM article_terms") == []
    store._file.run("INSERT INTO article_index (article_index) VALUES ('integrity-check')")
    store.close()


def test_a_copy_is_the_same_store(tmp_path) -> None:
    urls = [f"sqlite:///{tmp_path}/{name}.db" for name in ("one", "two")]
    check_copy(*urls)


def test_a_copy_goes_into_a_new_store_only(tmp_path) -> None:
    source, target = open_store(f"sqlite:///{tmp_path}/a.db"), open_store(f"sqlite:///{tmp_path}/b.db")
    target.commit(batch(0, 1))
    with pytest.raises(StoreError, match="not empty"):
        copy_store(source, target)
    for store in (source, target):
        store.close()
