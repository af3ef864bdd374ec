"""Each way to install, walked from an empty home: the wheel by pip, by uv on each Python, by pipx and `uvx`.

Packages come from the index that this machine uses. Where it does not answer, a test is left out and says so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).parent / "uv"
PYTHONS = [f"3.{minor}" for minor in (11, 12, 13, 14)]
AWAY = (
    "ConnectionError",
    "Could not fetch",
    "Failed to fetch",
    "Temporary failure",
    "timed out",
    "Retrying (",
)
ARTICLES = [
    (
        "Ferry runs aground off Tamsa",
        "The ferry Aurora ran aground off Tamsa on Monday with 212 people on board.",
    ),
    (
        "Aurora ferry aground: all 212 safe",
        "All 212 people on the ferry Aurora, aground off Tamsa, are safe.",
    ),
    (
        "Frost threatens orchards of Marell",
        "Growers in Marell lit fires in their orchards as frost came on Sunday.",
    ),
]


def installed(*command, **more):
    """Runs an installer; where the index does not answer, the test is left out."""
    done = subprocess.run(
        [str(each) for each in command], capture_output=True, text=True, check=False, cwd=ROOT, **more
    )
    if done.returncode and any(sign in done.stderr for sign in AWAY):
        pytest.skip(f"the package index does not answer: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("wheel")
    installed(UV, "build", "--wheel", "--out-dir", made, ROOT)
    return next(made.glob("*.whl"))


@pytest.fixture(scope="module")
def locked(tmp_path_factory) -> Path:
    """What is locked, as constraints: what `make setup` has fetched is fetched from nowhere else."""
    file = tmp_path_factory.mktemp("locked") / "constraints.txt"
    text = installed(
        UV, "export", "--locked", "--no-dev", "--no-hashes", "--no-emit-project", "--quiet"
    ).stdout
    file.write_text(text)
    return file


def walk(tmp_path, *command):
    """From an empty home and folder to one's own stories."""
    home, folder = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    folder.mkdir()
    (folder / "news.jsonl").write_text(
        "".join(
            json.dumps(
                {"title": title, "text": text * 3, "source": f"Outlet {n}", "url": f"https://o{n}.test/1"}
            )
            + "\n"
            for n, (title, text) in enumerate(ARTICLES)
        )
    )
    clean = {name: value for name, value in os.environ.items() if name.startswith(("UV_", "PIP_", "SSL_"))}
    clean |= {"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}

    def ask(*arguments):
        done = subprocess.run(
            [*map(str, command), *arguments],
            cwd=folder,
            env=clean,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert ask("--version").strip() == f"wirewatch {version()}"
    made = json.loads(ask("--json", "init", "--pack", "uk-en", "--watch", "ferry"))
    assert len(made["made"]) == 6
    counts = json.loads(ask("--json", "load", "news.jsonl"))
    assert (counts["new"], counts["quarantined"]) == (3, 0)
    stories = json.loads(ask("--json", "stories"))
    assert sorted(story["size"] for story in stories) == [1, 2]
    checks = {check["check"]: check for check in json.loads(ask("--json", "doctor"))}
    assert checks["models"]["ok"], checks["models"]
    assert "Ferry" in ask("--json", "search", "ferry")
    assert json.loads(ask("--json", "watch", "check"))


def version():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def interpreter(number):
    """A Python of this number that runs, or the test is left out."""
    found = [sys.executable] if sys.version_info[:2] == tuple(map(int, number.split("."))) else []
    found += [path for path in (shutil.which(f"python{number}"),) if path]
    for path in (*found, *map(str, Path.home().glob(f".pyenv/versions/{number}.*/bin/python"))):
        asked = [path, "-c", "import ssl, sqlite3, sys; print('%d.%d' % sys.version_info[:2])"]
        if subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() == number:
            return path
    pytest.skip(f"there is no Python {number} here")


@pytest.mark.parametrize("number", [PYTHONS[0], *PYTHONS[2:]])
def test_the_wheel_by_pip_with_the_newest_of_everything(wheel, tmp_path, number):
    """Old and new pip choose differently: one of the newest may have no wheel for the newest Python."""
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([interpreter(number), "-m", "venv", tmp_path / "venv"], check=True)
    installed(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    walk(tmp_path, python.with_name("wirewatch"))


@pytest.mark.parametrize("number", PYTHONS[1:])
def test_the_wheel_on_each_python(wheel, locked, tmp_path, number):
    python = tmp_path / "venv" / "bin" / "python"
    installed(UV, "venv", "--quiet", "--python", interpreter(number), tmp_path / "venv")
    installed(UV, "pip", "install", "--quiet", "--python", python, "--constraint", locked, wheel)
    walk(tmp_path, python.with_name("wirewatch"))


def test_the_wheel_by_uvx_without_an_installation(wheel, locked, tmp_path):
    cache = installed(UV, "cache", "dir").stdout.strip()
    quiet = (UV, "tool", "run", "--quiet", "--python", interpreter("3.11"), "--cache-dir", cache)
    run = (*quiet, "--constraints", locked, "--from", wheel, "wirewatch")
    installed(*run, "--version")
    walk(tmp_path, *run)


def test_the_wheel_by_pipx(wheel, locked, tmp_path):
    at = {"PIPX_HOME": str(tmp_path / "pipx"), "PIPX_BIN_DIR": str(tmp_path / "bin")}
    run = (UV, "tool", "run", "--quiet", "--python", interpreter("3.11"), "--from", "pipx", "pipx", "install")
    installed(*run, "--quiet", "--pip-args", f"--constraint {locked}", wheel, env=os.environ | at)
    walk(tmp_path, tmp_path / "bin" / "wirewatch")


DAGS = """
import importlib, pathlib
import wirewatch
from airflow.dag_processing.dagbag import BundleDagBag
folder = pathlib.Path(wirewatch.__file__).parent / "dags"
bag = BundleDagBag(str(folder), bundle_path=folder)
assert not bag.import_errors, bag.import_errors
importlib.import_module("airflow.providers.celery.executors.celery_executor")
importlib.import_module("obstore.fsspec")
print(*sorted(bag.dags))
"""


def test_the_extras_bring_airflow_and_the_wheel_its_dags(wheel, locked, tmp_path):
    """As a company with an Airflow of its own installs it: nothing of the repository is there."""
    python = tmp_path / "venv" / "bin" / "python"
    installed(UV, "venv", "--quiet", "--python", interpreter("3.11"), tmp_path / "venv")
    wanted = f"wirewatch[airflow,distributed] @ {wheel.as_uri()}"
    installed(
        UV, "pip", "install", "--quiet", "--python", python, "--constraint", locked_all(tmp_path), wanted
    )
    clean = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "AIRFLOW_HOME": str(tmp_path / "airflow")}
    made = subprocess.run(
        [python, "-W", "ignore", "-c", DAGS],
        env=clean,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr[-2000:]
    assert made.stdout.splitlines()[-1] == "alert ingest load maintain"


def locked_all(folder):
    """What is locked, with all extras."""
    file = folder / "all.txt"
    options = ("--locked", "--no-dev", "--all-extras", "--no-hashes", "--no-emit-project", "--quiet")
    file.write_text(installed(UV, "export", *options).stdout)
    return file
