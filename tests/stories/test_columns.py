"""What is worked out for many members together is what each alone gives, in whatever order they came."""

from __future__ import annotations

import random
from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from invented_members import ARTICLE, members

from pipeline.stories.features.packed import Sparse
from pipeline.stories.index import postings as postings_module
from pipeline.stories.index.columns import Columns
from pipeline.stories.index.postings import Postings, heaviest_of_each
from pipeline.stories.index.story_profile import StoryProfile, sum_up
from pipeline.stories.index.sums import Sums

LAW = settings(max_examples=examples(40), deadline=None, derandomize=True)
ARTICLES = st.lists(ARTICLE, min_size=1, max_size=24)


@LAW
@given(articles=ARTICLES, seed=st.integers(0, 99), cuts=st.lists(st.integers(0, 24), max_size=4))
def test_columns_of_pieces_put_in_order_are_those_of_all(artefact, articles, seed, cuts):
    came = members(articles)
    random.Random(seed).shuffle(came)
    bounds = [0, *sorted(min(cut, len(came)) for cut in cuts), len(came)]
    parts = [Columns.of(came[a:b], artefact.center) for a, b in pairwise(bounds)]
    order = np.argsort([one.seq for one in came], kind="stable")
    joined = Columns.joined(parts, order)
    whole = Columns.of([came[place] for place in order], artefact.center)
    for field in fields(Columns):
        np.testing.assert_array_equal(getattr(joined, field.name), getattr(whole, field.name), strict=True)


VECTORS = st.lists(
    st.dictionaries(st.integers(0, 2**32 - 1), st.floats(0.01, 9.0), max_size=12).map(
        lambda w: Sparse.unit(w, 99)
    ),
    min_size=1,
    max_size=6,
)


@LAW
@given(vectors=VECTORS, limit=st.integers(1, 9))
def test_the_heaviest_terms_are_those_of_a_sorted_list(vectors, limit):
    lengths = np.array([len(vector.ids) for vector in vectors])
    kept, terms, bits = heaviest_of_each(
        np.concatenate([v.ids for v in vectors]), np.concatenate([v.weights for v in vectors]), lengths, limit
    )
    numbers = np.repeat(np.arange(len(vectors)), kept)
    weights = bits.view(np.float16).astype(np.float64)
    expected = [
        (number, term, weight)
        for number, vector in enumerate(vectors)
        for term, weight in sorted(vector.items, key=lambda item: (-item[1], item[0]))[:limit]
    ]
    assert list(zip(numbers.tolist(), terms.tolist(), weights.tolist(), strict=True)) == expected


def told(sums):
    return (
        {k: (v.count, v.weights) for k, v in sums.body.items()},
        {k: (v.count, v.weights) for k, v in sums.pairs.items()},
        {k: (v.tolist(), n) for k, (v, n) in sums.dense.items()},
        +sums.outlets,
        np.array(sums.times).tolist().__repr__(),
        list(sums.years),
    )


@LAW
@given(stories=st.lists(ARTICLES, min_size=1, max_size=5))
def test_sums_of_many_stories_are_those_of_each_and_of_members_one_by_one(stories):
    groups = [members(articles) for articles in stories]
    together = Sums.of_each(groups)
    for group, sums in zip(groups, together, strict=True):
        grown = Sums.of([])
        for position, one in enumerate(group):
            grown.add(one, position)
        assert told(sums) == told(Sums.of(group)) == told(grown)


def test_large_stories_alone_are_summed_up_and_only_once():
    large, small = (
        StoryProfile.of("large", members([(1, "en", 1, "A", 384)] * 6)),
        StoryProfile.of("small", members([(1, "en", 1, "A", 384)] * 5)),
    )
    sum_up([large, small, large])
    assert not large.unsummed()
    assert not small.unsummed()
    sums = large.sums
    sum_up([large])
    assert large.sums is sums
    assert told(sums) == told(Sums.of(large.members))


@LAW
@given(
    pieces=st.lists(st.lists(st.sets(st.integers(0, 9), max_size=5), min_size=1, max_size=6), max_size=5),
    bulk=st.integers(1, 12),
    limit=st.one_of(st.none(), st.integers(1, 8)),
)
def test_postings_answer_alike_however_many_came_at_once(pieces, bulk, limit):
    answers = []
    for least in (bulk, 1 << 30):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(postings_module, "_BULK", least)
            postings, slots = Postings(*posted([])), 0
            for members in pieces:
                postings.add(slots, *posted(members))
                slots += len(members)
            counts, found = postings.newest(list(range(11)), limit)
            laid = [np.concatenate(part) for part in zip(*postings.laid_together(), strict=True)]
            answers.append((counts, found.tolist(), *(part.tolist() for part in laid)))
    assert answers[0] == answers[1]
    held = [slot for slot, terms in enumerate(each for members in pieces for each in members) if 3 in terms]
    newest = held if limit is None else held[-limit:]
    before = sum(answers[0][0][:3])
    assert [one >> 16 for one in answers[0][1][before : before + answers[0][0][3]]] == newest


def posted(members):
    """What `Postings` takes of members that have these terms."""
    terms = [term for each in members for term in sorted(each)]
    return (
        np.array([len(each) for each in members], np.intp),
        np.array(terms, np.uint32),
        np.full(len(terms), 0x3C00, np.uint16),
    )
