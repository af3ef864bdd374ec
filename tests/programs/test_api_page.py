"""docs/api.md: its commands are run and its Python is executed, against a desk that runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from served import desk, run

from pipeline.client import NewsClient

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def served(made_home) -> Iterator[Any]:
    with desk(made_home) as running:
        yield running


@pytest.fixture(scope="module")
def token(made_home) -> str:
    line = "wirewatch tokens add the-page --json"
    return json.loads(run(line, made_home, made_home))["token"]


def test_the_commands_for_tokens_do_what_the_page_says(home, tmp_path) -> None:
    lines = re.findall(r"^    (wirewatch tokens .*)$", PAGE, re.MULTILINE)
    assert len(lines) == 4
    said = [run(line, home, tmp_path) for line in lines]
    assert said[0].startswith("ww-my-program.")
    assert said[1].startswith("ww-dashboard.")
    assert "dashboard" in said[2]
    assert said[0].strip() not in said[2]
    kept = json.loads(run("wirewatch tokens list --json", home, tmp_path))
    scopes = {each["name"]: each["scopes"] for each in kept}  # other pages' tokens may be there too
    assert scopes["my-program"] == ["news", "watches"]
    assert "dashboard" not in scopes
    modes = [path.stat().st_mode & 0o777 for path in (home / "desk" / "tokens").iterdir()]
    assert set(modes) == {0o600}


def test_the_curl_commands_answer(served, token, made_home, tmp_path) -> None:
    lines = re.findall(r"^    (curl .*)$", PAGE, re.MULTILINE)
    assert len(lines) >= 6
    for line in lines:
        said = run(line.replace("http://127.0.0.1:8090", served.address), made_home, tmp_path, TOKEN=token)
        document = json.loads(said)
        assert document.get("items") or document.get("openapi"), line


def test_prometheus_scrapes_as_the_page_of_the_desk_says(served, made_home, tmp_path) -> None:
    page = (ROOT / "docs" / "desk.md").read_text(encoding="utf-8")
    (add,) = re.findall(r"^    (wirewatch tokens .*)$", page, re.MULTILINE)
    (curl,) = re.findall(r"^    (curl .*)$", page, re.MULTILINE)
    token = run(add, made_home, tmp_path).strip()
    said = run(curl.replace("http://127.0.0.1:8090", served.address), made_home, tmp_path, TOKEN=token)
    assert 'wirewatch_check_ok{check="store"} 1' in said.splitlines()


def test_the_python_runs(served, token, capsys) -> None:
    names = {"TOKEN": token}
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    for block in blocks:
        here = block.replace("http://127.0.0.1:8090", served.address)
        exec(compile(here, "api.md", "exec"), names)  # noqa: S102  our own page
    names["news"].close()
    said = capsys.readouterr().out.splitlines()
    assert len(said) > 10
    assert "True" in " ".join(said)
    assert said[-2] == "[]"
    assert "column" in said[-1]
    used = set(re.findall(r"\bnews\.(\w+)\(", "".join(blocks)))
    public = {name for name in vars(NewsClient) if not name.startswith("_")}
    assert public - used == {"close", "description"}
