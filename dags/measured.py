"""What tasks tell StatsD or OpenTelemetry, where Airflow is set to have metrics; a module, no DAG.

Names begin with `wirewatch.`; docs/operating.md lists them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context
from airflow.sdk.observability import stats

if TYPE_CHECKING:
    from pipeline.app import App

# What becomes of an article.
_OUTCOMES = ("new", "updated", "duplicate", "recognised", "quarantined")


@contextmanager
def timed(app: App) -> Iterator[None]:
    """Tells how long a task took, if it went well, and how much of that it waited for another writer."""
    begun = time.monotonic()
    yield
    task = get_current_context()["ti"]
    name = f"wirewatch.task.{task.dag_id}.{task.task_id}"
    stats.timing(name, timedelta(seconds=time.monotonic() - begun))
    stats.timing(f"{name}.lease_wait", timedelta(seconds=app.waited_seconds))


def counted(counts: dict[str, Any]) -> dict[str, Any]:
    """Adds what became of the articles of a run to the counters; returns the counts."""
    for name in _OUTCOMES:
        stats.incr(f"wirewatch.articles.{name}", int(counts[name]))
    return counts


def told(counts: Mapping[str, int]) -> None:
    """Adds alerts, and what became of their messages, to the counters."""
    for name, count in counts.items():
        stats.incr(f"wirewatch.told.{name}", count)


def gauged(app: App) -> None:
    """Sets the gauges: lag, feeds by state, age of the outbox."""
    for gauge in app.care.gauges():
        stats.gauge(f"wirewatch.{gauge.name}", gauge.value)
