"""A TLS server that speaks HTTP/2 and nothing else."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator

import h2.config
import h2.connection
import h2.events
from misbehaving import CERTIFICATES


@contextlib.contextmanager
def http2_server(body: bytes) -> Iterator[tuple[int, list[str]]]:
    """Serves one connection; gives the port, and the list of paths asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "valid.pem")
    context.set_alpn_protocols(["h2"])
    seen: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, context, body, seen), daemon=True)
        thread.start()
        yield listener.getsockname()[1], seen
    thread.join(5)


def _serve(listener: socket.socket, context: ssl.SSLContext, body: bytes, seen: list[str]) -> None:
    with contextlib.suppress(OSError):
        plain, _ = listener.accept()
        with context.wrap_socket(plain, server_side=True) as connection:
            connection.settimeout(5)
            _talk(connection, body, seen)


def _talk(connection: ssl.SSLSocket, body: bytes, seen: list[str]) -> None:
    state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    state.initiate_connection()
    connection.sendall(state.data_to_send())
    while data := connection.recv(65536):
        for event in state.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                headers = dict(event.headers)
                seen.append(headers[b":path"].decode())
                state.send_headers(event.stream_id, [(":status", "200"), ("content-length", str(len(body)))])
                state.send_data(event.stream_id, body, end_stream=True)
        connection.sendall(state.data_to_send())
