"""Batches as files: gzipped JSON lines, so that Airflow's XCom carries a path and counts, never articles."""

from __future__ import annotations

import gzip
import io
from functools import cache
from typing import IO, Any, Protocol

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import PermanentError
from pipeline.stages.intake import Batch


class BatchFile(Protocol):
    """A file that can be opened: `pathlib.Path` and Airflow's `ObjectStoragePath` alike."""

    def open(self, mode: str = "r") -> IO[Any]:
        """Opens the file in a binary mode."""


@cache
def _adapter() -> TypeAdapter[Batch]:
    return TypeAdapter(Batch)


def write_batch(file: BatchFile, batch: Batch) -> None:
    """Writes a batch; the same batch gives the same bytes."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0, compresslevel=3) as stream:
        stream.write(_adapter().dump_json(batch))
    with file.open("wb") as target:
        target.write(buffer.getvalue())


def read_batch(file: BatchFile) -> Batch:
    """Reads a batch.

    Raises:
        PermanentError: The file is not a batch.
    """
    try:
        with file.open("rb") as source:
            return _adapter().validate_json(gzip.decompress(source.read()))
    except (ValidationError, gzip.BadGzipFile, EOFError) as error:
        reason = str(error).splitlines()[0]
        raise PermanentError(f"{file}: not a batch of articles ({reason}); run the fetch again") from None
