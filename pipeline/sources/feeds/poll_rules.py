"""When a feed is polled, and what an answer changes: rules only, no network and no clock.

How often: each poll that brings something new halves the interval, each that does not makes it a quarter
longer. The interval then settles where about a quarter of the polls bring news
(ln 1.25 / (ln 2 + ln 1.25) = .24), so an item waits for about a quarter of the feed's own rhythm, within the
configured bounds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from itertools import combinations
from statistics import median
from types import MappingProxyType

from pipeline.addresses import host_of, with_credentials, without_credentials
from pipeline.domains import registrable_domain
from pipeline.ports import FeedSource
from pipeline.records import FeedState, RawItem, content_id
from pipeline.retry import RetryPolicy
from pipeline.settings import FetchSettings
from pipeline.sources.feeds.poll_hints import PollHints
from pipeline.sources.feeds.websub import HubLinks

DAY_SECONDS = 86_400.0
BACKOFF_MAX_SECONDS = DAY_SECONDS
DEAD_MAX_SECONDS = 30 * DAY_SECONDS
RETRY_AFTER_MAX_SECONDS = 7 * DAY_SECONDS  # a server that asks for more has set its header wrong
GONE_SECONDS = 20 * DAY_SECONDS
DEAD_AFTER_FAILURES = 20  # with the backoff, about two weeks without an answer
_FASTER, _SLOWER = 0.5, 1.25
_MEMORY = 0.75  # the weight that each poll leaves to what earlier ones counted
_RHYTHM_NEW = 0.3  # the weight of the newest gap between two pieces of news
# Processor time of a poll, of an entry that is known, and of a new article until it is enriched
# (docs/benchmarks.md); a feed that is asked for the first time has some such number of new ones.
POLL_SECONDS, ENTRY_SECONDS, ITEM_SECONDS = 0.02, 0.002, 0.05
_FIRST_ITEMS = 20
_SEEN_MIN = 200
_PENDING_MAX = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back from one poll.

    Attributes:
        status: The HTTP status, 0 when there was no answer.
        moved: Where permanent redirects lead, or "".
        etag, modified: The validators it gave, or "".
        retry_after: The header as it was, or "".
        error: In one line; "" when all is well.
        hints: When feed and server ask to be polled.
        links: Its WebSub hub; None where the answer cannot say.
    """

    status: int = 0
    moved: str = ""
    etag: str = ""
    modified: str = ""
    retry_after: str = ""
    error: str = ""
    hints: PollHints = field(default_factory=PollHints)
    links: HubLinks | None = None


def paced(feed: FeedSource, settings: FetchSettings) -> FetchSettings:
    """The limits for one feed: an interval that a person set holds whatever the feed's rhythm and hints."""
    if not feed.interval_seconds:
        return settings
    fixed = {"interval_min_seconds": feed.interval_seconds, "interval_max_seconds": feed.interval_seconds}
    return settings.model_copy(update=fixed)


def jitter(feed: str, now: datetime) -> float:
    """A number in [0, 1) that differs by feed and poll, and is the same when computed again."""
    return int(content_id("jitter", feed, now.isoformat()), 16) / 2**64


def item_keys(item: RawItem) -> tuple[str, ...]:
    """What makes an item the same one at the next poll: any two of guid, link and title.

    One alone deceives: sources give a new article an old guid, an old article a new guid, and links differ in
    what tracks the reader. An item with only one of guid and link is known by that, one with neither by its
    title.
    """
    parts = {"g": item.guid, "u": item.url, "t": item.title}
    named = [(name, value) for name, value in parts.items() if value]
    if not (item.guid and item.url):
        named = named[:1]
        return (content_id(*(value for _, value in named))[:12],)
    return tuple(content_id(*one, *other)[:12] for one, other in combinations(named, 2))


def is_known(item: RawItem, seen: Container[str]) -> bool:
    """Whether an item came at an earlier poll; `seen` is that of the feed's state."""
    return any(key in seen for key in item_keys(item))


def body_digest(body: bytes) -> str:
    """The digest by which a body is known again."""
    return sha256(body).hexdigest()[:24]


def current(feed: FeedSource, state: FeedState | None) -> FeedState:
    """The state to poll with: a new one at first; after the feed's URL was edited, one that asks afresh."""
    source = content_id(feed.url)
    if state is None:
        return FeedState(feed=feed.id, source=source)
    if state.source == source:
        return state
    if not state.source:  # a state that was made by hand
        return replace(state, source=source)
    return replace(
        state, source=source, url="", etag="", modified="", body_digest="", next_poll=None, failures=0
    )


def request(feed: FeedSource, state: FeedState, now: datetime) -> tuple[str, dict[str, str]]:
    """The URL to ask (with the feed's credentials) and the conditional headers.

    A feed that fails where a redirect led is asked at its configured URL every third time. Once a day it is
    asked without conditions, for servers that repeat a stale ETag; the digest then tells whether it is new.
    """
    astray = state.failures % 3 == 2
    url = with_credentials(state.url, feed.url) if state.url and not astray else feed.url
    headers: dict[str, str] = {}
    if not astray and not _new_day(state, now):
        if state.etag:
            headers["If-None-Match"] = state.etag
        if state.modified:
            headers["If-Modified-Since"] = state.modified
    return url, headers


def _new_day(state: FeedState, now: datetime) -> bool:
    """Whether the feed's own day, which begins at its own hour, has changed since the last good poll."""
    if state.succeeded is None:
        return True
    shift = jitter(state.feed, datetime(1970, 1, 1, tzinfo=UTC)) * DAY_SECONDS
    return (state.succeeded.timestamp() - shift) // DAY_SECONDS != (now.timestamp() - shift) // DAY_SECONDS


def unchanged(state: FeedState, reply: Reply, settings: FetchSettings, now: datetime) -> FeedState:
    """After a 304, or a body that is the same as the last good one."""
    return _succeeded(state, reply, _slower(state, settings), settings, now)


def succeeded(
    state: FeedState,
    reply: Reply,
    digest: str,
    items: Sequence[RawItem],
    settings: FetchSettings,
    now: datetime,
) -> FeedState:
    """After a body with items: counts what is new and sets the interval by it."""
    distinct = {item_keys(item): item for item in items}
    known = set(state.seen)
    new = [item for item in distinct.values() if not is_known(item, known)]
    first = not state.seen
    keys = [key for item in distinct for key in item]
    keep = max(_SEEN_MIN, 2 * len(keys))
    seen = tuple(dict.fromkeys([*keys, *state.seen]))[:keep]
    interval = (
        state.interval_seconds if first else _faster(state, settings) if new else _slower(state, settings)
    )
    state = replace(
        state,
        body_digest=digest,
        seen=seen,
        entries=round(state.entries * _MEMORY) + len(distinct),
        repeats=round(state.repeats * _MEMORY) + len(distinct) - len(new),
    )
    if new:
        lags = _lags(new, now)
        state = replace(
            state,
            news=now,
            rhythm_seconds=state.rhythm_seconds if first else _rhythm(state, now),
            lag_seconds=median(lags) if lags and not first else state.lag_seconds,
        )
    return _succeeded(state, reply, interval, settings, now)


def failed(
    state: FeedState, reply: Reply, settings: FetchSettings, now: datetime, digest: str = ""
) -> FeedState:
    """After no answer, a bad one, or a body that is no feed (with the digest to know it by).

    Backs off from the interval, or from an hour if that is less, doubling up to a day. `Retry-After` is
    honoured for this feed alone. A feed that is gone or long dead is still asked, within 30 days each time.
    """
    failures = state.failures + 1
    spread = jitter(state.feed, now)
    if reply.status == 410:
        wait = GONE_SECONDS * (0.75 + 0.5 * spread)
    elif failures >= DEAD_AFTER_FAILURES:
        dead = RetryPolicy(BACKOFF_MAX_SECONDS, 0.8 * DEAD_MAX_SECONDS, jitter=0.25)
        wait = dead.wait(state.feed, failures - DEAD_AFTER_FAILURES + 1)
    else:
        start = max(settings.interval_min_seconds, min(state.interval_seconds, 3600.0))
        # With its jitter a wait is never shorter than the feed's interval, nor longer than a day.
        ill = RetryPolicy(start * 1.125, BACKOFF_MAX_SECONDS * 0.9, jitter=1 / 9)
        wait = ill.wait(state.feed, failures)
    asked = retry_after_seconds(reply.retry_after, now) if reply.status in {429, 503} else None
    if asked is not None:
        wait = min(max(asked, settings.interval_min_seconds), RETRY_AFTER_MAX_SECONDS)
    return replace(
        state,
        polled=now,
        next_poll=now + timedelta(seconds=wait),
        failures=failures,
        error=reply.error or f"answered {reply.status}",
        status=reply.status,
        body_digest=digest or state.body_digest,
        etag="" if digest else state.etag,
        modified="" if digest else state.modified,
    )


def retry_after_seconds(header: str, now: datetime) -> float | None:
    """What a Retry-After header asks for: seconds, or a date; None where it cannot be read."""
    text = header.strip()
    if re.fullmatch(r"\d{1,12}", text):
        return float(text)
    time = _time(text)
    return max(0.0, (time - now).total_seconds()) if time else None


def with_pending(state: FeedState, pending: Iterable[tuple[str, int]]) -> FeedState:
    """The state with the pages that are still to be fetched, the oldest first, at most 200."""
    return replace(state, pending=tuple(dict(pending).items())[:_PENDING_MAX])


def due(
    feeds: Sequence[FeedSource], states: Mapping[str, FeedState], now: datetime
) -> list[tuple[FeedSource, FeedState]]:
    """The enabled feeds whose time has come, the longest overdue first, with the state to poll them with."""
    ready = []
    for feed in feeds:
        state = current(feed, states.get(feed.id))
        # A poll that is due later than any rule puts it was planned by a clock that went wrong.
        astray = state.next_poll is not None and state.next_poll - now > timedelta(seconds=DEAD_MAX_SECONDS)
        if feed.enabled and (
            state.next_poll is None or state.next_poll <= now or astray or _sooner(feed, state, now)
        ):
            ready.append((feed, state))
    beginning = datetime.min.replace(tzinfo=UTC)
    return sorted(ready, key=lambda pair: (pair[1].next_poll or beginning, pair[0].id))


def _sooner(feed: FeedSource, state: FeedState, now: datetime) -> bool:
    """Whether an interval that a person set since the last poll makes a healthy feed due."""
    if not feed.interval_seconds or state.failures or state.polled is None:
        return False
    return now - state.polled >= timedelta(seconds=feed.interval_seconds)


def expected_seconds(state: FeedState | None) -> float:
    """The processor time that the next poll of a feed is expected to cost, until its articles are enriched.

    Entries and repeats decay by `_MEMORY` with each poll, so a poll brings about a quarter of what they add
    up to; a feed that was never asked is all new.

    >>> round(expected_seconds(FeedState("f", entries=80, repeats=76)), 2)
    0.11
    """
    if state is None or (state.succeeded is None and not state.entries):
        return POLL_SECONDS + _FIRST_ITEMS * ITEM_SECONDS
    entries, fresh = (count * (1 - _MEMORY) for count in (state.entries, state.entries - state.repeats))
    return POLL_SECONDS + entries * ENTRY_SECONDS + fresh * ITEM_SECONDS


def groups(
    feeds: Sequence[FeedSource],
    size: int,
    work: Mapping[str, float] = MappingProxyType({}),
    most: float = math.inf,
) -> list[tuple[FeedSource, ...]]:
    """Parts feeds for mapped tasks: one host is never in two groups, similar hosts are in one.

    Args:
        feeds: In any order; the result does not depend on it.
        size: The most feeds of a group; a host with more has a group of its own.
        work: What each is expected to cost, by id.
        most: What a group costs at most; a host that costs more has a group of its own.
    """
    by_host: dict[str, list[FeedSource]] = {}
    for feed in sorted(feeds, key=lambda feed: feed.id):
        by_host.setdefault(host_of(feed.url), []).append(feed)
    parted: list[tuple[FeedSource, ...]] = []
    group: list[FeedSource] = []
    held = 0.0
    for host in sorted(by_host, key=lambda host: (registrable_domain(host), host)):
        cost = math.fsum(work.get(feed.id, 0.0) for feed in by_host[host])
        if group and (len(group) + len(by_host[host]) > size or held + cost > most):
            parted.append(tuple(group))
            group, held = [], 0.0
        group += by_host[host]
        held += cost
    return [*parted, tuple(group)] if group else parted


def _succeeded(
    state: FeedState, reply: Reply, interval: float, settings: FetchSettings, now: datetime
) -> FeedState:
    links = reply.links or HubLinks(state.hub, state.topic)
    wait = _bounded(max(interval, reply.hints.wait_seconds) * (0.9 + 0.2 * jitter(state.feed, now)), settings)
    return replace(
        state,
        url=without_credentials(reply.moved) or state.url,
        etag=reply.etag or (state.etag if reply.status == 304 else ""),
        modified=reply.modified or (state.modified if reply.status == 304 else ""),
        polled=now,
        succeeded=now,
        next_poll=reply.hints.after(now + timedelta(seconds=wait)),
        interval_seconds=interval,
        failures=0,
        error="",
        status=reply.status,
        hub=links.hub,
        topic=links.topic,
    )


def _faster(state: FeedState, settings: FetchSettings) -> float:
    return _bounded(state.interval_seconds * _FASTER, settings)


def _slower(state: FeedState, settings: FetchSettings) -> float:
    return _bounded(state.interval_seconds * _SLOWER, settings)


def _bounded(seconds: float, settings: FetchSettings) -> float:
    return min(max(seconds, settings.interval_min_seconds), settings.interval_max_seconds)


def _rhythm(state: FeedState, now: datetime) -> float:
    if state.news is None:
        return -1.0
    gap = (now - state.news).total_seconds()
    return (
        gap if state.rhythm_seconds < 0 else state.rhythm_seconds + _RHYTHM_NEW * (gap - state.rhythm_seconds)
    )


def _lags(items: Iterable[RawItem], now: datetime) -> list[float]:
    times = (_time(item.published or item.updated) for item in items)
    lags = [(now - time).total_seconds() for time in times if time]
    return [lag for lag in lags if 0 <= lag < 30 * DAY_SECONDS]


def _time(text: str) -> datetime | None:
    """A date as mail or ISO 8601 writes it; only for rough figures, articles get theirs from `normalize`."""
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            time = read(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return time if time.tzinfo else time.replace(tzinfo=UTC)
    return None
