"""The services of docker-compose.yml, run by their own command lines against a real Postgres."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import rehearsal
from compose_file import ROOT

from dags.local.environment import POOLS
from deploy import env

pytestmark = [pytest.mark.slow, pytest.mark.airflow, pytest.mark.timeout(600)]

LOADED_SECONDS = 180


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("rehearsal")


@pytest.fixture(scope="module")
def image(folder) -> Any:
    """The image's files, by the Dockerfile's own lines."""
    return rehearsal.build(folder)


def test_the_image_has_the_entry_points_and_no_tool_of_developers(image):
    programs = {path.name for path in (image / "venv" / "bin").iterdir()}
    assert {"airflow", "wirewatch", "python"} <= programs
    assert not {"pytest", "mypy", "ruff", "uv"} & programs
    environment = {"PATH": f"{image}/venv/bin", "PYTHONPATH": f"{image}:{image}/dags"}
    ask = [image / "venv" / "bin" / "wirewatch", "--version"]
    done = subprocess.run(ask, env=environment, cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout.startswith("wirewatch ")


def test_the_image_finds_its_own_code_and_templates(image):
    code = (
        "import psycopg, pipeline, deploy.env, dags.local.environment as d; from pathlib import Path;"
        "print(Path(pipeline.__file__).parents[1]); print(d.ROOT); print(deploy.env.ROOT)"
    )
    environment = {"PYTHONPATH": f"{image}:{image}/dags"}
    ask = [image / "venv" / "bin" / "python", "-c", code]
    done = subprocess.run(ask, env=environment, cwd="/", capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(image)] * 3
    assert (image / "config" / "elasticsearch" / "index").is_dir()


@pytest.fixture(scope="module")
def stage(folder, image) -> Iterator[rehearsal.Stage]:
    """Postgres, and a place for the services; the store is SQLite, feeds are none."""
    if rehearsal.postgres_programs() is None:
        pytest.skip("no Postgres here; apt-get install postgresql")
    env.write(folder / ".env")
    lines = [line for line in (folder / ".env").read_text().splitlines() if not line.startswith("#")]
    secrets = dict(line.split("=", 1) for line in lines)
    for name in ("data", "airflow", "config"):
        (folder / name).mkdir()
    (folder / "config" / "settings.yaml").write_text(f"base: {ROOT / 'config'}\n")
    (folder / "config" / "feeds.yaml").write_text("feeds: []\n")
    api = rehearsal.free_port()
    with rehearsal.postgres(folder, secrets["AIRFLOW_POSTGRES_PASSWORD"]) as port:
        replaced = {
            "postgres:5432": f"127.0.0.1:{port}",
            "airflow-api-server:8080": f"127.0.0.1:{api}",
            "file:///data": f"file://{folder}/data",
            "0.0.0.0": "127.0.0.1",  # noqa: S104 - it is replaced
        }
        extra = {
            "AIRFLOW_HOME": str(folder / "airflow"),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(folder / "airflow" / "passwords.json"),
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "airflow" / "logs"),
            "AIRFLOW__API__PORT": str(api),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(rehearsal.free_port()),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(rehearsal.free_port()),
            "WIREWATCH_HOME": str(folder / "data"),
            "WIREWATCH_CONFIG": str(folder / "config"),
            "WIREWATCH_STORE": f"sqlite:///{folder}/data/wirewatch.db",
        }
        found = rehearsal.Stage(folder, image, secrets, replaced, extra)
        found.api = f"http://127.0.0.1:{api}"
        yield found
        found.stop()


@pytest.fixture(scope="module")
def prepared(stage) -> rehearsal.Stage:
    """After airflow-init."""
    done = stage.run("airflow-init")
    assert done.returncode == 0, done.stderr[-4000:]
    return stage


def test_init_makes_database_pools_and_password_and_runs_again(prepared):
    again = prepared.run("airflow-init")
    assert again.returncode == 0, again.stderr[-4000:]
    file = prepared.folder / "airflow" / "passwords.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text()) == {"admin": prepared.secrets["AIRFLOW_ADMIN_PASSWORD"]}
    pools = prepared.run("airflow-init", ["airflow", "pools", "list", "--output", "json"])
    assert set(POOLS) <= {pool["pool"] for pool in json.loads(pools.stdout)}
    assert not any(secret in again.stdout + again.stderr for secret in prepared.secrets.values())


@pytest.fixture(scope="module")
def running(prepared) -> rehearsal.Stage:
    """All of Airflow, in the order of docker-compose.yml."""
    prepared.start("airflow-api-server")
    prepared.healthy("airflow-api-server")
    others = ("airflow-scheduler", "airflow-dag-processor", "airflow-triggerer")
    for name in others:
        prepared.start(name)
    for name in others:
        prepared.healthy(name)
    return prepared


PATIENT = 60.0  # seconds for an answer of pages that share two cores with everything else


def _log_in(stage, password):
    login = {"username": "admin", "password": password}
    return httpx.post(f"{stage.api}/auth/token", json=login, timeout=PATIENT)


@pytest.fixture(scope="module")
def pages(running) -> Iterator[httpx.Client]:
    """Airflow's REST API, logged in with the password of .env."""
    answer = _log_in(running, running.secrets["AIRFLOW_ADMIN_PASSWORD"]).raise_for_status()
    header = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    with httpx.Client(base_url=f"{running.api}/api/v2", headers=header, timeout=PATIENT) as client:
        yield client


def test_a_wrong_password_is_refused(running):
    assert _log_in(running, "admin").status_code == 401
    assert httpx.get(f"{running.api}/api/v2/dags", timeout=PATIENT).status_code == 401


def test_the_dag_processor_finds_the_dags(pages):
    end = time.monotonic() + 60
    names: set[str] = set()
    while names != {"alert", "ingest", "load", "maintain"}:
        assert time.monotonic() < end, (names, pages.get("/importErrors").json())
        names = {dag["dag_id"] for dag in pages.get("/dags").raise_for_status().json()["dags"]}
        time.sleep(1)
    assert pages.get("/importErrors").json()["total_entries"] == 0


def test_the_scheduler_runs_a_dag_whose_task_reaches_the_store(running, pages):
    body = {"logical_date": None, "conf": {"paths": [str(ROOT / "seeds" / "articles")]}}
    run = pages.post("/dags/load/dagRuns", json=body).raise_for_status().json()["dag_run_id"]
    end, state = time.monotonic() + LOADED_SECONDS, "queued"
    while state not in ("success", "failed"):
        assert time.monotonic() < end, running.log("airflow-scheduler").read_text()[-4000:]
        time.sleep(1)
        state = pages.get(f"/dags/load/dagRuns/{run}").raise_for_status().json()["state"]
    log = pages.get(f"/dags/load/dagRuns/{run}/taskInstances/files/logs/1?map_index=0").text
    assert state == "success", log[-4000:]
    # The command line's service sees what the scheduler's task wrote: one volume, one store.
    told = running.run("wirewatch", ["wirewatch", "--json", "stories"])
    assert [story["size"] for story in json.loads(told.stdout)] == [2], told.stderr
    assert '"task_id":"files"' in log  # the api-server reads the task's log from the shared volume


def test_the_desk_is_behind_airflows_login(running, pages):
    address = f"{running.api}/desk/"
    stranger = httpx.get(address, timeout=PATIENT)
    assert stranger.status_code == 303
    assert stranger.headers["location"].startswith("/auth/login?next=")
    token = pages.headers["Authorization"]
    answer = httpx.get(address, headers={"Authorization": token}, timeout=PATIENT)
    assert answer.status_code == 200, answer.text
    assert "You are admin (may change things)" in answer.text
    assert "2 articles" in answer.text


def test_old_runs_are_cleaned_from_the_database_and_new_ones_stay(running, pages):
    before = pages.get("/dags/load/dagRuns").raise_for_status().json()["total_entries"]
    done = running.run("airflow-cleanup", ["python", "-m", "deploy.airflow", "clean"])
    assert done.returncode == 0, done.stderr[-4000:]
    assert "more than 30 days ago" in done.stdout
    assert pages.get("/dags/load/dagRuns").json()["total_entries"] == before > 0


def test_all_services_end_on_sigterm(running, pages):
    assert running.stop() == []
