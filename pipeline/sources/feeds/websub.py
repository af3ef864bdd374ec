"""WebSub (W3C Recommendation of 23 January 2018): what a feed says of its hub, and what a hub may say. Pure.

A push is taken as word that a feed has news, and the feed is polled at once. So all that is stored comes by
polling, and a feed whose hub is silent is polled as always.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# How long a subscription is asked for; it is renewed each day, whatever the hub grants (§5.1).
LEASE_SECONDS: Final = 5 * 86_400
RENEW_SECONDS: Final = 86_400.0
_HEAD_CHARS: Final = 200_000
_URL_CHARS: Final = 2000
_LINK: Final = re.compile(r"<(?:[A-Za-z][\w.-]{0,20}:)?link\b([^<>]{0,4000})>")
_ATTRIBUTE: Final = re.compile(r"([a-z]{1,10})\s{0,9}=\s{0,9}(?:\"([^\"]{0,2000})\"|'([^']{0,2000})')")
_HEADER: Final = re.compile(r"<([^<>]{1,2000})>([^<>]{0,500})")
_REL: Final = re.compile(r";\s{0,9}rel\s{0,9}=\s{0,9}\"?([^\",;]{1,100})\"?", re.IGNORECASE)
_DIGESTS: Final = ("sha1", "sha256", "sha384", "sha512")  # §8: a hub chooses one of them


@dataclass(frozen=True, slots=True)
class HubLinks:
    """Where a feed's hub is, and the name of the feed there; both "" where it names none."""

    hub: str = ""
    topic: str = ""


def find_hub(headers: Mapping[str, str], text: str) -> HubLinks:
    """What an answer says of its hub: by `Link` headers, else by the links in the head of the feed (§4).

    A feed without a `self` link has no name at its hub and cannot be subscribed to.

    >>> find_hub({"link": '<https://hub.example/>; rel="hub", <https://a.example/feed>; rel="self"'}, "")
    HubLinks(hub='https://hub.example/', topic='https://a.example/feed')

    Args:
        headers: By lower-case name; several of one name joined by commas.
        text: The feed.
    """
    said: dict[str, str] = {}
    for url, parameters in _HEADER.findall(headers.get("link", "")[:10_000]):
        for rel in _REL.findall(parameters):
            _note(said, rel, url)
    if not ("hub" in said and "self" in said):
        said = {}
        for inside in _LINK.findall(_head(text)):
            given = {name: double or single for name, double, single in _ATTRIBUTE.findall(inside)}
            _note(said, given.get("rel", ""), html.unescape(given.get("href", "")))
    return HubLinks(said["hub"], said["self"]) if "hub" in said and "self" in said else HubLinks()


def _head(text: str) -> str:
    head = text[:_HEAD_CHARS]
    ends = [at for at in (head.find("<item"), head.find("<entry")) if at >= 0]
    return head[: min(ends)] if ends else head


def _note(said: dict[str, str], rels: str, url: str) -> None:
    url = url.strip()
    if url.startswith(("http://", "https://")) and len(url) <= _URL_CHARS:
        for rel in rels.lower().split():
            if rel in {"hub", "self"}:
                said.setdefault(rel, url)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What is asked of a hub for one feed.

    Attributes:
        feed: The feed's id.
        links: Its hub and its name there.
        key: The secret of this home, from which the callback's address and the hub's signing key are derived.
    """

    feed: str
    links: HubLinks
    key: bytes

    @property
    def path(self) -> str:
        """The end of the callback's address, which nobody can guess without the key."""
        return f"{self.feed}/{self._derived('callback')[:32]}"

    @property
    def secret(self) -> str:
        """What the hub signs its pushes with."""
        return self._derived("secret")

    def _derived(self, purpose: str) -> str:
        said = f"{purpose}\0{self.feed}\0{self.links.hub}\0{self.links.topic}"
        return hmac.new(self.key, said.encode(), hashlib.sha256).hexdigest()

    def form(self, base: str) -> dict[str, str]:
        """The request to the hub (§5.1); `base` is the address under which hubs reach us."""
        return {
            "hub.mode": "subscribe",
            "hub.topic": self.links.topic,
            "hub.callback": f"{base.rstrip('/')}/{self.path}",
            "hub.lease_seconds": str(LEASE_SECONDS),
            "hub.secret": self.secret,
        }

    def signed(self, header: str, body: bytes) -> bool:
        """Whether a push is the hub's own, by its `X-Hub-Signature` (§8)."""
        method, _, given = header.strip().partition("=")
        if method.lower() not in _DIGESTS:
            return False
        made = hmac.new(self.secret.encode(), body, method.lower()).hexdigest()
        return hmac.compare_digest(made.encode(), given.strip().lower().encode(errors="replace"))
