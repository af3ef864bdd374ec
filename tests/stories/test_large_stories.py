"""A very large story is compared and told by its newest members, whatever the way there."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from invented_members import ARTICLE, member, members
from invented_news import START, article, write

from pipeline.ports import Commit
from pipeline.records import StoredArticle
from pipeline.stages.grouping import index_files, state
from pipeline.store.sqlite.database import SqliteStore
from pipeline.stories.describing import describe as describing
from pipeline.stories.features.features import arrive
from pipeline.stories.features.packed import IndexedArticle
from pipeline.stories.features.statistics import StreamStatistics
from pipeline.stories.index import story_profile
from pipeline.stories.index.story_index import DENSE_STORIES, LEXICAL_STORIES, StoryIndex
from pipeline.stories.index.story_profile import StoryProfile

FEW = 8
QUICK = settings(
    max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def few(monkeypatch) -> None:
    """So few members are compared and told."""
    monkeypatch.setattr(story_profile, "COMPARED", FEW)
    for module in (state, describing):
        monkeypatch.setattr(module, "MEMBERS_TOLD", FEW)


def seen(profile, asked, scorer):
    """What a scorer, and the rule on columns, see of a story."""
    weighed = scorer.weigh(asked, [profile])
    return weighed.values, weighed.explain(0), profile.is_column_of(asked)


@QUICK
@given(items=st.lists(ARTICLE, min_size=12, max_size=30), seed=st.integers(0, 999))
def test_a_large_story_does_not_remember_how_it_came_about(artefact, few, items, seed):
    everyone, chance = members(items), random.Random(seed)
    asked = member(len(items), 1, outlet="A")
    grown = StoryProfile("s")
    inside: list[IndexedArticle] = []
    for _ in range(60):
        outside = [each for each in everyone if each not in inside]
        if inside and (not outside or chance.random() < 0.3):
            gone = chance.choice(inside)
            inside.remove(gone)
            assert grown.remove(gone.article) is gone
        else:
            come = chance.choice(outside)
            inside.append(come)
            grown.add(come)
        if inside:
            # Its sums are made here, and changed from then on.
            anew = StoryProfile.of("s", inside)
            own = chance.choice(inside)
            for each in (asked, own):
                assert seen(grown, each, artefact.scorer) == seen(anew, each, artefact.scorer)


def test_what_came_long_before_the_newest_does_not_count(artefact, few):
    everyone = [member(n, n % 3) for n in range(3 * FEW)]
    whole, newest = StoryProfile.of("s", everyone), StoryProfile.of("s", everyone[-FEW:])
    asked = member(100, 1)
    assert seen(whole, asked, artefact.scorer) == seen(newest, asked, artefact.scorer)
    assert (whole.size, whole.first_seq) == (3 * FEW, 0)


def test_what_one_more_member_costs_does_not_grow_with_a_story():
    profile = StoryProfile.of("s", [member(n, n % 40) for n in range(2 * story_profile.COMPARED)])
    before = len(profile.body["en"].ids)
    for n in range(2 * story_profile.COMPARED, 3 * story_profile.COMPARED):
        profile.add(member(n, n % 40))
    assert len(profile.sums.times) == story_profile.COMPARED
    assert len(profile.body["en"].ids) <= 1.1 * before


def by_all(index, ranking, limit):
    """The stories of the best members, with all of them put in order."""
    every = ranking._ordered(len(index))
    if ranking._allowed is not None:
        every = every[ranking._allowed(every)]
    homes = dict.fromkeys(index._placement.homes(every.tolist()))
    return [home.story for home in homes if home is not None][:limit]


@pytest.mark.parametrize("kept", [False, True])
def test_stories_behind_a_large_one_come_in_their_order(artefact, tmp_path, kept):
    chance, index = random.Random(3), StoryIndex(30.0, artefact.center)
    for n in range(700):
        # The first story has most of one event's members; others of it are further stories.
        index.add(member(n, 0), "large" if chance.random() < 0.9 else f"s{n % 12}")
    if kept:
        index_files.keep(tmp_path, "n", index, None, {})
        index = StoryIndex.kept(index_files.opened(tmp_path, "n").frozen, 30.0, artefact.center)
    for n in range(700, 900):
        index.add(member(n, 0), "large" if chance.random() < 0.9 else f"t{n % 3}")
    for n in range(0, 900, 7):
        index.move(f"{n:016x}", chance.choice(["large", "s1", "t0", "u"]))
    for n in range(3, 900, 50):
        index.remove(f"{n:016x}")
    for one in [member(1000 + n, 0) for n in range(4)]:
        [found] = index.find([one])
        words = by_all(index, found.words, LEXICAL_STORIES)
        vectors = by_all(index, found.vectors, DENSE_STORIES)
        assert [p.story for p in index.candidates(found)] == list(dict.fromkeys(words + vectors))
        assert len(words) == LEXICAL_STORIES


def stored(number):
    """The articles of one story."""
    articles = [write(n, 0, n % 4, n % 3, float(n)) for n in range(number - 1)]
    last = article(number - 1, "Dam opened", "Nobody says when.", "Late", 0)
    undated = replace(last, article=replace(last.article, published=None))
    arrivals = arrive([*articles, undated], StreamStatistics.empty(), None)
    return [StoredArticle(a.enriched, n + 1, "s", a.traits.to_bytes()) for n, a in enumerate(arrivals)]


def test_a_large_story_is_told_by_its_newest_members_and_has_them_all(few):
    every = stored(3 * FEW)
    story = describing.describe("s", every)
    older = [IndexedArticle(a.enriched.article.id, a.seq, a.traits) for a in every[:-FEW]]
    assert story == describing.describe("s", every[-FEW:], older=older)
    assert story.members == tuple(a.enriched.article.id for a in every)
    assert (story.first_seq, story.last_seq) == (1, 3 * FEW)
    assert story.first_published == START
    newest = describing.describe("s", every[-FEW:])
    assert (story.title, story.outlets, story.origins) == (newest.title, newest.outlets, newest.origins)
    assert describing.describe("s", [every[-1]], older=older[:1]).dated


def test_a_commit_reads_the_newest_members_and_none_of_them_twice(artefact, few, tmp_path, monkeypatch):
    every = stored(4 * FEW)
    store = SqliteStore(tmp_path / "w.db")
    store.commit(Commit(articles=tuple(every[: 3 * FEW])))
    clustering = state.Clustering(store, artefact.scorer, timedelta(days=30), artefact.center)
    clustering.cover_all(START, START)
    asked: list[str] = []
    articles = store.articles

    def counted(names):
        asked.extend(names)
        return articles(names)

    monkeypatch.setattr(store, "articles", counted)
    for one in every[3 * FEW :]:
        clustering.index.add(IndexedArticle(one.enriched.article.id, one.seq, one.traits), "s")
        [told] = clustering.told({"s": 1}, {one.enriched.article.id: one})
        upto = every[: one.seq]
        assert told == describing.describe("s", upto, told.version)
        store.commit(Commit(articles=(one,), stories=(told,)))
        told_again = replace(told, version=told.version + 1)
        assert clustering.told({"s": 1}, {}) == (told_again,)
    assert sorted(asked) == sorted({a.enriched.article.id for a in every[2 * FEW + 1 : 3 * FEW]})
    store.close()
