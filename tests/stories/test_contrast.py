"""Independence of clones: an event that stands in two pieces does not break the next article off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from invented_members import ARTICLE, DAY, made, member, members

from pipeline.stories.features.packed import IndexedArticle, Sparse
from pipeline.stories.index.story_profile import StoryProfile

MANY = settings(max_examples=examples(150), deadline=None, derandomize=True)


def _profiles(items):
    groups: dict[int, list[IndexedArticle]] = {}
    for each, (event, *_) in zip(members(items), items, strict=True):
        groups.setdefault(event, []).append(each)
    return [StoryProfile.of(f"event {event}", group) for event, group in groups.items()]


@MANY
@given(
    items=st.lists(ARTICLE, min_size=2, max_size=16),
    event=st.integers(0, 4),
    which=st.integers(0, 9),
    at=st.integers(0, 9),
)
def test_a_story_that_stands_twice_changes_no_score(artefact, items, event, which, at):
    """Not its own, not that of another story; so it turns no join into a new story either."""
    article = member(900, event, time=3 * DAY)
    profiles = _profiles(items)
    original = profiles[which % len(profiles)]
    again = [IndexedArticle(f"{n + 700:016x}", n + 700, m.traits) for n, m in enumerate(original.members)]
    with_clone = list(profiles)
    with_clone.insert(at % (len(profiles) + 1), StoryProfile.of("clone", again))
    before = dict(
        zip((p.story for p in profiles), artefact.scorer.weigh(article, profiles).values, strict=True)
    )
    after = dict(
        zip((p.story for p in with_clone), artefact.scorer.weigh(article, with_clone).values, strict=True)
    )
    assert after.pop("clone") == pytest.approx(before[original.story], abs=1e-9)
    assert after == pytest.approx(before, abs=1e-9)


@MANY
@given(
    items=st.lists(ARTICLE, min_size=2, max_size=16),
    event=st.integers(0, 4),
    size=st.integers(2, 9),
    data=st.data(),
)
def test_a_story_cut_in_two_still_takes_in_the_next_article(artefact, items, event, size, data):
    """However it is cut: by members that tell alike, as reprints do, each in other words of its own."""
    article = member(900, event, time=3 * DAY)
    told = made(901, event, time=3 * DAY)
    reprints = [
        IndexedArticle(f"{n + 700:016x}", n + 700, replace(told, title_exact=n, outlet=f"Outlet {n}"))
        for n in range(size)
    ]
    others = [profile for profile in _profiles(items) if profile.story != f"event {event}"]
    scorer, bar = artefact.scorer, artefact.scorer.threshold(article)
    left = data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=size - 1))
    pieces = [[m for n, m in enumerate(reprints) if (n in left) == side] for side in (True, False)]
    halves = [StoryProfile.of(f"half {n}", piece) for n, piece in enumerate(pieces)]
    whole = scorer.weigh(article, [StoryProfile.of("whole", reprints), *others]).values[0]
    cut = max(scorer.weigh(article, [*halves, *others]).values[:2])
    assert cut >= whole - 1e-9
    assert cut >= bar or whole < bar


@MANY
@given(event=st.integers(0, 4), size=st.integers(1, 9), seed=st.integers(0, 99))
def test_a_look_alike_is_a_rival_and_a_clone_is_none(artefact, event, size, seed):
    """The same words with another meaning tell of another event; with the same meaning, of the same."""
    article = member(900, event, time=3 * DAY)
    told = [made(901 + n, event, time=3 * DAY) for n in range(size)]
    story = StoryProfile.of("story", [IndexedArticle(f"a{n}", n, each) for n, each in enumerate(told)])
    vector = np.random.default_rng(seed).normal(size=384)
    other = (vector / np.linalg.norm(vector)).astype(np.float16)
    same = [IndexedArticle(f"b{n}", 50 + n, each) for n, each in enumerate(told)]
    alike = [IndexedArticle(f"c{n}", 70 + n, replace(each, dense=other)) for n, each in enumerate(told)]
    weigh = artefact.scorer.weigh
    alone = weigh(article, [story]).values[0]
    beside_a_clone = weigh(article, [story, StoryProfile.of("clone", same)]).values[0]
    beside_a_look_alike = weigh(article, [story, StoryProfile.of("look-alike", alike)]).values[0]
    assert beside_a_clone == pytest.approx(alone, abs=1e-9)
    assert beside_a_look_alike < alone - 1e-3


@MANY
@given(words=st.sets(st.integers(1, 40), min_size=2, max_size=12), data=st.data())
def test_a_piece_takes_nothing_from_the_whole(artefact, words, data):
    """What tells a part of what the whole story tells is no rival of it; the whole is one of the piece."""
    part = data.draw(st.sets(st.sampled_from(sorted(words)), min_size=1, max_size=len(words) - 1))
    plain = made(900, 1, time=3 * DAY)
    mine, whole, piece = (
        replace(plain, body=Sparse.unit(dict.fromkeys(each, 1.0), 99), pairs=Sparse.unit({}, 99))
        for each in ({*words, 50, 51}, words, part)
    )
    article = IndexedArticle("article", 900, mine)
    story = StoryProfile.of("whole", [IndexedArticle(f"a{n}", n, whole) for n in range(3)])
    fragment = StoryProfile.of("piece", [IndexedArticle("b", 9, piece)])
    weigh = artefact.scorer.weigh
    both = weigh(article, [story, fragment]).values
    assert both[0] == pytest.approx(weigh(article, [story]).values[0], abs=1e-9)
    assert both[1] < weigh(article, [fragment]).values[0]
