"""Content codings undone, with a cap on what comes out."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import zstandard

from pipeline.errors import PermanentError

ACCEPTED = "gzip, br, zstd"
_STEP_BYTES = 256 * 1024
_MAX_CODINGS = 3
# Pages and feeds pack to a tenth or a fiftieth; what unpacks to more than this was made to fill memory.
_RATIO_MAX = 200
_RATIO_FROM_BYTES = 1024 * 1024
_ZSTD_WINDOW_BYTES = 8 * 1024 * 1024  # what RFC 8878 asks every decoder to support, and no more


def unpack(body: bytes, codings: str, limit_bytes: int) -> bytes:
    """Undoes a Content-Encoding; never holds more than `limit_bytes` and one step of output.

    A body that only claims to be packed is returned as it is; a cut off one gives what could be unpacked.

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
    for name in reversed(names):
        decoder = _DECODERS.get(name.removeprefix("x-"))
        if decoder is None:
            raise PermanentError(f"unknown content coding {name[:40]!r}")
        bomb_bytes = max(_RATIO_FROM_BYTES, _RATIO_MAX * len(body))
        body = decoder(body, min(limit_bytes, bomb_bytes))
    if len(body) > limit_bytes:
        raise _too_large(limit_bytes)
    return body


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


def _gzip(body: bytes, limit_bytes: int) -> bytes:
    return _zlib(body, limit_bytes, 16 + zlib.MAX_WBITS) if body.startswith(b"\x1f\x8b") else body


def _deflate(body: bytes, limit_bytes: int) -> bytes:
    # RFC 9110 means zlib's format; some servers send the bare stream.
    wrapped = len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    return _zlib(body, limit_bytes, zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS) or body


def _zlib(body: bytes, limit_bytes: int, window: int) -> bytes:
    decoder, rest = zlib.decompressobj(window), body

    def pull() -> bytes:
        nonlocal decoder, rest
        while rest:
            try:
                piece = decoder.decompress(rest, _STEP_BYTES)
            except zlib.error:
                rest = b""
                return b""
            if decoder.eof:  # several members in a row are one file (RFC 1952)
                rest, decoder = decoder.unused_data, zlib.decompressobj(window)
            else:
                rest = decoder.unconsumed_tail
            if piece:
                return piece
        last, decoder = decoder.flush(), zlib.decompressobj(window)
        return last

    return _collect(pull, limit_bytes)


def _brotli(body: bytes, limit_bytes: int) -> bytes:
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

    return _collect(pull, limit_bytes) or body


def _zstd(body: bytes, limit_bytes: int) -> bytes:
    if not body.startswith(b"\x28\xb5\x2f\xfd"):
        return body
    decoder = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES)
    reader = decoder.stream_reader(io.BytesIO(body), read_across_frames=True)

    def pull() -> bytes:
        try:
            return reader.read(_STEP_BYTES)
        except zstandard.ZstdError:
            return b""

    return _collect(pull, limit_bytes)


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
