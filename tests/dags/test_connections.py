"""Airflow's own connections: mails go by `smtp_default`, articles to `elasticsearch_default`."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from dags.local.environment import ROOT

pytestmark = pytest.mark.airflow

PASSWORD = "s3cret/&:@%"
RUN = """
import json, os, sys
from pathlib import Path
from seeds.demo import SEEDS, DagRunner, prepare

home, smtp = Path(sys.argv[1]), json.load(sys.stdin)
prepare(home)
dags = DagRunner()
dags.run("alert")
print("-- without a connection", flush=True)
os.environ["AIRFLOW_CONN_SMTP_DEFAULT"] = json.dumps(smtp)
dags.run("load", paths=[str(SEEDS / "articles")], alert=True)
"""
LOOK = """
import json, sys
from connected import environment

kept = {"WIREWATCH_STORE", "WIREWATCH_SMTP", "WIREWATCH_ES_API_KEY", "WIREWATCH_ES_CA"}
print(json.dumps({key: value for key, value in environment().items() if key in kept}))
"""


class Postbox:
    def __init__(self):
        self.taken = []
        self.port = 0

    async def handle_DATA(self, server, session, envelope):  # noqa: ARG002, N802  # the name aiosmtpd calls
        self.taken.append((session.auth_data, envelope.rcpt_tos, envelope.content))
        return "250 OK"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    """A server that demands the login of `smtp_default`."""

    def authenticate(server, session, envelope, mechanism, data):
        good = (data.login, data.password) == (b"desk@example.org", PASSWORD.encode())
        return AuthResult(success=good, auth_data=data.login)

    box = Postbox()
    server = Controller(
        box,
        hostname="127.0.0.1",
        port=free_port(),
        auth_require_tls=False,
        auth_required=True,
        authenticator=authenticate,
    )
    server.start()
    box.port = server.port
    yield box
    server.stop()


def python(program, *arguments, given="", **environment):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("WIREWATCH_", "AIRFLOW"))}
    path = os.pathsep.join([str(ROOT), str(ROOT / "dags")])
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=ROOT,
        env=clean | {"PYTHONPATH": path} | environment,
    )


def connection(kind, port, **more):
    return {"conn_type": kind, "host": "127.0.0.1", "port": port, "password": PASSWORD, **more}


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
def test_mails_go_by_the_connection_and_its_password_nowhere_else(postbox, tmp_path):
    extra = {"disable_ssl": True, "disable_tls": True}
    smtp = connection("smtp", postbox.port, login="desk@example.org", extra=extra)
    done = python(RUN, tmp_path / "home", given=json.dumps(smtp))
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    ((login, to, content),) = postbox.taken
    assert (login, to) == (b"desk@example.org", ["desk@newsroom.example"])
    assert b"Message-ID" in content
    assert not (tmp_path / "home" / "spool").exists()
    before, _, _ = said.partition("-- without a connection")
    assert "_default" not in said
    assert "error" not in before.lower()
    logs = [path.read_text(errors="replace") for path in (tmp_path / "home").rglob("*.log")]
    for secret in (PASSWORD, "s3cret"):
        assert not any(secret in text for text in (said, *logs))


def look(tmp_path, **environment):
    done = python(LOOK, AIRFLOW_HOME=str(tmp_path), **environment)
    assert done.returncode == 0, done.stderr
    assert "s3cret" not in done.stderr
    assert "rror" not in done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_store_is_the_connections_unless_the_environment_names_one(tmp_path):
    extra = {"prefix": "news", "ca_certs": "/etc/ca.pem", "api_key": "s3cret-key"}
    given = connection("elasticsearch", 9200, login="wire", schema="https", extra=extra)
    text = json.dumps(given)
    found = look(tmp_path, AIRFLOW_CONN_ELASTICSEARCH_DEFAULT=text, WIREWATCH_ES_CA="/mine.pem")
    assert found == {
        "WIREWATCH_STORE": "https://wire:s3cret%2F%26%3A%40%25@127.0.0.1:9200?prefix=news",
        "WIREWATCH_ES_API_KEY": "s3cret-key",
        "WIREWATCH_ES_CA": "/mine.pem",
    }
    named = {"WIREWATCH_STORE": "sqlite:///a.db", "WIREWATCH_SMTP": "smtp://mail.example.org"}
    smtp = json.dumps(connection("smtp", 25))
    assert (
        look(tmp_path, AIRFLOW_CONN_ELASTICSEARCH_DEFAULT=text, AIRFLOW_CONN_SMTP_DEFAULT=smtp, **named)
        == named
    )
    url = "https://wire:s3cret@search.example.org"
    assert look(tmp_path, AIRFLOW_CONN_ELASTICSEARCH_DEFAULT=url) == {"WIREWATCH_STORE": url}
    assert look(tmp_path) == {}
