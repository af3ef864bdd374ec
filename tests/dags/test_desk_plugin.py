"""The desk among Airflow's pages: nobody comes in but by Airflow's login, and a viewer changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from dags.local.environment import ROOT, airflow_environment
from pipeline.store.open import open_store

pytestmark = pytest.mark.airflow

HOST = "http://airflow.example:8080"
# Asks a real api-server, in its own process, and prints what it answered.
ASK = f"""
import json, sys
from airflow.utils.db import initdb

initdb()
from airflow.api_fastapi.app import create_app, get_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from fastapi.testclient import TestClient

client = TestClient(create_app(), base_url="{HOST}", follow_redirects=False)
tokens = {{"": "", "garbage": "a.b.c"}}
for role in ("viewer", "user", "admin"):
    user = SimpleAuthManagerUser(username=role, role=role.upper())
    tokens[role] = get_auth_manager().generate_jwt(user)
answers = []
for who, method, path, headers in json.load(sys.stdin):
    token = {{"cookie": f"_token={{tokens[who]}}"}} if who else {{}}
    found = client.request(method, path, headers=token | headers)
    answers.append([found.status_code, found.headers.get("location", ""), found.text])
bearer = {{"authorization": f"Bearer {{tokens['admin']}}"}}
answers.append(client.get("/api/v2/plugins", headers=bearer).json())
print("\\n" + json.dumps(answers))
"""
PAGES = ("/", "/search", "/names", "/watches", "/feeds", "/quarantine", "/corrections", "/doctor", "/about")
HIDDEN = ("/stories/x", "/watches/new", "/metrics", "/login", "/static/desk.js.map", "/no/such/page")
OWN, OTHER = {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "cross-site"}


@pytest.fixture(scope="module")
def ask(tmp_path_factory) -> Callable[..., Any]:
    home = tmp_path_factory.mktemp("airflow")
    store = f"sqlite:///{home}/wirewatch.db"
    open_store(store).close()
    environment = airflow_environment(home) | {
        "AIRFLOW__API__BASE_URL": HOST,
        "AIRFLOW__API_AUTH__JWT_SECRET": "x" * 64,
        "WIREWATCH_HOME": str(home),
        "WIREWATCH_CONFIG": str(ROOT / "config"),
        "WIREWATCH_STORE": store,
    }

    def asked(requests):
        done = subprocess.run(
            [sys.executable, "-c", ASK],
            input=json.dumps(requests),
            env=os.environ | environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return json.loads(done.stdout.splitlines()[-1])

    return asked


def test_airflows_login_stands_before_every_page(ask):
    none: dict[str, str] = {}
    strangers = [(who, "GET", f"/desk{path}", none) for who in ("", "garbage") for path in PAGES + HIDDEN]
    files = [("", "GET", "/desk/static/desk.css", none), ("", "GET", "/desk/stories.json", none)]
    readers = [("viewer", "GET", f"/desk{path}", none) for path in PAGES]
    writes = [
        (who, "POST", "/desk/stories/preview", headers)
        for who in ("", "viewer", "user", "admin")
        for headers in (OTHER, OWN)
    ]
    last = [("admin", "GET", "/desk/", {"host": "evil.example"}), ("", "GET", "/desk/health", {})]
    *answers, plugins = ask([*strangers, *files, *readers, *writes, *last])
    stranger, rest = answers[: len(strangers)], answers[len(strangers) :]
    for (_, _, path, _), (status, location, text) in zip(strangers, stranger, strict=True):
        assert text == "" or "You are not logged in" in text, path
        assert (status, location[:24]) == (303, "/auth/login?next=%2Fdesk") or status == 401, path
    assert [status for status, *_ in rest[:2]] == [401, 401]
    read, rest = rest[2 : 2 + len(readers)], rest[2 + len(readers) :]
    assert {status for status, *_ in read} == {200}
    assert "You are viewer (may read)" in read[0][2]
    # Another site's form is refused whoever sends it; an editor's own says nothing and is asked to.
    assert [status for status, *_ in rest] == [403, 401, 403, 403, 403, 400, 403, 400, 400, 200]
    (ours,) = [each for each in plugins["plugins"] if each["name"] == "wirewatch"]
    assert ours["external_views"][0]["href"] == "/desk/"
