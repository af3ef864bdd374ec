"""The archive and its journal on a real disk."""

from __future__ import annotations

import errno
import gzip
import json
import multiprocessing
import os
import subprocess
import sys
from base64 import b32encode
from datetime import timedelta
from hashlib import sha1
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from pipeline.errors import PermanentError, UnavailableError
from pipeline.records import Capture, JournalEntry, JournalKind
from pipeline.sources.archive import layout
from pipeline.sources.archive.folder import WarcArchive
from pipeline.sources.raw_items import captured

BODIES = [
    b"",
    b"<rss/>",
    "Zürich".encode() * 1000,
    bytes(range(256)) * 50,
    b"WARC/1.1\r\n\r\n",
    b"\r\n\r\n" * 9,
    b"\x1f\x8b\x08",
]


@pytest.fixture
def captures(now) -> list[Capture]:
    made = [
        captured(
            "feed",
            "feed",
            f"https://a.test/{n}?q=ü v",
            now,
            body,
            content_type="text/xml; charset=x",
            feed="f",
            outlet='Zürcher "Post"\r\nX: y',
            language="de",
            status=203,
            headers=(
                ("content-type", "text/xml"),
                ("content-encoding", "br"),
                ("content-length", "7"),
                ("x", ""),
            ),
        )
        for n, body in enumerate(BODIES)
    ]
    made.append(captured("page", "html", "https://a.test/p", now, b"<p>", item="https://a.test/p?x"))
    made.append(captured("file", "text", "../Ordner/Ä file#1.txt", now, b"Titel\nText"))
    return made


@pytest.fixture
def archive(tmp_path) -> WarcArchive:
    return WarcArchive(tmp_path)


def test_what_goes_in_comes_out(archive, captures, tmp_path):
    place = archive.write("batch-1", captures)
    assert place == "2026/03/01/batch-1.warc.gz"
    assert list(archive.read(place)) == captures
    assert [each.place for each in archive.unsettled()] == [place]
    archive.settle([place])
    assert archive.unsettled() == []
    (tmp_path / "archive" / "unsettled").rmdir()
    assert sorted(path.name for path in (tmp_path / "archive").rglob("*")) == [
        "01",
        "03",
        "2026",
        "batch-1.warc.gz",
    ]


def test_the_same_batch_again_is_replaced_by_the_same_bytes(archive, captures, tmp_path):
    path = tmp_path / "archive" / archive.write("b", captures)
    before = path.read_bytes()
    archive.write("b", captures)
    assert path.read_bytes() == before
    archive.write("b", captures[:1])
    assert list(archive.read(archive.write("b", captures[:1]))) == captures[:1]


def test_other_tools_can_read_it(archive, captures, tmp_path):
    path = tmp_path / "archive" / archive.write("b", captures)
    with path.open("rb") as file:
        records = [
            (
                r.rec_type,
                r.rec_headers.get_header("WARC-Target-URI"),
                r.rec_headers.get_header("WARC-Payload-Digest"),
                r.content_stream().read(),
            )
            for r in ArchiveIterator(file, check_digests="raise")
        ]
    kinds = [kind for kind, *_ in records]
    assert kinds == ["warcinfo"] + ["response"] * 8 + ["resource"]
    for (_, uri, digest, body), capture in zip(records[1:], captures, strict=True):
        assert body == capture.body
        assert digest == "sha1:" + b32encode(sha1(body, usedforsecurity=False).digest()).decode()
        assert uri.isascii()
        assert " " not in uri
    tool = subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", str(path)], capture_output=True, text=True, check=False
    )
    assert tool.returncode == 0, tool.stdout + tool.stderr
    assert gzip.decompress(path.read_bytes()).startswith(b"WARC/1.1\r\n")


def test_what_the_server_said_is_kept_where_other_tools_look(archive, captures, tmp_path):
    path = tmp_path / "archive" / archive.write("b", captures)
    with path.open("rb") as file:
        heads = [r.http_headers for r in ArchiveIterator(file) if r.rec_type == "response"]
    assert heads[0].get_statuscode() == "203"
    assert heads[0].get_header("X-Archive-Orig-Content-Encoding") == "br"
    assert heads[0].get_header("Content-Encoding") is None
    assert [head.get_header("Content-Length") for head in heads] == [str(len(c.body)) for c in captures[:8]]


def read_or_error(archive, expected):
    """Nothing when the batch reads as expected; "damaged" when a line that names the file says so."""
    try:
        return "" if list(archive.read("2026/03/01/b.warc.gz")) == expected else "wrong"
    except PermanentError as error:
        one_line = "b.warc.gz" in str(error) and "\n" not in str(error)
        return "damaged" if one_line else str(error)


def test_each_damaged_byte_is_noticed(archive, captures, tmp_path):
    path = tmp_path / "archive" / archive.write("b", captures[1:4])
    whole = path.read_bytes()
    for position in range(0, len(whole), 13):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x55]) + whole[position + 1 :])
        # Undamaged is what a byte does not matter to, e.g. the time in a gzip header.
        assert read_or_error(archive, captures[1:4]) in {"", "damaged"}


def test_each_cut_is_noticed(archive, captures, tmp_path):
    path = tmp_path / "archive" / archive.write("b", captures[1:4])
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 17):
        path.write_bytes(whole[:length])
        only_line_ends = length > len(whole) - 16
        assert read_or_error(archive, captures[1:4]) == "damaged" or only_line_ends


def test_a_swapped_body_is_noticed(archive, captures, tmp_path):
    path = tmp_path / "archive" / archive.write("b", [captures[1]])
    text = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(text.replace(b"<rss/>", b"<rxx/>")))
    with pytest.raises(PermanentError, match=r"checksum|damaged"):
        list(archive.read("2026/03/01/b.warc.gz"))


@pytest.mark.parametrize(
    "place", ["", "../../etc/passwd", "/etc/passwd", "2026/03/01/../x.warc.gz", "2026/03/01/x"]
)
def test_a_place_is_never_a_path(archive, place):
    with pytest.raises(PermanentError, match="not a place"):
        list(archive.read(place))


def test_a_batch_name_is_never_a_path(archive, captures, tmp_path):
    for name in ("../../evil", "/abs", "a/b", ".hidden", "x" * 500, "", "a\x00b"):
        place = archive.write(name, captures[:1])
        assert (tmp_path / "archive" / "2026/03/01") == (tmp_path / "archive" / place).resolve().parent
        assert list(archive.read(place)) == captures[:1]


def test_a_missing_batch_is_said_so(archive):
    with pytest.raises(PermanentError, match="not there"):
        list(archive.read("2026/01/01/none.warc.gz"))


def test_an_empty_batch_is_kept(archive):
    assert list(archive.read(archive.write("nothing", []))) == []


def test_retention_drops_whole_days(archive, captures, now):
    old = archive.write("old", captures[:1])
    new = archive.write("new", [captured("file", "text", "a", now + timedelta(days=3), b"x")])
    assert archive.drop_before(now + timedelta(days=2)) == 1
    assert len(list(archive.read(new))) == 1
    with pytest.raises(PermanentError):
        list(archive.read(old))


# -- the journal -----------------------------------------------------------------------------------------


def test_the_journal_is_in_order_and_follows_on(archive, now, tmp_path):
    assert list(archive.entries()) == []
    kinds: list[JournalKind] = ["batch", "repair", "correction", "alert"]
    entries = [JournalEntry(kind, now, "2026/03/01/b.warc.gz", {"é": [1, None]}) for kind in kinds]
    assert [archive.append(entry) for entry in entries] == [1, 2, 3, 4]
    assert [entry.kind for entry in WarcArchive(tmp_path).entries()] == kinds
    assert [entry.n for entry in archive.entries(after=2)] == [3, 4]
    first = next(archive.entries())
    assert (first.at, first.place, first.data) == (now, "2026/03/01/b.warc.gz", {"é": [1, None]})


def test_the_journal_grows_over_many_folders(archive, now, monkeypatch):
    monkeypatch.setattr(layout, "_SHELF", 4)
    for _ in range(11):
        archive.append(JournalEntry("alert", now))
    assert [entry.n for entry in archive.entries()] == list(range(1, 12))
    assert archive.append(JournalEntry("alert", now)) == 12


def test_entries_that_come_while_reading_are_read(archive, now):
    archive.append(JournalEntry("alert", now))
    seen = []
    for entry in archive.entries():
        seen.append(entry.n)
        if entry.n < 3:
            archive.append(JournalEntry("alert", now))
    assert seen == [1, 2, 3]


def _append_many(home: Path, now, count):
    for number in range(count):
        WarcArchive(home).append(JournalEntry("alert", now, data={"number": number}))


def test_processes_append_without_loss(archive, now, tmp_path):
    workers = [
        multiprocessing.get_context("spawn").Process(target=_append_many, args=(tmp_path, now, 25))
        for _ in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [entry.n for entry in archive.entries()] == list(range(1, 76))


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
def test_killed_at_any_step_an_entry_is_there_whole_or_not_at_all(archive, now, tmp_path, step):
    archive.append(JournalEntry("alert", now, data={"first": True}))
    child = f"""
import os, pathlib
from datetime import datetime, UTC
from pipeline.records import JournalEntry
from pipeline.sources.archive import folder
die = lambda *a, **k: os._exit(9)
if {step!r} == "write": folder.entry_bytes = die
elif {step!r} == "fsync": os.fsync = die
else: pathlib.Path.replace = die
folder.WarcArchive(pathlib.Path({str(tmp_path)!r})).append(JournalEntry("alert", datetime.now(UTC)))
"""
    assert (
        subprocess.run([sys.executable, "-c", child], check=False, cwd=Path(__file__).parents[2]).returncode
        == 9
    )
    assert [entry.data for entry in archive.entries()] == [{"first": True}]
    assert archive.append(JournalEntry("alert", now, data={"second": True})) == 2
    assert len(list(archive.entries())) == 2


def test_a_damaged_entry_is_named(archive, now, tmp_path):
    archive.append(JournalEntry("alert", now))
    path = next((tmp_path / "archive" / "journal").rglob("*.json"))
    assert json.loads(path.read_text())["kind"] == "alert"
    path.write_text("{")
    archive.append(JournalEntry("alert", now))
    damaged, after = archive.entries()
    assert (damaged.n, damaged.kind) == (1, "unreadable")
    assert "000000001.json: a damaged journal entry" in damaged.data["reason"]
    assert (after.n, after.kind) == (2, "alert")


# -- disks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (errno.ENOSPC, UnavailableError),
        (errno.EDQUOT, UnavailableError),
        (errno.EROFS, PermanentError),
        (errno.EACCES, PermanentError),
    ],
)
def test_a_full_or_read_only_disk_is_one_line(archive, captures, now, tmp_path, monkeypatch, code, expected):
    def refuse(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    for attempt in (lambda: archive.write("b", captures), lambda: archive.append(JournalEntry("alert", now))):
        with pytest.raises(expected) as caught:
            attempt()
        assert os.strerror(code) in str(caught.value)
        assert "\n" not in str(caught.value)
    monkeypatch.undo()
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lock"] == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_really_full_disk(tmp_path, monkeypatch, now):
    """/dev/full takes nothing: the file beside the target is made a link to it."""
    target = tmp_path / "archive/2026/03/01"
    target.mkdir(parents=True)
    import threading

    (target / f".writing-{os.getpid()}-{threading.get_ident()}").symlink_to("/dev/full")
    with pytest.raises(UnavailableError, match="No space left on device"):
        WarcArchive(tmp_path).write("b", [captured("file", "text", "a", now, b"x" * 100_000)])


def test_a_file_where_the_archive_should_be(tmp_path, captures):
    (tmp_path / "archive").write_text("in the way")
    with pytest.raises(PermanentError):
        WarcArchive(tmp_path).write("b", captures)
