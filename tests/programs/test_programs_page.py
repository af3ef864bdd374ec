"""docs/programs.md: what stands there as a command is run, line by line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def commands(heading):
    """The indented lines of a section, block by block, without their comments."""
    section = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert section is not None
    return re.findall(r"^    (\S.*)$", section[1], re.MULTILINE)


@pytest.fixture
def shell(home, tmp_path) -> Callable[[str], Any]:
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    clean = {k: v for k, v in os.environ.items() if not k.startswith("WIREWATCH_")}
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    given = {"WIREWATCH_HOME": str(home), "WIREWATCH_CONFIG": str(home / "config"), "PATH": path}

    def run(line):
        chosen = ["bash", "-o", "pipefail", "-c", line]
        done = subprocess.run(
            chosen, capture_output=True, text=True, check=False, cwd=tmp_path, env=clean | given
        )
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        return done.stdout

    return run


def test_the_export_commands_do_what_the_page_says(shell, tmp_path) -> None:
    lines = commands("Export")
    assert len(lines) > 5
    said = [shell(line) for line in lines]
    assert "articles from" in said[-1]
    for name in (
        "articles.jsonl",
        "week.csv",
        "storms.parquet",
        "decisions.jsonl.gz",
        "new.jsonl",
        "wire.ninjs",
        "affairs.jsonl",
    ):
        assert (tmp_path / name).is_file()
    assert len((tmp_path / "articles.jsonl").read_text("utf-8").splitlines()) >= 8
    picture = ElementTree.parse(tmp_path / "week.svg").getroot()
    assert picture is not None
    assert len(picture.findall("{*}text")) > 7
    assert [each for each in picture.findall("{*}rect") if int(each.attrib["height"]) > 0]
