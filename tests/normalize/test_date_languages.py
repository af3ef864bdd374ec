"""Dates in many languages, calendars and countries."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipeline.languages.calendar_names import months
from pipeline.normalize.article import normalize
from pipeline.normalize.date.date_words import months_of
from pipeline.normalize.date.published import parse_date, settle
from pipeline.normalize.words.vocabulary import LANGUAGES
from pipeline.records import RawItem
from pipeline.sources.raw_items import captured
from pipeline.sources.read.payload import parse_capture

FETCHED = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at(text: str, language: str, country: str = "") -> str | None:
    moment = parse_date(text, FETCHED, language, country)
    return moment.time.strftime("%Y-%m-%d %H:%M") if moment else None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("17 March 2026 08:15", "en"),
        ("17. März 2026, 08:15 Uhr", "de"),
        ("17 mars 2026 à 08h15", "fr"),
        ("17 de marzo de 2026 08:15", "es"),
        ("17 de março de 2026 às 08h15", "pt"),
        ("17 marzo 2026 ore 08:15", "it"),
        ("17 maart 2026 om 08:15 uur", "nl"),
        ("17 марта 2026 в 08:15", "ru"),
        ("17 березня 2026 о 08:15", "uk"),
        ("17 marca 2026, godz. 08:15", "pl"),
        ("17. března 2026 v 08:15", "cs"),
        ("17 Mart 2026 Salı 08:15", "tr"),
        ("2026. március 17. 08:15", "hu"),
        ("17 martie 2026, ora 08:15", "ro"),
        ("17 Μαρτίου 2026 στις 08:15", "el"),
        ("17. mars 2026 kl. 08:15", "no"),
        ("den 17 mars 2026 kl 08:15", "sv"),
        ("17. marts 2026 kl. 08.15", "da"),
        ("17. maaliskuuta 2026 klo 08:15", "fi"),
        ("17 март 2026 г. 08:15", "bg"),
        ("17. ožujka 2026. u 08:15", "hr"),
        ("17 مارس 2026 08:15", "ar"),
        ("17 آذار 2026 08:15", "ar"),
        ("17 במרץ 2026, 08:15", "he"),
        ("17 मार्च 2026, 08:15 बजे", "hi"),
        ("17 Maret 2026 pukul 08:15", "id"),
        ("17 tháng 3, 2026 lúc 08:15", "vi"),
        ("2026年3月17日 08:15", "ja"),
        ("2026년 3월 17일 08:15", "ko"),
        ("17 มีนาคม 2569 เวลา 08:15 น.", "th"),
        ("17 มี.ค. 2569 08:15", "th"),
        ("17. marca 2026 08:15", "sk"),
        ("2026 m. kovo 17 d. 08:15", "lt"),
        ("17. märts 2026 08:15", "et"),
        ("17 ივანობისთვე 2026", "xx"),
    ],
)
def test_months_by_name(text: str, language: str) -> None:
    assert at(text, language) == (None if language == "xx" else "2026-03-17 08:15")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_month_of_each_language_is_read(language: str) -> None:
    if language in {"ja", "zh", "ko", "vi"}:  # their months are numbers
        return
    numbers = set(months_of(language).values())
    assert numbers == set(range(1, 13))
    for name, number in months(language).items():
        if len(name) > 3 and months_of(language)[name] == number:
            assert at(f"17 {name} 2025", language) == f"2025-{number:02d}-17 00:00", name


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("พุธ 18 มี.ค. 2569 18:34", "th", "2026-03-18 18:34"),
        ("2569-03-18", "th", "2026-03-18 00:00"),
        ("18/03/2569 07:05 น.", "th", "2026-03-18 07:05"),
        ("วันที่ 18 มีนาคม พ.ศ. 2569", "th", "2026-03-18 00:00"),
        ("۲۷ اسفند ۱۴۰۴", "fa", "2026-03-18 00:00"),
        ("27 اسفند 1404 - 18:34", "fa", "2026-03-18 18:34"),
        ("1404/12/27", "fa", "2026-03-18 00:00"),
        ("۱۴۰۵/۰۱/۰۱ ۰۸:۳۰", "fa", "2026-03-21 08:30"),
        ("令和8年3月18日", "ja", "2026-03-18 00:00"),
        ("民國115年3月18日", "zh", "2026-03-18 00:00"),
        ("١٨ مارس ٢٠٢٦ ١٨:٣٤", "ar", "2026-03-18 18:34"),
        ("१८ मार्च २०२६", "hi", "2026-03-18 00:00"),
    ],
)
def test_other_calendars_and_digits(text: str, language: str, expected: str) -> None:
    assert at(text, language) == expected


@pytest.mark.parametrize(
    ("letters", "country", "expected"),
    [
        ("IST", "IN", "02:45"),
        ("IST", "IL", "06:15"),
        ("IST", "IE", "07:15"),
        ("IST", "", "02:45"),
        ("CST", "CN", "00:15"),
        ("CST", "US", "14:15"),
        ("BST", "BD", "02:15"),
        ("BST", "GB", "07:15"),
        ("PST", "PH", "00:15"),
        ("PST", "", "16:15"),
        ("AST", "SA", "05:15"),
        ("EST", "", "13:15"),
    ],
)
def test_letters_mean_what_they_mean_in_the_outlets_country(
    letters: str, country: str, expected: str
) -> None:
    found = at(f"Tue, 17 Mar 2026 08:15:00 {letters}", "en", country)
    assert found is not None
    assert found.endswith(expected)
    assert at(f"17 March 2026 08:15 {letters}", "en", country) == found


def article(published: str, url: str = "", language: str = "", page: str = "") -> tuple[str | None, str]:
    item = RawItem(
        "i",
        "c",
        0,
        FETCHED,
        url,
        title="Ferry fire inquiry",
        page=page,
        published=published,
        language=language,
    )
    made = normalize(item)
    return (made.published.strftime("%m-%d %H:%M") if made.published else None), made.published_from


def test_the_country_comes_from_the_address_or_the_language() -> None:
    written = "Tue, 17 Mar 2026 08:15:00 IST"
    assert article(published=written, url="https://paper.co.il/a")[0] == "03-17 06:15"
    assert article(published=written, url="https://paper.example/a", language="en-IE")[0] == "03-17 07:15"
    assert article(published=written, url="https://paper.io/a")[0] == "03-17 02:45"


def test_a_missing_zone_is_that_of_the_page_or_where_it_would_lie_ahead_of_the_country() -> None:
    meta = "<meta property='article:published_time' content='2026-11-20T10:05:00+01:00'>"
    page = f"<html><head>{meta}</head></html>"
    assert article(published="2026-11-20 10:05:00", page=page) == ("11-20 09:05", "feed")
    ahead = "2026-11-20 20:30:00"
    assert article(published=ahead, url="https://paper.example.jp/a") == ("11-20 11:30", "feed")
    assert article(published="2026-11-20 10:30:00", url="https://paper.example.jp/a") == (
        "11-20 10:30",
        "feed",
    )


def test_a_moment_without_zone_in_the_future_of_no_country_is_a_slip() -> None:
    assert settle([("2026-11-20 20:30:00", "feed")], "", FETCHED).note == "twelve hours ahead"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("20 พ.ย. 69 10:30", "th"),
        ("20/11/69 10:30", "th"),
        ("2026ko azaroaren 20a, 10:30", "eu"),
        ("2026(e)ko azaroaren 20an 10:30", "eu"),
        ("1405/08/29 10:30", "fa"),
        ("20 tháng 11, 2026 10:30", "vi"),
        ("20/11/2026 10:30 SA", "vi"),
        ("2026. november 20. de. 10:30", "hu"),
        ("20 نوفمبر 2026 10:30 ص", "ar"),
        ("2026年11月20日 午前10時30分", "ja"),
    ],
)
def test_a_feed_with_english_texts_dates_them_as_it_says_it_speaks(text: str, language: str) -> None:
    fetched = datetime(2026, 11, 20, 12, tzinfo=UTC)
    item = RawItem("x", "c", 0, fetched, url="https://paper.example.com/a", language=language)
    english = replace(
        item,
        title="The river floods the lower street",
        body="The river rose by two metres in the night, and the mayor said that the school stays closed.",
        published=text,
    )
    found = normalize(english)
    assert (found.language, found.published) == ("en", datetime(2026, 11, 20, 10, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("locale", "zone", "hour"),
    [
        ("en-IE", "IST", 9),
        ("en-IN", "IST", 5),
        ("he-IL", "IST", 8),
        ("en-AU", "EST", 0),
        ("en_AU", "EST", 0),
        ("en-US", "EST", 15),
        ("en", "EST", 15),
    ],
)
@pytest.mark.parametrize("kind", ["rss", "json"])
def test_letters_of_zones_are_those_of_the_country_that_a_feed_names(
    locale: str, zone: str, hour: int, kind: str
) -> None:
    date = f"Fri, 20 Nov 2026 10:30:00 {zone}"
    text = "The river rose by two metres in the night, and the mayor said that the school stays closed."
    rss = (
        f'<rss version="2.0"><channel><language>{locale}</language><item><title>River floods street</title>'
        f"<description>{text}</description><pubDate>{date}</pubDate></item></channel></rss>"
    )
    said = {"title": "River floods street", "content_text": text, "date_published": date}
    body = rss if kind == "rss" else json.dumps({"language": locale, "items": [said]})
    fetched = datetime(2026, 11, 21, tzinfo=UTC)
    capture = captured("feed", "feed", "https://paper.example.com/feed", fetched, body.encode())
    (item,), *_ = parse_capture(capture, 10)
    published = normalize(item).published
    assert published is not None
    assert (published.hour, published.minute // 30) == (hour, {9: 1, 5: 0, 8: 1, 0: 1, 15: 1}[hour])
