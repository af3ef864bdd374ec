"""A wheel has no `config/` beside it: the index templates must come along."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_an_installed_wheel_has_the_index_templates(tmp_path) -> None:
    build = [Path(sys.executable).parent / "uv", "build", "--wheel", "--offline", "--out-dir", tmp_path, ROOT]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"hatchling is not in uv's cache: {done.stderr.strip().splitlines()[-1]}")
    installed = tmp_path / "installed"
    zipfile.ZipFile(next(tmp_path.glob("*.whl"))).extractall(installed)
    ask = "import pipeline.store.elasticsearch.indices as s; print(s.TEMPLATES)"
    found = subprocess.run(
        [sys.executable, "-P", "-c", ask], env={"PYTHONPATH": str(installed)}, cwd=tmp_path,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    templates = Path(found.stdout.strip())
    assert installed in templates.parents
    ours = ROOT / "config" / "elasticsearch"
    for file in ours.rglob("*.json"):
        assert (templates / file.relative_to(ours)).read_bytes() == file.read_bytes()
