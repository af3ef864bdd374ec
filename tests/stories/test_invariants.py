"""What must always hold: batches, restarts and order do not matter, sums add up, corrections are kept."""

from __future__ import annotations

import math

import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from invented_news import START, Newsroom, article, write

from pipeline.records import Correction, content_id
from pipeline.stories.features.packed import Features, IndexedArticle
from pipeline.stories.features.statistics import StreamStatistics
from pipeline.stories.index.story_index import StoryIndex
from pipeline.stories.index.story_profile import StoryProfile
from pipeline.stories.placing.assign import assign
from pipeline.stories.placing.corrections import Constraints
from pipeline.stories.placing.reassign import repair

QUICK = settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
ITEM = st.tuples(
    st.integers(0, 4), st.integers(0, 3), st.integers(0, 3), st.one_of(st.none(), st.integers(0, 400))
)
STREAM = st.lists(ITEM, min_size=1, max_size=24)


def stream(items):
    return [write(n, event, first, outlet, hours) for n, (event, first, outlet, hours) in enumerate(items)]


@QUICK
@given(items=STREAM, batch=st.sampled_from([1, 2, 7]))
def test_batches_do_not_matter(newsroom, items, batch):
    whole, cut = newsroom(), newsroom()
    assert whole.take(stream(items)) == cut.take(stream(items), batch)
    assert [m.traits.to_bytes() for m in whole.members] == [m.traits.to_bytes() for m in cut.members]
    assert whole.learned.dirty() == cut.learned.dirty()


@QUICK
@given(items=STREAM, at=st.integers(0, 24))
def test_a_restart_in_between_does_not_matter(newsroom, items, at):
    articles = stream(items)
    whole, first = newsroom(), newsroom()
    whole.take(articles)
    first.take(articles[:at])
    stored = first.learned.dirty()
    second = newsroom()
    second.learned = StreamStatistics.load(lambda keys: {key: stored[key] for key in keys if key in stored})
    rows = [
        (
            IndexedArticle(m.article, m.seq, Features.from_bytes(m.traits.to_bytes())),
            first.index.story_of(m.article),
        )
        for m in reversed(first.members)
    ]
    second.index = StoryIndex.rebuilt(rows, 14.0, second.artefact.center)
    second.members = list(first.members)
    assert second.take(articles[at:]) == whole.decisions[at:]


@QUICK
@given(items=STREAM)
def test_contributions_sum_to_the_score(newsroom, items):
    for decision in newsroom().take(stream(items)):
        for candidate in (decision.chosen, decision.runner_up):
            if candidate is not None:
                total = math.fsum(c.contribution for c in candidate.contributions)
                assert total == pytest.approx(candidate.score, abs=1e-9)
        if not decision.founded:
            assert decision.chosen.score >= decision.threshold
            assert decision.runner_up is None or decision.runner_up.score <= decision.chosen.score


@QUICK
@given(items=STREAM)
def test_a_repair_repeated_changes_nothing(newsroom, items):
    room = newsroom()
    room.take(stream(items))
    repair(room.index, room.artefact.scorer, Constraints())
    before = room.placement()
    again = repair(room.index, room.artefact.scorer, Constraints())
    assert again.changes == ()
    assert again.decisions == ()
    assert room.placement() == before


@QUICK
@given(items=st.lists(ITEM, min_size=2, max_size=24), place=st.integers(0, 23))
def test_an_article_taken_out_leaves_what_would_be_without_it(newsroom, items, place):
    """By the same features: what the stream has learned from an article is not unlearned."""
    room = newsroom()
    room.take(stream(items))
    gone = room.members[place % len(room.members)].article
    repair(room.index, room.artefact.scorer, Constraints())
    room.index.remove(gone)
    repair(room.index, room.artefact.scorer, Constraints())

    without = StoryIndex(14.0, room.artefact.center)
    for member in room.members:
        if member.article != gone:
            decision = assign(member, without, room.artefact.scorer, Constraints())
            without.add(member, decision.story)
    repair(without, room.artefact.scorer, Constraints())
    assert partition(room.index) == partition(without)


def partition(index):
    """Which articles are together, whatever their stories are called."""
    return sorted(sorted(m.article for m in profile.members) for profile in index.stories())


@QUICK
@given(items=STREAM)
def test_a_repaired_index_is_the_one_rebuilt(newsroom, items):
    room = newsroom()
    room.take(stream(items))
    repair(room.index, room.artefact.scorer, Constraints())
    rebuilt = StoryIndex.rebuilt(
        [(m, room.index.story_of(m.article)) for m in room.members], 14.0, room.artefact.center
    )
    score = room.artefact.scorer.score
    for member in room.members:
        ours, theirs = (index.candidates(*index.find([member])) for index in (room.index, rebuilt))
        assert [p.story for p in ours] == [p.story for p in theirs]
        assert [score(member, p) for p in ours] == [score(member, p) for p in theirs]


@QUICK
@given(items=st.lists(ITEM, min_size=2, max_size=2))
def test_two_articles_are_as_like_as_the_other_two(newsroom, items):
    room = newsroom()
    room.take(stream(items))
    one, two = room.members
    score = room.artefact.scorer.score
    assert score(one, StoryProfile.of("s", [two])) == pytest.approx(
        score(two, StoryProfile.of("s", [one])), abs=1e-12
    )


@QUICK
@given(items=STREAM, data=st.data())
def test_a_persons_word_holds_through_assign_and_repair(newsroom, items, data):
    articles = stream(items)
    ids = [a.article.id for a in articles]
    pick = st.sets(st.sampled_from(ids), min_size=0, max_size=3)
    together, apart = sorted(data.draw(pick)), sorted(data.draw(pick))
    corrections = []
    if len(together) > 1:
        corrections.append(Correction("m", "merge", (tuple(together),), START))
    if len(apart) > 1 and len(set(apart) & set(together)) < 2:
        corrections.append(Correction("s", "split", tuple((a,) for a in apart), START))
    room = newsroom(constraints=Constraints(corrections))
    room.take(articles)
    for _ in range(2):
        where = room.placement()
        if len(together) > 1:
            assert len({where[a] for a in together}) == 1
        if corrections and corrections[-1].kind == "split":
            assert len({where[a] for a in apart}) == len(apart)
        repair(room.index, room.artefact.scorer, room.constraints)


def test_articles_of_one_second_keep_their_stories_in_either_order(newsroom):
    def groups(order):
        room = newsroom()
        room.take([write(n, n % 3, n // 3, n, 1.0) for n in order])
        repair(room.index, room.artefact.scorer, Constraints())
        by_story: dict[str, set[str]] = {}
        for name, story in room.placement().items():
            by_story.setdefault(story, set()).add(name)
        return sorted(map(sorted, by_story.values()))

    assert groups(range(9)) == groups(reversed(range(9)))


def test_what_is_outside_the_window_is_no_candidate(newsroom):
    room: Newsroom = newsroom()
    title, text = "Dam at Orlu overflows", "The Orlu dam spilled over after a week of rain."
    days = (0, 10, 20, 60)
    found = room.take([article(n, title, text, "", day * 24.0) for n, day in enumerate(days)])
    assert [d.founded for d in found] == [True, False, False, True]


def test_an_unknown_time_is_always_within_the_window(newsroom):
    room: Newsroom = newsroom()
    title, text = "Dam at Orlu overflows", "The Orlu dam spilled over after a week of rain."
    found = room.take([article(0, title, text, "", None), article(1, title, text, "", 9000.0)])
    assert [d.founded for d in found] == [True, False]


def test_a_story_is_named_after_its_founder(newsroom):
    (decision,) = newsroom().take([write(7, 0, 0, 0, 0)])
    assert decision.story == content_id("story", f"{7:016x}")
    assert decision.chosen is None
    assert decision.founded
