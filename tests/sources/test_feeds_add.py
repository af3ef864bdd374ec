"""`feeds packs`, `feeds add` and `feeds check`: against sites on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from misbehaving import Misbehaving

from pipeline.cli import main
from pipeline.settings import load_settings
from pipeline.sources.feeds.feed_packs import packs

RSS = """<rss version="2.0"><channel><title>{title}</title><link>http://harbour.test/</link><language>en</language>
<item><title>Ferry runs aground</title><link>http://harbour.test/1</link><guid>{title}</guid></item></channel></rss>"""
PAGE = """<!doctype html><html><head><title>Harbour News</title>
<link rel="alternate" type="application/rss+xml" href="/comments/feed" title="Comments">
<link rel="alternate" type="application/rss+xml" href="/gone.xml">
<link rel="alternate" type="application/rss+xml" href="/world/rss.xml" title="World">
<link rel="alternate" type="application/rss+xml" href="/sport/rss.xml"></head><body>x</body></html>"""


@pytest.fixture
def site() -> Iterator[Misbehaving]:
    with Misbehaving() as server:
        pages = {
            "/": PAGE,
            "/bare": "<!doctype html><html><head><title>No feed here</title></head><body>x</body></html>",
            "/world/rss.xml": RSS.format(title="World - Harbour News"),
            "/sport/rss.xml": RSS.format(title="Sport - Harbour News"),
            "/comments/feed": RSS.format(title="Comments on Harbour News"),
        }
        for path, text in pages.items():
            kind = "text/html" if text.startswith("<!doctype") else "application/rss+xml"
            server.serve(path, text.encode(), content_type=kind)
        server.routes["/gone.xml"] = lambda asked: asked.answer(b"", 410)
        yield server


@pytest.fixture
def run(tmp_path, monkeypatch, capsys) -> Callable[..., Any]:
    """Runs the command in a folder with a configuration that may ask this machine."""
    monkeypatch.chdir(tmp_path)
    for name in ("WIREWATCH_HOME", "WIREWATCH_CONFIG", "WIREWATCH_STORE"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments):
        with pytest.raises(SystemExit) as end:
            main([str(each) for each in arguments])
        out, err = capsys.readouterr()
        return end.value.code, out, err

    assert call("init", "--no-input")[0] == 0
    (tmp_path / "config" / "settings.yaml").write_text("fetch: {private_hosts: [127.0.0.1]}\n")
    (tmp_path / "config" / "feeds.yaml").write_text("feeds: []\n")
    return call


def answered(answer):
    code, out, err = answer
    assert code == 0, err
    return json.loads(out)


def test_packs_are_listed_and_added_whole(run, tmp_path):
    listed = answered(run("--json", "feeds", "packs"))
    assert {entry["name"] for entry in listed} == set(packs())
    document = answered(run("--json", "feeds", "add", "germany-de"))
    assert len(document["added"]) == len(packs()["germany-de"].feeds())
    assert answered(run("--json", "feeds", "add", "germany-de"))["added"] == []
    feeds = load_settings(tmp_path / "config", {}).feeds
    assert {feed.language for feed in feeds} == {"de"}
    assert not (tmp_path / "data").exists()


def test_the_address_of_a_site_finds_its_feeds(run, site, tmp_path):
    document = answered(run("--json", "feeds", "add", f"{site.url('/')}"))
    (added,) = document["added"]
    assert added["url"] == f"{site.url('/')}world/rss.xml"
    assert added["outlet"] == "Harbour News"
    assert document["also"] == [f"{site.url('/')}sport/rss.xml"]
    more = answered(run("--json", "feeds", "add", f"{site.url('/')}", "--all"))
    assert [each["url"] for each in more["added"]] == [f"{site.url('/')}sport/rss.xml"]
    ids = [feed.id for feed in load_settings(tmp_path / "config", {}).feeds]
    assert ids == ["harbour-news-world", "harbour-news-sport"]


def test_the_address_of_a_feed_is_taken_as_it_is(run, site):
    document = answered(run("--json", "feeds", "add", f"{site.url('/')}sport/rss.xml"))
    assert [each["id"] for each in document["added"]] == ["harbour-news-sport"]


@pytest.mark.parametrize(
    ("path", "said"), [("/bare", "it links to none"), ("/missing", "answered 404"), ("/gone.xml", "410")]
)
def test_where_there_is_no_feed_one_line_says_so(run, site, tmp_path, path, said):
    code, _, err = run("feeds", "add", f"{site.url(path)}")
    assert code in {1, 2}
    assert said in err
    assert (tmp_path / "config" / "feeds.yaml").read_text() == "feeds: []\n"


def test_a_private_address_is_asked_only_where_the_settings_allow_it(run, site, tmp_path):
    (tmp_path / "config" / "settings.yaml").write_text("")
    code, _, err = run("feeds", "add", f"{site.url('/')}")
    assert code == 1
    assert "private_hosts" in err
    assert site.asked == []


def test_feeds_are_tried_and_nothing_is_kept(run, site, tmp_path):
    lines = [f"- {{id: {name}, url: {site.url('/')}{name}/rss.xml}}" for name in ("world", "nowhere")]
    (tmp_path / "config" / "feeds.yaml").write_text("feeds:\n" + "\n".join(lines) + "\n")
    code, out, err = run("--json", "feeds", "check")
    well, ill = json.loads(out)
    assert code == 1
    assert "1 of 2 do not answer well: nowhere" in err
    assert (well["ok"], well["entries"], well["newest"]) == (True, 1, "Ferry runs aground")
    assert (ill["ok"], ill["status"]) == (False, 404)
    assert not (tmp_path / "data").exists()
    assert run("feeds", "check", "world")[0] == 0
    assert run("feeds", "check", "mars")[0] == 2
