"""One guarded HTTP client: what it may reach, how much it takes, how long it waits.

Only http and https. Redirects are followed by hand, each to an address that `pipeline/network.py` checks.
The time limit is for the whole answer, so that a byte a second holds no thread for long. No proxy from the
environment is used: it would hide the address that is connected to.
"""

from __future__ import annotations

import base64
import contextlib
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote

import httpx

from pipeline.addresses import redact, web_fault, without_credentials
from pipeline.errors import PermanentError, TransientError, UnavailableError, WirewatchError
from pipeline.network import CheckedTransport, Resolve, Stopwatch, look_up
from pipeline.settings import FetchSettings
from pipeline.sources.unpack import ACCEPTED, Unpacked, unpack

_WHAT: Mapping[type[httpx.HTTPError], str] = {
    httpx.ConnectError: "cannot connect",
    httpx.ReadError: "the connection broke",
    httpx.RemoteProtocolError: "broken HTTP",
}
_MOVED = {301, 308}
_REDIRECTS = {301, 302, 303, 307, 308}
_REMEDY = "to allow it, list the host under fetch.private_hosts or give the feed allow_private"
_REPLY_BYTES = 65_536  # what a hub says in answer to a form is not read by anybody
_LENGTH_DIGITS = 19  # a longer number is no length of anything
_HOST_LOCKS = 1024  # striped: two hosts that share one merely wait for each other


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer at the end of all redirects.

    Attributes:
        url: Where the last request went, without credentials.
        moved: Where permanent redirects alone lead from the URL asked for, without credentials, or "".
        status: The HTTP status; never one of a redirect.
        headers: By lower-case name.
        body: Unpacked; b"" unless the status is 2xx.
        whole: Whether it could be unpacked to its end.
        seconds: From the first byte sent to the last one received, without waiting for one's turn.
    """

    url: str
    moved: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    whole: bool = True


class Client:
    """Fetches URLs; thread-safe, and asks one host one thing at a time whoever calls.

    Args:
        settings: Limits, the User-Agent, and the hosts that may be private.
        tls: Whom to trust; the bundled certificate authorities when None.
        resolve: Looks names up.
        transport: Stands for the network in tests that are not about it.
    """

    def __init__(
        self,
        settings: FetchSettings,
        *,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = look_up,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self._private_hosts = frozenset(host.lower() for host in settings.private_hosts)
        self._locks = [threading.Lock() for _ in range(_HOST_LOCKS)]
        context = tls or (httpx.create_ssl_context() if transport is None else None)
        # Two pools, so that no request for a public host rides on a connection allowed to be private.
        self._guarded, self._free = (
            transport or self._transport(context, resolve, allow_private=private) for private in (False, True)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes all connections."""
        self._guarded.close()
        self._free.close()

    def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        allow_private: bool = False,
        max_bytes: int | None = None,
    ) -> Answer:
        """Fetches a URL, through redirects.

        Args:
            url: May hold `user:password@`; they go to its own host only.
            headers: Sent besides our own.
            allow_private: Whether the URL's own host may have a private address (a redirect's may not).
            max_bytes: The most that the body may have; `FetchSettings.max_body_bytes` when None.

        Returns:
            The answer, whatever its status, unless that is a redirect.

        Raises:
            UnavailableError: No answer, a broken one, or not within the time.
            PermanentError: A URL, address, certificate, size or redirect that is refused.
        """
        chain = _Chain(self, url, dict(headers or {}), allow_private, max_bytes)
        return chain.follow()

    def post_form(self, url: str, form: Mapping[str, str], *, allow_private: bool = False) -> int:
        """Posts a form, as to a hub; follows no redirect.

        Args:
            url: Where to.
            form: Its fields.
            allow_private: Whether the host may have a private address.

        Returns:
            The HTTP status.

        Raises:
            UnavailableError: No answer, a broken one, or not within the time.
            PermanentError: A URL, address or certificate that is refused.
        """
        settings = self._settings
        target = _parsed(url)
        if target.userinfo:
            raise PermanentError(f"a URL with a password in it: {redact(url)}")
        limits = dict.fromkeys(("connect", "read", "write"), settings.timeout_seconds) | {"pool": None}
        headers = {"User-Agent": agent_of(settings)}
        request = httpx.Request(
            "POST", target, headers=headers, data=dict(form), extensions={"timeout": limits}
        )
        response, _, _ = self.request(
            request, private=allow_private, max_bytes=_REPLY_BYTES, seconds=settings.total_seconds
        )
        return response.status_code

    def request(
        self, request: httpx.Request, *, private: bool, max_bytes: int, seconds: float
    ) -> tuple[httpx.Response, Unpacked, float]:
        """Sends one request when its host's turn has come; follows no redirect.

        Returns:
            The response, its unpacked body (of a 2xx), and the seconds it took.
        """
        free = private or request.url.host.lower() in self._private_hosts
        transport = self._free if free else self._guarded
        with (
            self._locks[hash(request.url.host) % _HOST_LOCKS],
            Stopwatch(seconds) as watch,
            _told_plainly(str(request.url), seconds),
            contextlib.closing(transport.handle_request(request)) as response,
        ):
            body = self._body(response, max_bytes)
        return response, body, watch.seconds

    @property
    def settings(self) -> FetchSettings:
        """The limits it keeps."""
        return self._settings

    def _transport(
        self, tls: ssl.SSLContext | None, resolve: Resolve, *, allow_private: bool
    ) -> httpx.BaseTransport:
        connections = self._settings.concurrency * 2
        context = tls or httpx.create_ssl_context()
        return CheckedTransport(context, connections, resolve, lambda _: allow_private, _REMEDY)

    @staticmethod
    def _body(response: httpx.Response, max_bytes: int) -> Unpacked:
        if not response.is_success:
            return Unpacked(b"")
        too_large = PermanentError(f"larger than {max_bytes // 1024:,} KiB")
        announced = response.headers.get("content-length", "")
        if announced.isdecimal() and len(announced) <= _LENGTH_DIGITS and int(announced) > max_bytes:
            raise too_large
        pieces, size = [], 0
        for piece in response.stream if isinstance(response.stream, httpx.SyncByteStream) else ():
            size += len(piece)
            if size > max_bytes:
                raise too_large
            pieces.append(piece)
        found = unpack(b"".join(pieces), response.headers.get("content-encoding", ""), max_bytes)
        # A file may be packed itself, as sitemaps are (sitemap.xml.gz, application/x-gzip).
        inner = unpack(found.body, "gzip", max_bytes)
        return inner._replace(whole=inner.whole and found.whole)


def agent_of(settings: FetchSettings) -> str:
    """How Wirewatch introduces itself."""
    return f"{settings.user_agent} (+{settings.contact})" if settings.contact else settings.user_agent


class _Chain:
    """One URL and the redirects that lead away from it."""

    def __init__(
        self, client: Client, url: str, headers: dict[str, str], allow_private: bool, max_bytes: int | None
    ) -> None:
        settings = client.settings
        self._client = client
        self._url = self._start = _parsed(url)
        self._own_host = self._url.host if allow_private else None
        self._max_bytes = settings.max_body_bytes if max_bytes is None else max_bytes
        self._headers = {"User-Agent": agent_of(settings), "Accept-Encoding": ACCEPTED, **headers}
        self._cookies = httpx.Cookies()
        self._seconds_left = settings.total_seconds
        self._moved = ""
        self._permanent_so_far = True

    def follow(self) -> Answer:
        settings = self._client.settings
        for _ in range(settings.max_redirects + 1):
            response, (body, whole), seconds = self._client.request(
                self._request(),
                private=self._url.host == self._own_host,
                max_bytes=self._max_bytes,
                seconds=self._seconds_left,
            )
            self._seconds_left -= seconds
            target = response.headers.get("location", "") if response.status_code in _REDIRECTS else ""
            if not target:
                spent = settings.total_seconds - self._seconds_left
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(
                    _bare(self._url), self._moved, response.status_code, headers, body, spent, whole
                )
            self._turn(response, target)
        raise PermanentError(f"{redact(str(self._start))}: more than {settings.max_redirects} redirects")

    def _request(self) -> httpx.Request:
        timeout = self._client.settings.timeout_seconds
        limits = {"connect": timeout, "read": timeout, "write": timeout, "pool": None}
        bare = self._url.copy_with(username=None, password=None)
        request = httpx.Request("GET", bare, headers=self._headers, extensions={"timeout": limits})
        if self._start.userinfo and self._url.host == self._start.host:
            user, password = unquote(self._start.username), unquote(self._start.password)
            token = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
            request.headers["Authorization"] = f"Basic {token}"
        self._cookies.set_cookie_header(request)
        return request

    def _turn(self, response: httpx.Response, target: str) -> None:
        """Takes a redirect, or refuses it."""
        try:
            after = _parsed(str(self._url.join(target)))
        except (httpx.InvalidURL, ValueError, PermanentError) as error:
            raise PermanentError(f"{redact(str(self._url))} redirects to a bad address: {error}") from None
        if self._url.scheme == "https" and after.scheme == "http":
            shown, target = redact(str(self._url)), redact(str(after))
            raise PermanentError(f"{shown} redirects from https to http: {target}")
        response.request = httpx.Request("GET", self._url)
        self._cookies.extract_cookies(response)
        self._permanent_so_far = self._permanent_so_far and response.status_code in _MOVED
        if self._permanent_so_far:
            self._moved = _bare(after)
        self._url = after


def _bare(url: httpx.URL) -> str:
    return without_credentials(str(url.copy_with(fragment=None)))


def _parsed(url: str) -> httpx.URL:
    """A URL as httpx will connect to it.

    Raises:
        PermanentError: It is not http or https, has no host, or cannot be read.
    """
    try:
        parsed = httpx.URL(url.strip())
        host = parsed.host
    except (httpx.InvalidURL, ValueError, TypeError):  # ValueError: of idna
        raise PermanentError(f"not a URL: {redact(url)}") from None
    if parsed.scheme not in {"http", "https"}:
        raise PermanentError(web_fault(url))
    if not host:
        raise PermanentError(f"a URL without a host: {redact(url)}")
    return parsed


@contextlib.contextmanager
def _told_plainly(url: str, seconds: float) -> Iterator[None]:
    """Turns whatever a server provokes into one of our errors, in one line, without a secret."""
    shown = redact(url)
    try:
        yield
    except PermanentError as error:
        raise PermanentError(f"{shown}: {error}") from None
    except TransientError:
        raise
    except httpx.TimeoutException:
        raise UnavailableError(f"{shown}: no complete answer in time ({seconds:.0f} s at most)") from None
    except httpx.HTTPError as error:
        raise _plain(shown, error) from None
    except Exception as error:  # noqa: BLE001  what a hostile server provokes in h11 and h2 has no common class
        raise UnavailableError(f"{shown}: broken HTTP ({type(error).__name__})") from None


def _plain(shown: str, error: httpx.HTTPError) -> WirewatchError:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return PermanentError(f"{shown}: its certificate is not valid ({cause.verify_message})")
        if isinstance(cause, ssl.SSLError):
            return UnavailableError(f"{shown}: TLS failed ({cause.reason or 'cut off'})")
        cause = cause.__cause__ or cause.__context__
    what = _WHAT.get(type(error), "failed")
    detail = " ".join(str(error).split())[:120]
    return UnavailableError(f"{shown}: {what}" + (f" ({detail})" if detail else ""))
