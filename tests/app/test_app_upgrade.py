"""What the first landed version (commit 0fbf0dc) wrote is brought over whole.

`first_version.tar.gz` was made by that commit from six invented articles: a home with archive, journal, store
and spool, the configuration, and what `stories` said: two stories of two articles, one that was split, an
alert with its follow-up, and two lines in quarantine.

`first_version_on_a_node.json.gz` is the same store on Elasticsearch, as that commit's `store copy` wrote it:
settings, mapping, aliases and documents of each of its indices.
"""

from __future__ import annotations

import gzip
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch, helpers
from node_stores import BACKENDS, NODE, new_url, removed

from pipeline.cli import main

ROOT = Path(__file__).parents[2]
FIXTURE = Path(__file__).with_name("first_version.tar.gz")
INDICES = Path(__file__).with_name("first_version_on_a_node.json.gz")


def laid_out(url):
    """Puts the first version's indices on the node, under the prefix of a store's URL."""
    prefix = url.rpartition("=")[2]
    with gzip.open(INDICES) as packed:
        indices = json.load(packed)
    with Elasticsearch(NODE, request_timeout=120) as client:
        for name, index in indices.items():
            here = name.replace("first", prefix, 1)
            aliases = {alias.replace("first", prefix, 1): how for alias, how in index["aliases"].items()}
            client.indices.create(
                index=here, settings=index["settings"], mappings=index["mappings"], aliases=aliases
            )
            helpers.bulk(client, ({"_index": here, **each} for each in index["documents"]))
        client.indices.refresh(index=f"{prefix}-*")
    return indices


@pytest.fixture(params=BACKENDS)
def store(request) -> Iterator[list[str]]:
    """How the command finds the store."""
    if request.param == "sqlite":
        yield []
        return
    url = new_url()
    try:
        laid_out(url)
        yield ["--store", url]
    finally:
        removed(url)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys, store) -> Callable[..., Any]:
    """Runs the command, as JSON, on what the first version left behind."""
    with tarfile.open(FIXTURE) as old:
        old.extractall(tmp_path, filter="data")
    (tmp_path / "config" / "shipped").symlink_to(ROOT / "config")
    monkeypatch.chdir(tmp_path)
    for name in ("WIREWATCH_STORE", "WIREWATCH_SMTP"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments):
        with pytest.raises(SystemExit) as end:
            main(["--json", "--home", "home", "--config", "config", *store, *arguments])
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
    run("store", "migrate")
    outcome = run("replay", "--into", f"sqlite:///{tmp_path / 'again.db'}")
    assert (outcome["new"], outcome["updated"]) == (6, 0)
