"""How a task opens Wirewatch: environment and connections say where; a permanent error is not retried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

    from pipeline.app import App

# Owner and retries of every task. A transient error waits and is tried again; the waits grow to an hour.
TASK_DEFAULTS: dict[str, Any] = {
    "owner": "wirewatch",
    "retries": 3,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(hours=1),
}


@contextmanager
def opened() -> Iterator[App]:
    """Opens the app for one task, and turns a permanent error into a failure that Airflow does not retry.

    Raises:
        AirflowFailException: Trying again would change nothing; the text says what to do.
    """
    from airflow.sdk.exceptions import AirflowFailException
    from connected import environment

    from pipeline.app import open_app
    from pipeline.errors import PermanentError

    try:
        with open_app(environment=environment()) as app:
            yield app
    except PermanentError as error:
        raise AirflowFailException(str(error)) from error


def staging(app: App, *parts: str) -> ObjectStoragePath:
    """A place for a batch file: under `WIREWATCH_STAGING` (any fsspec URL), or the home's staging folder."""
    from airflow.sdk import ObjectStoragePath

    path = ObjectStoragePath(app.tasks.staging_url)
    for part in parts:
        path /= part
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
