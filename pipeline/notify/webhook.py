"""Alerts as signed JSON to a URL.

The body's HMAC-SHA256 under the shared secret stands in `X-Wirewatch-Signature: sha256=…`, and the message's
id in `X-Wirewatch-Id`, so that the receiver can tell a repeat. A host is looked up once, its address checked
and then used, so that a name cannot point somewhere else a moment later.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpx

from pipeline.errors import PermanentError, TransientError, UnavailableError
from pipeline.records import Message

# Answers that mean "not now" (RFC 9110, RFC 6585, RFC 8470); other 4xx mean "never".
LATER = frozenset({408, 425, 429})


def signature(secret: str, body: bytes) -> str:
    """The value of `X-Wirewatch-Signature`."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class WebhookNotifier:
    """Posts to webhooks.

    Args:
        secret: Shared with the receiver; "" sends no signature.
        timeout_seconds: For each step.
        private_hosts: Hosts that may have private addresses.
    """

    def __init__(
        self, secret: str = "", timeout_seconds: float = 30.0, private_hosts: Sequence[str] = ()
    ) -> None:
        self._secret = secret
        self._private = frozenset(host.lower() for host in private_hosts)
        self._client = httpx.Client(timeout=timeout_seconds, follow_redirects=False, trust_env=False)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def send(self, message: Message) -> None:
        """Posts one message.

        Raises:
            TransientError: No answer, 408, 425, 429 or 5xx.
            PermanentError: A refusal, a redirect, or a private address.
        """
        url, host, extensions = self._aimed(message.to)
        headers = {
            "Host": host,
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Wirewatch/0.1",
            "X-Wirewatch-Id": message.id,
        }
        if self._secret:
            headers["X-Wirewatch-Signature"] = signature(self._secret, message.payload)
        try:
            # The answer's body is not read: only its status matters, and it may have no end.
            with self._client.stream(
                "POST", url, content=message.payload, headers=headers, extensions=extensions
            ) as answer:
                _judged(answer, host)
        except httpx.TimeoutException:
            raise TransientError(f"{host} does not answer in time") from None
        except httpx.TransportError as error:
            raise TransientError(f"{host} cannot be reached: {error}") from None

    def _aimed(self, url: str) -> tuple[httpx.URL, str, dict[str, str]]:
        """The URL by checked address, the Host header, and the name for TLS."""
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            raise PermanentError(f"{url} is no valid address") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise PermanentError(f"{url} is no http(s) address")
        address = self._checked(parts.hostname, port)
        target = httpx.URL(url).copy_with(host=address, username=None, password=None)
        extensions = {"sni_hostname": parts.hostname} if parts.scheme == "https" else {}
        return target, parts.netloc.rpartition("@")[2], extensions

    def _checked(self, host: str, port: int) -> str:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise UnavailableError(f"{host} is not found: {error}") from None
        addresses = [str(info[4][0]) for info in found]
        if host.lower() not in self._private and not all(_public(address) for address in addresses):
            raise PermanentError(
                f"{host} has a private address; name it in mail.webhook_private_hosts if that is meant"
            )
        return addresses[0]


def _public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_global and not (mapped or parsed).is_multicast


def _judged(answer: httpx.Response, host: str) -> None:
    status = answer.status_code
    if 200 <= status < 300:
        return
    said = f"{host} answers {status} {answer.reason_phrase}".rstrip()
    if status in LATER or status >= 500:
        raise TransientError(said, _retry_after(answer))
    if 300 <= status < 400:
        raise PermanentError(f"{said}: redirects are not followed, write the new address into the watch")
    raise PermanentError(said)


def _retry_after(answer: httpx.Response) -> float | None:
    value = answer.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value[:9])
    try:
        asked, sent = parsedate_to_datetime(value), parsedate_to_datetime(answer.headers.get("Date", ""))
        return max(0.0, (asked - sent).total_seconds())
    except (TypeError, ValueError):
        return None
