"""Facts of an event move a score: follow-ups come together across months, look-alikes stay apart."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented_news import HashedEmbedder, article

from pipeline.records import Entity
from pipeline.stories.facts.in_common import NOTHING, Mentioned, in_common
from pipeline.stories.features.features import arrive
from pipeline.stories.features.packed import IndexedArticle
from pipeline.stories.features.statistics import StreamStatistics
from pipeline.stories.index.story_profile import StoryProfile

NOBODY = Mentioned(frozenset(), frozenset(), frozenset(), frozenset(), frozenset(), (), "en")
DAY = 24.0


def says(*names, language="en", magnitudes=(), numbers=(), title=""):
    ids = frozenset(name.lower() for name in names)
    people = frozenset(name for name in ids if name.startswith("p:"))
    whole = {name[2:] for name in people if name.isascii()}
    words = frozenset(whole.union(*(name.split() for name in whole)))
    return Mentioned(people, ids, frozenset(numbers), words, frozenset(title.split()), magnitudes, language)


def test_one_famous_person_is_no_acquaintance_two_facts_are():
    mine = says("p:ilse maran", "o:harbour town")
    assert in_common(mine, [says("p:ilse maran", "o:ostrel")]).acquainted == 0.0
    assert in_common(mine, [says("p:ilse maran", "o:harbour town")]).acquainted == 1.0
    counted = says("p:ilse maran", numbers=("4711",))
    assert in_common(counted, [says("p:ilse maran", numbers=("4711",)), NOBODY]).acquainted == 0.5


def test_names_contradict_across_languages_unless_one_is_spelled_nearly_alike():
    mine = says("p:ilse maran", language="en")
    assert in_common(mine, [says("p:odalys brandt", language="fr")]).contradicted
    assert not in_common(mine, [says("p:ilze marán".replace("á", "a"), language="lv")]).contradicted
    assert not in_common(mine, [says("p:odalys brandt", language="en")]).contradicted
    assert not in_common(mine, [says("p:Ильзе Маран", language="ru")]).contradicted, "cannot be read"
    assert not in_common(mine, [says(language="fr")]).contradicted, "names nobody"
    counted = says("p:ilse maran", numbers=("4711",))
    assert not in_common(counted, [says("p:odalys brandt", language="fr", numbers=("4711",))]).contradicted


def test_names_contradict_only_where_a_story_is_about_persons_that_can_be_told_apart():
    mine = says("p:ilse maran", language="en", title="ilse maran sails home")
    stranger = says("p:odalys brandt", language="fr")
    assert not in_common(mine, [stranger, says(language="fr")]).contradicted, "half of it names nobody"
    assert in_common(mine, [stranger, stranger, says(language="fr")]).contradicted
    told = says("p:odalys brandt", language="fr", title="maran rentre avec brandt")
    assert not in_common(mine, [told]).contradicted, "one stands in the title, unrecognised"
    games = says("p:jeux de quint", language="fr")
    assert not in_common(games, [says("p:juegos de quint", language="es")]).contradicted
    assert not in_common(says("p:jogos de kuint", language="pt"), [games]).contradicted, "alike as a whole"


_NAMED = st.builds(
    says,
    st.sampled_from(["p:ilse maran", "p:odalys brandt", "p:petro lind"]),
    st.sampled_from(["o:orvane", "l:quint", "l:sarel"]),
    language=st.sampled_from(["en", "fr"]),
    magnitudes=st.sampled_from([(), (5.0,), (6.4,)]),
    numbers=st.lists(st.sampled_from(["12", "68"]), max_size=2),
)


@given(_NAMED, st.lists(_NAMED | st.just(NOBODY), max_size=6), st.randoms())
def test_facts_do_not_depend_on_the_order_and_are_shares(mine, others, random):
    found = in_common(mine, others)
    assert all(0.0 <= share <= 1.0 for share in (found.acquainted, found.quakes))
    shuffled = list(others)
    random.shuffle(shuffled)
    assert in_common(mine, shuffled) == found
    assert not (found.acquainted and found.contradicted)


@given(_NAMED, st.lists(_NAMED, max_size=4))
def test_nothing_speaks_against_who_says_the_same(mine, others):
    found = in_common(mine, [*others, mine])
    assert (found.contradicted, found.quakes) == (False, 0.0)


def test_who_names_nothing_has_nothing_for_or_against():
    assert in_common(NOBODY, [says("p:ilse maran", magnitudes=(6.0,))]) == NOTHING
    assert in_common(says("p:ilse maran"), []) == NOTHING


@given(_NAMED, st.lists(_NAMED, min_size=1, max_size=4))
def test_a_pair_of_languages_is_never_joined_where_names_contradict(mine, others):
    """Whatever the vectors say: a contradiction leaves nothing of a score."""
    foreign = [each for each in others if each.language != mine.language]
    if foreign and all((mine.names | mine.numbers).isdisjoint(each.names | each.numbers) for each in foreign):
        assert in_common(mine, foreign).contradicted


def entity(name, kind="person"):
    return Entity(f"{kind}:{name.lower()}", name, kind, 2, 0.9)


def told(number, title, text, *entities, days=0.0, outlet=""):
    return replace(article(number, title, text, outlet, days * DAY), entities=entities)


def score_of(artefact, first, second):
    """How well the second fits a story of the first, and what facts gave of it."""
    arrivals = arrive([first, second], StreamStatistics.empty(), HashedEmbedder())
    old, new = (IndexedArticle(a.enriched.article.id, n, a.traits) for n, a in enumerate(arrivals, 1))
    explained = artefact.scorer.explain(new, StoryProfile.of("story", [old]))
    facts = next(c for c in explained.contributions if c.feature == "facts")
    assert sum(c.contribution for c in explained.contributions) == pytest.approx(explained.score, abs=1e-9)
    return explained.score, facts.value


CRIME = (
    "Baker Ilse Maran shot dead in Quint",
    "Police in Quint said the baker Ilse Maran was shot dead at her shop.",
)
TRIAL = (
    "Trial over the shot baker opens",
    "The trial over the baker Ilse Maran, shot dead at her shop in Quint, opened.",
)
PERSON, TOWN = entity("Ilse Maran"), entity("Quint", "place")


def test_a_follow_up_on_the_same_person_and_place_gets_back_what_time_took(artefact):
    first = told(1, *CRIME, PERSON, TOWN)
    bare = score_of(artefact, told(1, *CRIME), told(2, *TRIAL, days=25.0))
    kept = score_of(artefact, first, told(2, *TRIAL, PERSON, TOWN, days=25.0))
    soon = score_of(artefact, first, told(2, *TRIAL, PERSON, TOWN))
    assert bare[1] == 1.0
    assert kept[1] > 1.3
    assert kept[0] == pytest.approx(soon[0], rel=0.01)


@pytest.mark.parametrize(
    ("language", "first", "other"),
    [
        ("en", "Magnitude 6.4 quake shakes Sarel", "Magnitude 5.1 quake shakes Sarel"),
        ("de", "Beben der Stärke 6,4 erschüttert Sarel", "Beben der Stärke 5,1 erschüttert Sarel"),
        ("es", "Un sismo de magnitud 6,4 sacude Sarel", "Un sismo de magnitud 5,1 sacude Sarel"),
        ("fr", "Séisme de magnitude 6,4 à Sarel", "Séisme de magnitude 5,1 à Sarel"),
        ("ru", "Землетрясение магнитудой 6,4 в Сареле", "Землетрясение магнитудой 5,1 в Сареле"),
        ("tr", "Sarel'de 6,4 büyüklüğünde deprem", "Sarel'de 5,1 büyüklüğünde deprem"),
    ],
)
def test_another_earthquake_of_the_same_province_is_another_story(newsroom, language, first, other):
    room = newsroom()
    room.take([article(1, first, language=language), article(2, other, hours=30.0, language=language)])
    assert [decision.founded for decision in room.decisions] == [True, True]
    room.take([article(3, first, hours=31.0, language=language)])
    assert room.decisions[2].story == room.decisions[0].story


def test_meaning_alone_does_not_join_two_languages_where_names_contradict(artefact):
    """Vectors as near as can be: the same words but for the name, said to be in two languages."""
    first = told(1, *CRIME, PERSON)
    other = [text.replace("Ilse Maran", "Odalys Brandt") for text in CRIME]
    foreign = told(2, *other, entity("Odalys Brandt"))
    foreign = replace(foreign, article=replace(foreign.article, language="fr"))
    assert score_of(artefact, first, foreign)[0] == 0.0
    agreed = replace(foreign, entities=(entity("Ilze Marane"),))
    assert score_of(artefact, first, agreed)[0] > artefact.scorer.weights.threshold
