"""Atom out of the desk: read by a library and by our own reader, asked again, and opened by a key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import feedparser
import pytest
from defusedxml.ElementTree import fromstring
from desk_site import Desk
from desk_store import NOW, everyday
from html_reader import PageReader
from lxml import etree

from pipeline.api.api_tokens import Tokens
from pipeline.desk.access import Doors
from pipeline.ports import Commit
from pipeline.records import Lineage
from pipeline.sources.raw_items import captured
from pipeline.sources.read.syndication.feed import read_feed
from pipeline.store.sqlite.database import SqliteStore

ATOM = "{http://www.w3.org/2005/Atom}"
PATHS = (
    "/stories.atom",
    "/stories.atom?q=storm&topic=disasters",
    "/stories/s1.atom",
    "/search.atom?q=storm",
    "/watches/storms.atom",
    "/names/place:lake%20town.atom",
    "/situations/s1.atom",
)
SHOWN = (
    "/?topic=disasters&sort=hot&with=s2",
    "/stories/s1",
    "/search?q=storm+OR+%C3%BC",
    "/watches/storms",
    "/names/place:lake%20town",
)
HOSTILE = (
    "<script>alert(1)</script>&amp;\"'",
    "]]><x/>\x00\x1b\x0b\ufffe\u202etxet",
    "a\ud800b\r\n\tc",
    "javascript:alert(1)",
    "x" * 100_000,
)
TOKEN = Doors(token="t" * 20)


def at_once(desk, **what):
    """Commits into the store of a desk."""
    with desk.opened() as app:
        store = app._wiring.store
        lease = store.acquire("stories", "test", NOW, 300.0)
        store.commit(Commit(**what), lease)
        store.release(lease)


@pytest.fixture
def fresh(tmp_path) -> Iterator[Desk]:
    made = Desk(tmp_path, everyday())
    yield made
    made.close()


SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).with_name("atom.rng")))


def checked(text):
    """What RFC 4287 asks of a feed and of each entry, by grammar and prose, and how feedparser reads it."""
    SCHEMA.assertValid(etree.fromstring(text.encode()))
    root = fromstring(text)
    for element in [root, *root.iter(f"{ATOM}entry")]:
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
            assert element.findtext(f"{ATOM}{name}")
        links = [each.get("rel") for each in element.findall(f"{ATOM}link")]
        assert links.count("alternate") == 1
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    parsed = feedparser.parse(text)
    assert not parsed.bozo
    assert (
        len({each.id for each in parsed.entries}) == len(parsed.entries) == len(root.findall(f"{ATOM}entry"))
    )
    return parsed


@pytest.mark.parametrize("path", PATHS)
def test_a_feed_is_read_by_others_and_by_our_own_reader(editor, path):
    answer = editor.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/atom+xml")
    parsed = checked(answer.text)
    entry = next(each for each in parsed.entries if each.id == "tag:wirewatch,2026:story:s1")
    assert (entry.title, entry.link) == ("Storm over the lake", "http://127.0.0.1:8090/stories/s1")
    assert all(outlet in entry.content[0].value for outlet in ("Harbour Post", "El Faro"))
    assert 'href="https://' in entry.content[0].value
    items, left, damage = read_feed(
        captured("feed", "feed", "http://127.0.0.1:8090" + path, NOW, answer.content), 100
    )
    assert (left, damage) == (0, "")
    assert {item.title for item in items} == {each.title for each in parsed.entries}
    assert "http://127.0.0.1:8090/stories/s1" in {item.url for item in items}


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        (r"<updated>.*?</updated>", ""),
        (r"Z</updated>", "</updated>"),
        (r"<id>", "<id>a b"),
        (r"<author>.*?</author>", "<author/>"),
        (r"<entry>", "<entry><title>twice</title>"),
        (r"<entry>", "<entry><subtitle>of feeds alone</subtitle>"),
        (r'href="[^"]*"', ""),
        (r'<content type="html">', '<content type="xhtml">'),
        (r"<category term=", "<category name="),
    ],
)
def test_the_grammar_refuses_what_the_rfc_does(editor, there, instead):
    feed = editor.get("/stories.atom").text
    SCHEMA.assertValid(etree.fromstring(feed.encode()))
    broken = re.sub(there, instead, feed, count=1, flags=re.DOTALL)
    assert broken != feed
    assert not SCHEMA.validate(etree.fromstring(broken.encode()))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("path", ["/stories.atom", "/stories/s1.atom", "/watches/storms.atom"])
def test_texts_of_others_stay_texts(tmp_path, path, text):
    desk = Desk(tmp_path, everyday(text))
    try:
        answer = desk.client().get(path)
    finally:
        desk.close()
    checked(answer.text)
    for content in fromstring(answer.text).iter(f"{ATOM}content"):
        page = PageReader(content.text)
        assert {name for name, _ in page.elements} <= {"p", "ul", "li", "a"}
        assert all(each["href"].startswith(("http://", "https://")) for each in page.all("a"))
        assert all(set(attributes) <= {"href"} for _, attributes in page.elements)
    assert len(answer.content) < 60_000


def test_growth_changes_the_entry_and_makes_no_new_one(fresh):
    client = fresh.client()
    before = {each.id: each.updated for each in checked(client.get("/stories.atom").text).entries}
    later = NOW + timedelta(hours=1)
    with fresh.opened() as app:
        story = app.read.current("s1")[0]
        grown = replace(app.read.stored("a000004"), story="s1")
    more = replace(story, members=(*story.members, "a000004"), version=2)
    at_once(fresh, articles=(grown,), stories=(more,), ended=("s3",), at=later)
    after = {each.id: each.updated for each in checked(client.get("/stories.atom").text).entries}
    assert set(after) == set(before) - {"tag:wirewatch,2026:story:s3"}
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"tag:wirewatch,2026:story:s1"}
    assert after[changed.pop()] == f"{later:%Y-%m-%dT%H:%M:%SZ}"


def test_an_ended_story_leads_to_its_heir(fresh):
    at_once(fresh, ended=("s2",), lineage=(Lineage("s2", "s1", "merged", NOW, "person"),))
    client = fresh.client()
    (entry,) = checked(client.get("/stories/s2.atom").text).entries
    assert entry.id == "tag:wirewatch,2026:story:s1"
    assert client.get("/stories/s2").headers["location"] == "/stories/s1"


def test_who_asks_again_gets_304_for_one_read(fresh, monkeypatch):
    client = fresh.client()
    first = client.get("/stories.atom?q=storm")
    by_tag = {"if-none-match": f'"other", W/{first.headers["etag"]}'}
    by_time = {"if-modified-since": first.headers["last-modified"]}
    refused = []
    for name in ("story_page", "articles", "stories", "changes_of", "lineage", "search", "hits", "alerts"):
        monkeypatch.setattr(SqliteStore, name, lambda *_, n=name, **__: refused.append(n))
    for headers in (by_tag, by_time, by_time | by_tag):
        again = client.get("/stories.atom?q=storm", headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    assert not refused
    monkeypatch.undo()
    assert client.get("/stories.atom?q=storm", headers={"if-none-match": '"x"'} | by_time).status_code == 200
    assert client.get("/stories.atom?q=ferry", headers=by_tag).status_code == 200
    with fresh.opened() as app:
        known = app.read.stored("a000001")
    article = replace(known.enriched.article, title="Storm over two lakes", version=2, digest="d9")
    edited = replace(known, enriched=replace(known.enriched, article=article))
    at_once(fresh, articles=(edited,), at=NOW)
    # Within the same second too: the clock of this desk stands still.
    assert client.get("/stories.atom?q=storm", headers=by_tag).status_code == 200
    assert client.get("/stories.atom?q=storm", headers=by_time).status_code == 200


def test_what_a_watch_tells_changes_its_feed_alone(fresh):
    client = fresh.client()
    tags = {path: client.get(path).headers["etag"] for path in PATHS}
    at_once(fresh, marks={"alerts": "17"})
    assert {p for p in PATHS if client.get(p).headers["etag"] != tags[p]} == {"/watches/storms.atom"}


def shown_feed(client, path):
    """The address of its feed that a page gives, in its head."""
    page = PageReader(client.get(path).text)
    (found,) = [each for each in page.all("link") if each.get("type") == "application/atom+xml"]
    assert found["rel"] == "alternate"
    return found["href"]


@pytest.mark.parametrize("path", SHOWN)
def test_a_page_gives_an_address_that_opens_without_a_login_until_its_key_is_revoked(fresh, path):
    given = shown_feed(fresh.client(), path)
    anybody = fresh.client(TOKEN)
    answer = anybody.get(given)
    assert answer.status_code == 200
    assert feedparser.parse(answer.text).feed.links[0].href.endswith(given)
    bare, _, key = given.partition("key=")
    assert len(key) == 32
    for wrong in (bare, f"{bare}key=", f"{bare}key={'0' * 32}", f"{bare}since=1h&key={key}",
                  f"/doctor.atom?key={key}", given.replace(".atom", ".json"), given.replace(".atom", ""),
                  given.replace(".atom", "%2Eatom")):  # fmt: skip
        assert anybody.get(wrong).status_code == 403, wrong
    assert anybody.post(given).status_code == 403
    (fresh.home / "desk" / "feed-key").unlink()
    assert anybody.get(given).status_code == 403
    assert anybody.get(shown_feed(fresh.client(), path)).status_code == 200


def test_each_reader_may_have_a_key_of_its_own_that_is_revoked_alone(fresh):
    tokens = Tokens(fresh.home / "desk" / "tokens")
    ann, bob = (tokens.add(name, ["feeds"], 60, NOW) for name in ("ann", "bob"))
    news = tokens.add("news", ["news"], 60, NOW)
    anybody = fresh.client(replace(TOKEN, tokens=tokens))
    for path in PATHS:
        at = f"{path}{'&' if '?' in path else '?'}key="
        assert anybody.get(at + ann).status_code == anybody.get(at + bob).status_code == 200
        for wrong in (news, ann[:-1], "ww-ann.", "ww-", f"{ann}&key={news}"):
            assert anybody.get(at + wrong).status_code == 403, wrong
        page = path.replace(".atom", "")
        assert anybody.get(f"{page}{'&' if '?' in page else '?'}key={ann}").status_code == 403
    assert anybody.post(f"{PATHS[0]}&key={ann}").status_code == 403
    tokens.revoke("ann")
    assert anybody.get(f"/stories.atom?key={ann}").status_code == 403
    assert anybody.get(f"/stories.atom?key={bob}").status_code == 200


def test_readers_see_no_key_and_what_has_no_feed_says_so(fresh):
    doors = Doors(proxy_header="X-User", proxy_addresses=("testclient",))
    client = fresh.client(doors, headers={"x-user": "ann"})
    assert shown_feed(client, "/stories/s1") == "/stories/s1.atom"
    assert client.get("/stories/s1.atom").status_code == 200
    for path in (
        "/feeds.atom",
        "/search.atom",
        "/watches/none.atom",
        "/stories/none.atom",
        "/names/none.atom",
    ):
        assert client.get(path).status_code == 404, path
