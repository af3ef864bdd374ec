"""What stands before every page: the host, where a request comes from, who asks; and the headers."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.api.api_tokens import Scope as ApiScope
from pipeline.api.api_tokens import bearer_of
from pipeline.desk.access import (
    Doors,
    Person,
    Sessions,
    Visitor,
    feed_signature,
    host_name,
    same_origin,
)

COOKIE: Final = "wirewatch_desk"
PERSON: Final = "wirewatch.person"
# Where an application that the pages are mounted in says who asks; nothing that is sent can stand there.
VISITOR: Final = "wirewatch.visitor"
# Answered before any login: they say nothing that is not in the project's own files.
# The read API asks for a token of its own.
_OPEN: Final = ("/health", "/login", "/static/", "/api/")
# Behind another login no page of ours is shown to a stranger, not even how it looks.
_OPEN_MOUNTED: Final = ("/health", "/api/")
# What uvloop says of a connection that the other side has left.
_CLOSED: Final = "the handler is closed"
HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
Refuse = Callable[[Scope, int, str], Response]


class Guard:
    """The ASGI layer around all of it, static files too.

    Args:
        app: The pages.
        doors: How one may come in.
        sessions: Reads and writes the cookie.
        key: Of feeds that open without a login.
        clock: The present time (UTC).
        refuse: Makes the page of an error that comes before any page.
    """

    def __init__(
        self,
        app: ASGIApp,
        doors: Doors,
        sessions: Sessions,
        key: Callable[[], bytes],
        clock: Callable[[], datetime],
        refuse: Refuse,
    ) -> None:
        self._app = app
        self._doors = doors
        self._sessions = sessions
        self._key = key
        self._clock = clock
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, or answers it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        gone = False

        async def with_headers(message: Message) -> None:
            nonlocal gone
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "private, no-store")
            try:
                if not gone:
                    await send(message)
            except RuntimeError as error:
                # Somebody hung up while this was written to them: no error of ours, and nobody to tell.
                if _CLOSED not in str(error):
                    raise
                gone = True

        answer = self._checked(scope)
        await (self._app if answer is None else answer)(scope, receive, with_headers)

    def _checked(self, scope: Scope) -> Response | None:
        headers = headers_of(scope)
        host = headers.get("host", "")
        if host_name(host) not in self._doors.hosts:
            return self._refuse(scope, 400, "host")
        origins = [f"{scope['scheme']}://{host}"]
        bearer = headers.get("authorization", "").lower().startswith("bearer ")
        if not same_origin(scope["method"], headers, origins, bearer=bearer):
            return self._refuse(scope, 403, "cross_site")
        path = path_of(scope)
        person = self._person(scope, headers)
        scope[PERSON] = person
        free = _OPEN_MOUNTED if self._doors.mounted else _OPEN
        if path == free[0] or path.startswith(free[1:]) or self._by_key(scope, path):
            return None
        if path == "/metrics" and self._scrapes(headers):
            return None
        return self._login(scope) if person is None else self._written(scope, path, person)

    def _written(self, scope: Scope, path: str, person: Person) -> Response | None:
        # The mark of what was seen and the end of a session change the visitor's own cookies alone.
        if scope["method"] in {"GET", "HEAD"} or path in {"/seen", "/logout"}:
            return None
        if self._doors.read_only:
            return self._refuse(scope, 405, "read_only")
        return None if person.role == "editor" else self._refuse(scope, 403, "readers_only")

    def _by_key(self, scope: Scope, path: str) -> bool:
        # The path as it was sent: an id that ends so is written with %2E, and is a page.
        raw: bytes = scope.get("raw_path") or path.encode()
        if not raw.endswith(b".atom") or scope["method"] not in {"GET", "HEAD"}:
            return False
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = dict(pairs).get("key", "")
        if given.startswith("ww-"):
            return self._token_reads(given, "feeds")
        signed = feed_signature(self._key(), path, [pair for pair in pairs if pair[0] != "key"])
        return hmac.compare_digest(given.encode(errors="surrogatepass"), signed.encode())

    def _scrapes(self, headers: dict[str, str]) -> bool:
        token = bearer_of(headers)
        return token is not None and self._token_reads(token, "metrics")

    def _token_reads(self, token: str, scope: ApiScope) -> bool:
        tokens = self._doors.tokens
        whose = tokens.opened_by(token) if tokens is not None else None
        return whose is not None and scope in whose.scopes

    def _person(self, scope: Scope, headers: dict[str, str]) -> Person | None:
        doors = self._doors
        if doors.mounted:
            visitor = scope.get(VISITOR)
            return visitor.person if isinstance(visitor, Visitor) else None
        peer = (scope.get("client") or ("", 0))[0]
        if doors.proxy_header and peer in doors.proxy_addresses:
            name = headers.get(doors.proxy_header.lower(), "")
            if name:
                return Person(name[:200], "editor" if name in doors.editors else "reader")
        if doors.open:
            return Person("desk", "editor")
        token = bearer_of(headers)
        if token is not None and self._sessions.opened_by_token(token):
            return Person("desk", "editor")
        return self._sessions.read(cookie_of(headers, COOKIE), self._clock())

    def _login(self, scope: Scope) -> Response:
        if self._doors.mounted:
            return self._login_elsewhere(scope)
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        root, path = scope.get("root_path", ""), path_of(scope)
        if scope["method"] == "GET" and self._sessions.opened_by_token(query.pop("token", "")):
            rest = f"?{urlencode(query)}" if query else ""
            answer = RedirectResponse(f"{root}{quote(path)}{rest}", 303)
            give_session(answer, scope, self._sessions.write(Person("desk", "editor"), self._clock()))
            return answer
        headers = headers_of(scope)
        if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") == "navigate":
            # A link in a mail: a strict cookie comes with the next step only, taken from our own page.
            return self._refuse(scope, 200, "arrive")
        if (
            self._doors.passwords
            and scope["method"] == "GET"
            and not path.endswith((".json", ".csv", ".atom"))
        ):
            behind = scope["query_string"].decode("latin-1")
            target = quote(path) + (f"?{behind}" if behind else "")
            return RedirectResponse(f"{root}/login?{urlencode({'next': target})}", 303)
        return self._refuse(scope, 403, "no_token" if self._doors.token else "no_login")

    def _login_elsewhere(self, scope: Scope) -> Response:
        visitor = scope.get(VISITOR)
        page = scope["method"] == "GET" and not path_of(scope).endswith((".json", ".csv", ".atom"))
        if not isinstance(visitor, Visitor) or not page or path_of(scope).startswith("/static/"):
            return self._refuse(scope, 401, "no_login")
        behind = scope["query_string"].decode("latin-1")
        here = f"{scope.get('root_path', '')}{quote(path_of(scope))}{f'?{behind}' if behind else ''}"
        return RedirectResponse(f"{visitor.login}?{urlencode({'next': here})}", 303)


def give_session(answer: Response, scope: Scope, value: str) -> None:
    """Sets the cookie of a session."""
    give_cookie(answer, scope, COOKIE, value, days=7)


def give_cookie(answer: Response, scope: Scope, name: str, value: str, days: int) -> None:
    """Sets a cookie of ours: no script reads it, no other site sends it."""
    answer.set_cookie(
        name,
        value,
        max_age=days * 86400,
        path=scope.get("root_path", "") or "/",
        httponly=True,
        samesite="strict",
        secure=scope["scheme"] == "https",
    )


def headers_of(scope: Scope) -> dict[str, str]:
    """The headers by name in lower case; of a name given twice, the last."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def cookie_of(headers: dict[str, str], name: str) -> str:
    """A cookie's value, or ""."""
    try:
        jar: SimpleCookie = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    return jar[name].value if name in jar else ""


def path_of(scope: Scope) -> str:
    """The path below where the pages are mounted."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")) or "/"
