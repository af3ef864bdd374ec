"""Chat and push services, each against a receiver that answers as the service does: taken, refused, later."""

import json
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from mail_servers import dripping_server, mail

from pipeline.errors import ConfigError, PermanentError, TransientError
from pipeline.notify.chat import SERVICES, ChatNotifier, check_channel

# For each service an address, what it answers when it takes a message, and when it refuses one: after each
# service's own documentation of its API.
HOOK = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
KINDS = {
    "slack": (f"slack://{HOOK}", (200, "ok"), (400, "invalid_payload")),
    "workflow": ("workflows://teams.example.org:443/w1/sig1", (202, ""), (400, '{"error": "bad card"}')),
    "mmost": (
        "mmosts://chat.example.org/3ccdd113474722377935511fc85d3dd4",
        (200, "ok"),
        (400, '{"id": "web.incoming_webhook.text.app_error", "message": "No text specified"}'),
    ),
    "discord": (
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
        (204, ""),
        (400, '{"message": "Cannot send an empty message", "code": 50006}'),
    ),
    "tgram": (
        "tgram://123456789:abcdefg_hijklmnop/12315544",
        (200, '{"ok": true, "result": {"message_id": 1}}'),
        (400, '{"ok": false, "error_code": 400, "description": "Bad Request: chat not found"}'),
    ),
    "ntfy": (
        "ntfys://ntfy.example.org/alerts",
        (200, '{"id": "x1", "event": "message"}'),
        (400, '{"code": 40009, "http": 400, "error": "invalid request: topic invalid"}'),
    ),
    "matrix": (
        "matrixs://token@matrix.example.org/!room:matrix.example.org?e2ee=no",
        {
            "/.well-known/": (404, "{}"),
            "/join/": (200, '{"room_id": "!room:matrix.example.org"}'),
            "/whoami": (200, '{"user_id": "@w:matrix.example.org", "device_id": "D1"}'),
            "/send/": (200, '{"event_id": "$1"}'),
            "": (200, "{}"),
        },
        (400, '{"errcode": "M_BAD_JSON", "error": "no body"}'),
    ),
    "pover": (
        f"pover://{'u' * 30}@{'a' * 30}",
        (200, '{"status": 1, "request": "r"}'),
        (400, '{"status": 0, "errors": ["user identifier is invalid"]}'),
    ),
    "gotify": ("gotifys://gotify.example.org/Abcdefgh1234567", (200, '{"id": 1}'), (400, '{"error": "bad"}')),
}


class Here(requests.adapters.HTTPAdapter):
    """The way to a receiver on this machine, whatever host is asked for."""

    def __init__(self, port):
        self.port = port
        super().__init__()

    def send(self, request, *arguments, **options):
        parts = urlsplit(request.url)
        request.url = urlunsplit(("http", f"127.0.0.1:{self.port}", parts.path, parts.query, ""))
        request.headers["X-Host"] = parts.netloc
        return super().send(request, *arguments, **options)


@contextmanager
def receiver(*answers):
    """Answers in turn, the last one for ever, or by a part of the path; yields its port and what it got."""
    waiting, got = list(answers), []

    def chosen(path):
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return next(a for part, a in answer.items() if part in path) if isinstance(answer, dict) else answer

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            got.append((self.headers.get("X-Host"), self.path, body))
            status, text, *more = chosen(self.path)
            self.send_response(status)
            for name, value in (more[0] if more else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_PUT = do_GET = answer  # noqa: N815  # the names the server calls

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1], got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def message(to="desk"):
    text = "A ferry ran aground.\nhttps://example.org/1"
    said = {"title": "New story: Über die Fähre", "text": text, "markdown": text}
    return mail(to, channel="chat", payload=json.dumps(said).encode())


def send(port, url, **more):
    notifier = ChatNotifier({"desk": url}, adapter=Here(port), **more)
    try:
        notifier.send(message())
    finally:
        notifier.close()


def test_every_service_is_tried():
    assert {name.removesuffix("s") for name in SERVICES} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_arrives(kind):
    url, taken, _ = KINDS[kind]
    with receiver(taken) as (port, got):
        send(port, url)
    text = b"".join(body for _, _, body in got).decode()
    assert "https://example.org/1" in text.replace("%3A", ":").replace("%2F", "/").replace("\\/", "/")
    assert "ferry ran aground" in text.replace("+", " ").replace("%20", " ")


@pytest.mark.parametrize("kind", KINDS)
def test_a_refusal_is_for_good_and_says_why(kind):
    url, _, refused = KINDS[kind]
    with receiver(refused) as (port, _), pytest.raises(PermanentError, match="answers 400") as caught:
        send(port, url)
    for secret in ("TIiajkdnlazkcOXrIdevi7FQ", "JHMHI8", "abcdefg_hijk", "3ccdd113", "Abcdefgh"):
        assert secret not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [429, 503])
def test_not_now_is_tried_again(kind, status):
    url, _, _ = KINDS[kind]
    later = (status, "{}", {"Retry-After": "1"})
    with receiver(later) as (port, _), pytest.raises(TransientError, match=str(status)) as caught:
        send(port, url)
    assert caught.value.retry_after_seconds == 1.0


def test_a_success_that_says_no_is_a_refusal():
    with receiver((200, '{"status": 0, "errors": ["no such user"]}')) as (port, _):
        try:
            send(port, KINDS["pover"][0])
        except PermanentError as error:
            assert "no such user" in str(error)  # noqa: PT017  # Pushover answers 4xx, so both are right


def test_redirects_are_not_followed():
    with (
        receiver((302, "", {"Location": "http://169.254.169.254/"})) as (port, got),
        pytest.raises(PermanentError, match="302"),
    ):
        send(port, KINDS["slack"][0])
    assert len(got) == 1


def test_private_addresses_are_refused_unless_they_are_named():
    with receiver((200, '{"id": "x"}')) as (port, got):
        url = f"ntfy://127.0.0.1:{port}/alerts"
        with pytest.raises(PermanentError, match=r"private address 127\.0\.0\.1.*webhook_private_hosts"):
            ChatNotifier({"desk": url}).send(message())
        assert got == []
        ChatNotifier({"desk": url}, private_hosts=["127.0.0.1"]).send(message())
        assert len(got) == 1
    assert requests.sessions.Session.__module__ == "requests.sessions"


def test_a_service_that_drips_is_left_in_time():
    with dripping_server(b"HTTP/1.1 200 OK\r\n", 0.4) as port:
        notifier = ChatNotifier(
            {"desk": f"ntfy://127.0.0.1:{port}/a"}, timeout_seconds=1.5, private_hosts=["127.0.0.1"]
        )
        began = time.monotonic()
        with pytest.raises(TransientError, match="in time"):
            notifier.send(message())
        assert time.monotonic() - began < 4


def test_a_channel_that_was_taken_out():
    with pytest.raises(PermanentError, match="no channel desk"):
        ChatNotifier({}).send(message())


@pytest.mark.parametrize("url", ["exec:///bin/sh", "json://127.0.0.1/", "mailto://a:b@c.d", "", "x"])
def test_only_services_that_were_tried(url):
    with pytest.raises(ConfigError, match="begins with none of slack://"):
        check_channel("desk", url)


@pytest.mark.parametrize("url", ["slack://", "tgram://x"])
def test_an_address_that_is_not_complete(url):
    with pytest.raises(ConfigError, match="not complete"):
        check_channel("desk", url)
