"""Ingest.

Polls the feeds that are due and takes what is new through every stage.

`due` → `fetch` (a mapped task for each group of feeds: polls and archives) → `enrich` (parses, normalizes,
finds names and topics, in parallel) → `group` (the only writer: articles, stories, decisions, feed states).
Each feed that failed is a skipped `feed_failed` with the reason in its label. The asset `wirewatch_stories`
fires while the store holds changes that no alert run has seen, whoever brought them; else `group` is skipped.

When a task is red: its log says what to do. Clear it once that is done, or leave it: the next run goes on.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Asset, Param, dag, get_current_context, task
from measured import counted
from opened import TASK_DEFAULTS, opened, skipped
from staged import file_of, own_file

STORIES = Asset("wirewatch_stories")


@dag(
    schedule=os.environ.get("WIREWATCH_INGEST_SCHEDULE", "*/5 * * * *"),
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

    @task(execution_timeout=timedelta(minutes=5))
    def due() -> list[list[str]]:
        with opened() as app:
            return app.tasks.due_groups(every=get_current_context()["params"]["all"])

    @task(map_index_template="{{ wirewatch_label }}", pool="wirewatch_fetch")
    def fetch(feeds: list[str]) -> dict[str, Any]:
        more = f" and {len(feeds) - 1} more" if len(feeds) > 1 else ""
        get_current_context()["wirewatch_label"] = feeds[0] + more
        with opened() as app:
            return app.tasks.fetch_part(feeds, own_file(app, "fetched"))

    @task(map_index_template="{{ wirewatch_label }}", pool="wirewatch_enrich")
    def enrich(part: dict[str, Any]) -> dict[str, Any]:
        get_current_context()["wirewatch_label"] = f"{part['entries']} entries of {part['feeds']} feeds"
        with opened() as app:
            return app.tasks.enrich_part(file_of(app, part), own_file(app, "enriched"))

    @task(outlets=[STORIES], pool="wirewatch_group", trigger_rule="none_failed")
    def group(parts: list[dict[str, Any]], *, outlet_events: Any = None) -> dict[str, Any]:
        with opened() as app:
            counts = counted(app.tasks.group_parts([file_of(app, part) for part in parts[:]]))
            if not app.tasks.alerts_wait():
                raise skipped(f"nothing new: {counts}")
        outlet_events[STORIES].extra = counts
        return counts

    @task
    def failing(parts: list[dict[str, Any]]) -> list[str]:
        return [f"{feed}: {error}" for part in parts[:] for feed, error in part["failed"].items()]

    @task(map_index_template="{{ wirewatch_label }}", retries=0)
    def feed_failed(trouble: str) -> None:
        get_current_context()["wirewatch_label"] = trouble
        raise skipped(f"{trouble}; `wirewatch feeds health` says more")

    feed_failed.expand(trouble=failing(fetched := fetch.expand(feeds=due())))
    group(enrich.expand(part=fetched))


ingest()
