"""A mutation fuzzer over feeds, pages, texts and archives: seeded, so that a failure can be run again.

    python -m tests.sources.fuzz [--inputs 10000] [--seed 1]

Each mutated input must end as items or as a rejection, within a time, and without memory growing.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipeline.records import Capture, Payload, RawItem, Rejection
from pipeline.sources.raw_items import captured
from pipeline.sources.read.payload import FAULT, parse_capture

LIMIT_SECONDS = 10.0
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
_RSS = """<?xml version="1.0" encoding="utf-8"?><!DOCTYPE rss [<!ENTITY nbsp "&#160;">]>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>Harbour Post</title><link>https://harbour.test/</link><language>en</language>
<item><title>Crane &amp; quay&nbsp;reopen</title><link>https://harbour.test/1?utm_source=x</link><guid>1</guid>
<pubDate>Mon, 02 Feb 2026 08:00:00 EST</pubDate><description>&lt;p&gt;After a month.&lt;/p&gt;</description>
<content:encoded><![CDATA[<p>After a <b>month</b> …</p>]]></content:encoded><media:content url="a.jpg"><media:title>x</media:title></media:content></item>
<item><title>Nächster Artikel</title><guid isPermaLink="true">https://harbour.test/2</guid><category>Docks</category></item>
</channel></rss>"""  # noqa: E501
_ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="es" xml:base="https://puerto.test/"><title>Puerto</title>
<entry><id>tag:puerto.test,2026:1</id><title type="html">La gr&amp;uacute;a</title><link href="1"/>
<updated>2026-02-01T10:00:00+01:00</updated><author><name>A. Autora</name></author>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Texto</p></div></content></entry></feed>"""
_JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "J",
        "items": [
            {
                "id": "1",
                "url": "https://j.test/1",
                "title": "T",
                "content_html": "<p>x</p>",
                "authors": [{"name": "A"}],
                "tags": ["t"],
            }
        ],
    }
)
_SITEMAP = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>https://s.test/1</loc><news:news><news:publication><news:name>S</news:name><news:language>en</news:language>
</news:publication><news:publication_date>2026-02-01</news:publication_date><news:title>T</news:title></news:news></url></urlset>"""
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Quay</title><base href="/x/">
<link rel="alternate" type="application/rss+xml" href="/feed"></head><body><nav>Home</nav><article><h1>Quay</h1>
<p>The quay is open again.</p></article></body></html>"""  # noqa: E501
_LINES = (
    '{"title": "One", "text": "Text", "url": "https://l.test/1", "published": "2026-02-01", "lang": "en"}\n'
    * 3
)
# Pieces that parsers trip over.
_TOKENS = [
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"-->",
    b"<?xml version='1.0' encoding='utf-16'?>",
    b"&",
    b"&amp;",
    b"&#0;",
    b"&#xD800;",
    b"&#99999999999;",
    b"&nope;",
    b"<",
    b">",
    b"</",
    b"/>",
    b"<item>",
    b"</item>",
    b"<entry>",
    b"</channel>",
    b"<!DOCTYPE x [<!ENTITY a '&b;'><!ENTITY b '&a;'>]>",
    b"<!ENTITY % x SYSTEM 'file:///etc/passwd'>",
    b"xmlns:a='b'",
    b"xml:base='http://['",
    b"<a xmlns:x=''>",
    b"type='base64'",
    b"mode='escaped'",
    b"<link href='http://[::1'/>",
    b"http://%zz",
    b"'",
    b'"',
    b"\r",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x98\x80",
    b"<html><head>",
    b"<rss><rss>",
    b"<updated>0000-00-00T99:99:99Z</updated>",
    b"<pubDate>Feb 31 99999</pubDate>",
    b"\x1b[31m",
    b"{",
    b"[",
    b"}",
    b"1e999",
    b"\\ud800",
    b"<georss:point>x y z</georss:point>",
    b"<gml:pos>1e400 nan</gml:pos>",
    b"<enclosure length='x'/>",
    b"<itunes:duration>::</itunes:duration>",
    b"<script>",
    b"\xe2\x80\xae",
]


@dataclass
class Tally:
    """What a run came to."""

    inputs: int = 0
    with_items: int = 0
    rejected: int = 0
    slowest_seconds: float = 0.0
    failures: list[str] = field(default_factory=list)


def seeds() -> list[tuple[Payload, bytes]]:
    """What is mutated: a document of each kind, and the recorded feeds of the demo."""
    texts: list[tuple[Payload, str]] = [
        ("feed", _RSS),
        ("feed", _ATOM),
        ("feed", _JSON),
        ("feed", _SITEMAP),
        ("feed", _PAGE),
        ("html", _PAGE),
        ("text", "A title\nA text of one line."),
        ("jsonl", _LINES),
    ]
    recorded = sorted((ROOT / "seeds" / "feeds").rglob("*.xml"))[:4]
    bodies = [(payload, text.encode()) for payload, text in texts]
    return [*bodies, ("feed", _RSS.encode("utf-16")), *(("feed", path.read_bytes()) for path in recorded)]


def mutated(body: bytes, chance: random.Random) -> bytes:
    """A body with one to eight things done to it."""
    data = bytearray(body)
    for _ in range(chance.randint(1, 8)):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.randrange(1, 200))
        match chance.randrange(8):
            case 0:
                data[start:start] = chance.choice(_TOKENS)
            case 1:
                data[start:end] = b""
            case 2:
                data[start:start] = data[start:end] * chance.choice([1, 2, 50])
            case 3:
                del data[start:]
            case 4 if start < len(data):
                data[start] ^= 1 << chance.randrange(8)
            case 5:
                data[start:end] = chance.randbytes(end - start)
            case 6:
                data[start:start] = chance.choice(_TOKENS) * chance.choice([2, 20, 2000])
            case _:
                other = chance.randrange(len(data) + 1)
                data[start:end] = data[other : other + 100]
    return bytes(data[:500_000])


def inputs(count: int, seed: int) -> Iterator[Capture]:
    """Mutated captures; the same seed gives the same ones."""
    chance = random.Random(seed)
    kinds = seeds()
    types = [
        "",
        "text/xml; charset=latin-1",
        "text/html; charset=utf-16",
        "application/rss+xml; charset=\x00",
        "x" * 300,
    ]
    for number in range(count):
        payload, body = kinds[number % len(kinds)]
        url = chance.choice(["https://fuzz.test/feed", "http://[", "a file.txt"])
        yield captured("feed", payload, url, NOW, mutated(body, chance), content_type=chance.choice(types))


def run(count: int, seed: int) -> Tally:
    """Parses mutated inputs and notes what should not be."""
    tally = Tally()
    for number, capture in enumerate(inputs(count, seed)):
        started = time.perf_counter()
        try:
            found = parse_capture(capture, 100)
            problem = _problem(found.items, found.rejections, capture, tally)
        except Exception as error:  # noqa: BLE001  anything at all is a finding
            problem = f"raised {error!r}"
        seconds = time.perf_counter() - started
        tally.slowest_seconds = max(tally.slowest_seconds, seconds)
        if seconds > LIMIT_SECONDS:
            problem = f"took {seconds:.1f} s"
        if problem:
            tally.failures.append(f"input {number} of seed {seed} ({capture.payload}): {problem}")
        tally.inputs += 1
    return tally


def _problem(items: list[RawItem], rejections: list[Rejection], capture: Capture, tally: Tally) -> str:
    tally.with_items += bool(items)
    tally.rejected += not items
    if not items and not rejections:
        return "neither item nor rejection"
    if not items and capture.payload != "jsonl" and len(rejections) != 1:
        return "more than one rejection"
    if any(FAULT in rejection.reason for rejection in rejections):
        return rejections[0].reason
    if any("\n" in rejection.reason for rejection in rejections):
        return "a reason of several lines"
    if len({item.id for item in items}) != len(items):
        return "an id twice"
    for record in (*items, *rejections):
        repr(record).encode()  # a lone surrogate would fail in every store
    return ""


def memory_mib() -> float:
    """The memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1024**2


def main() -> int:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    run(500, chosen.seed + 1)  # caches fill first
    gc.collect()
    before, started = memory_mib(), time.monotonic()
    tally = run(chosen.inputs, chosen.seed)
    gc.collect()
    grown = memory_mib() - before
    sys.stdout.write(
        f"{tally.inputs} inputs: {tally.with_items} gave items, {tally.rejected} were rejected, "
        f"{len(tally.failures)} failed; slowest {tally.slowest_seconds:.2f} s, "
        f"all {time.monotonic() - started:.0f} s, memory {grown:+.0f} MiB\n"
    )
    sys.stdout.writelines(f"{failure}\n" for failure in tally.failures[:50])
    return 1 if tally.failures or grown > 64 else 0


if __name__ == "__main__":
    sys.exit(main())
