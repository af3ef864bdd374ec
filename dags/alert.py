"""Alert.

Matches what is new since the last run against every watch and delivers: after each `ingest` or `load` that
brought something, and every quarter of an hour for digests, quiet hours and retries that have become due.

When the task is red: its log says what happened. Nothing is lost and nothing goes out twice; the next run
tells all that this one did not.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Asset, AssetOrTimeSchedule, CronTriggerTimetable, dag, task
from measured import gauged, told
from opened import TASK_DEFAULTS, opened

STORIES = Asset("wirewatch_stories")


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("*/15 * * * *", timezone="UTC"), assets=[STORIES]
    ),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    doc_md=__doc__,
    tags=["wirewatch"],
)
def alert() -> None:
    """Matches and delivers; see the module's text."""

    @task(pool="wirewatch_alert")
    def match_and_deliver() -> dict[str, Any]:
        with opened() as app:
            outcome = app.watches.alert()
            counts = {"alerts": len(outcome.alerts), "delivered": outcome.delivered, "failed": outcome.failed}
            told(counts)
            gauged(app)
        return counts

    match_and_deliver()


alert()
