"""The read API as an ASGI application: who asks, how often, what; and the answer as JSON with its `ETag`."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Scope

from pipeline.api.api_tokens import PER_MINUTE, SCOPES, ApiToken, Tokens, bearer_of
from pipeline.api.description import description
from pipeline.api.operations import OPERATIONS, Operation
from pipeline.api.parameters import read_parameters
from pipeline.api.rate import Buckets
from pipeline.app import App
from pipeline.errors import (
    ConfigError,
    NotFoundError,
    QueryError,
    StoreError,
    TransientError,
    UsageError,
    WirewatchError,
)

log = logging.getLogger("wirewatch.api")

ROOT: Final = "/api/v1"
_COLUMN: Final = re.compile(r"column (\d{1,6})")
_MOST_PAIRS: Final = 50
_JSON, _PROBLEM = "application/json", "application/problem+json"


class Answering(Protocol):
    """Threads that answer questions of the app (`pipeline.desk.readers.Readers`)."""

    def ask(self, question: Callable[[App], Any], limit_seconds: float) -> Awaitable[Any]:
        """The answer to a question.

        Raises:
            UnavailableError: It took too long, or too many wait.
        """


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """What the API needs to know.

    Attributes:
        tokens: The tokens of programs; None where the API takes none.
        clock: The present time (UTC).
        limit_seconds: How long an answer may take.
        visitor: The name of somebody who has come in by another way, such as a login; "" for nobody.
    """

    tokens: Tokens | None
    clock: Callable[[], datetime]
    limit_seconds: float = 10.0  # a program waits longer than a person
    visitor: Callable[[Scope], str] = field(default=lambda _: "")


class ReadApi:
    """Turns requests into questions to the app, and answers into JSON.

    Args:
        readers: The threads that answer.
        options: What it needs to know.
    """

    def __init__(self, readers: Answering, options: ApiOptions) -> None:
        self._readers = readers
        self._options = options
        self._buckets = Buckets()

    def application(self) -> ASGIApp:
        """The ASGI application, with every operation below `/api/v1`."""
        routes = [
            Route(each.path, partial(self._answer, each), methods=["GET"], name=each.name)
            for each in OPERATIONS
        ]
        routes.append(Route("/openapi.json", self._describe, methods=["GET"]))
        return Starlette(
            routes=[Mount(ROOT, routes=routes)],
            exception_handlers={404: self._no_route, 405: self._no_route, Exception: self._broken},
        )

    async def _answer(self, operation: Operation, request: Request) -> Response:
        try:
            refused = self._refused(request, operation)
            if refused is not None:
                return refused
            asked = read_parameters(
                operation.parameters,
                operation.path,
                request.path_params,
                _pairs(request),
                self._options.clock(),
            )
            body = await self._readers.ask(
                lambda app: as_body(operation.answer(app, asked)), self._options.limit_seconds
            )
        except WirewatchError as error:
            return problem_of(error)
        except Exception as error:  # noqa: BLE001  an answer says so, whatever it is
            return _unforeseen(request, error)
        return _found(request, body)

    async def _describe(self, request: Request) -> Response:
        refused = self._refused(request, None)
        return refused if refused is not None else _found(request, as_body(description()))

    def _refused(self, request: Request, operation: Operation | None) -> Response | None:
        """Why this may not be asked; None where it may."""
        token = self._token(request)
        if token is None:
            return problem(
                401,
                "send a token: Authorization: Bearer TOKEN; `wirewatch tokens add` makes one",
                {"www-authenticate": 'Bearer realm="wirewatch"'},
            )
        wait = self._buckets.wait(token.name, token.per_minute, self._options.clock())
        if wait:
            later = {"retry-after": str(math.ceil(wait))}
            return problem(429, f"more than {token.per_minute} requests a minute with this token", later)
        if operation is not None and operation.scope is not None and operation.scope not in token.scopes:
            return problem(403, f"this needs a token with the scope {operation.scope}")
        return None

    def _token(self, request: Request) -> ApiToken | None:
        given = bearer_of(request.headers)
        if given is not None and self._options.tokens is not None:
            found = self._options.tokens.opened_by(given.strip())
            if found is not None:
                return found
        visitor = self._options.visitor(request.scope)
        # "/" stands in no name of a token.
        return ApiToken(f"/{visitor}", SCOPES, PER_MINUTE) if visitor else None

    async def _no_route(self, request: Request, error: Exception) -> Response:
        status = int(getattr(error, "status_code", 404))
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            return problem(status, f"{request.method}: this API reads only; use GET", {"allow": "GET, HEAD"})
        if self._token(request) is None:
            return problem(401, "send a token: Authorization: Bearer TOKEN", {"www-authenticate": "Bearer"})
        return problem(status, f"{request.url.path[:200]}: there is nothing here; see {ROOT}/openapi.json")

    async def _broken(self, request: Request, error: Exception) -> Response:
        return _unforeseen(request, error)


def as_body(document: Any) -> bytes:
    """A document as JSON in UTF-8; a lone surrogate, which UTF-8 cannot write, becomes "?"."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _found(request: Request, body: bytes) -> Response:
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "private, no-cache", "vary": "authorization, cookie"}
    given = request.headers.get("if-none-match", "")
    if any(each.strip().removeprefix("W/") in {tag, "*"} for each in given.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=_JSON)


def problem(
    status: int, detail: str, headers: Mapping[str, str] | None = None, column: int | None = None
) -> Response:
    """An error as RFC 9457 has it."""
    said = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": " ".join(detail.split())[:1000],
        "column": column,
    }
    return Response(as_body(said), status, headers=dict(headers or {}), media_type=_PROBLEM)


def problem_of(error: WirewatchError) -> Response:
    """The HTTP answer for an error that the app raised."""
    match error:
        case NotFoundError():
            return problem(404, str(error))
        case QueryError():
            column = _COLUMN.search(str(error))
            return problem(400, str(error), column=int(column[1]) if column else None)
        case UsageError() | ConfigError():
            return problem(400, str(error))
        case TransientError():
            later = {"retry-after": str(max(1, round(error.retry_after_seconds or 5)))}
            return problem(503, str(error), later)
        case StoreError():
            return problem(503, str(error))  # as on the pages; when a person has mended it nobody can say
        case _:
            return problem(500, str(error))


def _unforeseen(request: Request, error: Exception) -> Response:
    name = secrets.token_hex(4)
    log.error("error %s at %s", name, request.url.path, exc_info=error)
    return problem(500, f"something broke; the log has it as {name}")


def _pairs(request: Request) -> list[tuple[str, str]]:
    """The names and values behind the "?".

    Raises:
        UsageError: There are more than any operation has.
    """
    try:
        return parse_qsl(
            request.scope["query_string"].decode("latin-1"),
            keep_blank_values=True,
            max_num_fields=_MOST_PAIRS,
            errors="replace",
        )
    except ValueError:
        raise UsageError("too many parameters") from None
