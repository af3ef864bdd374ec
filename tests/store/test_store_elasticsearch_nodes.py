"""Faults and security on nodes that the tests start and stop themselves.

Skipped unless ELASTICSEARCH_NODE_SCRIPTS names a folder with `es_node.py`, whose `cluster(dest, nodes, …)`
starts nodes of the distribution in ELASTICSEARCH_NODE_HOME and whose `Node.kill()` is a kill -9.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conformance_faults import check_whole
from elastic_transport import TransportError
from elasticsearch import ApiError, Elasticsearch
from store_child import batch
from store_records import at

from pipeline.errors import StoreError, UnavailableError
from pipeline.store import open_store
from pipeline.store.elasticsearch import ElasticsearchStore

SCRIPTS = os.environ.get("ELASTICSEARCH_NODE_SCRIPTS", "")
HOME = os.environ.get("ELASTICSEARCH_NODE_HOME", "")
pytestmark = [
    pytest.mark.elasticsearch,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (SCRIPTS and HOME), reason="set ELASTICSEARCH_NODE_SCRIPTS and ELASTICSEARCH_NODE_HOME"
    ),
]


def scripts():
    place = Path(SCRIPTS) / "es_node.py"
    spec = importlib.util.spec_from_file_location("es_node", place)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def cluster(nodes: int = 1) -> Iterator[list]:
    with scripts().cluster(HOME, nodes) as started:
        yield started


@contextmanager
def secured(base: Path) -> Iterator[str]:
    """The host and port of a node with security on, and a user "admin" in its file realm."""
    module = scripts()
    base.chmod(0o755)
    for above in base.parents[:2]:
        above.chmod(0o755)
    http, transport = module.free_ports(2)
    extra = {"xpack.security.enabled": True}.items()
    node = module.Node(HOME, base, "n1", http, transport, [f"127.0.0.1:{transport}"], ["n1"], extra=extra)
    try:
        digest = base64.b64encode(hashlib.sha1(b"admin-secret").digest()).decode()  # noqa: S324  the realm's format
        (node.dir / "config" / "users").write_text(f"admin:{{SHA}}{digest}\n")
        (node.dir / "config" / "users_roles").write_text("superuser:admin\n")
        end = time.monotonic() + 120
        with Elasticsearch(node.url, basic_auth=("admin", "admin-secret")) as admin:
            while time.monotonic() < end:
                try:
                    admin.cluster.health(wait_for_status="yellow", timeout="1s")
                    break
                except (ApiError, TransportError):
                    time.sleep(0.5)
        yield f"127.0.0.1:{http}"
    finally:
        node.stop()


def restart(node) -> None:
    """Starts a killed node again on its data."""
    import subprocess

    node.p = subprocess.Popen(
        node.p.args,
        env=node.environment,
        cwd=node.dir,
        stdin=subprocess.DEVNULL,
        stdout=node.log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        **node.account,
    )
    node.wait(1)


def remember(node) -> None:
    """Keeps what a restart needs."""
    environ = Path(f"/proc/{node.p.pid}/environ").read_bytes().decode().split("\0")
    node.environment = dict(each.split("=", 1) for each in environ if "=" in each)
    node.account = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


def writing(url: str, count: int, failures: list, timeout: float = 120) -> threading.Thread:
    """Writes batches of 50 in the background; what fails in passing is tried again, as a stage does."""

    def run() -> None:
        store = open_store(url, timeout_seconds=timeout)
        try:
            while (head := store.head()) < count:
                store.commit(batch(head, 50))
        except Exception as error:  # noqa: BLE001  told by the test
            failures.append(error)
        finally:
            store.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def wait_for(store, head: int) -> None:
    end = time.monotonic() + 60
    while store.head() < head and time.monotonic() < end:
        time.sleep(0.05)


def test_one_node_killed_in_the_middle_of_bulks_comes_back() -> None:
    with cluster() as (node,):
        remember(node)
        store = open_store(node.url, timeout_seconds=120)
        failures: list[Exception] = []
        thread = writing(node.url, 1500, failures)
        for place in (200, 600, 1000):
            wait_for(store, place)
            node.kill()
            restart(node)
        thread.join()
        assert failures == []
        assert check_whole(store, 50) == 1500
        store.close()


def test_three_nodes_lose_their_master_and_go_on() -> None:
    with cluster(3) as nodes:
        url = ",".join(node.url.removeprefix("http://") for node in nodes)
        store = open_store(f"http://{url}", timeout_seconds=120)
        assert isinstance(store, ElasticsearchStore)
        failures: list[Exception] = []
        thread = writing(f"http://{url}", 1500, failures)
        wait_for(store, 400)
        master = store.link.client.cat.master(format="json")[0]["node"]
        next(node for node in nodes if node.dir.name == master).kill()
        thread.join()
        assert failures == []
        assert check_whole(store, 50) == 1500
        store.close()


def test_a_stall_a_full_disk_and_too_little_time(caplog) -> None:
    with cluster() as (node,):
        store = open_store(node.url, timeout_seconds=80)
        hasty = open_store(node.url, timeout_seconds=1)
        assert isinstance(store, ElasticsearchStore)
        store.commit(batch(0, 50))
        pid = node.server_pid()
        os.kill(pid, signal.SIGSTOP)
        timer = threading.Timer(30, os.kill, (pid, signal.SIGCONT))
        timer.start()
        with pytest.raises(UnavailableError, match="does not answer in time"):
            hasty.head()
        with caplog.at_level(logging.WARNING):
            store.commit(batch(50, 50))
        timer.join()
        assert check_whole(store, 50) == 100
        # What the flood stage of the disk's watermark sets on every index.
        block = {"index.blocks.read_only_allow_delete": True}
        store.link.client.indices.put_settings(index="wirewatch-*", settings=block)
        caplog.clear()
        with pytest.raises(UnavailableError, match=r"read-only|disk usage") as full:
            hasty.commit(batch(100, 50))
        assert "\n" not in str(full.value)
        timer = threading.Timer(
            3,
            store.link.client.indices.put_settings,
            kwargs={"index": "wirewatch-*", "settings": dict.fromkeys(block)},
        )
        timer.start()
        with caplog.at_level(logging.WARNING):
            store.commit(batch(store.head(), 50))
        timer.join()
        assert "waiting up to" in caplog.text
        assert check_whole(store, 50) == 150
        store.close()
        hasty.close()


def test_security(tmp_path) -> None:
    with secured(tmp_path) as host:
        with Elasticsearch(f"http://{host}", basic_auth=("admin", "admin-secret")) as admin:
            for name in ("writer", "reader"):
                admin.security.put_role(name=f"ww-{name}", **role(name))
                admin.security.put_user(
                    username=name, password=f"{name}-secret", roles=[f"ww-{name}"], refresh=True
                )
            key = admin.security.create_api_key(name="k", role_descriptors={"w": role("writer")})["encoded"]
        check_rights(host, key)


def check_rights(host: str, key: str) -> None:
    store = open_store(f"http://writer:writer-secret@{host}")
    store.commit(batch(0, 10))
    lease = store.acquire("stories", "me", at(0), 60)
    assert store.drop_before(at(5), lease) == 4
    assert store.head() == 10
    assert "secret" not in str(store.describe())
    store.close()
    by_key = open_store(f"http://{host}", environment={"WIREWATCH_ES_API_KEY": key})
    by_key.commit(batch(10, 10))
    assert by_key.head() == 20
    by_key.close()
    for url, environment, words in (
        (f"http://writer:wrong-secret@{host}", {}, "does not know"),
        (f"http://{host}", {"WIREWATCH_ES_API_KEY": "bm90OmtleQ=="}, "does not know"),
        (f"http://{host}", {}, "does not know"),
        (f"http://writer:writer-secret@{host}?prefix=other", {}, "no right"),
        (f"http://reader:reader-secret@{host}", {}, "no right"),
    ):
        with pytest.raises(StoreError, match=words) as refused:
            open_store(url, environment=environment, timeout_seconds=5)
        assert "secret" not in str(refused.value)
        assert "\n" not in str(refused.value)
    with Elasticsearch(f"http://{host}", basic_auth=("reader", "reader-secret")) as reader:
        assert reader.count(index="wirewatch-articles")["count"] == 16
        with pytest.raises(ApiError):
            reader.index(index="wirewatch-feeds", document={})


def role(name: str) -> dict:
    path = Path(__file__).parents[2] / "config" / "elasticsearch" / "roles" / f"{name}.json"
    return json.loads(path.read_text().replace("PREFIX", "wirewatch"))
