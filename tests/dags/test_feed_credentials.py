"""A feed's credentials from an Airflow connection: they reach the outlet's server, and no other place."""

from __future__ import annotations

import base64
import gzip
import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from test_connections import python

from dags.local.environment import ROOT

sys.path.insert(0, str(ROOT / "tests" / "sources"))
from misbehaving import Misbehaving

pytestmark = pytest.mark.airflow

SECRETS = ("s3cret/&:@%", "p4th-k3y", "s3cret%2F%26%3A%40%25")
ITEM = "<item><title>Ferry runs again</title><link>https://harbour.test/1</link><description>{}</description></item>"
TEXT = "The ferry runs again. " * 20
FEED = f"<rss version='2.0'><channel><title>Harbour</title>{ITEM.format(TEXT)}</channel></rss>"
RUN = """
import logging, os, sys
from pathlib import Path
from seeds.demo import DagRunner, prepare

home = Path(sys.argv[1])
prepare(home)
os.environ["WIREWATCH_CONFIG"] = sys.argv[2]
for name in ("httpcore", "httpx", "wirewatch", "airflow.task", "urllib3"):
    logging.getLogger(name).setLevel("DEBUG")
DagRunner().run("ingest", all=True)
from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session

with create_session() as session:
    for task in session.query(TaskInstance):
        print("map index:", task.task_id, task.rendered_map_index)
"""
EXPORT = """
import os, sys
from pathlib import Path
from connected import environment
from pipeline.app import open_app

with open_app(home=Path(sys.argv[1]), config=Path(sys.argv[2]), environment=environment()) as app:
    care = app.care
    print(care.export_feeds(), care.feeds(), care.feed_health(), app.stored.rejections(), care.doctor())
"""
GIVEN = """
import json, sys
from pathlib import Path
from connected import environment
from pipeline.settings import load_settings

print(json.dumps([feed.url for feed in load_settings(Path(sys.argv[1]), environment()).feeds]))
"""


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    with Misbehaving() as running:
        yield running


def config(folder, *urls):
    folder.mkdir()
    (folder / "settings.yaml").write_text(f"base: {ROOT / 'config'}\nstories:\n  vectors: none\n")
    entries = [f"  - id: f{n}\n    url: '{url}'\n    allow_private: true\n" for n, url in enumerate(urls)]
    (folder / "feeds.yaml").write_text("feeds:\n" + "".join(entries))
    return folder


def test_a_connection_gives_login_and_key_and_neither_is_seen_again(server, tmp_path):
    def guarded(exchange):
        known = base64.b64encode(f"desk@example.org:{SECRETS[0]}".encode()).decode()
        good = exchange.asked.headers.get("authorization") == f"Basic {known}"
        exchange.answer(FEED.encode() if good else b"", 200 if good else 401)

    server.route("/guarded", guarded)
    server.serve("/p4th-k3y/feed", FEED.encode())
    server.serve("/p4th-k3y/broken", b"", 500)
    urls = [server.url(path) for path in ("/guarded", "/${HARBOUR_KEY}/feed", "/${HARBOUR_KEY}/broken")]
    urls[0] = urls[0].replace("http://", "http://${HARBOUR_LOGIN}@")
    home, folder = tmp_path / "home", config(tmp_path / "config", *urls)
    login = {"conn_type": "http", "login": "desk@example.org", "password": SECRETS[0]}
    given = {
        "AIRFLOW_CONN_HARBOUR_LOGIN": json.dumps(login),
        "AIRFLOW_CONN_HARBOUR_KEY": json.dumps({"conn_type": "http", "password": SECRETS[1]}),
    }
    done = python(RUN, home, folder, **given)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert sorted(server.paths()) == ["/guarded", "/p4th-k3y/broken", "/p4th-k3y/feed"]
    assert "map index: fetch f0 and 2 more" in said
    assert "map index: enrich 2 entries of 3 feeds" in said
    store = f"sqlite:///{home}/wirewatch.db"
    told = python(EXPORT, home, folder, AIRFLOW_HOME=str(home / "airflow"), WIREWATCH_STORE=store, **given)
    assert told.returncode == 0, told.stderr
    assert "…/broken: answered (500)" in told.stdout
    with closing(sqlite3.connect(home / "wirewatch.db")) as database:
        kept = "\n".join(database.iterdump())
    assert kept.count("Ferry runs again") >= 1
    archived = b"".join(gzip.decompress(path.read_bytes()) for path in home.rglob("*.warc.gz"))
    logs = [path.read_text(errors="replace") for path in Path(home).rglob("*.log")]
    for secret in SECRETS:
        assert secret.encode() not in archived
        assert not any(secret in text for text in (said, told.stdout, told.stderr, kept, *logs)), secret


def test_the_environment_goes_before_the_connection_and_what_neither_has_is_named(tmp_path):
    folder = config(
        tmp_path / "config", "https://${A_HOST}/${HARBOUR_KEY}/feed", "https://harbour.test/${NOBODYS}"
    )
    given = {"AIRFLOW_HOME": str(tmp_path), "A_HOST": "harbour.test", "HARBOUR_KEY": "mine"}
    given["AIRFLOW_CONN_HARBOUR_KEY"] = given["AIRFLOW_CONN_A_HOST"] = json.dumps(
        {"conn_type": "http", "password": "x"}
    )
    done = python(EXPORT, tmp_path / "home", folder, **given)
    assert done.returncode == 1
    message = (
        "feeds.yaml:6: feeds.1.url: the environment has no NOBODYS (in Airflow a connection nobodys will do)"
    )
    assert message in done.stderr
    given["AIRFLOW_CONN_NOBODYS"] = json.dumps({"conn_type": "http", "password": "theirs"})
    done = python(GIVEN, folder, **given)
    assert json.loads(done.stdout) == ["https://harbour.test/mine/feed", "https://harbour.test/theirs"]
