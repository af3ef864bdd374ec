"""JSON lines → Parquet, piece by piece: the only file that knows pyarrow, which is an extra."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from pipeline.app.export.flat import COLUMNS, Column
from pipeline.errors import UsageError

# Rows in one group: what is held in memory at once.
_GROUP: Final = 5_000


def check_parquet() -> None:
    """Says at once that Parquet needs an extra.

    Raises:
        UsageError: pyarrow is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401  whether it is there
    except ImportError:
        raise UsageError("Parquet needs pyarrow: pip install 'wirewatch[parquet]'") from None


def to_parquet(kind: str, lines: Path, made: Path) -> None:
    """Makes a Parquet file of the rows of a JSON lines file; the same rows give the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {
        "text": pa.string(),
        "texts": pa.list_(pa.string()),
        "time": pa.timestamp("s", tz="UTC"),
        "whole": pa.int64(),
        "real": pa.float64(),
        "flag": pa.bool_(),
    }
    columns = COLUMNS[kind]
    schema = pa.schema([(column.name, types[column.type]) for column in columns])
    with lines.open("rb") as source, pq.ParquetWriter(made, schema, compression="zstd") as out:
        for rows in _groups(source):
            cells = {column.name: [_cell(column, row) for row in rows] for column in columns}
            out.write_table(pa.table(cells, schema=schema))


def _groups(lines: Any) -> Iterator[list[dict[str, Any]]]:
    while some := list(islice(lines, _GROUP)):
        yield [json.loads(line) for line in some]


def _cell(column: Column, row: dict[str, Any]) -> Any:
    value = column.of(row)
    return datetime.fromisoformat(value) if column.type == "time" and value else value
