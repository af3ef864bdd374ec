"""What the pages tell people to type is carried out, line by line, on a home with news in it.

The tutorial, docs/programs.md, docs/api.md and the README's first alert have tests of their own; what `make`
and Docker do is tested where it is made. Here nothing goes out: the home has no feeds.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.cli import main

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "README.md",
    "docs/faq.md",
    "docs/operating.md",
    "docs/situations.md",
    "docs/watches.md",
    "docs/users/company.md",
    "docs/users/desk-of-ten.md",
    "docs/users/one-person.md",
)
# Lines that go on until Ctrl-C, ask another machine, or ask somebody at a terminal.
ELSEWHERE = re.compile(r"wirewatch desk\b|watch-feeds(?! --once)|https?://|init news$|--test\b")
# Exit codes besides 0 that are an answer.
ANSWERS = {"doctor": {1}, "verify": {1}}


def lines(page):
    """The commands of a page as they are typed: without remarks, a continued one as one."""
    text = (ROOT / page).read_text(encoding="utf-8").replace("\\\n", " ")
    for found in re.findall(r"^(?: {4,}|\t)(.*)$", text, re.MULTILINE):
        for part in re.split(r"\s*&&\s*", re.sub(r"\s#.*$", "", found).strip()):
            if re.match(r"(?:\S*/)?wirewatch ", part) and not ELSEWHERE.search(part):
                yield part


@pytest.fixture
def place(made_home, tmp_path, monkeypatch) -> Path:
    """A folder with what the commands name, and the ids that stand for those that a page leaves open."""
    home = tmp_path / "data"
    shutil.copytree(made_home, home)
    watches = yaml.safe_load((home / "config" / "watches.yaml").read_text())
    ours = [
        {"name": n, "query": "ferry", "deliver": {"mail": ["a@b.example"]}}
        for n in ("ferries", "port-strikes")
    ]
    watches["watches"] += ours
    (home / "config" / "watches.yaml").write_text(yaml.safe_dump(watches))
    (home / "config" / "feeds.yaml").write_text("feeds: []\n")
    (home / "config").rename(tmp_path / "config")
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "empty.txt").touch()
    shutil.copy(ROOT / "seeds" / "config" / "feeds.yaml", tmp_path / "more.yaml")
    line = json.dumps(
        {"title": "Ferry strike", "text": "The ferry crews strike. " * 5, "url": "https://a.example/1"}
    )
    (tmp_path / "more.jsonl.gz").write_bytes(gzip.compress(line.encode()))
    (tmp_path / "reader.opml").write_text(
        '<opml version="2.0"><body><outline type="rss" text="A" xmlUrl="https://a.example/rss"/></body></opml>'
    )
    for name in [name for name in os.environ if name.startswith("WIREWATCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def typed(place, capsys, monkeypatch) -> Callable[..., Any]:
    """Types a command; returns what it said."""

    def call(*arguments):
        monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 9))  # who is asked says yes
        with pytest.raises(SystemExit) as end:
            main(list(arguments))
        out, err = capsys.readouterr()
        verb = next(word for word in arguments if not word.startswith("-"))
        assert end.value.code in {0} | ANSWERS.get(verb, set()), f"{shlex.join(arguments)}\n{out}\n{err}"
        return out

    return call


@pytest.mark.slow
def test_every_line_of_the_pages_is_carried_out(typed):
    typed("load", "articles")  # an empty file: something is in quarantine
    stories = json.loads(typed("--json", "stories", "--min-articles", "2"))
    largest, other = stories[0], stories[1]
    article = largest["articles"][-1]["id"]
    entry = json.loads(typed("--json", "quarantine", "list"))[0]["id"]
    count = 0
    for page in PAGES:
        for command in lines(page):
            words = shlex.split(command)[1:]
            known = {"STORY": [other["id"], largest["id"]], "ARTICLE": [article], "NAME": ["ferries"]}
            known["SITUATION"] = [other["id"]]
            named = largest["id"]
            if "quarantine" in words:
                named = entry
            elif words[:2] == ["corrections", "undo"]:
                named = json.loads(typed("--json", "corrections", "list"))[-1]["id"]
            known["[ID…]"] = known["ID"] = [named]
            filled = [known[word].pop() if known.get(word) else word for word in words]
            if "situation" in filled:
                continue  # tests/app/test_app_situations.py has one
            typed(*filled)
            count += 1
    assert count > 40
