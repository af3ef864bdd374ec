"""`make audit`: what is locked is asked for by name and version, and a known fault ends it with an error."""

import json
import os
import shutil
import socket
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAULT = {
    "id": "OSV-2026-1", "modified": "2026-01-01T00:00:00Z", "summary": "it lets everybody in",
    "affected": [{"package": {"ecosystem": "PyPI", "name": "starlette"}, "versions": ["1"]}],
}  # fmt: skip


@contextmanager
def advisories(named):
    """A server that answers as OSV does, and knows a fault of the packages that are named."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            queries = json.loads(self.rfile.read(int(self.headers["content-length"])))["queries"]
            names = [each["package"]["name"] for each in queries]
            asked.extend(names)
            known = {"vulns": [{"id": FAULT["id"], "modified": FAULT["modified"]}]}
            self.answer({"results": [known if name in named else {} for name in names]})

        def do_GET(self):
            self.answer(FAULT)

        def answer(self, document):
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", asked
    finally:
        server.shutdown()
        server.server_close()


def audited(address):
    """What `make audit` says, asking this address."""
    make = shutil.which("make")
    assert make is not None
    command = [make, "--no-print-directory", "audit", f"OSV={address}"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=False)


def test_a_service_that_is_away_is_told_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"http://127.0.0.1:{free.getsockname()[1]}/"
    done = audited(address)
    assert done.returncode == 2
    said = done.stderr.splitlines()
    assert len(said) == 2, done.stderr  # the second is make's own
    assert said[0].startswith(f"make: {address} does not answer (")
    assert said[0].endswith("so nothing was checked")
    assert "refused" in said[0]


@pytest.mark.parametrize(("named", "code"), [(set(), 0), ({"starlette"}, 2)])
def test_what_is_locked_is_looked_up(named, code):
    with advisories(named) as (address, asked):
        done = audited(address)
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert {"starlette", "lxml", "apache-airflow"} <= set(asked)
    assert ("OSV-2026-1" in said) == bool(named)
