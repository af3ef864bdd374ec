"""Files of every kind and in every state → captures, items, rejections."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline.errors import UsageError
from pipeline.records import Capture, Rejection
from pipeline.sources.archive.folder import WarcArchive
from pipeline.sources.files import capture_file, find_files, read_file
from pipeline.sources.read.payload import parse_batch, parse_capture


def read(path, now, **more):
    """All items and rejections of one file."""
    items, rejections = [], []
    for found in read_file(path, now, **more):
        if isinstance(found, Rejection):
            rejections.append(found)
        else:
            more_items, refused, *_ = parse_capture(found, 5000)
            items += more_items
            rejections += refused
    return items, rejections


@pytest.fixture
def write(tmp_path) -> Callable[[str, bytes | str], Path]:
    def make(name: str, body: bytes | str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body.encode() if isinstance(body, str) else body)
        return path

    return make


# -- finding ---------------------------------------------------------------------------------------------


def test_folders_are_walked_in_order(write, tmp_path):
    for name in (
        "b/2.txt",
        "b/10.TXT",
        "a.jsonl.gz",
        "c.html",
        "b/skip.pdf",
        ".hidden/x.txt",
        "b/.y.txt",
        "z.warc.gz",
        "d.htm",
    ):
        write(name, "x")
    found = [str(path.relative_to(tmp_path)) for path in find_files([tmp_path])]
    assert found == ["a.jsonl.gz", "b/10.TXT", "b/2.txt", "c.html", "d.htm", "z.warc.gz"]


def test_a_folder_is_walked_in_order_however_few_names_are_listed_at_once(write, tmp_path, monkeypatch):
    names = [f"{number * 7919 % 1000:03}.txt" for number in range(40)]
    for name in (*names, "a/2.txt", "a/1.txt", "z.txt", ".h.txt"):
        write(name, b"x")
    whole = list(find_files([tmp_path]))
    assert len(whole) == 43
    for few in (1, 2, 7, 42, 43):
        monkeypatch.setattr("pipeline.sources.files.LISTED_AT_ONCE", few)
        assert list(find_files([tmp_path])) == whole


def test_paths_stay_as_they_were_given(write, tmp_path, monkeypatch):
    write("in/a.txt", "x")
    monkeypatch.chdir(tmp_path)
    assert [str(path) for path in find_files(["in/a.txt", "in", "i*/*.txt"])] == ["in/a.txt"] * 3


def test_globs(write, tmp_path):
    for name in ("x/1.txt", "x/y/2.txt", "x/3.html"):
        write(name, "x")
    assert [path.name for path in find_files([f"{tmp_path}/**/*.txt"])] == ["1.txt", "2.txt"]
    odd = write("a[1].txt", "x")
    assert list(find_files([odd])) == [odd]


@pytest.mark.parametrize("name", ["nowhere", "nowhere/a.txt", "no*.txt"])
def test_a_path_that_does_not_exist_is_named_at_once(tmp_path, write, name):
    good = write("a.txt", "x")
    with pytest.raises(UsageError, match=r"nowhere|no\*"):
        find_files([good, tmp_path / name])


def test_a_folder_without_anything_to_read_is_said_so(write, tmp_path):
    write("in/a.pdf", "x")
    with pytest.raises(UsageError, match="holds no file of a kind that is read"):
        list(find_files([tmp_path / "in"]))


def test_a_circle_of_links_ends(write, tmp_path):
    write("a/1.txt", "x")
    (tmp_path / "a/loop").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "a/broken.txt").symlink_to(tmp_path / "gone")
    assert [path.name for path in find_files([tmp_path])] == ["1.txt", "broken.txt"]


def test_a_broken_link_is_a_rejection(tmp_path, now):
    link = tmp_path / "broken.txt"
    link.symlink_to(tmp_path / "gone")
    assert "No such file" in read(link, now)[1][0].reason


# -- texts and pages -------------------------------------------------------------------------------------


def test_a_text_file_is_one_article(write, now):
    (item,), _ = read(write("a.txt", "\ufeffThe Title \r\n\r\nFirst.\r\nSecond.\r\n"), now)
    assert (item.title, item.body, item.html) == ("The Title", "First.\nSecond.", False)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "cp1252", "utf-8-sig"])
def test_text_encodings(write, now, encoding):
    (item,), _ = read(write("a.txt", "Café – “naïve”\nÜber".encode(encoding)), now)
    assert (item.title, item.body) == ("Café – “naïve”", "Über")


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.json.gz"])
def test_json_is_read_whether_lines_an_array_or_cut_out_of_one(write, now, name):
    rows = [json.dumps({"title": title, "text": "Rain fell."}) for title in ("One", "Two")]
    for body in ("\n".join(rows), f"[{','.join(rows)}]", "\ufeff" + ",\r\n".join(rows) + ",\r\n"):
        packed = gzip.compress(body.encode()) if name.endswith(".gz") else body
        items, rejections = read(write(name, packed), now)
        assert ([item.title for item in items], rejections) == (["One", "Two"], [])


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.xml", "a.txt"])
def test_a_json_feed_is_a_feed_by_any_name(write, now, name):
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Lunna",
        "items": [{"id": "1", "url": "https://lunna.example/1", "content_html": "<p>Rain fell.</p>"}],
    }
    for indent in (None, 1):
        (item,), rejections = read(write(name, json.dumps(feed, indent=indent)), now)
        assert (item.url, item.html, rejections) == ("https://lunna.example/1", True, [])


def test_an_article_of_10_mb(write, now):
    (item,), rejections = read(write("a.txt", "Title\n" + "word " * 2_000_000), now)
    assert (item.title, len(item.body), rejections) == ("Title", 9_999_999, [])
    (item,), _ = read(write("b.txt", "word " * 2_000_000), now)
    assert (item.title, len(item.body)) == ("", 9_999_999)


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("a.txt", b"", "empty"),
        ("a.txt", b" \n\t\r\n", "empty"),
        ("a.jsonl", b"", "empty"),
        ("a.jsonl", b"\n\n", "empty"),
        ("a.html", b"", "empty"),
        ("a.xml", b"", "empty"),
        ("a.txt", os.urandom(4000), "not text"),
        ("a.pdf", b"%PDF", "not of a kind"),
        ("a.jsonl.gz", b"", "empty"),
        ("a.jsonl.gz", b"not gzip", "cannot be read"),
        ("a.warc", b"", "no page, feed or text"),
        ("a.warc.gz", b"nonsense", "damaged|no page"),
        ("a.xml", b"<catalog/>", "not a feed"),
        ("a.txt", b"\x00" * 100, "empty|not text"),
    ],
)
def test_a_file_without_an_item_is_exactly_one_rejection(write, now, name, body, reason):
    items, (rejection,) = read(write(name, body), now)
    assert items == []
    assert re.search(reason, rejection.reason), rejection.reason
    assert rejection.source.endswith(name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_a_rejection(write, now):
    path = write("a.txt", "x")
    path.chmod(0)
    assert "Permission denied" in read(path, now)[1][0].reason


def test_a_folder_named_like_a_file(tmp_path, now):
    (tmp_path / "a.txt").mkdir()
    assert "Is a directory" in read(tmp_path / "a.txt", now)[1][0].reason


def test_a_page_keeps_its_mark_up(write, now):
    (item,), _ = read(write("a.html", "<meta charset=windows-1251><p>Текст</p>".encode("cp1251")), now)
    assert (item.page, item.title, item.body) == ("<meta charset=windows-1251><p>Текст</p>", "", "")


def test_a_file_too_large_is_said_so(tmp_path, now):
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    assert "larger than 16 MiB" in read(path, now)[1][0].reason


# -- JSON lines ------------------------------------------------------------------------------------------


def test_json_lines(write, now):
    line = {
        "id": 5,
        "title": "T",
        "text": "Body",
        "source": "Outlet",
        "url": "https://a.test/1",
        "published": "2026-02-01",
        "lang": "EN-us",
        "cluster": 9,
        "other": {},
    }
    (item, second), rejections = read(
        write("a.jsonl", json.dumps(line) + "\n\n" + '{"text": "only", "published": 1769904000}'), now
    )
    assert (item.guid, item.title, item.body, item.outlet) == ("", "T", "Body", "Outlet")
    assert (item.url, item.published, item.language) == ("https://a.test/1", "2026-02-01", "en")
    assert second.published == "2026-02-01T00:00:00+00:00"
    assert rejections == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object but list"),
        ("null", "NoneType"),
        ("{}", "neither title nor text"),
        ('{"title": " ", "text": null}', "neither"),
        ('{"title": ["x"]}', "neither"),
        ("[" * 100_000, "nested too deep|not JSON"),
        ("\x00\x01", "not JSON"),
        ('{"title": "a"} trailing', "not JSON"),
    ],
)
def test_a_bad_line_is_its_own_rejection_and_others_go_on(write, now, line, reason):
    items, (rejection,) = read(write("a.jsonl", '{"title": "first"}\n' + line + '\n{"title": "last"}\n'), now)
    assert [item.title for item in items] == ["first", "last"]
    assert re.search(rf"line 2: .*({reason})", rejection.reason), rejection.reason
    assert rejection.excerpt == line.strip("\x00")[:500]


@pytest.mark.parametrize("published", [True, None, {}, "", 1e400, -5, 12, 10**400])
def test_odd_dates_do_no_harm(write, now, published):
    read(write("a.jsonl", json.dumps({"title": "x", "published": published})), now)
    (item,), _ = read(write("b.jsonl", '{"title": "\\ud800x"}'), now)
    item.title.encode()


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_parts_are_cut_at_line_ends(write, now, name):
    lines = [json.dumps({"title": f"Title {number}", "text": "x" * (number % 97)}) for number in range(2000)]
    lines[700] = lines[1500] = "broken"
    body = "\n".join(lines).encode()
    path = write(name, gzip.compress(body) if name.endswith("gz") else body)
    found = list(read_file(path, now, part_bytes=10_000))
    captures = [each for each in found if isinstance(each, Capture)]
    assert len(captures) == len(found) > 5
    assert b"".join(capture.body for capture in captures) == body
    assert captures[0].url == str(path)
    assert captures[1].url.startswith(f"{path}#line=")
    items, rejections = read(path, now, part_bytes=10_000)
    assert [item.title for item in items] == [
        f"Title {number}" for number in range(2000) if number not in (700, 1500)
    ]
    assert len({item.id for item in items}) == 1998
    assert [rejection.reason[:9] for rejection in rejections] == ["line 701:", "line 1501"]
    whole, _ = read(path, now)
    assert [item.title for item in whole] == [item.title for item in items]


def test_equal_lines_have_unique_ids(write, now):
    path = write("a.jsonl", '{"title": "same"}\n' * 500)
    items, _ = read(path, now, part_bytes=100)
    assert len({item.id for item in items}) == 500


def test_100_mb_stream_in_flat_memory(tmp_path, now):
    path = tmp_path / "big.jsonl.gz"
    line = (json.dumps({"title": "T", "text": "word " * 2000}) + "\n").encode()
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(10_000):
            file.write(line)
    tracemalloc.start()
    parts = sum(1 for _ in read_file(path, now))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert parts >= 12
    assert peak < 40 * 1024 * 1024


def test_a_damaged_gzip_gives_what_came_before(write, now):
    body = gzip.compress(
        "".join(f'{{"title": "Title {n} {os.urandom(20).hex()}"}}\n' for n in range(3000)).encode()
    )
    items, rejections = read(write("a.jsonl.gz", body[: len(body) // 2]), now, part_bytes=10_000)
    assert len(items) > 1000
    assert "compression is damaged" in rejections[-1].reason


def test_a_line_too_long_is_passed_over(write, now, monkeypatch):
    monkeypatch.setattr("pipeline.sources.files.MAX_FILE_BYTES", 1000)
    body = '{"title": "a"}\n' + "x" * 5000 + '\n{"title": "b"}\nbroken\n' + "y" * 1001
    items, rejections = read(write("a.jsonl", body), now)
    assert [item.title for item in items] == ["a", "b"]
    assert [rejection.reason[:7] for rejection in sorted(rejections, key=lambda r: r.reason)] == [
        "line 2:",
        "line 4:",
        "line 5:",
    ]


def test_utf_16_json_lines(write, now):
    items, rejections = read(write("a.jsonl", '{"title": "ü"}\n{"title": "b"}'.encode("utf-16")), now)
    assert [item.title for item in items] == ["ü", "b"]
    assert rejections == []


# -- WARC ------------------------------------------------------------------------------------------------


def warc(path, *records, compressed=True):
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=compressed)
        for url, status, kind, body in records:
            headers = StatusAndHeaders(
                status, [("Content-Type", kind), ("Content-Length", str(len(body)))], protocol="HTTP/1.1"
            )
            writer.write_record(
                writer.create_warc_record(
                    url,
                    "response",
                    payload=io.BytesIO(body),
                    length=len(body),
                    http_headers=headers,
                    warc_headers_dict={"WARC-Date": "2019-05-06T07:08:09Z"},
                )
            )
    return path


@pytest.mark.parametrize("compressed", [True, False])
def test_a_foreign_warc_gives_its_pages_and_feeds(tmp_path, now, compressed):
    path = warc(
        tmp_path / "crawl.warc",
        ("https://a.test/1", "200 OK", "text/html; charset=latin-1", "<p>Größe</p>".encode("latin-1")),
        ("https://a.test/404", "404 Not Found", "text/html", b"<p>no</p>"),
        ("https://a.test/i.png", "200 OK", "image/png", b"\x89PNG"),
        (
            "https://a.test/feed",
            "200 OK",
            "application/rss+xml",
            b"<rss version='2.0'><channel><item><title>T</title></item></channel></rss>",
        ),
        ("https://a.test/robots.txt", "200 OK", "text/plain", b"User-agent: *"),
        compressed=compressed,
    )
    page, feed = read_file(path, now)
    assert isinstance(page, Capture)
    assert isinstance(feed, Capture)
    assert (page.kind, page.payload, page.url) == ("page", "html", "https://a.test/1")
    assert page.fetched.isoformat() == "2019-05-06T07:08:09+00:00"
    items, rejections = parse_batch([page, feed], 10)
    assert [(item.url, item.page or item.title) for item in items] == [
        ("https://a.test/1", "<p>Größe</p>"),
        ("", "T"),
    ]
    assert rejections == []


def test_a_truncated_warc_gives_what_came_before(tmp_path, now):
    path = warc(
        tmp_path / "c.warc.gz",
        *((f"https://a.test/{n}", "200 OK", "text/html", os.urandom(500)) for n in range(9)),
    )
    path.write_bytes(path.read_bytes()[:-1200])
    found = list(read_file(path, now))
    assert len([capture for capture in found if isinstance(capture, Capture)]) >= 6


def test_an_archive_of_ours_loads_as_it_was(write, tmp_path, now):
    captures = [capture_file(write("a.txt", "Title\nText"), now)]
    place = WarcArchive(tmp_path).write("b", captures)
    assert list(read_file(tmp_path / "archive" / place, now)) == captures


def test_the_same_file_is_the_same_capture(write, now):
    path = write("a.txt", "Title\nText")
    first, again = capture_file(path, now), capture_file(path, now.replace(year=2030))
    assert first.id == again.id


def test_a_file_name_is_never_more_than_a_name(write, now):
    path = write("..%2f..%2fevil\u202etxt.txt", "Title\nText")
    (item,), _ = read(path, now)
    assert item.title == "Title"


@pytest.mark.parametrize(
    ("body", "title", "text"),
    [
        (b"Dam opens\rWater came.\rMore.", "Dam opens", "Water came.\nMore."),  # an old Mac
        (b"\r\n\x0cDam opens\r\n\x00Water\x00 came.\x0c\r\n\x1a", "Dam opens", "Water came."),
        ("\ufeffDam opens\u2028Water came.\x85More.".encode(), "Dam opens", "Water came.\nMore."),
        (b"Dam opens\x0bWater came.\n\rMore.", "Dam opens", "Water came.\n\nMore."),
    ],
)
def test_line_ends_and_controls_of_other_tools(write, now, body, title, text):
    (item,), rejections = read(write("a.txt", body), now)
    assert (item.title, item.body, rejections) == (title, text, [])


def test_a_short_file_of_control_characters_is_no_text(write, now):
    items, (rejection,) = read(write("a.txt", b"PK\x03\x04\x14\x00\x00\x00\x08\x00ab"), now)
    assert (items, rejection.reason) == ([], "not text")


def test_an_answer_of_more_lines_than_a_part_is_read_whole(write, now):
    rows = [{"title": f"Row {n}", "text": "A text."} for n in range(200)]
    items, refused = read(write("a.jsonl", json.dumps({"articles": rows}, indent=1)), now)
    assert ([item.title for item in items], refused) == ([row["title"] for row in rows], [])


def test_an_article_with_a_list_of_others_stays_one(write, now):
    row = {"title": "Bridge shut", "related": [{"title": "Bridge open"}]}
    items, _ = read(write("a.jsonl", json.dumps(row)), now)
    assert [item.title for item in items] == ["Bridge shut"]


def test_the_reason_of_a_damaged_record_shows_none_of_its_bytes(write, now):
    body = b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 4\r\n\r\n\x00\xd8\xff\xfe\r\n\r\n"
    _, refused = read(write("a.warc", b"\x00\xd8\x89PNG\xff\n" * 9 + body), now)
    assert refused
    for entry in refused:
        assert "\\x" not in entry.reason
        assert entry.reason.isprintable()


def test_a_record_that_is_cut_off_says_so(write, now):
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><p>The pier was closed on Friday."
    head = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.test/\r\nContent-Length: %d\r\n\r\n"
    items, refused = read(write("a.warc", head % (len(page) + 200) + page), now)
    assert items == []
    assert "cut off" in refused[0].reason


def test_an_item_of_a_json_feed_without_an_address_has_that_of_its_id(write, now):
    items = [{"id": "https://lunna.example/a", "title": "A"}, {"id": "b-7", "title": "B"}]
    feed = {"version": "https://jsonfeed.org/version/1", "title": "Lunna", "items": items}
    found, _ = read(write("a.json", json.dumps(feed)), now)
    assert [(item.url, item.guid) for item in found] == [
        ("https://lunna.example/a", "https://lunna.example/a"),
        ("", "b-7"),
    ]
