"""Made-up members for the tests of the index: traits without articles."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import strategies as st

from pipeline.stories.features.packed import Features, IndexedArticle, Sparse

DAY = 86_400.0


def made(number, event, *, language="en", time=0.0, outlet="", dense=384):
    """An article with half of its event's 12 words and some of everybody's 60."""
    rng = random.Random(number)
    words = rng.sample(range(event * 100, event * 100 + 12), 6) + rng.sample(range(9000, 9060), 8)
    vector = np.random.default_rng(event).normal(size=dense) + 0.5 * np.random.default_rng(number).normal(
        size=dense
    )
    return Features(
        time=time,
        fetched=0.0 if time is None else time,
        language=language,
        outlet=outlet,
        title=f"Title {number}",
        lead=f"Lead {event}",
        title_form=event,
        title_exact=number,
        years=1 << 36,
        body=Sparse.unit({w: 1.0 + rng.random() for w in words}, 256),
        pairs=Sparse.unit({w * 7: 1.0 for w in words[:5]}, 96),
        dense=(vector / (np.linalg.norm(vector) or 1.0)).astype(np.float16),
        names=(),
        numbers=(),
        signature=np.zeros(4, dtype=np.uint32),
    )


def member(number, event, **options):
    return IndexedArticle(f"{number:016x}", number, made(number, event, **options))


ARTICLE = st.tuples(
    st.integers(0, 4),
    st.sampled_from(["en", "en", "en", "de"]),
    st.one_of(st.none(), st.integers(0, 20)),
    st.sampled_from(["", "A", "B"]),
    st.sampled_from([384, 384, 0]),
)


def members(items):
    return [
        member(n, event, language=lang, time=None if day is None else day * DAY, outlet=outlet, dense=dense)
        for n, (event, lang, day, outlet, dense) in enumerate(items)
    ]
