"""Load.

Takes files, folders or globs (`.txt .html .jsonl[.gz] .xml .warc[.gz]`) through every stage. Start it by hand
with `{"paths": ["/some/folder"], "alert": false}`; loaded articles never alert unless `alert` is true.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Asset, Param, dag, get_current_context, task
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

    @task(outlets=[STORIES], pool="wirewatch_group")
    def files() -> dict[str, Any]:
        params = get_current_context()["params"]
        with opened() as app:
            return app.ingest.load(params["paths"], alert=params["alert"]).as_json()

    files()


load()
