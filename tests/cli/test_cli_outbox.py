"""`wirewatch outbox`: what was given up is seen, sent again, or taken out; `doctor` and the operator know."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from mail_servers import Postbox, smtp_server
from typer.testing import CliRunner

from pipeline.app import App
from pipeline.app.wiring import Wiring
from pipeline.cli import cli
from pipeline.ports import Commit
from pipeline.records import Message
from pipeline.store import open_store

DUE = datetime(2026, 3, 2, 9, tzinfo=UTC)
PAYLOAD = b"Message-ID: <x@y>\r\nTo: a@example.org\r\nSubject: s\r\n\r\nbody\r\n"


def message(name, state="failed", **more):
    values: dict[str, Any] = {
        "payload": PAYLOAD,
        "message_id": f"<{name}@y>",
        "attempts": 3,
        "error": "550 no such user",
    }
    return Message(name, "ferries", (), "mail", "a@example.org", state, **(values | {"due": DUE} | more))


@pytest.fixture
def place(tmp_path) -> Path:
    config = tmp_path / "config"
    config.mkdir()
    for name, text in (
        ("feeds", "feeds: []\n"),
        ("watches", "watches:\n  - {name: ferries, query: ferry, deliver: {mail: [a@example.org]}}\n"),
        ("settings", "base: ../base\nmail: {operator: [op@example.org]}\n"),
    ):
        (config / f"{name}.yaml").write_text(text)
    (tmp_path / "base").symlink_to(Path(__file__).parents[2] / "config")
    store = open_store(f"sqlite:///{tmp_path}/home/wirewatch.db")
    store.commit(
        Commit(
            messages=(
                message("aaa1"),
                message("aab2", since=DUE - timedelta(days=5)),
                message("ccc3", "rendered", error="", attempts=0, due=datetime.now(UTC) + timedelta(days=1)),
                message("ddd4", "sent", error=""),
            )
        )
    )
    store.close()
    return tmp_path


def ask(place, *arguments, code=0):
    options = ["--home", str(place / "home"), "--config", str(place / "config"), "--json"]
    found = CliRunner().invoke(cli, [*options, *arguments])
    assert found.exit_code == code, found.output
    return json.loads(found.stdout) if found.stdout else None


def test_what_was_not_sent_is_listed_with_the_reason(place):
    listed = ask(place, "outbox", "list")
    assert {entry["id"] for entry in listed} == {"aaa1", "aab2", "ccc3"}
    (entry,) = (entry for entry in listed if entry["id"] == "aab2")
    assert entry == {
        "id": "aab2",
        "channel": "mail",
        "to": "a@example.org",
        "watch": "ferries",
        "state": "failed",
        "since": "2026-02-25T09:00:00Z",
        "due": "2026-03-02T09:00:00Z",
        "tries": 3,
        "error": "550 no such user",
    }
    shown = ask(place, "outbox", "show", "aab")
    assert shown["payload"].endswith("body\r\n")
    assert shown["message_id"] == "<aab2@y>"


def test_what_was_given_up_goes_out_again_with_its_message_id(place):
    assert [entry["id"] for entry in ask(place, "outbox", "retry", "aaa1")] == ["aaa1"]
    assert {entry["id"]: entry["tries"] for entry in ask(place, "outbox", "list")}["aaa1"] == 0
    assert {entry["id"] for entry in ask(place, "outbox", "retry")} == {"aab2"}
    ask(place, "alert")
    assert [entry["id"] for entry in ask(place, "outbox", "list")] == ["ccc3"]
    assert len(list((place / "home" / "spool").glob("*.eml"))) == 2


def test_what_is_dropped_is_never_sent(place):
    assert ask(place, "outbox", "drop", "ccc3")["state"] == "suppressed"
    assert {entry["id"] for entry in ask(place, "outbox", "list")} == {"aaa1", "aab2"}


def test_doctor_names_what_was_given_up_and_the_operator_is_told_once(place):
    check = {each["check"]: each for each in ask(place, "doctor", code=1)}["outbox"]
    assert not check["ok"]
    assert check["detail"].startswith("2 messages were given up; `wirewatch outbox list`")
    for _ in range(2):
        ask(place, "alert")
    (file,) = (place / "home" / "spool").glob("*.eml")
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert (mail["To"], mail["Subject"]) == ("op@example.org", "Wirewatch: 2 messages were given up")
    assert "ferries, a@example.org: 550 no such user" in mail.get_content().replace("=\n", "")
    ask(place, "outbox", "drop", "aaa1")
    ask(place, "outbox", "drop", "aab2")
    assert {each["check"]: each["ok"] for each in ask(place, "doctor")}["outbox"] is True


@pytest.mark.parametrize(
    ("name", "said"),
    [("zz", "no message with this id waits or failed"), ("aa", "an id that begins like that: aaa1, aab2")],
)
def test_an_id_that_is_wrong(place, name, said):
    options = ["--home", str(place / "home"), "--config", str(place / "config")]
    found = CliRunner().invoke(cli, [*options, "outbox", "show", name])
    assert said in str(found.exception)


def test_the_table_says_what_waits_for_when(place):
    options = ["--home", str(place / "home"), "--config", str(place / "config")]
    shown = CliRunner().invoke(cli, [*options, "outbox", "drop", "ccc3"], env={"COLUMNS": "160"}).stdout
    assert "1 message\n" in shown.replace(" \n", "\n").replace("  ", "")
    assert "failed since" in shown
    assert "next try" in shown


def test_a_mail_that_is_never_taken_is_given_up_after_days_and_named_everywhere(place):
    """The clock is the wiring's: five days pass by the hour, over a server that says 451 to one address."""
    held = Postbox(**{"b_AT_example.org": ["451 4.7.1 try later"]})
    with smtp_server(held) as port:
        (place / "config" / "settings.yaml").write_text(
            "base: ../base\n"
            f"mail: {{operator: [op@example.org], smtp: 'smtp://127.0.0.1:{port}', give_up_days: 5}}\n"
        )
        (place / "config" / "watches.yaml").write_text(
            "watches:\n  - {name: ferries, query: ferry, deliver: {mail: [b@example.org]}}\n"
        )
        clock = Hourly(datetime(2026, 3, 2, 9, tzinfo=UTC))
        wiring = Wiring(
            place / "home", place / "config", f"sqlite:///{place}/home/wirewatch.db", {}, clock, make=False
        )
        store = wiring.store
        waiting = message("eee5", "rendered", due=clock.at, attempts=0, error="")
        store.commit(Commit(messages=(replace(waiting, to="b@example.org"),)))
        app, gone = App(wiring), None
        while gone is None and clock.at < DUE + timedelta(days=7):
            report = app.watches.alert()
            gone = next((clock.at for each in report.errors if "given up" in each and "451" in each), None)
            clock.at += timedelta(hours=1)
        assert gone is not None
        assert timedelta(days=5) <= gone - DUE < timedelta(days=5, hours=7)
        app.watches.alert()
        wiring.close()
        (entry,) = (each for each in ask(place, "outbox", "list") if each["id"] == "eee5")
        assert (entry["state"], entry["since"]) == ("failed", "2026-03-02T09:00:00Z")
        assert "451 4.7.1 try later" in entry["error"]
        assert entry["tries"] > 20
        check = {each["check"]: each for each in ask(place, "doctor", code=1)}["outbox"]
        assert check["detail"].startswith("3 messages were given up")
    told = [mail for to, mail in held.taken if to == "op@example.org"]
    assert any(b"451 4.7.1 try later" in mail.replace(b"=\r\n", b"") for mail in told)


class Hourly:
    """A clock that is set by hand."""

    def __init__(self, at):
        self.at = at

    def __call__(self):
        return self.at
