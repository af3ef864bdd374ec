"""Chat from the installed command to a receiver: taken, refused, away; and what the outbox says of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from dags.local.environment import ROOT

WIREWATCH = str(Path(sys.executable).parent / "wirewatch")
TEXT = "The lighthouse at Penn went dark after the storm on Sunday. " * 4
ROWS = [{"title": "Lighthouse dark after storm", "text": TEXT, "source": "A", "url": "https://a.example/1"}]
# For each channel its address, and what the service answers to what it takes, and to what it refuses.
CHANNELS = {
    "team": (
        "mmost://127.0.0.1:{port}/3ccdd113474722377935511fc85d3dd4",
        "ok",
        '{"message": "No text given"}',
    ),
    "phone": ("ntfy://127.0.0.1:{port}/alerts", '{"id": "x1"}', '{"code": 40009, "error": "topic invalid"}'),
    "desk": ("gotify://127.0.0.1:{port}/Abcdefgh1234567", '{"id": 1}', '{"error": "no such application"}'),
}


class Receiver(ThreadingHTTPServer):
    """Answers each channel by its path; `status` says how."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status = dict.fromkeys(CHANNELS, 200)
        self.got = []


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        name = "team" if "/hooks/" in self.path else "desk" if "/message" in self.path else "phone"
        status = self.server.status[name]
        self.server.got.append((name, body))
        said = CHANNELS[name][1 if status == 200 else 2].encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def home(tmp_path, receiver) -> Path:
    config = tmp_path / "config"
    config.mkdir()
    channels = {name: url.format(port=receiver.server_port) for name, (url, _, _) in CHANNELS.items()}
    settings = {
        "base": str(ROOT / "config"),
        "stories": {"vectors": "none"},
        "channels": channels,
        "mail": {"webhook_private_hosts": ["127.0.0.1"]},
    }
    watches = [{"name": "lights", "query": "lighthouse", "deliver": {"chat": list(CHANNELS)}}]
    (config / "settings.yaml").write_text(json.dumps(settings))
    (config / "watches.yaml").write_text(json.dumps({"watches": watches}))
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return tmp_path


def run(home, *arguments):
    clean = {key: value for key, value in os.environ.items() if not key.startswith("WIREWATCH_")}
    done = subprocess.run(
        [WIREWATCH, *arguments], capture_output=True, text=True, check=False, cwd=home, env=clean
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def outbox(home):
    return {entry["to"]: entry for entry in json.loads(run(home, "--json", "outbox", "list").stdout)}


def test_every_channel_gets_what_happened(home, receiver):
    done = run(home, "load", "--alert", "a.jsonl")
    assert done.returncode == 0, done.stderr
    assert sorted(name for name, _ in receiver.got) == sorted(CHANNELS)
    assert all("Lighthouse dark after storm" in body for _, body in receiver.got)
    assert outbox(home) == {}


def test_a_refusal_is_told_and_one_that_is_away_is_asked_again(home, receiver):
    receiver.status |= {"team": 400, "phone": 503}
    done = run(home, "load", "--alert", "a.jsonl")
    assert done.returncode == 1
    assert "No text given" in done.stderr
    assert [name for name, _ in receiver.got].count("desk") == 1
    waiting = outbox(home)
    assert {to: entry["state"] for to, entry in waiting.items()} == {"team": "failed", "phone": "rendered"}
    assert "No text given" in waiting["team"]["error"]
    assert "503" in waiting["phone"]["error"]
    receiver.status |= {"team": 200, "phone": 200}
    receiver.got.clear()
    assert run(home, "outbox", "retry").returncode == 0
    run(home, "alert")
    assert sorted(name for name, _ in receiver.got) == ["phone", "team"]
    assert outbox(home) == {}
