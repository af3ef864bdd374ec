"""Polls feeds: many at a time, one request at a time a host; and fetches the pages of their items.

Nothing is stored here. A feed's new state is returned beside what came, and committed with it: after a crash
in between, the feed is simply polled again.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime

from pipeline.addresses import hidden, host_of, redact, shown
from pipeline.errors import PermanentError, TransientError, WirewatchError
from pipeline.ports import FeedSource, Fetched
from pipeline.records import Capture, FeedState, RawItem
from pipeline.settings import FetchSettings
from pipeline.sources.feeds import poll_rules
from pipeline.sources.feeds.poll_hints import PollHints, read_hints
from pipeline.sources.fetch.http import Answer, Client
from pipeline.sources.fetch.robots import Robots
from pipeline.sources.raw_items import captured
from pipeline.sources.read.charset import decode
from pipeline.sources.read.payload import is_empty_feed, join_pages, parse_capture

_ACCEPT_FEED = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, "
    "text/xml;q=0.9, application/json;q=0.8, text/html;q=0.3, */*;q=0.1"
)
_ACCEPT_PAGE = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
_AHEAD = 1024  # so many feeds are begun before the first of them is taken
_HELD_BYTES = 256 * 1024 * 1024  # of bodies that wait to be taken; beyond that only the next one is begun
_PAGES_A_POLL = 30
_PAGE_TRIES = 5
_PAGE_FAILURES = 3  # in a row: the site has had enough
_COOKIES = frozenset({"set-cookie", "set-cookie2"})
_TOKEN = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110 5.6.2
_TAG = re.compile(r"<[^>]*>")
_HIDDEN = re.compile(r"<(script|style|noscript)\b.*?</\1>|<!--.*?-->", re.IGNORECASE | re.DOTALL)


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
        client: The network; one of its own when None.
        sleep: Waits between two pages of a site that asks for it.
        is_wall: Whether a page (HTML) hides its article, given the feed's language, and title and teaser.
    """

    def __init__(
        self,
        settings: FetchSettings,
        client: Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
        is_wall: Callable[[str, str, str], bool] = lambda _page, _language, _known: False,
    ) -> None:
        self._is_wall = is_wall
        self._settings = settings
        self._client = client or Client(settings)
        self._sleep = sleep
        self._robots = Robots(self._client, settings.user_agent.partition("/")[0])

    def close(self) -> None:
        """Closes all connections."""
        self._client.close()

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
        return Fetched(poll_rules.failed(state, reply, self._settings, now))

    def _ask(self, feed: FeedSource, state: FeedState, now: datetime) -> Fetched:
        url, headers = poll_rules.request(feed, state, now)
        answer = self._client.get(url, {"Accept": _ACCEPT_FEED, **headers}, allow_private=feed.allow_private)
        reply = _reply(feed, answer)
        if answer.status == 304:
            return Fetched(poll_rules.unchanged(state, reply, self._settings, now))
        if not 200 <= answer.status < 300:
            return Fetched(poll_rules.failed(state, reply, self._settings, now))
        digest = poll_rules.body_digest(answer.body)
        if digest == state.body_digest:
            return Fetched(poll_rules.unchanged(state, reply, self._settings, now))
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
        items, rejections = parse_capture(capture, self._settings.max_entries)
        if is_empty_feed(capture, rejections):
            rejections = []
        if items or not rejections:
            reply = replace(reply, hints=read_hints(answer.headers, decode(answer.body)))
            after = poll_rules.succeeded(state, reply, digest, items, self._settings, now)
            return Fetched(after, capture, (), tuple(items), tuple(rejections))
        wrong, bad_digest = (
            replace(reply, error=f"{shown(feed.url, feed.secrets)}: {rejections[0].reason}"),
            f"bad {digest}",
        )
        after = poll_rules.failed(state, wrong, self._settings, now, bad_digest)
        if state.body_digest == bad_digest:  # the same error page again: it is in quarantine already
            return Fetched(after)
        return Fetched(after, capture, (), (), tuple(rejections))

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
        pages, pending = self._pages(feed, list(wanted.items()), known_of, now)
        state = poll_rules.with_pending(fetched.state, pending)
        items, rejections = join_pages(fetched.items, {(page.feed, page.item): page for page in pages})
        return Fetched(state, fetched.capture, tuple(pages), tuple(items), (*fetched.rejections, *rejections))

    def _page_wanted(self, feed: FeedSource, item: RawItem) -> bool:
        if not item.url.startswith(("http://", "https://")):
            return False
        return feed.pages == "always" or len(_TAG.sub("", item.body)) < self._settings.short_text_chars

    def _pages(
        self, feed: FeedSource, wanted: Sequence[tuple[str, int]], known_of: Mapping[str, str], now: datetime
    ) -> tuple[list[Capture], list[tuple[str, int]]]:
        """Fetches pages; returns them, and those still to be fetched with the times they were tried.

        A page that hides its article, and one text under several addresses, waits: the item goes on with the
        feed's text, and the page is tried again. The last time it is kept as it is, for whoever reads it.
        """
        pages: dict[str, tuple[Capture, str, int]] = {}
        later: list[tuple[str, int]] = []
        seconds, failures = 0.0, 0
        for position, (link, tries) in enumerate(wanted):
            spent = seconds > 2 * self._settings.total_seconds
            if position >= _PAGES_A_POLL or failures >= _PAGE_FAILURES or spent:
                later.append((link, tries))
                continue
            try:
                answer = self._page(feed, link, first=position == 0)
                failures = 0
            except TransientError:
                failures += 1
                if tries + 1 < _PAGE_TRIES:
                    later.append((link, tries + 1))
                continue
            except PermanentError:
                continue  # the item goes on with what the feed gave
            seconds += answer.seconds
            text = answer.body.decode("utf-8", "replace")
            if tries + 1 < _PAGE_TRIES and self._is_wall(text, feed.language, known_of.get(link, "")):
                later.append((link, tries + 1))
                continue
            pages[link] = (_capture(feed, "page", answer, now, link), _visible(text), tries)
        times = Counter(text for _, text, _ in pages.values())
        for link, (_, text, tries) in list(pages.items()):
            if times[text] > 1 and tries + 1 < _PAGE_TRIES:
                later.append((link, tries + 1))
                del pages[link]
        return [capture for capture, _, _ in pages.values()], later

    def _page(self, feed: FeedSource, link: str, *, first: bool) -> Answer:
        private = feed.allow_private and host_of(link) == host_of(feed.url)
        allowed = self._robots.allows(link, allow_private=private)
        if allowed is None:
            raise TransientError(f"{redact(link)}: its robots.txt does not answer")
        if not allowed:
            raise PermanentError(f"{redact(link)}: robots.txt forbids it")
        if not first:
            self._sleep(self._robots.delay_seconds(link, allow_private=private))
        answer = self._client.get(link, {"Accept": _ACCEPT_PAGE}, allow_private=private)
        if answer.status in {408, 425, 429} or answer.status >= 500:
            raise TransientError(f"{redact(link)}: answered {answer.status}")
        kind = answer.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
        if answer.status != 200 or kind not in {"text/html", "application/xhtml+xml", ""} or not answer.body:
            raise PermanentError(f"{redact(link)}: no page ({answer.status}, {kind[:40]})")
        return answer


def _visible(page: str) -> str:
    """What a page shows, roughly: the same for each address of a wall."""
    return " ".join(_TAG.sub(" ", _HIDDEN.sub(" ", page)).split())


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
