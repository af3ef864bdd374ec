"""Finds the feeds of a site, given the address of one of its pages or feeds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from pipeline.addresses import redact
from pipeline.errors import PermanentError, UsageError, WirewatchError
from pipeline.ports import FeedSource
from pipeline.sources.feeds.feed_ids import feed_id
from pipeline.sources.fetch.http import Answer, Client
from pipeline.sources.raw_items import captured
from pipeline.sources.read.charset import decode
from pipeline.sources.read.payload import parse_capture
from pipeline.sources.read.webpage import feed_links

_ACCEPT = {"Accept": "text/html, application/rss+xml, application/atom+xml, application/feed+json, */*;q=0.5"}
# Feeds of readers' comments, which every WordPress site offers beside the news.
_COMMENTS = re.compile(r"\bcomments?\b", re.IGNORECASE)
_ENTRIES = 50  # as many as it takes to see what a feed is


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed that answered: how it would be configured, and what it lists now."""

    source: FeedSource
    entries: int
    newest: str


def find_feeds(client: Client, address: str, now: datetime) -> list[FoundFeed]:
    """Asks an address; where a page answers, the feeds that it links to.

    Args:
        client: The network, with all its limits.
        address: Of a feed or of any page of a site; https where it names no scheme.
        now: When (UTC).

    Returns:
        At least one, in the order in which the page names them; those of comments are left out.

    Raises:
        UsageError: There is no feed.
        WirewatchError: The address does not answer, or must not be asked.
    """
    url = address if "://" in address else f"https://{address}"
    answer = _asked(client, url)
    found = _feed(answer, answer.moved or url, now)
    if found:
        return [found]
    links = feed_links(decode(answer.body), answer.url)
    tried: list[FoundFeed] = []
    failed = ""
    for link in links:
        if _COMMENTS.search(link):
            continue
        try:
            linked = _asked(client, link)
        except WirewatchError as error:
            failed = failed or str(error)
            continue
        found = _feed(linked, linked.moved or link, now)
        tried += [found] if found and found.source.url not in {each.source.url for each in tried} else []
    if not tried:
        why = failed or ("no link on it leads to one" if links else "and it links to none")
        raise UsageError(
            f"{redact(url)}: is not a feed, {why}; look for the address of its RSS feed on the site"
        )
    return tried


def _asked(client: Client, url: str) -> Answer:
    answer = client.get(url, _ACCEPT)
    if answer.status != 200:
        raise PermanentError(f"{redact(url)}: answered {answer.status}")
    return answer


def _feed(answer: Answer, url: str, now: datetime) -> FoundFeed | None:
    capture = captured(
        "feed", "feed", url, now, answer.body, content_type=answer.headers.get("content-type", "")
    )
    found = parse_capture(capture, _ENTRIES)
    items = found.items
    if not items and not found.is_empty:
        return None
    outlet = items[0].outlet if items else ""
    language = items[0].language if items else ""
    source = FeedSource(id=feed_id(outlet, outlet, url), url=url, outlet=outlet, language=language)
    return FoundFeed(source, len(items), items[0].title if items else "")
