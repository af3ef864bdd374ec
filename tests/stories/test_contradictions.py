"""What an article says otherwise than a story stands in its decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented_news import Newsroom, article

from pipeline.records import Entity
from pipeline.stories.facts.contradictions import contradictions
from pipeline.stories.facts.event_facts import Facts, days, magnitudes

NOTHING = Facts(frozenset(), (), {}, {}, {})


def told(mine, *others):
    return {each.kind: (each.article, each.story, each.weight) for each in contradictions(mine, others)}


def test_who_says_nothing_contradicts_nobody():
    full = Facts(frozenset({date(2031, 5, 4)}), (6.1,), {"dead": 3}, {"place:a": "Amer"}, {"person:b": "Bo"})
    assert told(NOTHING, full) == {}
    assert told(full, NOTHING) == {}
    assert told(full) == {}
    assert told(full, full) == {}


def test_each_kind_of_fact_can_tell_against():
    mine = Facts(frozenset({date(2031, 5, 4)}), (6.1,), {"dead": 3}, {"place:a": "Amer"}, {"person:b": "Bo"})
    other = Facts(
        frozenset({date(2031, 5, 2)}), (5.0,), {"dead": 8}, {"place:q": "Quint"}, {"person:i": "Ilse"}
    )
    assert told(mine, other, NOTHING) == {
        "against day": ("2031-05-04", "2031-05-02", 0.5),
        "against magnitude": ("6.1", "5.0", 0.5),
        "against dead": ("3", "8", 0.5),
        "against place": ("Amer", "Quint", 0.5),
        "against name": ("Bo", "Ilse", 0.5),
    }


def test_one_value_in_common_is_enough_and_estimates_of_one_earthquake_are_one():
    mine = replace_facts(magnitudes=(6.1,), places={"place:a": "Amer", "place:q": "Quint"})
    other = replace_facts(magnitudes=(6.3,), places={"place:q": "Quint"})
    assert told(mine, other) == {}


def replace_facts(**given_facts):
    return NOTHING._replace(**given_facts)


_FACTS = st.builds(
    Facts,
    st.frozensets(st.dates(date(2031, 1, 1), date(2031, 1, 4)), max_size=2),
    st.lists(st.sampled_from([4.0, 5.0, 5.2]), max_size=2).map(tuple),
    st.dictionaries(st.sampled_from(["dead", "injured"]), st.integers(1, 3)),
    st.dictionaries(st.sampled_from("abc"), st.just("A")),
    st.dictionaries(st.sampled_from("abc"), st.just("B")),
)


@given(_FACTS, _FACTS)
def test_two_articles_contradict_each_other_or_neither_does(one, other):
    assert {e.kind for e in contradictions(one, [other])} == {e.kind for e in contradictions(other, [one])}


@given(_FACTS, st.lists(_FACTS, max_size=4))
def test_nobody_contradicts_a_story_that_says_the_same(one, others):
    assert contradictions(one, [*others, one]) == ()


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("en", "A 5.4-magnitude quake", (5.4,)),
        ("en", "The quake measured 6.0 on the Richter scale", (6.0,)),
        ("en", "Version 5.4 is out; shares gain 4.5 points", ()),
        ("de", "Beben der Stärke 4,7 bei Aachen", (4.7,)),
        ("es", "Un sismo de magnitud 5,9 sacude la costa", (5.9,)),
        ("fr", "Un séisme de magnitude 5,1", (5.1,)),
        ("it", "Scossa di magnitudo 3.9", (3.9,)),
        ("tr", "Ege'de 4,8 büyüklüğünde deprem", (4.8,)),
        ("ru", "Землетрясение магнитудой 5,1", (5.1,)),
        ("ja", "マグニチュード6.1の地震", (6.1,)),
        ("xx", "magnitude 5.1", ()),
    ],
)
def test_magnitudes_are_read_in_many_languages(language, text, found):
    assert magnitudes(text, language) == found


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("en", "Shot dead on March 3, he", {date(2031, 3, 3)}),
        ("en", "The 28 Feb. blast", {date(2031, 2, 28)}),
        ("en", "The trial of the December 9, 2029, attack", {date(2029, 12, 9)}),
        ("en", "Dec. 30: fire", {date(2030, 12, 30)}),
        ("en", "Turnout was 3 May voters say", set()),
        ("de", "Der Brand vom 2. März", {date(2031, 3, 2)}),
        ("es", "el atentado del 27 de febrero de 2031", {date(2031, 2, 27)}),
        ("pl", "wybuch z 1 marca", {date(2031, 3, 1)}),
        ("ru", "взрыв 3 марта", {date(2031, 3, 3)}),
        ("zh", "3月5日上午发生爆炸", {date(2031, 3, 5)}),
        ("en", "On February 30 nothing happened", set()),
    ],
)
def test_days_are_read_in_many_languages(language, text, found):
    assert days(text, language, date(2031, 3, 9)) == found


def test_a_decision_tells_what_speaks_against_the_story_too(artefact):
    room = Newsroom(artefact)
    place = [Entity(f"place:{name.lower()}", name, "place", 2, 0.9) for name in ("Quint", "Sarel")]
    first = article(1, "Quake of magnitude 6.4 at Quint", "The quake shook the harbour of Quint at dawn.")
    second = article(2, "Quake of magnitude 5.1 at Sarel", "The quake shook the harbour of Sarel at dawn.")
    room.take([replace(first, entities=(place[0],)), replace(second, entities=(place[1],))])
    evidence = {e.kind: (e.article, e.story) for e in room.decisions[1].evidence}
    assert evidence["against magnitude"] == ("5.1", "6.4")
    assert evidence["against place"] == ("Sarel", "Quint")
    kinds = [e.kind.startswith("against ") for e in room.decisions[1].evidence]
    assert kinds == sorted(kinds)
