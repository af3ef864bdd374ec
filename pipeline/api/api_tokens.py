"""Tokens that let programs in: one file each, so that revoking one touches no other.

A token is `ww-NAME.SECRET`. The home keeps a digest of it; the token itself is shown once. The file is read
with each request: what is revoked opens nothing from then on.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, get_args

from pipeline.errors import NotFoundError, StoreError, UsageError

Scope = Literal["news", "watches", "metrics", "feeds"]
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
# The scopes of a token for which none were named.
USUAL: Final[tuple[Scope, ...]] = ("news", "watches")
PER_MINUTE: Final = 300
MOST_PER_MINUTE: Final = 100_000
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What is kept of a token.

    Attributes:
        name: The name of the program.
        scopes: "news" reads articles, stories, names and changes; "watches" reads watches and their alerts;
            "metrics" reads `/metrics` and nothing else; "feeds" the Atom feeds and nothing else.
        per_minute: How many requests it may make in a minute.
        made: When it was made (ISO 8601).
    """

    name: str
    scopes: tuple[Scope, ...]
    per_minute: int = PER_MINUTE
    made: str = ""


class Tokens:
    """The tokens of a home.

    Args:
        folder: Where they are kept, one file each.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def opened_by(self, token: str) -> ApiToken | None:
        """What is kept of this token; None where the token is not valid."""
        name, dot, secret = token.removeprefix("ww-").partition(".")
        if not (dot and token.startswith("ww-") and _NAME.fullmatch(name)):
            return None
        kept = self._read(name)
        if kept is None or not hmac.compare_digest(kept[1], _digest(secret)):
            return None
        return kept[0]

    def add(self, name: str, scopes: Sequence[str], per_minute: int, now: datetime) -> str:
        """Makes a token and returns it: it cannot be shown again.

        Raises:
            UsageError: The name is not allowed or taken, a scope is unknown, or the rate is out of bounds.
            StoreError: The file cannot be written.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(f"token {name}: give a name of small letters, digits and hyphens, at most 40")
        known = [each for each in SCOPES if each in scopes]
        if not known or len(known) < len(set(scopes)):
            raise UsageError(f"--scope {' '.join(scopes)}: give one or more of {', '.join(SCOPES)}")
        if not 1 <= per_minute <= MOST_PER_MINUTE:
            raise UsageError(f"--per-minute {per_minute}: give 1 to {MOST_PER_MINUTE}")
        secret = secrets.token_urlsafe(24)
        kept = {"digest": _digest(secret), "scopes": known, "per_minute": per_minute, "made": now.isoformat()}
        path = self._path(name)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as made:
                json.dump(kept, made)
        except FileExistsError:
            raise UsageError(
                f"token {name}: a token of this name exists; revoke it first, or give another name"
            ) from None
        except OSError as error:
            path.unlink(missing_ok=True)  # half a file would take the name
            raise StoreError(f"{path}: the token cannot be kept there ({error.strerror})") from None
        return f"ww-{name}.{secret}"

    def all(self) -> list[ApiToken]:
        """Every token, by name."""
        found = []
        with suppress(OSError):
            for path in sorted(self._folder.glob("*.json")):
                kept = self._read(path.stem)
                found += [kept[0]] if kept else []
        return found

    def revoke(self, name: str) -> None:
        """Revokes a token; the others stay valid.

        Raises:
            NotFoundError: There is none of this name.
            StoreError: The file cannot be removed.
        """
        if not _NAME.fullmatch(name) or not self._path(name).exists():
            raise NotFoundError(f"token {name}: there is no such token; `wirewatch tokens list` names them")
        try:
            self._path(name).unlink()
        except OSError as error:
            raise StoreError(f"{self._path(name)}: cannot be taken away ({error.strerror})") from None

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _read(self, name: str) -> tuple[ApiToken, str] | None:
        try:
            kept = json.loads(self._path(name).read_text("utf-8"))
            scopes = tuple(each for each in SCOPES if each in kept["scopes"])
            return ApiToken(name, scopes, int(kept["per_minute"]), str(kept["made"])), str(kept["digest"])
        except (OSError, ValueError, TypeError, KeyError):  # gone, or half a file: it opens nothing
            return None


def bearer_of(headers: Mapping[str, str]) -> str | None:
    """The token in the header `Authorization: Bearer TOKEN`; None without such a header."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token if kind.lower() == "bearer" else None


def _digest(secret: str) -> str:
    # Nobody can guess 24 random bytes, so a slow digest would add nothing.
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
