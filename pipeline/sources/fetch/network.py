"""Connections: only to addresses that were checked, and never waiting longer than the deadline.

A name is looked up once, every address checked, and the connection made to an address as checked, at every
connection and so at every redirect: a name that changes its address in between (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import math
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Self

import httpcore

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

    def __init__(self, resolve: Resolve, *, allow_private: bool) -> None:
        self._inner = httpcore.SyncBackend()
        self._resolve = resolve
        self._allow_private = allow_private

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
        found = _in_time(lambda: self._resolve(host, port), seconds)
        for address in () if self._allow_private else found:
            if not is_public(ipaddress.ip_address(address.partition("%")[0])):
                raise PermanentError(
                    f"{host} is at the private address {address}; to allow it, list the host under "
                    "fetch.private_hosts or give the feed allow_private"
                )
        return found


def look_up(host: str, port: int) -> list[str]:
    """The addresses of a name, by the system's resolver, in its order of preference."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _in_time(look_up_now: Callable[[], list[str]], seconds: float) -> list[str]:
    """Runs a look-up beside this thread, because the system's resolver takes no time limit."""
    found: list[str] = []
    failed: list[Exception] = []

    def run() -> None:
        try:
            found.extend(look_up_now())
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


def checked_pool(
    tls: ssl.SSLContext, connections: int, resolve: Resolve, *, allow_private: bool
) -> httpcore.ConnectionPool:
    """A pool of HTTP/1.1 and HTTP/2 connections to checked addresses.

    Args:
        tls: Whom to trust.
        connections: At most so many at a time.
        resolve: Looks names up.
        allow_private: Whether private addresses may be connected to.
    """
    return httpcore.ConnectionPool(
        ssl_context=tls,
        max_connections=connections,
        max_keepalive_connections=connections,
        keepalive_expiry=_KEEP_SECONDS,
        http1=True,
        http2=True,
        network_backend=_CheckedBackend(resolve, allow_private=allow_private),
    )
