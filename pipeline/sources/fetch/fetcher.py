"""Polls feeds: many at a time, one request at a time a host; and fetches the pages of their items.

Nothing is stored here. A feed's new state is returned beside what came, and committed with it: after a crash
in between, the feed is simply polled again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime

from pipeline.addresses import hidden, host_of, redact, shown
from pipeline.errors import WirewatchError
from pipeline.ports import FeedSource, Fetched
from pipeline.records import Capture, FeedState, RawItem
from pipeline.settings import FetchSettings
from pipeline.sources.feeds import poll_rules
from pipeline.sources.feeds.poll_hints import PollHints, read_hints
from pipeline.sources.feeds.websub import HubLinks, find_hub
from pipeline.sources.fetch.article_pages import ArticlePages
from pipeline.sources.fetch.http import Answer, Client
from pipeline.sources.raw_items import captured
from pipeline.sources.read.charset import decode
from pipeline.sources.read.payload import join_pages, parse_capture
from pipeline.sources.read.syndication.sitemap import SitemapPlace, newest_sitemaps

_ACCEPT_FEED = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, "
    "text/xml;q=0.9, application/json;q=0.8, text/html;q=0.3, */*;q=0.1"
)
_AHEAD = 1024  # how far ahead of the feed that is taken next others are begun
_HELD_BYTES = 256 * 1024 * 1024  # of bodies that wait to be taken; beyond that only the next one is begun
_SITEMAPS_A_POLL = 5
_COOKIES = frozenset({"set-cookie", "set-cookie2"})
_TOKEN = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110 5.6.2
_TAG = re.compile(r"<[^<>]*>")


@dataclass(slots=True)
class _Round:
    """One call of `fetch`: what waits, runs, and is done."""

    feeds: Sequence[tuple[FeedSource, FeedState]]
    waiting: list[int]
    running: dict[Future[Fetched], int] = field(default_factory=dict)
    done: dict[int, Fetched] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)
    held_bytes: int = 0
    next_out: int = 0

    def host(self, index: int) -> str:
        feed, state = self.feeds[index]
        return host_of(state.url or feed.url)

    def startable(self, concurrency: int) -> int | None:
        """The next feed to begin: the first of those near the front whose host is free."""
        if len(self.running) >= concurrency:
            return None
        for index in self.waiting:
            if index >= self.next_out + _AHEAD or (self.held_bytes > _HELD_BYTES and index != self.next_out):
                return None
            if self.host(index) not in self.busy:
                return index
        return None


class FeedFetcher:
    """Implements `pipeline.ports.Fetcher`.

    Args:
        settings: Limits and politeness.
        client: The network, by which hubs are asked as well; one of its own when None.
        sleep: Waits between two pages of a site that asks for it.
        is_wall: Whether a page (HTML) hides its article, given the feed's language, and title and teaser.
        are_one_page: Whether pages (HTML) under several links are forms of one, for readers of other devices.
    """

    def __init__(
        self,
        settings: FetchSettings,
        client: Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
        is_wall: Callable[[str, str, str], bool] = lambda _page, _language, _known: False,
        are_one_page: Callable[[Mapping[str, str]], bool] = lambda _pages: False,
    ) -> None:
        self._settings = settings
        self.client = client or Client(settings)
        self._pages = ArticlePages(settings, self.client, sleep, is_wall, are_one_page)

    def close(self) -> None:
        """Closes all connections."""
        self.client.close()

    def fetch(self, feeds: Sequence[tuple[FeedSource, FeedState]], now: datetime) -> Iterator[Fetched]:
        """Polls each feed once, yields in the order given. Never raises for one feed: the state says why."""
        round_ = _Round(feeds, list(range(len(feeds))))
        pool = ThreadPoolExecutor(self._settings.concurrency, thread_name_prefix="fetch")
        try:
            while round_.next_out < len(feeds):
                self._begin(round_, pool, now)
                if round_.next_out not in round_.done:
                    _collect(round_)
                while round_.next_out in round_.done:
                    fetched = round_.done.pop(round_.next_out)
                    round_.held_bytes -= _size(fetched)
                    round_.next_out += 1
                    yield fetched
                    self._begin(round_, pool, now)
        finally:
            pool.shutdown(cancel_futures=True)

    def _begin(self, round_: _Round, pool: ThreadPoolExecutor, now: datetime) -> None:
        while (index := round_.startable(self._settings.concurrency)) is not None:
            round_.waiting.remove(index)
            round_.busy.add(round_.host(index))
            feed, state = round_.feeds[index]
            round_.running[pool.submit(self._poll, feed, poll_rules.current(feed, state), now)] = index

    def _poll(self, feed: FeedSource, state: FeedState, now: datetime) -> Fetched:
        try:
            fetched = self._ask(feed, state, now)
            return self._with_pages(feed, state, fetched, now)
        except WirewatchError as error:
            said = str(error)
        except Exception as error:  # noqa: BLE001  one feed must not stop the others, whatever it does
            said = f"{redact(feed.url)}: failed ({type(error).__name__}: {str(error)[:100]})"
        reply = poll_rules.Reply(error=hidden(said, feed.secrets))
        return Fetched(poll_rules.failed(state, reply, self._paced(feed), now))

    def _paced(self, feed: FeedSource) -> FetchSettings:
        return poll_rules.paced(feed, self._settings)

    def _ask(self, feed: FeedSource, state: FeedState, now: datetime) -> Fetched:
        url, headers = poll_rules.request(feed, state, now)
        answer = self.client.get(url, {"Accept": _ACCEPT_FEED, **headers}, allow_private=feed.allow_private)
        reply = _reply(feed, answer)
        if answer.status == 304:
            return Fetched(poll_rules.unchanged(state, reply, self._paced(feed), now))
        if not 200 <= answer.status < 300:
            return Fetched(poll_rules.failed(state, reply, self._paced(feed), now))
        digest = poll_rules.body_digest(answer.body)
        if digest == state.body_digest:
            return Fetched(poll_rules.unchanged(state, reply, self._paced(feed), now))
        return self._taken(feed, state, answer, reply, digest, now)

    def _taken(
        self,
        feed: FeedSource,
        state: FeedState,
        answer: Answer,
        reply: poll_rules.Reply,
        digest: str,
        now: datetime,
    ) -> Fetched:
        capture = _capture(feed, "feed", answer, now)
        found = parse_capture(capture, self._settings.max_entries)
        if found.sitemaps:
            return self._of_sitemaps(feed, state, capture, found.sitemaps, reply, now)
        items, rejections = found.items, [] if found.is_empty else found.rejections
        if items or not rejections:
            text = decode(answer.body)
            links = _without_secrets(feed, find_hub(answer.headers, text))
            reply = replace(reply, hints=read_hints(answer.headers, text), links=links)
            if found.is_damaged:
                # What is missing may be there when it is asked for as if for the first time.
                digest, reply = "", replace(reply, etag="", modified="")
            after = poll_rules.succeeded(state, reply, digest, items, self._paced(feed), now)
            return Fetched(after, capture, (), tuple(items), tuple(rejections))
        wrong, bad_digest = (
            replace(reply, error=f"{shown(feed.url, feed.secrets)}: {rejections[0].reason}"),
            f"bad {digest}",
        )
        after = poll_rules.failed(state, wrong, self._paced(feed), now, bad_digest)
        if state.body_digest == bad_digest:  # the same error page again: it is in quarantine already
            return Fetched(after)
        return Fetched(after, capture, (), (), tuple(rejections))

    def _of_sitemaps(
        self,
        feed: FeedSource,
        state: FeedState,
        index: Capture,
        places: Sequence[SitemapPlace],
        reply: poll_rules.Reply,
        now: datetime,
    ) -> Fetched:
        """The items of the newest sitemaps of an index, which may be unchanged when these are not."""
        captures, said = [], ""
        for place in newest_sitemaps(places, _SITEMAPS_A_POLL):
            try:
                private = feed.allow_private and host_of(place) == host_of(feed.url)
                answer = self.client.get(place, {"Accept": _ACCEPT_FEED}, allow_private=private)
            except WirewatchError as error:
                said = said or str(error)
                continue
            if answer.status == 200 and answer.body:
                captures.append(_capture(feed, "feed", answer, now))
            said = said or _reply(feed, answer).error
        read = [parse_capture(capture, self._settings.max_entries) for capture in captures]
        items = [item for found in read for item in found.items]
        refused = tuple(rejection for found in read for rejection in found.rejections)
        reply = replace(reply, etag="", modified="")
        if not items:
            wrong = replace(reply, error=hidden(said or "none of its sitemaps holds an item", feed.secrets))
            return Fetched(poll_rules.failed(state, wrong, self._paced(feed), now), None, (), (), refused)
        digest = poll_rules.body_digest(b"".join(capture.body for capture in captures))
        if digest == state.body_digest:
            return Fetched(poll_rules.unchanged(state, reply, self._paced(feed), now))
        after = poll_rules.succeeded(state, reply, digest, items, self._paced(feed), now)
        return Fetched(after, index, tuple(captures), tuple(items), refused)

    # -- pages -------------------------------------------------------------------------------------------

    def _with_pages(self, feed: FeedSource, before: FeedState, fetched: Fetched, now: datetime) -> Fetched:
        if feed.pages == "never":
            return fetched
        wanted = dict(before.pending)
        known = set(before.seen)
        for item in fetched.items:
            if not poll_rules.is_known(item, known) and self._page_wanted(feed, item):
                wanted.setdefault(item.url, 0)
        if not wanted:
            return fetched
        known_of = {item.url: f"{item.title} {item.body}" for item in fetched.items}
        answers, pending = self._pages.fetch(feed, list(wanted.items()), known_of)
        pages = [_capture(feed, "page", answer, now, link) for link, answer in answers.items()]
        state = poll_rules.with_pending(fetched.state, pending)
        items, rejections = join_pages(fetched.items, {(page.feed, page.item): page for page in pages})
        taken = (*fetched.pages, *pages)
        return Fetched(state, fetched.capture, taken, tuple(items), (*fetched.rejections, *rejections))

    def _page_wanted(self, feed: FeedSource, item: RawItem) -> bool:
        if not item.url.startswith(("http://", "https://")):
            return False
        return feed.pages == "always" or len(_TAG.sub("", item.body)) < self._settings.short_text_chars


def _collect(round_: _Round) -> None:
    finished, _ = wait(round_.running, return_when=FIRST_COMPLETED)
    for future in finished:
        index = round_.running.pop(future)
        round_.busy.discard(round_.host(index))
        round_.done[index] = fetched = future.result()
        round_.held_bytes += _size(fetched)


def _size(fetched: Fetched) -> int:
    captures = (fetched.capture, *fetched.pages) if fetched.capture else fetched.pages
    return sum(len(capture.body) for capture in captures)


def _reply(feed: FeedSource, answer: Answer) -> poll_rules.Reply:
    good = answer.status == 304 or 200 <= answer.status < 300
    told = shown(answer.url, feed.secrets)
    return poll_rules.Reply(
        status=answer.status,
        # A move that holds a key is followed each time and not remembered: feed states hold no secret.
        moved=answer.moved if shown(answer.moved, feed.secrets) == answer.moved else "",
        etag=answer.headers.get("etag", "")[:1000],
        modified=answer.headers.get("last-modified", "")[:100],
        retry_after=answer.headers.get("retry-after", ""),
        hints=read_hints(answer.headers, "") if good else PollHints(),
        error="" if good else f"{told}: {_SAID.get(answer.status, 'answered')} ({answer.status})",
    )


def _capture(feed: FeedSource, kind: str, answer: Answer, now: datetime, item: str = "") -> Capture:
    more = {
        "feed": feed.id,
        "outlet": feed.outlet,
        "language": feed.language,
        "item": item,
        "content_type": answer.headers.get("content-type", "")[:200],
        "status": answer.status,
        "headers": _kept_headers(feed, answer),
    }
    if kind == "page":
        return captured("page", "html", answer.url, now, answer.body, **more)
    return captured("feed", "feed", shown(answer.url, feed.secrets), now, answer.body, **more)


def _without_secrets(feed: FeedSource, links: HubLinks) -> HubLinks:
    """No hub where its address, or the feed's name there, holds a key: feed states hold no secret."""
    told = f"{links.hub} {links.topic}"
    return links if hidden(told, feed.secrets) == told else HubLinks()


def _kept_headers(feed: FeedSource, answer: Answer) -> tuple[tuple[str, str], ...]:
    """The headers as an archive may hold them: no cookie (it may stand for a login), no odd character."""
    return tuple(
        (
            name,
            "".join(
                c if c.isprintable() and c.isascii() else "?" for c in hidden(value, feed.secrets)
            ).strip(),
        )
        for name, value in answer.headers.items()
        if name not in _COOKIES and _TOKEN.fullmatch(name)
    )


_SAID = {
    401: "it asks for credentials",
    403: "it refuses us",
    404: "not found",
    410: "gone for good",
    429: "too many requests",
    503: "it is overloaded",
}
