"""A port to be listened on: taken before anything is printed, so who reads the address may come at once."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from pipeline.errors import UnavailableError

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp


def listen(host: str, port: int, remedy: str) -> socket.socket:
    """Listens at an address.

    Args:
        host: A name or an address, IPv4 or IPv6.
        port: 0 takes a free one.
        remedy: What to do where it is taken.

    Raises:
        UnavailableError: It is taken, or not ours.
    """
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise UnavailableError(f"{host}:{port}: cannot listen there ({error.strerror}); {remedy}") from None
    return listening


def address_of(listening: socket.socket, host: str) -> str:
    """The URL of what listens, under the name that it was given."""
    return f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}/"


def server_of(site: ASGIApp, **more: Any) -> uvicorn.Server:
    """A server that says nothing of itself, logs no requests, and believes no proxy; `more` are uvicorn's."""
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            site, log_level="warning", access_log=False, server_header=False, proxy_headers=False, **more
        )
    )
