"""The rules of polling: nothing here touches a network or a clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from source_samples import NOW, rss

from pipeline.ports import FeedSource
from pipeline.records import FeedState, RawItem
from pipeline.settings import FetchSettings
from pipeline.sources.feeds import poll_rules
from pipeline.sources.feeds.health import ailment
from pipeline.sources.feeds.poll_hints import read_hints
from pipeline.sources.feeds.websub import HubLinks

SETTINGS = FetchSettings()
FEED = FeedSource("f", "https://user:pw@feeds.outlet.test/rss")
DAY = timedelta(days=1)


def item(guid, now, published=""):
    return RawItem(id=guid, capture="c", position=0, fetched=now, guid=guid, published=published)


def brought(state, now, *guids):
    items = [item(guid, now) for guid in guids]
    return poll_rules.succeeded(state, poll_rules.Reply(status=200), "digest", items, SETTINGS, now)


@pytest.fixture
def state() -> FeedState:
    return poll_rules.current(FEED, None)


def test_news_makes_it_faster_and_silence_slower(state, now):
    state = replace(brought(state, now, "1"), interval_seconds=8000.0)
    assert brought(state, now, "1", "2").interval_seconds == 4000.0
    assert brought(state, now, "1").interval_seconds == 10000.0
    assert (
        poll_rules.unchanged(state, poll_rules.Reply(status=304), SETTINGS, now).interval_seconds == 10000.0
    )


@given(st.lists(st.sampled_from(["new", "same", "304", "fail", "410", "429"]), max_size=60))
def test_the_next_poll_is_always_within_bounds(events):
    now = NOW
    state = poll_rules.current(FEED, None)
    for number, event in enumerate(events):
        before = state
        if event in {"new", "same"}:
            state = brought(state, now, f"{number}" if event == "new" else "0")
        elif event == "304":
            state = poll_rules.unchanged(state, poll_rules.Reply(status=304), SETTINGS, now)
        else:
            code = {"fail": 0, "410": 410, "429": 429}[event]
            reply = poll_rules.Reply(status=code, error="x", retry_after="999999999" if code == 429 else "")
            state = poll_rules.failed(state, reply, SETTINGS, now)
        assert state.next_poll is not None
        wait = (state.next_poll - now).total_seconds()
        bound = 86_400 if not state.failures else 30 * 86_400
        assert 600 <= wait <= bound, (event, before, state)
        if not state.failures:
            assert 600 <= state.interval_seconds <= 86_400
            assert wait >= 600
        now = state.next_poll


def test_an_hourly_feed_is_polled_several_times_an_hour_and_a_weekly_one_daily(now):
    for gap_seconds, fewest, most in ((3600, 1.5, 6), (7 * 86_400, 0, 0.1)):
        state, time, polls, news = poll_rules.current(FEED, None), now, 0, 0
        end = now + timedelta(days=60)
        while time < end:
            latest = int((time - now).total_seconds() // gap_seconds)
            state = brought(state, time, str(latest))
            polls, news, time = polls + 1, latest, state.next_poll
        hours = 60 * 24
        assert fewest <= polls / hours <= most, (gap_seconds, polls, news)


def test_backoff_doubles_to_a_day_and_then_to_less_than_a_month(state, now):
    waits = []
    for _ in range(40):
        state = poll_rules.failed(state, poll_rules.Reply(error="no answer"), SETTINGS, now)
        waits.append((state.next_poll - now).total_seconds())
        now = state.next_poll
    assert 600 <= waits[0] <= 750
    assert 1200 <= waits[1] <= 1500
    assert all(wait <= 86_400 for wait in waits[:19])
    assert all(7 * 86_400 < wait <= 30 * 86_400 for wait in waits[-5:])
    assert state.failures == 40
    assert len(set(waits)) == 40  # the jitter: not all feeds of a dead host come back in one minute


def test_jitter_differs_by_feed_and_is_repeatable(now):
    values = [poll_rules.jitter(f"feed-{number}", now) for number in range(1000)]
    assert values[7] == poll_rules.jitter("feed-7", now)
    assert 0.45 < sum(values) / 1000 < 0.55


def test_a_gone_feed_is_tried_again_within_30_days(state, now):
    for _ in range(50):
        state = poll_rules.failed(state, poll_rules.Reply(status=410, error="gone"), SETTINGS, now)
        assert 7 * DAY < state.next_poll - now <= 30 * DAY
        now = state.next_poll
    assert poll_rules.due([FEED], {"f": state}, now)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("Sun, 01 Mar 2026 14:00:00 GMT", 7200),
        ("Sun, 01 Mar 2026 10:00:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("9" * 300, None),
        ("1.5", None),
    ],
)
def test_retry_after(now, header, seconds):
    assert poll_rules.retry_after_seconds(header, now) == seconds


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(state, now, status):
    reply = poll_rules.Reply(status=status, retry_after="7200", error="busy")
    assert poll_rules.failed(state, reply, SETTINGS, now).next_poll == now + timedelta(hours=2)
    reply = replace(reply, retry_after="1")
    assert poll_rules.failed(state, reply, SETTINGS, now).next_poll == now + timedelta(minutes=10)


def test_validators_are_sent_back_but_once_a_day_not(state, now):
    reply = poll_rules.Reply(status=200, etag='"v1"', modified="Sun, 01 Mar 2026 10:00:00 GMT")
    state = poll_rules.succeeded(state, reply, "d", [item("1", now)], SETTINGS, now)
    url, headers = poll_rules.request(FEED, state, now + timedelta(seconds=1))
    assert url == FEED.url
    assert headers == {"If-None-Match": '"v1"', "If-Modified-Since": "Sun, 01 Mar 2026 10:00:00 GMT"}
    times = [now + timedelta(minutes=10 * number) for number in range(1, 144 * 3)]
    asked_freely = 0
    for time in times:
        asked_freely += not poll_rules.request(FEED, state, time)[1]
        state = poll_rules.unchanged(state, poll_rules.Reply(status=304), SETTINGS, time)
    assert asked_freely == 3  # in three days
    assert state.etag == '"v1"'  # a 304 need not repeat it


def test_a_moved_feed_is_asked_where_it_moved_with_its_credentials(state, now):
    reply = poll_rules.Reply(status=200, moved="https://feeds.outlet.test/new")
    state = poll_rules.succeeded(state, reply, "d", [], SETTINGS, now)
    assert state.url == "https://feeds.outlet.test/new"
    assert poll_rules.request(FEED, state, now)[0] == "https://user:pw@feeds.outlet.test/new"
    other = replace(state, url="https://elsewhere.test/new")
    assert poll_rules.request(FEED, other, now)[0] == "https://elsewhere.test/new"


def test_a_feed_that_fails_where_it_moved_is_asked_where_it_was(state, now):
    state = replace(state, url="https://dead.test/")
    asked = []
    for _ in range(6):
        asked.append(poll_rules.request(FEED, state, now)[0])
        state = poll_rules.failed(state, poll_rules.Reply(error="x"), SETTINGS, now)
    assert asked.count(FEED.url) == 2
    assert asked.count("https://dead.test/") == 4


def test_an_edited_url_drops_what_was_known_of_the_old_one(now, state):
    state = replace(brought(state, now, "1"), etag='"x"', url="https://moved.test/", failures=3)
    edited = replace(FEED, url="https://outlet.test/other")
    after = poll_rules.current(edited, state)
    assert (after.etag, after.url, after.body_digest, after.next_poll, after.failures) == (
        "",
        "",
        "",
        None,
        0,
    )
    assert after.seen == state.seen  # the same items there are still not new
    assert "pw" not in repr(state)


def test_news_repeats_lag_and_rhythm(state, now):
    state = brought(state, now, "1", "2", "3")
    assert (state.entries, state.repeats, state.news) == (3, 0, now)
    assert state.lag_seconds == -1  # what was there before we came says nothing
    later = now + timedelta(hours=2)
    fresh = item("4", later, published="Sun, 01 Mar 2026 13:30:00 GMT")
    items = [item("1", later), item("2", later), fresh]
    state = poll_rules.succeeded(state, poll_rules.Reply(status=200), "e", items, SETTINGS, later)
    assert (state.entries, state.repeats) == (5, 2)
    assert state.lag_seconds == 1800
    assert state.rhythm_seconds == 7200
    assert state.repeats / state.entries == 0.4
    quiet = brought(state, later + DAY, "1", "2", "4")
    assert quiet.news == later


def test_items_that_vanish_and_return_are_not_news(state, now):
    state = brought(state, now, "1", "2")
    state = brought(state, now, "3")
    assert brought(state, now + DAY, "1", "2", "3").news == now


def test_an_item_is_known_by_two_of_guid_link_and_title(now):
    def made(guid, link, title):
        return RawItem(id="i", capture="c", position=0, fetched=now, guid=guid, url=link, title=title)

    first = made("7", "https://a.test/1", "Flood in Tamsa")
    seen = set(poll_rules.item_keys(first))
    assert not poll_rules.is_known(
        made("7", "https://a.test/2", "Vote in Norland"), seen
    )  # the guid is reused
    assert poll_rules.is_known(made("8", "https://a.test/1", "Flood in Tamsa"), seen)  # the guid is changed
    assert poll_rules.is_known(made("7", "https://a.test/1?poll=2", "Flood in Tamsa"), seen)
    assert poll_rules.is_known(made("7", "https://a.test/1", "Flood in Tamsa, bridge closed"), seen)
    assert not poll_rules.is_known(
        made("8", "https://a.test/1", "Vote in Norland"), seen
    )  # all link to one page
    for bare in (made("7", "", "a"), made("", "https://a.test/1", "a"), made("", "", "a")):
        assert poll_rules.is_known(bare, set(poll_rules.item_keys(bare)))


def test_what_is_seen_stays_bounded(state, now):
    for number in range(100):
        state = brought(state, now, *(f"{number}-{place}" for place in range(50)))
    assert len(state.seen) == 200


def test_pending_pages_stay_bounded(state):
    assert (
        len(poll_rules.with_pending(state, ((f"https://a.test/{n}", 0) for n in range(1000))).pending) == 200
    )


def test_due_is_by_how_long_it_is_overdue(now):
    feeds = [FeedSource(name, f"https://{name}.test/") for name in "abcd"]
    feeds.append(FeedSource("e", "https://e.test/", enabled=False))
    states = {
        feed.id: replace(poll_rules.current(feed, None), next_poll=now + timedelta(minutes=minutes))
        for feed, minutes in zip(feeds, (-1, 5, -30), strict=False)
    }
    assert [feed.id for feed, _ in poll_rules.due(feeds, states, now)] == ["d", "c", "a"]


# The first host of a process reads the public suffix list, which takes longer than the others.
@settings(deadline=None)
@given(st.lists(st.integers(0, 30), max_size=120), st.integers(1, 50))
def test_groups_never_part_a_host(hosts, size):
    feeds = [
        FeedSource(f"f{number}", f"https://feeds{host}.outlet{host % 7}.co.uk/{number}")
        for number, host in enumerate(hosts)
    ]
    parted = poll_rules.groups(feeds, size)
    assert sorted(feed.id for group in parted for feed in group) == sorted(feed.id for feed in feeds)
    places: dict[str, int] = {}
    for number, group in enumerate(parted):
        for feed in group:
            assert places.setdefault(feed.url.split("/")[2], number) == number
        assert len(group) <= size or len({feed.url.split("/")[2] for feed in group}) == 1
    assert poll_rules.groups(feeds[::-1], size) == parted


def test_groups_have_about_the_same_work():
    feeds = [FeedSource(f"f{n:03}", f"https://h{n:03}.example/{n}") for n in range(300)]
    busy = replace(FeedState("f"), succeeded=NOW, entries=400, repeats=200)
    quiet = replace(busy, entries=80, repeats=80)
    states = {feed.id: busy if n % 10 == 0 else quiet for n, feed in enumerate(feeds)}
    work = {feed.id: poll_rules.expected_seconds(states[feed.id]) for feed in feeds}
    parted = poll_rules.groups(feeds, 300, work, 30.0)
    costs = [sum(work[feed.id] for feed in group) for group in parted]
    assert len(parted) == 4
    assert all(20 < cost <= 30 for cost in costs[:-1])
    idle = dict.fromkeys(work, poll_rules.expected_seconds(quiet))
    assert len(poll_rules.groups(feeds, 300, idle, 30.0)) == 1
    assert poll_rules.expected_seconds(None) > 10 * poll_rules.expected_seconds(quiet)


def test_thousands_of_feeds_are_tens_of_groups():
    feeds = [FeedSource(f"f{n}", f"https://h{n % 900}.example{n % 50}.com/{n}") for n in range(5000)]
    parted = poll_rules.groups(feeds, 100)
    assert 50 <= len(parted) <= 60


def test_what_ails_a_feed(state, now):
    assert ailment(state, now) == ""
    broken = state
    for _ in range(3):
        assert ailment(broken, now) == ""
        broken = poll_rules.failed(
            broken, poll_rules.Reply(status=404, error="not found (404)"), SETTINGS, now
        )
    assert ailment(broken, now) == "fails always (3 times): not found (404)"
    regular = replace(brought(state, now, "1"), rhythm_seconds=4 * 3600.0)
    assert ailment(regular, now + timedelta(hours=40)) == ""
    assert ailment(regular, now + 3 * DAY) == "brought nothing new for 3 days; usual is every 4 h"
    weekly = replace(regular, rhythm_seconds=7 * 86400.0)
    assert ailment(weekly, now + 20 * DAY) == ""


def test_a_state_is_made_for_every_feed():
    assert poll_rules.current(FEED, None) == FeedState("f", source=poll_rules.current(FEED, None).source)


# -- hints -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "channel", "seconds"),
    [
        ({}, "", 0),
        ({"cache-control": "public, max-age=7200"}, "", 7200),
        ({"cache-control": "max-age=7200, no-cache"}, "", 0),
        ({"cache-control": "s-maxage=9, max-age=99999999999"}, "", 86_400),
        ({}, "<ttl> 120 </ttl>", 7200),
        ({"cache-control": "max-age=60"}, "<ttl>180</ttl>", 10_800),
        ({}, "<ttl>999999999</ttl>", 86_400),
        ({}, "<ttl>soon</ttl>", 0),
    ],
)
def test_a_feed_says_how_long_to_wait_within_a_day(headers, channel, seconds):
    assert read_hints(headers, rss(head=channel)).wait_seconds == seconds


def test_hours_and_days_that_a_feed_skips_are_skipped(now):  # a Sunday, 12:00
    hours = read_hints({}, "<skipHours><hour>12</hour><hour>13</hour><hour>24</hour></skipHours>")
    assert hours.after(now) == now.replace(hour=14)
    days = read_hints({}, "<skipDays><day>Sunday</day><day>monday</day><day>Someday</day></skipDays>")
    assert days.after(now) == (now + timedelta(days=2)).replace(hour=0)
    every = "".join(f"<hour>{hour}</hour>" for hour in range(24))
    assert read_hints({}, f"<skipHours>{every}</skipHours>").after(now) == now


def test_hints_move_the_next_poll(now):
    reply = poll_rules.Reply(status=200, hints=read_hints({}, "<ttl>600</ttl>"))
    after = poll_rules.succeeded(FeedState("f"), reply, "d", [], FetchSettings(), now)
    assert after.next_poll is not None
    assert 9 <= (after.next_poll - now).total_seconds() / 3600 <= 11


def test_a_poll_that_a_wrong_clock_planned_is_due(now):
    feed = FeedSource("f", "https://outlet.test/rss")
    state = replace(poll_rules.current(feed, None), next_poll=now + timedelta(days=400))
    assert [f.id for f, _ in poll_rules.due([feed], {"f": state}, now)] == ["f"]
    state = replace(state, next_poll=now + timedelta(days=20))
    assert poll_rules.due([feed], {"f": state}, now) == []


def test_an_interval_that_a_person_set_holds_whatever_the_feed_does(state, now):
    every = replace(FEED, interval_seconds=60.0)
    paced = poll_rules.paced(every, SETTINGS)
    hints = read_hints({"cache-control": "max-age=3600"}, "<ttl>60</ttl>")
    minute = now + timedelta(seconds=60)
    reply = poll_rules.Reply(status=200, hints=hints)
    state = poll_rules.succeeded(state, reply, "d", [item("1", now)], paced, now)
    assert state.next_poll == minute
    assert poll_rules.unchanged(state, reply, paced, now).next_poll == minute
    asked = poll_rules.Reply(status=429, error="x", retry_after="600")
    assert poll_rules.failed(state, asked, paced, now).next_poll == now + timedelta(seconds=600)
    assert poll_rules.paced(FEED, SETTINGS) == SETTINGS


def test_a_new_interval_holds_at_once_but_not_for_a_feed_that_fails(state, now):
    every = replace(FEED, interval_seconds=120.0)
    state = replace(brought(state, now, "1"), next_poll=now + timedelta(hours=5))
    later = now + timedelta(seconds=120)
    assert poll_rules.due([every], {"f": state}, now + timedelta(seconds=119)) == []
    assert [feed for feed, _ in poll_rules.due([every], {"f": state}, later)] == [every]
    assert poll_rules.due([every], {"f": replace(state, failures=2)}, later) == []
    assert poll_rules.due([FEED], {"f": state}, later) == []


def test_a_hub_is_remembered_until_the_feed_says_otherwise(state, now):
    links = HubLinks("https://hub.example/", "https://a.example/feed")
    state = poll_rules.succeeded(
        state, poll_rules.Reply(status=200, links=links), "d", [item("1", now)], SETTINGS, now
    )
    state = poll_rules.unchanged(state, poll_rules.Reply(status=304), SETTINGS, now)
    assert (state.hub, state.topic) == (links.hub, links.topic)
    gone = poll_rules.Reply(status=200, links=HubLinks())
    state = poll_rules.succeeded(state, gone, "e", [item("2", now)], SETTINGS, now)
    assert (state.hub, state.topic) == ("", "")
