"""A person's word: taken back, said again, previewed, replayed, killed, and obeyed whatever the order."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import strategies as st
from killing import again_after_kills
from node_stores import on_node
from word_sequences import articles, assert_both_stores_say_the_same, copied, placement, taken, try_sequences

from pipeline.app import App
from pipeline.app.replay import fingerprint
from pipeline.app.wiring import Wiring
from pipeline.errors import ContradictionError, NotFoundError, UsageError
from pipeline.records import Correction
from pipeline.store.codec import decode
from pipeline.stories.placing.corrections import Constraints, in_force

PLACES = [
    (
        "Ferry runs aground off Tarn",
        "The ferry Aurora ran aground on a sandbank off Tarn on Monday with ninety aboard.",
    ),
    (
        "Aurora ferry stuck on sandbank",
        "Ninety people were aboard the ferry Aurora when it ran aground off Tarn.",
    ),
    (
        "Mayor of Ellery is freed",
        "A court in Ellery freed the mayor on Tuesday and dropped all charges of fraud.",
    ),
    (
        "Court drops charges against mayor",
        "The mayor of Ellery walked free after a court dropped all charges of fraud.",
    ),
    ("Choir sings for stranded commuters", "A choir of forty gave a concert for commuters at Brook station."),
    (
        "Wheat harvest is poor in Lorn",
        "Farmers in Lorn brought in the poorest wheat harvest since the drought began.",
    ),
]


@pytest.fixture(scope="module")
def lines() -> str:
    """Six articles on four events, as lines to load."""
    return "".join(
        json.dumps(
            {
                "title": title,
                "text": f"{text} " * 3,
                "url": f"https://outlet-{n}.example/{n}",
                "source": f"Outlet {n}",
                "published": f"2015-02-03T1{n}:00:00Z",
            }
        )
        + "\n"
        for n, (title, text) in enumerate(PLACES)
    )


@pytest.fixture
def loaded(make_wiring, lines, tmp_path) -> Callable[..., Wiring]:
    """Makes wirings over stores that hold the articles."""
    file = tmp_path / "news.jsonl"
    file.write_text(lines)

    def make(name="home", **kwargs):
        wiring = make_wiring(name, **kwargs)
        App(wiring).ingest.load([str(file)])
        return wiring

    return make


def obeyed(store):
    """Asserts that the stories say what the corrections in force say."""
    where = placement(store)
    for said in in_force(store.corrections()):
        homes = [{where[a] for a in group} for group in said.groups]
        if said.kind == "merge":
            assert len(set().union(*homes)) == 1, said
        else:
            assert not homes[0] & homes[1], said
    for story in store.newest_stories(None, None, 100):
        assert {where[a] for a in story.members} == {story.id}
    assert sum(len(story.members) for story in store.newest_stories(None, None, 100)) == len(where)


def do(app, step):
    """One step of a sequence, as far as it makes sense; what contradicts is refused and changes nothing."""
    kind, first, second = step
    before = fingerprint(app._wiring.store)
    stories = sorted(app.read.stories()[0], key=lambda story: story.first_seq)
    try:
        if kind == "merge" and len(stories) > 1:
            one = stories[first % len(stories)]
            app.correct.merge(
                [one.id, next(s for s in stories[second % len(stories) :] + stories if s is not one).id]
            )
        elif kind == "split":
            story = max(stories, key=lambda s: (len(s.members), s.id == stories[first % len(stories)].id))
            if len(story.members) > 1:
                app.correct.split(story.id, [story.members[second % len(story.members)]])
        elif kind == "undo":
            known, undone = app.correct.all(), app.correct.undone()
            standing = [each for each in known if each.id not in undone]
            if standing:
                app.correct.undo(standing[first % len(standing)].id)
        elif kind == "repair":
            app.correct.repair()
    except ContradictionError as refused:
        if "corrections undo" not in str(refused):
            raise
        assert fingerprint(app._wiring.store) == before


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["merge", "split", "undo", "undo", "repair"]), st.integers(0, 5), st.integers(0, 5)
    ),
    min_size=2,
    max_size=9,
)


def test_any_sequence_leaves_what_is_in_force_and_replays_the_same(loaded, make_wiring, tmp_path):
    loaded().close()
    try_sequences(tmp_path / "home", make_wiring, STEPS, partial(taken, take=do, obeyed=obeyed))


def test_a_merge_is_taken_back_said_again_and_taken_back(loaded):
    wiring = loaded()
    app = App(wiring)
    before = placement(wiring.store)
    ferry, choir = before[articles(wiring)[0]], before[articles(wiring)[4]]
    (merged,), _ = app.correct.merge([ferry, choir], "one event", "ann")
    (said,) = app.correct.all()
    assert (said.who, app.correct.undone()) == ("ann", {})
    found, _ = app.correct.undo(said.id[:10], who="ben")
    assert len(found) == 2
    assert placement(wiring.store) == before
    with pytest.raises(UsageError, match="taken back already"):
        app.correct.undo(said.id)
    with pytest.raises(NotFoundError):
        app.correct.undo("nothing")
    undo = app.correct.all()[-1]
    assert (undo.kind, undo.of, undo.who, undo.groups) == ("undo", said.id, "ben", said.groups)
    assert app.correct.undo(undo.id)[0][0].members == merged.members
    app.correct.undo(said.id)
    assert placement(wiring.store) == before
    # The same word may be said again, and is another one.
    app.correct.merge([ferry, choir])
    assert len({each.id for each in app.correct.all()}) == 5
    obeyed(wiring.store)


def test_a_split_is_taken_back(loaded):
    wiring = loaded()
    app = App(wiring)
    before = placement(wiring.store)
    story = max(app.read.stories()[0], key=lambda s: len(s.members))
    assert len(story.members) > 1
    app.correct.split(story.id, [story.members[0]])
    assert placement(wiring.store) != before
    assert len(app.correct.undo(app.correct.all()[0].id)[0]) == 1
    assert {frozenset(s.members) for s in app.read.stories()[0]} == {
        frozenset(a for a in before if before[a] == name) for name in set(before.values())
    }


def test_a_preview_says_what_comes_and_changes_nothing(loaded):
    wiring = loaded()
    app = App(wiring)
    names = articles(wiring)
    where = placement(wiring.store)
    correction = app.correct.merging([where[names[2]], where[names[5]]])
    mark, before = wiring.store.mark("journal"), fingerprint(wiring.store)
    preview = app.correct.preview(correction)
    assert (fingerprint(wiring.store), wiring.store.mark("journal")) == (before, mark)
    assert {s.id for s in preview.before} == {where[names[2]], where[names[5]]}
    app.correct.say(correction)
    now = placement(wiring.store)
    assert {s.id: s.members for s in preview.after} == {
        s.id: s.members for s in app.read.stories()[0] if s.id == now[names[2]]
    }
    assert {a: into for a, _, into, _ in preview.moved} == {a: now[a] for a in now if now[a] != where[a]}
    undo = app.correct.undoing(app.correct.all()[0].id)
    assert {s.id for s in app.correct.preview(undo).after} == {where[names[2]], where[names[5]]}


def test_old_json_reads_as_before():
    old = '[{"id":"c1","kind":"merge","groups":[["a"],["b"]],"at":"2015-02-03T00:00:00Z","note":"n"}]'
    found = decode(Correction, old)
    assert (found.of, found.who) == ("", "")
    assert Constraints([found]).together("a") == ["b"]


def said_and_taken_back(wiring):
    """Says, takes back and says again, from wherever a former try stopped."""
    app = App(wiring)
    names = articles(wiring)
    known = app.correct.all()
    if not known:
        where = placement(wiring.store)
        app.correct.merge([where[names[0]], where[names[4]]])
    for done in range(1, 3):
        known = app.correct.all()
        if len(known) == done:
            app.correct.undo(known[-1].id)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_killed_before_any_write_it_is_done_once_and_whole(loaded, make_wiring, tmp_path):
    whole = loaded("whole")
    said_and_taken_back(whole)
    expected = {frozenset(s.members) for s in whole.store.newest_stories(None, None, 100)}
    base = loaded("base")
    base.close()
    kills = 0
    for wiring, lived in again_after_kills(59, partial(copied, tmp_path, make_wiring), said_and_taken_back):
        assert {frozenset(s.members) for s in wiring.store.newest_stories(None, None, 100)} == expected
        assert [c.kind for c in wiring.store.corrections()] == ["merge", "undo", "undo"]
        obeyed(wiring.store)
        kills += not lived
    assert kills >= 5


def moved_by_request(wiring):
    """Asks for an article to be moved into another story, and carries out what is asked for."""
    app = App(wiring)
    names = articles(wiring)
    if not app.stored.requests():
        where = placement(wiring.store)
        app.requests.file("move", [where[names[2]]], [names[1]], "as read", "ann")
    app.requests.carry_out()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_request_killed_before_any_write_is_carried_out_once_and_whole(loaded, make_wiring, tmp_path):
    whole = loaded("whole")
    moved_by_request(whole)
    expected = {frozenset(s.members) for s in whole.store.newest_stories(None, None, 100)}
    said = [(c.kind, c.groups) for c in whole.store.corrections()]
    assert [kind for kind, _ in said] == ["split", "merge"]
    loaded("base").close()
    kills = 0
    for wiring, lived in again_after_kills(79, partial(copied, tmp_path, make_wiring), moved_by_request):
        assert {frozenset(s.members) for s in wiring.store.newest_stories(None, None, 100)} == expected
        assert [(c.kind, c.groups) for c in wiring.store.corrections()] == said
        (request,) = wiring.store.requests()
        assert (request.state, request.result) == ("done", "")
        obeyed(wiring.store)
        kills += not lived
    assert kills >= 6


@on_node
def test_both_stores_say_the_same_of_a_sequence(loaded):
    steps = [
        ("merge", 0, 2),
        ("split", 0, 1),
        ("undo", 0, 0),
        ("merge", 1, 3),
        ("undo", 1, 0),
        ("undo", 2, 0),
        ("repair", 0, 0),
    ]
    assert_both_stores_say_the_same(
        loaded, partial(taken, steps=steps, take=do, obeyed=obeyed), lambda wiring: placement(wiring.store)
    )
