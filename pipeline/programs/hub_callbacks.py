"""Where hubs (WebSub) reach `watch-feeds`: they check that a subscription is wanted, and say what is new."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from pipeline.app.care.feed_loop import Pushes
from pipeline.errors import UsageError
from pipeline.listening import address_of, listen, server_of

_CHALLENGE_CHARS: Final = 1000
_REASON_CHARS: Final = 200
# A hub sends the whole feed; what is larger is not looked through for its signature, and the feed is polled.
_MOST_BODY_BYTES: Final = 16 * 1024 * 1024
_MOST_AT_ONCE: Final = 32


def hub_callbacks(pushes: Pushes) -> Starlette:
    """The application.

    Args:
        pushes: Is told what hubs say.
    """
    routes = [
        Route("/{path:path}", partial(_verify, pushes), methods=["GET"]),
        Route("/{path:path}", partial(_pushed, pushes), methods=["POST"]),
    ]
    return Starlette(routes=routes)


async def _verify(pushes: Pushes, request: Request) -> Response:
    """Whether a hub may tell of a feed (§5.3): only of one that was asked for, by its secret address."""
    if request.url.path == "/health":
        return PlainTextResponse("ok")
    subscription, asked = pushes.subscription(request.url.path), request.query_params
    if subscription is None or asked.get("hub.topic") != subscription.links.topic:
        return PlainTextResponse("not wanted", 404)
    if asked.get("hub.mode") == "denied":
        reason = " ".join(asked.get("hub.reason", "").split())[:_REASON_CHARS]
        pushes.refuse(
            subscription.feed, "".join(c for c in reason if c.isprintable()) or "it gives no reason"
        )
        return PlainTextResponse("noted")
    challenge = asked.get("hub.challenge", "")
    if asked.get("hub.mode") != "subscribe" or not 0 < len(challenge) <= _CHALLENGE_CHARS:
        return PlainTextResponse("not wanted", 404)
    return PlainTextResponse(challenge)


async def _pushed(pushes: Pushes, request: Request) -> Response:
    """News, if the signature is the hub's; a wrong one gets the same answer and changes nothing (§8)."""
    subscription = pushes.subscription(request.url.path)
    if subscription is None:
        return PlainTextResponse("not wanted", 410)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_BODY_BYTES:
            return PlainTextResponse("too large", 413)
    if subscription.signed(request.headers.get("x-hub-signature", ""), bytes(body)):
        pushes.push(subscription.feed)
    return Response(status_code=202)


@contextmanager
def listening(address: str, pushes: Pushes) -> Iterator[str]:
    """Listens for hubs in a thread of its own; gives where.

    Args:
        address: HOST:PORT, or a port on 127.0.0.1; port 0 takes a free one.
        pushes: Is told what hubs say.

    Raises:
        UsageError: The address is none.
        UnavailableError: It is taken.
    """
    host, _, port = address.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise UsageError(f"--listen {address}: write HOST:PORT, or a port")
    listener = listen(host, int(port), "--listen names another")
    server = server_of(hub_callbacks(pushes), lifespan="off", limit_concurrency=_MOST_AT_ONCE)
    thread = threading.Thread(target=server.run, args=([listener],), name="hubs", daemon=True)
    thread.start()
    try:
        yield address_of(listener, host)
    finally:
        server.should_exit = True
        thread.join(timeout=5.0)
        listener.close()
