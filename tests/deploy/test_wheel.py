"""The wheel: a package of its own name, complete, and the command that it installs."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder that holds what the wheel installs."""
    made = tmp_path_factory.mktemp("wheel")
    build = [Path(sys.executable).parent / "uv", "build", "--wheel", "--out-dir", made, ROOT]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    folder = made / "installed"
    zipfile.ZipFile(next(made.glob("*.whl"))).extractall(folder)
    return folder


def ask(installed, code):
    """What a program prints that sees the installed package and not the checkout."""
    return subprocess.run(
        [sys.executable, "-P", "-c", code], env={"PYTHONPATH": str(installed)}, cwd=installed,
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip


def test_a_wheel_has_one_package_of_its_own_name(installed):
    assert {path.name for path in installed.iterdir() if path.suffix != ".dist-info"} == {"wirewatch"}
    assert (installed / "wirewatch" / "py.typed").exists()
    ours = {path.relative_to(ROOT / "pipeline") for path in (ROOT / "pipeline").rglob("*") if path.is_file()}
    theirs = {path.relative_to(installed / "wirewatch") for path in installed.rglob("*") if path.is_file()
              if "wirewatch" in path.relative_to(installed).parts[:1]}  # fmt: skip
    assert {path for path in ours if path.suffix != ".pyc"} <= theirs


def test_every_module_of_a_wheel_imports_its_own_package(installed):
    code = """
import pkgutil, importlib, sys, wirewatch
for module in pkgutil.walk_packages(wirewatch.__path__, "wirewatch."):
    importlib.import_module(module.name)
print(sorted(name for name in sys.modules if name.partition(".")[0] == "pipeline"))
"""
    assert ask(installed, code) == "[]"


def test_an_installed_wheel_has_the_index_templates(installed):
    found = ask(installed, "import wirewatch.store.elasticsearch.indices as s; print(s.TEMPLATES)")
    templates = Path(found)
    assert installed in templates.parents
    ours = ROOT / "config" / "elasticsearch"
    for file in ours.rglob("*.json"):
        assert (templates / file.relative_to(ours)).read_bytes() == file.read_bytes()


def test_an_installed_wheel_has_the_configuration_and_the_packs(installed):
    found = ask(installed, "import wirewatch.app.care.working_folder as w; print(w.SHIPPED)")
    ours = ROOT / "config"
    for file in (*ours.glob("*.yaml"), *ours.glob("kibana/*")):
        assert (Path(found) / file.relative_to(ours)).read_bytes() == file.read_bytes()
    packs = ask(installed, "from wirewatch.sources.feeds.feed_packs import packs; print(len(packs()))")
    assert int(packs) == len(list((ROOT / "pipeline" / "sources" / "feeds" / "packs").glob("*.yaml")))


def test_the_command_of_a_wheel_answers(installed):
    assert ask(
        installed, "import sys; sys.argv=['wirewatch','--version']; from wirewatch.cli import main; main()"
    )


def test_a_wheel_has_the_dags_for_ones_own_airflow(installed):
    """They import the installed package, wherever in a file: `pipeline` is not there."""
    ours = {path.name for path in (ROOT / "dags").glob("*.*")} | {"plugins"}
    folder = installed / "wirewatch" / "dags"
    assert {path.name for path in folder.iterdir()} == ours
    assert [path.name for path in folder.glob("plugins/*")] == ["desk.py"]
    for path in folder.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        # In no package, a DAG file has no relative import either, which names no module.
        assert not {name for name in names if name.partition(".")[0] in {"pipeline", "dags", ""}}, path.name
