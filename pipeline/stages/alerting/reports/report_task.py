"""A mail to the operator on a task of a scheduler that failed for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.alerts.send.operator_mail import Letter, to_operators
from pipeline.records import Message


@dataclass(frozen=True, slots=True)
class FailedTask:
    """What failed.

    Attributes:
        dag: The scheduler's name of the workflow.
        task: The scheduler's name of the step in it.
        run: Which run of it.
        error: What happened, in one line.
    """

    dag: str
    task: str
    run: str
    error: str


def report_task(
    failed: FailedTask, sender: str, operators: Sequence[str], now: datetime
) -> tuple[Message, ...]:
    """The mail for each operator; that of one step and one day is one message, whatever failed in it.

    Args:
        failed: What failed.
        sender: From.
        operators: Who gets it.
        now: The time of this run (UTC).
    """
    letter = Letter(
        f"{failed.dag}.{failed.task} failed",
        f"A task of the DAG {failed.dag} failed for good, in the run {failed.run}:",
        [f"{failed.task}: {failed.error}"],
        "The text of the DAG on Airflow's page says what to do, the task's log what happened. Further "
        "failures of this task are not mailed before tomorrow.",
    )
    return to_operators(letter, ("task", failed.dag, failed.task, f"{now:%Y-%m-%d}"), sender, operators, now)
