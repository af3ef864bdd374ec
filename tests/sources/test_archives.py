"""What every archive promises: in a folder, in an object store, and on a server that speaks S3."""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from s3_server import BUCKET, s3_server

from pipeline.errors import ConfigError, NotFoundError, PermanentError, UnavailableError
from pipeline.records import Capture, JournalEntry
from pipeline.sources.archive import layout
from pipeline.sources.archive.folder import WarcArchive
from pipeline.sources.archive.objects import ObjectArchive
from pipeline.sources.raw_items import captured


@pytest.fixture(scope="module")
def s3(tmp_path_factory) -> Iterator[dict[str, str]]:
    """The environment of a server on 127.0.0.1."""
    with s3_server(tmp_path_factory.mktemp("moto")) as environment:
        yield environment


@pytest.fixture(params=["folder", "objects", pytest.param("s3", marks=pytest.mark.slow)])
def opened(request, tmp_path, monkeypatch) -> Callable[..., Any]:
    """Opens the same archive again and again, as several processes do."""
    if request.param == "folder":
        return lambda owner="", clock=None: WarcArchive(tmp_path, owner, clock)
    if request.param == "objects":
        (tmp_path / "bucket").mkdir()
        return lambda owner="", clock=None: ObjectArchive(f"file://{tmp_path}/bucket", owner, clock)
    for name, value in request.getfixturevalue("s3").items():
        monkeypatch.setenv(name, value)
    url = f"{BUCKET}/{uuid.uuid4().hex}"
    return lambda owner="", clock=None: ObjectArchive(url, owner, clock)


@pytest.fixture
def captures(now) -> list[Capture]:
    bodies = [b"", b"<rss/>", "Zürich".encode() * 1000, bytes(range(256)) * 500]
    return [
        captured("feed", "feed", f"https://a.test/{n}", now, body, feed="f") for n, body in enumerate(bodies)
    ]


def test_what_goes_in_comes_out(opened, captures, now):
    archive = opened("me", lambda: now)
    place = archive.write("batch-1", captures, backfill=True)
    assert place == "2026/03/01/batch-1.warc.gz"
    other = opened()
    assert list(other.read(place)) == captures
    assert other.place_of("batch-1") == place
    (left,) = other.unsettled()
    assert (left.place, left.at, left.owner, left.backfill) == (place, now, "me", True)
    other.settle([place])
    other.settle([place, "2026/03/01/never.warc.gz"])
    assert archive.unsettled() == []
    assert str(archive.where) in archive.where


def test_the_same_batch_again_is_replaced(opened, captures):
    archive = opened()
    place = archive.write("b", captures)
    assert archive.write("b", captures[:1]) == place
    assert list(archive.read(place)) == captures[:1]
    assert len(archive.unsettled()) == 1


@pytest.mark.parametrize("name", ["../../etc/x", "Ä b/c", "", "x" * 300])
def test_a_name_of_any_kind_stays_in_the_archive(opened, captures, name):
    archive = opened()
    place = archive.write(name, captures)
    assert layout.PLACE.fullmatch(place)
    assert archive.place_of(name) == place
    assert list(archive.read(place)) == captures


def test_what_is_not_there_is_said(opened):
    archive = opened()
    assert archive.place_of("nothing") == ""
    assert archive.unsettled() == []
    with pytest.raises(NotFoundError, match="not there"):
        list(archive.read("2026/01/01/none.warc.gz"))
    for place in ("../x", "journal/identity", "2026/01/01/../../x.warc.gz"):
        with pytest.raises(PermanentError, match="not a place"):
            list(archive.read(place))


def test_an_empty_journal(opened):
    archive = opened()
    assert (archive.last(), list(archive.entries()), archive.identity()) == (0, [], "")


def test_entries_are_numbered_without_a_gap_over_many_folders(opened, now, monkeypatch):
    monkeypatch.setattr(layout, "_SHELF", 4)
    archive = opened()
    entries = [JournalEntry("batch", now, data={"places": [f"p{n}"], "ü": n}) for n in range(11)]
    assert [archive.append(entry) for entry in entries] == list(range(1, 12))
    found = list(opened().entries())
    assert [(each.n, each.data) for each in found] == [(n, e.data) for n, e in enumerate(entries, 1)]
    assert [each.n for each in opened().entries(9)] == [10, 11]
    assert opened().last() == 11


def test_writers_at_once_take_different_numbers(opened, now):
    taken: list[int] = []

    def append(writer):
        archive = opened()
        taken.extend(archive.append(JournalEntry("batch", now, data={"of": [writer, n]})) for n in range(8))

    threads = [threading.Thread(target=append, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(1, 33))
    assert len({tuple(each.data["of"]) for each in opened().entries()}) == 32


def test_of_several_that_name_a_journal_one_wins(opened):
    names: list[str] = []
    threads = [threading.Thread(target=lambda: names.append(opened().identity(make=True))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == 1
    assert opened().identity() == names[0]
    assert opened().last() == 0


def test_entries_that_come_while_reading_are_read(opened, now):
    archive = opened()
    archive.append(JournalEntry("batch", now))
    seen = []
    for entry in archive.entries():
        seen.append(entry.n)
        if entry.n < 3:
            archive.append(JournalEntry("batch", now))
    assert seen == [1, 2, 3]


def test_retention_forgets_days_and_keeps_the_journal(opened, now, captures):
    archive = opened()
    old = [captured("feed", "feed", "https://a.test/", now - timedelta(days=3), b"x", feed="f")]
    gone, kept = archive.write("old", old), archive.write("new", captures)
    archive.append(JournalEntry("batch", now, data={"places": [gone]}))
    assert archive.drop_before(now - timedelta(days=1)) == 1
    assert (archive.place_of("old"), archive.place_of("new")) == ("", kept)
    assert archive.last() == 1
    assert archive.drop_before(now - timedelta(days=1)) == 0


def test_an_object_store_that_is_none_is_refused_in_one_line():
    for url in ("nothing", "ftp://a/b", "s3://"):
        with pytest.raises(ConfigError, match="WIREWATCH_ARCHIVE") as caught:
            ObjectArchive(url)
        assert "\n" not in str(caught.value)


def test_an_object_store_that_is_away_is_waited_for(monkeypatch, now):
    monkeypatch.setattr("pipeline.sources.archive.objects._RETRIES", {"max_retries": 0})
    for name, value in {
        "AWS_ACCESS_KEY_ID": "t", "AWS_SECRET_ACCESS_KEY": "t", "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ALLOW_HTTP": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    archive = ObjectArchive("s3://bucket/x")
    for attempt in (archive.last, archive.unsettled, lambda: archive.append(JournalEntry("batch", now))):
        with pytest.raises(UnavailableError) as caught:
            attempt()
        assert "\n" not in str(caught.value)


def test_an_object_store_that_comes_back_in_time_is_one_that_was_slow(monkeypatch, now):
    """Connections are refused for three seconds, longer than the driver's own few tries take."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    for name, value in {
        "AWS_ACCESS_KEY_ID": "t", "AWS_SECRET_ACCESS_KEY": "t", "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_ALLOW_HTTP": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)

    class Empty(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(404)

    def come_back():
        time.sleep(3)
        with HTTPServer(("127.0.0.1", port), Empty) as server:
            server.handle_request()

    back = threading.Thread(target=come_back)
    back.start()
    assert ObjectArchive("s3://bucket/x", patience_seconds=100).identity() == ""
    back.join()


def test_a_damaged_entry_is_named(tmp_path, now):
    (tmp_path / "bucket").mkdir()
    archive = ObjectArchive(f"file://{tmp_path}/bucket")
    archive.append(JournalEntry("batch", now))
    (tmp_path / "bucket" / "journal" / "000000" / "000000001.json").write_text("{")
    archive.append(JournalEntry("batch", now))
    damaged, after = archive.entries()
    assert (damaged.kind, after.n) == ("unreadable", 2)
    assert "000000001.json: a damaged journal entry" in damaged.data["reason"]
