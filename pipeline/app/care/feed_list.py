"""The feed list grows by packs and by addresses; and feeds are tried before anything is taken from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.addresses import redact, shown
from pipeline.app.wiring import Wiring
from pipeline.errors import UsageError
from pipeline.ports import FeedSource
from pipeline.records import FeedState
from pipeline.sources.feeds.feed_packs import pack_named
from pipeline.sources.feeds.opml import add_feeds
from pipeline.sources.fetch.find_feeds import find_feeds
from pipeline.sources.fetch.http import Client

Json = dict[str, Any]


class FeedList:
    """The feeds that are configured, and those that could be.

    Args:
        wiring: The parts.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def add(self, target: str, *, every: bool = False) -> Json:
        """Adds a pack's feeds, or those of an address, to `feeds.yaml`; what is configured already is not.

        Args:
            target: The name of a pack, or the address of a feed or a site.
            every: All feeds that a site links to, not the first alone.

        Returns:
            `added`, and `also`: what the site has besides.

        Raises:
            UsageError: There is no such pack, or no feed at that address.
        """
        if "." not in target and ":" not in target:
            return {"added": self._added(pack_named(target).feeds()), "also": []}
        if "${" in target:
            raise UsageError(f"{target}: write feeds with a key into feeds.yaml by hand")
        with Client(self._wiring.settings.fetch) as client:
            found = [each.source for each in find_feeds(client, target, self._wiring.clock())]
        chosen, left = (found, []) if every else (found[:1], found[1:])
        return {"added": self._added(chosen), "also": [redact(each.url) for each in left]}

    def _added(self, feeds: Sequence[FeedSource]) -> list[Json]:
        added = add_feeds(self._wiring.config / "feeds.yaml", feeds, self._wiring.settings.feeds)
        return [{"id": f.id, "url": redact(f.url), "outlet": f.outlet, "tags": list(f.tags)} for f in added]

    def check(self, ids: Sequence[str] = (), pack: str = "") -> list[Json]:
        """Asks feeds once and keeps nothing: whether each answers, with how many entries.

        Args:
            ids: Configured feeds; none takes all that are enabled.
            pack: The feeds of this pack instead, configured or not.

        Raises:
            UsageError: There is no such feed or pack.
        """
        feeds = pack_named(pack).feeds() if pack else self._configured(ids)
        pairs = [(feed, FeedState(feed.id)) for feed in feeds]
        answers = self._wiring.fetcher.fetch(pairs, self._wiring.clock())
        return [
            {
                "id": feed.id,
                "url": shown(feed.url, feed.secrets),
                "ok": not fetched.state.error,
                "status": fetched.state.status,
                "entries": len(fetched.items),
                "newest": fetched.items[0].title if fetched.items else "",
                "error": fetched.state.error or None,
            }
            for feed, fetched in zip(feeds, answers, strict=True)
        ]

    def _configured(self, ids: Sequence[str]) -> list[FeedSource]:
        known = {feed.id: feed for feed in self._wiring.settings.feeds}
        for name in ids:
            if name not in known:
                raise UsageError(f"feed {name}: no feed has this id; `wirewatch feeds list` lists them")
        return [known[name] for name in ids] or [feed for feed in known.values() if feed.enabled]
