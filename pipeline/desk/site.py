"""The pages as one ASGI application: routes, errors, and what a request is turned into."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from importlib.resources import files
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline.api.api_tokens import Tokens
from pipeline.api.read_api import ROOT, ApiOptions, ReadApi, problem
from pipeline.app import App
from pipeline.desk import article_view, atom, care, correct, find, read, watches
from pipeline.desk.access import Doors, Person, Sessions, Tries, own_path
from pipeline.desk.desk_texts import chosen, say
from pipeline.desk.guard import (
    COOKIE,
    PERSON,
    Guard,
    cookie_of,
    give_cookie,
    give_session,
    headers_of,
    path_of,
)
from pipeline.desk.readers import Readers
from pipeline.desk.view import Ask, View, as_csv, as_html, as_json
from pipeline.errors import (
    ConfigError,
    ContradictionError,
    NotFoundError,
    QueryError,
    StoreError,
    TransientError,
    UsageError,
    WirewatchError,
)

log = logging.getLogger("wirewatch.desk")

Handler = Callable[[App, Ask], View]
FORM: Final = "wirewatch.form"
_MOST_BODY_BYTES: Final = 1_000_000
_COLUMN: Final = re.compile(r"column (\d+)")
_KINDS: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Pages that may take longer than the others: they look at everything, on purpose.
SLOW: Final = 30.0

_GET: Final[tuple[tuple[str, Handler, float], ...]] = (
    ("/", read.stories, 1),
    ("/stories", read.stories, 1),
    ("/stories/{id}", read.story, 1),
    ("/articles/{id:path}", article_view.article, 1),
    ("/search", find.search, 1),
    ("/situations", find.situations, 1),
    ("/situations/{id}", find.situation, 1),
    ("/names", find.names, 10),
    ("/names/{id:path}", find.name, 1),
    ("/watches", watches.watches, 1),
    ("/watches/new", watches.edit, 1),
    ("/watches/{name:path}/edit", watches.edit, 1),
    ("/watches/{name:path}", watches.watch, 10),
    ("/feeds", care.feeds, 1),
    ("/feeds.opml", care.opml, 1),
    ("/feeds/{id}", care.feed, 1),
    ("/quarantine", care.quarantine, 1),
    ("/quarantine/{id}", care.entry, 1),
    ("/corrections", correct.corrections, 1),
    ("/requests/{id}", correct.request, 1),
    ("/doctor", care.doctor, SLOW),
    ("/metrics", care.metrics, SLOW),
    ("/about", care.about, 1),
)
_FEEDS: Final[dict[Handler, atom.Source]] = {
    read.stories: atom.FOLLOWED["stories"],
    read.story: atom.FOLLOWED["story"],
    find.search: atom.FOLLOWED["search"],
    find.name: atom.FOLLOWED["name"],
    find.situation: atom.FOLLOWED["situation"],
    watches.watch: atom.FOLLOWED["watch"],
}
_POST: Final[tuple[tuple[str, Handler, float], ...]] = (
    ("/stories/preview", correct.preview, SLOW),
    ("/requests", correct.file_request, 10.0),
    ("/watches/new", watches.edited, SLOW),
    ("/watches/{name:path}/edit", watches.edited, SLOW),
)


@dataclass(frozen=True, slots=True)
class SiteOptions:
    """What a site needs to know.

    Attributes:
        doors: How one may come in.
        key: Signs sessions.
        clock: The present time (UTC).
        zone: The time zone that times are written in.
        keys: Whether single keys do something.
        limit_seconds: How long a page may take.
        feed_key: Signs the addresses of feeds.
        url: Where readers find the pages; "" for where they are asked.
        api_tokens: Of programs that ask the read API; None where only who is logged in may ask it.
    """

    doors: Doors
    key: bytes = field(repr=False)
    clock: Callable[[], datetime]
    zone: str = "UTC"
    keys: bool = True
    limit_seconds: float = 2.0
    # Where none is given, no address opens: each call has another.
    feed_key: Callable[[], bytes] = field(default=partial(secrets.token_bytes, 32), repr=False)
    url: str = ""
    api_tokens: Tokens | None = None


class Site:
    """Turns requests into questions to the app, and answers into pages.

    Args:
        readers: The threads that answer.
        options: What a site needs to know.
        filed: Called when a request was kept.
    """

    def __init__(self, readers: Readers, options: SiteOptions, filed: Callable[[], None]) -> None:
        self._readers = readers
        self._filed = filed
        self._options = options
        self._sessions = Sessions(options.key, options.doors)
        self._tries = Tries()
        self._validators = atom.Validators()

    def application(self) -> ASGIApp:
        """The whole of it, with the guard around."""
        routes = [
            Route(path, partial(self._answer, handler, limit), methods=[method])
            for method, pages in (("POST", _POST), ("GET", _GET))
            for path, handler, limit in pages
        ]
        routes += [
            Route("/health", self._health, methods=["GET"]),
            Route("/static/{name}", self._static, methods=["GET"]),
            Route("/login", self._login_page, methods=["GET"]),
            Route("/login", self._login, methods=["POST"]),
            Route("/logout", self._logout, methods=["POST"]),
            Route("/seen", self._seen, methods=["POST"]),
        ]
        app = Starlette(
            routes=routes,
            exception_handlers={404: self._not_found, 405: self._not_found, Exception: self._broken},
        )
        options = ApiOptions(self._options.api_tokens, self._options.clock, visitor=_name_of_visitor)
        api = ReadApi(self._readers, options)
        return Guard(
            Beside(Twins(app), api.application()),
            replace(self._options.doors, tokens=self._options.api_tokens),
            self._sessions,
            self._options.feed_key,
            self._options.clock,
            self._refuse,
        )

    # -- pages -------------------------------------------------------------------------------------------

    async def _answer(self, handler: Handler, limit: float, request: Request) -> Response:
        ask = await self._ask(request)
        form = request.scope.get(FORM, "html")

        def question(app: App) -> Response:
            if form == "atom" and handler in _FEEDS:
                return self._feed(request, ask, _FEEDS[handler], app)
            response = self._response(request, ask, handler(app, ask), form)
            if handler is correct.file_request:
                self._filed()
            if handler is watches.edited:
                self._readers.look_again()
            return response

        return await self._guarded(request, ask, question, max(limit, self._options.limit_seconds))

    async def _guarded(
        self, request: Request, ask: Ask, question: Callable[[App], Response], limit: float
    ) -> Response:
        """The answer to a question, or the page of its error."""
        try:
            return await self._readers.ask(question, limit)
        except WirewatchError as error:
            return self._error(request, ask, error)
        except Exception as error:  # noqa: BLE001  a page says so, whatever it is
            return self._unforeseen(request, ask, error)

    def _feed(self, request: Request, ask: Ask, source: atom.Source, app: App) -> Response:
        """A feed, or that nothing changed: that is known before any story is read."""
        base = self._options.url or f"{request.scope['scheme']}://{request.headers.get('host', '')}{ask.root}"
        base = base.rstrip("/")
        tag = atom.tag_of(app, ask, base)
        modified = self._validators.modified(repr((base, ask.path, ask.query, ask.language)), tag, ask.now)
        kept = {"etag": tag, "last-modified": modified, "cache-control": "private, no-cache"}
        if atom.not_modified(headers_of(request.scope), tag, modified):
            return Response(status_code=304, headers=kept)
        return Response(atom.as_atom(app, ask, source, base), headers=kept, media_type=atom.KIND)

    def _response(self, request: Request, ask: Ask, page: View, form: str) -> Response:
        response = self._plain(ask, page, form)
        for name, value, days in page.cookies:
            give_cookie(response, request.scope, name, value, days)
        asked = dict(ask.query).get("lang", "")
        if asked == ask.language:
            give_cookie(response, request.scope, "desk_lang", asked, 365)
        return response

    def _plain(self, ask: Ask, page: View, form: str) -> Response:
        if page.to:
            twin = f".{form}" if form != "html" and page.status == 301 else ""
            return RedirectResponse(page.to + twin, page.status if page.status != 200 else 303)
        if page.body:
            named = {"content-disposition": f'attachment; filename="{page.name}"'} if page.name else {}
            return Response(page.body, headers=named, media_type=page.kind)
        if form == "json" and page.document is not None:
            document = page.document() if callable(page.document) else page.document
            return Response(as_json(document), page.status, media_type="application/json")
        if form == "csv" and page.rows is not None:
            named = {"content-disposition": 'attachment; filename="wirewatch.csv"'}
            rows = page.rows() if callable(page.rows) else page.rows
            return Response(as_csv(rows), headers=named, media_type="text/csv; charset=utf-8")
        if form != "html":
            raise NotFoundError(f"{ask.path}: has no .{form}")
        return Response(as_html(ask, page), page.status, media_type="text/html; charset=utf-8")

    async def _ask(self, request: Request) -> Ask:
        scope, options = request.scope, self._options
        headers = headers_of(scope)
        query = tuple(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)[:300])
        form: tuple[tuple[str, str], ...] = ()
        if request.method == "POST":
            form = tuple(parse_qsl(await _body(request), keep_blank_values=True)[:1000])
        seen = cookie_of(headers, "desk_seen")
        return Ask(
            path=path_of(scope),
            query=query,
            given=dict(request.path_params),
            form=form,
            person=scope.get(PERSON),
            now=options.clock(),
            language=chosen(
                dict(query).get("lang", ""),
                cookie_of(headers, "desk_lang"),
                headers.get("accept-language", ""),
            ),
            zone=options.zone,
            root=scope.get("root_path", ""),
            seen=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 16 else -1,
            read_only=options.doors.read_only,
            keys=options.keys,
            key=options.feed_key(),
        )

    # -- errors ------------------------------------------------------------------------------------------

    def _error(self, request: Request, ask: Ask, error: WirewatchError) -> Response:
        status, heading = _status_of(error)
        column = _COLUMN.search(str(error)) if isinstance(error, QueryError) else None
        query = read.query_of(ask) if column else ""
        context = {
            "heading": say(ask.language, heading),
            "line": " ".join(str(error).split()),
            "query": query,
            "column": int(column[1]) if column and int(column[1]) <= len(query) + 1 else None,
        }
        response = self._said(request.scope, ask, status, context)
        if isinstance(error, TransientError):
            response.headers["retry-after"] = str(max(1, round(error.retry_after_seconds or 5)))
        return response

    def _said(self, scope: Scope, ask: Ask, status: int, context: Mapping[str, Any]) -> Response:
        if scope.get(FORM, "html") != "html":
            return Response(as_json({"error": context["line"]}), status, media_type="application/json")
        known = {"query": "", "column": None, "refresh": None}
        page = View("error", known | dict(context), status=status)
        return Response(as_html(replace(ask, given={}), page), status, media_type="text/html; charset=utf-8")

    def _unforeseen(self, request: Request, ask: Ask, error: Exception) -> Response:
        name = secrets.token_hex(4)
        log.error("error %s at %s", name, request.url.path, exc_info=error)
        line = say(ask.language, "error_id", id=name)
        return self._said(
            request.scope, ask, 500, {"heading": say(ask.language, "error_broken"), "line": line}
        )

    async def _broken(self, request: Request, error: Exception) -> Response:
        return self._unforeseen(request, _plain_ask(request.scope, self._options), error)

    async def _not_found(self, request: Request, error: Exception | None = None) -> Response:
        ask = _plain_ask(request.scope, self._options)
        line = f"{request.method} {ask.path[:200]}"
        context = {"heading": say(ask.language, "error_not_found"), "line": line}
        return self._said(request.scope, ask, getattr(error, "status_code", 404), context)

    def _refuse(self, scope: Scope, status: int, why: str) -> Response:
        """What the guard answers."""
        if path_of(scope).startswith(f"{ROOT}/"):
            return problem(status, say("en", f"refused_{why}"))
        ask = _plain_ask(scope, self._options)
        context: dict[str, Any] = {
            "heading": say(ask.language, "error_refused"),
            "line": say(ask.language, f"refused_{why}"),
        }
        if why == "arrive":
            context |= {"heading": say(ask.language, "arriving"), "refresh": f"0;url={ask.root}{ask.here()}"}
        return self._said(scope, ask, status, context)

    # -- what needs no app -------------------------------------------------------------------------------

    async def _health(self, _: Request) -> Response:
        return PlainTextResponse("ok")

    async def _static(self, request: Request) -> Response:
        name = request.path_params["name"]
        known = {each.name: each for each in files("pipeline.desk").joinpath("static").iterdir()}
        kind = _KINDS.get(name[name.rfind(".") :])
        if name not in known or kind is None:
            return await self._not_found(request)
        kept = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(known[name].read_bytes(), headers=kept, media_type=kind)

    async def _login_page(self, request: Request) -> Response:
        ask = await self._ask(request)
        return self._form(ask, own_path(ask.one("next") or "/"), 200, "")

    def _form(self, ask: Ask, following: str, status: int, wrong: str) -> Response:
        page = View("login", {"next": following, "wrong": say(ask.language, wrong) if wrong else ""})
        return Response(as_html(ask, page), status, media_type="text/html; charset=utf-8")

    async def _login(self, request: Request) -> Response:
        ask = await self._ask(request)
        following = own_path(ask.posted("next") or "/")
        address = request.client.host if request.client else ""
        if not self._tries.allowed(address, ask.now):
            response = self._form(ask, following, 429, "too_many_tries")
            response.headers["retry-after"] = "60"
            return response
        role = self._sessions.opened_by(ask.posted("password"))
        if role is None:
            return self._form(ask, following, 401, "wrong_password")
        answer = RedirectResponse(ask.root + following, 303)
        give_session(answer, request.scope, self._sessions.write(Person(role, role), ask.now))
        return answer

    async def _logout(self, request: Request) -> Response:
        answer = RedirectResponse(f"{request.scope.get('root_path', '')}/login", 303)
        give_cookie(answer, request.scope, COOKIE, "", 0)
        return answer

    async def _seen(self, request: Request) -> Response:
        ask = await self._ask(request)
        head = ask.posted("head")
        answer = RedirectResponse(ask.root + own_path(ask.posted("next").removeprefix(ask.root) or "/"), 303)
        if head.isascii() and head.isdigit() and len(head) < 16:
            give_cookie(answer, request.scope, "desk_seen", head, 365)
        return answer


class Beside:
    """The read API beside the pages.

    Args:
        pages: Everything else.
        api: What is below `/api/v1/`.
    """

    def __init__(self, pages: ASGIApp, api: ASGIApp) -> None:
        self._pages = pages
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Goes on with one of them."""
        below = scope["type"] == "http" and path_of(scope).startswith(f"{ROOT}/")
        await (self._api if below else self._pages)(scope, receive, send)


def _name_of_visitor(scope: Scope) -> str:
    person = scope.get(PERSON)
    return person.name if person is not None else ""


class Twins:
    """Takes ".json", ".csv" and ".atom" off the end of a path, and notes which was asked for.

    Args:
        app: The pages.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Goes on with the page's own path."""
        raw: bytes = scope.get("raw_path") or scope.get("path", "").encode()
        for form in ("json", "csv", "atom"):
            if scope["type"] == "http" and raw.endswith(f".{form}".encode()):
                path = scope["path"].removesuffix(f".{form}")
                scope = {**scope, "path": path, "raw_path": path.encode(), FORM: form}
                break
        await self._app(scope, receive, send)


async def _body(request: Request) -> str:
    """What was posted.

    Raises:
        UsageError: It is too large.
    """
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_BODY_BYTES:
            raise UsageError("the form is too large")
    return body.decode("utf-8", "replace")


def _plain_ask(scope: Scope, options: SiteOptions) -> Ask:
    """A request of which nothing is known but where it was sent to."""
    headers = headers_of(scope)
    query = tuple(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)[:300])
    return Ask(
        path=path_of(scope),
        query=tuple(pair for pair in query if pair[0] not in {"token", "key"}),
        given={},
        form=(),
        person=scope.get(PERSON),
        now=options.clock(),
        language=chosen("", cookie_of(headers, "desk_lang"), headers.get("accept-language", "")),
        zone=options.zone,
        root=scope.get("root_path", ""),
    )


def _status_of(error: WirewatchError) -> tuple[int, str]:
    """The HTTP status of an error, and the key of its heading."""
    match error:
        case NotFoundError():
            return 404, "error_not_found"
        case UsageError() | QueryError() | ConfigError():
            return 400, "error_usage"
        case ContradictionError():
            return 409, "error_conflict"
        case TransientError() | StoreError():
            return 503, "error_unavailable"
        case _:
            return 500, "error_broken"
