"""Who may what: the ways in, passwords, and signed sessions. Pure, but for the file of the key."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlencode

from pipeline.api.api_tokens import Tokens
from pipeline.errors import UsageError

Role = Literal["reader", "editor"]
SESSION: Final = timedelta(days=7)
LEAST_PASSWORD_CHARS: Final = 12
# So many tries a minute has an address.
TRIES: Final = 5
MINUTE: Final = timedelta(minutes=1)
# Addresses that are remembered for their tries; more are an attack, and are refused together.
_MOST_ADDRESSES: Final = 10_000
LOCAL: Final = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: the name that a correction keeps, and what it may do."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks, as an application says that the pages are mounted in, and that has a login of its own.

    Attributes:
        person: Who it is; None for somebody who is not logged in, or may not read.
        login: Where one logs in there.
    """

    person: Person | None
    login: str


@dataclass(frozen=True, slots=True)
class Doors:
    """How one may come in.

    Attributes:
        token: What the start prints; "" where a token opens nothing.
        open: Whether everybody who reaches the port is an editor (`--no-token`).
        passwords: For a role, its password; empty where there is none.
        proxy_header: The header that names the user, or "".
        proxy_addresses: Whose word it is taken on.
        editors: Users of the proxy who may write.
        hosts: What may stand in `Host`, without its port.
        read_only: Whether nobody may write.
        mounted: Whether a `Visitor` in the scope says who asks, and nothing else does.
        tokens: Of programs; "metrics" among its scopes opens `/metrics`, "feeds" the feeds.
    """

    token: str = ""
    open: bool = False
    passwords: Mapping[Role, str] = field(default_factory=dict, repr=False)
    proxy_header: str = ""
    proxy_addresses: tuple[str, ...] = ()
    editors: tuple[str, ...] = ()
    hosts: tuple[str, ...] = LOCAL
    read_only: bool = False
    mounted: bool = False
    tokens: Tokens | None = None


def passwords_of(environment: Mapping[str, str], host: str) -> dict[Role, str]:
    """The passwords that the environment sets; a host that others reach needs one.

    Raises:
        UsageError: There is none, or one is too short.
    """
    names: dict[Role, str] = {
        "editor": "WIREWATCH_DESK_PASSWORD",
        "reader": "WIREWATCH_DESK_READER_PASSWORD",
    }
    found: dict[Role, str] = {
        role: environment[name] for role, name in names.items() if environment.get(name)
    }
    for role, password in found.items():
        if len(password) < LEAST_PASSWORD_CHARS:
            raise UsageError(f"{names[role]} must have at least {LEAST_PASSWORD_CHARS} characters")
    if len(set(found.values())) < len(found):
        raise UsageError("editors and readers need different passwords")
    if host not in LOCAL and "editor" not in found:
        raise UsageError(f"--host {host}: others reach it, so set WIREWATCH_DESK_PASSWORD first")
    return found


def load_key(folder: Path, name: str = "key", spare: bytes = b"") -> bytes:
    """A key of this home that signs sessions, or the addresses of feeds; made when missing (mode 600).

    Where the home cannot be written, or is not there, `spare`, or a key for this call alone: a new start ends
    the sessions.
    """
    path = folder / name
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as made:
                made.write(secrets.token_bytes(32))
        key = path.read_bytes()
    except OSError:
        key = b""
    return key if len(key) >= 16 else spare or secrets.token_bytes(32)


class FeedKey:
    """The key that signs the addresses of feeds, read each time: without its file they all are void at once.

    Args:
        folder: Of the desk in the home.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._spare = secrets.token_bytes(32)

    def __call__(self) -> bytes:
        """The key as it is now."""
        return load_key(self._folder, "feed-key", self._spare)


class Sessions:
    """Signs who somebody is into a cookie, and reads it back.

    Args:
        key: The home's.
        doors: A changed password ends the sessions that it opened.
    """

    def __init__(self, key: bytes, doors: Doors) -> None:
        self._doors = doors
        self._salt = hashlib.sha256(key).digest()[:16]
        self._digests = {role: self._scrypt(word) for role, word in doors.passwords.items()}
        self._keys: dict[Role, bytes] = {
            role: hashlib.sha256(key + role.encode() + self._digests.get(role, b"")).digest()
            for role in ("editor", "reader")
        }

    def _scrypt(self, password: str) -> bytes:
        return hashlib.scrypt(password.encode(errors="surrogatepass"), salt=self._salt, n=2**14, r=8, p=1)

    def opened_by(self, password: str) -> Role | None:
        """The role that a password opens; takes as long for a wrong one."""
        given = self._scrypt(password[:1000])
        fits = [role for role, digest in self._digests.items() if hmac.compare_digest(digest, given)]
        return fits[0] if fits else None

    def opened_by_token(self, token: str) -> bool:
        """Whether it is the token that the start printed."""
        return bool(self._doors.token) and hmac.compare_digest(
            self._doors.token.encode(), token.encode(errors="surrogatepass")
        )

    def write(self, person: Person, now: datetime) -> str:
        """The cookie of a session that begins now."""
        said = {"n": person.name, "r": person.role, "u": int((now + SESSION).timestamp())}
        body = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
        return f"{body}.{self._sign(person.role, body)}"

    def read(self, cookie: str, now: datetime) -> Person | None:
        """Who it is; None where the cookie is not ours, not any more, or over."""
        body, _, sign = cookie.partition(".")
        try:
            said = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
            name, role, until = str(said["n"]), said["r"], int(said["u"])
        except (ValueError, TypeError, KeyError, binascii.Error, RecursionError):
            return None
        if role not in self._keys or not hmac.compare_digest(
            self._sign(role, body).encode(), sign.encode(errors="surrogatepass")
        ):
            return None
        return Person(name, role) if now.timestamp() < until else None

    def _sign(self, role: Role, body: str) -> str:
        return hmac.new(self._keys[role], body.encode(errors="surrogatepass"), "sha256").hexdigest()


def feed_signature(key: bytes, path: str, pairs: Sequence[tuple[str, str]]) -> str:
    """What opens one feed of the desk to a program that cannot log in: a signature of its path and query."""
    address = f"{path}?{urlencode(sorted(pair for pair in pairs if pair[1]))}"
    return hmac.new(key, b"atom " + address.encode(errors="surrogatepass"), "sha256").hexdigest()[:32]


class Tries:
    """How often an address has tried to log in, within the last minute."""

    def __init__(self) -> None:
        self._of: dict[str, list[datetime]] = {}

    def allowed(self, address: str, now: datetime) -> bool:
        """Counts a try; whether it may be made."""
        self._of = {who: times for who, times in self._of.items() if times[-1] > now - MINUTE}
        if address not in self._of and len(self._of) >= _MOST_ADDRESSES:
            return False
        recent = [time for time in self._of.get(address, ()) if time > now - MINUTE]
        self._of[address] = [*recent, now][-TRIES - 1 :]
        return len(recent) < TRIES


def own_path(path: str) -> str:
    r"""Where to go on after a login: a path of these pages, else their start.

    >>> own_path("/stories/1?a=b"), own_path("//evil.example/"), own_path("/\\evil.example")
    ('/stories/1?a=b', '/', '/')
    """
    plain = path.isprintable() and path.isascii() and "\\" not in path
    return path if plain and path.startswith("/") and not path.startswith("//") else "/"


def host_name(header: str) -> str:
    """The host of a `Host` header, without its port, in lower case.

    >>> host_name("LOCALHOST:8090"), host_name("[::1]:8090"), host_name("a.example")
    ('localhost', '::1', 'a.example')
    """
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower()


def same_origin(method: str, headers: Mapping[str, str], origins: Sequence[str], *, bearer: bool) -> bool:
    """Whether a request that may change something comes from our own pages, or from no browser.

    As Go's `http.CrossOriginProtection` and ASP.NET have it: browsers say where a request comes from in
    `Sec-Fetch-Site`, which no script can set; older ones in `Origin`.

    Args:
        method: Of the request.
        headers: By lower-case name.
        origins: What `Origin` may be: scheme, host and port that were asked for.
        bearer: Whether it brings a bearer token, which no browser adds by itself.
    """
    if method in {"GET", "HEAD", "OPTIONS"} or bearer:
        return True
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return headers.get("origin") in origins
