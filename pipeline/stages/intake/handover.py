"""Batches as files: gzipped JSON, so that Airflow's XCom carries a path and counts, never articles."""

from __future__ import annotations

import gzip
import io
from typing import IO, Any, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import PermanentError
from pipeline.stages.intake.poll import Polls
from pipeline.stages.intake.prepare import PreparedBatch

Content = TypeVar("Content", PreparedBatch, Polls)


class BatchFile(Protocol):
    """A file that can be opened: `pathlib.Path` and Airflow's `ObjectStoragePath` alike."""

    def open(self, mode: str = "r") -> IO[Any]:
        """Opens the file in a binary mode."""


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {
    PreparedBatch: TypeAdapter(PreparedBatch),
    Polls: TypeAdapter(Polls),
}


def write(file: BatchFile, content: PreparedBatch | Polls) -> None:
    """Writes a batch or polls; the same content gives the same bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0, compresslevel=3) as stream:
        stream.write(_ADAPTERS[type(content)].dump_json(content))
    with file.open("wb") as target:
        target.write(buffer.getvalue())


def read(file: BatchFile, kind: type[Content]) -> Content:
    """Reads what `write` wrote.

    Raises:
        PermanentError: The file holds something else.
    """
    try:
        with file.open("rb") as source:
            content: Content = _ADAPTERS[kind].validate_json(gzip.decompress(source.read()))
    except (ValidationError, gzip.BadGzipFile, EOFError) as error:
        reason = str(error).splitlines()[0]
        raise PermanentError(f"{file}: not a batch file ({reason}); run the fetch again") from None
    return content
