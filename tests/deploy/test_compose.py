"""docker-compose.yml and the Dockerfile: what can be known about them without Docker."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))
from compose_file import FILE, ROOT, WORKERS, parsed, resolved, services, text, variables

from dags.local.environment import airflow_environment
from deploy import env

OURS = "wirewatch:local"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
ALL = sorted(services())
AIRFLOW = ("airflow-api-server", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer")


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """What `make env` writes."""
    path = tmp_path_factory.mktemp("env") / ".env"
    env.write(path)
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return path, dict(line.split("=", 1) for line in lines)


# -- the real compose CLI -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compose() -> list[str]:
    """The command that is Docker Compose v2."""
    found = subprocess.run([ROOT / "deploy" / "compose-cli.sh"], capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip(found.stderr.strip())
    return found.stdout.split()


def test_the_real_compose_cli_accepts_the_file(compose, environment):
    clean = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run(
        [*compose, "-f", FILE, "--env-file", environment[0], "--profile", "*", "config", "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        env=clean,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no warning either: of a variable that is not set, of a key that is not known
    seen = json.loads(done.stdout)
    assert sorted(seen["services"]) == ALL
    # The CLI and the tests below read the same from merge keys and variables.
    for name, service in services().items():
        ours = {k: resolved(v, environment[1]) for k, v in (service.get("environment") or {}).items()}
        assert seen["services"][name].get("environment", {}) == ours, name


def test_the_real_compose_cli_lays_workers_over_it(compose, environment):
    clean = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    files = ["-f", FILE, "-f", WORKERS, "--env-file", environment[0]]
    done = subprocess.run(
        [*compose, *files, "config", "--format", "json"],
        capture_output=True, text=True, check=False, env=clean,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    seen = json.loads(done.stdout)["services"]
    airflow = [name for name in seen if name.startswith("airflow-")]
    assert {"airflow-worker", "airflow-scheduler", "airflow-init"} <= set(airflow)
    running = [name for name in seen if seen[name].get("restart") == "unless-stopped"]
    assert all(seen[name].get("mem_limit") and seen[name]["logging"]["options"] for name in running)
    for name in airflow:
        assert seen[name]["environment"]["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor", name
        assert seen[name]["image"] == "wirewatch:distributed", name
        assert seen[name]["build"]["args"] == {"EXTRA": "distributed"}, name
    worker, scheduler = seen["airflow-worker"], seen["airflow-scheduler"]
    assert worker["environment"] == scheduler["environment"]
    assert worker["volumes"] == scheduler["volumes"]
    assert worker["command"] == ["airflow", "celery", "worker"]
    assert worker["depends_on"].keys() >= {"redis", "postgres", "airflow-api-server"}
    assert "ports" not in seen["redis"]


def test_the_real_compose_cli_names_the_secret_that_is_missing(compose, tmp_path):
    (tmp_path / ".env").write_text("")
    clean = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    command = [*compose, "-f", FILE, "--env-file", tmp_path / ".env", "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=clean)
    assert done.returncode != 0
    assert "run make env" in done.stderr


# -- secrets and variables ----------------------------------------------------------------------------------


def test_every_variable_has_a_default_or_is_written_by_make_env():
    for name, operator, _ in variables():
        assert (name in env.SECRETS) == (operator == ":?"), name
        assert operator in (":-", ":?"), name


def test_every_secret_of_make_env_is_used():
    assert {name for name, _, _ in variables()} >= set(env.SECRETS)


def test_no_secret_stands_in_the_file():
    secretive = re.compile(r"PASSWORD|SECRET|_KEY|TOKEN", re.IGNORECASE)
    for name, service in services().items():
        for key, value in (service.get("environment") or {}).items():
            if secretive.search(key) and not str(value).startswith("/"):  # a path to a file of secrets
                assert re.fullmatch(r"\$\{[A-Z_]+:\?run make env\}", str(value)), (name, key)
    assert not re.search(r"://[^/\s:@]+:(?!\$\{)[^@\s]+@", text())  # user:literal@host


def test_no_default_is_a_secret():
    assert not [name for name, operator, _ in variables() if operator == ":-" and "PASSWORD" in name]


# -- what runs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_ports_are_open_to_this_machine_only(name):
    for port in services()[name].get("ports", ()):
        assert str(port).startswith("127.0.0.1:"), port


@pytest.mark.parametrize("name", ALL)
def test_images_are_pinned(name):
    image = services()[name]["image"]
    if image == OURS:
        assert services()[name]["build"] == "."
    else:
        assert re.search(r":v?\d+\.\d+(\.\d+)?(-\w+)?$", image), image


def test_the_base_image_and_uv_are_pinned():
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert all(re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", base) for base in bases)
    assert len(set(bases)) == 1  # the virtual environment finds its Python again
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    locked = next(package["version"] for package in lock["package"] if package["name"] == "uv")
    assert f"uv=={locked}" in DOCKERFILE


def test_elasticsearch_and_kibana_are_of_one_version_9():
    images = [s["image"] for s in services().values() if "elastic.co" in s["image"]]
    versions = {image.rpartition(":")[2] for image in images}
    assert len(versions) == 1
    assert versions.pop().startswith("9.")


@pytest.mark.parametrize("name", ALL)
def test_each_service_has_a_health_check_or_is_waited_for_to_end(name):
    if "healthcheck" in services()[name] or services()[name].get("profiles") == ["tools"]:
        return
    assert services()[name]["restart"] == "no", name
    waiting = [n for n, s in services().items() if name in (s.get("depends_on") or {})]
    # Nothing needs the boards; everything else that runs once is waited for.
    assert waiting or name == "kibana-init"
    for other in waiting:
        assert services()[other]["depends_on"][name]["condition"] == "service_completed_successfully"


@pytest.mark.parametrize("name", [n for n in ALL if services()[n].get("restart") == "unless-stopped"])
def test_what_runs_on_has_bounded_memory_and_logs(name, environment):
    service = services()[name]
    assert str(resolved(service["mem_limit"], environment[1]))[-1] in "mg"
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}


@pytest.mark.parametrize("name", ALL)
def test_start_order_waits_for_health_or_completion_and_has_no_circle(name):
    seen, todo = set(), [name]
    while todo:
        for other, how in (services()[todo.pop()].get("depends_on") or {}).items():
            assert other in services()
            assert other != name, "a circle"
            wanted = (
                "service_healthy" if "healthcheck" in services()[other] else "service_completed_successfully"
            )
            assert how["condition"] == wanted, (name, other)
            if other not in seen:
                seen.add(other)
                todo.append(other)


def test_volumes_are_named_and_all_used():
    used = set()
    for service in services().values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source == "./config" or source in parsed()["volumes"], volume
            used.add(source)
    assert used - {"./config"} == set(parsed()["volumes"])


def test_archive_staging_and_configuration_are_one_for_all_of_airflow():
    for name in AIRFLOW:
        service = services()[name]
        assert set(service["volumes"]) == {
            "airflow-home:/airflow",
            "wirewatch-data:/data",
            "./config:/config:ro",
        }
        assert service["environment"]["WIREWATCH_STAGING"].startswith("file:///data/")
        assert service["environment"] == services()[AIRFLOW[0]]["environment"]  # the JWT secret above all


def test_the_image_runs_without_root_and_without_what_only_developers_need():
    assert re.search(r"^USER wirewatch$", DOCKERFILE, re.MULTILINE)
    assert DOCKERFILE.count("--locked --no-dev") == DOCKERFILE.count("uv sync") == 2
    for name, service in services().items():
        if service["image"] == OURS:
            assert service["cap_drop"] == ["ALL"], name
            assert "user" not in service, name


def test_the_image_gets_every_folder_it_copies():
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    sources = {source for line in copied for source in line.split()[:-1]}
    assert {source.split("/")[0] for source in sources} <= kept
    assert all((ROOT / source).exists() for source in sources)
    assert not {".git", ".env", "data", ".venv"} & kept


# -- what it names exists -----------------------------------------------------------------------------------


def _commands():
    for name, service in services().items():
        if service["image"] == OURS:
            check = service.get("healthcheck", {}).get("test", [])[1:]
            for command in (service.get("entrypoint"), service.get("command"), check):
                if command:
                    yield name, command


@pytest.mark.parametrize(("name", "command"), list(_commands()))
def test_each_entry_point_of_our_image_exists(name, command):
    if command[:2] == ["python", "-m"]:
        assert importlib.util.find_spec(command[2]), command
        assert command[2].startswith("deploy.")  # which the image has
    else:
        script = Path(sys.executable).parent / command[0]
        assert script.exists(), command
        assert command[0] in ("airflow", "wirewatch")


@pytest.mark.airflow
def test_the_airflow_commands_exist(tmp_path):
    code = "from airflow.cli.cli_parser import airflow_commands as a; print(*(c.name for c in a))"
    environment = {**os.environ, **airflow_environment(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert {services()[name]["command"][1] for name in AIRFLOW} <= set(done.stdout.split())


def test_airflow_documents_every_option_that_is_set():
    airflow = importlib.util.find_spec("airflow")
    assert airflow is not None
    assert airflow.submodule_search_locations
    package = Path(airflow.submodule_search_locations[0])
    known = yaml.safe_load((package / "config_templates" / "config.yml").read_text())
    known["core"]["options"].update(_AUTH_MANAGER)
    for key in services()[AIRFLOW[0]]["environment"] | _image_environment():
        if key.startswith("AIRFLOW__"):
            _, section, option = key.lower().split("__")
            assert option in known[section]["options"], key


# Read by the simple auth manager, which documents them on its own page.
_AUTH_MANAGER: dict[str, dict[str, object]] = {
    "simple_auth_manager_users": {},
    "simple_auth_manager_passwords_file": {},
}


def _image_environment():
    block = re.search(r"^ENV PATH=.*?(?<!\\)$", DOCKERFILE, re.MULTILINE | re.DOTALL)
    assert block is not None
    told: str = block[0].removeprefix("ENV ").replace("\\\n", " ")
    return dict(pair.split("=", 1) for pair in told.split())


def test_wirewatch_reads_every_variable_that_is_set_for_it():
    read = set()
    for file in (*(ROOT / "pipeline").rglob("*.py"), *(ROOT / "deploy").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                read |= set(re.findall(r"WIREWATCH_[A-Z_]+", node.value))
    for name, service in services().items():
        given = {key for key in service.get("environment") or {} if key.startswith("WIREWATCH_")}
        assert given <= read, name
