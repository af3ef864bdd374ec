"""A real HTTP server on 127.0.0.1, made of threads and raw sockets, answering as badly as it is told."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

CERTIFICATES = Path(__file__).parent / "certificates"


@dataclass
class Asked:
    """A request as it came."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)


class Exchange:
    """One request and the connection to answer it on."""

    def __init__(
        self,
        connection: socket.socket,
        asked: Asked,
        stopping: threading.Event,
        answering: Callable[[], None],
    ) -> None:
        self.connection = connection
        self.asked = asked
        self._stopping = stopping
        self._answering = answering

    def send(self, data: bytes) -> None:
        """Sends raw bytes."""
        self.connection.sendall(data)

    def answer(self, body: bytes = b"", status: int = 200, **headers: str) -> None:
        """Sends a well-formed answer; `content_type` becomes Content-Type."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named = {"Content-Length": str(len(body)), "Connection": "close", **named}
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value)
        # The client may ask again as soon as it has the last byte, before this thread runs on.
        self._answering()
        self.send(f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + body)

    def pause(self, seconds: float) -> None:
        """Waits; not beyond the end of the test."""
        if self._stopping.wait(seconds):
            raise ConnectionAbortedError

    def reset(self) -> None:
        """Ends the connection with a TCP reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


Route = Callable[[Exchange], None]


class Misbehaving:
    """The server; a context manager.

    Args:
        tls: The name of a certificate to serve with, or "" for plain HTTP.
        host: The address to listen on; all of 127.0.0.0/8 is this machine.
    """

    def __init__(self, tls: str = "", host: str = "127.0.0.1") -> None:
        self.routes: dict[str, Route] = {}
        self.asked: list[Asked] = []
        self.most_at_once: Counter[str] = Counter()
        self._at_once: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._scheme = "https" if tls else "http"
        self._tls = None
        if tls:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(CERTIFICATES / f"{tls}.pem")
        self._listener = socket.create_server((host, 0), backlog=256)
        self.host, self.port = self._listener.getsockname()[:2]
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def url(self, path: str, host: str = "") -> str:
        """The URL of a path here."""
        return f"{self._scheme}://{host or self.host}:{self.port}{path}"

    def serve(self, path: str, body: bytes, status: int = 200, **headers: str) -> str:
        """Answers a path the same each time; returns its URL."""
        self.routes[path] = lambda exchange: exchange.answer(body, status, **headers)
        return self.url(path)

    def route(self, path: str, route: Route) -> str:
        """Answers a path by a function; returns its URL."""
        self.routes[path] = route
        return self.url(path)

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [asked.path for asked in self.asked]

    def _spawn(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._spawn(self._handle, connection)

    def _handle(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), contextlib.closing(connection):
            connection.settimeout(20)
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            asked = _read(connection)
            if asked is None:
                return
            with self._counted(asked) as ended:
                route = self.routes.get(asked.path.partition("?")[0]) or self.routes.get("*")
                exchange = Exchange(connection, asked, self._stopping, ended)
                if route is None:
                    exchange.answer(b"", 404)
                else:
                    route(exchange)
            connection.close()

    @contextlib.contextmanager
    def _counted(self, asked: Asked) -> Iterator[Callable[[], None]]:
        """Counts a request as under way until the function it gives is called, or else until it ends."""
        names = (asked.headers.get("host", ""), "")
        with self._lock:
            self.asked.append(asked)
            for name in names:
                self._at_once[name] += 1
                self.most_at_once[name] = max(self.most_at_once[name], self._at_once[name])
        under_way = list(names)

        def ended() -> None:
            with self._lock:
                while under_way:
                    self._at_once[under_way.pop()] -= 1

        try:
            yield ended
        finally:
            ended()


def _read(connection: socket.socket) -> Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    first, *lines = data.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return Asked(first.split(" ")[1], {name.lower(): value.strip() for name, _, value in pairs})
