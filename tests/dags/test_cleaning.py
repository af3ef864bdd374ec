"""Airflow's own database does not grow for ever."""

import pytest
from test_connections import python

pytestmark = [pytest.mark.airflow, pytest.mark.slow]

RUN = """
import sys
from datetime import timedelta
from pathlib import Path
from seeds.demo import DagRunner, prepare

prepare(Path(sys.argv[1]))
dags = DagRunner()
for _ in range(3):
    dags.run("alert")
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import func, select, update

from dags.local.environment import clean_database

def counts():
    with create_session() as session:
        found = [session.scalar(select(func.count()).select_from(kind)) for kind in (DagRun, TaskInstance)]
    print("counts:", *found)

def aged(runs, days):
    with create_session() as session:
        session.execute(update(DagRun).values(run_type="scheduled"))
        for run in session.scalars(select(DagRun).order_by(DagRun.id).limit(runs)):
            run.start_date -= timedelta(days=days)
            run.run_after -= timedelta(days=days)
            for task in session.scalars(select(TaskInstance).where(TaskInstance.run_id == run.run_id)):
                task.start_date -= timedelta(days=days)

counts()
aged(2, 31)
clean_database(30)
counts()
aged(1, 31)
clean_database(30)
counts()
"""


def test_runs_of_more_than_a_month_ago_go_but_for_the_last_of_a_dag(tmp_path):
    done = python(RUN, tmp_path / "home")
    assert done.returncode == 0, done.stderr[-3000:]
    counts = [line for line in done.stdout.splitlines() if line.startswith("counts: ")]
    assert counts == ["counts: 3 3", "counts: 1 1", "counts: 1 0"]
