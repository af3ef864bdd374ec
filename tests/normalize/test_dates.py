"""Zones by name, and dates that count from the fetch."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.normalize.date.published import parse_date, settle

FETCHED = datetime(2015, 7, 3, 10, 20, tzinfo=UTC)


def at(text: str, language: str = "en") -> str | None:
    moment = parse_date(text, FETCHED, language)
    return moment.time.strftime("%m-%d %H:%M") if moment else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2015-07-03 08:15 Europe/Berlin", "07-03 06:15"),
        ("2015-01-03 08:15:00 Europe/Berlin", "01-03 07:15"),
        ("Fri, 03 Jul 2015 08:15:00 Europe/Berlin", "07-03 06:15"),
        ("2015-07-03T08:15:00[America/New_York]", "07-03 12:15"),
        ("2015-07-03T08:15+02:00[Europe/Paris]", "07-03 06:15"),
        ("3 July 2015, 8:15 pm (Asia/Kolkata)", "07-03 14:45"),
        ("July 3, 2015 8:15 AM US/Eastern", "07-03 12:15"),
        ("2015-07-03 08:15 america/argentina/buenos_aires", "07-03 11:15"),
        ("Asia/Tokyo 2015-07-03 08:15", "07-02 23:15"),
        ("03.07.2015 08:15 Europe/Vienna", "07-03 06:15"),
        ("2015-07-03 08:15 Europe/Atlantis", "07-03 08:15"),
        ("2015-07-03 Asia/Tokyo", "07-03 00:00"),
        ("3/Jul/2015 08:15:00 +0000", "07-03 08:15"),
        ("2015-07-03 08:15 GMT Europe/Berlin", "07-03 08:15"),
    ],
)
def test_zones_by_name(text: str, expected: str) -> None:
    assert at(text) == expected


def test_the_hour_that_summer_time_skips_is_read() -> None:
    assert at("2015-03-29 02:30 Europe/Berlin") == "03-29 01:30"


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("just now", "en", "07-03 10:20"),
        ("Moments ago", "en", "07-03 10:20"),
        ("15m ago", "en", "07-03 10:05"),
        ("2 hours ago", "en", "07-03 08:20"),
        ("2h ago", "en", "07-03 08:20"),
        ("an hour ago", "en", "07-03 09:20"),
        ("Updated 30 seconds ago", "en", "07-03 10:19"),
        ("3 days ago", "en", "06-30 10:20"),
        ("2 weeks ago", "en", "06-19 10:20"),
        ("5 min", "en", "07-03 10:15"),
        ("yesterday, 8:15 pm", "en", "07-02 20:15"),
        ("gestern", "de", "07-02 00:00"),
        ("vor 3 Stunden", "de", "07-03 07:20"),
        ("vor einer Stunde", "de", "07-03 09:20"),
        ("vor 2 Wochen", "de", "06-19 10:20"),
        ("Heute, 08:15 Uhr", "de", "07-03 08:15"),
        ("gerade eben", "de", "07-03 10:20"),
        ("hace 2 horas", "es", "07-03 08:20"),
        ("hace un momento", "es", "07-03 10:20"),
        ("hace 2 semanas", "es", "06-19 10:20"),
        ("il y a 20 minutes", "fr", "07-03 10:00"),
        ("hier à 08h15", "fr", "07-02 08:15"),
        ("há 3 horas", "pt", "07-03 07:20"),
        ("2 ore fa", "it", "07-03 08:20"),
        ("2 uur geleden", "nl", "07-03 08:20"),
        ("för 3 timmar sedan", "sv", "07-03 07:20"),
        ("2 godziny temu", "pl", "07-03 08:20"),
        ("wczoraj", "pl", "07-02 00:00"),
        ("2 часа назад", "ru", "07-03 08:20"),
        ("3時間前", "ja", "07-03 07:20"),
        ("2小时前", "zh", "07-03 08:20"),
        ("3시간 전", "ko", "07-03 07:20"),
        ("قبل ساعتين", "ar", "07-03 08:20"),
        ("2 months ago", "en", "05-03 00:00"),
    ],
)
def test_what_counts_from_the_fetch(text: str, language: str, expected: str) -> None:
    assert at(text, language) == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [("tomorrow", "en"), ("in 2 hours", "en"), ("morgen", "de"), ("Ferry fire inquiry", "en"), ("May", "en"),
     ("12", "en"), ("not a date", "xx"), ("vor Gericht", "de")],
)  # fmt: skip
def test_what_is_no_date(text: str, language: str) -> None:
    assert at(text, language) is None


@given(st.text(max_size=45), st.sampled_from(["en", "de", "und", "ru", "xx", ""]))
def test_any_text_is_a_date_or_none(text: str, language: str) -> None:
    moment = parse_date(text, FETCHED, language)
    assert moment is None or moment.time.tzinfo is UTC
    assert moment == parse_date(text, FETCHED, language)


def test_the_machines_own_zone_does_not_matter() -> None:
    script = (
        "from datetime import UTC, datetime\nfrom pipeline.normalize.date.published import parse_date\n"
        "f = datetime(2015, 7, 3, 10, 20, tzinfo=UTC)\n"
        "print([str(parse_date(t, f, 'pl').time) for t in ('wczoraj', '2 godziny temu', '2015-07-03 08:15')])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for zone in ("UTC", "Asia/Tokyo")
    }
    assert len(said) == 1


@pytest.mark.parametrize(
    ("written", "beside", "expected"),
    [
        # What the source writes beside its other dates; UTC is what machines write.
        ("2026-03-01 10:00", ["Sun, 01 Mar 2026 10:05:00 +0200"], "2026-03-01T08:00:00+00:00"),
        ("2026-03-01 05:00", ["Sun, 01 Mar 2026 06:00:00 EST"], "2026-03-01T10:00:00+00:00"),
        ("2026-03-01 10:00", ["Sun, 01 Mar 2026 10:05:00 GMT"], "2026-03-01T10:00:00+00:00"),
        ("2026-03-01 10:00 +0100", ["Sun, 01 Mar 2026 10:05:00 +0200"], "2026-03-01T09:00:00+00:00"),
        # Its newest date lies 4:50 ahead: its clock is five hours ahead, for all of its dates.
        ("2026-03-01 13:30", ["2026-03-01 16:50", "2026-02-28 09:00"], "2026-03-01T08:30:00+00:00"),
        ("2026-02-28 09:00", ["2026-03-01 16:50", "2026-02-28 09:00"], "2026-02-28T04:00:00+00:00"),
        # A habit that would put it into the future is none of this date.
        ("2026-03-01 11:00", ["Sun, 01 Mar 2026 10:05:00 -0800"], "2026-03-01T11:00:00+00:00"),
    ],
)
def test_a_date_without_a_zone_is_read_by_the_habits_of_its_source(written, beside, expected):
    fetched = datetime(2026, 3, 1, 12, tzinfo=UTC)
    dated = settle([(written, "feed")], "", fetched, ("en",), "", beside)
    assert dated.published is not None
    assert dated.published.isoformat() == expected


@pytest.mark.parametrize(
    ("written", "beside", "expected"),
    [
        ("03/09/2026 10:00 +0000", ["14/09/2026 10:00 +0000"], "2026-09-03"),
        ("03/09/2026 10:00 +0000", ["02/17/2026 10:00 +0000"], "2026-03-09"),
        ("03.09.2026", ["Monday, 02.17.2026"], "2026-03-09"),
        # The near reading is the likely one only where nothing tells the order.
        ("09/12/2026", [], "2026-09-12"),
        # An order that would put it into the future is none of this date.
        ("12/09/2026", ["03/31/2025"], "2026-09-12"),
        # Others that contradict each other tell nothing.
        ("03/09/2026 10:00 +0000", ["14/09/2026", "09/14/2026"], "2026-03-09"),
    ],
)
def test_the_order_of_day_and_month_is_that_of_the_sources_other_dates(written, beside, expected):
    fetched = datetime(2026, 9, 17, 12, tzinfo=UTC)
    dated = settle([(written, "feed")], "", fetched, ("en",), "", [written, *beside])
    assert f"{dated.published:%Y-%m-%d}" == expected


@pytest.mark.parametrize(
    ("text", "language", "clock"),
    [
        ("2019年6月7日 10時30分", "ja", "10:30"),
        ("2019年6月7日（金曜日）午後3時5分", "ja", "15:05"),
        ("2019/06/07 午前0時5分", "", "00:05"),
        ("2019年6月7日 星期五 15:30:20", "zh", "15:30"),
        ("2019-06-07 下午 03:30", "zh", "15:30"),
        ("民國108年6月7日 週五 下午 3:30", "zh", "15:30"),
        ("2019. 6. 7. 오전 10:30", "ko", "10:30"),
        ("2019년 6월 7일 오후 3시 30분", "en", "15:30"),
        ("입력 2019.06.07 (금) 15:30", "ko", "15:30"),
        ("7/6/2019 3:30 μμ", "el", "15:30"),
        ("7 Ιουνίου 2019, 3:30 μ.μ.", "", "15:30"),
        ("الجمعة 7 يونيو 2019 - 03:30 مساءً", "ar", "15:30"),
        ("7 يونيو 2019 10:30 ص", "ar", "10:30"),
        ("07/06/2019 03:30 CH", "vi", "15:30"),
        ("2019. június 7. du. 3:30", "hu", "15:30"),
        ("7 जून 2019, शाम 5:30", "hi", "17:30"),
        ("৭ জুন ২০১৯, বিকাল ৩:৩০", "bn", "15:30"),
    ],
)
def test_halves_of_the_day_and_hours_as_the_language_writes_them(
    text: str, language: str, clock: str
) -> None:
    found = parse_date(text, datetime(2019, 6, 20, tzinfo=UTC), language)
    assert found is not None
    assert f"{found.time:%m-%d %H:%M}" == f"06-07 {clock}"
