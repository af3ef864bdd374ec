"""Alerts to chat and push services (Slack, Teams, Telegram, ntfy …) by Apprise, which speaks to each.

Apprise says only whether a message was taken. What the service answered, and so whether trying again makes
sense, is read from the conversation itself: each request goes through a session of ours, which connects to
checked addresses only, follows no redirect, and is cut off when its time is over.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipeline.addresses import is_public
from pipeline.errors import ConfigError, PermanentError, TransientError
from pipeline.notify.webhook import judged
from pipeline.records import Message

if TYPE_CHECKING:
    import requests

# Each of these is tried against a receiver that answers as the service does (tests/notify/test_chat.py).
SERVICES: Mapping[str, str] = {
    "slack": "Slack",
    "workflow": "Microsoft Teams",
    "workflows": "Microsoft Teams",
    "mmost": "Mattermost",
    "mmosts": "Mattermost",
    "discord": "Discord",
    "tgram": "Telegram",
    "ntfy": "ntfy",
    "ntfys": "ntfy",
    "matrix": "Matrix",
    "matrixs": "Matrix",
    "pover": "Pushover",
    "gotify": "Gotify",
    "gotifys": "Gotify",
}
REMEDY = "name it in mail.webhook_private_hosts if that is meant"


def check_channel(name: str, url: str) -> None:
    """Whether a channel's address can be used.

    Args:
        name: As the settings call it.
        url: Never shown: it holds a secret.

    Raises:
        ConfigError: It is of no service that is known, or not complete.
    """
    scheme = url.partition("://")[0].lower()
    if scheme not in SERVICES:
        known = ", ".join(f"{each}://" for each in SERVICES)
        raise ConfigError(f"the address begins with none of {known}", key=f"channels.{name}")
    import apprise

    if apprise.Apprise.instantiate(url, suppress_exceptions=True) is None:
        said = f"the {SERVICES[scheme]} address is not complete; see docs/watches.md"
        raise ConfigError(said, key=f"channels.{name}")


class _Trail:
    """What was asked and answered while one message was sent."""

    def __init__(self, private: frozenset[str]) -> None:
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self.text = ""
        self.host = ""
        self.failure = ""
        self.refused = ""
        self._private = private

    def url(self, url: str) -> bool:
        self.host = (urlsplit(url).hostname or "").lower()
        return True

    def address(self, address: str) -> bool:
        allowed = self.host in self._private or is_public(address)
        if not allowed:
            self.refused = address
        return allowed


class ChatNotifier:
    """Sends to named channels.

    Args:
        channels: Their addresses, as Apprise writes them, by name.
        timeout_seconds: For all that one message takes.
        private_hosts: Hosts that may have private addresses.
        adapter: Stands for the way to the services in tests.
    """

    def __init__(
        self,
        channels: Mapping[str, str],
        timeout_seconds: float = 30.0,
        private_hosts: Sequence[str] = (),
        adapter: requests.adapters.BaseAdapter | None = None,
    ) -> None:
        self._channels = dict(channels)
        self._timeout = timeout_seconds
        self._private = frozenset(host.lower() for host in private_hosts)
        self._adapter = adapter

    def close(self) -> None:
        """Nothing stays open between two messages."""

    def send(self, message: Message) -> None:
        """Sends one message.

        Raises:
            TransientError: The service cannot be reached, or says so for now.
            PermanentError: It refuses, or there is no such channel any more.
        """
        import apprise

        url = self._channels.get(message.to)
        if url is None:
            raise PermanentError(f"settings.yaml has no channel {message.to}")
        name = SERVICES.get(url.partition("://")[0].lower(), "the service")
        said = json.loads(message.payload)
        notifier = apprise.Apprise()
        if not notifier.add(url):
            raise PermanentError(f"the {name} address of the channel {message.to} is not complete")
        trail = _Trail(self._private)
        with self._through(trail):
            # Teams' cards are Markdown: Apprise would escape the full stops of a link in plain text.
            form = "markdown" if name == "Microsoft Teams" else "text"
            taken = notifier.notify(title=said["title"], body=said[form], body_format=form)
        if not taken:
            _refused(name, trail)

    @contextmanager
    def _through(self, trail: _Trail) -> Iterator[None]:
        """Makes every session that requests opens meanwhile one of ours: Apprise asks by `requests.post`."""
        import requests
        from apprise.utils import http as untyped

        http: Any = untyped
        adapter, end = self._adapter, time.monotonic() + self._timeout

        class Session(http.HTTPPolicySession):  # type: ignore[misc]  # requests has no types
            def __init__(self) -> None:
                super().__init__(http.HTTPPolicy(trail.url, trail.address))
                if adapter is not None:
                    self.mount("http://", adapter)
                    self.mount("https://", adapter)

            def send(self, request: Any, **options: Any) -> Any:
                options["allow_redirects"] = False
                options["timeout"] = max(0.1, end - time.monotonic())
                try:
                    answer = super().send(request, **options)
                except requests.RequestException as error:
                    trail.failure = type(error).__name__
                    raise
                trail.status, trail.headers, trail.text = answer.status_code, answer.headers, answer.text
                return answer

        usual = requests.sessions.Session
        requests.sessions.Session = Session  # type: ignore[misc]  # put back below
        try:
            with http.track_connections(http.ConnectionTracker(), end):
                yield
        finally:
            requests.sessions.Session = usual  # type: ignore[misc]  # as it was


def _refused(name: str, trail: _Trail) -> None:
    """Why a message was not taken.

    Raises:
        TransientError: Trying again may help.
        PermanentError: It does not.
    """
    if trail.refused:
        raise PermanentError(f"{name}: {trail.host} is at the private address {trail.refused}; {REMEDY}")
    if trail.failure:
        raise TransientError(f"{name}: {trail.host} cannot be reached or does not answer in time")
    text = " ".join(re.sub(r"[^\x20-\x7e]+", " ", trail.text).split())[:120]
    judged(trail.status, f"{name} answers {trail.status} {text}".rstrip(), trail.headers)
    raise PermanentError(f"{name} does not take it: {text or 'it gives no reason'}")
