"""Properties of normalize that hold for any input."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TypedDict, Unpack

import pytest
from examples import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.errors import RejectedError
from pipeline.normalize.article import normalize
from pipeline.normalize.date.published import parse_date, settle
from pipeline.normalize.identity.keys import identity_keys
from pipeline.normalize.identity.urls import canonical_url
from pipeline.normalize.plaintext.characters import repair
from pipeline.records import RawItem

FETCHED = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)
HOSTS = st.sampled_from(
    ["example.com", "www.example.com", "m.example.com", "amp.news.co.uk", "a.b.example.org"]
)
PATHS = st.text("abcÄé/ .-_~%2fF0129", max_size=30)
NAMES = st.sampled_from(["id", "p", "utm_source", "fbclid", "ref", "q", "page", "a b", "ü"])
QUERIES = st.lists(st.tuples(NAMES, st.text("ab1 &=é", max_size=6)), max_size=5)
PHRASES = st.sampled_from(
    [
        "LONDON (Reuters) - ", "Read more", "Leave a Comment", "By Jane Doe", "UPDATE 2-",
        " | News", "Report: ",
        "Updated on", "&amp;#8217;", "<p>", "</p>", "\n\n",
        "The mayor said the bridge would open on Monday.",
        "Berlin - ", "(AP)", "© 2015", "\x00", "\u202e", "Ã¼", "…", "‘quoted’", "— ", "Share",
        "dpa", "3 Feb 2015",
    ]
)  # fmt: skip
PROSE = st.lists(PHRASES | st.text(max_size=12), max_size=12).map("".join)


class _Fields(TypedDict, total=False):
    """What a source says of an item."""

    url: str
    title: str
    body: str
    page: str
    html: bool
    published: str
    outlet: str
    language: str


def item(**fields: Unpack[_Fields]) -> RawItem:
    return RawItem(id="i", capture="c", position=0, fetched=FETCHED, **fields)


def url_of(scheme: str, host: str, path: str, query: list[tuple[str, str]]) -> str:
    return f"{scheme}://{host}/{path}?" + "&".join(f"{name}={value}" for name, value in query)


@given(st.sampled_from(["http", "https", "HTTP"]), HOSTS, PATHS, QUERIES)
def test_canonical_url_is_idempotent(scheme: str, host: str, path: str, query: list[tuple[str, str]]) -> None:
    once = canonical_url(url_of(scheme, host, path, query))
    assert canonical_url(once) == once


@given(st.text(max_size=60))
def test_canonical_url_never_raises_and_is_idempotent_on_anything(text: str) -> None:
    once = canonical_url(text)
    assert canonical_url(once) == once
    assert once == "" or once.startswith("https://")


@given(HOSTS, st.text("abc/", max_size=12), QUERIES, st.text("xyz", max_size=5))
def test_scheme_port_case_fragment_and_tracking_do_not_matter(
    host: str, path: str, query: list[tuple[str, str]], noise: str
) -> None:
    plain = canonical_url(url_of("https", host, path, query))
    noisy = url_of("http", host.upper() + ":80", path, [("utm_campaign", noise), *query, ("fbclid", noise)])
    assert canonical_url(noisy + "#x=" + noise) == plain


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("xyz"), min_size=1))
def test_the_order_of_the_query_does_not_matter(query: dict[str, str]) -> None:
    pairs = list(query.items())
    forward = canonical_url(url_of("https", "example.com", "a", pairs))
    assert forward == canonical_url(url_of("https", "example.com", "a", pairs[::-1]))


@given(PROSE, PROSE, st.booleans())
@settings(max_examples=examples(150), deadline=None)
@example("Â\x85LONDON (Reuters) - ", "", False)
@example("UPDATE 2-<p>LONDON (Reuters) - ", "", False)
@example("\x00<p>LONDON (Reuters) - ", "", False)
@example("\u202e&lt;p&gt;LONDON (Reuters) - ", "", True)
def test_normalize_never_crashes_and_is_idempotent_on_its_output(title: str, body: str, html: bool) -> None:
    try:
        first = normalize(item(title=title, body=body, html=html, outlet="Harbour Post"))
    except RejectedError:
        return
    again = normalize(item(title=first.title, body=first.text, outlet=first.outlet, language=first.language))
    assert (again.title, again.text) == (first.title, first.text)
    first.text.encode("utf-8")


@given(st.text(max_size=300), st.text(max_size=40))
@settings(max_examples=examples(100), deadline=None)
def test_any_text_is_an_article_or_a_rejection(body: str, published: str) -> None:
    try:
        article = normalize(item(title=body[:40], body=body, published=published, url=body[:50], page=body))
    except RejectedError:
        return
    assert (article.published is None) == (article.published_from == "fetched")
    assert article.published is None or article.published <= FETCHED


@given(st.text(max_size=200))
def test_repair_is_idempotent(text: str) -> None:
    once = repair(text)
    assert repair(once) == once
    once.encode("utf-8")


@given(st.datetimes(datetime(1995, 1, 1), datetime(2026, 3, 4)), st.integers(-12, 14))  # noqa: DTZ001
def test_rfc_and_iso_dates_are_read_exactly(moment: datetime, hours: int) -> None:
    aware = moment.replace(microsecond=0, tzinfo=UTC)
    local = aware.astimezone(tz=__import__("datetime").timezone(timedelta(hours=hours)))
    for text in (local.isoformat(), format_datetime(local), f"{local:%a, %d %b %Y %H:%M:%S %z}"):
        found = parse_date(text, FETCHED)
        assert found is not None
        assert found.time == aware


@given(st.text(max_size=80))
def test_parse_date_never_raises(text: str) -> None:
    found = parse_date(text, FETCHED)
    assert found is None or found.time.tzinfo is UTC


@given(st.timedeltas(timedelta(minutes=16), timedelta(hours=12)))
def test_a_slip_of_half_a_day_is_undone(ahead: timedelta) -> None:
    written = (FETCHED + ahead).replace(microsecond=0)
    dated = settle([(written.isoformat(), "feed")], "", FETCHED)
    assert dated.published == written - timedelta(hours=12)
    assert dated.note == "twelve hours ahead"


@given(st.text("ab cd", max_size=30), st.text("xy z", min_size=200, max_size=260))
def test_a_text_without_address_is_the_same_whatever_its_title(title: str, text: str) -> None:
    assert identity_keys("", "", "Post", title, text) == identity_keys("", "", "post", "other", text.upper())


@pytest.mark.parametrize(
    "body",
    [
        "x" * 1_000_000,
        "word " * 200_000,
        "By " * 300_000,
        "A. " * 300_000,
        "<div>" * 50_000 + "text of the article",
        "&amp;" * 200_000,
        "(" * 500_000,
        "A-" * 400_000,
        "read more " * 100_000,
        "\n".join(["Share"] * 50_000),
    ],
    ids=lambda body: body[:8],
)
@pytest.mark.timeout(20)
def test_a_megabyte_of_anything_is_done_in_time(body: str) -> None:
    article = normalize(item(title="A long one", body=body, html=body.startswith("<")))
    assert article.title == "A long one"


@pytest.mark.parametrize("text", ["", " ", "!!! ???", "\x00\x01", "—", "\u202e\u200b", "<p></p>", "&nbsp;"])
def test_nothing_is_rejected_with_the_reason(text: str) -> None:
    with pytest.raises(RejectedError, match="no title and no text"):
        normalize(item(title=text, body=text, html=True))


@pytest.mark.parametrize(
    ("title", "body", "language"),
    [
        ("زلزال يضرب شمال البلاد", "ضرب زلزال قوي شمال البلاد صباح اليوم وأسفر عن سقوط عشرات القتلى.", "ar"),
        ("רעידת אדמה בצפון", "רעידת אדמה חזקה פגעה הבוקר בצפון המדינה והותירה עשרות הרוגים.", "he"),
        ("中国发射新卫星", "中国周二在酒泉卫星发射中心成功发射一颗新的遥感卫星。", "zh"),
        ("🚀🚀 Rocket 🚀", "The rocket 🚀 lifted off at dawn, engineers said on Tuesday morning.", "en"),
    ],
)
def test_any_script_is_welcome(title: str, body: str, language: str) -> None:
    article = normalize(item(title=title, body=body))
    assert (article.title, article.text, article.language) == (title, body, language)
