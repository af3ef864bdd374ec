"""Maintain.

Once a day: mends recent stories (merges, splits, moves), drops what is past its retention, has the store lay
old months together, and once a week mails the operator which feeds broke or fell silent.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import dag, task
from opened import TASK_DEFAULTS, opened


@dag(
    schedule="30 3 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    doc_md=__doc__,
    tags=["wirewatch"],
)
def maintain() -> None:
    """Daily care; see the module's text."""

    @task(pool="wirewatch_group")
    def repair() -> dict[str, int]:
        with opened() as app:
            return app.correct.repair()

    @task(pool="wirewatch_group")
    def retention() -> dict[str, int]:
        with opened() as app:
            return app.stores.drop_old()

    @task(pool="wirewatch_group")
    def optimize() -> dict[str, int]:
        with opened() as app:
            return app.stores.optimize()

    @task
    def feed_report() -> dict[str, int]:
        with opened() as app:
            return app.care.report_feeds()

    repair() >> retention() >> optimize() >> feed_report()


maintain()
