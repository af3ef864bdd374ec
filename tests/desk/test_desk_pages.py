"""Each page answers, is well made, says the same as its twins, and puts errors in one line."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from desk_site import Desk
from desk_store import NOW, everyday
from html_reader import PageReader
from starlette.testclient import TestClient
from store_records import article, decision, story

from pipeline.app import App
from pipeline.app.wiring import Wiring
from pipeline.desk.access import Doors
from pipeline.desk.carrier import child_process
from pipeline.desk.desk_texts import texts
from pipeline.desk.readers import Readers
from pipeline.desk.serve import desk_site
from pipeline.desk.site import Site, SiteOptions
from pipeline.errors import UnavailableError
from pipeline.ports import Commit
from pipeline.records import Candidate, Rejection, SummarySentence

HOUR = timedelta(hours=1)
PAGES = (
    "/",
    "/?sort=new&since=7d&topic=disasters&origins=2",
    "/?with=s1&with=s2",
    "/stories/s1",
    "/stories/s1?by=time&watch=storms",
    "/articles/a000001",
    "/articles/a000004",
    "/search",
    "/search?q=storm",
    "/search?q=storm+OR+ferry&flat=1",
    "/situations",
    "/situations?since=30d&sort=new&q=storm",
    "/situations/s1",
    "/names",
    "/names/place:lake%20town",
    "/watches",
    "/watches/storms",
    "/watches/storms?why=s2",
    "/feeds",
    "/feeds/courier",
    "/quarantine",
    "/quarantine/r1",
    "/corrections",
    "/doctor",
    "/about",
)
LISTS = ("/stories", "/search?q=storm", "/watches", "/feeds", "/quarantine")


def page(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return PageReader(answer.text)


def twin(path, form):
    head, mark, query = path.partition("?")
    return f"{head}.{form}{mark}{query}"


@pytest.fixture(scope="module")
def reader(desk) -> TestClient:
    """Somebody whose language changes."""
    return desk.client()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", sorted(texts()))
def test_a_page_is_well_made_in_every_language(reader, path, language):
    found = page(reader, f"{path}{'&' if '?' in path else '?'}lang={language}")
    assert found.problems() == []
    assert found.all("html")[0]["lang"] == language


@pytest.mark.parametrize("path", ["/", "/search", "/names", "/watches", "/feeds", "/quarantine", "/about"])
def test_an_empty_store_has_pages_that_say_what_to_do(empty, path):
    assert page(empty, path).problems() == []


def test_an_empty_store_says_how_to_begin(empty):
    assert "wirewatch load" in page(empty, "/").words


def test_a_story_shows_its_sources_reasons_and_who_was_told(editor):
    words = page(editor, "/stories/s1").words
    for said in (
        "Harbour Post",
        "El Faro",
        "Sturm am See",
        "joined with",
        "storms",
        "Outlets disagree",
        "took in",
    ):
        assert said in words, said


def test_an_article_shows_what_ties_it_and_what_tells_against_it(editor):
    text = editor.get("/articles/a000001").text
    bare = re.sub("<[^>]+>", "", text)
    _, ties, against = re.split("What ties it|What tells against it", bare)
    assert ["A ⇔ B" in part for part in (ties, against)] == [True, False]
    assert ["2026-03-01 ≠ 2026-02-28" in part for part in (ties, against)] == [False, True]
    assert "against day" not in bare


def test_the_list_is_hottest_first_and_can_be_newest_first(editor):
    ids = [row["id"] for row in editor.get("/stories.json").json()]
    assert ids == ["s1", "s2", "s3"]
    assert [row["id"] for row in editor.get("/stories.json?sort=new").json()] == ["s3", "s2", "s1"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("topic=disasters", ["s1"]),
        ("outlet=Courier", ["s3"]),
        ("origins=2", ["s1"]),
        ("q=ferry", ["s2"]),
        ("name=Lake+Town", ["s1"]),
        ("language=de", ["s1"]),
        ("q=ferry+OR+storm&topic=disasters", ["s1"]),
    ],
)
def test_filters_narrow_the_list(editor, filters, expected):
    assert [row["id"] for row in editor.get(f"/stories.json?{filters}").json()] == expected


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_twins_that_say_the_same(editor, path):
    rows = editor.get(twin(path, "json")).json()
    head, *body = csv.reader(io.StringIO(editor.get(twin(path, "csv")).text))
    assert len(rows) == len(body)
    assert head[0] in {"id", "name"}
    assert [row[head[0]] for row in rows] == [row[0] for row in body]


@pytest.mark.parametrize(
    "path",
    [
        "/stories/s1",
        "/articles/a000001",
        "/names/place:lake%20town",
        "/watches/storms",
        "/quarantine/r1",
        "/doctor",
        "/feeds/courier",
    ],
)
def test_a_thing_has_a_json_twin(editor, path):
    answer = editor.get(f"{path}.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()


def test_the_json_of_a_story_is_that_of_the_command_line(desk, editor):
    from pipeline.app.shapes import one_story_shape

    with desk.opened() as app:
        found, lineage = app.read.current("s1")
        shape = one_story_shape(
            found, app.read.lines_of([found]), lineage, app.read.near_misses(found, lineage)
        )
    assert editor.get("/stories/s1.json").json() == json.loads(json.dumps(shape))


def test_near_misses_stand_on_the_story_that_they_nearly_came_to(desk, editor):
    with desk.opened() as app:
        apart = replace(decision("a000004", "s3"), founded=True, chosen=Candidate("s1", 0.35))
        # It passed over a story that was taken in since.
        former = replace(decision("a000003", "s2"), runner_up=Candidate("s0", 0.2))
        inside = replace(decision("a000002", "s1"), runner_up=Candidate("s1", 0.9))
        app._wiring.store.commit(Commit(decisions=(apart, former, inside)))
    near = editor.get("/stories/s1.json").json()["near_misses"]
    assert [(x["article"]["id"], x["story"], x["score"]) for x in near] == [
        ("a000004", "s3", 0.35),
        ("a000003", "s2", 0.2),
    ]
    words = page(editor, "/stories/s1").words
    assert "Near misses" in words
    assert "came to 0.350 of 0.400 needed here" in words
    assert words.count("Belongs here…") == 2


def test_an_old_id_leads_to_the_story_that_took_it_in(editor):
    answer = editor.get("/stories/s0")
    assert (answer.status_code, answer.headers["location"]) == (301, "/stories/s1")
    assert editor.get("/stories/s0.json").headers["location"] == "/stories/s1.json"


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/stories/nothing", 404, "no story has this id"),
        ("/articles/nothing", 404, "not in the store"),
        ("/watches/nothing", 404, "nothing"),
        ("/feeds/nothing", 404, "nothing"),
        ("/quarantine/nothing", 404, "nothing"),
        ("/nothing", 404, "/nothing"),
        ("/search?q=(storm", 400, "column"),
        ("/search?q=" + "a" * 1001, 400, "1000 characters"),
        ("/?since=yesterday", 400, "yesterday"),
        ("/?sort=best", 400, "best"),
        ("/?after=x", 400, "after"),
        ("/?after=30~0~nan~s1", 400, "after"),
        ("/?after=30~0~inf~s1", 400, "after"),
        ("/?sort=size&after=30~0~1e300~s1", 400, "after"),
        ("/?after=30~99999999999999999999~1~s1", 400, "after"),
        ("/?after=99999999999999999999~0~1~s1", 400, "after"),
        ("/quarantine?after=x", 400, "after"),
        ("/quarantine?after=9999-99~r1", 400, "after"),
    ],
)
def test_an_error_is_a_page_with_one_line(editor, path, status, said):
    found = page(editor, path, status)
    assert found.problems() == []
    assert said in found.words
    if "?" not in path and path != "/nothing":
        assert said in editor.get(twin(path, "json")).json()["error"]


@pytest.mark.parametrize("broken", ["absent", "foreign", "newer"])
def test_a_store_that_cannot_be_used_is_told_on_each_page_and_made_by_none(tmp_path, broken):
    made = Desk(tmp_path, Commit() if broken == "newer" else None)
    file, home = tmp_path / "desk.db", tmp_path / "later"
    said = {"absent": "there is no store at", "foreign": "not a Wirewatch store", "newer": "version 999"}
    if broken == "foreign":
        file.write_text("a letter to a friend " * 100)
    elif broken == "newer":
        with closing(sqlite3.connect(file)) as store:
            store.execute("PRAGMA user_version = 999")
    there = sorted(tmp_path.rglob("*"))

    def opened():
        return App(Wiring(home, made.config, made.store, {}, lambda: NOW, make=False))

    site, behind = desk_site(opened, home, made.config, Doors(open=True), child_process(()))
    with behind:
        client = TestClient(site, "http://127.0.0.1:8090")
        for path in ("/", "/stories/s1", "/search?q=storm", "/feeds", "/corrections"):
            found = page(client, path, 503)
            assert found.problems() == []
            assert said[broken] in found.words
        answer = client.get("/stories.json")
        assert answer.status_code == 503
        assert said[broken] in answer.json()["error"]
        answer = client.get("/api/v1/stories")
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert said[broken] in answer.json()["detail"]
        assert "retry-after" not in answer.headers
        assert page(client, "/doctor").problems() == []
        assert sorted(tmp_path.rglob("*")) == there
        if broken == "absent":
            Desk(tmp_path / "other", Commit(), made.store).close()
            assert page(client, "/").problems() == []


def test_pages_of_the_quarantine_laid_together_are_the_quarantine(tmp_path):
    refused = [
        Rejection(f"r{n:03}", f"https://h{n % 3}.example/{n}", "parse", f"why {n % 2}", NOW - n % 7 * HOUR)
        for n in range(120)
    ]
    desk = Desk(tmp_path, Commit(rejections=tuple(refused)))
    client = desk.client()
    refused.sort(key=lambda each: (-each.at.timestamp(), each.id))
    for narrowed in ({}, {"reason": "why 1"}, {"source": "h2.example", "reason": "why 0"}):
        wanted = [
            each.id
            for each in refused
            if narrowed.get("reason", each.reason) == each.reason
            and narrowed.get("source", each.place) == each.place
        ]
        found: list[str] = []
        text = client.get("/quarantine", params=narrowed).text
        while True:
            found += re.findall(r'href="/quarantine/(r\d+)"', text)
            older = re.search(r'rel="next" href="([^"]+)"', text)
            if not older:
                break
            text = client.get(older[1].replace("&amp;", "&")).text
        assert found == wanted
        assert [row["id"] for row in client.get("/quarantine.json", params=narrowed).json()] == wanted
    assert "h0.example</bdi> 40" in text
    assert "why 1</bdi> 60" in text
    desk.close()


def test_what_is_new_is_told_since_it_was_marked(desk):
    client = desk.client()
    assert (
        client.post(
            "/seen", data={"head": "3", "next": "/"}, headers={"sec-fetch-site": "same-origin"}
        ).status_code
        == 303
    )
    found = page(client, "/")
    assert "1 story with something new" in found.words
    assert [row["id"] for row in client.get("/stories.json?new=1").json()] == ["s3"]


def test_a_large_story_lists_its_newest_and_says_who_is_quoted_from_further_back(tmp_path):
    members = [article(n, f"News {n}", story="s1", outlet=f"Outlet {n}") for n in range(1, 151)]
    names = tuple(each.enriched.article.id for each in members)
    told = replace(story("s1", names), summary=(SummarySentence("The dam broke.", names[0]),))
    desk = Desk(tmp_path, Commit(articles=tuple(members), stories=(told,)))
    client = desk.client()
    some, every = (page(client, f"/stories/s1{query}").words for query in ("", "?all=1"))
    assert sum(f"News {n} " in some for n in range(1, 151)) == 100
    assert "News 51 " in some
    assert "show 50 older articles" in some
    assert "Outlet 1 " in some
    assert sum(f"News {n} " in every for n in range(1, 151)) == 150
    desk.close()


def test_why_not_takes_the_address_of_a_story_or_an_article(editor):
    for asked in ("s2", "http://127.0.0.1:8090/stories/s2", "/articles/a000003", "a000003"):
        answer = editor.get("/watches/storms.json", params={"why": asked}).json()["why"]
        assert answer["story"] == "s2"
        assert not answer["alerted"]


def test_readers_see_no_address_and_nobody_a_secret(desk):
    paths = (
        "/watches",
        "/watches/storms",
        "/watches.json",
        "/watches.csv",
        "/feeds",
        "/feeds.json",
        "/feeds/courier",
        "/stories/s1",
        "/feeds.opml",
        "/about",
    )
    key = {"x-user": "ann"}
    doors = Doors(proxy_header="X-User", proxy_addresses=("testclient",))
    reader, editor = desk.client(doors), desk.client()
    for path in paths:
        for client in (reader, editor):
            text = client.get(path, headers=key).text
            assert "s3cret" not in text, path
            assert "secret-path" not in text, path
        assert "dora@" not in reader.get(path, headers=key).text, path
    assert "d…@newsroom.example" in reader.get("/watches", headers=key).text


def test_a_changed_configuration_is_read_again(tmp_path):
    made = Desk(tmp_path, everyday())
    seconds = iter(range(0, 10_000, 10))
    readers = Readers(made.opened, made.config, lambda: float(next(seconds)), threads=1)
    options = SiteOptions(Doors(open=True), b"k" * 32, lambda: NOW, limit_seconds=60.0)
    client = TestClient(Site(readers, options, lambda: None).application(), base_url="http://127.0.0.1:8090")
    assert client.get("/watches/floods").status_code == 404
    file = made.config / "watches.yaml"
    file.write_text(file.read_text().replace("name: storms", "name: floods"))
    assert client.get("/watches/floods").status_code == 200
    file.write_text("watches: [")
    assert client.get("/").status_code == 200
    readers.close()


def test_threads_read_the_configuration_once_and_each_opens_the_store(tmp_path):
    made = Desk(tmp_path, everyday())
    readers = Readers(made.opened, made.config, lambda: 0.0, threads=3)
    together = threading.Barrier(3, timeout=30)

    def parts(app):
        together.wait()
        return app._wiring.settings, app._wiring.aliases, app._wiring.store

    async def asked():
        return await asyncio.gather(*(readers.ask(parts, 60) for _ in range(3)))

    found = asyncio.run(asked())
    assert [len({id(part) for part in each}) for each in zip(*found, strict=True)] == [1, 1, 3]
    readers.close()


def test_a_question_that_took_too_long_is_stopped_and_the_thread_goes_on(tmp_path):
    made = Desk(tmp_path, everyday())
    readers = Readers(made.opened, made.config, lambda: 0.0, threads=1)
    apps, ends = [], []

    def endless(app):
        apps.append(app)
        try:
            app._wiring.store._file.rows(
                "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
            )
        except UnavailableError as error:
            ends.append(str(error))
            raise

    with pytest.raises(UnavailableError, match="this took longer than"):
        asyncio.run(readers.ask(endless, 0.2))
    asyncio.run(readers.ask(apps.append, 60))
    assert "given up" in ends[0]
    assert len(set(map(id, apps))) == 1
    readers.close()


def test_metrics_have_a_line_for_each_check_of_the_doctor(editor):
    answer = editor.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    checks = {f'wirewatch_check_ok{{check="{each["check"]}"}}' for each in editor.get("/doctor.json").json()}
    assert checks <= {line.rpartition(" ")[0] for line in lines}
    assert "wirewatch_articles_head 4" in lines
    assert all(line.rpartition(" ")[2].isdigit() for line in lines)


def test_a_long_affair_is_a_timeline_and_each_of_its_stories_leads_there(reader):
    text = page(reader, "/situations/s1").text
    assert text.index("Storm over the lake") < text.index("Ferry runs aground")
    assert "Lake Town" in text
    assert reader.get("/situations/s2").headers["location"] == "/situations/s1"
    assert [a["href"] for a in page(reader, "/stories/s2").all("a") if "situations/" in a["href"]] == [
        "/situations/s1"
    ]
    assert [each["id"] for each in reader.get("/situations.json").json()] == ["s1"]
    assert reader.get("/situations/s3").status_code == 404
    feed = reader.get("/situations/s1.atom").text
    assert feed.count("<entry>") == 2
