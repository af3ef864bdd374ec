"""The DAGs as Airflow sees them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dags.local.environment import POOLS, ROOT, airflow_environment

pytestmark = pytest.mark.airflow

FILES = sorted((ROOT / "dags").glob("*.py"))

LOOK = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(dag_folder=sys.argv[1])
heavy = [m for m in ("spacy", "numpy", "pipeline.app", "pipeline.store", "elasticsearch", "trafilatura")
         if m in sys.modules]
print(json.dumps({
    "errors": {k: str(v) for k, v in bag.import_errors.items()},
    "heavy": heavy,
    "dags": {
        name: {
            "doc": bool(dag.doc_md), "catchup": dag.catchup, "runs": dag.max_active_runs,
            "owners": sorted({t.owner for t in dag.tasks}), "retries": sorted({t.retries for t in dag.tasks}),
            "told": all(t.on_failure_callback for t in dag.tasks),
            "bounded": all(t.execution_timeout for t in dag.tasks),
            "pools": sorted({t.pool for t in dag.tasks}), "tasks": sorted(dag.task_ids),
        } for name, dag in bag.dags.items()
    },
}))
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory) -> dict[str, Any]:
    """What a DAG processor sees, in a process of its own."""
    home = tmp_path_factory.mktemp("airflow")
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(ROOT / "dags")],
        env={**os.environ, **airflow_environment(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_all_dags_load(seen):
    assert seen["errors"] == {}
    assert sorted(seen["dags"]) == ["alert", "ingest", "load", "maintain"]


def test_parsing_imports_nothing_heavy(seen):
    assert seen["heavy"] == []


@pytest.mark.parametrize("name", ["alert", "ingest", "load", "maintain"])
def test_each_dag_is_documented_owned_retried_and_never_catches_up(seen, name):
    dag = seen["dags"][name]
    assert dag["doc"]
    assert dag["catchup"] is False
    assert dag["runs"] == 1
    assert dag["owners"] == ["wirewatch"]
    assert dag["retries"][-1] == 5
    assert dag["told"]
    assert dag["bounded"]


def test_every_pool_is_made_at_set_up(seen):
    used = {pool for dag in seen["dags"].values() for pool in dag["pools"]} - {"default_pool"}
    assert used == set(POOLS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_dag_file_is_longer_than_80_lines(file: Path):
    assert len(file.read_text().splitlines()) <= 80
