"""Two stories that are one are joined by a repair; look-alikes, and what a person split, are not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from invented_news import EVENTS, OUTLETS, START, article, write

from pipeline.records import Correction
from pipeline.stories.placing.assign import story_id
from pipeline.stories.placing.corrections import Constraints, named
from pipeline.stories.placing.reassign import repair


def cut(room, articles):
    """Puts articles into a story of their own, as if a third report had founded it."""
    into = story_id(articles[0], room.index.has_story)
    for each in articles:
        room.index.move(each, into)
    return into


def one_story(room, articles):
    room.take(articles)
    repair(room.index, room.artefact.scorer, room.constraints)
    assert len(set(room.placement().values())) == 1
    return [m.article for m in room.members]


@pytest.mark.parametrize("event", range(len(EVENTS)))
def test_an_event_cut_in_two_becomes_one_story_and_says_so(newsroom, event):
    room = newsroom()
    names = one_story(room, [write(n, event, n, n, 2.0 * n) for n in range(8)])
    older = room.index.story_of(names[0])
    younger = cut(room, names[1::2])
    done = repair(room.index, room.artefact.scorer, room.constraints)
    assert set(room.placement().values()) == {older}
    assert [(c.kind, c.story, c.into) for c in done.changes] == [("merge", younger, older)]
    assert [d.article for d in done.decisions] == names[1::2]
    assert repair(room.index, room.artefact.scorer, room.constraints).changes == ()


def test_a_repair_that_stops_before_it_came_to_rest_counts_what_still_moved(newsroom, monkeypatch):
    room = newsroom()
    names = one_story(room, [write(n, 0, n, n, 2.0 * n) for n in range(8)])
    cut(room, names[1::2])
    monkeypatch.setattr("pipeline.stories.placing.reassign.PASSES", 0)
    assert repair(room.index, room.artefact.scorer, room.constraints).unsettled == 4
    assert repair(room.index, room.artefact.scorer, room.constraints).unsettled == 0


def test_what_a_person_split_stays_split(newsroom):
    room = newsroom()
    names = one_story(room, [write(n, 0, n, n, 2.0 * n) for n in range(8)])
    younger = cut(room, names[1::2])
    said = named(Correction("", "split", (tuple(names[::2]), tuple(names[1::2])), START + timedelta(days=9)))
    repair(room.index, room.artefact.scorer, Constraints([said]))
    assert {room.index.story_of(name) for name in names[1::2]} == {younger}


def test_a_story_that_may_not_move_does_not(newsroom):
    room = newsroom()
    names = one_story(room, [write(n, 0, n, n, 2.0 * n) for n in range(8)])
    older = room.index.story_of(names[0])
    younger = cut(room, names[1::2])
    repair(room.index, room.artefact.scorer, room.constraints, {older})
    assert room.index.has_story(younger)


# Two pairs of events that read alike: each side has its place, its numbers and its people.
ALIKE = (
    (
        (
            "Quake of magnitude 6.4 shakes Quint before dawn",
            "The quake at Quint cracked the harbour wall, and 12 people were hurt",
            "Families in Quint slept outdoors after the quake, said Mayor Olena Varr",
        ),
        (
            "Quake of magnitude 5.1 shakes Tolmen at noon",
            "The quake at Tolmen cut power in the old town, and nobody was hurt",
            "Schools in Tolmen stay shut after the quake, said Governor Pim Astor",
        ),
    ),
    (
        (
            "Man shot dead outside a bar in Ostrel",
            "Police in Ostrel look for a silver van after the shooting at the bar",
            "The man shot in Ostrel was Dario Lund, 34, a father of two",
        ),
        (
            "Woman shot dead in a car park in Brenta",
            "Police in Brenta arrest a neighbour after the shooting in the car park",
            "The woman shot in Brenta was Ines Falk, 51, a teacher",
        ),
    ),
)


@pytest.mark.parametrize("sides", ALIKE, ids=["quakes", "shootings"])
def test_two_events_that_read_alike_are_not_joined(newsroom, sides):
    room = newsroom()
    reports = [_report(n, sides[n % 2], n) for n in range(12)]
    room.take([reports[0]])
    room.take([reports[1]])
    for number, each in enumerate(reports):
        if number > 1:
            room.take([each])
        room.index.move(each.article.id, reports[number % 2].article.id)
    done = repair(room.index, room.artefact.scorer, room.constraints)
    assert [change for change in done.changes if change.kind == "merge"] == []


def _report(number, lines, outlet):
    title, first, second = (lines[(number // 2 + i) % 3] for i in range(3))
    return article(number, title, f"{first}. {second}.", OUTLETS[outlet % 3], 2.0 * number)
