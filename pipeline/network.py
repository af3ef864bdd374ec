"""Connections: only to addresses that were checked, and never waiting longer than the deadline.

A name is looked up once, every address checked, and the connection made to an address as checked, at every
connection and so at every redirect: a name that changes its address in between (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import contextlib
import math
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Self

import httpcore
import httpx

from pipeline.addresses import is_public
from pipeline.errors import PermanentError

Resolve = Callable[[str, int], list[str]]
_KEEP_SECONDS = 10.0


class _Deadline(threading.local):
    """When the answer that this thread waits for must be complete (monotonic seconds)."""

    end: float = math.inf

    def left(self, timeout: float | None) -> float:
        """The seconds that one wait may take; `timeout` at most.

        Raises:
            httpcore.ReadTimeout: None are left.
        """
        left = self.end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the whole answer took too long")
        return left if timeout is None else min(left, timeout)


deadline = _Deadline()


class Stopwatch:
    """Sets the deadline of this thread, and says afterwards how long it took."""

    def __init__(self, limit_seconds: float) -> None:
        self._limit = limit_seconds
        self._started = 0.0
        self.seconds = 0.0

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        deadline.end = self._started + self._limit
        return self

    def __exit__(self, *_: object) -> None:
        deadline.end = math.inf
        self.seconds = time.monotonic() - self._started


class _TimedStream(httpcore.NetworkStream):
    """A network stream on which no single wait outlasts the deadline of the thread."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, deadline.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._inner.start_tls(ssl_context, server_hostname, deadline.left(timeout)))

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


class _CheckedBackend(httpcore.NetworkBackend):
    """Looks a name up, checks every address, and connects to an address that was checked."""

    def __init__(self, resolve: Resolve, private: Callable[[str], bool], remedy: str) -> None:
        self._inner = httpcore.SyncBackend()
        self._resolve = resolve
        self._private = private
        self._remedy = remedy

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._addresses(host, port, deadline.left(timeout))
        failure: Exception | None = None
        for address in addresses[:4]:
            try:
                stream = self._inner.connect_tcp(
                    address, port, deadline.left(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream)
        raise failure or httpcore.ConnectError("the name has no address")

    def _addresses(self, host: str, port: int, seconds: float) -> list[str]:
        found = looked_up(host, port, seconds, self._resolve)
        for address in () if self._private(host) else found:
            if not is_public(address):
                raise PermanentError(f"{host} is at the private address {address}; {self._remedy}")
        return found


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a name, by the system's resolver, in its order of preference."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def looked_up(host: str, port: int, seconds: float, resolve: Resolve = look_up) -> list[str]:
    """Looks a name up beside this thread, because the system's resolver takes no time limit.

    Raises:
        httpcore.ConnectTimeout: There was no answer in so many seconds.
        httpcore.ConnectError: There is no such host.
    """
    found: list[str] = []
    failed: list[Exception] = []

    def run() -> None:
        try:
            found.extend(resolve(host, port))
        except (OSError, UnicodeError) as error:
            failed.append(error)

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    worker.join(seconds)
    if worker.is_alive():
        raise httpcore.ConnectTimeout("the name server did not answer")
    if failed:
        raise httpcore.ConnectError("no such host") from failed[0]
    return found


class Cutoff:
    """Cuts a connection off when its time is over, whatever it waits for; for libraries without a deadline.

    A library's time-out is for one step, and a server that sends a byte now and then never meets it. What
    the connection is wrapped in (TLS) does not matter: a second handle of the same socket is shut down.

    Args:
        seconds: From now on.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._timer: threading.Timer | None = None
        self._handle: socket.socket | None = None
        self.over = False

    @property
    def left(self) -> float:
        """Seconds that are left; a little where none are, because 0 means no time-out to a socket."""
        return max(self._end - time.monotonic(), 0.001)

    def connect(self, host: str, port: int, timeout: float) -> socket.socket:
        """A connection to the first address of a host that takes one, watched from now on.

        Raises:
            OSError: No address does in time, or the host is not found.
        """
        try:
            addresses = looked_up(host, port, min(timeout, self.left))
        except httpcore.ConnectTimeout as error:
            raise TimeoutError(str(error)) from None
        except httpcore.ConnectError as error:
            raise OSError(str(error)) from None
        failure: OSError = OSError("the name has no address")
        for address in addresses[:4]:
            try:
                connection = socket.create_connection((address, port), min(timeout, self.left))
            except OSError as error:
                failure = error
            else:
                self._watch(connection)
                return connection
        raise failure

    def _watch(self, connection: socket.socket) -> None:
        self._handle = connection.dup()
        self._timer = threading.Timer(self.left, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def _cut(self) -> None:
        self.over = True
        if self._handle is not None:
            with contextlib.suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Stops watching."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        if self._handle is not None:
            self._handle.close()
            self._handle = None


class CheckedTransport(httpx.HTTPTransport):
    """httpx's transport on connections to checked addresses; httpx has no public way to hand a pool in.

    Args:
        tls: Whom to trust.
        connections: At most so many at a time.
        resolve: Looks names up.
        private: Whether a host (lower case) may have a private address.
        remedy: What to do where such an address is meant, for the message of the refusal.
    """

    def __init__(
        self,
        tls: ssl.SSLContext,
        connections: int,
        resolve: Resolve,
        private: Callable[[str], bool],
        remedy: str,
    ) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=_KEEP_SECONDS,
            http1=True,
            http2=True,
            network_backend=_CheckedBackend(resolve, private, remedy),
        )
