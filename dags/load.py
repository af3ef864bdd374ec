"""Load.

Takes files, folders or globs (`.txt .html .jsonl[.gz] .xml .warc[.gz]` …) through every stage. Start it by
hand with `{"paths": ["/some/folder"], "alert": false}`; loaded articles never alert unless `alert` is true.

Each path is a mapped task in a pool of its own: between two batches the writer of stories is free, so live
news goes in beside a long load. When a task is red, clear it once what its log says is mended; what it had
taken in is passed over.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Asset, Param, dag, get_current_context, task
from measured import counted
from opened import TASK_DEFAULTS, opened

STORIES = Asset("wirewatch_stories")


@dag(
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    params={
        "paths": Param([], type="array", items={"type": "string"}, description="Files, folders, globs"),
        "alert": Param(False, type="boolean", description="Whether what is loaded may alert"),
    },
    doc_md=__doc__,
    tags=["wirewatch"],
)
def load() -> None:
    """Loads files; see the module's text."""

    @task
    def paths() -> list[str]:
        return list(get_current_context()["params"]["paths"])

    @task(
        outlets=[STORIES],
        pool="wirewatch_load",
        map_index_template="{{ wirewatch_label }}",
        execution_timeout=timedelta(hours=12),
    )
    def files(path: str) -> dict[str, Any]:
        context = get_current_context()
        context["wirewatch_label"] = path
        with opened() as app:
            return counted(app.ingest.load([path], alert=context["params"]["alert"]).as_json())

    files.expand(path=paths())


load()
