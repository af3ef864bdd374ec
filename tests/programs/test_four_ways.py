"""docs/programs.md, "A watch, four ways": each gives what the watch of the demo told, on the demo's feeds."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import feedparser
import httpx
import pytest
from served import BIN, CLEAN, desk, run

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
(SECTION,) = re.findall(r"^## A watch, four ways$(.*?)^## ", PAGE, re.MULTILINE | re.DOTALL)
WATCH = "earthquakes"


@pytest.fixture(scope="module")
def served(made_home) -> Iterator[Any]:
    with desk(made_home) as running:
        yield running


@pytest.fixture(scope="module")
def token(made_home) -> str:
    return json.loads(run("wirewatch tokens add four-ways --json", made_home, made_home))["token"]


@pytest.fixture(scope="module")
def told(made_home) -> set[str]:
    """The titles of the stories that the watch told of, as the command line has them."""
    stories = json.loads(run("wirewatch stories --limit 100 --json", made_home, made_home))
    (line,) = (
        each for each in json.loads(run("wirewatch watch list --json", made_home, made_home))
        if each["name"] == WATCH
    )  # fmt: skip
    assert line["alerts"] >= 1
    return {story["title"] for story in stories}


def here(text, served, made_home):
    text = text.replace("http://127.0.0.1:8090", served.address).replace("data/demo", str(made_home))
    return text.replace("seeds/config", str(made_home / "config")).replace(
        'command="wirewatch"', f'command="{BIN / "wirewatch"}", env={CLEAN!r}'
    )


def patient(client, address):
    """An answer; on a busy machine the first ones may take longer than the desk allows."""
    for _ in range(10):
        answer = client.get(address, timeout=60)
        if answer.status_code != 503:
            break
        time.sleep(2)
    assert answer.status_code == 200, answer.text
    return answer


@pytest.fixture(scope="module")
def link(served) -> str:
    """The address of the watch's feed, with its key, as its page has it for an editor."""
    with httpx.Client(follow_redirects=True) as browser:
        browser.get(served.start, timeout=60)
        page = patient(browser, f"{served.address}/watches/{WATCH}").text
    found = re.search(r'href="?([^" >]+\.atom\?[^" >]*key=[^" >]+)', page)
    assert found is not None
    return found[1].replace("&amp;", "&")


def test_in_a_feed_reader(served, link, told) -> None:
    with httpx.Client() as reader:  # no login: the key is in the address
        answer = patient(reader, served.address + link)
    entries = feedparser.parse(answer.content).entries
    assert entries
    assert {each.title for each in entries} <= told
    again = {"if-none-match": answer.headers["etag"]}
    assert httpx.get(served.address + link, headers=again, timeout=60).status_code == 304


def test_in_newsboat(served, link, told, tmp_path) -> None:
    """A reader that many people use fetches and reads it by itself, and finds nothing new the second time."""
    newsboat = shutil.which("newsboat")
    if newsboat is None:
        if os.environ.get("READER_REQUIRED"):
            pytest.fail("no newsboat: install Debian's `newsboat`")
        pytest.skip("no newsboat: install Debian's `newsboat`")
    (tmp_path / "urls").write_text(f"{served.address}{link}\n")
    (tmp_path / "config").write_text("")
    cache = tmp_path / "cache.db"
    command = [newsboat, "-u", tmp_path / "urls", "-C", tmp_path / "config", "-c", cache, "-x", "reload"]
    seen = []
    for _ in range(2):
        subprocess.run(command, check=True, env=CLEAN | {"HOME": str(tmp_path)}, timeout=120)
        with closing(sqlite3.connect(cache)) as database:
            seen.append(database.execute("SELECT guid, title, content FROM rss_item").fetchall())
    assert seen[0]
    assert seen[0] == seen[1]
    assert {title for _, title, _ in seen[0]} <= told
    assert all('<a href="http' in content for _, _, content in seen[0])


def test_with_curl(served, token, made_home, tmp_path, told) -> None:
    (line,) = re.findall(r"^    (curl .*)$", SECTION, re.MULTILINE)
    answer = json.loads(run(here(line, served, made_home), made_home, tmp_path, TOKEN=token))
    assert {each["watch"] for each in answer["items"]} == {WATCH}


@pytest.mark.parametrize("way", [0, 1], ids=["with the client", "with an MCP client"])
def test_in_python(served, token, made_home, tmp_path, told, way) -> None:
    if way:
        pytest.importorskip("mcp")
    block = here(re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)[way], served, made_home)
    (tmp_path / "way.py").write_text(f"TOKEN = {token!r}\n{block}", encoding="utf-8")
    lines = run(f"{sys.executable} way.py", made_home, tmp_path).splitlines()
    assert lines
    assert all(any(line.endswith(title) for title in told) for line in lines)
