"""A story index in files: written once, whole, with sums over all of it; what is damaged is not believed.

A kept index is a name in a folder. Its files can be read by their owner only, and are written once::

    NAME.json       the manifest, written last: sizes, sums, and what the caller notes
    NAME.arrays     array after array, mapped into memory: opening costs the same however many articles
    NAME.postings   read where it is asked for; a sum for each 4 KiB is among the arrays
    NAME.records    the members that are new in it, each with its sum; those before are in older names' files

The sums over the arrays are checked only if the inode, size or times of their file are not those that were
noted; the sums of postings and records are checked whenever these are read.
"""

from __future__ import annotations

import json
import mmap
import os
import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import StoreError
from pipeline.stories.index.columns import SIDE_BY_SIDE
from pipeline.stories.index.frozen import Arrays, Freezable, Frozen
from pipeline.stories.index.postings import Laid

# Raised with every change of what the files hold or mean.
_FORMAT: Final = 2
_BLOCK: Final = 4096
_POSTING_BYTES: Final = 8
# A record's place is its file's number and where it begins there; before it stand its sum and its length.
_OFFSET_BITS: Final = 40
_RECORD_HEAD: Final = 8
# Most records are shorter, and come by one call.
_READ_AHEAD: Final = 8192
_SUMS: Final = "postings_sums"
# Arrays begin at multiples of `_ALIGNED`. What grows has room behind it, a hole in the file: `_ROOM` slots,
# and one for every `_ROOM_SHARE` that are there.
_ALIGNED: Final = 64
_ROOM: Final = 1 << 14
_ROOM_SHARE: Final = 8
_PRIVATE: Final = 0o600


class DamagedIndexError(StoreError):
    """A kept index is not as it was written."""


@dataclass(frozen=True, slots=True)
class KeptIndex:
    """An index that was kept, and what its keeper noted."""

    frozen: Frozen
    notes: Mapping[str, Any]
    segments: tuple[str, ...]


class _Part:
    """A file that is read from, as long as somebody may ask for something of it."""

    def __init__(self, path: Path, size: int) -> None:
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)
        if os.fstat(self._file).st_size < size:
            raise DamagedIndexError(f"{path}: cut short")
        self._path = path

    def read(self, start: int, length: int) -> bytes:
        """What stands there; less at the end of the file."""
        try:
            return os.pread(self._file, length, start)
        except OSError as error:
            raise DamagedIndexError(f"{self._path}: {error.strerror}") from None

    def record(self, start: int) -> bytes:
        """The record that begins there."""
        data = self.read(start, _READ_AHEAD)
        total, length = int.from_bytes(data[:4], "little"), int.from_bytes(data[4:_RECORD_HEAD], "little")
        end = _RECORD_HEAD + length
        record = data[_RECORD_HEAD:end] if end <= len(data) else self.read(start + _RECORD_HEAD, length)
        if len(record) != length or crc32(record) != total:
            raise DamagedIndexError(f"{self._path}: a record is damaged")
        return record

    def postings(self, first: int, last: int, sums: NDArray[np.uint32]) -> bytes:
        """Postings from one place to another; all blocks that they lie in are looked at."""
        start, end = first * _POSTING_BYTES, last * _POSTING_BYTES
        block, upto = start // _BLOCK, (end + _BLOCK - 1) // _BLOCK
        data = self.read(block * _BLOCK, (upto - block) * _BLOCK)
        for number in range(block, upto):
            piece = data[(number - block) * _BLOCK : (number - block + 1) * _BLOCK]
            if crc32(piece) != sums[number]:
                raise DamagedIndexError(f"{self._path}: a block is damaged")
        return data[start - block * _BLOCK : end - block * _BLOCK]


def keep(
    folder: Path, name: str, index: Freezable, before: KeptIndex | None, notes: Mapping[str, Any]
) -> None:
    """Keeps an index under a new name.

    Args:
        folder: Where; made when missing.
        name: Not used before.
        index: Each article of it has a story; of a `StoryIndex`, none was taken out of what was kept.
        before: What it goes on from, or remains of.
        notes: Given back by `opened`.

    Raises:
        OSError: It cannot be written.
        ValueError: The index cannot be kept.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    segments = [*(() if before is None else before.segments), name]
    with _written(folder / f"{name}.records") as file:
        at = file.tell()

        def record(data: bytes) -> int:
            nonlocal at
            place = (len(segments) - 1) << _OFFSET_BITS | at
            head = crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little")
            at += file.write(head + data)
            return place

        arrays, laid = index.freeze(record)
        _finish(file)
    with _written(folder / f"{name}.postings") as file:
        arrays |= _write_postings(file, laid)
        size = file.tell()
        _finish(file)
    with _written(folder / f"{name}.arrays") as file:
        told = {key: _write_array(file, array, grows=key in SIDE_BY_SIDE) for key, array in arrays.items()}
        file.truncate()
        _finish(file)
        left = _left(os.fstat(file.fileno()))
    manifest = {
        "format": _FORMAT,
        "name": name,
        "arrays": told,
        "left": left,
        "postings": size,
        "segments": {each: (folder / f"{each}.records").stat().st_size for each in segments},
        "notes": dict(notes),
    }
    beside = folder / f".{name}.json"
    with _written(beside) as file:
        file.write(json.dumps([manifest, _sum(manifest)]).encode())
        _finish(file)
    beside.replace(folder / f"{name}.json")


def is_there(folder: Path, name: str) -> bool:
    """Whether a folder has an index of this name."""
    return (folder / f"{name}.json").is_file()


def opened(folder: Path, name: str) -> KeptIndex:
    """A kept index.

    Raises:
        DamagedIndexError: It is not as it was written, or of another format.
        OSError: It is not there.
    """
    try:
        manifest, total = json.loads((folder / f"{name}.json").read_bytes())
        if total != _sum(manifest) or manifest["format"] != _FORMAT or manifest["name"] != name:
            raise DamagedIndexError(f"{folder / name}.json: another format, or damaged")
        found = _mapped(folder / f"{name}.arrays", manifest["arrays"], manifest["left"])
        sums = found.pop(_SUMS)
        postings = _Part(folder / f"{name}.postings", manifest["postings"])
        parts = [_Part(folder / f"{each}.records", size) for each, size in manifest["segments"].items()]
        arrays = Arrays(**{field.name: found[field.name] for field in fields(Arrays)})
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedIndexError(f"{folder / name}: {error}") from None
    frozen = Frozen(
        arrays,
        lambda first, last: postings.postings(first, last, sums),
        lambda place: parts[place >> _OFFSET_BITS].record(place & ((1 << _OFFSET_BITS) - 1)),
    )
    return KeptIndex(frozen, manifest["notes"], tuple(manifest["segments"]))


def clear(folder: Path, but: Collection[str], segments: Collection[str]) -> None:
    """Deletes the files of all other names, except the record files of these segments."""
    for path in folder.iterdir() if folder.is_dir() else ():
        name = path.name.lstrip(".").partition(".")[0]
        if name not in but and not (path.suffix == ".records" and name in segments):
            with suppress(OSError):
                path.unlink()


def _written(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb", 1 << 20)


def _finish(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sum(manifest: Mapping[str, Any]) -> str:
    return sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _left(state: os.stat_result) -> list[int]:
    """What tells whether somebody has touched a file since, or whether it is another one."""
    return [state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns]


def _write_array(file: IO[bytes], array: NDArray[Any], *, grows: bool) -> dict[str, Any]:
    data = np.ascontiguousarray(array).data.cast("B") if array.size else memoryview(b"")
    start = file.seek(-(-file.tell() // _ALIGNED) * _ALIGNED)
    file.write(data)
    room = _ROOM + len(array) // _ROOM_SHARE if grows else 0
    file.seek(room * array.dtype.itemsize * int(np.prod(array.shape[1:], dtype=np.int64)), os.SEEK_CUR)
    shape = [len(array) + room, *array.shape[1:]]
    return {
        "dtype": array.dtype.str,
        "shape": shape,
        "at": start,
        "filled": len(data),
        "sum": crc32(data),
    }


def _mapped(
    path: Path, arrays: Mapping[str, Mapping[str, Any]], left: Sequence[int]
) -> dict[str, NDArray[Any]]:
    """Arrays in a file, copied where they are written to."""
    with path.open("rb") as file:
        state = os.fstat(file.fileno())
        if state.st_size != left[1]:
            raise DamagedIndexError(f"{path}: cut short")
        whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    for told in arrays.values() if _left(state) != list(left) else ():
        with memoryview(whole) as data, data[told["at"] : told["at"] + told["filled"]] as part:
            if crc32(part) != told["sum"]:
                raise DamagedIndexError(f"{path}: damaged")
    found: dict[str, NDArray[Any]] = {}
    for key, told in arrays.items():
        shape, dtype = tuple(told["shape"]), np.dtype(told["dtype"])
        count = int(np.prod(shape, dtype=np.int64))
        found[key] = np.frombuffer(whole, dtype, count, told["at"]).reshape(shape)
    return found


def _write_postings(file: IO[bytes], laid: Iterable[Laid]) -> dict[str, NDArray[Any]]:
    """Writes postings; returns the arrays that tell where they are."""
    terms: list[NDArray[Any]] = [np.zeros(0, np.uint32)]
    counts: list[NDArray[Any]] = [np.zeros(0, np.int64)]
    sums: list[int] = []

    def pieces() -> Iterator[bytes]:
        for some, how_many, postings in laid:
            terms.append(some)
            counts.append(how_many)
            yield postings.astype("<u8", copy=False).tobytes()

    left = b""
    for piece in pieces():
        file.write(piece)
        data = left + piece
        whole = len(data) - len(data) % _BLOCK
        sums += [crc32(data[start : start + _BLOCK]) for start in range(0, whole, _BLOCK)]
        left = data[whole:]
    if left:
        sums.append(crc32(left))
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(counts))])
    return {"terms": np.concatenate(terms), "ends": ends, _SUMS: np.array(sums, np.uint32)}
