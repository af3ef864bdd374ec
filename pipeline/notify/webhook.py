"""Alerts as signed JSON to a URL.

`X-Wirewatch-Signature: t=…,v1=…` holds the time of this try (seconds since 1970) and the HMAC-SHA256, under
the shared secret, of that time, a full stop and the body: who records a call cannot play it back later.
`X-Wirewatch-Id` is the message's id, the same for each try, so that the receiver can tell a repeat.
Connections are made to checked addresses (`pipeline/network.py`), and one deadline holds for the whole call.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from pipeline.errors import PermanentError, TransientError, UnavailableError
from pipeline.network import CheckedTransport, Resolve, Stopwatch, look_up
from pipeline.records import Message

# Answers that mean "not now" (RFC 9110, RFC 6585, RFC 8470); other 4xx mean "never".
LATER = frozenset({408, 425, 429})
REMEDY = "name it in mail.webhook_private_hosts if that is meant"
SIGNATURE = "X-Wirewatch-Signature"


def signature(secret: str, body: bytes, at: datetime) -> str:
    """The value of `X-Wirewatch-Signature`.

    >>> from datetime import UTC
    >>> signature("s3cret", b"{}", datetime(2026, 3, 2, tzinfo=UTC))[:24]
    't=1772409600,v1=cb486e69'
    """
    seconds = int(at.timestamp())
    digest = hmac.new(secret.encode(), b"%d." % seconds + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


class WebhookNotifier:
    """Posts to webhooks.

    Args:
        clock: The present time (UTC), for the signature.
        secret: Shared with the receiver; "" sends no signature.
        timeout_seconds: For a whole call.
        private_hosts: Hosts that may have private addresses.
        resolve: Looks names up.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        secret: str = "",
        timeout_seconds: float = 30.0,
        private_hosts: Sequence[str] = (),
        resolve: Resolve = look_up,
    ) -> None:
        self._clock = clock
        self._secret = secret
        self._timeout = timeout_seconds
        private = frozenset(host.lower() for host in private_hosts)
        transport = CheckedTransport(
            httpx.create_ssl_context(), 4, resolve, lambda host: host.lower() in private, REMEDY
        )
        self._client = httpx.Client(
            transport=transport, timeout=timeout_seconds, follow_redirects=False, trust_env=False
        )

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def send(self, message: Message) -> None:
        """Posts one message.

        Raises:
            UnavailableError: Its host is not found.
            TransientError: No answer, 408, 425, 429 or 5xx.
            PermanentError: A refusal, a redirect, or a private address.
        """
        host = _host(message.to)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Wirewatch/1.0",
            "X-Wirewatch-Id": message.id,
        }
        if self._secret:
            headers[SIGNATURE] = signature(self._secret, message.payload, self._clock())
        try:
            # Of the answer's body no more than a line is read, where it may say why: it may have no end.
            with (
                Stopwatch(self._timeout),
                self._client.stream("POST", message.to, content=message.payload, headers=headers) as answer,
            ):
                said = f"{host} answers {answer.status_code} {answer.reason_phrase}".rstrip()
                if answer.status_code >= 400 and (why := _first_line(answer)):
                    said = f"{said}: {why}"
                judged(answer.status_code, said, answer.headers)
        except httpx.TimeoutException:
            raise TransientError(f"{host} does not answer in time") from None
        except httpx.TransportError as error:
            unknown = "no such host" in str(error)
            kind = UnavailableError if unknown else TransientError
            raise kind(f"{host} {'is not found' if unknown else f'cannot be reached: {error}'}") from None


def _first_line(answer: httpx.Response) -> str:
    """The beginning of what an answer says, as one printable line."""
    try:
        begun = next(answer.iter_raw(1024), b"")
    except httpx.HTTPError:
        return ""
    text = begun.decode("utf-8", "replace").strip()
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:120] if not text.startswith("<") else ""


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        usable = False
    if not usable:
        raise PermanentError("the webhook is not a valid http(s) address")
    return parts.netloc.rpartition("@")[2]


def judged(status: int, said: str, headers: Mapping[str, str]) -> None:
    """What an HTTP status means for a message: nothing where it was taken.

    Args:
        status: Of the answer.
        said: Who answers what, for the error's text.
        headers: For `Retry-After`.

    Raises:
        TransientError: 408, 425, 429 or 5xx.
        PermanentError: Whatever else is not 2xx.
    """
    if 200 <= status < 300:
        return
    if status in LATER or status >= 500:
        raise TransientError(said, _retry_after(headers))
    if 300 <= status < 400:
        raise PermanentError(f"{said}: redirects are not followed, write the new address into the watch")
    raise PermanentError(said)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value[:9])
    try:
        asked, sent = parsedate_to_datetime(value), parsedate_to_datetime(headers.get("Date", ""))
        return max(0.0, (asked - sent).total_seconds())
    except (TypeError, ValueError):
        return None
