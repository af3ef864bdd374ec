"""Which stories one long affair ties together: the rule, its explanation, and what is known of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from invented_members import ARTICLE, made, members
from invented_news import article

from pipeline.errors import StoreError
from pipeline.stories.features.features import arrive
from pipeline.stories.features.packed import IndexedArticle, Name
from pipeline.stories.features.statistics import StreamStatistics
from pipeline.stories.situations import situation_index
from pipeline.stories.situations.situation_index import SituationIndex
from pipeline.stories.situations.situation_profile import pack, unpack

CENTER = np.zeros(384)


class Kept:
    """Learned state as a store keeps it."""

    def __init__(self):
        self.pieces = {}

    def read(self, keys):
        return {key: self.pieces[key] for key in keys if key in self.pieces}

    def commit(self, changed):
        self.pieces |= changed
        self.pieces = {key: value for key, value in self.pieces.items() if value}


def told(items, *, restart_after=10**9, kept=None):
    """Each member founds a story, or joins that of the one before where `None` stands for it."""
    kept = kept or Kept()
    index = SituationIndex(kept.read, CENTER)
    found = []
    for n, member in enumerate(items):
        tied = index.place(member, f"story {n}", founded=True)
        found.append(tied and (tied.tie, tied.joined))
        if n % restart_after == restart_after - 1:
            kept.commit(index.dirty())
            index = SituationIndex(kept.read, CENTER)
    kept.commit(index.dirty())
    return found, kept.pieces


AFFAIR = (
    "Tanker Brenta runs aground off Cape Solvang, oil reaches the shore",
    "Captain of tanker Brenta questioned over the Cape Solvang grounding",
    "Trial begins for captain of the tanker Brenta after the Cape Solvang spill",
)
OTHERS = (
    "Parliament passes the budget after a night of votes",
    "Orchestra opens its season with a new symphony",
    "Rain delays the final of the tennis open",
    "Court fines a bakery for mislabelled bread",
    "Museum shows drawings that nobody had seen",
)


def stream():
    titles = [title for pair in zip(AFFAIR, OTHERS, strict=False) for title in pair] + list(OTHERS[3:])
    enriched = [article(n, title, "", "Harbour Post", n * 24.0 * 30) for n, title in enumerate(titles)]
    arrived = arrive(enriched, StreamStatistics.empty(), None)
    return titles, [IndexedArticle(f"{n:016x}", n, each.traits) for n, each in enumerate(arrived, start=1)]


def test_an_affair_of_months_is_one_situation_and_says_why():
    titles, items = stream()
    index = SituationIndex(Kept().read, None)
    ties = [index.place(item, title, founded=True) for item, title in zip(items, titles, strict=True)]
    assert [title for title, tied in zip(titles, ties, strict=True) if tied] == list(AFFAIR[1:])
    first, second = (tied for tied in ties if tied)
    assert first.tie.situation == second.tie.situation == first.joined == AFFAIR[0]
    assert second.joined == ""
    assert first.tie.score >= first.tie.threshold > 0
    assert {"tanker", "brenta"} & {word for e in first.tie.evidence for word in e.article.split()}
    assert sum(each.weight for each in first.tie.evidence) <= 1.01


def test_a_name_is_told_as_a_name():
    _, items = stream()
    named = [
        IndexedArticle(i.article, i.seq, replace(i.traits, names=(Name("n1", "Cape Solvang", "place", 0.5),)))
        for i in items
    ]
    index = SituationIndex(Kept().read, None)
    ties = [index.place(item, str(n), founded=True) for n, item in enumerate(named)]
    evidence = next(tied for tied in ties if tied).tie.evidence
    assert ("place", "Cape Solvang") in [(each.kind, each.article) for each in evidence]


def test_a_story_that_is_alone_is_tried_with_its_next_articles_and_a_tied_one_is_not():
    _, items = stream()
    index = SituationIndex(Kept().read, None)
    assert index.place(items[0], "spill", founded=True) is None
    assert index.place(items[1], "budget", founded=True) is None
    tied = index.place(items[2], "budget", founded=False)
    assert tied is not None
    assert tied.tie.situation == tied.joined == "spill"
    assert index.place(items[4], "budget", founded=False) is None
    assert index.place(items[4], "spill", founded=False) is None
    assert index.place(items[4], "unknown", founded=False) is None


def test_an_article_that_nothing_can_be_compared_with_is_in_no_situation():
    _, items = stream()
    empty = replace(items[0].traits, body=made(1, 1).body.unit({}, 0), pairs=made(1, 1).pairs.unit({}, 0))
    index = SituationIndex(Kept().read, None)
    for n in range(3):
        assert index.place(IndexedArticle(f"{n:016x}", n, empty), str(n), founded=True) is None
    assert index.dirty() == {}


@settings(max_examples=examples(15), deadline=None)
@given(items=st.lists(ARTICLE, max_size=40), restart_after=st.integers(1, 12))
def test_restarts_cannot_be_told_from_the_outcome(items, restart_after):
    assert told(members(items)) == told(members(items), restart_after=restart_after)


@pytest.mark.parametrize("most", [1, 3])
def test_what_changed_longest_ago_is_forgotten_first(monkeypatch, most):
    monkeypatch.setattr(situation_index, "ALONE_KEPT", most)
    monkeypatch.setattr(situation_index, "TIED_KEPT", most)
    monkeypatch.setattr(situation_index, "_PIECE", 2)
    items = members([(n % 5, "en", n, "", 384) for n in range(40)])
    assert told(items) == told(items, restart_after=3)
    kept = [each for key, data in told(items)[1].items() if ":" in key for each in unpack(data)]
    assert len([each for each in kept if each.stories == 1]) <= most
    assert len([each for each in kept if each.stories > 1]) <= most


def test_time_apart_costs_and_an_unknown_time_does_not():
    near = told(members([(1, "en", 0, "", 384), (1, "en", 1, "", 384)]))[0][1]
    far = told(members([(1, "en", 0, "", 384), (1, "en", 20, "", 384)]))[0][1]
    unknown = told(members([(1, "en", 0, "", 384), (1, "en", None, "", 384)]))[0][1]
    assert unknown[0].score >= near[0].score > far[0].score


def test_bytes_of_another_kind_are_refused():
    assert unpack(pack([])) == []
    with pytest.raises(StoreError, match="replay the archive"):
        unpack(b"WWT1")
