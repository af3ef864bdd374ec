"""Watches at the command line, with a person before it: a terminal of 80 columns, and what is typed there."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from verb_runs import Folder

from dags.local.environment import ROOT

WIREWATCH = str(Path(sys.executable).parent / "wirewatch")
COLUMNS = 80
ROWS = [
    {"title": "Lighthouse dark after storm", "text": "The lighthouse at Penn went dark. " * 4, "source": "A"},
    {
        "title": "Opera reopens",
        "text": "The opera house opened its doors after the repairs. " * 4,
        "source": "B",
    },
]


@pytest.fixture
def home(tmp_path, verb_server) -> Folder:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.yaml").write_text(
        f"base: {ROOT / 'config'}\nstories:\n  vectors: none\n"
    )
    (tmp_path / "config" / "watches.yaml").write_text("watches: []\n")
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return Folder(verb_server, tmp_path)


def environment():
    clean = {k: v for k, v in os.environ.items() if not k.startswith("WIREWATCH_") and k != "NO_COLOR"}
    return clean | {"TERM": "dumb"}


def _before():
    """The terminal is the child's own; Ctrl-C, which a run of tests in the background ignores, ends it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def on_terminal(home, *arguments, typed=b"", after=b"[y/N]"):
    """Runs the command on a terminal, types once it asks; returns exit code and the lines that were shown."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    child = subprocess.Popen(
        [WIREWATCH, *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=home.path,
        env=environment(),
        start_new_session=True,
        preexec_fn=_before,  # noqa: PLW1509  Ctrl-C needs it; no threads
    )
    os.close(slave)
    shown, end, sent = b"", time.monotonic() + 120, b""
    while time.monotonic() < end:
        if not select.select([master], [], [], 5)[0]:
            # A Ctrl-C between the prompt and the read is seen when the read ends: a person types it again.
            os.write(master, sent if sent == b"\x03" else b"")
            continue
        try:
            piece = os.read(master, 65536)
        except OSError:  # Linux says so when the last one closed the terminal
            break
        if not piece:
            break
        shown += piece
        if typed and after in shown:
            os.write(master, typed)
            sent, typed = typed, b""
    os.close(master)
    return child.wait(10), shown.decode().replace("\r\n", "\n").split("\n")


@pytest.mark.parametrize(
    ("typed", "code", "last", "saved"),
    [
        (b"y\r", 0, "Saved in", True),
        (b"what?\ryes\r", 0, "Saved in", True),
        (b"\r", 0, "Not saved", False),
        (b"n\r", 0, "Not saved", False),
        (b"\x04", 2, "not saved, because nobody answered", False),
        (b"\x03", 130, "wirewatch: stopped", False),
    ],
)
def test_a_first_watch_is_asked_about(home, typed, code, last, saved):
    home.run("load", "a.jsonl")
    words = ("watch", "new", "lighthouse, storm", "--mail", "me@example.org")
    got, lines = on_terminal(home, *words, typed=typed)
    shown = "\n".join(lines)
    assert got == code, shown
    assert last in "".join(lines[-3:]), shown
    assert "query: lighthouse AND storm" in shown
    assert "in all 1 of 2 articles" in shown
    assert "In the last 30 days: 1 article, 1 alert," in shown
    assert ("lighthouse AND storm" in (home.path / "config" / "watches.yaml").read_text()) == saved


def test_the_check_keeps_to_a_narrow_terminal(home):
    home.run("load", "a.jsonl")
    query = 'lighthouse - storm, US or "Smith & Wesson" language:xx outlet:Nobody place:Nowhere'
    (home.path / "config" / "watches.yaml").write_text(
        f"watches:\n  - name: all\n    query: '{query}'\n    deliver: {{chat: [nowhere]}}\n"
    )
    code, lines = on_terminal(home, "watch", "check")
    assert code == 0
    assert max(map(len, lines)) <= COLUMNS
    # What a line goes on with stands under its beginning, not under the name of the watch.
    assert [line for line in lines if line and not line.startswith(" ")] == ["all"]
    assert sum(line.startswith("  ! ") for line in lines) >= 8


def test_a_topic_by_its_name_and_one_that_is_not_there(home):
    assert "\n" not in home.run("load", "a.jsonl")[2].strip()
    by_name, by_id = (
        home.run("stories", "--topic", topic, "--json") for topic in ("sport", "medtop:15000000")
    )
    assert by_name == by_id
    code, out, err = home.run("stories", "--topic", "sprot")
    assert (code, out) == (2, "")
    assert err.startswith("wirewatch: --topic sprot: there is no such topic, did you mean sport; topics are ")
    assert err.count("\n") == 1


def test_what_a_load_told_is_counted(home):
    (home.path / "config" / "watches.yaml").write_text(
        "watches:\n  - {name: a, query: opera OR lighthouse}\n"
    )
    assert json.loads(home.run("load", "a.jsonl", "--alert", "--json")[1])["alerts"] == 2
    assert "alerts" in home.run("load", "a.jsonl", "--alert")[1]
    assert "alerts" not in json.loads(home.run("load", "a.jsonl", "--json")[1])
    story = json.loads(home.run("search", "opera", "--json")[1])[0]["story"]
    assert "needed 1 article that the query hits, found 1: holds" in home.run("watch", "why", "a", story)[1]


def test_the_check_of_very_many_watches_shows_those_that_something_is_odd_about(home):
    to = {"deliver": {"mail": ["reader@example.org"]}}
    some = [{"name": f"w{n}", "query": f"lighthouse{n}"} | to for n in range(60)]
    odd = [{"name": "odd", "query": "opera and house"} | to]
    (home.path / "config" / "watches.yaml").write_text(json.dumps({"watches": [*some, *odd]}))
    assert home.run("load", "a.jsonl")[0] == 0
    code, out, _ = home.run("watch", "check")
    assert code == 0
    assert "‘and’" in out
    assert "lighthouse7" not in out
    assert "61 watches, 1 with a warning; shown: 1." in " ".join(out.split())
    assert "lighthouse7" in home.run("watch", "check", "w7")[1]
    assert len(json.loads(home.run("--json", "watch", "check")[1])) == 61
    code, _, err = home.run("watch", "check", "w7", "nobody")
    assert (code, err.count("\n")) == (1, 1)
