"""Content codings undone, with a cap on what comes out."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable
from typing import IO, NamedTuple, cast

import brotli  # type: ignore[import-untyped]
import zstandard

from pipeline.errors import PermanentError

ACCEPTED = "gzip, br, zstd"
_GZIP = b"\x1f\x8b"
_STEP_BYTES = 256 * 1024
_SIP_BYTES = 512
_MAX_CODINGS = 3
# Pages and feeds pack to a tenth or a fiftieth; what unpacks to more than this was made to fill memory.
_RATIO_MAX = 200
_RATIO_FROM_BYTES = 1024 * 1024
_ZSTD_WINDOW_BYTES = 8 * 1024 * 1024  # what RFC 8878 asks every decoder to support, and no more
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPED = b"\x2a\x4d\x18"  # after one byte from 0x50 to 0x5f
_ZSTD_HEADER_BYTES = 18
_ZSTD_REPEATED = 1  # the type of a block that is one byte, many times


class GzipFile(gzip.GzipFile):
    """A gzip file that gives all that comes before its damage.

    Args:
        file: At its beginning; it stays open.
    """

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(fileobj=cast("IO[bytes]", _Sips(file)), mode="rb")


class _Sips:
    """A file that gives little at a time, because damage costs the whole piece that is being unpacked."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        return self._file.read(min(size, _SIP_BYTES) if size > 0 else size)


class Unpacked(NamedTuple):
    """What came out, and whether it is complete: not so where the input was damaged or cut off."""

    body: bytes
    whole: bool = True


def unpack(body: bytes, codings: str, limit_bytes: int) -> Unpacked:
    """Undoes a Content-Encoding; never holds more than `limit_bytes` and one step of output.

    A body that only claims to be packed is returned as it is; a damaged one gives what could be unpacked.

    Args:
        body: As it came over the wire.
        codings: The Content-Encoding header.
        limit_bytes: The most that may come out.

    Raises:
        PermanentError: Too much would come out for what went in, or a coding is unknown, or too many are.
    """
    names = [name for name in codings.replace(" ", "").lower().split(",") if name not in {"", "identity"}]
    if len(names) > _MAX_CODINGS:
        raise PermanentError(f"{len(names)} content codings on top of each other")
    whole = True
    for name in reversed(names):
        decoder = _DECODERS.get(name.removeprefix("x-"))
        if decoder is None:
            raise PermanentError(f"unknown content coding {name[:40]!r}")
        bomb_bytes = max(_RATIO_FROM_BYTES, _RATIO_MAX * len(body))
        body, so_far = decoder(body, min(limit_bytes, bomb_bytes))
        whole = whole and so_far
    if len(body) > limit_bytes:
        raise _too_large(limit_bytes)
    return Unpacked(body, whole)


def _too_large(limit_bytes: int) -> PermanentError:
    return PermanentError(f"larger than {limit_bytes // 1024:,} KiB unpacked")


def _collect(pull: Callable[[], bytes], limit_bytes: int) -> bytes:
    pieces, size = [], 0
    while piece := pull():
        size += len(piece)
        if size > limit_bytes:
            raise _too_large(limit_bytes)
        pieces.append(piece)
    return b"".join(pieces)


def _gzip(body: bytes, limit_bytes: int) -> Unpacked:
    return _zlib(body, limit_bytes, 16 + zlib.MAX_WBITS) if body.startswith(_GZIP) else Unpacked(body)


def _deflate(body: bytes, limit_bytes: int) -> Unpacked:
    # RFC 9110 means zlib's format; some servers send the bare stream.
    wrapped = len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    found = _zlib(body, limit_bytes, zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
    return found if found.body else Unpacked(body)


def _zlib(body: bytes, limit_bytes: int, window: int) -> Unpacked:
    decoder, rest = zlib.decompressobj(window), body
    whole = True

    def pull() -> bytes:
        nonlocal decoder, rest, whole
        while rest:
            try:
                piece = decoder.decompress(rest, _STEP_BYTES)
            except zlib.error:
                rest, whole = b"", False
                return b""
            if decoder.eof:  # several members in a row are one file (RFC 1952); what else follows is no part
                more = decoder.unused_data
                rest, decoder = more if more.startswith(_GZIP) else b"", zlib.decompressobj(window)
            else:
                rest = decoder.unconsumed_tail
                whole = bool(rest) or _ends_here(decoder)
            if piece:
                return piece
        last, decoder = decoder.flush(), zlib.decompressobj(window)
        return last

    return Unpacked(_collect(pull, limit_bytes), whole)


def _ends_here(decoder: zlib._Decompress) -> bool:
    """Whether nothing but the checksum is missing, which some servers never send."""
    rest = decoder.copy()
    try:
        rest.decompress(b"\0" * 8)
    except zlib.error as error:
        return "check" in str(error)
    return rest.eof


def _brotli(body: bytes, limit_bytes: int) -> Unpacked:
    decoder, rest = brotli.Decompressor(), body

    def pull() -> bytes:
        nonlocal rest
        while not decoder.is_finished():
            try:
                piece: bytes = decoder.process(rest, output_buffer_limit=_STEP_BYTES)
            except brotli.error:
                return b""
            rest = b""
            if piece or decoder.can_accept_more_data():
                return piece
        return b""

    found = _collect(pull, limit_bytes)
    return Unpacked(found, decoder.is_finished()) if found else Unpacked(body)


def _zstd(body: bytes, limit_bytes: int) -> Unpacked:
    if not body.startswith(_ZSTD):
        return Unpacked(body)
    unpacker = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES)
    reader = unpacker.stream_reader(io.BytesIO(body), read_across_frames=True)
    whole = True

    def pull() -> bytes:
        nonlocal whole
        try:
            return reader.read(_STEP_BYTES)
        except zstandard.ZstdError:
            whole = False
            return b""

    found = _collect(pull, limit_bytes)
    return Unpacked(found, whole and _zstd_ends(body))


def _zstd_ends(body: bytes) -> bool:
    """Whether the last frame ends (RFC 8878 3.1); cut off between two, it unpacks and says nothing."""
    at = 0
    while at < len(body):
        if body[at + 1 : at + 4] == _ZSTD_SKIPPED and body[at] >> 4 == 5:
            at += 8 + int.from_bytes(body[at + 4 : at + 8], "little")
            continue
        try:
            frame = zstandard.get_frame_parameters(body[at : at + _ZSTD_HEADER_BYTES])
            at += zstandard.frame_header_size(body[at : at + _ZSTD_HEADER_BYTES])
        except zstandard.ZstdError:
            return at > 0 and body[at : at + 4] != _ZSTD  # what follows the frames is no part of them
        last = False
        while not last:
            if at + 3 > len(body):
                return False
            block = int.from_bytes(body[at : at + 3], "little")
            last = bool(block & 1)
            at += 3 + (1 if block >> 1 & 3 == _ZSTD_REPEATED else block >> 3)
        at += 4 * frame.has_checksum
    return at == len(body)


_DECODERS: dict[str, Callable[[bytes, int], Unpacked]] = {
    "gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
