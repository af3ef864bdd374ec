"""Webhooks to a real HTTP server, and the addresses that are refused."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from mail_servers import DUE, Hook, dripping_server, free_port, http_server, mail, silent_server

from pipeline.errors import PermanentError, TransientError, UnavailableError
from pipeline.notify.webhook import WebhookNotifier, signature

BODY = json.dumps({"title": "Übung"}).encode()


def clock():
    return DUE


@pytest.fixture
def notifier() -> Iterator[WebhookNotifier]:
    made = WebhookNotifier(clock, "secret", timeout_seconds=1.0, private_hosts=("127.0.0.1", "LOCALHOST"))
    yield made
    made.close()


def call(url):
    return mail(url, channel="webhook", payload=BODY)


def test_signed_json(notifier):
    hook = Hook()
    with http_server(hook) as url:
        notifier.send(call(url))
    headers, body = hook.got[0]
    assert body == BODY
    # As a receiver checks it, from what docs/watches.md says.
    said = dict(part.split("=") for part in headers["X-Wirewatch-Signature"].split(","))
    signed = hmac.new(b"secret", said["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(said["v1"], signed)
    assert int(said["t"]) == DUE.timestamp()
    assert headers["X-Wirewatch-Id"] == "m1"
    assert headers["Host"] == url.split("/")[2]


def test_a_recorded_call_cannot_be_played_back_later():
    assert signature("secret", BODY, DUE) != signature("secret", BODY, DUE + timedelta(minutes=5))


def test_a_receiver_that_drips_is_left_in_time():
    notifier = WebhookNotifier(clock, timeout_seconds=1.0, private_hosts=("127.0.0.1",))
    with dripping_server(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 600) as port:
        began = time.monotonic()
        with pytest.raises(TransientError, match="in time"):
            notifier.send(call(f"http://127.0.0.1:{port}/"))
        assert time.monotonic() - began < 3
    notifier.close()


@pytest.mark.parametrize(
    "address", ["64:ff9b::7f00:1", "2002:7f00:1::1", "::ffff:127.0.0.1", "fec0::1", "10.1.2.3"]
)
def test_a_name_that_leads_to_a_private_address_is_refused_however_that_is_written(address):
    notifier = WebhookNotifier(clock, timeout_seconds=1.0, resolve=lambda _host, _port: [address])
    with pytest.raises(PermanentError, match=r"private address .*webhook_private_hosts"):
        notifier.send(call("http://hooks.example.org/x"))
    notifier.close()


def test_without_a_secret_there_is_no_signature():
    hook = Hook()
    notifier = WebhookNotifier(clock, private_hosts=("localhost",))
    with http_server(hook) as url:
        notifier.send(call(url.replace("127.0.0.1", "localhost")))
    notifier.close()
    assert "X-Wirewatch-Signature" not in hook.got[0][0]


@pytest.mark.parametrize(
    ("status", "headers", "kind", "wait"),
    [
        (500, {}, TransientError, None),
        (503, {"Retry-After": "120"}, TransientError, 120.0),
        (429, {"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}, TransientError, "years"),
        (429, {"Retry-After": "soon"}, TransientError, None),
        (408, {}, TransientError, None),
        (400, {}, PermanentError, None),
        (410, {}, PermanentError, None),
        (302, {"Location": "http://169.254.169.254/"}, PermanentError, None),
    ],
)
def test_answers(notifier, status, headers, kind, wait):
    hook = Hook((status, headers))
    with http_server(hook) as url, pytest.raises(kind, match=str(status)) as caught:
        notifier.send(call(url))
    if kind is TransientError:
        found = caught.value.retry_after_seconds
        assert found > 1e9 if wait == "years" else found == wait
    assert len(hook.got) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [(b"no_text\n", "no_text"), (b'{"message": "Unknown\x07  field"}', '{"message": "Unknown field"}'),
     (b"<html>", "Bad Request"), (b"", "Bad Request")],
)  # fmt: skip
def test_a_refusal_says_why(notifier, body, said):
    hook = Hook((400, {}, body))
    with http_server(hook) as url, pytest.raises(PermanentError) as caught:
        notifier.send(call(url))
    assert str(caught.value).endswith(said)


def test_no_answer(notifier):
    with pytest.raises(TransientError, match="cannot be reached"):
        notifier.send(call(f"http://127.0.0.1:{free_port()}/"))
    with silent_server() as port, pytest.raises(TransientError, match="in time"):
        notifier.send(call(f"http://127.0.0.1:{port}/"))
    with pytest.raises(UnavailableError, match="is not found"):
        notifier.send(call("http://no-such-host.invalid/"))


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.0.0.8",
        "192.168.1.1",
        "169.254.169.254",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "0.0.0.0",  # noqa: S104  # an address to refuse
        "[fe80::1]",
        "[fd00::1]",
        "100.64.0.1",
        "224.0.0.1",
        "2130706433",
        "0x7f.1",
    ],
)
def test_private_addresses_are_refused(host):
    hook, notifier = Hook(), WebhookNotifier(clock, timeout_seconds=0.5)
    with http_server(hook) as url, pytest.raises((PermanentError, UnavailableError)):
        notifier.send(call(url.replace("127.0.0.1", host)))
    notifier.close()
    assert hook.got == []


@pytest.mark.parametrize(
    "url", ["ftp://example.org/", "http:///path", "http://[broken/", "file:///etc/passwd"]
)
def test_no_address(notifier, url):
    with pytest.raises(PermanentError):
        notifier.send(call(url))
