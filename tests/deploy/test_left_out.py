"""Tests that need a node: left out with a word on how to run them, and a build that must run them fails."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from compose_file import ROOT, services

FILE = "tests/store/test_store_elasticsearch_members.py"


def _run(path, **environment):
    clean = {key: value for key, value in os.environ.items() if not key.startswith("ELASTICSEARCH_")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", FILE]
    return subprocess.run(
        command,
        env={**clean, "PATH": str(path), **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("docker", [False, True])
def test_without_a_node_the_run_says_which_tests_are_missing_and_how_to_run_them(tmp_path, docker):
    if docker:
        (tmp_path / "docker").touch(mode=0o755)
    done = _run(tmp_path)
    assert done.returncode == 0, done.stdout
    assert re.search(rf"left out: .*ELASTICSEARCH_URL.*: {FILE} \(\d+\)", done.stdout)
    assert "make test-elasticsearch ELASTICSEARCH_URL=" in done.stdout
    assert ("docker run" in done.stdout) == docker


def test_a_build_that_needs_the_node_does_not_pass_by_skipping(tmp_path):
    assert _run(tmp_path, ELASTICSEARCH_REQUIRED="1").returncode == 1


def test_the_node_that_is_named_is_the_one_that_is_deployed():
    (named,) = re.findall(r"docker\.elastic\.co/[\w./:-]+", (ROOT / "tests" / "conftest.py").read_text())
    assert named == services()["elasticsearch"]["image"]
