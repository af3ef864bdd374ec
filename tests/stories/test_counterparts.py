"""Two texts below the threshold become one story where nothing else is near and both name the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from invented_news import OUTLETS, START, Newsroom, article

from pipeline.records import Correction, EnrichedArticle, Entity
from pipeline.stories.index.story_profile import StoryProfile
from pipeline.stories.placing.corrections import Constraints
from pipeline.stories.placing.counterparts import BY_FAR, NEAR, one_text, two_texts
from pipeline.stories.placing.reassign import repair

# A report and one of the day after, which shares little with it but whom and where it tells of.
FIRST = (
    "Boy of 13 critically injured",
    (
        "A boy was hurt near the Varr Palmer school in Orlu late on Friday, deputies said. "
        "A neighbour called for help and held his hand until the ambulance had come."
    ),
)
SECOND = (
    "Teenager dies, new toy board blamed",
    (
        "The boy taken from the Varr Palmer school in Orlu did not survive, deputies said. "
        "His parents thanked the nurses and asked for quiet."
    ),
)
# Of another event; the nearest that the two have.
OTHER = (
    "Striker Ilse Maran scores twice",
    "Harbour Town lifted the cup after a late winner, and fans filled the quay.",
)
PALMER = Entity("organisation:varr-palmer", "Varr Palmer", "organisation", 1, 0.5)
ORLU = Entity("place:orlu", "Orlu", "place", 1, 0.5)
BRENTA = Entity("place:brenta", "Brenta", "place", 1, 0.5)


def told(
    number: int, lines: tuple[str, str], entities: tuple[Entity, ...], hours: float = 0.0
) -> EnrichedArticle:
    return replace(article(number, *lines, OUTLETS[number % 3], hours), entities=entities)


def two(names: tuple[Entity, ...] = (PALMER, ORLU)) -> list[EnrichedArticle]:
    return [told(0, FIRST, names), told(1, OTHER, (), 3.0), told(2, SECOND, names, 20.0)]


def mended(room: Newsroom, articles: list[EnrichedArticle]) -> dict[str, str | None]:
    room.take(articles)
    repair(room.index, room.artefact.scorer, room.constraints)
    return room.placement()


def names_of(articles):
    return [each.article.id for each in articles]


def test_they_are_too_unlike_to_join_and_repair_makes_them_one(newsroom):
    room = newsroom()
    first, other, second = names_of(two())
    decisions = room.take(two())
    assert all(decision.founded for decision in decisions)
    best = decisions[2].chosen
    assert best is not None
    assert NEAR * decisions[2].threshold <= best.score < decisions[2].threshold
    done = repair(room.index, room.artefact.scorer, room.constraints)
    where = room.placement()
    assert where[first] == where[second] != where[other]
    assert [(change.kind, change.articles) for change in done.changes] == [("merge", (second,))]
    assert repair(room.index, room.artefact.scorer, room.constraints).changes == ()


def test_the_decision_says_why_and_its_sums_hold(newsroom):
    room = newsroom()
    room.take(two())
    (decision,) = repair(room.index, room.artefact.scorer, room.constraints).decisions
    whole = room.decisions[2].threshold
    assert decision.constraints == ("each is nearest to the other by far, and alone in what both name",)
    assert decision.threshold == pytest.approx(NEAR * whole)
    chosen = decision.chosen
    assert chosen is not None
    assert decision.threshold <= chosen.score < whole
    parts = sum(each.contribution for each in chosen.contributions)
    assert parts == pytest.approx(chosen.score, abs=1e-9)
    assert {each.article for each in decision.evidence if each.kind in {"name", "place"}} == {
        "Varr Palmer",
        "Orlu",
    }


@pytest.mark.parametrize("names", [(), (ORLU,)], ids=["nothing", "one place"])
def test_what_names_too_little_stays_apart(newsroom, names):
    room = newsroom()
    assert len(set(mended(room, two(names)).values())) == 3


def test_what_a_story_beside_them_names_too_is_nothing_of_their_own(newsroom):
    room = newsroom()
    third = (OTHER[0], f"{OTHER[1]} The Varr Palmer ward in Orlu waved.")
    first, _, second = two()
    told_too = told(1, third, (PALMER, ORLU), 3.0)
    assert len(set(mended(room, [first, told_too, second]).values())) == 3


def test_what_a_person_split_stays_split(newsroom):
    first, _, second = names_of(two())
    said = Correction("s", "split", ((first,), (second,)), START)
    room = newsroom(constraints=Constraints([said]))
    where = mended(room, two())
    assert where[first] != where[second]


def test_two_that_may_not_move_do_not(newsroom):
    room = newsroom()
    room.take(two())
    where = room.placement()
    first, _, second = names_of(two())
    repair(room.index, room.artefact.scorer, room.constraints, {where[first] or ""})
    assert room.placement()[second] == where[second]


@settings(
    max_examples=examples(25),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(reprints=st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=4))
def test_reprints_neither_make_counterparts_nor_part_them(newsroom, reprints):
    """Independence of clones: whoever prints either text again, it is one story."""
    again = [
        told(10 + n, FIRST if of_first else SECOND, (PALMER, ORLU), float(hours))
        for n, (of_first, hours) in enumerate(reprints)
    ]
    room = newsroom()
    where = mended(room, [*two(), *again])
    other = names_of(two())[1]
    together = {story for name, story in where.items() if name != other}
    assert len(together) == 1
    assert where[other] not in together
    assert repair(room.index, room.artefact.scorer, room.constraints).changes == ()


def test_a_text_and_its_reprints_are_one_and_two_texts_are_told_apart(newsroom):
    room = newsroom()
    room.take([told(0, FIRST, ()), told(1, SECOND, ()), told(2, FIRST, ()), told(3, OTHER, ())])
    first, second, again, other = room.members
    assert one_text([first, again])
    assert not one_text([first, second])
    assert two_texts([first, second, again]) == (first, second)
    assert two_texts([first, again]) is None
    assert two_texts([first, second, other]) is None


def test_what_fits_another_story_nearly_as_well_is_nobodys_counterpart(newsroom):
    room = newsroom()
    near = (
        "Boy of 13 hurt by a horse",
        "A boy was hurt near Brenta late on Friday. His parents asked for help.",
    )
    first, other, second = two()
    room.take([first, other, told(3, near, (BRENTA,), 1.0), second])
    one, _, third, last = room.members
    score = room.artefact.scorer.score
    like = score(one, StoryProfile.of("", [last]))
    assert like >= NEAR * room.artefact.scorer.threshold(one)
    assert like < BY_FAR * score(one, StoryProfile.of("", [third]))
    repair(room.index, room.artefact.scorer, room.constraints)
    assert room.index.story_of(one.article) != room.index.story_of(last.article)
