"""The index and what it hands to the scorer: functions of what is in it, not of how it came there."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from invented_members import ARTICLE, DAY, made, member, members

from pipeline.errors import StoreError
from pipeline.records import Candidate, Correction
from pipeline.stories.features.packed import IndexedArticle
from pipeline.stories.index import lookup as slots_module
from pipeline.stories.index.story_index import StoryIndex
from pipeline.stories.index.story_profile import SMALL, StoryProfile
from pipeline.stories.index.sums import SparseSum
from pipeline.stories.placing import assign as assign_module
from pipeline.stories.placing import candidates as weighing_module
from pipeline.stories.placing.assign import assign, assign_all
from pipeline.stories.placing.corrections import Constraints
from pipeline.stories.scoring.scorer import Mix

QUICK = settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


def answers(index, artefact, asked):
    """What an index says of articles: candidates in order, with the bits of their scores and explanations."""
    said: list[list[tuple[str, float, Candidate]]] = []
    for one in asked:
        found = index.candidates(*index.find([one]))
        if not found:
            said.append([])
            continue
        scored = artefact.scorer.weigh(one, found)
        rows = range(len(found))
        said.append([(found[i].story, scored.values[i], scored.explain(i)) for i in rows])
    return said


@QUICK
@given(items=st.lists(ARTICLE, min_size=1, max_size=40), seed=st.integers(0, 99))
def test_an_index_does_not_remember_how_it_came_about(artefact, items, seed):
    there = members(items)
    story = {m.article: f"s{event % 3}" for m, (event, *_) in zip(there, items, strict=True)}
    straight = StoryIndex.rebuilt([(m, story[m.article]) for m in there], 7.0, artefact.center)
    rng = random.Random(seed)
    crooked = StoryIndex(7.0, artefact.center)
    strangers = [member(1000 + n, n % 5) for n in range(8)]
    arriving = there + strangers
    rng.shuffle(arriving)
    for one in arriving:
        crooked.add(one, f"s{rng.randrange(4)}")
        crooked.find([rng.choice(arriving)])
    for one in strangers:
        crooked.remove(one.article)
    for one in there:
        crooked.move(one.article, story[one.article])
    asked = [*there, *(member(2000 + n, n, time=5 * DAY, outlet="A") for n in range(5))]
    assert answers(crooked, artefact, asked) == answers(straight, artefact, asked)
    assert [p.story for p in crooked.stories()] == [p.story for p in straight.stories()]


@QUICK
@given(items=st.lists(ARTICLE, min_size=2, max_size=30))
def test_without_contrast_a_score_is_the_same_alone_and_among_others(artefact, items):
    scorer = Mix(replace(artefact.scorer.weights, contrast=0.0))
    there = members(items)
    index = StoryIndex.rebuilt(
        [(m, f"s{event}") for m, (event, *_) in zip(there, items, strict=True)], 30.0, artefact.center
    )
    profiles = list(index.stories())
    for one in there:
        together = scorer.weigh(one, profiles)
        assert together.values == [scorer.score(one, p) for p in profiles]
        for row, profile in enumerate(profiles):
            assert together.explain(row) == scorer.explain(one, profile)


@QUICK
@given(items=st.lists(ARTICLE, min_size=2, max_size=30))
def test_rivals_take_away_and_never_add(artefact, items):
    there = members(items)
    index = StoryIndex.rebuilt(
        [(m, f"s{event}") for m, (event, *_) in zip(there, items, strict=True)], 30.0, artefact.center
    )
    profiles = list(index.stories())
    for one in there:
        together = artefact.scorer.weigh(one, profiles)
        for row, profile in enumerate(profiles):
            assert together.values[row] <= artefact.scorer.score(one, profile) + 1e-12
            parts = math.fsum(c.contribution for c in together.explain(row).contributions)
            assert math.isclose(parts, together.values[row], abs_tol=1e-9)


@QUICK
@given(items=st.lists(ARTICLE, min_size=2, max_size=16))
def test_a_member_is_weighed_as_if_it_were_not_there(artefact, items):
    """To the bit while both stories are small, where all sums are exact; otherwise but for rounding."""
    there = members(items)
    with_it, without = StoryProfile.of("s", there), StoryProfile.of("s", there[1:])
    inside, outside = (artefact.scorer.score(there[0], p) for p in (with_it, without))
    assert inside == pytest.approx(outside, abs=1e-12)
    if len(there) <= SMALL:
        assert inside == outside


@QUICK
@given(items=st.lists(ARTICLE, min_size=SMALL, max_size=20), data=st.data())
def test_what_is_taken_out_of_a_sum_leaves_nothing_behind(items, data):
    there = members(items)
    grown = StoryProfile("s")
    for one in data.draw(st.permutations(there)):
        grown.add(one)
        assert grown.sums is not None
    gone = data.draw(st.sets(st.sampled_from([m.article for m in there]), max_size=len(there) - 1))
    for article in sorted(gone):
        grown.remove(article)
    fresh = StoryProfile.of("s", [m for m in there if m.article not in gone])
    assert [m.article for m in grown.members] == [m.article for m in fresh.members]
    for ours, theirs in ((grown.body, fresh.body), (grown.pairs, fresh.pairs)):
        assert {k: (v.count, v.weights) for k, v in ours.items()} == {
            k: (v.count, v.weights) for k, v in theirs.items()
        }
    for language in ("en", "de"):
        assert grown.lengths(language) == fresh.lengths(language)
    assert grown.dense_length(384) == fresh.dense_length(384)


@QUICK
@given(items=st.lists(ARTICLE, min_size=1, max_size=30), limit=st.integers(1, 6), extra=st.integers(0, 10))
def test_what_is_outside_the_window_does_not_crowd_out(artefact, items, limit, extra):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slots_module, "POSTINGS_READ", limit)
        rows = [(m, f"s{m.seq}") for m in members(items)]
        far = [(member(500 + n, n % 5, time=400 * DAY), f"f{n}") for n in range(extra)]
        asked = member(3000, 1, time=10 * DAY)
        narrow = StoryIndex.rebuilt(rows, 7.0, artefact.center)
        wide = StoryIndex.rebuilt(rows + far, 7.0, artefact.center)
        assert answers(narrow, artefact, [asked]) == answers(wide, artefact, [asked])


@settings(QUICK, max_examples=examples(60))
@given(
    items=st.lists(ARTICLE, min_size=1, max_size=40),
    together=st.integers(1, 12),
    limit=st.sampled_from([1, 3, 256]),
    seed=st.integers(0, 99),
)
def test_it_does_not_matter_how_many_articles_come_together(artefact, items, together, limit, seed):
    """To the bit: decisions with scores and evidence. Few postings are read, so that there is a crowd."""
    rng = random.Random(seed)
    arriving = members(items)
    late = [one for one in arriving if rng.random() < 0.1]
    arriving = [one for one in arriving if one not in late] + late
    groups = tuple((one.article,) for one in rng.sample(arriving, min(3, len(arriving))))
    constraints = Constraints(
        [Correction("c", rng.choice(["merge", "split"]), groups, datetime(2026, 1, 1, tzinfo=UTC))]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slots_module, "POSTINGS_READ", limit)
        patch.setattr(assign_module, "TOGETHER", together)
        patch.setattr(weighing_module, "_REACH_AT_FIRST", rng.randint(1, 8))
        alone, crowd = (StoryIndex(7.0, artefact.center) for _ in range(2))
        decisions = []
        for one in arriving:
            decisions.append(assign(one, alone, artefact.scorer, constraints))
            alone.add(one, decisions[-1].story)
        assert assign_all(arriving, crowd, artefact.scorer, constraints) == decisions
        asked = [*arriving, member(3000, 1, time=10 * DAY)]
        assert answers(crowd, artefact, asked) == answers(alone, artefact, asked)


def test_several_articles_come_in_sequence_and_once(artefact):
    index = StoryIndex(7.0, artefact.center)
    index.add(member(5, 1), "s")
    for several in ([member(6, 1), member(6, 1)], [member(6, 1), member(5, 1)], [member(3, 1), member(4, 1)]):
        with pytest.raises(ValueError, match=r"sequence|already"):
            index.enter(several)
    assert len(index) == 1


def test_a_sum_is_that_of_dictionaries():
    vectors = [made(n, n % 2).body for n in range(6)]
    total = SparseSum.of([v.ids.tobytes() for v in vectors], [v.weights.tobytes() for v in vectors])
    plain: dict[int, float] = {}
    for vector in vectors:
        for term, weight in vector.items:
            plain[term] = plain.get(term, 0.0) + weight
    assert total.weights == dict(sorted(plain.items()))
    assert total.squared == pytest.approx(math.fsum(w * w for w in plain.values()))
    assert total.dot(vectors[0]) == pytest.approx(sum(w * plain[t] for t, w in vectors[0].items))


def test_members_of_the_index_are_bytes_and_say_the_same(artefact):
    one = member(1, 1, outlet="Müller \ud800", time=None)
    index = StoryIndex.rebuilt([(one, "s")], 7.0, artefact.center)
    kept = index.profile("s").members[0]
    assert kept.traits.to_bytes() == one.traits.to_bytes() == kept.data
    assert (kept.time, kept.fetched, kept.outlet, kept.language) == (None, 0.0, "Müller \ud800", "en")
    assert kept.packed.shown[:2] == (one.traits.title, one.traits.lead)
    with pytest.raises(StoreError):
        IndexedArticle("a", 1, b"WWA\x01" + kept.data[4:])


def test_a_story_of_thousands_is_weighed_in_milliseconds(artefact):
    large = StoryProfile.of("large", [member(n, 1, time=n * 60.0) for n in range(3000)])
    asked = member(9999, 1)
    value = artefact.scorer.score(asked, large)
    large.add(member(5000, 1))
    large.remove(f"{5000:016x}")
    assert artefact.scorer.score(asked, large) == value > 0.0


def test_refuses_an_article_twice_and_knows_who_is_where(artefact):
    index = StoryIndex(7.0, artefact.center)
    index.add(member(1, 1), "s")
    with pytest.raises(ValueError, match="already"):
        index.add(member(1, 1), "t")
    assert index.story_of(f"{1:016x}") == "s"
    assert index.story_of("nobody") is None
    index.remove(f"{1:016x}")
    assert not index.has_story("s")
    assert len(index) == 0
    with pytest.raises(KeyError):
        index.member(f"{1:016x}")
