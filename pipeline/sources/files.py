"""Paths, folders and globs → captures, one at a time: a million of them, or a huge one, fit in memory."""

from __future__ import annotations

import contextlib
import glob
import io
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.records import Capture, Payload, Rejection, content_id
from pipeline.sources.archive.warc import WARC_SUFFIXES, read_foreign_warc
from pipeline.sources.raw_items import captured
from pipeline.sources.unpack import GzipFile

PART_BYTES = 8 * 1024 * 1024
PART_LINES = 500
MAX_FILE_BYTES = 16 * 1024 * 1024
_PAYLOADS: dict[str, Payload] = {
    ".txt": "text",
    ".html": "html",
    ".htm": "html",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".json": "jsonl",
    ".json.gz": "jsonl",
    ".xml": "feed",
    ".xml.gz": "feed",
    ".mhtml": "html",
    ".mht": "html",
    ".eml": "text",
}
SUFFIXES = (*_PAYLOADS, *WARC_SUFFIXES)
_LONGEST_FIRST = sorted(SUFFIXES, key=len, reverse=True)
_PEEK_BYTES = 1024
LISTED_AT_ONCE = 100_000  # names of a folder in memory, some 15 MB


def find_files(paths: Sequence[str | Path]) -> Iterator[Path]:
    """The files under paths, folders and globs, in a fixed order: as given, and by name within a folder.

    Hidden files, and in folders files of other kinds, are passed over. A folder that links lead back to is
    read once.

    Raises:
        UsageError: At once, when a path does not exist or a glob matches nothing; while walking, when a
            folder holds no file of a known kind.
    """
    starts = [start for path in paths for start in _expanded(str(path))]
    return _walk_all(starts)


def _expanded(path: str) -> list[str]:
    if os.path.lexists(path):
        return [path]
    if glob.has_magic(path):
        found = sorted(glob.glob(path, recursive=True))  # noqa: PTH207  keeps the path as it was given
        if found:
            return found
        raise UsageError(f"{path}: nothing matches")
    raise UsageError(f"{path}: no such file or folder")


def _walk_all(starts: Iterable[str]) -> Iterator[Path]:
    for start in starts:
        if not os.path.isdir(start):  # noqa: PTH112  the string is what the user gave
            yield Path(start)
            continue
        empty = True
        for path in _walk(start, set()):
            empty = False
            yield path
        if empty:
            raise UsageError(f"{start}: holds no file of a kind that is read ({' '.join(SUFFIXES)})")


def _walk(folder: str, visited: set[tuple[int, int]]) -> Iterator[Path]:
    try:
        status = os.stat(folder)  # noqa: PTH116
        if (status.st_dev, status.st_ino) in visited:
            return
        visited.add((status.st_dev, status.st_ino))
        for name, is_folder in _in_order(folder):
            path = f"{folder.rstrip('/')}/{name}"
            if is_folder:
                yield from _walk(path, visited)
            else:
                yield Path(path)
    except OSError:
        yield Path(folder)  # reading it will say why it cannot be read


def _in_order(folder: str) -> Iterator[tuple[str, bool]]:
    """The names in a folder that are looked at, sorted, and whether each is a folder.

    The folder is read once for every `LISTED_AT_ONCE` names and the next ones are picked out, because a
    sorted list of millions of names would have to be in memory before the first file is read.
    """
    last, more = "", True
    while more:
        names, more = _next_names(folder, last)
        yield from names
        last = names[-1][0] if names else ""


def _next_names(folder: str, last: str) -> tuple[list[tuple[str, bool]], bool]:
    """The first `LISTED_AT_ONCE` names after `last`, and whether there are more."""
    names: list[tuple[str, bool]] = []
    bound, more = "", False
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            # In this order: of a huge folder nearly every name is passed over here, in each reading.
            if name <= last or (more and name > bound) or name.startswith("."):
                continue
            if (is_folder := _is_folder(entry)) or _suffix(name):
                names.append((name, is_folder))
            if len(names) > 2 * LISTED_AT_ONCE:
                names = sorted(names)[:LISTED_AT_ONCE]
                bound, more = names[-1][0], True
    names.sort()
    return names[:LISTED_AT_ONCE], more or len(names) > LISTED_AT_ONCE


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle; reading it will say so
        return False


def _suffix(name: str) -> str:
    lower = name.lower()
    return next((suffix for suffix in _LONGEST_FIRST if lower.endswith(suffix)), "")


def read_file(path: Path, fetched: datetime, part_bytes: int = PART_BYTES) -> Iterator[Capture | Rejection]:
    """A file's captures, and a rejection for what cannot be captured; never raises.

    JSON lines are cut at line ends into parts, whose `url` ends with `#line=N` from the second on. A WARC
    file gives a capture for each response in it.

    Args:
        path: As the user gave it.
        fetched: When it is read (UTC); a WARC's own dates take precedence.
        part_bytes: About how many bytes a part of JSON lines has; it has at most `PART_LINES` lines.
    """
    suffix = _suffix(path.name)
    try:
        if suffix in WARC_SUFFIXES:
            yield from read_foreign_warc(path, fetched)
        elif _PAYLOADS.get(suffix) == "jsonl":
            yield from _parts(path, fetched, part_bytes)
        elif suffix:
            yield _whole(path, fetched)
        else:
            reason = f"not of a kind that is read ({' '.join(SUFFIXES)})"
            yield _refused(path, fetched, reason)
    except OSError as error:
        yield _refused(path, fetched, f"cannot be read: {error.strerror or error}")
    except (EOFError, zlib.error) as error:
        yield _refused(path, fetched, f"its compression is damaged: {error}")


def capture_file(path: Path, fetched: datetime) -> Capture:
    """One whole file as one capture.

    Raises:
        OSError: It cannot be read.
    """
    with _opened(path) as file:
        payload = _PAYLOADS.get(_suffix(path.name), "text")
        return captured("file", payload, str(path), fetched, file.read(MAX_FILE_BYTES + 1))


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[io.BufferedIOBase]:
    with path.open("rb") as file:
        yield GzipFile(file) if path.name.lower().endswith(".gz") else file


def _whole(path: Path, fetched: datetime) -> Capture | Rejection:
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        return _refused(path, fetched, f"larger than {MAX_FILE_BYTES // 1024**2} MiB")
    capture = capture_file(path, fetched)
    if len(capture.body) > MAX_FILE_BYTES:
        return _refused(path, fetched, f"larger than {MAX_FILE_BYTES // 1024**2} MiB unpacked")
    return capture


def _parts(path: Path, fetched: datetime, part_bytes: int) -> Iterator[Capture | Rejection]:
    with _opened(path) as file:
        if file.read(2) in {b"\xff\xfe", b"\xfe\xff"}:  # UTF-16 has no line ends to cut at
            yield _whole(path, fetched)
            return
        file.seek(0)
        if _is_one_value(file.read(_PEEK_BYTES).strip(b"\xef\xbb\xbf \t\r\n")):
            yield _whole(path, fetched)
            return
        file.seek(0)
        yield from _cut(path, file, fetched, part_bytes)


def _is_one_value(head: bytes) -> bool:
    """Whether JSON begins with an array, or an object over several lines, and cannot be cut at line ends."""
    first, _, rest = head.partition(b"\n")
    return head.startswith(b"[") or (
        bool(rest) and first.startswith(b"{") and first.rstrip().endswith((b"{", b"[", b",", b":"))
    )


def _cut(
    path: Path, file: io.BufferedIOBase, fetched: datetime, part_bytes: int
) -> Iterator[Capture | Rejection]:
    first, size = 1, 0
    lines: list[bytes] = []
    empty, failure = True, None
    try:
        for number, line in enumerate(_lines(file), 1):
            if len(line) > MAX_FILE_BYTES:
                yield _refused(path, fetched, f"line {number}: longer than {MAX_FILE_BYTES // 1024**2} MiB")
                empty = False
            lines.append(line if len(line) <= MAX_FILE_BYTES else b"\n")
            size += len(lines[-1])
            if size >= part_bytes or len(lines) >= PART_LINES:
                yield _part(path, first, lines, fetched)
                first, size, lines, empty = number + 1, 0, [], False
    except (OSError, EOFError, zlib.error) as error:  # what came before the damage is kept
        failure = error
    if any(line.strip() for line in lines) or (empty and failure is None):
        yield _part(path, first, lines, fetched)
    if failure is not None:
        raise failure


def _lines(file: io.BufferedIOBase) -> Iterator[bytes]:
    """The lines of a file; one that is too long ends one byte beyond the limit."""
    while line := file.readline(MAX_FILE_BYTES + 1):
        yield line
        while line and len(line) > MAX_FILE_BYTES and not line.endswith(b"\n"):
            line = file.readline(MAX_FILE_BYTES + 1)


def _part(path: Path, first: int, lines: list[bytes], fetched: datetime) -> Capture:
    url = str(path) if first == 1 else f"{path}#line={first}"
    return captured("file", "jsonl", url, fetched, b"".join(lines))


def _refused(path: Path, fetched: datetime, reason: str) -> Rejection:
    return Rejection(
        id=content_id(str(path), "parse", reason),
        source=str(path),
        stage="parse",
        reason=reason,
        at=fetched,
    )
