"""WARCs and files that are not quite what they say: each costs itself alone."""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import time
import tracemalloc
from collections.abc import Callable

import brotli
import pytest
import zstandard
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline.normalize.article import normalize
from pipeline.records import Capture, Rejection
from pipeline.sources.archive.warc import joined
from pipeline.sources.files import read_file
from pipeline.sources.read.payload import parse_capture
from pipeline.sources.unpack import unpack

PAGE = (
    b"<!doctype html><html><head><title>Ferry runs</title></head><article><h1>Ferry runs again</h1>"
    b"<p>The ferry to the outer islands sails again after a week in dock, its company said on Monday.</p>"
    b"<p>Divers had to free both propellers from a net that drifted in the strait since the storm.</p>"
    b"</article></html>"
)


def record(body, number=1, *, headers=(), gz=True, url="https://ferry.test/{}"):
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=gz)
    http = StatusAndHeaders("200 OK", [("Content-Type", "text/html"), *headers], protocol="HTTP/1.1")
    made = writer.create_warc_record(
        url.format(number), "response", payload=io.BytesIO(body), length=len(body), http_headers=http
    )
    writer.write_record(made)
    return buffer.getvalue()


def chunked(body, size=50):
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.fixture
def read(tmp_path, now) -> Callable[[str, bytes], tuple[list[Capture], list[Rejection]]]:
    def reading(name, data):
        path = tmp_path / name
        path.write_bytes(data)
        found = list(read_file(path, now))
        return [f for f in found if isinstance(f, Capture)], [f for f in found if isinstance(f, Rejection)]

    return reading


PACKED = {
    "brotli": record(brotli.compress(PAGE), headers=[("Content-Encoding", "br")]),
    "gzip": record(gzip.compress(PAGE), headers=[("Content-Encoding", "gzip")]),
    "chunked": record(chunked(PAGE), headers=[("Transfer-Encoding", "chunked")]),
    "joined already": record(PAGE, headers=[("Transfer-Encoding", "chunked")]),
    "unpacked already": record(PAGE, headers=[("Content-Encoding", "gzip")]),
    "chunked gzip": record(
        chunked(gzip.compress(PAGE)), headers=[("Transfer-Encoding", "chunked"), ("Content-Encoding", "gzip")]
    ),
}


@pytest.mark.parametrize("way", PACKED)
def test_a_payload_is_read_however_it_was_sent(read, way):
    captures, refused = read("a.warc.gz", PACKED[way])
    assert [capture.body for capture in captures] == [PAGE]
    assert refused == []


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (record(PAGE, headers=[("Content-Encoding", "sdch")]), "unknown content coding"),
        (record(PAGE)[:200] + b"\xff" * 40 + record(PAGE)[240:], "damaged at byte"),
        (record(PAGE)[:180], "damaged at byte"),
        (b"\x00" * 3000, "damaged at byte"),
    ],
)
def test_a_record_that_cannot_be_read_costs_itself_alone(read, broken, reason):
    captures, refused = read("a.warc.gz", record(PAGE, 1) + broken + record(PAGE, 3) + record(PAGE, 4))
    assert [capture.url[-1] for capture in captures] == ["1", "3", "4"]
    assert refused
    assert reason in refused[0].reason


@pytest.mark.parametrize("cut", range(120, 220, 5))
def test_a_record_cut_off_anywhere_costs_itself_alone_and_is_told(read, cut):
    broken = record(PAGE)[:cut]
    parts = [record(PAGE, 1), broken, record(PAGE, 3), broken, record(PAGE, 5), broken[:-7], record(PAGE, 7)]
    captures, refused = read("a.warc.gz", b"".join(parts))
    assert [capture.url[-1] for capture in captures] == ["1", "3", "5", "7"]
    assert len(refused) >= 3
    assert all("damaged at byte" in rejection.reason for rejection in refused)


def test_a_damaged_record_of_an_unpacked_file_costs_itself_alone(read):
    plain = [record(PAGE, n, gz=False) for n in (1, 2, 3)]
    captures, _ = read("a.warc", plain[0] + b"garbage garbage\r\n\r\n" + plain[1] + plain[2])
    assert [capture.url[-1] for capture in captures] == ["1", "2", "3"]


DAMAGES = {
    "no length": lambda one: one.replace(b"Content-Length", b"Content-Lxngth", 1),
    "no number for a length": lambda one: one.replace(b"Content-Length: ", b"Content-Length: x", 1),
    "a length too great": lambda one: one.replace(b"Content-Length: ", b"Content-Length: 1", 1),
    "a length too small": lambda one: re.sub(rb"(Content-Length: \d\d)\d", rb"\1", one, count=1),
    "no type": lambda one: one.replace(b"WARC-Type", b"WARC-Txpe", 1),
    "an unknown type": lambda one: one.replace(b": response", b": respxnse", 1),
    "no status": lambda one: one.replace(b"HTTP/1.1 200", b"HTTP/1.1 x00", 1),
    "a hole in the header": lambda one: one[:40] + one[200:],
    "a length that ends at a line's end": lambda one: one.replace(
        b"Content-Length: 349", b"Content-Length: %d" % (349 + 4 + one.index(b"\nContent-Type") - 1)
    ),
    "zeros": lambda one: one[:100] + b"\0" * 400 + one[500:],
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("at", [0, 2, 4])
def test_damage_in_an_unpacked_file_costs_one_record_and_is_told(read, damage, at):
    plain = [record(PAGE, n, gz=False) for n in range(5)]
    plain[at] = DAMAGES[damage](plain[at])
    captures, refused = read("a.warc", b"".join(plain))
    assert [capture.url[-1] for capture in captures] == [str(n) for n in range(5) if n != at]
    assert {capture.body for capture in captures} == {PAGE}
    assert refused
    assert all(entry.reason.isprintable() for entry in refused)


@pytest.mark.parametrize("between", [b"", b"\n", b"\r\n", b"\r\n\r\n\r\n"])
def test_records_are_read_however_they_are_parted(read, between):
    plain = [record(PAGE, n, gz=False).rstrip() for n in range(4)]
    captures, refused = read("a.warc", between.join(plain))
    assert [capture.url[-1] for capture in captures] == ["0", "1", "2", "3"]
    assert refused == []


def test_damaged_codings_and_missing_chunks_are_told_not_cut(read):
    packed, pieces = gzip.compress(PAGE, mtime=0), chunked(PAGE)
    lost = pieces.replace(b"\r\n32\r\n", b"\r\n??\r\n", 1)
    records = [
        record(packed[:-60], 1, headers=[("Content-Encoding", "gzip")]),
        record(pieces.replace(b"\r\n0\r\n\r\n", b"\r\n"), 2, headers=[("Transfer-Encoding", "chunked")]),
        record(lost, 3, headers=[("Transfer-Encoding", "chunked")]),
        record(PAGE, 4),
        record(PAGE, 5),
    ]
    captures, refused = read("a.warc.gz", b"".join(records))
    assert [capture.url[-1] for capture in captures] == ["4", "5"]
    assert len(refused) == 3


def test_pages_without_a_type_are_known_by_their_beginning(read):
    head, _, rest = record(PAGE, 1, gz=False).partition(b"Content-Type: text/html\r\n")
    untyped = head + b"X-Some-Header: is here.\r\n" + rest  # as long
    assert len(untyped) == len(record(PAGE, 1, gz=False))
    captures, refused = read(
        "a.warc", untyped + untyped.replace(b"<!doctype html><html>", b"\x89PNG" + b"\0" * 17)
    )
    assert ([capture.body for capture in captures], refused) == ([PAGE], [])


def test_what_stands_before_the_damage_of_one_stream_is_read(read):
    pages = [PAGE.replace(b"a week", b"%d weeks" % (n * 7919)) for n in range(300)]
    packed = gzip.compress(b"".join(record(page, n, gz=False) for n, page in enumerate(pages)), mtime=0)
    damaged = packed[: len(packed) * 2 // 3] + b"\x55" * 50 + packed[len(packed) * 2 // 3 + 50 :]
    captures, refused = read("a.warc.gz", damaged)
    assert 150 < len(captures) < 300
    assert refused
    lines = [b'{"title": "T %d %d"}\n' % (n, n * 7919**3) for n in range(3000)]
    packed = gzip.compress(b"".join(lines), mtime=0)
    half = len(packed) // 2
    parts, refused = read("a.jsonl.gz", packed[:half] + b"\x55" * 50 + packed[half + 50 :])
    assert b"".join(part.body for part in parts).startswith(b"".join(lines[:1200]))
    assert refused


@pytest.mark.parametrize("first_bytes", [0, 65_000, 300_000, 3_000_000])
def test_a_file_that_is_one_gzip_stream_is_read(read, first_bytes):
    first = PAGE + b"<p>" + bytes(ord("a") + n * n % 26 for n in range(first_bytes))
    pages = {1: first, 2: PAGE, 3: PAGE}
    whole = gzip.compress(b"".join(record(page, n, gz=False) for n, page in pages.items()))
    captures, refused = read("a.warc.gz", whole)
    assert [(int(capture.url[-1]), capture.body) for capture in captures] == list(pages.items())
    assert refused == []


def test_addresses_in_angle_brackets_are_addresses(read):
    captures, _ = read("a.warc.gz", record(PAGE, url="<https://ferry.test/{}>"))
    assert captures[0].url == "https://ferry.test/1"


@pytest.mark.parametrize(
    "bomb",
    [
        record(gzip.compress(b" " * 60_000_000), headers=[("Content-Encoding", "gzip")]),
        record(brotli.compress(b"<p>" * 20_000_000, quality=3), headers=[("Content-Encoding", "br")]),
        record(b"<p>" * 20_000_000),
        record(b"<p>" * 5_000_000),
        record(b"a " * 7_000_000),
    ],
)
def test_a_bomb_is_refused_within_100_mb(read, bomb):
    tracemalloc.start()
    captures, refused = read("a.warc.gz", bomb + record(PAGE, 2))
    for capture in captures:
        items, more, *_ = parse_capture(capture, 100)
        refused += more
        if capture.url.endswith("2"):
            assert items
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused
    assert peak < 100_000_000


def test_chunks_with_extensions_are_joined():
    assert joined(b"3;a=b\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") == b"abcde"


# -- names that deceive ----------------------------------------------------------------------------------

FEED = (
    b'<?xml version="1.0"?>\n<!-- made by hand -->\n<rss version="2.0"><channel><title>F</title>'
    b"<item><title>One</title><link>https://f.test/1</link></item>"
    b"<item><title>Two</title><link>https://f.test/2</link></item></channel></rss>"
)
MHTML = (
    b"From: <Saved>\r\nSnapshot-Content-Location: https://ferry.test/saved\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/related;\r\n\ttype="text/html";\r\n\tboundary="=_x"\r\n\r\n\r\n--=_x\r\n'
    b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
)


def titles(found):
    items = [item for capture in found for item in parse_capture(capture, 100)[0]]
    return [normalize(item).title for item in items]


@pytest.mark.parametrize("name", ["a.txt", "a.html", "a.xml"])
def test_a_feed_is_a_feed_by_any_name(read, name):
    assert titles(read(name, FEED)[0]) == ["One", "Two"]


@pytest.mark.parametrize("lead", [b"", b"\xef\xbb\xbf\r\n ", b"<!-- saved -->\n"])
def test_a_page_named_as_text_is_a_page(read, lead):
    assert titles(read("a.txt", lead + PAGE)[0]) == ["Ferry runs again"]


def test_a_text_that_speaks_of_tags_stays_a_text(read):
    (capture,), _ = read("a.txt", b"Why <html> has no end\nA page may begin with <html> and stop.")
    assert parse_capture(capture, 1)[0][0].title == "Why <html> has no end"


@pytest.mark.parametrize("name", ["a.html", "a.mhtml", "a.txt", "a.eml"])
def test_the_page_of_an_mhtml_file_is_read_with_its_address(read, name):
    import base64

    (capture,), _ = read(name, MHTML + base64.encodebytes(PAGE) + b"\r\n--=_x--\r\n")
    (item,) = parse_capture(capture, 1)[0]
    assert (normalize(item).title, item.url) == ("Ferry runs again", "https://ferry.test/saved")


@pytest.mark.parametrize("name", ["a.eml", "a.txt"])
def test_a_mail_is_its_page_else_its_text_under_its_subject(read, name):
    head = "Content-Type: {}; charset=iso-8859-2\n"
    head += "Subject: =?utf-8?q?Most_zosta=C5=82?= otwarty\nMIME-Version: 1.0\n\n"
    text = "Piesi znów mogą przejść przez rzekę."
    (capture,), _ = read(name, head.format("text/plain").encode() + text.encode("iso-8859-2"))
    (item,) = parse_capture(capture, 1)[0]
    assert (item.title, item.body) == ("Most został otwarty", text)
    (capture,), _ = read(name, head.format("text/html").encode() + PAGE)
    assert normalize(parse_capture(capture, 1)[0][0]).title == "Ferry runs again"


@pytest.mark.parametrize("kind", ["text/plain", "text/html"])
def test_a_newsletter_has_the_subject_and_date_of_its_mail(read, kind):
    head = "From: Echo <news@echo.test>\nSubject: Bridge shut\nDate: Mon, 02 Mar 2015 09:00:00 +0100\n"
    head += f"MIME-Version: 1.0\nContent-Type: {kind}; charset=utf-8\n\n"
    text = "<p>Engineers found a crack in the second pillar and closed the bridge until Friday.</p>"
    (capture,), _ = read("a.eml", (head + text).encode())
    article = normalize(parse_capture(capture, 1)[0][0])
    assert (article.title, str(article.published)) == ("Bridge shut", "2015-03-02 08:00:00+00:00")
    assert "closed the bridge" in article.text


def test_a_record_that_its_crawler_cut_off_is_read_and_told(read):
    cut = record(PAGE, 1, gz=False).replace(b"WARC-Type:", b"WARC-Truncated: length\r\nWARC-Type:")
    (first, second), (told,) = read("a.warc.gz", gzip.compress(cut) + record(PAGE, 2))
    assert (first.body, second.body) == (PAGE, PAGE)
    assert "cut off by its crawler (length)" in told.reason


@pytest.mark.parametrize("checked", [False, True])
def test_zstd_without_a_size_that_is_cut_off_anywhere_is_told(checked):
    noise = random.Random(7).randbytes(300_000)
    packer = zstandard.ZstdCompressor(write_content_size=False, write_checksum=checked).compressobj()
    blocks = [packer.compress(noise[at : at + 60_000]) + packer.flush(1) for at in range(0, 300_000, 60_000)]
    whole = b"".join([*blocks, packer.flush()])
    assert unpack(whole, "zstd", 10**6) == (noise, True)
    assert unpack(whole + zstandard.compress(b"and a second frame"), "zstd", 10**6).whole
    ends = [len(b"".join(blocks[:count])) for count in range(1, 6)]
    for at in (*ends, *range(6, len(whole), 9_973), len(whole) - 1):
        assert not unpack(whole[:at], "zstd", 10**6).whole, at


MANY_PARTS = b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=B\n\n"


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (MANY_PARTS + b"--B\n\n\n" * 1_000_000 + b"--B--\n", "more than 5,000 parts"),
        (MANY_PARTS + b"--B\nContent-Type: text/html\n\n" + b"<p>a" * 3_000_000, "more than 8 MiB"),
        (
            b"MIME-Version: 1.0\n"
            + b"".join(
                b"Content-Type: multipart/mixed; boundary=B%d\n\n--B%d\n" % (n, n) for n in range(2000)
            ),
            "within more than 8",
        ),
    ],
)
def test_a_message_of_too_much_is_refused_within_100_mb(read, message, reason):
    tracemalloc.start()
    (capture,), _ = read("a.mhtml", message)
    started = time.process_time()
    items, (refused,), *_ = parse_capture(capture, 100)
    assert time.process_time() - started < 2
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert items == []
    assert reason in refused.reason
    assert peak < 100_000_000


def test_what_is_attached_to_a_page_is_passed_over(read):
    page = b"--B\nContent-Type: multipart/alternative; boundary=C\n\n--C\nContent-Type: text/html\n\n" + PAGE
    picture = b"--B\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + b"QUJD" * 3_000_000
    for parts in (picture + b"\n" + page, page + b"\n--C--\n" + picture):
        (capture,), _ = read("a.mhtml", MANY_PARTS + parts + b"\n--B--\n")
        (item,), refused, *_ = parse_capture(capture, 100)
        assert (item.page.encode().strip(), refused) == (PAGE.strip(), [])


def test_a_text_that_begins_like_a_header_stays_a_text(read):
    (capture,), _ = read("a.txt", b"Weather: MIME-Version\n\nContent-Type: text/plain is what mails say.")
    assert parse_capture(capture, 1)[0][0].title == "Weather: MIME-Version"


ROWS = [{"title": f"Row {n}", "text": "A text."} for n in range(3)]


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2),
        "\n".join(json.dumps(row, indent=1) for row in ROWS),
        "\r".join(json.dumps(row) for row in ROWS),
        ",\n".join(json.dumps(row) for row in ROWS),
        json.dumps({"status": "ok", "articles": ROWS, "pages": [1, 2]}),
        json.dumps({"total": 3, "results": ROWS}, indent=2),
        json.dumps({"data": ROWS[:2]}) + "\n" + json.dumps(ROWS[2]),
        "".join(json.dumps(row) for row in ROWS),
    ],
)
def test_rows_are_read_however_they_are_parted(read, body):
    assert titles(read("a.jsonl", body.encode())[0]) == ["Row 0", "Row 1", "Row 2"]


def test_a_packed_sitemap_is_read_and_a_packed_bomb_is_not(read):
    assert titles(read("a.xml.gz", gzip.compress(FEED))[0]) == ["One", "Two"]
    captures, (entry,) = read("b.xml.gz", gzip.compress(b"<a>" * 20_000_000))
    assert captures == []
    assert "larger than 16 MiB" in entry.reason


def test_many_short_lines_are_several_parts(read):
    captures, _ = read("a.jsonl", b'{"title": "t"}\n' * 1200)
    assert [capture.body.count(b"\n") for capture in captures] == [500, 500, 200]


def test_marks_without_a_header_are_one_fault_not_thousands(read):
    captures, refused = read("a.warc", b"WARC/1.0\r\n" * 5000 + record(PAGE, 1, gz=False))
    assert [capture.url[-1] for capture in captures] == ["1"]
    assert len(refused) <= 2


def test_a_stream_that_is_damaged_everywhere_is_given_up_and_says_so(read):
    broken = b"WARC/1.0\r\nWARC-Type: response\r\n\r\n" + b" " * 100_000 + b"\r\n\r\n"
    captures, refused = read("a.warc.gz", gzip.compress(broken * 200, mtime=0))
    assert captures == []
    assert "the rest is not read" in refused[-1].reason
    assert len(refused) < 100
