"""Exit codes of the installed command: 0 done, 1 failed, 2 misused, 130 interrupted, 143 ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from verb_runs import Folder

from dags.local.environment import ROOT

SLOW = pytest.mark.slow
WIREWATCH = str(Path(sys.executable).parent / "wirewatch")
ROW = {"title": "Lighthouse goes dark", "url": "https://o.example/1", "source": "Outlet"}
TEXT = "The lamp of the lighthouse at Skerry failed on Tuesday night, the harbour master said. " * 3


@pytest.fixture
def place(tmp_path) -> Path:
    """A working folder with a configuration, and one article loaded for live alerts, not told of yet."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "settings.yaml").write_text(f"base: {ROOT / 'config'}\nstories:\n  vectors: none\n")
    (config / "feeds.yaml").write_text("feeds: []\n")
    (config / "watches.yaml").write_text(
        "watches:\n  - {name: light, query: lighthouse, deliver: {mail: [a@b.example]}}\n"
    )
    (tmp_path / "a.jsonl").write_text(json.dumps(ROW | {"text": TEXT}) + "\n")
    return tmp_path


@pytest.fixture
def folder(place, verb_server) -> Folder:
    """The same place, to type commands in."""
    return Folder(verb_server, place, "--home", "home", "--config", "config")


@pytest.fixture
def silent() -> Iterator[tuple[int, Any]]:
    """A server that takes a connection and never says anything; yields its port and an event: one came."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        came, kept = threading.Event(), []

        def accept():
            while True:
                try:
                    kept.append(server.accept()[0])
                except OSError:
                    return
                came.set()

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1], came
    for each in kept:
        each.close()


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_a_failed_delivery_is_1_with_its_reason_in_one_line(place, folder):
    smtp = f"smtp://127.0.0.1:{closed_port()}"
    code, out, error = folder.run("load", "a.jsonl", "--alert", "--json", WIREWATCH_SMTP=smtp)
    assert code == 1
    assert json.loads(out)["new"] == 1
    last = error.splitlines()[-1]
    assert "could not be delivered" in last
    assert "a@b.example" in last
    (place / "b.jsonl").write_text(json.dumps(ROW | {"title": "Lighthouse lit again", "text": "Lit. " * 40}))
    assert folder.run("load", "a.jsonl", "--alert", WIREWATCH_SMTP=smtp)[0] == 0, "nothing was due"
    assert folder.run("alert", WIREWATCH_SMTP="smtp://nobody@")[0] in (1, 2)


def test_a_failing_doctor_is_1(place, folder):
    folder.run("load", "a.jsonl")
    (place / "home" / "archive" / "journal" / "000000" / "000000001.json").write_text("{")
    code, out, error = folder.run("doctor", "--json")
    assert code == 1
    assert not all(check["ok"] for check in json.loads(out))
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("number", "code", "verb"),
    [
        (signal.SIGINT, 130, "load --alert"),
        (signal.SIGTERM, 143, "fetch"),
        pytest.param(signal.SIGTERM, 143, "load --alert", marks=SLOW),
        pytest.param(signal.SIGINT, 130, "fetch", marks=SLOW),
    ],
)
def test_a_run_that_is_stopped_says_so_and_gives_its_lease_back(place, folder, silent, number, code, verb):
    port, came = silent
    if verb == "fetch":
        (place / "config" / "feeds.yaml").write_text(
            f"feeds: [{{id: f, url: 'http://127.0.0.1:{port}/', allow_private: true}}]\n"
        )
        process = folder.start("fetch")
    else:
        smtp = f"smtp://127.0.0.1:{port}"
        process = folder.start("load", "a.jsonl", "--alert", WIREWATCH_SMTP=smtp)
    assert came.wait(120)
    time.sleep(0.3)
    os.kill(process.pid, number)
    got, lines = process.ended()
    assert got == code
    assert len(lines) == 1
    assert "stopped" in lines[0]
    start = time.monotonic()
    assert folder.run("repair")[0] == 0
    assert time.monotonic() - start < 60, "no lease was left behind"


@pytest.mark.parametrize(
    "verb", [("stories",), ("doctor",), ("load", "a.jsonl"), ("search", "x"), ("repair",)]
)
def test_a_damaged_store_is_1(place, folder, verb):
    (place / "home").mkdir()
    (place / "home" / "wirewatch.db").write_bytes(b"no database at all\n" * 500)
    code, _, error = folder.run(*verb)
    assert code == 1
    assert "wirewatch.db" in error.splitlines()[-1]


@pytest.mark.parametrize("verb", [("load", "a.jsonl"), ("feeds", "list"), ("watch", "list"), ("fetch",)])
def test_a_damaged_configuration_is_2_and_names_the_line(place, folder, verb):
    (place / "config" / "settings.yaml").write_text(f"base: {ROOT / 'config'}\nstories:\n  window_dais: 3\n")
    code, _, error = folder.run(*verb)
    assert code == 2
    assert "settings.yaml" in error.splitlines()[-1]


@pytest.mark.parametrize("limit", [pytest.param(100, marks=SLOW), 2_000, pytest.param(30_000, marks=SLOW)])
def test_a_full_disk_is_1_and_nothing_is_lost(folder, limit):
    code, _, error = folder.run("load", "a.jsonl", file_size=limit)
    assert code == 1
    assert error
    assert folder.run("load", "a.jsonl")[0] == 0
    assert len(folder.as_json("stories")) == 1


def test_an_answer_that_cannot_be_written_is_1_and_a_reader_that_leaves_is_none(place, folder):
    folder.run("load", "a.jsonl")
    assert folder.start("stories", out="/dev/full").ended() == (
        1,
        ["wirewatch: the output: No space left on device"],
    )
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody:
        command = [WIREWATCH, "--home", "home", "--config", "config", "stories"]
        assert subprocess.run(command, stdout=nobody, check=False, cwd=place).returncode == 0


def test_wrong_usage_is_2(folder):
    folder.run("load", "a.jsonl")
    for wrong in (
        ("nonsense",),
        ("load",),
        ("stories", "--limit", "x"),
        ("search", "a AND"),
        ("feeds", "nix"),
    ):
        code, _, error = folder.run(*wrong)
        assert code == 2, wrong
        assert error
