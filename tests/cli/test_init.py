"""`wirewatch init`: a working folder anywhere, and nothing that was there is changed."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiosmtpd.controller import Controller

from pipeline.app.care.working_folder import SHIPPED
from pipeline.cli import main
from pipeline.settings import FILES, load_settings
from pipeline.sources.feeds.feed_packs import packs


@pytest.fixture
def run(tmp_path, monkeypatch, capsys) -> Callable[..., Any]:
    """Runs the command in a folder of its own; returns exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    for name in ("WIREWATCH_HOME", "WIREWATCH_CONFIG", "WIREWATCH_STORE", "WIREWATCH_SMTP"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments):
        with pytest.raises(SystemExit) as end:
            main([str(each) for each in arguments])
        out, err = capsys.readouterr()
        return end.value.code, out, err

    return call


def made(answer):
    code, out, err = answer
    assert code == 0, err
    return json.loads(out)


def test_a_folder_with_every_file_commented(run, tmp_path):
    document = made(run("--json", "init", "news/here"))
    config = tmp_path / "news" / "here" / "config"
    assert [Path(path).name for path in document["made"]] == [f"{name}.yaml" for name in FILES]
    assert sorted(path.name for path in config.iterdir()) == sorted(f"{name}.yaml" for name in FILES)
    for name in FILES:
        assert (config / f"{name}.yaml").read_text().startswith("# "), name
        assert (config / f"{name}.yaml").read_text() == (SHIPPED / f"{name}.yaml").read_text()
    assert not (tmp_path / "news" / "here" / "data").exists()
    assert len(load_settings(config, {}).feeds) == document["feeds"]


def test_what_is_there_stays(run, tmp_path):
    made(run("--json", "init"))
    for name in ("watches", "settings"):
        (tmp_path / "config" / f"{name}.yaml").unlink()
    (tmp_path / "config" / "feeds.yaml").write_text("feeds: []  # mine\n")
    document = made(run("--json", "init"))
    assert [Path(path).stem for path in document["made"]] == ["settings", "watches"]
    assert (tmp_path / "config" / "feeds.yaml").read_text() == "feeds: []  # mine\n"
    code, _, err = run("init", "--pack", next(iter(packs())))
    assert code == 2
    assert "feeds.yaml: is there already" in err


def test_the_first_wishes(run, tmp_path):
    opml = tmp_path / "old.opml"
    opml.write_text(
        '<opml version="2.0"><body><outline text="Harbour News" xmlUrl="https://harbour.test/rss"/></body></opml>'
    )
    name, pack = next(iter(packs().items()))
    wishes = ("--pack", name, "--opml", opml, "--watch", "New Zealand, health", "--mail", "me@desk.test")
    chat = ("--channel", "phone=ntfys://ntfy.sh/a-topic", "--smtp", "smtp://mail.desk.test")
    assert made(run("--json", "init", "w", *wishes, *chat))["feeds"] == len(pack.feeds()) + 1
    settings = load_settings(tmp_path / "w" / "config", {})
    assert settings.feeds[-1].id == "harbour-news"
    assert settings.feeds[0].outlet == pack.file.feeds[0].outlet
    assert settings.mail.operator == ("me@desk.test",)
    assert settings.mail.smtp == "smtp://mail.desk.test"
    assert settings.mail.sender == "me@desk.test"
    assert settings.channels == {"phone": "ntfys://ntfy.sh/a-topic"}
    watch = settings.watches.content["watches"][-1]
    assert watch == {
        "name": "New Zealand, health",
        "query": '"New Zealand" AND health', "deliver": {"mail": ["me@desk.test"]},
    }  # fmt: skip
    assert (tmp_path / "w" / "config" / "settings.yaml").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (("--pack", "grmany-de"), "is it germany-de"),
        (("--watch", '("a'), "makes no query"),
        (("--smtp", "mail.test"), "must be smtp://host:port"),
        (("--channel", "phone"), "NAME=URL"),
        (("--channel", "phone=carrier://pigeon"), "begins with none of"),
        (("--channel", "phone=ntfys://${NO_SUCH}/x"), "NO_SUCH"),
        (("--opml", "none.opml"), "cannot be read"),
        (("--mail", "me at desk.test"), "'me at desk.test' is not a mail address"),
        (("--mail", "me@desk.test, you@desk.test"), "is not a mail address"),
        (("--test",), "--test: there is nobody to send it to"),
        (("--smtp", "smtp://me:p/w@desk.test"), "write @ as %40"),
    ],
)
def test_a_wish_that_cannot_be_met_makes_nothing(run, tmp_path, wish, said):
    code, _, err = run("init", *wish)
    assert code == 2
    assert said in err
    assert list(tmp_path.iterdir()) == []


class Inbox:
    """What a mail server took; or it takes nothing."""

    def __init__(self, answer):
        self.answer, self.mails = answer, []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  aiosmtpd's name
        self.mails.append((envelope.rcpt_tos, envelope.content.decode()))
        return self.answer


@pytest.mark.parametrize(
    ("answer", "code"), [("250 OK", 0), ("554 no", 1)], ids=["it is taken", "it is refused"]
)
def test_a_test_message_says_whether_mail_works(run, answer, code):
    inbox = Inbox(answer)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(inbox, hostname="127.0.0.1", port=port, ready_timeout=10)
    server.start()
    try:
        smtp = f"smtp://127.0.0.1:{port}"
        given = run("--json", "init", "--mail", "me@desk.test", "--smtp", smtp, "--test")
    finally:
        server.stop()
    assert given[0] == code
    (tested,) = json.loads(given[1])["tested"]
    assert (tested["to"], tested["ok"]) == ("me@desk.test", code == 0)
    assert inbox.mails[0][0] == ["me@desk.test"]
    assert "From: me@desk.test" in inbox.mails[0][1]
    assert "Subject: Wirewatch: a test message" in inbox.mails[0][1]
    assert "554" in given[2] or code == 0


def test_questions_on_a_terminal(run, tmp_path, monkeypatch):
    answers = iter(["no-such-pack", next(iter(packs())), "me@desk.test", "ferry accident", "nowhere", ""])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: next(answers))
    code, _, err = run("init")
    assert code == 0, err
    assert "there is no feed pack of this name" in err
    assert "must be smtp://" in err
    watches = yaml.safe_load((tmp_path / "config" / "watches.yaml").read_text())["watches"]
    assert watches[-1]["query"] == '"ferry accident"'
    assert watches[-1]["deliver"] == {"mail": ["me@desk.test"]}
    assert next(answers, None) is None


def test_opml_and_packs_are_answers_to_one_question(run, tmp_path, monkeypatch):
    opml = tmp_path / "my reader.opml"
    opml.write_text(
        '<opml version="2.0"><body><outline text="Harbour News" xmlUrl="https://harbour.test/rss"/></body></opml>'
    )
    name, pack = next(iter(packs().items()))
    feeds = ("missing.opml", "https://harbour.test", f"my reader.opml, {name}")
    answers = iter([*feeds, "", "", ""])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.prompt", lambda *_, **__: next(answers))
    code, _, err = run("init")
    assert code == 0, err
    assert "missing.opml: cannot be read" in err
    assert "`wirewatch feeds add https://harbour.test`" in err
    ids = [feed.id for feed in load_settings(tmp_path / "config", {}).feeds]
    assert len(ids) == len(pack.feeds()) + 1
    assert "harbour-news" in ids


def test_a_watch_is_checked_before_anything_was_fetched(run, tmp_path):
    made(run("--json", "init", "--watch", "New Zealand, health", "--mail", "me@desk.test"))
    code, out, err = run("watch", "check")
    assert code == 0, err
    assert "there are no articles yet to try it on" in out
    assert not (tmp_path / "data").exists()
    code, _, err = run("stories")  # while there is nothing that could be listed
    assert code == 1
    assert "there is no store" in err


@pytest.mark.parametrize(
    ("wishes", "written"),
    [
        (("--mail", "me@desk.test"), {"mail": ["me@desk.test"]}),
        (("--mail", "me@desk.test", "--watch", "ferry"), {"mail": ["me@desk.test"]}),
        (("--watch", "ferry"), None),
    ],
)
def test_a_further_watch_writes_to_the_same_person(run, wishes, written):
    run("--json", "init", *wishes)
    code, out, _ = run("--json", "watch", "new", "harbour, strike", "--yes")
    assert code == 0
    assert yaml.safe_load(json.loads(out)["yaml"])[0].get("deliver") == written


@pytest.mark.parametrize("how", ["Ctrl-C", "Ctrl-D"])
def test_a_question_that_is_not_answered_makes_nothing(tmp_path, how):
    ours, theirs = os.openpty()
    command = [Path(sys.executable).with_name("wirewatch"), "init", tmp_path / "news"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as program:
        os.close(theirs)
        said = b""
        while b"Your feeds" not in said:
            said += os.read(ours, 65536)
        refuse: Callable[[], object] = partial(os.write, ours, b"\x04")
        if how == "Ctrl-C":
            refuse = partial(program.send_signal, signal.SIGINT)
        refuse()
        with contextlib.suppress(OSError):  # the other end is closed once the program has ended
            while True:
                # Python does not see a signal that meets it just before it waits for input.
                if not select.select([ours], [], [], 5)[0]:
                    refuse()
                elif piece := os.read(ours, 65536):
                    said += piece
                else:
                    break
    os.close(ours)
    assert program.returncode == (130 if how == "Ctrl-C" else 1), said[-500:]
    assert b"no answer; nothing was changed" in said
    assert list(tmp_path.iterdir()) == []
