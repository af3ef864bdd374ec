"""How a task opens Wirewatch, and what becomes of one that fails.

Environment and connections say where; a permanent error is not retried. When a task has failed for good, the
operator gets a mail that names it, once a day for each task.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.app import App


def told_operator(context: Mapping[str, Any]) -> None:
    """Mails the operator that a task failed for good, and why; Airflow calls it after the last try."""
    from connected import environment

    from pipeline.app import open_app
    from pipeline.stages.alerting.reports.report_task import FailedTask

    task, error = context["ti"], context.get("exception")
    label = getattr(task, "rendered_map_index", None) or ""
    said = f"{type(error).__name__}: {error}" if error else "its worker is gone, or was stopped"
    with open_app(environment=environment()) as app:
        failed = FailedTask(task.dag_id, task.task_id, task.run_id, f"{label} {said}".strip())
        app.care.report_task(failed)


# Owner and retries of every task. A transient error waits and is tried again; the waits grow to an hour.
TASK_DEFAULTS: dict[str, Any] = {
    "owner": "wirewatch",
    "retries": 5,
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(hours=1),
    # A task that hangs is stopped, and tried again; longer ones say so themselves.
    "execution_timeout": timedelta(minutes=30),
    "on_failure_callback": told_operator,
}


@contextmanager
def opened() -> Iterator[App]:
    """Opens the app for one task, and turns a permanent error into a failure that Airflow does not retry.

    Raises:
        AirflowFailException: Trying again would change nothing; the text says what to do.
    """
    from airflow.sdk.exceptions import AirflowFailException
    from connected import environment
    from measured import timed

    from pipeline.app import open_app
    from pipeline.errors import PermanentError

    try:
        with open_app(environment=environment()) as app, timed(app):
            yield app
    except PermanentError as error:
        raise AirflowFailException(str(error)) from error


def skipped(why: str) -> Exception:
    """What a task raises that had nothing to do; what waits for it alone is skipped as well."""
    from airflow.sdk.exceptions import AirflowSkipException

    return AirflowSkipException(why)
