"""The environment of a hermetic Airflow: SQLite and logs under one folder, nothing in the user's home."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# The pools of tasks and their slots, as `airflow pools import` reads them. A missing one hangs a run, so
# they are made at set-up.
POOLS = json.loads((ROOT / "dags" / "pools.json").read_text(encoding="utf-8"))


def airflow_environment(home: Path) -> dict[str, str]:
    """Variables that keep Airflow inside `home`; to be set before Airflow is first imported."""
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "dags" / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'dags'}",
        "PYTHONWARNINGS": "ignore",
    }


def make_pools() -> None:
    """Makes the pools in Airflow's database; those that are there keep the slots that a user gave them."""
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session

    with create_session() as session:
        for name, pool in POOLS.items():
            if Pool.get_pool(name, session=session) is None:
                Pool.create_or_update_pool(name, **pool, session=session)


def clean_database(days: int) -> None:
    """Removes what Airflow's database holds of runs that ended more than `days` days ago.

    The last scheduled run of each DAG stays, since Airflow tells by it when the next one is due. A task could
    not do this: Airflow keeps its database from tasks.
    """
    from airflow.utils.db_cleanup import run_cleanup

    before = datetime.now(UTC) - timedelta(days=days)
    run_cleanup(clean_before_timestamp=before, confirm=False, skip_archive=True)
