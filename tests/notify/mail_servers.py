"""Real servers that behave badly: SMTP by aiosmtpd, HTTP by the standard library, certificates by openssl."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypedDict, Unpack

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from pipeline.records import Channel, Message

NOWHERE = "127.0.0.1"
DUE = datetime(2026, 3, 2, tzinfo=UTC)


class Postbox:
    """Takes mails, and answers with what `script` says: by address, or "*" for all.

    A script's values are tuples of answers; the last one stays. "stall" never answers, "drip" (to
    the data) does so without an end, "cut" closes the line after the mail's data, "take-cut" after having
    taken the mail.
    """

    def __init__(self, **script):
        self.script = {key.replace("_AT_", "@"): list(answers) for key, answers in script.items()}
        self.taken: list[tuple[str, bytes]] = []
        self.tries = 0

    def _answer(self, key):
        answers = self.script.get(key)
        if not answers:
            return ""
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: ARG002, N802  # the name aiosmtpd calls
        answer = self._answer("mail")
        if answer:
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: ARG002, N802  # the name aiosmtpd calls
        self.tries += 1
        answer = self._answer(address) or self._answer("*")
        if answer == "stall":
            await asyncio.sleep(20)
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: ARG002, N802  # the name aiosmtpd calls
        answer = self._answer("data")
        if answer == "stall":
            await asyncio.sleep(20)
        if answer in {"take-cut", ""}:
            self.taken.append((envelope.rcpt_tos[0], bytes(envelope.content)))
        if answer == "drip":
            for _ in range(100):
                await server.push("250-still at it")
                await asyncio.sleep(0.2)
        if answer in {"cut", "take-cut"}:
            server.transport.abort()
            return None
        return answer or "250 taken"


@contextmanager
def smtp_server(postbox, **more):
    """Runs a postbox on a free port of 127.0.0.1; yields the port."""
    controller = Controller(postbox, hostname=NOWHERE, port=free_port(), ready_timeout=10, **more)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop(no_assert=True)


def demanding(user="wire", password="s3cret p@ss"):  # noqa: S107  # made up
    """What makes a server demand STARTTLS and a login: see `smtp_server`."""

    def check(server, session, envelope, mechanism, data):
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            user.encode(),
            password.encode(),
        )
        return AuthResult(success=right, handled=False)

    return {"authenticator": check, "auth_required": True, "auth_require_tls": True, "require_starttls": True}


def certificate(folder: Path):
    """A self-signed certificate for localhost: its file, and a server's context with it."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [  # noqa: S607  #
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-keyout",
            key,
            "-out",
            cert,
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return cert, context


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((NOWHERE, 0))
        return probe.getsockname()[1]


@contextmanager
def silent_server():
    """Accepts connections and says nothing; yields the port."""
    with socket.create_server((NOWHERE, 0)) as listener:
        yield listener.getsockname()[1]


@contextmanager
def dripping_server(text, seconds=0.2):
    """Says a text byte by byte, so that no single wait is long; yields the port."""

    def drip(connection):
        with connection, suppress(OSError):
            for byte in text:
                connection.sendall(bytes([byte]))
                time.sleep(seconds)

    def accept():
        with suppress(OSError):
            while True:
                threading.Thread(target=drip, args=(listener.accept()[0],), daemon=True).start()

    listener = socket.create_server((NOWHERE, 0))
    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(2)


class Hook:
    """What a webhook got, and what it answers: (status, headers[, body]) in turn; the last one stays."""

    def __init__(self, *answers, delay=0.0):
        self.answers = list(answers) or [(200, {})]
        self.delay = delay
        self.got: list[tuple[dict[str, str], bytes]] = []


@contextmanager
def http_server(hook):
    """Runs a hook on a free port; yields its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.got.append((dict(self.headers.items()), body))
            time.sleep(hook.delay)
            status, headers, *body = hook.answers.pop(0) if len(hook.answers) > 1 else hook.answers[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            said = b"".join(body)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer((NOWHERE, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://{NOWHERE}:{server.server_address[1]}/hook"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Sent(TypedDict, total=False):
    """How a message differs from a rendered mail."""

    channel: Channel
    payload: bytes


def mail(to="reader@example.org", number=1, **more: Unpack[_Sent]):
    """A rendered mail."""
    payload = f"Message-ID: <{number}@example.org>\r\nTo: {to}\r\nSubject: x\r\n\r\n.dot\r\nbody {number}\r\n".encode()  # noqa: E501  # quoted as it is said
    return Message(
        id=f"m{number}", watch="w", alerts=("a",), to=to, state="rendered", due=DUE,
        message_id=f"<{number}@example.org>",
        channel=more.get("channel", "mail"), payload=more.get("payload", payload),
    )  # fmt: skip
