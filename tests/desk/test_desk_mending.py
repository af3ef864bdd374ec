"""Mending from the page: what will change, a request that a process of its own carries out, its state."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from html_reader import PageReader

from pipeline.desk.carrier import Carrier, child_process

HERE = {"sec-fetch-site": "same-origin"}


def fields(text):
    """What the form of a page would send to the requests."""
    found = PageReader(text).all("input")
    return [(a["name"], a["value"]) for a in found if a.get("type") == "hidden"]


def post(client, path, pairs, status=303):
    body = "&".join(f"{name}={value}" for name, value in pairs)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = client.post(path, content=body, headers=HERE | kind)
    assert answer.status_code == status, answer.text
    return answer


def carried_out(client, where, carrier):
    if isinstance(carrier, Carrier):
        carrier.wake()
    else:  # as a run that groups would
        with carrier.opened() as app:
            app.requests.carry_out()
    for _ in range(1200):
        state = client.get(f"{where}.json").json()
        if state["state"] not in {"waiting", "working"}:
            return state
        time.sleep(0.1)
    raise AssertionError(state)


@pytest.fixture
def carrier(loaded) -> Iterator[Carrier]:
    """Carries out in a child process, as `wirewatch desk` has it."""
    where = [f"--home={loaded.home}", f"--config={loaded.config}", f"--store=sqlite:///{loaded.home}/desk.db"]
    made = Carrier(loaded.opened, child_process(where))
    yield made
    made.close()


def test_a_merge_is_shown_asked_for_carried_out_and_taken_back_in_two_clicks(loaded, carrier):
    client = loaded.client()
    before = client.get("/stories.json").json()
    assert len(before) == 3
    chosen = [("story", story["id"]) for story in before[:2]]
    shown = post(client, "/stories/preview", [("kind", "merge"), *chosen], 200).text
    assert PageReader(shown).problems() == []
    assert "Watches are asked about these stories" in shown
    assert shown.count("comes here") == 1
    assert client.get("/stories.json").json() == before
    asked = [*fields(shown), ("note", "one event")]
    where = post(client, "/requests", asked).headers["location"]
    assert post(client, "/requests", asked).headers["location"] == where
    assert 'http-equiv="refresh"' in client.get(where).text
    state = carried_out(client, where, carrier)
    assert state["state"] == "done", state
    after = client.get("/stories.json").json()
    assert sorted(story["size"] for story in after) == [1, 2]
    said = client.get("/corrections.json").json()[0]
    assert (said["who"], said["note"], [said["id"]]) == ("desk", "one event", state["said"])
    # What is asked for again is done already; what contradicts it is refused, with what takes it back.
    assert post(client, "/requests", asked).headers["location"] == where
    merged = next(story for story in after if story["size"] == 2)
    out = [("kind", "split"), ("story", merged["id"]), ("article", merged["articles"][0]["id"])]
    against = post(client, "/stories/preview", out, 409).text
    assert PageReader(against).problems() == []
    assert ("correction", said["id"]) in fields(against)
    # The first click is "Take back" on the page of the request, the story, or the corrections.
    for page in (where, f"/stories/{merged['id']}", "/corrections"):
        assert ("correction", said["id"]) in fields(client.get(page).text), page
    shown = post(client, "/stories/preview", [("kind", "undo"), ("correction", said["id"])], 200).text
    assert len(client.get("/stories.json").json()) == 2
    where = post(client, "/requests", fields(shown)).headers["location"]  # the second
    assert carried_out(client, where, loaded)["state"] == "done"
    assert [s["id"] for s in client.get("/stories.json").json()] == [s["id"] for s in before]
    undo, merge = client.get("/corrections.json").json()[:2]
    assert (undo["kind"], undo["of"], merge["undone_by"]) == ("undo", merge["id"], undo["id"])
    # Said again, and taken back again: the page offers it.
    again = post(client, "/stories/preview", [("kind", "undo"), ("correction", undo["id"])], 200).text
    assert "comes here" in again


def test_an_article_that_belongs_elsewhere_is_moved_by_one_request(loaded):
    client, carrier = loaded.client(), loaded
    one, two, three = client.get("/stories.json").json()
    chosen = [("kind", "merge"), ("story", one["id"]), ("story", two["id"])]
    where = post(client, "/requests", chosen).headers["location"]
    assert carried_out(client, where, carrier)["state"] == "done"
    merged = next(story for story in client.get("/stories.json").json() if story["size"] == 2)
    article = merged["articles"][1]["id"]
    # As long as the merge holds it cannot leave; its page and the story's say so and offer the way out.
    move = [
        ("kind", "move"),
        ("article", article),
        ("story", f"http://desk.example/stories/{three['id']}?x=1"),
    ]
    assert "Take back" in post(client, "/stories/preview", move, 409).text
    said = client.get("/corrections.json").json()[0]["id"]
    undo = [("kind", "undo"), ("correction", said)]
    assert (
        carried_out(client, post(client, "/requests", undo).headers["location"], carrier)["state"] == "done"
    )
    shown = post(client, "/stories/preview", move, 200).text
    assert "comes here" in shown
    where = post(client, "/requests", fields(shown)).headers["location"]
    state = carried_out(client, where, carrier)
    assert state["state"] == "done", state
    sizes = {s["id"]: [a["id"] for a in s["articles"]] for s in client.get("/stories.json").json()}
    assert article in sizes[state["into"][0]]
    assert sorted(map(len, sizes.values())) == [1, 2]
    for each in client.get(where + ".json").json()["said"]:
        undo = [("kind", "undo"), ("correction", each)]
        carried_out(client, post(client, "/requests", undo).headers["location"], carrier)
    assert len(client.get("/stories.json").json()) == 3


def test_a_story_is_tied_to_an_affair_and_taken_out_from_its_pages(loaded):
    client = loaded.client()
    one, two, three = client.get("/stories.json").json()

    def said(*pairs):
        shown = post(client, "/stories/preview", pairs, 200).text
        assert PageReader(shown).problems() == []
        assert "no watch is asked" in shown
        state = carried_out(client, post(client, "/requests", fields(shown)).headers["location"], loaded)
        assert state["state"] == "done", state
        return state["said"]

    before = {story["id"]: story["situation"] for story in (one, two, three)}
    assert set(before.values()) == {None}
    where = f"http://desk.example/stories/{one['id']}?x=1"
    (first,) = said(("kind", "tie"), ("story", two["id"]), ("article", where))
    said(("kind", "tie"), ("story", three["id"]), ("article", f"/situations/{one['id']}"))
    affair = client.get(f"/situations/{one['id']}.json").json()
    assert {each["id"] for each in affair["stories"]} == set(before)
    page = client.get(f"/situations/{one['id']}").text
    assert PageReader(page).problems() == []
    assert f"/corrections#c-{first}" in page
    assert ("kind", "untie") in fields(page)
    story = client.get(f"/stories/{three['id']}").text
    assert PageReader(story).problems() == []
    (out,) = said(*[each for each in fields(story) if each[1] in {"untie", three["id"]}][:2])
    assert client.get(f"/stories/{three['id']}.json").json()["situation"] is None
    assert f"/corrections#c-{out}" in client.get(f"/stories/{three['id']}").text
    for each in [each["id"] for each in client.get("/corrections.json").json() if each["kind"] != "undo"]:
        if each not in {c["of"] for c in client.get("/corrections.json").json()}:
            undo = [("kind", "undo"), ("correction", each)]
            carried_out(client, post(client, "/requests", undo).headers["location"], loaded)
    now = {story["id"]: story["situation"] for story in client.get("/stories.json").json()}
    assert now == before


def test_what_cannot_be_is_refused_before_it_is_kept(loaded):
    client = loaded.client()
    story = client.get("/stories.json").json()[0]
    looked_at = ("story", f"{story['id']}:1")
    for pairs in (
        [("kind", "merge"), looked_at],
        [("kind", "split"), looked_at],
        [("kind", "split"), looked_at, *(("article", a["id"]) for a in story["articles"])],
        [("kind", "burn"), looked_at],
        [("kind", "retry")],
        [],
    ):
        assert post(client, "/requests", pairs, 400)
    assert post(client, "/stories/preview", [("kind", "merge"), ("story", "x"), ("story", "y")], 404)
    assert client.get("/requests/nothing").status_code == 404


class Verbs:
    """Plays the command line: remembers what it was asked for."""

    def __init__(self, *answers):
        self.asked, self._answers = [], list(answers)

    def __call__(self, arguments):
        self.asked.append(list(arguments))
        return self._answers.pop(0)


def filed(loaded, **changes):
    """A request to join the two newest stories, as the store keeps it."""
    with loaded.opened() as app:
        found, _ = app.read.stories(limit=2)
        made = app.requests.file("merge", [f"{s.id}:{s.version}" for s in found], [], "", changes["who"])
        app.requests.keep(replace(made, **changes))
        return made.id


def kept(loaded, name):
    with loaded.opened() as app:
        return app.requests.one(name)


def take_back(loaded, name):
    with loaded.opened() as app:
        for each in app.requests.one(name).said:
            app.correct.undo(each)


@pytest.mark.parametrize("state", ["waiting", "working"])
def test_what_a_killed_process_left_open_is_carried_out_by_whoever_writes_next(loaded, state):
    name = filed(loaded, who=f"left {state}", state=state)
    with loaded.opened() as app:
        app.correct.repair()
    done = kept(loaded, name)
    assert (done.state, len(done.said), len(done.into)) == ("done", 1, 1)
    take_back(loaded, name)


def test_a_story_that_changed_is_not_touched(loaded):
    name = filed(loaded, who="old")
    request = kept(loaded, name)
    with loaded.opened() as app:
        app.requests.keep(
            replace(request, stories=tuple(f"{s.partition(':')[0]}:99" for s in request.stories))
        )
        app.requests.carry_out()
        assert app.requests.one(name).state == "stale"
        assert len(app.read.stories()[0]) == 3


def test_a_child_that_fails_leaves_the_request_open_and_says_why(loaded):
    name = filed(loaded, who="no")
    carrier = Carrier(loaded.opened, Verbs((1, "", "a line\nwirewatch: the disk is full\n")))
    for _ in range(100):
        if kept(loaded, name).result:
            break
        time.sleep(0.05)
    carrier.close()
    assert (kept(loaded, name).state, kept(loaded, name).result) == ("waiting", "the disk is full")
    assert "the disk is full" in loaded.client().get(f"/requests/{name}").text
    with loaded.opened() as app:
        app.requests.keep(replace(kept(loaded, name), state="refused"))


def test_entries_are_tried_again_by_a_verb_whose_options_nobody_can_name(loaded):
    with loaded.opened() as app:
        name = app.requests.file("retry", [], ["--config=x", "e1"], "", "ann").id
    verbs = Verbs((0, '{"new": 1, "seen": 0}', ""))
    carrier = Carrier(loaded.opened, verbs)
    for _ in range(100):
        if kept(loaded, name).done:
            break
        time.sleep(0.05)
    carrier.close()
    assert verbs.asked == [["quarantine", "replay", "--", "--config=x", "e1"]]
    assert (kept(loaded, name).state, kept(loaded, name).result) == ("done", "new 1")


def test_a_form_that_is_another_article_is_told_apart_from_the_articles_page(loaded, tmp_path):
    client = loaded.client()
    before = client.get("/stories.json").json()
    with loaded.opened() as app:
        record = app.read.article(before[0]["articles"][0]["id"])[0].enriched.article
        row = {"title": record.title, "text": f"{record.text} Nobody was hurt.", "url": record.link}
        again = tmp_path / "again.jsonl"
        again.write_text(json.dumps(row | {"source": record.outlet, "published": "2026-01-05T10:00:00Z"}))
        assert app.ingest.load([again]).counts.updated == 1
    page = client.get(f"/articles/{record.id}").text
    assert PageReader(page).problems() == []
    assert "Not this article" in page
    boxes = [a["value"] for a in PageReader(page).all("input") if a.get("type") == "checkbox"]
    assert len(boxes) == 1  # not the form it came in at first
    chosen = [("kind", "apart"), ("article", record.id), ("article", boxes[0])]
    shown = post(client, "/stories/preview", chosen, 200).text
    assert PageReader(shown).problems() == []
    assert len(client.get("/stories.json").json()) == 3
    where = post(client, "/requests", fields(shown)).headers["location"]
    state = carried_out(client, where, loaded)
    assert state["state"] == "done", state
    both = {a["id"] for s in client.get("/stories.json").json() for a in s["articles"]}
    assert len(both) == 4
    assert client.get(f"/articles/{record.id}.json").json()["text"] == record.text
    (said,) = state["said"]
    assert ("correction", said) in fields(client.get(where).text)
    where = post(client, "/requests", [("kind", "undo"), ("correction", said)]).headers["location"]
    assert carried_out(client, where, loaded)["state"] == "done"
    assert len(client.get("/stories.json").json()) == 3
    assert "Nobody was hurt." in client.get(f"/articles/{record.id}.json").json()["text"]
