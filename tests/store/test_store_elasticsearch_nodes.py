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
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from conformance_faults import check_whole
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from elastic_transport import TransportError
from elasticsearch import ApiError, Elasticsearch
from store_child import batch
from store_records import at

from pipeline.errors import StoreError, UnavailableError, WirewatchError
from pipeline.store import open_store
from pipeline.store.elasticsearch.cluster import ElasticsearchStore

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
def cluster(nodes: int = 1, extra: Iterable = ()) -> Iterator[list]:
    with scripts().cluster(HOME, nodes, extra=extra) as started:
        yield started


@contextmanager
def secured(certificate: Path | None = None) -> Iterator[str]:
    """The host and port of a node with security on, and a user "admin" in its file realm.

    With a folder of `node.crt`, `node.key` and `ca.crt` its HTTP port speaks TLS.
    """
    module = scripts()
    # Not pytest's folder: each run of pytest shuts that to the node, which runs as another user.
    base = Path(tempfile.mkdtemp(prefix="wirewatch-"))
    base.chmod(0o755)
    http, transport = module.free_ports(2)
    extra: dict = {"xpack.security.enabled": True}
    if certificate:
        extra |= {f"xpack.security.http.ssl.{name}": value for name, value in TLS.items()}
    node = module.Node(
        HOME, base, "n1", http, transport, [f"127.0.0.1:{transport}"], ["n1"], extra=extra.items()
    )
    try:
        digest = base64.b64encode(hashlib.sha1(b"admin-secret").digest()).decode()  # noqa: S324  the realm's format
        given = {"users": f"admin:{{SHA}}{digest}\n", "users_roles": "superuser:admin\n"}
        if certificate:
            given |= {name: (certificate / name).read_text() for name in ("node.crt", "node.key")}
        for name, content in given.items():
            (node.dir / "config" / name).write_text(content)  # in the seconds before it reads them
        url = f"{'https' if certificate else 'http'}://127.0.0.1:{http}"
        trust: dict[str, Any] = {"ca_certs": str(certificate / "ca.crt")} if certificate else {}
        end = time.monotonic() + 120
        with Elasticsearch(url, basic_auth=("admin", "admin-secret"), **trust) as admin:
            while time.monotonic() < end and node.p.poll() is None:
                try:
                    admin.cluster.health(wait_for_status="yellow", timeout="1s")
                    break
                except (ApiError, TransportError):
                    time.sleep(0.5)
        assert node.p.poll() is None, (node.dir / "out.log").read_text()[-2000:]
        yield f"127.0.0.1:{http}"
    finally:
        node.stop()
        shutil.rmtree(base, ignore_errors=True)


TLS = {"enabled": True, "certificate": "node.crt", "key": "node.key"}


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
        rows: Any = store.link.client.cat.master(format="json").body
        master = rows[0]["node"]
        next(node for node in nodes if node.dir.name == master).kill()
        thread.join()
        assert failures == []
        assert check_whole(store, 50) == 1500
        store.close()


def test_a_stall_and_too_little_time(caplog) -> None:
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
        store.close()
        hasty.close()


WATCHED = {
    "cluster.routing.allocation.disk.threshold_enabled": True,
    "cluster.info.update.interval": "10s",  # the shortest that there is
}


def test_a_disk_that_the_node_itself_finds_full(caplog) -> None:
    with cluster(extra=WATCHED.items()) as (node,):
        store = open_store(node.url, timeout_seconds=80)
        hasty = open_store(node.url, timeout_seconds=1)
        assert isinstance(store, ElasticsearchStore)
        store.commit(batch(0, 50))
        flood(store, "1000000gb")  # more than the disk has: so the node finds it full
        wait_until(lambda: blocked(store))
        with pytest.raises(UnavailableError, match=r"read-only|disk usage") as full:
            hasty.commit(batch(50, 50))
        assert "\n" not in str(full.value)
        timer = threading.Timer(3, flood, (store, None))
        timer.start()
        with caplog.at_level(logging.WARNING):
            store.commit(batch(store.head(), 50))
        timer.join()
        assert "waiting: " in caplog.text
        assert not blocked(store)
        assert check_whole(store, 50) == 100
        store.close()
        hasty.close()


def flood(store: ElasticsearchStore, free: str | None) -> None:
    """Says how much of the disk must be free; None: as it was."""
    names = ("low", "high", "flood_stage")
    marks = {f"cluster.routing.allocation.disk.watermark.{name}": free or "1b" for name in names}
    store.link.client.cluster.put_settings(persistent=marks)


def blocked(store: ElasticsearchStore) -> bool:
    found = store.link.client.indices.get_settings(index="wirewatch-*", flat_settings=True).values()
    return any("index.blocks.read_only_allow_delete" in each["settings"] for each in found)


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.5)


def certificates(folder: Path, name: str = "Wirewatch's test") -> Path:
    """A certificate authority, and what it certified for a node on 127.0.0.1."""
    folder.mkdir()
    authority, key = issued(name, None)
    (folder / "ca.crt").write_bytes(authority.public_bytes(Encoding.PEM))
    node, private = issued("127.0.0.1", (authority, key))
    (folder / "node.crt").write_bytes(node.public_bytes(Encoding.PEM))
    plain = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "node.key").write_bytes(plain)
    return folder


def issued(name: str, by: tuple | None) -> tuple:
    """A certificate and its key; signed by itself, an authority, or by one."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    issuer, signer = (by[0].subject, by[1]) if by else (subject, key)
    authority = (by[1] if by else key).public_key()
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
         "decipher_only"), False
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=by is None, crl_sign=by is None, **usage),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return made, key


def test_a_port_that_speaks_tls(tmp_path) -> None:
    ours, strange = certificates(tmp_path / "ours"), certificates(tmp_path / "strange", "Somebody else")
    with secured(ours) as host:
        login, ca = f"admin:admin-secret@{host}", {"WIREWATCH_ES_CA": str(ours / "ca.crt")}
        for url, environment in ((f"https://{login}", ca), (f"https://{login}?ca={ours / 'ca.crt'}", {})):
            store = open_store(url, environment=environment)
            store.commit(batch(store.head(), 10))
            store.close()
        assert open_store(f"https://{login}", environment=ca).head() == 20
        other = {"WIREWATCH_ES_CA": str(strange / "ca.crt")}
        for url, environment, words in (
            (f"https://{login}", {}, "certificate authority"),
            (f"https://{login}", other, "certificate authority"),
            (f"https://{login}", {"WIREWATCH_ES_CA": str(tmp_path / "none.crt")}, "none.crt"),
            (f"http://{login}", {}, "write https://"),
        ):
            with pytest.raises(WirewatchError, match=words) as refused:
                open_store(url, environment=environment, timeout_seconds=3)
            assert "secret" not in str(refused.value)
            assert "\n" not in str(refused.value)


def test_security(caplog) -> None:
    with secured() as host:
        with Elasticsearch(f"http://{host}", basic_auth=("admin", "admin-secret")) as admin:
            for name in ("writer", "reader"):
                admin.security.put_role(name=f"ww-{name}", **role(name))
                admin.security.put_user(
                    username=name, password=f"{name}-secret", roles=[f"ww-{name}"], refresh=True
                )
            key = admin.security.create_api_key(name="k", role_descriptors={"w": role("writer")})["encoded"]
        with caplog.at_level(logging.DEBUG):
            check_rights(host, key)
    logins = [base64.b64encode(f"{name}:{name}-secret".encode()).decode() for name in ("writer", "reader")]
    assert "POST http://127.0.0.1" in caplog.text  # the client did log its requests
    assert not any(each in caplog.text for each in ("-secret", key, *logins))


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
