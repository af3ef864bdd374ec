"""What feedparser mixes up: links by relation, texts of media, names of outlets with a section."""

from __future__ import annotations

import pytest
from source_samples import rss

from pipeline.normalize.article import normalize
from pipeline.sources.read.syndication.feed import read_feed
from pipeline.sources.read.syndication.outlet import outlet_in

MEDIA = 'xmlns:media="http://search.yahoo.com/mrss/"'


def atom(entry: str, more: str = "") -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {more}><title>Ferry Times</title>{entry}</feed>'


def entry(links: str, more: str = "") -> str:
    return atom(f"<entry><id>tag:ferry.test,2026:1</id><title>Ferry late</title>{links}</entry>", more)


@pytest.mark.parametrize(
    ("document", "link"),
    [
        (
            entry(
                '<link rel="edit" href="/edit/1"/><link rel="replies" type="text/html" href="/1#c"/>'
                '<link rel="alternate" href="/1"/><link rel="enclosure" href="/1.mp3"/>'
            ),
            "https://outlet.test/1",
        ),
        (
            entry('<link rel="alternate" type="application/json" href="/1.json"/><link href="/1"/>'),
            "https://outlet.test/1",
        ),
        (entry('<link href="/1"/><link>https://cdn.test/a.png?w=9</link>'), "https://outlet.test/1"),
        (entry('<link href="1"/>', 'xml:base="https://ferry.test/news/"'), "https://ferry.test/news/1"),
        (
            atom('<entry xml:base="b/"><id>i</id><title>T</title><link href="c"/></entry>', 'xml:base="/a/"'),
            "https://outlet.test/a/b/c",
        ),
        (
            rss(
                "<item><title>T</title><link>https://hop.test/x</link>"
                '<o:origLink xmlns:o="http://any.test/">https://ferry.test/9</o:origLink></item>'
            ),
            "https://ferry.test/9",
        ),
        (
            rss("<item><title>T</title><guid>https://ferry.test/8</guid></item>"),
            "https://ferry.test/8",
        ),
        (
            rss('<item><title>T</title><guid isPermaLink="false">https://ferry.test/8</guid></item>'),
            "",
        ),
        (
            rss(
                '<item><title>T</title><atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" '
                'href="https://outlet.test/feed?item=1"/><link>https://ferry.test/7</link></item>'
            ),
            "https://ferry.test/7",
        ),
    ],
)
def test_the_link_of_an_entry_is_that_of_its_page(feed_of, document, link):
    (item,) = read_feed(feed_of(document), 10)[0]
    assert item.url == link


def test_links_of_a_saved_feed_are_relative_to_the_address_it_gives_itself(feed_of):
    head = '<link rel="self" href="https://ferry.test/all.atom"/>'
    document = atom(f'{head}<entry><id>i</id><title>T</title><link href="n/1"/></entry>')
    (item,) = read_feed(feed_of(document, url="saved/feed.xml"), 10)[0]
    assert item.url == "https://ferry.test/n/1"


LEAD = "Two ferries stayed in port on Monday."
CAPTION = "A deckhand in a yellow coat looks over the rail of the ferry at the empty quay on Monday."
TEXT = f'<media:description type="plain">{CAPTION}</media:description>'


@pytest.mark.parametrize(
    "media",
    [
        f'<media:content url="a" medium="image">{TEXT}<media:title>Deck</media:title></media:content>',
        f'<media:content url="a.jpg?w=2"/>{TEXT}',
        f'<media:group><media:content type="image/png" url="x"/>{TEXT}</media:group>',
    ],
)
def test_the_caption_of_a_picture_is_neither_title_nor_text(feed_of, media):
    for inside in (f"{media}<description>{LEAD}</description>", f"<description>{LEAD}</description>{media}"):
        document = rss(f"<item {MEDIA}><title>Ferry late</title><link>/1</link>{inside}</item>")
        (item,) = read_feed(feed_of(document), 10)[0]
        assert (item.title, item.body) == ("Ferry late", LEAD)
        assert [(text.kind, text.text) for text in item.texts] == [("caption", CAPTION)]
        article = normalize(item)
        assert article.text == LEAD
        assert ("caption beside the text", CAPTION) in [(r.rule, r.text) for r in article.removed]


def test_a_video_without_text_is_told_by_its_description(feed_of):
    group = (
        f'<media:group {MEDIA}><media:content medium="video" url="v"/><media:title>Rail test</media:title>'
    )
    document = entry(f'<link href="/v"/>{group}<media:description>{LEAD}</media:description></media:group>')
    (item,) = read_feed(feed_of(document), 10)[0]
    assert item.body == ""
    assert normalize(item).text == LEAD


def test_a_broken_feed_keeps_lead_and_caption_apart(feed_of):
    document = rss(
        f"<item><title>Ferry & late</title><link>https://outlet.test/1</link><description>{LEAD}</description>"
        f"<media:description>{CAPTION}</media:description></item>"
    )
    (item,) = read_feed(feed_of(document), 10)[0]
    assert normalize(item).text == LEAD


@pytest.mark.parametrize(
    ("title", "kind", "clean"),
    [
        ("How the <table> tag ages", "text", "How the <table> tag ages"),
        ("How the &lt;table&gt; tag ages", "html", "How the <table> tag ages"),
        ("Rates <2% for banks", "text", "Rates <2% for banks"),
        ("Rates &lt;2% for banks", "html", "Rates <2% for banks"),
        ("Where a <br> stands in verse", "text", "Where a <br> stands in verse"),
        ("Where a &lt;br&gt; stands in <b>verse</b>", "html", "Where a <br> stands in verse"),
        ("<i>Aurora</i> sinks<br/>off the cape", "html", "Aurora sinks off the cape"),
        ("&lt;i&gt;Aurora&lt;/i&gt; sinks &amp;amp; is found", "html", "Aurora sinks & is found"),
        ('A <span class="x">red</span> dawn', "text", "A red dawn"),
    ],
)
def test_a_title_is_unescaped_as_often_as_it_was_escaped(feed_of, title, kind, clean):
    written = title.replace("&", "&amp;").replace("<", "&lt;")
    document = atom(f'<entry><id>i</id><title type="{kind}">{written}</title><link href="/1"/></entry>')
    (item,) = read_feed(feed_of(document), 10)[0]
    assert normalize(item).title == clean


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("desk@lunna.example", ()),
        ("ann@lunna.example (Ann Lee, Bob Ray)", ("Ann Lee", "Bob Ray")),
        ("Ann Lee &lt;ann@lunna.example&gt;", ("Ann Lee",)),
        ("ann@lunna.co (Ann Lee)", ("Ann Lee",)),
        ("Ann Lee", ("Ann Lee",)),
    ],
)
def test_authors_are_named_without_their_mail_addresses(feed_of, written, names):
    document = (
        "<rss version='2.0'><channel><title>Ferry Times</title>"
        f"<item><title>Rain falls</title><author>{written}</author></item></channel></rss>"
    )
    (item,) = read_feed(feed_of(document), 10)[0]
    assert normalize(item).authors == names


@pytest.mark.parametrize(
    ("title", "address", "name"),
    [
        ("Ferry Times - Sport", "https://ferrytimes.test/sport", "Ferry Times"),
        ("Business | The Ferry Times RSS Feed", "https://www.ferrytimes.test/", "The Ferry Times"),
        ("LMN News - Home", "https://feeds.lmnnews.test/x", "LMN News"),
        ("RVT > Politics", "https://www.rvtoday.test/", "RVT"),
        ("La Orilla: última hora", "https://laorilla.test/rss", "La Orilla"),
        ("Ferry Times", "https://else.test/", "Ferry Times"),
        ("Bread: a love story", "https://blog.test/", "Bread: a love story"),
        ("Atom", "https://blog.test/", "Atom"),
        ("Ферри - Новости", "https://ferry.test/", "Ферри - Новости"),
    ],
)
def test_sections_of_one_outlet_have_the_outlets_name(title, address, name):
    assert outlet_in(title, ["", address]) == name
