"""The law under the batch-size invariance of alerts: how commits are cut changes no number."""

from __future__ import annotations

from dataclasses import replace

from conformance_changes import edited
from hypothesis import given
from hypothesis import strategies as st
from store_records import article

from pipeline.ports import Commit
from pipeline.records import Change, StoredArticle
from pipeline.store.rules.numbering import Numbers, Placed, numbered

steps = st.lists(st.tuples(st.sampled_from(["new", "edit", "move", "same"]), st.integers(0, 5)), max_size=14)


def history(of: list[tuple[str, int]]) -> list[StoredArticle]:
    made = [article(1, story="s0")]
    now = {0: made[0]}
    for place, (kind, which) in enumerate(of):
        old = now[which % len(now)]
        stored = {
            "new": article(len(now) + 1, story=f"s{which}"),
            "edit": edited(old, f"e{place}"),
            "move": replace(old, story=f"s{which}"),
            "same": old,
        }[kind]
        now[stored.seq - 1] = stored
        made.append(stored)
    return made


def changes(parts: list[list[StoredArticle]]) -> list[Change]:
    found: list[Change] = []
    known: dict[str, Placed] = {}
    for part in parts:
        before = Numbers(found[-1].seq if found else 0, found[-1].n if found else 0)
        found += numbered(Commit(articles=tuple(part)), known, before)
        known |= {a.enriched.article.id: Placed(a.enriched.article.digest, a.story) for a in part}
    return found


@given(of=steps, cuts=st.lists(st.integers(1, 4), max_size=14))
def test_how_commits_are_cut_changes_no_number(of: list[tuple[str, int]], cuts: list[int]) -> None:
    whole = history(of)
    parts, start = [], 0
    for cut in [*cuts, len(whole)]:
        parts.append(whole[start : start + cut])
        start += cut
    assert changes([whole]) == changes(parts) == changes([[each] for each in whole])
    assert changes([whole, whole[-1:]]) == changes([whole])
