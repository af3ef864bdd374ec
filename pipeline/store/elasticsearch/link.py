"""The connection to Elasticsearch: the only place that retries, and that turns its errors into ours."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from elastic_transport import ConnectionError as LostConnectionError
from elastic_transport import ConnectionTimeout, SerializationError, TlsError, TransportError
from elasticsearch import ApiError, Elasticsearch, OrjsonSerializer, UnsupportedProductError

from pipeline.errors import StoreError, TransientError, UnavailableError, UsageError, WirewatchError
from pipeline.retry import STORE, Patience

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")

# Answers that pass: time-outs, too many requests (also: a full disk), bad gateway, unavailable.
_PASSING = {408, 429, 502, 503, 504}
_UNREADABLE = (
    "the store's URL cannot be read: in user, password and options write / as %2F, ? as %3F, # as %23, "
    "[ as %5B, ] as %5D and @ as %40"
)
_TELL_EVERY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Layout:
    """How a store is laid out on the nodes.

    Attributes:
        shards: The number of shards of each part of a month's articles and members; other kinds have one.
        replicas: Copies of each shard; None means one as soon as there is a second node.
        part_bytes: How many bytes a shard holds before new documents go into another part.
    """

    shards: int
    replicas: int | None
    part_bytes: float


ONE_SHARD = Layout(1, None, 40e9)


@dataclass(frozen=True, slots=True)
class Address:
    """Where Elasticsearch is, and how to be let in; never printed with its secrets.

    Attributes:
        hosts: URLs without user and password.
        prefix: What the names of indices begin with.
        user, password, api_key: If there is a key, user and password are not used.
        ca: Path of the certificate authority's PEM file, or "".
        layout: How the store is laid out there.
    """

    hosts: tuple[str, ...]
    prefix: str = "wirewatch"
    user: str = ""
    password: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    ca: str = ""
    layout: Layout = ONE_SHARD

    @property
    def shown(self) -> str:
        """The hosts, without secrets, for messages."""
        return ", ".join(self.hosts)


def parsed(url: str, environment: Mapping[str, str]) -> Address:
    """Reads `http(s)://[user:pass@]host:port[,host:port…][?prefix=NAME&ca=FILE&api_key=KEY]`.

    `WIREWATCH_ES_CA` and `WIREWATCH_ES_API_KEY` of the environment stand in for `ca` and `api_key`.

    Raises:
        UsageError: Something in it is not understood.
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # a bracket in a password; the error would show it
        raise UsageError(_UNREADABLE) from None
    if "@" in parts.path + parts.query + parts.fragment:  # the password ended too early
        raise UsageError(_UNREADABLE)
    login, _, places = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    asked = parse_qs(parts.query, keep_blank_values=True)
    prefix = asked.pop("prefix", ["wirewatch"])[-1]
    ca = asked.pop("ca", [environment.get("WIREWATCH_ES_CA", "")])[-1]
    key = asked.pop("api_key", [environment.get("WIREWATCH_ES_API_KEY", "")])[-1]
    hosts = tuple(
        f"{parts.scheme}://{_host(place, parts.scheme)}{parts.path.rstrip('/')}"
        for place in places.split(",")
    )
    if asked:
        unknown = ", ".join(name if name.isidentifier() else "…" for name in sorted(asked))
        raise UsageError(f"the store's URL may have ?prefix=, ca= and api_key= after it, not {unknown}")
    if (
        not prefix
        or not prefix[0].isalnum()
        or not prefix.replace("-", "").replace("_", "").isalnum()
        or (prefix != prefix.lower() or not prefix.isascii())
    ):
        raise UsageError(f"the prefix {prefix!r} must be lower-case letters, digits, - and _")
    return Address(hosts, prefix, unquote(user), unquote(password), key, ca)


def _host(place: str, scheme: str) -> str:
    host, colon, port = place.rpartition(":")
    if not colon or not port.isdigit():
        host, port = place, "443" if scheme == "https" else "9200"
    if not host:
        raise UsageError("the store's URL names no host: give http(s)://[user:pass@]host:port[?prefix=NAME]")
    return f"{host}:{port}"


class _Teller:
    """Logs what is waited for, every few seconds."""

    def __init__(self) -> None:
        self._told = 0.0

    def __call__(self, _wait: float, trouble: TransientError) -> None:
        now = time.monotonic()
        if now - self._told > _TELL_EVERY_SECONDS:
            log.warning("waiting: %s", trouble)
            self._told = now


class Link:
    """A client that tries again when a request fails in passing.

    Args:
        address: Where Elasticsearch is, and how to be let in.
        timeout_seconds: How long one operation may be tried again.

    Attributes:
        given_up: Asked before each operation whether nobody waits for its answer any more.
    """

    def __init__(self, address: Address, timeout_seconds: float) -> None:
        self.address = address
        self.timeout = timeout_seconds
        self.given_up: Callable[[], bool] = lambda: False
        options: dict[str, Any] = {"max_retries": 0, "retry_on_timeout": False}
        options["serializer"] = OrjsonSerializer()
        # Half, so that one stalled request leaves time for another.
        options["request_timeout"] = max(timeout_seconds / 2, 0.1)
        if address.api_key:
            options["api_key"] = address.api_key
        elif address.user:
            options["basic_auth"] = (address.user, address.password)
        if address.ca:
            if not Path(address.ca).is_file():
                raise StoreError(f"there is no certificate authority's file at {address.ca}")
            options["ca_certs"] = address.ca
        try:
            self.client = Elasticsearch(list(address.hosts), **options)
        except (ValueError, OSError) as error:
            raise StoreError(f"cannot set up the connection to {address.shown}: {error}") from None

    def close(self) -> None:
        """Closes the connections."""
        self.client.close()

    def call(self, what: str, ask: Callable[[Elasticsearch], Answer], pass_on: Sequence[int] = ()) -> Answer:
        """Asks until there is an answer or the time is up.

        Args:
            what: What is done, for messages: "cannot … ".
            ask: The request. It is repeated when it fails in passing, so repeating it must do no harm.
            pass_on: Status codes that the caller handles; they are raised as `ApiError`.

        Raises:
            UnavailableError: There was no answer in time.
            StoreError: Elasticsearch refuses.
            ApiError: With one of the codes `pass_on`.
        """
        if self.given_up():
            raise UnavailableError(f"cannot {what}: it was given up, because it took too long")

        def once() -> Answer:
            try:
                return ask(self.client)
            except ApiError as error:
                if error.status_code in pass_on:
                    raise
                raise self._api_trouble(what, error) from None
            except (TransportError, UnsupportedProductError) as error:
                raise self._transport_trouble(what, error) from None

        policy = replace(STORE, give_up_seconds=self.timeout)
        patience = Patience(policy, time.monotonic, time.sleep, _Teller())
        # The process id in the key spreads the retries of workers that fail together.
        return patience.until_done(f"{os.getpid()}:{what}", once, UnavailableError)

    def _api_trouble(self, what: str, error: ApiError) -> WirewatchError:
        status, where = error.status_code, self.address.shown
        reason = reason_of(error)
        if status in _PASSING:
            return UnavailableError(
                f"cannot {what}: Elasticsearch at {where} is not able to just now ({reason})"
            )
        if status == 401:
            return StoreError(
                f"cannot {what}: Elasticsearch at {where} does not know this user, password or API key"
            )
        if status == 403:
            return StoreError(f"cannot {what}: {where} gives this user or API key no right to ({reason})")
        return StoreError(f"cannot {what}: Elasticsearch at {where} refuses ({reason})")

    def _transport_trouble(self, what: str, error: Exception) -> WirewatchError:
        where, tls = self.address.shown, where_is_tls(self.address)
        if isinstance(error, UnsupportedProductError):
            return StoreError(f"cannot {what}: what answers at {where} is not Elasticsearch")
        if isinstance(error, TlsError) or "SSL" in str(error):
            return StoreError(
                f"cannot {what}: no TLS connection to {where} ({_line(_cause(error))}); "
                "is it https, and is WIREWATCH_ES_CA its certificate authority?"
            )
        if isinstance(error, SerializationError):
            return StoreError(f"cannot {what}: what answers at {where} is not Elasticsearch")
        if isinstance(error, ConnectionTimeout):
            return UnavailableError(f"cannot {what}: Elasticsearch at {where} does not answer in time")
        if not tls and isinstance(error, LostConnectionError) and _hung_up(error):
            return UnavailableError(f"cannot {what}: {where} hangs up; if it speaks TLS, write https://")
        return UnavailableError(f"cannot {what}: no connection to Elasticsearch at {where}")


def where_is_tls(address: Address) -> bool:
    """Whether the connection is encrypted."""
    return address.hosts[0].startswith("https:")


def reason_of(error: ApiError) -> str:
    """Elasticsearch's own reason, in one line."""
    body = error.body
    cause = body.get("error") if isinstance(body, dict) else None
    if isinstance(cause, dict):
        roots = cause.get("root_cause") or [cause]
        return _line(f"{roots[0].get('type')}: {roots[0].get('reason')}")
    return _line(cause or error.message or f"status {error.status_code}")


def _line(text: object) -> str:
    return " ".join(str(text).split())[:300]


def _cause(error: Exception) -> BaseException:
    """The cause of the client's own error, whose text says no more than "Connection error"."""
    return error.__cause__ or error


def _hung_up(error: Exception) -> bool:
    said = str(_cause(error))
    return any(word in said for word in ("RemoteDisconnected", "reset", "aborted", "BadStatusLine"))
