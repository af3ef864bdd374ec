"""Exit codes of the installed command: 0 done, 1 failed, 2 misused, 130 interrupted, 143 ended."""

from __future__ import annotations

import json
import os
import resource
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


def started(place, *arguments, config=None, prepare=None, stdout=subprocess.PIPE, **environment):
    def before():
        # A test run in the background ignores Ctrl-C, and a child would inherit that.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if prepare:
            prepare()

    clean = {k: v for k, v in os.environ.items() if not k.startswith("WIREWATCH_")}
    return subprocess.Popen(
        [WIREWATCH, "--home", "home", "--config", config or "config", *arguments],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        cwd=place,
        env=clean | environment,
        preexec_fn=before,  # noqa: PLW1509  sets a limit and a signal, nothing else
    )


def ended(process):
    out, err = process.communicate(timeout=240)
    assert "Traceback" not in err
    return process.returncode, out, err.splitlines()


def ran(place, *arguments, **how):
    return ended(started(place, *arguments, **how))


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


def test_a_failed_delivery_is_1_with_its_reason_in_one_line(place):
    smtp = f"smtp://127.0.0.1:{closed_port()}"
    code, out, lines = ran(place, "load", "a.jsonl", "--alert", "--json", WIREWATCH_SMTP=smtp)
    assert code == 1
    assert json.loads(out)["new"] == 1
    assert "could not be delivered" in lines[-1]
    assert "a@b.example" in lines[-1]
    (place / "b.jsonl").write_text(json.dumps(ROW | {"title": "Lighthouse lit again", "text": "Lit. " * 40}))
    assert ran(place, "load", "a.jsonl", "--alert", WIREWATCH_SMTP=smtp)[0] == 0, "nothing was due"
    assert ran(place, "alert", WIREWATCH_SMTP="smtp://nobody@")[0] in (1, 2)


def test_a_failing_doctor_is_1(place):
    ran(place, "load", "a.jsonl")
    (place / "home" / "archive" / "journal" / "000000" / "000000001.json").write_text("{")
    code, out, lines = ran(place, "doctor", "--json")
    assert code == 1
    assert not all(check["ok"] for check in json.loads(out))
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("number", "code", "verb"),
    [
        (signal.SIGINT, 130, "load --alert"),
        (signal.SIGTERM, 143, "fetch"),
        pytest.param(signal.SIGTERM, 143, "load --alert", marks=SLOW),
        pytest.param(signal.SIGINT, 130, "fetch", marks=SLOW),
    ],
)
def test_a_run_that_is_stopped_says_so_and_gives_its_lease_back(place, silent, number, code, verb):
    port, came = silent
    if verb == "fetch":
        (place / "config" / "feeds.yaml").write_text(
            f"feeds: [{{id: f, url: 'http://127.0.0.1:{port}/', allow_private: true}}]\n"
        )
        process = started(place, "fetch")
    else:
        smtp = f"smtp://127.0.0.1:{port}"
        process = started(place, "load", "a.jsonl", "--alert", WIREWATCH_SMTP=smtp)
    assert came.wait(120)
    time.sleep(0.3)
    process.send_signal(number)
    got, _, lines = ended(process)
    assert got == code
    assert len(lines) == 1
    assert "stopped" in lines[0]
    start = time.monotonic()
    assert ran(place, "repair")[0] == 0
    assert time.monotonic() - start < 60, "no lease was left behind"


@pytest.mark.parametrize(
    "verb", [("stories",), ("doctor",), ("load", "a.jsonl"), ("search", "x"), ("repair",)]
)
def test_a_damaged_store_is_1(place, verb):
    (place / "home").mkdir()
    (place / "home" / "wirewatch.db").write_bytes(b"no database at all\n" * 500)
    code, _, lines = ran(place, *verb)
    assert code == 1
    assert "wirewatch.db" in lines[-1]


@pytest.mark.parametrize("verb", [("load", "a.jsonl"), ("feeds", "list"), ("watch", "list"), ("fetch",)])
def test_a_damaged_configuration_is_2_and_names_the_line(place, verb):
    (place / "config" / "settings.yaml").write_text(f"base: {ROOT / 'config'}\nstories:\n  window_dais: 3\n")
    code, _, lines = ran(place, *verb)
    assert code == 2
    assert "settings.yaml" in lines[-1]


@pytest.mark.parametrize("limit", [pytest.param(100, marks=SLOW), 2_000, pytest.param(30_000, marks=SLOW)])
def test_a_full_disk_is_1_and_nothing_is_lost(place, limit):
    def bounded():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    code, _, lines = ran(place, "load", "a.jsonl", prepare=bounded)
    assert code == 1
    assert lines
    assert ran(place, "load", "a.jsonl")[0] == 0
    code, out, _ = ran(place, "stories", "--json")
    assert code == 0
    assert len(json.loads(out)) == 1


def test_an_answer_that_cannot_be_written_is_1_and_a_reader_that_leaves_is_none(place):
    ran(place, "load", "a.jsonl")
    with Path("/dev/full").open("w") as full:
        code, _, lines = ran(place, "stories", stdout=full)
    assert code == 1
    assert lines == ["wirewatch: the output: No space left on device"]
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody:
        assert ran(place, "stories", stdout=nobody)[0] == 0


def test_wrong_usage_is_2(place):
    ran(place, "load", "a.jsonl")
    for wrong in (
        ("nonsense",),
        ("load",),
        ("stories", "--limit", "x"),
        ("search", "a AND"),
        ("feeds", "nix"),
    ):
        code, _, lines = ran(place, *wrong)
        assert code == 2, wrong
        assert lines
