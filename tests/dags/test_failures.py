"""What is seen of a task and of a feed that fail."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from email import message_from_bytes, policy

import pytest
from test_connections import python

from dags.local.environment import ROOT

sys.path.insert(0, str(ROOT / "tests" / "sources"))
from misbehaving import Misbehaving

pytestmark = pytest.mark.airflow

RUN = """
import os, sys
from pathlib import Path
from seeds.demo import DagRunner, prepare

home = Path(sys.argv[1])
prepare(home)
os.environ["WIREWATCH_CONFIG"] = sys.argv[2]
dags = DagRunner()
for name in sys.argv[3:]:
    try:
        dags.run(name, all=True)
    except SystemExit as error:
        print("ended:", error)
from airflow.models.asset import AssetEvent
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session

with create_session() as session:
    for task in session.query(TaskInstance):
        print("task:", task.dag_id, task.task_id, task.state, task.rendered_map_index)
    for event in session.query(AssetEvent):
        print("event:", event.extra)
"""


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    with Misbehaving() as running:
        yield running


def config(folder, feeds="feeds: []\n", operator="ops@example.org"):
    folder.mkdir()
    settings = f"base: {ROOT / 'config'}\nstories:\n  vectors: none\nmail:\n  operator: [{operator}]\n"
    (folder / "settings.yaml").write_text(settings)
    (folder / "feeds.yaml").write_text(feeds)
    return folder


def mails(home):
    return [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in sorted((home / "spool").rglob("*.eml"))
    ]


def test_the_operator_is_mailed_once_a_day_that_a_task_failed(tmp_path):
    home, folder = tmp_path / "home", config(tmp_path / "config", "feeds:\n  - id: f\n    url: 7\n")
    done = python(RUN, home, folder, "ingest", "ingest")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("ended: demo: the DAG ingest ended as") == 2
    (mail,) = mails(home)
    assert mail["To"] == "ops@example.org"
    assert mail["Subject"] == "Wirewatch: ingest.due failed"
    assert "feeds.yaml:3" in mail.get_content()
    assert "not mailed before tomorrow" in mail.get_content()


def test_a_feed_that_fails_is_seen_in_the_run_which_goes_on(tmp_path, server):
    text = f"<title>Ferry runs again</title><description>{'The ferry runs again. ' * 20}</description>"
    item = f"<item>{text}<link>https://a.test/1</link></item>"
    body = f"<rss version='2.0'><channel><title>A</title>{item}</channel></rss>"
    server.serve("/well", body.encode())
    server.serve("/ill", b"", 404)
    entry = "  - id: {}\n    url: {}\n    allow_private: true\n"
    feeds = "".join(entry.format(name, server.url(f"/{name}")) for name in ("well", "ill"))
    home, folder = tmp_path / "home", config(tmp_path / "config", f"feeds:\n{feeds}")
    done = python(RUN, home, folder, "ingest", "alert", "ingest")
    assert done.returncode == 0, done.stderr
    assert "ended:" not in done.stdout
    assert "task: ingest feed_failed skipped ill: http" in done.stdout
    # The first run has news, and says in its event what; the second has none, and no alert run follows.
    lines = [line for line in done.stdout.splitlines() if line.startswith("event: ")]
    (event,) = [json.loads(line[7:].replace("'", '"')) for line in lines]
    assert event["new"] == 1
    assert done.stdout.count("task: ingest group success") == 1
    assert done.stdout.count("task: ingest group skipped") == 1
    assert mails(home) == []
