"""Fetches the pages of a feed's items: politely, through pages that send readers on, and wary of walls."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pipeline.addresses import host_of, redact
from pipeline.errors import PermanentError, TransientError
from pipeline.ports import FeedSource
from pipeline.settings import FetchSettings
from pipeline.sources.fetch.http import Answer, Client
from pipeline.sources.fetch.robots import Robots
from pipeline.sources.read.charset import decode
from pipeline.sources.read.webpage import sent_on

_ACCEPT: Final = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
_A_POLL: Final = 30
_TRIES: Final = 5
_FAILURES: Final = 3  # in a row: the site has had enough
_REFRESHES: Final = 3
# A page that sends its readers on says little else; articles that reload themselves are articles.
_STUB_CHARS: Final = 1000
_TAG = re.compile(r"<[^<>]*>")
_BOUND = re.compile(r"<(/)?(script|style|noscript)\b(?(1)[^<>]*>?)|(<!--)|(-->)", re.IGNORECASE)


class ArticlePages:
    """Fetches the pages of items, one at a time.

    Args:
        settings: Limits and politeness.
        client: The network.
        sleep: Waits between two pages of a site that asks for it.
        is_wall: Whether a page (HTML) hides its article, given the feed's language, and title and teaser.
        are_one_page: Whether pages (HTML) under several links are forms of one, for readers of other devices.
    """

    def __init__(
        self,
        settings: FetchSettings,
        client: Client,
        sleep: Callable[[float], None] = time.sleep,
        is_wall: Callable[[str, str, str], bool] = lambda _page, _language, _known: False,
        are_one_page: Callable[[Mapping[str, str]], bool] = lambda _pages: False,
    ) -> None:
        self._settings = settings
        self._client = client
        self._sleep = sleep
        self._is_wall = is_wall
        self._are_one_page = are_one_page
        self._robots = Robots(client, settings.user_agent.partition("/")[0])

    def fetch(
        self, feed: FeedSource, wanted: Sequence[tuple[str, int]], known_of: Mapping[str, str]
    ) -> tuple[dict[str, Answer], list[tuple[str, int]]]:
        """Fetches pages.

        A page that hides its article is put off, and so are pages that show one text under several addresses,
        unless they are forms of one page: the item goes on with the feed's text, and the page is tried again.
        At the last try it is kept as it is, for whoever reads it.

        Args:
            feed: Whose items they are of.
            wanted: Links, each with how often it was tried.
            known_of: What the feed says of the articles at these links: title and teaser.

        Returns:
            The answers by link, and the links still to be fetched with the times they were tried.
        """
        pages: dict[str, tuple[Answer, str, int]] = {}
        later: list[tuple[str, int]] = []
        seconds, failures = 0.0, 0
        for position, (link, tries) in enumerate(wanted):
            spent = seconds > 2 * self._settings.total_seconds
            if position >= _A_POLL or failures >= _FAILURES or spent:
                later.append((link, tries))
                continue
            try:
                answer, took = self._page(feed, link, first=position == 0)
                failures = 0
            except TransientError:
                failures += 1
                if tries + 1 < _TRIES:
                    later.append((link, tries + 1))
                continue
            except PermanentError:
                continue  # the item goes on with what the feed gave
            seconds += took
            text = _text(answer)
            if tries + 1 < _TRIES and self._is_wall(text, feed.language, known_of.get(link, "")):
                later.append((link, tries + 1))
                continue
            pages[link] = (answer, visible(text), tries)
        for link in self._of_one_text(pages):
            _, _, tries = pages[link]
            if tries + 1 < _TRIES:
                later.append((link, tries + 1))
                del pages[link]
        return {link: answer for link, (answer, _, _) in pages.items()}, later

    def _of_one_text(self, pages: Mapping[str, tuple[Answer, str, int]]) -> list[str]:
        """The links under which the site showed the same text as under others, as a wall does."""
        links: dict[str, list[str]] = {}
        for link, (_, text, _) in pages.items():
            links.setdefault(text, []).append(link)
        found: list[str] = []
        for alike in filter(lambda alike: len(alike) > 1, links.values()):
            if not self._are_one_page({link: _text(pages[link][0]) for link in alike}):
                found += alike
        return found

    def _page(self, feed: FeedSource, link: str, *, first: bool) -> tuple[Answer, float]:
        """The page at a link, or where a page that does nothing else sends its readers; and the seconds."""
        answer = self._asked(feed, link, wait=not first)
        seconds, seen = answer.seconds, {link, answer.url}
        for _ in range(_REFRESHES):
            text = _text(answer)
            target = sent_on(text, answer.url) if len(visible(text)) <= _STUB_CHARS else ""
            if not target or target in seen or _goes_down(answer.url, target):
                break
            seen.add(target)
            answer = self._asked(feed, target, wait=host_of(target) == host_of(link))
            seconds += answer.seconds
        return answer, seconds

    def _asked(self, feed: FeedSource, link: str, *, wait: bool) -> Answer:
        private = feed.allow_private and host_of(link) == host_of(feed.url)
        allowed = self._robots.allows(link, allow_private=private)
        if allowed is None:
            raise TransientError(f"{redact(link)}: its robots.txt does not answer")
        if not allowed:
            raise PermanentError(f"{redact(link)}: robots.txt forbids it")
        if wait:
            self._sleep(self._robots.delay_seconds(link, allow_private=private))
        answer = self._client.get(link, {"Accept": _ACCEPT}, allow_private=private)
        if answer.status in {408, 425, 429} or answer.status >= 500:
            raise TransientError(f"{redact(link)}: answered {answer.status}")
        if not answer.whole:
            raise TransientError(f"{redact(link)}: came damaged")
        kind = answer.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
        if answer.status != 200 or kind not in {"text/html", "application/xhtml+xml", ""} or not answer.body:
            raise PermanentError(f"{redact(link)}: no page ({answer.status}, {kind[:40]})")
        return answer


def _text(answer: Answer) -> str:
    return decode(answer.body, answer.headers.get("content-type", ""))


def _goes_down(url: str, target: str) -> bool:
    """Whether a target is no web address, or the way to it leaves TLS, as no redirect may."""
    down = url.startswith("https://") and target.startswith("http://")
    return down or not target.startswith(("http://", "https://"))


def visible(page: str) -> str:
    """The visible text of a page, roughly: a wall shows the same at each address.

    >>> visible("<p>Log in<script>x()</script> here<!-- ad --></p>")
    'Log in here'
    """
    pieces, hidden, at = [], "", 0
    for bound in _BOUND.finditer(page):
        if not hidden and (bound[3] or (bound[2] and not bound[1])):
            pieces.append(page[at : bound.start()])
            hidden = "-->" if bound[3] else bound[2].lower()
        elif hidden and (bound[4] or (bound[1] and bound[2].lower())) == hidden:
            hidden, at = "", bound.end()
    if not hidden:
        pieces.append(page[at:])
    return " ".join(_TAG.sub(" ", " ".join(pieces)).split())
