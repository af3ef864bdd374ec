"""Feeds of every kind and in every state → raw items, or one clear reason."""

from __future__ import annotations

import json
import time

import pytest
from source_samples import rss

from pipeline.errors import RejectedError
from pipeline.sources.read.payload import parse_capture
from pipeline.sources.read.syndication.feed import read_feed

ITEM = (
    "<item><title>Ferry returns to the lake</title><link>https://outlet.test/ferry</link>"
    "<guid isPermaLink='false'>f-1</guid><description>&lt;p&gt;After two years&lt;/p&gt;</description>"
    "<pubDate>Mon, 02 Feb 2026 08:00:00 EST</pubDate></item>"
)


def test_rss_keeps_what_was_written(feed_of):
    extra = (
        "<item><title>A &amp; B</title><link>/b?x=1&amp;y=2</link><guid>https://outlet.test/b</guid>"
        "<description>short</description><content:encoded><![CDATA[<p>the longer <b>text</b></p>]]></content:encoded>"  # noqa: E501
        "<dc:creator>Ida Example</dc:creator><category>Lakes</category><category>Ferries</category></item>"
    )
    head = "<title>The Fictional Post</title><language>en-GB</language>"
    body = rss(ITEM, extra, head=head).replace(
        "<rss ",
        '<rss xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" ',  # noqa: E501
    )
    first, second = read_feed(feed_of(body, feed="f"), 10)[0]
    assert (first.title, first.url, first.guid) == (
        "Ferry returns to the lake",
        "https://outlet.test/ferry",
        "f-1",
    )
    assert (first.body, first.html) == ("<p>After two years</p>", True)
    assert first.published == "Mon, 02 Feb 2026 08:00:00 EST"
    assert (first.outlet, first.language, first.feed) == ("The Fictional Post", "en", "f")
    assert (second.title, second.body) == ("A &amp; B", "<p>the longer <b>text</b></p>")
    assert second.url == "https://outlet.test/b?x=1&y=2"
    assert (second.authors, second.tags) == (("Ida Example",), ("Lakes", "Ferries"))
    assert [first.position, second.position] == [0, 1]
    assert first.id != second.id


def test_what_is_configured_goes_before_what_the_feed_says(feed_of):
    (item,) = read_feed(feed_of(rss(ITEM), outlet="Lake News", language="de"), 10)[0]
    assert (item.outlet, item.language) == ("Lake News", "de")


def test_atom(feed_of):
    body = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr"><title>Le Faux Journal</title>
    <entry><title type="text">Un &lt;b&gt; dans le titre</title><id>tag:faux.test,2026:1</id>
    <link rel="alternate" href="https://faux.test/1"/><updated>2026-02-01T10:00:00+01:00</updated>
    <published>2026-02-01T09:00:00+01:00</published><author><name>Une Autrice</name></author>
    <summary>court</summary><content type="html">&lt;p&gt;plus long que court&lt;/p&gt;</content></entry></feed>"""  # noqa: E501
    (item,) = read_feed(feed_of(body), 10)[0]
    assert item.title == "Un &lt;b&gt; dans le titre"
    assert item.body == "<p>plus long que court</p>"
    assert (item.guid, item.url) == ("tag:faux.test,2026:1", "https://faux.test/1")
    assert (item.published, item.updated) == ("2026-02-01T09:00:00+01:00", "2026-02-01T10:00:00+01:00")
    assert (item.language, item.authors) == ("fr", ("Une Autrice",))


def test_rdf(feed_of):
    body = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://a.test/"><title>RDF Times</title></channel>
    <item rdf:about="https://a.test/1"><title>One</title><link>https://a.test/1</link><dc:date>2026-02-01T10:00Z</dc:date>
    </item></rdf:RDF>"""  # noqa: E501
    (item,) = read_feed(feed_of(body), 10)[0]
    assert (item.title, item.url, item.outlet) == ("One", "https://a.test/1", "RDF Times")
    assert "2026-02-01T10:00Z" in (item.published, item.updated)


def test_json_feed(feed_of):
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "The JSON Gazette",
        "language": "en-US",
        "items": [
            {
                "id": 7,
                "url": "/7",
                "title": "Seven & up",
                "content_html": "<p>Text</p>",
                "date_published": "2026-02-01",
                "authors": [{"name": "Jo"}, {"name": None}],
                "tags": ["a", 1, None],
            },
            {"id": "8", "content_text": "plain < text", "summary": "s"},
            "not an item",
        ],
    }
    items, rejections, *_ = parse_capture(feed_of(json.dumps(feed)), 10)
    assert [item.guid for item in items] == ["7", "8"]
    assert (items[0].title, items[0].html, items[0].url) == ("Seven &amp; up", True, "https://outlet.test/7")
    assert (items[0].authors, items[0].tags) == (("Jo",), ("a", "1"))
    assert (items[1].body, items[1].html, items[1].language) == ("plain < text", False, "en")
    assert len(rejections) == 1


@pytest.mark.parametrize("body", ['{"items": 3}', "[1]", '{"version": "x"', "[" * 100_000, '{"a":' * 100_000])
def test_json_that_is_no_feed(feed_of, body):
    with pytest.raises(RejectedError, match="JSON"):
        read_feed(feed_of(body), 10)[0]


SITEMAP = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
 <url><loc>https://s.test/1</loc><news:news><news:publication><news:name>Sitemap Post</news:name>
 <news:language>en</news:language></news:publication><news:publication_date>2026-02-01T10:00Z</news:publication_date>
 <news:title>Bridge opens</news:title><news:keywords>bridges, roads</news:keywords></news:news>
 <image:image><image:loc>https://s.test/i.png</image:loc></image:image></url>
 <url><loc>https://s.test/2</loc><lastmod>2026-02-02</lastmod></url>"""


def test_news_sitemaps(feed_of):
    items = read_feed(feed_of(SITEMAP + "</urlset>"), 10)[0]
    assert [item.url for item in items] == ["https://s.test/1", "https://s.test/2"]
    assert (items[0].title, items[0].outlet, items[0].language) == ("Bridge opens", "Sitemap Post", "en")
    assert (items[0].published, items[0].tags) == ("2026-02-01T10:00Z", ("bridges", "roads"))
    assert items[1].updated == "2026-02-02"


def test_a_truncated_sitemap_gives_what_is_whole(feed_of):
    assert len(read_feed(feed_of(SITEMAP + "<url><loc>https://s.test/3"), 10)[0]) == 2


@pytest.mark.parametrize("torn", ["", "</nothing>"])
def test_an_emoji_written_as_two_halves_is_one_and_half_of_one_costs_nothing_else(feed_of, torn):
    halves = SITEMAP.replace("<news:title>", "<news:title>&#xD83C;&#xDF0A; &#55356; ", 1) + torn
    known = [item.url for item in read_feed(feed_of(SITEMAP), 10)[0]]
    items = read_feed(feed_of(halves), 10)[0]
    assert [item.url for item in items] == known
    assert items[0].title.startswith("🌊 \ufffd ")
    (item,) = read_feed(feed_of(rss(ITEM.replace("Ferry returns", "&#55356;&#57098; Ferry returns"))), 10)[0]
    assert item.title == "🌊 Ferry returns to the lake"


def test_an_index_of_sitemaps_names_them(feed_of):
    body = "<sitemapindex><sitemap><loc>https://s.test/news.xml</loc></sitemap></sitemapindex>"
    with pytest.raises(RejectedError, match=r"index of sitemaps.*https://s\.test/news\.xml"):
        read_feed(feed_of(body), 10)[0]


# -- what is no feed -------------------------------------------------------------------------------------


def test_a_page_says_which_feeds_it_links_to(feed_of):
    page = """<!DOCTYPE html><html><head><title>News</title><base href="/en/">
    <link rel="alternate" type="application/rss+xml" href="rss.xml"><link rel=stylesheet href=x.css>
    <link rel="alternate home" type="application/atom+xml" href="https://other.test/atom?key=abc"></head><body>"""
    with pytest.raises(RejectedError) as caught:
        read_feed(feed_of(page), 10)[0]
    assert str(caught.value) == (
        "a web page, not a feed; it links to: https://outlet.test/en/rss.xml, https://other.test/atom?key=…"
        " (make that the feed's url)"
    )


def test_an_error_page_is_told_by_its_title(feed_of):
    page = "<html><head><title>503 – Back soon</title></head><body><h1>Sorry</h1></body></html>"
    with pytest.raises(RejectedError, match=r"a web page, not a feed.*503 – Back soon"):
        read_feed(feed_of(page, content_type="application/rss+xml"), 10)[0]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x01\x00\x00", "not text"),
        (b"<catalog><book/></catalog>", "not a feed: its root is <catalog>"),
        (b"Service temporarily unavailable", "neither a feed nor XML"),
        (rss().encode(), "a feed without entries"),
        (b"<rss version='2.0'><channel>", "damaged (cut off)"),
    ],
)
def test_one_rejection_with_the_reason(feed_of, body, reason):
    items, (rejection,), *_ = parse_capture(feed_of(body), 10)
    assert items == []
    assert reason in rejection.reason
    assert (rejection.stage, rejection.source) == ("parse", "https://outlet.test/feed.xml")


# -- attacks ---------------------------------------------------------------------------------------------

LOL = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMBS = {
    "billion laughs": f'<!DOCTYPE rss [<!ENTITY l0 "lol">{LOL}]><rss><channel><item><title>&l9;</title></item></channel></rss>',  # noqa: E501
    "quadratic": f'<!DOCTYPE rss [<!ENTITY a "{"x" * 50_000}">]><rss><channel><item><title>{"&a;" * 50_000}</title></item></channel></rss>',  # noqa: E501
    "external file": '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&x;</title></item></channel></rss>',
    "external URL": '<!DOCTYPE rss [<!ENTITY x PUBLIC "a" "http://127.0.0.1:1/">]><rss><channel><item><title>&x;</title></item></channel></rss>',
    "parameter": '<!DOCTYPE rss [<!ENTITY % p SYSTEM "http://127.0.0.1:1/e.dtd"> %p;]><rss><channel><item/></channel></rss>',  # noqa: E501
    "broken": f'<!DOCTYPE rss [<!ENTITY a "{"x" * 50_000}"> <!ENTITY b <rss><channel><item><title>{"&a;" * 500}</title></item>',  # noqa: E501
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entity_bombs_and_external_entities_are_refused(feed_of, bomb, encoding):
    started = time.monotonic()
    with pytest.raises(RejectedError, match="XML entities"):
        read_feed(feed_of(bomb.encode(encoding)), 10)[0]
    assert time.monotonic() - started < 2


def test_a_sitemap_is_no_way_around(feed_of):
    with pytest.raises(RejectedError, match="XML entities"):
        read_feed(feed_of(BOMBS["external file"].replace("rss", "urlset")), 10)[0]


def test_a_sitemap_with_any_entity_is_refused(feed_of):
    body = '<!DOCTYPE urlset [<!ENTITY nbsp "&#160;">]>' + SITEMAP[21:] + "</urlset>"
    with pytest.raises(RejectedError, match="XML entities"):
        read_feed(feed_of(body), 10)[0]


def test_a_long_sitemap_is_cut_and_says_so(feed_of):
    body = SITEMAP + "<url><loc>https://s.test/3</loc></url>" * 50 + "</urlset>"
    items, (rejection,), *_ = parse_capture(feed_of(body), 10)
    assert len(items) == 10
    assert rejection.reason.startswith("entries left out: 42,")


def test_a_fault_of_our_own_is_a_rejection_too(feed_of, monkeypatch):
    monkeypatch.setattr("pipeline.sources.read.syndication.feed.survey", lambda *_: 1 / 0)
    items, (rejection,), *_ = parse_capture(feed_of(rss(ITEM)), 10)
    assert items == []
    assert rejection.reason == "a fault in Wirewatch: ZeroDivisionError: division by zero"


def test_harmless_entities_are_read(feed_of):
    body = '<!DOCTYPE rss [<!ENTITY nbsp "&#160;">]>' + rss("<item><title>a&nbsp;b</title></item>")[21:]
    (item,) = read_feed(feed_of(body), 10)[0]
    assert item.title.replace("&nbsp;", "\xa0") == "a\xa0b"


def test_depth_is_bounded(feed_of):
    deep = "<a>" * 100_000 + "</a>" * 100_000
    with pytest.raises(RejectedError, match="nested more than 200 deep"):
        read_feed(feed_of(rss(f"<item><title>x</title>{deep}</item>")), 10)[0]


def test_a_hundred_thousand_entries_are_cut(feed_of):
    many = rss(*(ITEM.replace("f-1", f"f-{number}") for number in range(100_000)))
    started = time.monotonic()
    items, (rejection,), *_ = parse_capture(feed_of(many), 500)
    assert [item.guid for item in items] == [f"f-{number}" for number in range(500)]
    assert rejection.reason.startswith("entries left out: 99,500, beyond the 500")
    assert time.monotonic() - started < 5


def test_a_malformed_feed_is_cut_too(feed_of):
    many = rss("<item><title>broken & bare</title></item>", *(ITEM for _ in range(5_000)))
    items, (rejection,), *_ = parse_capture(feed_of(many), 100)
    assert len(items) == 100
    assert rejection.reason.startswith("entries left out: 4,901,")


@pytest.mark.parametrize("junk", ["<a ", "</", "&", "<![CDATA[", "<!--"])
def test_junk_takes_bounded_time(feed_of, junk):
    body = rss(ITEM)[: -len("</channel></rss>")] + junk * (4_000_000 // len(junk))
    started = time.process_time()
    items, *_ = parse_capture(feed_of(body), 10)
    assert time.process_time() - started < 15
    assert items[0].guid == "f-1"


# -- malformed feeds -------------------------------------------------------------------------------------


def numbered_items(count):
    return [ITEM.replace("f-1", f"f-{number}") for number in range(count)]


@pytest.mark.parametrize("cut", range(24, 400, 37))
def test_a_feed_that_is_cut_off_gives_its_whole_items_and_says_so(feed_of, cut):
    document = rss(*numbered_items(3))[:-cut]
    items, refused, *_ = parse_capture(feed_of(document), 10)
    assert len(items) == document.count("</item>")
    assert [entry.reason.split(":")[0] for entry in refused] == ["damaged (cut off)"]


@pytest.mark.parametrize(
    ("whole", "broken", "read"),
    [
        ("</item>", "</itm>", 4),  # no end of its own: it gets one
        ("</item>", "", 4),
        ("<item>", "<itm>", 3),
        ("<description>", "<description><![CDATA[", 3),  # all that follows would be its text
        ("<description>", "<!-- <description>", 3),
        ("<description>", "<descr<", 4),
    ],
)
def test_a_broken_entry_does_not_reach_into_the_next(feed_of, whole, broken, read):
    pieces = numbered_items(4)
    pieces[1] = pieces[1].replace(whole, broken, 1)
    items, refused, *_ = parse_capture(feed_of(rss(*pieces)), 10)
    assert len(items) == read
    assert {item.guid for item in items} >= {"f-0", "f-2", "f-3"}
    assert all(item.body == items[0].body for item in items if item.guid != "f-1")
    assert [entry.reason.split(":")[0] for entry in refused] == ["damaged (broken in line 1)"] * (read < 4)


@pytest.mark.parametrize("broken", ["</ur>", "&bare;</url>", "<br></url>", "\x00</url>", ""])
def test_a_broken_entry_of_a_sitemap_costs_at_most_itself(feed_of, broken):
    urls = [f"<url><loc>https://s.test/{number}</loc></url>" for number in range(4)]
    urls[1] = urls[1].replace("</url>", broken)
    items = read_feed(feed_of(SITEMAP.partition("<url>")[0] + "".join(urls) + "</urlset>"), 10)[0]
    assert {"https://s.test/0", "https://s.test/2", "https://s.test/3"} <= {item.url for item in items}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("Ferry", "Ferry & Co"),
        lambda text: text.replace("Ferry", "Ferry &nbsp;&eacute;"),
        lambda text: text.replace("Ferry", "Ferry \x00\x08\x1f"),
        lambda text: "\r\n \ufeff\n" + text,
        lambda text: "Warning: mysql_connect() in /x.php\n" + text,
        lambda text: text + text,
        lambda text: text.replace("version=", "version"),
        lambda text: text.replace('<?xml version="1.0"?>', '<?xml version="1.0" encoding="utf-16"?>'),
        lambda text: text.replace('<?xml version="1.0"?>', '<?xml version="1.0" encoding="klingon"?>'),
        lambda text: text.replace("rss", "RSS"),
        lambda text: text.replace("<rss ", "<rss xmlns:x='y' x:z='&bad;' "),
    ],
)
def test_malformed_feeds_still_give_their_items(feed_of, spoil):
    items = read_feed(feed_of(spoil(rss(ITEM))), 10)[0]
    assert "Ferry" in items[0].title
    assert items[0].guid == "f-1"
    assert "\x00" not in items[0].title


ENCODED = [
    ("utf-8", "", ""),
    ("utf-8", "utf-8", ""),
    ("utf-8", "", "utf-8"),
    ("utf-8-sig", "", "iso-8859-1"),
    ("cp1252", "", ""),
    ("cp1252", "utf-8", ""),
    ("cp1252", "", "utf-8"),
    ("cp1252", "iso-8859-1", ""),
    ("iso-8859-15", "iso-8859-15", ""),
    ("utf-16", "", ""),
    ("utf-16", "utf-8", "utf-8"),
    ("utf-16-le", "", ""),
    ("utf-16-be", "utf-16", ""),
    ("utf-32", "", ""),
    ("utf-8", "latin-1", "text"),
    ("cp1252", "", "us-ascii"),
]


@pytest.mark.parametrize(("real", "declared", "served"), ENCODED)
def test_wrong_and_missing_charsets(feed_of, real, declared, served):
    text = rss(ITEM.replace("Ferry returns", "Fähre kehrt zurück – café"))
    if declared:
        text = text.replace('version="1.0"?', f'version="1.0" encoding="{declared}"?')
    body = text.encode(real, "xmlcharrefreplace")
    content_type = f"text/xml; charset={served}" if served else "text/xml"
    (item,) = read_feed(feed_of(body, content_type=content_type), 10)[0]
    assert item.title == "Fähre kehrt zurück – café to the lake"


def test_cyrillic_and_japanese_charsets(feed_of):
    for charset, title in (
        ("windows-1251", "Паром вернулся"),
        ("shift_jis", "フェリー"),
        ("koi8-r", "Паром"),
    ):
        body = rss(f"<item><title>{title}</title></item>").replace("?>", f' encoding="{charset}"?>', 1)
        (item,) = read_feed(feed_of(body.encode(charset)), 10)[0]
        assert item.title == title


@pytest.mark.parametrize(
    "content_type", ["text/html", "application/octet-stream", "image/png", "", "nonsense"]
)
def test_the_content_type_does_not_decide(feed_of, content_type):
    assert len(read_feed(feed_of(rss(ITEM), content_type=content_type), 10)[0]) == 1


def test_nothing_is_dropped_for_its_guid_or_date(feed_of):
    """Duplicate guids, reused ones, none at all, odd dates: all items come through, as written."""
    dates = ["Thu, 01 Jan 1970 00:00:00 GMT", "2099-01-01", "yesterday", "02 Feb 2026 08:00 Europe/Paris", ""]
    items = [ITEM.replace("Mon, 02 Feb 2026 08:00:00 EST", date) for date in dates]
    items += ["<item><title>no guid</title></item>", "<item></item>"]
    parsed = read_feed(feed_of(rss(*items)), 10)[0]
    assert [item.guid for item in parsed] == ["f-1"] * 5 + ["", ""]
    assert [item.published for item in parsed[:5]] == dates
    assert len({item.id for item in parsed}) == 7


def test_a_guid_is_a_link_only_where_it_is_an_address(feed_of):
    guids = ("daily", "tag:a.test,2026:1", "https://a.test/1", "/2")
    items = [f"<item><title>a</title><guid>{guid}</guid></item>" for guid in guids]
    found, *_ = parse_capture(feed_of(rss(*items)), 10)
    assert [item.url for item in found] == ["", "", "https://a.test/1", "https://outlet.test/2"]
    assert [item.guid for item in found] == list(guids)


def test_the_same_capture_gives_the_same_items(feed_of):
    capture = feed_of(rss(ITEM, ITEM))
    assert read_feed(capture, 10) == read_feed(capture, 10)


def test_a_feed_without_mark_up_is_plain(feed_of):
    body = '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>a &lt; b</title><summary>c &lt; d</summary></entry></feed>'  # noqa: E501
    (item,) = read_feed(feed_of(body), 10)[0]
    assert (item.title, item.body, item.html) == ("a < b", "c < d", False)


def test_an_entry_with_too_many_elements_is_refused(feed_of):
    with pytest.raises(RejectedError, match="one entry has more than 200,000 elements"):
        read_feed(feed_of(rss("<item><title>x</title>" + "<a/>" * 250_000 + "</item>")), 10)[0]


def test_what_comes_before_too_many_elements_is_kept(feed_of):
    first = "<item><title>Größe – 大きさ</title><guid>1</guid></item>"
    body = rss(first, "<item><title>x</title>" + "<a/>" * 250_000 + "</item>")
    items, (rejection,), *_ = parse_capture(feed_of(body), 10)
    assert [item.title for item in items] == ["Größe – 大きさ"]
    assert rejection.reason.startswith("entries left out: 1,")


@pytest.mark.parametrize("junk", ["<", "<a x=y>", "<title>", "<a "])
def test_a_hostile_page_takes_bounded_time(feed_of, junk):
    started = time.process_time()
    with pytest.raises(RejectedError, match="a web page"):
        read_feed(feed_of("<html>" + junk * 1_000_000), 10)[0]
    assert time.process_time() - started < 5
