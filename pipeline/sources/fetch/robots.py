"""What robots.txt allows. The only file that imports protego."""

from __future__ import annotations

from collections import OrderedDict
from urllib.parse import urlsplit

from protego import Protego

from pipeline.errors import PermanentError, TransientError
from pipeline.sources.fetch.http import Client
from pipeline.sources.read.charset import decode

_MAX_BYTES = 500 * 1024  # RFC 9309 asks for at least 500 KiB
_MAX_SITES = 2000
_MAX_DELAY_SECONDS = 10.0
_NOTHING = Protego.parse("User-agent: *\nDisallow: /")
_ALL = Protego.parse("")


class Robots:
    """Asks each site's robots.txt once.

    Args:
        client: Fetches them.
        agent: The product name to look for, e.g. "Wirewatch".
    """

    def __init__(self, client: Client, agent: str) -> None:
        self._client = client
        self._agent = agent
        self._sites: OrderedDict[str, Protego | None] = OrderedDict()

    def allows(self, url: str, *, allow_private: bool = False) -> bool | None:
        """Whether a page may be fetched; None when the site does not say just now (RFC 9309 2.3.1.4)."""
        rules = self._rules(url, allow_private=allow_private)
        return None if rules is None else bool(rules.can_fetch(url, self._agent))

    def delay_seconds(self, url: str, *, allow_private: bool = False) -> float:
        """How long to wait between two pages of the site; 10 s at most."""
        rules = self._rules(url, allow_private=allow_private)
        return min(float(rules.crawl_delay(self._agent) or 0.0), _MAX_DELAY_SECONDS) if rules else 0.0

    def _rules(self, url: str, *, allow_private: bool) -> Protego | None:
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        if site not in self._sites:
            self._sites[site] = self._fetch(f"{site}/robots.txt", allow_private=allow_private)
            while len(self._sites) > _MAX_SITES:
                self._sites.popitem(last=False)
        return self._sites.get(site)

    def _fetch(self, url: str, *, allow_private: bool) -> Protego | None:
        try:
            answer = self._client.get(url, allow_private=allow_private, max_bytes=_MAX_BYTES)
        except TransientError:
            return None
        except PermanentError:
            return _NOTHING  # an address that is refused, a bad certificate: the page would be too
        if 200 <= answer.status < 300:
            return _parsed(decode(answer.body, answer.headers.get("content-type", "")))
        return None if answer.status >= 500 or answer.status == 429 else _ALL


def _parsed(text: str) -> Protego:
    try:
        return Protego.parse(text)
    except Exception:  # noqa: BLE001  a robots.txt that cannot be read forbids nothing
        return _ALL
