"""An outlet with a feed and a WebSub hub of its own, on 127.0.0.1: real HTTP, real signatures."""

from __future__ import annotations

import hashlib
import hmac
import threading
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode

import httpx


class HubNewsroom:
    """Serves `/feed`, takes subscriptions at `/hub`, and tells subscribers of what is published.

    Attributes:
        subscriptions: By callback, what was asked for and verified.
        refused: Callbacks that did not answer the challenge.
        answers: What callbacks answered to pushes.
        polls: How often the feed was asked for.
    """

    def __init__(self, *, refusing: bool = False) -> None:
        self.subscriptions: dict[str, dict[str, str]] = {}
        self.refused: list[str] = []
        self.answers: list[int] = []
        self.polls = 0
        self.refusing = refusing
        self.verified = threading.Event()
        self._items: list[str] = []
        newsroom = self

        class Answering(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                newsroom.polls += 1
                self._answer(200, newsroom.feed)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
                self._answer(403 if newsroom.refusing else 202, b"")
                if not newsroom.refusing:
                    newsroom.verify(asked)

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def topic(self) -> str:
        """The name of the feed at the hub."""
        return f"{self.url}/feed"

    @property
    def feed(self) -> bytes:
        """The feed as it is now."""
        head = f'<a:link rel="hub" href="{self.url}/hub"/><a:link rel="self" href="{self.topic}"/>'
        items = "".join(reversed(self._items))
        return (
            '<?xml version="1.0"?><rss version="2.0" xmlns:a="http://www.w3.org/2005/Atom">'
            f"<channel><title>Courier</title>{head}{items}</channel></rss>"
        ).encode()

    def publish(self, title: str, text: str, at: Any, *, tell: bool = True) -> None:
        """Adds an item, and tells all subscribers."""
        number = len(self._items)
        self._items.append(
            f"<item><title>{title}</title><description>{text}</description><guid>{self.url}/{number}</guid>"
            f"<link>{self.url}/{number}</link><pubDate>{format_datetime(at)}</pubDate></item>"
        )
        for callback, asked in list(self.subscriptions.items()) if tell else ():
            signature = hmac.new(asked["hub.secret"].encode(), self.feed, hashlib.sha256).hexdigest()
            self.answers.append(push(callback, self.feed, f"sha256={signature}"))

    def verify(self, asked: dict[str, str], mode: str = "subscribe") -> int:
        """Asks a callback whether it wanted this."""
        callback = asked["hub.callback"]
        checked = {
            "hub.mode": mode,
            "hub.topic": asked["hub.topic"],
            "hub.challenge": "ch4llenge",
            "hub.lease_seconds": asked["hub.lease_seconds"],
        }
        answer = httpx.get(f"{callback}?{urlencode(checked)}")
        if answer.status_code == 200 and answer.text == "ch4llenge":
            self.subscriptions[callback] = asked
            self.verified.set()
        else:
            self.refused.append(callback)
        return answer.status_code


def push(callback: str, body: bytes, signature: str) -> int:
    """What a callback answers to news."""
    return httpx.post(callback, content=body, headers={"x-hub-signature": signature}).status_code
