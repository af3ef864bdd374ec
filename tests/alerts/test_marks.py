"""Each watch has a mark: new, changed or mended it goes on from there; nothing lost, nothing told twice."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from alert_records import START, World, article, facts
from examples import examples
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.alerts.decide.marks import WatchMarks
from pipeline.alerts.watch.last_good import MARK as LAST_GOOD
from pipeline.alerts.watch.last_good import completed
from pipeline.alerts.watch.watch_file import read_watches
from pipeline.ports import Commit
from pipeline.stages.alerting.alert import BEHIND, MARK, Alerting
from pipeline.stages.alerting.questions import why_story
from pipeline.store import open_store
from pipeline.yaml_documents import Document

NOW = START + timedelta(days=1)
DRILLS = {"name": "drills", "query": "drill", "deliver": {"mail": ["a@example.org"]}}
QUAKES = {"name": "quakes", "query": "quake", "deliver": {"mail": ["a@example.org"]}}
BROKEN = DRILLS | {"query": "drill AND ("}
UNREADABLE = "unreadable"


@pytest.fixture
def world(either_world) -> World:
    """A world in which watches have run before, over one article."""
    either_world.arrive(article(1, "Of no matter", story="s0"))
    run(either_world, QUAKES)
    return either_world


def run(world, *entries, stretch=1000, now=NOW, **more):
    """One alert run with `watches.yaml` as it is now; what it told, by watch and story."""
    alerting, _ = alerting_with(world, *entries, stretch=stretch)
    return sorted((alert.watch, alert.story, alert.kind) for alert in alerting.decide(now, **more).alerts)


def alerting_with(world, *entries, stretch=1000):
    content = {"watches": "all"} if UNREADABLE in entries else {"watches": list(entries)}
    found = read_watches(Document("watches.yaml", content, {}))
    if found.broken:
        found = completed(found, world.store.mark(LAST_GOOD))
    return Alerting(world.store, found.watches, facts=facts, stretch=stretch, file=found), found


def came(world, seq, title, story):
    world.arrive(article(seq, title, story=story))


def test_a_new_watch_begins_with_the_first_change_after_the_last_run(world):
    came(world, 2, "A drill", "s1")
    assert run(world, QUAKES) == []
    came(world, 3, "A drill and a quake", "s2")
    assert run(world, QUAKES, DRILLS) == [("drills", "s2", "new"), ("quakes", "s2", "new")]
    assert run(world, QUAKES, DRILLS) == []


def test_a_changed_watch_goes_on_where_its_former_version_stopped(world):
    came(world, 2, "A drill at sea", "s1")
    assert run(world, DRILLS) == [("drills", "s1", "new")]
    came(world, 3, "A drill and a ferry", "s2")
    came(world, 4, "Another ferry", "s1")
    assert run(world, DRILLS | {"query": "ferry"}) == [("drills", "s2", "new")]
    assert world.store.mark(BEHIND) == ""


def test_a_watch_that_was_broken_from_the_start_loses_nothing(world):
    came(world, 2, "A drill and a quake", "s1")
    assert run(world, BROKEN, QUAKES) == [("quakes", "s1", "new")]
    came(world, 3, "A drill", "s2")
    assert run(world, BROKEN, QUAKES) == []
    assert json.loads(world.store.mark(BEHIND)) == {"drills": 1}
    came(world, 4, "A drill and a quake", "s3")
    assert run(world, DRILLS, QUAKES, stretch=1) == [
        ("drills", "s1", "new"),
        ("drills", "s2", "new"),
        ("drills", "s3", "new"),
        ("quakes", "s3", "new"),
    ]
    assert world.store.mark(BEHIND) == ""
    assert run(world, DRILLS, QUAKES) == []


def test_it_is_told_without_anything_that_comes(world):
    came(world, 2, "A drill", "s1")
    assert run(world, BROKEN) == []
    assert run(world, BROKEN) == []
    assert run(world, DRILLS, dry_run=True) == [("drills", "s1", "new")]
    assert run(world, DRILLS) == [("drills", "s1", "new")]


def test_what_the_last_good_version_told_meanwhile_is_not_told_again(world):
    came(world, 2, "A drill", "s1")
    assert run(world, DRILLS) == [("drills", "s1", "new")]
    came(world, 3, "A drill", "s2")
    came(world, 4, "A ferry", "s3")
    assert run(world, BROKEN) == [("drills", "s2", "new")]
    came(world, 5, "A drill and a ferry", "s2")
    came(world, 6, "A ferry", "s4")
    # What the mended version asks for counts from where the trouble began.
    assert run(world, DRILLS | {"query": "drill OR ferry"}) == [
        ("drills", "s3", "new"),
        ("drills", "s4", "new"),
    ]
    assert run(world, DRILLS | {"query": "drill OR ferry"}) == []


def test_a_follow_up_that_the_last_good_version_told_is_not_told_again(world):
    growing = DRILLS | {"follow_up": "growth"}
    came(world, 2, "A drill", "s1")
    assert run(world, growing) == [("drills", "s1", "new")]
    came(world, 3, "More of it", "s1")
    assert run(world, BROKEN) == [("drills", "s1", "growth")]
    came(world, 4, "A third text", "s1")
    assert run(world, growing | {"query": "drill OR drills"}) == []
    came(world, 5, "A fourth text", "s1")
    assert run(world, growing) == [("drills", "s1", "growth")]


def test_an_article_withdrawn_before_the_telling_is_not_told_of_by_the_mended_version(world):
    came(world, 2, "A flash", "s1")
    assert run(world, DRILLS) == []
    world.edit("a0002", title="Withdrawn", withdrawn=START)
    came(world, 3, "A drill", "s1")
    assert run(world, BROKEN) == [("drills", "s1", "new")]
    assert run(world, DRILLS | {"query": "drill OR drills"}) == []


def test_switched_off_or_taken_out_it_begins_anew(world):
    came(world, 2, "A drill", "s1")
    run(world, BROKEN)
    run(world, DRILLS | {"enabled": False})
    came(world, 3, "A drill", "s2")
    assert run(world, DRILLS) == [("drills", "s2", "new")]
    came(world, 4, "A quake", "s3")
    run(world, DRILLS, QUAKES | {"query": "("})
    run(world, DRILLS)
    assert world.store.mark(BEHIND) == ""
    assert run(world, DRILLS, QUAKES) == []


def test_a_file_that_cannot_be_read_and_an_entry_without_a_name_lose_nothing(world):
    for seq, trouble in ((2, UNREADABLE), (4, {"query": "drill"})):
        came(world, seq, "A drill and a quake", f"s{seq}")
        assert run(world, QUAKES, trouble) == [("quakes", f"s{seq}", "new")]
        came(world, seq + 1, "A drill", f"s{seq + 1}")
        assert run(world, QUAKES, trouble) == []
        # Who was asked all the time is not asked again; who could not be read is.
        named = DRILLS | {"name": f"drills {seq}"}
        told = [(named["name"], f"s{seq}", "new"), (named["name"], f"s{seq + 1}", "new")]
        assert run(world, QUAKES, named) == told
        assert world.store.mark(BEHIND) == ""


def test_a_key_beside_the_watches_holds_nothing_back(world):
    content = {"watches": [QUAKES], "wachtes": []}
    assert read_watches(Document("watches.yaml", content, {})).set_aside == frozenset()


def test_a_store_of_before_carries_its_one_mark_over(world):
    assert (world.store.mark(MARK), world.store.mark(BEHIND)) == ("1", "")
    world.store.commit(Commit(marks={LAST_GOOD: "", MARK: "1"}))
    came(world, 2, "A quake", "s1")
    assert run(world, QUAKES, BROKEN) == [("quakes", "s1", "new")]
    assert run(world, QUAKES, DRILLS | {"query": "quake"}) == [("drills", "s1", "new")]


def test_why_says_how_far_this_watch_has_come(world):
    came(world, 2, "A drill", "s1")
    run(world, BROKEN, QUAKES)
    _, found = alerting_with(world, DRILLS)
    answer = why_story(world.store, found.watches[0], "s1", NOW, facts)
    assert "since this watch was last asked" in " ".join((answer.verdict, *answer.notes))
    assert not answer.alerted
    run(world, DRILLS, QUAKES)
    assert why_story(world.store, found.watches[0], "s1", NOW, facts).alerted


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("come"), st.integers(0, 3), st.sampled_from(["A drill", "A quake", "Nothing"])),
        st.tuples(st.just("edit"), st.integers(0, 9), st.sampled_from(["A drill", "Nothing"])),
        st.tuples(st.just("move"), st.integers(0, 9), st.integers(0, 3)),
        st.tuples(st.just("run"), st.sampled_from(["good", "broken", "unreadable"]), st.integers(1, 3)),
    ),
    max_size=14,
)


@example(  # at the arrival in s0, what the later edit made of its first article was taken for a match
    steps=[
        ("come", 1, "A drill"),
        ("come", 0, "A quake"),
        ("move", 1, 0),
        ("edit", 0, "A drill"),
        ("run", "broken", 1),
    ],
    follow_up="none",
)
@given(steps=STEPS, follow_up=st.sampled_from(["none", "growth"]))
@settings(
    max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_breaking_and_mending_changes_nothing_of_what_is_told(tmp_path_factory, steps, follow_up):
    """Whenever a watch is broken and mended to what it was, the same is told, each once."""
    plain, troubled = (life(tmp_path_factory, steps, follow_up, trouble=trouble) for trouble in (False, True))
    assert sorted(plain) == sorted(troubled)


def life(tmp_path_factory, steps, follow_up, *, trouble):
    entry = DRILLS | {"follow_up": follow_up}
    states = {"good": entry, "broken": entry | {"query": "("}, "unreadable": UNREADABLE}
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('life')}/w.db")
    world, told, hour, begun = World(store), [], 0, {"s0"}
    world.arrive(article(1, "Nothing", story="s0"))
    run(world, entry)
    for what, one, other in (*steps, ("run", "good", 1)):
        ids = sorted(world.articles)
        if what == "come":
            # A story that has lost all members takes in no article again: its id is of its first one.
            names = (f"s{one}{'x' * n}" for n in range(99))
            story = next(each for each in names if each not in begun or world.members(each))
            begun.add(story)
            came(world, len(ids) + 1, other, story)
        elif what == "edit":
            world.edit(ids[one % len(ids)], title=other)
        elif what == "move":
            hour, name = hour + 1, ids[one % len(ids)]
            if world.articles[name].story != f"s{other}":
                begun.add(f"s{other}")
                world.move([name], f"s{other}", "split", hour)
        else:
            told += run(world, states[one] if trouble else entry, stretch=other)
    store.close()
    return told


def test_marks_are_worked_out_for_each():
    marks = WatchMarks(10, json.dumps({"a": 4, "b": 7}))
    assert [(leg.start, leg.upto, sorted(leg.names)) for leg in marks.way(["a", "b", "c"], 12)] == [
        (4, 7, ["a"]),
        (7, 10, ["a", "b"]),
        (10, 12, ["a", "b", "c"]),
    ]
    assert [(leg.start, sorted(leg.names)) for leg in marks.way(["a", "b"], 12, aside=["a"])] == [
        (7, ["b"]),
        (10, ["a", "b"]),
    ]
    assert [(leg.start, leg.upto) for leg in WatchMarks(10, "").way([], 12)] == [(10, 12)]
    assert WatchMarks(10, "").way(["a"], 10) == []
    marks.advance({"a"}, 7)
    assert (marks.of("a"), marks.of("b"), marks.reached) == (7, 7, 10)
    marks.advance({"a", "b", "c"}, 10)
    assert marks.written == ""
