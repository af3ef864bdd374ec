"""WARC files: ours, which give back the captures that went in, and those of other tools.

The only file that imports warcio. Ours are plain WARC 1.1, gzipped record by record, that any WARC tool
reads; what only we need is JSON in the header `Wirewatch-Capture`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import logging
import re
import uuid
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import quote, urlsplit

from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline.errors import PermanentError, WirewatchError
from pipeline.records import Capture, CaptureKind, Payload, Rejection, content_id
from pipeline.sources.raw_items import captured, said_of
from pipeline.sources.read.recognise_payload import payload_of
from pipeline.sources.unpack import GzipFile, unpack

# It repeats bytes of damaged headers on the terminal.
logging.getLogger("warcio").setLevel(logging.ERROR)

WARC_SUFFIXES = (".warc", ".warc.gz")
_WEB_BEGAN = datetime(1991, 8, 6, tzinfo=UTC)
MAX_RECORD_BYTES = 16 * 1024 * 1024
_GZIP = b"\x1f\x8b\x08"
_RECORD = re.compile(rb"\x1f\x8b\x08[\x00\x04\x08]|WARC/\d\.\d\r?\n")
_FIRST_LINE = re.compile(rb"(?:^|\n\r?\n)WARC/\d\.\d\r?\n")
_FIRST_LINE_BYTES = 16  # more than such a line and the empty one before it have
_BLANK_LINE = re.compile(rb"\n\r?\n")
_HEADER_BYTES = 16 * 1024
_AGAIN_BYTES = 256 * 1024 * 1024  # how much of a damaged file is read twice
_CHUNK = re.compile(rb"\s{0,4}([0-9A-Fa-f]{1,8})(?:;[^\r\n]{0,200})?\r?\n")
_HEADER = "Wirewatch-Capture"
_COUNT = "Wirewatch-Captures"
_FIELDS = tuple(field.name for field in dataclasses.fields(Capture) if field.name != "body")
_OF_THE_WAY = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_ORIGINAL = "x-archive-orig-"
_PHRASE = "As Fetched"  # HTTP/2 has no reason phrase, and httpx does not keep that of HTTP/1
_NAMESPACE = uuid.UUID("6f0d1c1e-6f0a-5b57-9d52-6d0d9d6b7c11")  # ours, for record ids derived from content
_PIECE_BYTES = 65536
_PEEK_BYTES = 8
_MARK = b"WARC/"
_TYPES = frozenset(
    {"warcinfo", "response", "resource", "request", "metadata", "revisit", "conversion", "continuation"}
)
_PAYLOADS: dict[str, Payload] = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/rss+xml": "feed",
    "application/atom+xml": "feed",
    "application/rdf+xml": "feed",
    "application/feed+json": "feed",
    "application/xml": "feed",
    "text/xml": "feed",
    "text/plain": "text",
}


def write_warc(file: IO[bytes], captures: Sequence[Capture]) -> None:
    """Writes captures as one WARC file; the same captures give the same bytes."""
    writer = WARCWriter(file, gzip=True, warc_version="WARC/1.1")
    writer.write_record(_about(writer, captures))
    for capture in captures:
        writer.write_record(_record(writer, capture))


def _about(writer: Any, captures: Sequence[Capture]) -> Any:
    fields = b"software: Wirewatch\r\nformat: WARC File Format 1.1\r\n"
    name = content_id("warcinfo", *(capture.id for capture in captures))
    time = captures[0].fetched if captures else datetime(1970, 1, 1, tzinfo=UTC)
    headers = _headers(name, time) | {_COUNT: str(len(captures))}
    return writer.create_warc_record(
        "", "warcinfo", payload=io.BytesIO(fields), length=len(fields), warc_headers_dict=headers
    )


def _record(writer: Any, capture: Capture) -> Any:
    fields = {name: getattr(capture, name) for name in _FIELDS}
    fields["fetched"] = capture.fetched.isoformat()
    fields["sha256"] = sha256(capture.body).hexdigest()
    headers = _headers(capture.id, capture.fetched) | {_HEADER: json.dumps(fields, sort_keys=True)}
    content_type = "".join(
        char if char.isprintable() and char.isascii() else "?" for char in capture.content_type
    )
    if capture.kind == "file":
        return writer.create_warc_record(
            "file:" + quote(capture.url),
            "resource",
            payload=io.BytesIO(capture.body),
            length=len(capture.body),
            warc_content_type=content_type or "application/octet-stream",
            warc_headers_dict=headers,
        )
    return writer.create_warc_record(
        quote(capture.url, safe="%/:=&?~#+!$,;'@()*[]"),
        "response",
        payload=io.BytesIO(capture.body),
        length=len(capture.body),
        http_headers=_http(capture, content_type),
        warc_headers_dict=headers,
    )


def _http(capture: Capture, content_type: str) -> StatusAndHeaders:
    """The answer's headers; those that do not fit the unpacked body are kept under another name.

    The prefix is that of pywb and warcio's own tools for headers of an answer that was unpacked.
    """
    said = [(_ORIGINAL + name if name in _OF_THE_WAY else name, value) for name, value in capture.headers]
    own = {name for name, _ in said}
    if "content-type" not in own:
        said.append(("Content-Type", content_type or "application/octet-stream"))
    said.append(("Content-Length", str(len(capture.body))))
    return StatusAndHeaders(f"{capture.status or 200} {_PHRASE}", said, protocol="HTTP/1.1")


def _headers(name: str, time: datetime) -> dict[str, str]:
    stamp = time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {"WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(_NAMESPACE, name)}>", "WARC-Date": stamp}


def read_warc(file: IO[bytes], shown: str) -> Iterator[Capture]:
    """The captures of a file of ours, in the order written.

    Args:
        file: At its beginning.
        shown: Its name, for messages.

    Raises:
        PermanentError: It is damaged, or cut off, or not of ours.
    """
    announced, seen = -1, 0
    try:
        for record in ArchiveIterator(file):
            if record.rec_type == "warcinfo":
                announced = int(record.rec_headers.get_header(_COUNT) or -1)
                continue
            yield _ours(record, shown)
            seen += 1
    except PermanentError:
        raise
    except Exception as error:  # noqa: BLE001  damage surfaces in warcio as any of a dozen classes
        raise PermanentError(f"{shown}: damaged after record {seen} ({type(error).__name__})") from None
    if seen != announced:
        raise PermanentError(f"{shown}: damaged: {seen} of {announced} records are there")


def _ours(record: Any, shown: str) -> Capture:
    fields = json.loads(record.rec_headers.get_header(_HEADER) or "null")
    if not isinstance(fields, dict):
        raise PermanentError(f"{shown}: holds a record that Wirewatch did not write")
    body = record.content_stream().read()
    if sha256(body).hexdigest() != fields.pop("sha256", ""):
        raise PermanentError(f"{shown}: damaged: the checksum of {fields.get('url', '?')} does not fit")
    fields["headers"] = tuple((name, value) for name, value in fields.get("headers", ()))
    return Capture(**fields | {"fetched": datetime.fromisoformat(fields["fetched"]), "body": body})


def read_foreign_warc(path: Path, fetched: datetime) -> Iterator[Capture | Rejection]:
    """The pages, feeds and texts of any WARC file as captures, dated as the WARC says.

    A record that is damaged, or too large, costs itself alone: reading goes on at the next one. A file that
    is one gzip stream, rather than one for each record, is read as well.

    Args:
        path: The file.
        fetched: When it is read (UTC): the time of a rejection, and the latest one of a record.

    Yields:
        A capture for each response with status 200 and a type that is read; a rejection for each record that
        cannot be, and when there is no capture at all.

    Raises:
        OSError: It cannot be read.
    """
    seen = refused = 0
    with path.open("rb") as file:
        one_stream = _is_one_stream(file)
        unpacked = cast("IO[bytes]", GzipFile(file)) if one_stream else file
        for found in _records(unpacked, fetched, one_stream=one_stream):
            if isinstance(found, str):
                refused += 1
                yield _damage(path, found, fetched)
            elif found is not None:
                seen += 1
                yield found
    if not seen and not refused:
        yield _damage(path, "no page, feed or text in it", fetched)


def _damage(path: Path, reason: str, fetched: datetime) -> Rejection:
    identity = content_id(str(path), "parse", reason)
    return Rejection(id=identity, source=str(path), stage="parse", reason=reason, at=fetched)


def _is_one_stream(file: IO[bytes]) -> bool:
    """Whether several records are packed together, rather than each by itself.

    The first gzip member tells: it ends with its record, or a second record begins in it.
    """
    decoder, packed, before, begun = zlib.decompressobj(16 + zlib.MAX_WBITS), b"", b"", 0
    with contextlib.suppress(zlib.error):
        while begun < 2 and not decoder.eof and (packed := packed or file.read(_PIECE_BYTES)):
            window = before + decoder.decompress(packed, _PIECE_BYTES)
            packed = decoder.unconsumed_tail
            begun += sum(found.end() > len(before) for found in _FIRST_LINE.finditer(window))
            before = window[-_FIRST_LINE_BYTES:]
    file.seek(0)
    return begun > 1


class _Records(ArchiveIterator):  # type: ignore[misc]
    """The records of a file, without warcio's words on the terminal."""

    INC_RECORD = ""

    def ends(self) -> bool:
        """Whether the record ends where it should: else its length is wrong, or its gzip is cut off."""
        sized, packed = _length(self.record).isdecimal(), self.reader.decompressor
        if not sized and packed is None:  # it would go to the end of the file
            return False
        while self.record.raw_stream.read(_PIECE_BYTES):
            pass
        end = int(self.fh.tell() - self.reader.rem_length())
        self.read_to_end()
        packed, more = self.reader.decompressor, self.next_line
        if packed is not None:
            return sized and not self.err_count and bool(packed.eof or more)
        if not self.err_count and (not more or more.startswith(_MARK)):
            return True
        # As it should, or without a line between it and the next; warcio then has to begin anew.
        return self._at(end).startswith((b"\r\n\r\n", _MARK))

    def _at(self, place: int) -> bytes:
        before = self.fh.tell()
        self.fh.seek(place)
        found: bytes = self.fh.read(_PEEK_BYTES)
        self.fh.seek(before)
        return found


def _records(file: IO[bytes], fetched: datetime, *, one_stream: bool) -> Iterator[Capture | str | None]:
    """What each record gives; a text says why one cannot be read."""
    start = again_bytes = 0
    while start >= 0:
        file.seek(start)
        records = _Records(file)
        try:
            for record in records:
                start, found = int(records.offset), _read_or_reason(record, fetched)
                whole = records.ends()
                if not whole:
                    found = f"damaged at byte {start:,} (it is cut off, or its length is wrong)"
                yield found
                if isinstance(found, Capture) and (cut := _truncated(record)):
                    yield f"the record of {_shown(record)} was cut off by its crawler ({cut})"
                if not whole or records.err_count:
                    break
            else:  # with no record more, in warcio's eyes
                start = int(records.offset)
                file.seek(start)
                if not file.read(1):
                    return
                yield f"damaged at byte {start:,} (no record)"
        except Exception as error:  # noqa: BLE001  as above
            start = int(records.offset)
            yield f"damaged at byte {start:,} ({_plain(error)})"
        again_bytes += file.tell() - (0 if one_stream else start)  # a stream is unpacked from its beginning
        if again_bytes > _AGAIN_BYTES:
            yield f"damaged from byte {start:,} on in too many places: the rest is not read"
            return
        start = _next_record(file, start + 1)


def _length(record: Any) -> str:
    return str(record.rec_headers.get_header("Content-Length") or "").strip()


def _read_or_reason(record: Any, fetched: datetime) -> Capture | str | None:
    try:
        return _foreign(record, fetched)
    except Exception as error:  # noqa: BLE001  as above
        return f"the record of {_shown(record)}: {_plain(error)}"


def _shown(record: Any) -> str:
    return "".join(char for char in _address(record)[:200] if char.isprintable())


def _truncated(record: Any) -> str:
    """Why the crawler stopped before the end of the content (ISO 28500 5.13), or ""."""
    said = str(record.rec_headers.get_header("WARC-Truncated") or "")[:20]
    return "".join(char for char in said if char.isprintable())


def _plain(error: Exception) -> str:
    if isinstance(error, AttributeError | TypeError):  # warcio misses a field
        return "its header is damaged"
    said = said_of(error)[:120]
    return said if isinstance(error, WirewatchError) else f"{type(error).__name__}: {said}"


def _next_record(file: IO[bytes], start: int) -> int:
    """Where the next record begins, packed or not; -1 where there is none."""
    file.seek(start)
    before, place = b"", start
    while piece := file.read(1024 * 1024):
        window, at = before + piece, place - len(before)
        last = len(piece) < 1024 * 1024
        for found in _RECORD.finditer(window):
            if found.start() > len(window) - _HEADER_BYTES and not last:
                break  # the header goes on in the next piece
            if _begins_record(window, found):
                return at + found.start()
        place += len(piece)
        before = window[-_HEADER_BYTES:]
    return -1


def _begins_record(window: bytes, found: re.Match[bytes]) -> bool:
    """Whether a mark begins a record: its header ends before the next mark, and within `_HEADER_BYTES`."""
    if found[0].startswith(_GZIP):
        return True
    after = _RECORD.search(window, found.end(), found.end() + _HEADER_BYTES)
    end = after.start() if after else found.end() + _HEADER_BYTES
    return _BLANK_LINE.search(window, found.end() - 1, end) is not None


def _address(record: Any) -> str:
    return str(record.rec_headers.get_header("WARC-Target-URI") or "").strip().strip("<>").strip()


def _foreign(record: Any, fetched: datetime) -> Capture | None:
    if record.rec_headers.get_header(_HEADER):
        return _ours(record, "it")
    said = record.rec_headers.get_header
    if record.rec_type not in _TYPES or not _length(record).isdecimal():
        raise PermanentError("its header is damaged")
    if record.rec_type not in {"response", "resource"}:
        return None
    status = record.http_headers.get_statuscode() if record.http_headers else "200"
    if not status.isdecimal():
        raise PermanentError("its HTTP header is damaged")
    if not record.http_headers and (said("Content-Type") or "").startswith("application/http"):
        raise PermanentError("its HTTP header is damaged")
    if said("WARC-Segment-Number"):
        raise PermanentError("it is one segment of several")
    of = record.http_headers or record.rec_headers
    content_type = of.get_header("Content-Type") or ""
    payload = _PAYLOADS.get(content_type.partition(";")[0].strip().lower())
    url = _address(record)
    if status != "200" or urlsplit(url).path == "/robots.txt" or (content_type and payload is None):
        return None
    body = _payload(record)
    payload = payload or payload_of(body)
    if payload is None:
        return None
    kind: CaptureKind = "feed" if payload == "feed" else "page"
    time = _date(said("WARC-Date") or "", fetched)
    return captured(kind, payload, url, time, body, content_type=content_type)


def _payload(record: Any) -> bytes:
    """A record's body, joined and unpacked here, because warcio fails on some codings and bounds none.

    Raises:
        PermanentError: It is too large, or cut off, or of an unknown coding.
    """
    pieces, size = [], 0
    while size <= MAX_RECORD_BYTES and (piece := record.raw_stream.read(_PIECE_BYTES)):
        pieces.append(piece)
        size += len(piece)
    if size > MAX_RECORD_BYTES:
        raise PermanentError(f"larger than {MAX_RECORD_BYTES // 1024**2} MiB")
    if getattr(record.raw_stream, "limit", 0) > 0:
        raise PermanentError("it is cut off")
    body = b"".join(pieces)
    if not record.http_headers:
        return body
    if "chunked" in (record.http_headers.get_header("Transfer-Encoding") or "").lower():
        body = joined(body)
    found = unpack(body, record.http_headers.get_header("Content-Encoding") or "", MAX_RECORD_BYTES)
    if not found.whole:
        raise PermanentError("its content coding is damaged or cut off")
    return found.body


def joined(body: bytes) -> bytes:
    r"""A chunked body (RFC 9112 7.1) in one piece; one that was joined already as it is.

    Raises:
        PermanentError: A chunk is missing, or cut off.

    >>> joined(b"3\r\nabc\r\n0\r\n\r\n"), joined(b"<html>")
    (b'abc', b'<html>')
    """
    pieces: list[bytes] = []
    at = 0
    while found := _CHUNK.match(body, at):
        size = int(found[1], 16)
        if size == 0:
            return b"".join(pieces)
        pieces.append(body[found.end() : found.end() + size])
        at = found.end() + size
        at += 2 if body[at : at + 2] == b"\r\n" else 0
    if pieces:
        raise PermanentError("one of its chunks is damaged or missing")
    return body


def _date(text: str, otherwise: datetime) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return otherwise
    time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    # A record of the future, or of before the web, has a wrong clock.
    return time if _WEB_BEGAN <= time <= otherwise else otherwise
