"""A person's word on situations: kept by every later run, taken back, previewed, replayed, killed."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import strategies as st
from killing import again_after_kills
from node_stores import on_node
from test_app_situations import NEWS
from word_sequences import articles, assert_both_stores_say_the_same, copied, placement, taken, try_sequences

from pipeline.app import App
from pipeline.app.replay import fingerprint
from pipeline.app.wiring import Wiring
from pipeline.errors import ContradictionError, NotFoundError, UsageError
from pipeline.records import Correction, Watch
from pipeline.stages.alerting.alert import Alerting
from pipeline.store.codec import decode, encode
from pipeline.stories.placing.corrections import in_force
from pipeline.stories.situations.person_ties import stories_meant

LATER = (
    ("2014-12-22", "Brenta tanker captain tells court of Cape Solvang spill night", "He wept in the dock."),
    (
        "2014-12-23",
        "Parliament budget, passed after a night of votes, is challenged",
        "The vote that ended at dawn in the capital is before judges.",
    ),
)


def lines_of(rows, outlet="Harbour Post"):
    return "".join(
        json.dumps({"title": title, "text": text, "published": f"{day}T08:00:00Z", "source": outlet}) + "\n"
        for day, title, text in rows
    )


@pytest.fixture
def loaded(make_wiring, tmp_path) -> Callable[..., Wiring]:
    """Makes wirings over stores that hold an affair of three stories and three stories that are alone."""
    file = tmp_path / "affair.jsonl"
    file.write_text(lines_of(NEWS))
    (tmp_path / "later.jsonl").write_text(lines_of(LATER))

    def make(name="home", **kwargs):
        wiring = make_wiring(name, **kwargs)
        App(wiring).ingest.load([str(file)])
        return wiring

    return make


def stories(app):
    """The stories in the order of the news."""
    return sorted(app.read.stories()[0], key=lambda story: story.first_seq)


def situations(app):
    return {story.title: story.situation for story in app.read.stories()[0]}


def affairs(app):
    """The titles of the stories of each situation that has several."""
    found = app.read.situations(app.read.wanted(), "hot", 99)
    return sorted(sorted(entry.story.title for entry in entries) for _, entries in found)


TITLES = [title for _, title, _ in NEWS]
SPILL = sorted(TITLES[::2])


def obeyed(store):
    """Asserts that of the words on each story the last one that is in force holds."""
    where = placement(store)
    last: dict[str, list[Correction]] = {}
    held = store.stories(sorted(set(where.values())))
    begun = {story.members[0]: name for name, story in held.items()}
    for said in in_force(store.corrections()):
        for story in stories_meant(said, where, begun) if said.kind in ("tie", "untie") else ():
            (last.setdefault(story, [])).append(said)
    for name, words in last.items():
        story, said = held[name], words[-1]
        if said.kind == "tie":
            assert (story.situation, story.tie.said) == (*said.groups[-1], said.id)
        else:
            assert story.situation != said.groups[-1][0]
    for story in held.values():
        assert (story.tie is None) or (story.tie.situation == story.situation)
        if story.tie is not None and story.tie.said:
            assert story.tie.said in {said.id for said in last.get(story.id, ())}
    return where


def do(app, step):
    """One step of a sequence, as far as it makes sense; a word on situations moves no article."""
    kind, first, second = step
    store = app._wiring.store
    before, known = placement(store), stories(app)
    one, other = known[first % len(known)], known[second % len(known)]
    said = app.correct.all()
    try:
        if kind == "tie":
            app.correct.tie(one.id, other.id)
        elif kind == "untie":
            app.correct.untie(one.id)
        elif kind == "undo":
            undone = app.correct.undone()
            standing = [each for each in said if each.id not in undone]
            if standing:
                chosen = standing[first % len(standing)]
                app.correct.undo(chosen.id)
                kind = "mend" if {"merge", "split"} & {each.kind for each in said} else kind
        elif kind == "merge":
            app.correct.merge([one.id, other.id])
        elif kind == "split":
            large = max(known, key=lambda story: len(story.members))
            app.correct.split(large.id, [large.members[second % len(large.members)]])
        elif kind == "repair":
            app.correct.repair()
    except (UsageError, ContradictionError):
        assert (placement(store), app.correct.all()) == (before, said)
    if kind in ("tie", "untie", "undo"):
        assert placement(store) == before


PLACES = (st.integers(0, 5), st.integers(0, 5))
TIES = st.lists(
    st.tuples(st.sampled_from(["tie", "tie", "untie", "undo", "undo"]), *PLACES), min_size=2, max_size=9
)
ALL = st.lists(
    st.tuples(st.sampled_from(["tie", "tie", "untie", "undo", "merge", "split", "repair"]), *PLACES),
    min_size=3,
    max_size=9,
)


@pytest.mark.parametrize("steps", [TIES, ALL], ids=["ties", "all corrections"])
def test_any_sequence_leaves_what_is_in_force_and_replays_the_same(loaded, make_wiring, tmp_path, steps):
    loaded().close()

    def try_one(wiring, steps):
        taken(wiring, steps, do, obeyed)
        App(wiring).ingest.load([str(tmp_path / "later.jsonl")])
        App(wiring).correct.repair()
        obeyed(wiring.store)

    try_sequences(tmp_path / "home", make_wiring, steps, try_one)


def test_a_story_taken_out_of_the_situation_it_began_begins_it_no_more(loaded, tmp_path):
    app = App(loaded())
    spill, budget, *_ = stories(app)
    app.correct.tie(spill.id, budget.id)
    app.correct.untie(budget.id)
    assert [each.kind for each in app.correct.all()] == ["tie", "untie"]
    app.correct.undo(app.correct.all()[0].id)
    obeyed(app._wiring.store)
    app.ingest.load([str(tmp_path / "later.jsonl")])  # tells of the budget once more
    where = obeyed(app._wiring.store)
    assert app._wiring.store.stories([budget.id])[budget.id].situation == ""
    assert len(set(where.values())) > len(TITLES)


def test_a_story_is_tied_taken_back_and_said_again(loaded):
    app = App(loaded())
    assert affairs(app) == [SPILL]
    before = fingerprint(app._wiring.store)
    spill, budget, *_ = stories(app)
    (tied,), _ = app.correct.tie(budget.id, spill.id, "paid by it", "ann")
    (said,) = app.correct.all()
    assert (said.kind, said.who, said.groups) == ("tie", "ann", (budget.members, (spill.id,)))
    assert tied.tie is not None
    assert (tied.situation, tied.tie.by, tied.tie.said) == (spill.id, "person", said.id)
    assert affairs(app) == [sorted([*SPILL, budget.title])]
    with pytest.raises(UsageError, match="already"):
        app.correct.tie(budget.id, spill.id)
    app.correct.undo(said.id)
    assert fingerprint(app._wiring.store) == before
    app.correct.undo(app.correct.all()[-1].id)
    assert affairs(app) == [sorted([*SPILL, budget.title])]


def test_two_stories_that_are_alone_begin_a_situation_and_are_alone_again(loaded):
    app = App(loaded())
    before = situations(app)
    _, budget, _, orchestra, *_ = stories(app)
    found, _ = app.correct.tie(orchestra.id, budget.id)
    assert {story.id: story.situation for story in found} == dict.fromkeys(
        (budget.id, orchestra.id), budget.id
    )
    assert app.read.situation(orchestra.id)[0] == budget.id
    app.correct.undo(app.correct.all()[0].id)
    assert situations(app) == before


def test_a_story_that_is_taken_out_stays_out_and_the_others_stay_together(loaded, tmp_path):
    app = App(loaded())
    spill, _, arrest, _, trial, _ = stories(app)
    ((out,), _) = app.correct.untie(trial.id, "another captain", "ben")
    assert out.tie is not None
    assert (out.situation, out.tie.by, out.tie.former) == ("", "person", trial.tie)
    with pytest.raises(UsageError, match="no situation"):
        app.correct.untie(trial.id)
    app.ingest.load([str(tmp_path / "later.jsonl")])
    app.correct.repair()
    now = app.read.current(trial.id)[0]
    assert now.situation == ""
    assert {spill.id, arrest.id} <= {s.id for s in app.read.stories()[0] if s.situation == spill.id}
    # The one that a situation began with may leave it, too; the situation keeps its name.
    app.correct.untie(spill.id)
    app.correct.tie(trial.id, arrest.id)
    name, entries = app.read.situation(arrest.id)
    assert name == spill.id
    assert spill.id not in {entry.story.id for entry in entries}
    with pytest.raises(UsageError, match="the story that has left it"):
        app.correct.tie(trial.id, spill.id)


def test_the_last_word_on_a_story_counts(loaded):
    app = App(loaded())
    spill, budget, *_ = stories(app)
    app.correct.tie(budget.id, spill.id)
    app.correct.untie(budget.id)
    assert situations(app)[budget.title] == ""
    app.correct.tie(budget.id, spill.id)
    assert situations(app)[budget.title] == spill.id
    assert [each.kind for each in app.correct.all()] == ["tie", "untie", "tie"]
    app.correct.undo(app.correct.all()[2].id)
    assert situations(app)[budget.title] == ""
    app.correct.undo(app.correct.all()[1].id)
    assert situations(app)[budget.title] == spill.id


def test_what_comes_later_is_compared_with_the_situation_as_persons_left_it(loaded, tmp_path):
    app = App(loaded())
    spill, budget, *_ = stories(app)
    app.correct.tie(budget.id, spill.id)
    app.ingest.load([str(tmp_path / "later.jsonl")])
    challenged = next(s for s in app.read.stories()[0] if s.title == LATER[1][1])
    assert challenged.situation == spill.id
    other = App(loaded("other"))
    other.ingest.load([str(tmp_path / "later.jsonl")])
    assert next(s for s in other.read.stories()[0] if s.title == LATER[1][1]).situation != spill.id


def test_a_preview_changes_nothing_and_says_what_comes(loaded):
    wiring = loaded()
    app = App(wiring)
    spill, budget, *_ = stories(app)
    correction = app.correct.tying(budget.id, spill.id)
    mark, before = wiring.store.mark("journal"), fingerprint(wiring.store)
    preview = app.correct.preview(correction)
    assert (fingerprint(wiring.store), wiring.store.mark("journal")) == (before, mark)
    assert [(s.id, s.situation) for s in preview.before] == [(budget.id, "")]
    assert [(s.id, s.situation) for s in preview.after] == [(budget.id, spill.id)]
    assert preview.moved == []
    app.correct.say(correction)
    assert preview.after == [app.read.current(budget.id)[0]]


def test_a_tied_story_that_another_takes_in_brings_its_situation(loaded):
    app = App(loaded())
    spill, budget, _, orchestra, _, tennis = stories(app)
    app.correct.tie(orchestra.id, spill.id)
    (whole,), _ = app.correct.merge([budget.id, orchestra.id])
    assert whole.situation == spill.id
    app.correct.undo(app.correct.all()[0].id)
    assert app.read.current(whole.id)[0].situation == ""
    assert situations(app)[tennis.title] == ""


def test_what_is_parted_from_a_story_keeps_what_was_said_of_it(loaded):
    """Tied or taken out; an undo lets both parts go; what came after the word was said goes without it."""
    app = App(loaded())
    spill, budget, _, orchestra, _, tennis = stories(app)
    (whole,), _ = app.correct.merge([budget.id, orchestra.id])
    (late,) = set(budget.members + orchestra.members) - {whole.members[0]}
    app.correct.tie(whole.id, spill.id)
    tie = app.correct.all()[-1]
    app.correct.undo(app.correct.all()[0].id)
    home = placement(app._wiring.store)
    parts = [app.read.current(home[article])[0] for article in (whole.members[0], late)]
    assert len({part.id for part in parts}) == 2
    assert [(part.situation, part.tie.said) for part in parts if part.tie] == [(spill.id, tie.id)] * 2
    app.correct.untie(parts[1].id)
    assert [app.read.current(part.id)[0].situation for part in parts] == [spill.id, ""]
    app.correct.undo(app.correct.all()[-1].id)
    app.correct.undo(tie.id)
    assert {situations(app)[title] for title in (budget.title, orchestra.title)} == {""}
    # The tennis was not there when it was said.
    app.correct.undo(app.correct.all()[-1].id)
    (whole,), _ = app.correct.merge([parts[0].id, tennis.id])
    assert whole.situation == spill.id
    app.correct.undo(app.correct.all()[-1].id)
    assert situations(app)[tennis.title] == ""


def test_what_is_parted_from_a_story_that_was_taken_out_stays_out_until_an_undo(loaded):
    app = App(loaded())
    spill, _, arrest, _, trial, _ = stories(app)
    (whole,), _ = app.correct.merge([arrest.id, trial.id])
    app.correct.untie(whole.id)
    untie = app.correct.all()[-1]
    app.correct.undo(app.correct.all()[0].id)
    home = placement(app._wiring.store)
    parts = [home[one.members[0]] for one in (arrest, trial)]
    assert [app.read.current(part)[0].situation for part in parts] == ["", ""]
    app.correct.undo(untie.id)
    assert [app.read.current(part)[0].situation for part in parts] == [spill.id, spill.id]


def test_what_is_meant_must_be_there(loaded):
    app = App(loaded())
    one = stories(app)[1]
    with pytest.raises(NotFoundError):
        app.correct.tie(one.id, "nothing")
    with pytest.raises(UsageError, match="two different"):
        app.correct.tie(one.id, one.id)
    assert app.correct.all() == []


def test_a_watch_is_told_nothing_twice_because_of_a_tie(loaded, tmp_path):
    told = {}
    for tied in (True, False):
        app = App(loaded(f"home-{tied}"))
        store, now = app._wiring.store, app._wiring.clock()
        once = Alerting(store, [Watch("all", "cape OR judges", once_per="situation")])
        spill, budget, *_ = stories(app)
        before = [each.story for each in once.decide(now, backfill=True).alerts]
        assert before == [spill.id]
        if tied:
            app.correct.tie(budget.id, spill.id)
        assert list(once.decide(now, backfill=True).alerts) == []
        app.ingest.load([str(tmp_path / "later.jsonl")])
        after = [each.story for each in once.decide(now, backfill=True).alerts]
        told[tied] = {story.title for story in stories(app) if story.id in after}
        assert not set(after) & set(before)
    # The challenge of the budget belongs to the affair that was told of only where a person tied it.
    assert told == {True: set(), False: {LATER[1][1]}}


def test_a_tie_reads_as_it_was_written_and_old_ones_as_before(loaded):
    app = App(loaded())
    trial = stories(app)[4]
    app.correct.untie(trial.id)
    story = app.read.current(trial.id)[0]
    assert decode(type(story), encode(story)) == story
    old = json.loads(encode(trial.tie))
    for name in ("said", "former"):
        del old[0][name]
    assert decode(type(trial.tie), json.dumps(old)) == trial.tie


def asked_for(wiring):
    """Asks for a tie of two stories that are alone, and carries it out."""
    app = App(wiring)
    names, where = articles(wiring), placement(wiring.store)
    if not app.stored.requests():
        app.requests.file("tie", [where[names[1]]], [where[names[3]]], "as read", "ann")
    app.requests.carry_out()


def test_what_is_asked_for_is_carried_out_by_whoever_groups_next(loaded, tmp_path):
    app = App(loaded())
    spill, budget, *_ = stories(app)
    asked = app.requests.file("tie", [budget.id], [spill.id], "", "ann")
    assert app.requests.file("tie", [budget.id], [spill.id], "", "ann") == asked
    assert situations(app)[budget.title] == ""
    app.ingest.load([str(tmp_path / "later.jsonl")])
    assert situations(app)[budget.title] == spill.id
    (done,) = app.stored.requests()
    assert (done.state, done.into) == ("done", (budget.id,))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_killed_before_any_write_it_is_done_once_and_whole(loaded, make_wiring, tmp_path):
    whole = loaded("whole")
    asked_for(whole)
    expected = fingerprint(whole.store)["situations"]
    base = loaded("base")
    unsaid = fingerprint(base.store)["situations"]
    base.close()
    assert unsaid != expected

    kills = 0
    for wiring, lived in again_after_kills(59, partial(copied, tmp_path, make_wiring), asked_for):
        obeyed(wiring.store)
        assert [c.kind for c in wiring.store.corrections()] == ["tie"]
        assert {r.state for r in wiring.store.requests()} == {"done"}
        assert {s.title: bool(s.situation) for s in wiring.store.newest_stories(None, None, 99)} == {
            s.title: bool(s.situation) for s in whole.store.newest_stories(None, None, 99)
        }
        kills += not lived
    assert kills >= 4


@on_node
def test_both_stores_say_the_same_of_a_sequence(loaded, tmp_path):
    steps = [
        ("tie", 1, 0),
        ("untie", 4, 0),
        ("tie", 3, 5),
        ("undo", 0, 0),
        ("merge", 2, 3),
        ("undo", 3, 0),
        ("repair", 0, 0),
    ]

    def try_one(wiring):
        taken(wiring, steps, do, obeyed)
        App(wiring).ingest.load([str(tmp_path / "later.jsonl")])

    assert_both_stores_say_the_same(loaded, try_one, lambda wiring: affairs(App(wiring)))
