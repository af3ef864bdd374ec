"""Ingest.

Polls the feeds that are due and takes what is new through every stage.

`due` → `fetch` (a mapped task for each group of feeds: polls and archives) → `enrich` (parses, normalizes,
finds names and topics, in parallel) → `group` (the only writer of stories; commits articles, stories,
decisions and feed states). Batches travel as files in the staging folder; XCom carries paths and counts. A
run that brings nothing new skips the asset `wirewatch_stories`, so no alert run follows.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Asset, Param, dag, get_current_context, task
from opened import TASK_DEFAULTS, opened, staging

STORIES = Asset("wirewatch_stories")


@dag(
    schedule="*/5 * * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    params={"all": Param(False, type="boolean", description="Poll every feed, due or not")},
    doc_md=__doc__,
    tags=["wirewatch"],
)
def ingest() -> None:
    """Polls feeds; see the module's text."""

    @task
    def due() -> list[list[str]]:
        with opened() as app:
            return app.tasks.due_groups(every=get_current_context()["params"]["all"])

    @task(map_index_template="{{ wirewatch_label }}", pool="wirewatch_fetch")
    def fetch(feeds: list[str]) -> dict[str, Any]:
        context = get_current_context()
        context["wirewatch_label"] = f"{feeds[0]} and {len(feeds) - 1} more" if len(feeds) > 1 else feeds[0]
        with opened() as app:
            file = staging(
                app, app.tasks.run_name(context["run_id"]), f"fetched-{context['ti'].map_index}.json.gz"
            )
            return app.tasks.fetch_part(feeds, file)

    @task(map_index_template="{{ wirewatch_label }}", pool="wirewatch_enrich")
    def enrich(part: dict[str, Any]) -> dict[str, Any]:
        context = get_current_context()
        context["wirewatch_label"] = f"{part['entries']} entries of {part['feeds']} feeds"
        with opened() as app:
            file = staging(
                app, app.tasks.run_name(context["run_id"]), f"enriched-{context['ti'].map_index}.json.gz"
            )
            return app.tasks.enrich_part(staging(app, *part["file"].rsplit("/", 2)[-2:]), file)

    @task(outlets=[STORIES], pool="wirewatch_group", trigger_rule="none_failed")
    def group(parts: list[dict[str, Any]]) -> dict[str, Any]:
        from airflow.sdk.exceptions import AirflowSkipException

        with opened() as app:
            counts = app.tasks.group_parts(
                [staging(app, *part["file"].rsplit("/", 2)[-2:]) for part in parts[:]]
            )
        if not counts["new"] and not counts["updated"]:
            raise AirflowSkipException(f"nothing new: {counts}")
        return counts

    group(enrich.expand(part=fetch.expand(feeds=due())))


ingest()
