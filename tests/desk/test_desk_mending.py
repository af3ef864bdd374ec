"""Mending from the page: what will change, a request that a process of its own carries out, its state."""

import re
import time

import pytest
from html_reader import PageReader

from pipeline.app.requests import Request
from pipeline.desk.carrier import Carrier, child_process, verb_of

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
    carrier.wake()
    for _ in range(1200):
        state = client.get(f"{where}.json").json()
        if state["state"] not in {"waiting", "working"}:
            return state
        time.sleep(0.1)
    raise AssertionError(state)


def test_a_merge_is_shown_asked_for_and_carried_out(loaded):
    client = loaded.client()
    before = client.get("/stories.json").json()
    assert len(before) == 3
    chosen = [("story", story["id"]) for story in before[:2]]
    shown = post(client, "/stories/preview", [("kind", "merge"), *chosen], 200).text
    assert PageReader(shown).problems() == []
    assert "No mail will be sent" in shown
    assert client.get("/stories.json").json() == before
    asked = [*fields(shown), ("note", "one event")]
    where = post(client, "/requests", asked).headers["location"]
    assert post(client, "/requests", asked).headers["location"] == where
    assert 'http-equiv="refresh"' in client.get(where).text
    run = child_process(
        [f"--home={loaded.home}", f"--config={loaded.config}", f"--store=sqlite:///{loaded.home}/desk.db"]
    )
    carrier = Carrier(loaded.opened, run)
    state = carried_out(client, where, carrier)
    assert state["state"] == "done", state
    after = client.get("/stories.json").json()
    assert sorted(story["size"] for story in after) == [1, 2]
    assert "one event" in client.get("/corrections").text
    # What is asked for again is done already; what contradicts it is refused.
    assert post(client, "/requests", asked).headers["location"] == where
    merged = next(story for story in after if story["size"] == 2)
    out = [("kind", "split"), ("story", merged["id"]), ("article", merged["articles"][0]["id"])]
    assert post(client, "/stories/preview", out, 409).text.count("1") > 0
    carrier.close()


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


def request(loaded, name="r", **changes):
    with loaded.opened() as app:
        found, _ = app.read.stories(limit=2)
        stories = tuple(f"{story.id}:{story.version}" for story in found)
    return Request(
        **{
            "id": name,
            "kind": "merge",
            "stories": stories,
            "names": (),
            "who": "ann",
            "at": "2026-01-01T00:00:00+00:00",
        }
        | changes
    )


def kept(loaded, name):
    with loaded.opened() as app:
        return next(each for each in app.requests.all() if each.id == name)


@pytest.mark.parametrize("state", ["waiting", "working"])
def test_what_a_killed_process_left_open_is_carried_out_by_the_next(loaded, state):
    with loaded.opened() as app:
        app.requests.keep(request(loaded, state, state=state))
    verbs = Verbs((0, '{"stories": [{"id": "s"}]}', ""))
    carrier = Carrier(loaded.opened, verbs)
    carried_out(loaded.client(), f"/requests/{state}", carrier)
    carrier.close()
    assert kept(loaded, state).state == "done"
    assert len(verbs.asked) == 1


def test_a_story_that_changed_is_not_touched(loaded):
    asked = request(loaded, "old")
    changed = tuple(f"{each.partition(':')[0]}:99" for each in asked.stories)
    with loaded.opened() as app:
        app.requests.keep(request(loaded, "old", stories=changed))
    verbs = Verbs()
    carrier = Carrier(loaded.opened, verbs)
    assert carried_out(loaded.client(), "/requests/old", carrier)["state"] == "stale"
    carrier.close()
    assert verbs.asked == []


def test_a_refusal_says_why(loaded):
    with loaded.opened() as app:
        app.requests.keep(request(loaded, "no"))
    carrier = Carrier(loaded.opened, Verbs((1, "", "a line\nwirewatch: a split keeps them apart\n")))
    state = carried_out(loaded.client(), "/requests/no", carrier)
    carrier.close()
    assert (state["state"], state["result"]) == ("refused", "a split keeps them apart")


def test_nothing_that_is_asked_for_is_an_option_of_the_verb(loaded):
    asked = request(loaded, stories=("--config=x:1", "b:2"), note="--help", who="ann")
    verb = verb_of(asked)
    assert verb[:3] == ["merge", "--note=--help (ann)", "--"]
    assert all(not re.match("-", each) for each in verb[:1])
    assert verb_of(request(loaded, kind="retry", stories=(), names=("e1",))) == [
        "quarantine",
        "replay",
        "--",
        "e1",
    ]
