"""Maintain.

Once a day: mends recent stories (merges, splits, moves), drops what is past its retention, has the store
merge old months, clears old batch files and Airflow's logs, and once a week mails the operator which feeds
broke or fell silent.

When a task is red: clear it once what its log says is mended, or leave it; tomorrow's run does it all again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.sdk import dag, task
from opened import TASK_DEFAULTS, opened
from staged import clear_staging


@dag(
    schedule="30 3 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={**TASK_DEFAULTS, "execution_timeout": timedelta(hours=6)},
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

    @task
    def leftovers() -> dict[str, int]:
        from airflow.sdk.configuration import conf

        with opened() as app:
            logs = Path(conf.get("logging", "base_log_folder"))
            return {"staging": clear_staging(app), "logs": app.care.clear_logs(logs)}

    repair() >> retention() >> optimize() >> leftovers() >> feed_report()


maintain()
