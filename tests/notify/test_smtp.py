"""Mails to real SMTP servers that refuse, stall, greylist, cut the line, and demand STARTTLS and a login."""

from __future__ import annotations

import threading
import time
from typing import Any
from urllib.parse import quote

import pytest
from mail_servers import (
    Postbox,
    certificate,
    demanding,
    dripping_server,
    free_port,
    mail,
    silent_server,
    smtp_server,
)

from pipeline.errors import ConfigError, PermanentError, TransientError, UnavailableError
from pipeline.notify.smtp import SmtpNotifier, server_of

SENDER = "Wirewatch <wire@example.org>"


def notifier(port, scheme="smtp", login="", **more):
    return SmtpNotifier(
        server_of(f"{scheme}://{login}localhost:{port}"), SENDER, **({"timeout_seconds": 1.0} | more)
    )


@pytest.fixture(scope="module")
def tls(tmp_path_factory) -> Any:
    return certificate(tmp_path_factory.mktemp("tls"))


def test_a_mail_arrives_as_it_is():
    box = Postbox()
    with smtp_server(box) as port:
        notifier(port).send(mail())
    assert box.taken == [("reader@example.org", mail().payload)]


@pytest.mark.parametrize(
    ("script", "kind", "said"),
    [
        (
            {"*": ["450 greylisted, come back"]},
            TransientError,
            "reader@example.org: the server says 450 greylisted",
        ),
        ({"*": ["550 no such user"]}, PermanentError, "reader@example.org: the server says 550 no such user"),
        ({"mail": ["451 busy"]}, TransientError, "the sender wire@example.org"),
        ({"mail": ["553 who are you"]}, PermanentError, "the sender wire@example.org"),
        ({"data": ["452 full"]}, TransientError, "452 full"),
        ({"data": ["554 spam"]}, PermanentError, "554 spam"),
        ({"data": ["cut"]}, TransientError, "broke off"),
        ({"data": ["take-cut"]}, TransientError, "broke off"),
        ({"data": ["stall"]}, TransientError, "does not answer in time"),
        ({"*": ["stall"]}, TransientError, "does not answer in time"),
        ({"*": ["421 going down"]}, TransientError, "421"),
    ],
)
def test_what_goes_wrong_with_one_mail(script, kind, said):
    box = Postbox(**script)
    with smtp_server(box) as port, pytest.raises(kind) as caught:
        notifier(port).send(mail())
    assert said in str(caught.value)
    assert not isinstance(caught.value, UnavailableError)


def test_a_greylisted_mail_goes_through_later():
    box = Postbox(**{"*": ["450 later", ""]})
    with smtp_server(box) as port:
        with pytest.raises(TransientError):
            notifier(port).send(mail())
        notifier(port).send(mail())
    assert len(box.taken) == 1


def test_nobody_listens_or_nobody_answers():
    with pytest.raises(UnavailableError, match="cannot be reached"):
        notifier(free_port()).send(mail())
    with silent_server() as port, pytest.raises(UnavailableError, match="does not answer in time"):
        notifier(port, timeout_seconds=0.3).send(mail())
    with pytest.raises(UnavailableError, match="cannot be reached"):
        SmtpNotifier(server_of("smtp://no-such-host.invalid"), SENDER).send(mail())


def test_starttls_and_login(tls):
    cert, context = tls
    box = Postbox()
    login = f"wire:{quote('s3cret p@ss')}@"
    with smtp_server(box, tls_context=context, **demanding()) as port:
        notifier(port, "smtp+starttls", login, ca_file=str(cert)).send(mail())
        notifier(port, "smtp", login, ca_file=str(cert)).send(mail())
        with pytest.raises(UnavailableError, match="user and password must be ASCII"):
            notifier(port, "smtp+starttls", f"wire:{quote('pässword')}@", ca_file=str(cert)).send(mail())
        with pytest.raises(UnavailableError, match="refuses the login of mail.smtp"):  # noqa: RUF043  # no pattern
            notifier(port, "smtp+starttls", "wire:wrong@", ca_file=str(cert)).send(mail())
        with pytest.raises(UnavailableError, match="(?i)certificate"):  # noqa: RUF043  # no pattern
            notifier(port, "smtp+starttls", login).send(mail())
        with pytest.raises(PermanentError, match="530"):
            notifier(port, "smtp", ca_file=str(cert)).send(mail())
    assert len(box.taken) == 2


def test_tls_from_the_start(tls):
    cert, context = tls
    box = Postbox()
    with smtp_server(box, ssl_context=context) as port:
        notifier(port, "smtps", ca_file=str(cert)).send(mail())
    assert len(box.taken) == 1


@pytest.mark.parametrize("text", [b"220-" + b"x" * 300, b"220 hello\r\n250-" + b"x" * 300])
def test_a_server_that_drips_is_left_in_time(text):
    with dripping_server(text, 0.1) as port:
        began = time.monotonic()
        with pytest.raises(UnavailableError, match=r"not over after 1\.5 seconds"):
            notifier(port, total_seconds=1.5).send(mail())
        assert time.monotonic() - began < 3


def test_a_scheme_that_does_not_fit_the_port_is_told():
    with smtp_server(Postbox()) as port, pytest.raises(UnavailableError, match=r"write smtp\+starttls://"):
        notifier(port, "smtps").send(mail())
    with pytest.raises(UnavailableError, match="write smtps://"):
        notifier(465).send(mail())  # nobody listens there in tests, as nobody speaks first on it elsewhere


def test_a_server_that_drips_behind_tls_is_left_in_time(tls):
    cert, context = tls
    box = Postbox(data=["drip"])
    with smtp_server(box, ssl_context=context) as port:
        slow = notifier(port, "smtps", ca_file=str(cert), total_seconds=1.5)
        began = time.monotonic()
        with pytest.raises(UnavailableError, match=r"too slow: .*mail\.total_seconds"):
            slow.send(mail())
        assert time.monotonic() - began < 3


def test_a_handshake_that_drips_is_left_in_time():
    # The head of a TLS record that never comes to its end.
    with dripping_server(b"\x16\x03\x03\x40\x00" + b"\x02" * 300, 0.1) as port:
        began = time.monotonic()
        with pytest.raises(UnavailableError, match="cannot be reached"):
            notifier(port, "smtps", total_seconds=1.5).send(mail())
        assert time.monotonic() - began < 3


def test_no_thread_stays_behind():
    with smtp_server(Postbox()) as port:
        notifier(port).send(mail())
        assert not [each for each in threading.enumerate() if isinstance(each, threading.Timer)]


def test_starttls_that_is_demanded_and_not_offered():
    box = Postbox()
    with smtp_server(box) as port, pytest.raises(UnavailableError, match="offers no STARTTLS"):
        notifier(port, "smtp+starttls").send(mail())
    assert box.taken == []


def test_addresses_outside_ascii():
    box = Postbox()
    with smtp_server(box, enable_SMTPUTF8=True) as port:
        notifier(port).send(mail("jürgen@example.org"))
    with (
        smtp_server(box, enable_SMTPUTF8=False) as port,
        pytest.raises(PermanentError, match="outside ASCII"),
    ):
        notifier(port).send(mail("jürgen@example.org"))
    assert [to for to, _ in box.taken] == ["jürgen@example.org"]


@pytest.mark.parametrize(
    "url", ["mail.example.org", "http://x", "smtp://", "smtp://h:port", "smtp://h:99999"]
)
def test_a_wrong_server(url):
    with pytest.raises(ConfigError, match=r"mail\.smtp"):
        server_of(url)


def test_a_password_is_not_shown():
    server = server_of("smtps://me:p%40ss@mail.example.org")
    assert (server.user, server.password, server.name) == ("me", "p@ss", "mail.example.org:465")
    assert "p@ss" not in repr(server)
    with pytest.raises(ConfigError, match="no such file"):
        SmtpNotifier(server, SENDER, ca_file="/no/such/file")
