"""Verbs that read make nothing; what is stored is for its owner; `verify` finds each broken promise."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
import verb_runs

from dags.local.environment import ROOT

ROWS = [
    {
        "title": "Cable car stuck",
        "text": "The cable car to the summit stood still for an hour. " * 4,
        "source": "A",
    },
    {
        "title": "Opera reopens",
        "text": "The opera house opened its doors after the repairs. " * 4,
        "source": "B",
    },
]


@pytest.fixture
def run(tmp_path, verb_server) -> Callable[..., Any]:
    config = tmp_path / "config"
    config.mkdir()
    (config / "settings.yaml").write_text(f"base: {ROOT / 'config'}\nstories:\n  vectors: none\n")
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))

    def call(*arguments, **environment):
        code, out, said = verb_runs.run(verb_server, tmp_path, *arguments, **environment)
        return code, out, said.splitlines()

    return call


@pytest.mark.parametrize(
    "verb",
    [
        ["stories"],
        ["search", "x"],
        ["quarantine", "list"],
        ["outbox", "list"],
        ["feeds", "health"],
        ["verify"],
        ["doctor"],
        ["story", "x"],
        ["alert", "--dry-run"],
    ],
    ids=" ".join,
)
def test_a_reading_verb_makes_nothing(run, tmp_path, verb):
    before = sorted(tmp_path.iterdir())
    code, _, lines = run(*verb)
    assert code == 1
    assert len(lines) == 1
    assert "there is no store at data/wirewatch.db; the first `fetch` or `load` makes it" in lines[0]
    code, _, lines = run("--config", "confg", *verb)
    assert (code, len(lines)) == (2, 1)
    assert "confg" in lines[0]
    assert sorted(tmp_path.iterdir()) == before


def modes(place):
    return {stat.S_IMODE(path.stat().st_mode) for path in [place, *place.rglob("*")] if path.is_dir()}, {
        stat.S_IMODE(path.stat().st_mode) for path in place.rglob("*") if path.is_file()
    }


def test_a_configuration_that_is_not_there_is_told_before_anything_is_archived(run, tmp_path):
    code, _, lines = run("--config", "elsewhere", "load", "a.jsonl")
    assert (code, lines) == (2, ["wirewatch: elsewhere: no such folder; --config names another"])
    assert not list((tmp_path / "data").rglob("*.warc.gz"))


def test_what_is_stored_is_for_its_owner_or_its_group(run, tmp_path):
    assert run("load", "a.jsonl")[0] == 0
    assert modes(tmp_path / "data") == ({0o700}, {0o600})
    assert run("--home", "shared", "load", "a.jsonl", WIREWATCH_GROUP_READS="1")[0] == 0
    assert modes(tmp_path / "shared") == ({0o750}, {0o640})


def test_a_file_of_the_configuration_keeps_its_mode(run, tmp_path):
    feeds, watches = tmp_path / "config" / "feeds.yaml", tmp_path / "config" / "watches.yaml"
    feeds.write_text("feeds: []\n")
    feeds.chmod(0o644)
    watches.write_text("watches: []\n")
    watches.chmod(0o664)
    (tmp_path / "my.opml").write_text(
        '<opml version="2.0"><body><outline text="A" xmlUrl="https://a.example/feed"/></body></opml>'
    )
    assert run("feeds", "import", "my.opml")[0] == 0
    assert run("watch", "new", "lighthouse", "--yes")[0] == 0
    assert [stat.S_IMODE(file.stat().st_mode) for file in (feeds, watches)] == [0o644, 0o664]


def test_a_first_watch_that_nobody_can_be_asked_about_is_not_saved(run, tmp_path):
    watches = tmp_path / "config" / "watches.yaml"
    watches.write_text("watches: []\n")
    code, out, err = run("watch", "new", "lighthouse, storm")
    assert (code, out.strip()) == (2, "")
    assert err[-1] == "wirewatch: not saved, because nobody answered; --yes saves without asking"
    assert any("there are no articles yet to try it on" in line for line in err)
    assert not any("of 0" in line for line in err)
    assert watches.read_text() == "watches: []\n"


def test_verify_finds_what_is_broken(run, tmp_path):
    run("load", "a.jsonl")
    code, out, _ = run("verify", "--json")
    assert code == 0
    assert all(check["ok"] for check in json.loads(out))
    (batch,) = (tmp_path / "data" / "archive").rglob("*.warc.gz")
    whole = batch.read_bytes()
    batch.write_bytes(whole[:-30])
    code, out, lines = run("verify", "--json")
    assert code == 1
    assert [check["check"] for check in json.loads(out) if not check["ok"]] == ["archive"]
    assert "damaged" in lines[-1]
    batch.unlink()
    assert "not there" in run("verify")[2][-1]
    batch.write_bytes(whole)
    with closing(sqlite3.connect(tmp_path / "data" / "wirewatch.db")) as store:
        store.execute("DROP INDEX article_time")
        store.commit()
    code, _, lines = run("verify")
    assert code == 1
    assert "article_time is not as this version makes it" in lines[-1]
    entry = tmp_path / "data" / "archive" / "journal" / "000000" / "000000001.json"
    entry.rename(tmp_path / "kept")
    code, out, _ = run("verify", "--json")
    assert code == 1
    assert "store and journal" in [check["check"] for check in json.loads(out) if not check["ok"]]


def test_the_desk_of_a_home_that_is_not_there_does_not_begin_one(run, tmp_path):
    before = sorted(tmp_path.iterdir())
    for verb in (["--home", "hme", "desk", "--port", "0"], ["--config", "confg", "desk", "--port", "0"]):
        code, out, lines = run(*verb)
        assert (code, out, len(lines)) == (2, "", 1)
        assert f"{verb[1]}: no such folder; {verb[0]} names another" in lines[0]
    assert sorted(tmp_path.iterdir()) == before
