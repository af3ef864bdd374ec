"""What the first landed version (commit 0fbf0dc) wrote is brought over whole.

`first_version.tar.gz` was made by that commit from six invented articles: a home with archive, journal, store
and spool, the configuration, and what `stories` said: two stories of two articles, one that was split, an
alert with its follow-up, and two lines in quarantine.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import main

ROOT = Path(__file__).parents[2]
FIXTURE = Path(__file__).with_name("first_version.tar.gz")


@pytest.fixture
def run(tmp_path, monkeypatch, capsys) -> Callable[..., Any]:
    """Runs the command, as JSON, on what the first version left behind."""
    with tarfile.open(FIXTURE) as old:
        old.extractall(tmp_path, filter="data")
    (tmp_path / "config" / "shipped").symlink_to(ROOT / "config")
    monkeypatch.chdir(tmp_path)
    for name in ("WIREWATCH_STORE", "WIREWATCH_SMTP"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments):
        with pytest.raises(SystemExit) as end:
            main(["--json", "--home", "home", "--config", "config", *arguments])
        out, err = capsys.readouterr()
        assert end.value.code == 0, err
        return json.loads(out)

    return call


def test_a_store_archive_and_configuration_of_the_first_version_go_on(run, tmp_path):
    run("store", "migrate")
    told = [
        {"id": s["id"], "title": s["title"], "articles": sorted(a["id"] for a in s["articles"])}
        for s in run("stories")
    ]
    before = json.loads((tmp_path / "stories.json").read_text())
    assert sorted(told, key=lambda s: s["id"]) == sorted(before, key=lambda s: s["id"])
    assert all(check["ok"] for check in run("verify")), run("verify")
    (split,) = run("corrections", "list")
    assert (split["kind"], split["undone"]) == ("split", False)
    assert len(run("quarantine", "list")) == 2
    (watch,) = run("watch", "list")
    assert watch["alerts"] == 2
    # Nothing comes twice: neither the articles, nor what was told of them.
    assert run("load", "news.jsonl")["duplicate"] == 6
    assert run("alert")["alerts"] == []
    assert len(run("search", "ferry")) == 2


def test_its_archive_can_be_replayed(run, tmp_path):
    outcome = run("replay", "--into", f"sqlite:///{tmp_path / 'again.db'}")
    assert (outcome["new"], outcome["updated"]) == (6, 0)
