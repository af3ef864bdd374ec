"""Polls feeds and archives what they sent, before anything is made of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.ports import Archive, FeedSource, Fetcher
from pipeline.records import Capture, FeedState, RawItem, Rejection, content_id


@dataclass(frozen=True, slots=True)
class Polls:
    """What a round of polls gave; travels between Airflow tasks as a file.

    Attributes:
        place: Where the captures are in the archive, "" when nothing came.
        states: The feeds' new states, to be committed with what the items become.
        items: In the order of the feeds.
        rejections: What could not be parsed.
    """

    place: str = ""
    states: tuple[FeedState, ...] = ()
    items: tuple[RawItem, ...] = ()
    rejections: tuple[Rejection, ...] = ()

    def entries(self, feed: str) -> int:
        """How many items a feed sent."""
        return sum(item.feed == feed for item in self.items)


def poll(
    fetcher: Fetcher,
    archive: Archive,
    feeds: Sequence[tuple[FeedSource, FeedState]],
    now: datetime,
    progress: Callable[[int], None],
) -> Polls:
    """Polls each feed once.

    Args:
        fetcher: Asks.
        archive: Keeps what comes.
        feeds: With the states to ask with.
        now: When (UTC).
        progress: Called with 1 for each feed.
    """
    captures: list[Capture] = []
    states: list[FeedState] = []
    items: list[RawItem] = []
    rejections: list[Rejection] = []
    for fetched in fetcher.fetch(feeds, now):
        captures += ([fetched.capture] if fetched.capture else []) + list(fetched.pages)
        states.append(fetched.state)
        items += fetched.items
        rejections += fetched.rejections
        progress(1)
    place = archive.write(content_id(*(c.id for c in captures)), captures) if captures else ""
    return Polls(place, tuple(states), tuple(items), tuple(rejections))
