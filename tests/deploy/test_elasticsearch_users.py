"""`python -m deploy.elasticsearch` on a real node with security on, and what its users may do.

Skipped unless ELASTICSEARCH_NODE_SCRIPTS names a folder with `es_node.py`, whose `cluster(dest, extra=…)`
starts nodes of the distribution in ELASTICSEARCH_NODE_HOME.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from compose_file import ROOT, resolved, services

from deploy import elasticsearch, env
from pipeline.errors import StoreError
from pipeline.ports import Commit
from pipeline.records import FeedState, Message
from pipeline.store import open_store

SCRIPTS = os.environ.get("ELASTICSEARCH_NODE_SCRIPTS", "")
HOME = os.environ.get("ELASTICSEARCH_NODE_HOME", "")
needs_node = pytest.mark.skipif(
    not (SCRIPTS and HOME), reason="set ELASTICSEARCH_NODE_SCRIPTS and ELASTICSEARCH_NODE_HOME"
)


OPERATOR = "operator", "a password of this test"


def _hashed(password):
    """A password as Elasticsearch's users file has it: PBKDF2 with HMAC-SHA-512."""
    salt = os.urandom(32)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 10_000, 32)
    return "{PBKDF2}10000$" + "$".join(base64.b64encode(part).decode() for part in (salt, digest))


def _distribution(folder):
    """The distribution with a superuser in its users file, and strangers who may ask for the health only.

    The image does the first by ELASTIC_PASSWORD. An anonymous superuser would not do, because every user has
    the rights of the anonymous one as well.
    """
    real, ours = Path(HOME).resolve(), folder / "distribution"
    (ours / "es").mkdir(parents=True)
    for each in (*real.iterdir(), *(real / "es").iterdir()):
        if each.name not in ("es", "config"):
            (ours / each.relative_to(real)).symlink_to(each)
    shutil.copytree(real / "es" / "config", ours / "es" / "config")
    config = ours / "es" / "config"
    (config / "users").write_text(f"{OPERATOR[0]}:{_hashed(OPERATOR[1])}\n")
    (config / "users_roles").write_text(f"superuser:{OPERATOR[0]}\n")
    (config / "roles.yml").write_text("stranger:\n  cluster: [monitor]\n")
    return ours


@contextmanager
def _secured():
    spec = importlib.util.spec_from_file_location("es_node", Path(SCRIPTS) / "es_node.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    extra = {
        "xpack.security.enabled": True,
        "xpack.security.http.ssl.enabled": False,
        "xpack.security.authc.anonymous.roles": "stranger",
    }
    with tempfile.TemporaryDirectory(prefix="wirewatch-") as folder:
        Path(folder).chmod(0o755)  # the node runs as another user than root
        with module.cluster(_distribution(Path(folder)), 1, extra=extra.items()) as (node,):
            yield node.url


@pytest.fixture(scope="module")
def secrets(tmp_path_factory) -> dict[str, str]:
    """What `make env` writes."""
    path = tmp_path_factory.mktemp("env") / ".env"
    env.write(path)
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def _run(url, secrets):
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "ELASTICSEARCH_URL": url, **secrets}
    command = [sys.executable, *services()["elasticsearch-init"]["command"][1:]]
    done = subprocess.run(command, env=given, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not any(secret in done.stdout + done.stderr for secret in secrets.values())
    return done


@pytest.fixture(scope="module")
def node(secrets) -> Iterator[str]:
    """A node after elasticsearch-init."""
    with _secured() as url:
        with _as(url, *OPERATOR) as operator:
            body = {"password": secrets["ELASTIC_PASSWORD"]}
            operator.post("/_security/user/elastic/_password", json=body).raise_for_status()
        done = _run(url, secrets)
        assert done.returncode == 0, done.stderr
        yield url


def _as(url, user, password):
    return httpx.Client(base_url=url, auth=httpx.BasicAuth(user, password), timeout=60)


@needs_node
@pytest.mark.elasticsearch
@pytest.mark.slow
def test_each_user_may_do_what_it_is_for_and_no_more(node, secrets):
    host = node.removeprefix("http://")
    store = open_store(f"http://wirewatch:{secrets['WIREWATCH_ELASTIC_PASSWORD']}@{host}")
    now = datetime(2026, 3, 1, tzinfo=UTC)
    store.commit(
        Commit(
            feeds=(FeedState("courier", polled=now),),
            messages=(Message("m", "w", ("a",), "mail", "a@example.org", "sent", now),),
        )
    )
    assert set(store.feeds()) == {"courier"}
    store.close()
    with _as(node, "newsdesk", secrets["KIBANA_USER_PASSWORD"]) as desk:
        for kind in ("articles", "stories", "feeds", "quarantine", "outbox", "alerts"):
            assert desk.get(f"/wirewatch-{kind}/_search").status_code == 200, kind
        for kind in ("state", "learned", "members"):
            assert desk.get(f"/wirewatch-{kind}/_search").status_code == 403, kind
        assert desk.post("/wirewatch-feeds/_doc", json={}).status_code == 403
        assert desk.delete("/wirewatch-feeds-p1-v1").status_code == 403
        made = {"password": "long enough", "roles": ["superuser"]}
        assert desk.put("/_security/user/x", json=made).status_code == 403
        pages = {"application": "kibana-.kibana", "privileges": ["all"], "resources": ["*"]}
        asked = desk.post("/_security/user/_has_privileges", json={"application": [pages]}).json()
        assert asked["application"]["kibana-.kibana"]["*"]["all"] is True
    with _as(node, "kibana_system", secrets["KIBANA_SYSTEM_PASSWORD"]) as kibana:
        assert kibana.get("/_security/_authenticate").json()["username"] == "kibana_system"
        assert kibana.get("/wirewatch-feeds/_search").status_code == 403
    with _as(node, "wirewatch", secrets["WIREWATCH_ELASTIC_PASSWORD"]) as writer:
        assert writer.get("/_security/user").status_code == 403
        assert writer.put("/other/_doc/1", json={}).status_code == 403


@needs_node
@pytest.mark.elasticsearch
@pytest.mark.slow
def test_the_command_lines_service_reaches_the_store_and_shows_no_secret(node, secrets, tmp_path):
    service = services()["wirewatch"]
    given = {k: resolved(v, secrets) for k, v in service["environment"].items()}
    given["WIREWATCH_STORE"] = given["WIREWATCH_STORE"].replace("elasticsearch:9200", node.partition("//")[2])
    given |= {"WIREWATCH_HOME": str(tmp_path), "WIREWATCH_CONFIG": str(ROOT / "config")}
    open_store(given["WIREWATCH_STORE"]).close()  # the doctor makes nothing
    command = [str(Path(sys.executable).parent / service["entrypoint"][0]), "--json", "doctor"]
    done = subprocess.run(
        command, env={"PATH": os.environ["PATH"], **given}, capture_output=True, text=True, check=False
    )
    store = next(check for check in json.loads(done.stdout) if check["check"] == "store")
    assert store["ok"], store
    assert not any(secret in done.stdout + done.stderr for secret in secrets.values())


@needs_node
@pytest.mark.elasticsearch
@pytest.mark.slow
def test_running_it_again_sets_a_changed_password(node, secrets):
    changed = secrets | {"KIBANA_USER_PASSWORD": "another-password-of-the-desk"}
    assert _run(node, changed).returncode == 0
    with _as(node, "newsdesk", changed["KIBANA_USER_PASSWORD"]) as desk:
        assert desk.get("/_security/_authenticate").status_code == 200
    with _as(node, "newsdesk", secrets["KIBANA_USER_PASSWORD"]) as desk:
        assert desk.get("/_security/_authenticate").status_code == 401
    assert _run(node, secrets).returncode == 0


@needs_node
@pytest.mark.elasticsearch
@pytest.mark.slow
def test_a_wrong_password_is_one_line(node, secrets):
    done = _run(node, secrets | {"ELASTIC_PASSWORD": "not-the-password-of-elastic"})
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "HTTP 401" in done.stderr
    host = node.removeprefix("http://")
    with pytest.raises(StoreError, match="does not know"):
        open_store(f"http://wirewatch:wrong@{host}", timeout_seconds=5)


# -- without a node -----------------------------------------------------------------------------------------


def test_roles_are_those_of_the_configuration_and_one_for_kibana():
    found = elasticsearch.roles(elasticsearch.ROLES, "mine")
    assert {"mine_writer", "mine_reader", "mine_kibana"} <= set(found)
    for name, role in found.items():
        for index in role["indices"]:
            assert all(each.startswith("mine-") for each in index["names"]), name
        assert "all" not in role["cluster"]
    privileges = {p for index in found["mine_reader"]["indices"] for p in index["privileges"]}
    assert privileges <= {"read", "view_index_metadata"}


def test_users_have_roles_that_exist():
    given = dict.fromkeys(elasticsearch.SECRETS, "x")
    roles = set(elasticsearch.roles(elasticsearch.ROLES, "wirewatch"))
    for user in elasticsearch.users(given, "wirewatch").values():
        assert set(user["roles"]) <= roles
        assert "superuser" not in user["roles"]


def test_the_data_views_of_kibana_are_within_the_readers_rights():
    role = elasticsearch.roles(elasticsearch.ROLES, "wirewatch")["wirewatch_reader"]
    names = [name.rstrip("*") for index in role["indices"] for name in index["names"]]
    for line in (ROOT / "config" / "kibana" / "wirewatch.ndjson").read_text().splitlines():
        found = json.loads(line)
        if found["type"] == "index-pattern":
            assert any(found["attributes"]["title"].startswith(name) for name in names)


def test_what_the_environment_lacks_is_named(monkeypatch, capsys):
    for name in ("ELASTICSEARCH_URL", *elasticsearch.SECRETS):
        monkeypatch.delenv(name, raising=False)
    assert elasticsearch.main() == 2
    assert "ELASTIC_PASSWORD" in capsys.readouterr().err


def test_a_server_that_never_comes_is_one_line():
    with (
        httpx.Client(base_url="http://127.0.0.1:9", timeout=1) as server,
        pytest.raises(elasticsearch.SetupError, match="does not answer"),
    ):
        elasticsearch.set_up(server, dict.fromkeys(elasticsearch.SECRETS, "x"), patience_seconds=1)
