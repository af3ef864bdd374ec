"""When alerts go out: digests, quiet hours, the limit a day, time zones and their changes."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta

import pytest
from alert_records import watch
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerts.send.schedule import next_digest, plan, quiet_end, slot
from pipeline.records import Alert, Delivery, Digest, Message, QuietHours

BERLIN = "Europe/Berlin"


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def alert(number, story=None):
    return Alert(
        f"alert{number:02d}", "drills", "new", story or f"s{number}", (), "", number, utc("2026-03-02")
    )


@pytest.mark.parametrize(
    ("digest", "after", "due"),
    [
        (Digest((7, 17), timezone=BERLIN), "2026-01-05T05:59:59", "2026-01-05T06:00"),
        (Digest((7, 17), timezone=BERLIN), "2026-01-05T06:00", "2026-01-05T16:00"),
        (Digest((7, 17), timezone=BERLIN), "2026-01-05T17:00", "2026-01-06T06:00"),
        (Digest((7, 17), timezone=BERLIN), "2026-07-05T17:00", "2026-07-06T05:00"),
        (Digest((7,), (0,), BERLIN), "2026-01-05T06:00", "2026-01-12T06:00"),
        (Digest((7,), (4,), "Asia/Tokyo"), "2026-01-08T23:00", "2026-01-15T22:00"),
        # Summer time begins in Berlin on 2026-03-29 at 2:00: there is no 2:00 to 3:00.
        (Digest((2,), timezone=BERLIN), "2026-03-28T12:00", "2026-03-29T01:00"),
        (Digest((3,), timezone=BERLIN), "2026-03-28T12:00", "2026-03-29T01:00"),
        (Digest((7,), timezone=BERLIN), "2026-03-28T12:00", "2026-03-29T05:00"),
        # It ends on 2026-10-25 at 3:00: 2:00 comes twice, and the first one counts.
        (Digest((2,), timezone=BERLIN), "2026-10-24T12:00", "2026-10-25T00:00"),
        (Digest((2,), timezone=BERLIN), "2026-10-25T00:30", "2026-10-26T01:00"),
    ],
)
def test_next_digest(digest, after, due):
    assert next_digest(Delivery(digest=digest), utc(after)) == utc(due)


@pytest.mark.parametrize(
    ("start", "end", "at", "until"),
    [
        ("22:00", "06:00", "2026-01-05T20:59", None),
        ("22:00", "06:00", "2026-01-05T21:00", "2026-01-06T05:00"),
        ("22:00", "06:00", "2026-01-06T04:59", "2026-01-06T05:00"),
        ("22:00", "06:00", "2026-01-06T05:00", None),
        ("12:00", "13:30", "2026-01-06T12:00", "2026-01-06T12:30"),
        ("12:00", "13:30", "2026-01-06T10:59", None),
        # The night in which summer time begins is an hour shorter, the one in which it ends longer.
        ("22:00", "06:00", "2026-03-29T03:59", "2026-03-29T04:00"),
        ("22:00", "06:00", "2026-10-25T04:59", "2026-10-25T05:00"),
        ("22:00", "02:30", "2026-03-29T00:59", "2026-03-29T01:30"),
    ],
)
def test_quiet_hours(start, end, at, until):
    quiet = QuietHours(time.fromisoformat(start), time.fromisoformat(end), BERLIN)
    assert quiet_end(quiet, utc(at)) == (utc(until) if until else None)


@given(
    at=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda each: each.replace(tzinfo=UTC)),  # noqa: DTZ001  # made aware below
    start=st.times(),
    end=st.times(),
    hours=st.lists(st.integers(0, 23), min_size=1, max_size=3, unique=True),
    zone=st.sampled_from([BERLIN, "America/St_Johns", "Australia/Lord_Howe", "UTC", "Asia/Kolkata"]),
)
def test_what_is_due_is_later_and_never_in_quiet_hours(at, start, end, hours, zone):
    quiet = QuietHours(start, end, zone)
    found = slot(Delivery(digest=Digest(tuple(sorted(hours)), timezone=zone), quiet=quiet), at)
    assert at < found.due <= at + timedelta(days=3)
    assert quiet_end(quiet, found.due) is None or start == end


def planned(deliver, alerts, at, pending=(), counts=None, stories=None):
    return plan(watch(deliver=deliver), alerts, pending, counts or {}, utc(at), stories)


def test_at_once_each_story_has_its_own_mail_to_each_address():
    deliver = Delivery(mail=("a@x.org", "b@x.org"), webhook="https://x.org/hook")
    made = planned(deliver, [alert(1), alert(2)], "2026-01-05T12:00")
    assert len(made.messages) == 6
    assert {m.channel for m in made.messages if m.to == "https://x.org/hook"} == {"webhook"}
    assert all(m.due == utc("2026-01-05T12:00") for m in made.messages)
    assert made == planned(deliver, [alert(1), alert(2)], "2026-01-05T12:00")


def test_a_follow_up_joins_the_mail_that_still_waits():
    deliver = Delivery(mail=("a@x.org",))
    made = planned(deliver, [alert(1), alert(2, "s1")], "2026-01-05T12:00")
    assert [m.alerts for m in made.messages] == [("alert01", "alert02")]
    later = planned(deliver, [alert(3, "s1")], "2026-01-05T12:05", made.messages, stories={"alert01": "s1"})
    assert [m.alerts for m in later.messages] == [("alert01", "alert02", "alert03")]
    assert later.messages[0].id == made.messages[0].id


def test_a_digest_collects_until_it_is_due():
    deliver = Delivery(mail=("a@x.org",), digest=Digest((7,), timezone=BERLIN))
    first = planned(deliver, [alert(1)], "2026-01-05T12:00")
    second = planned(deliver, [alert(2)], "2026-01-06T05:59", first.messages)
    third = planned(deliver, [alert(3)], "2026-01-06T06:00", second.messages)
    assert [m.alerts for m in second.messages] == [("alert01", "alert02")]
    assert [(m.alerts, m.due) for m in third.messages] == [(("alert03",), utc("2026-01-07T06:00"))]
    assert third.held == {"alert03": "digest"}


def test_what_comes_in_quiet_hours_goes_out_together_at_their_end():
    deliver = Delivery(mail=("a@x.org",), quiet=QuietHours(time(22), time(6), BERLIN))
    made = planned(deliver, [alert(1), alert(2)], "2026-01-05T23:00")
    assert [(m.alerts, m.due) for m in made.messages] == [(("alert01", "alert02"), utc("2026-01-06T05:00"))]
    assert set(made.held.values()) == {"quiet hours"}


def test_at_most_so_many_a_day_and_the_rest_in_one_digest():
    deliver = Delivery(mail=("a@x.org",), at_most_per_day=2, quiet=QuietHours(time(22), time(8), BERLIN))
    made = planned(deliver, [alert(n) for n in range(1, 6)], "2026-01-05T12:00")
    assert [(m.alerts, m.due) for m in sorted(made.messages, key=lambda m: m.due)[2:]] == [
        (("alert03", "alert04", "alert05"), utc("2026-01-06T07:00"))
    ]
    assert list(made.held.values()) == ["", "", "limit", "limit", "limit"]
    rest = [m for m in made.messages if m.due > utc("2026-01-05T12:00")]
    same_day = planned(deliver, [alert(6)], "2026-01-05T18:00", rest, made.counts)
    assert [m.alerts for m in same_day.messages] == [("alert03", "alert04", "alert05", "alert06")]
    # The rest's digest is one of the two of the next day.
    next_day = planned(deliver, [alert(7), alert(8)], "2026-01-06T12:00", (), same_day.counts)
    assert [m.due for m in sorted(next_day.messages, key=lambda m: m.due)] == [
        utc("2026-01-06T12:00"),
        utc("2026-01-07T07:00"),
    ]


@given(
    gaps=st.lists(st.integers(0, 600), min_size=1, max_size=40),
    limit=st.integers(1, 3),
    digest=st.booleans(),
)
def test_the_limit_holds_on_every_local_day(gaps, limit, digest):
    deliver = Delivery(
        mail=("a@x.org",),
        at_most_per_day=limit,
        digest=Digest((7, 12, 17), timezone=BERLIN) if digest else None,
    )
    at = utc("2026-03-27T12:00")
    counts: Mapping[str, Mapping[str, int]] = {}
    messages: dict[str, Message] = {}
    for number, gap in enumerate(gaps):
        at += timedelta(minutes=gap)
        waiting = [m for m in messages.values() if m.due > at]
        made = plan(watch(deliver=deliver), [alert(number)], waiting, counts, at)
        counts, messages = made.counts, messages | {m.id: m for m in made.messages}
    days = [
        m.due.astimezone(__import__("zoneinfo").ZoneInfo(BERLIN if digest else "UTC")).date()
        for m in messages.values()
    ]
    assert max(days.count(day) for day in days) <= limit
    assert sorted(a for m in messages.values() for a in m.alerts) == sorted(
        f"alert{n:02d}" for n in range(len(gaps))
    )
