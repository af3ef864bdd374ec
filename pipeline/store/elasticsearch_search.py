"""Searching articles by relevance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.store import ranking
from pipeline.store.elasticsearch_read import ARTICLE, PAGE, Dsl, Found, Reads

_ORDER: list[dict[str, Any]] = [{"_score": "desc"}, {"seq": "asc"}]
# The newest hits are looked for among so many numbers for each hit wanted; then among eight times that.
_STRETCH, _LONGER = 4, 8


def ranked(reads: Reads, index: str, query: Dsl, window: Sequence[Dsl], limit: int, head: int) -> list[Found]:
    """The best hits, best first, ties by seq; the newest of many hits are ranked. `head`: the highest seq."""
    asked = {"bool": {"must": [query], "filter": list(window)}}
    most = ranking.candidates(limit)
    first = _first(most, reads, index, asked, head) if most > 0 else None
    if first is not None:
        asked["bool"]["filter"].append(_from(first))
    hits = reads.pages(
        _ORDER, PAGE, limit, index=index, query=asked, source=list(ARTICLE),
        search_type="dfs_query_then_fetch",
    )  # fmt: skip
    return list(hits)


def _from(seq: int) -> Dsl:
    return {"range": {"seq": {"gte": seq}}}


def _within(query: Dsl, seq: int) -> Dsl:
    return {"bool": {"filter": [query, _from(seq)]}}


def _first(most: int, reads: Reads, index: str, query: Dsl, head: int) -> int | None:
    """The number of the first of so many of the newest hits; None where there are not more.

    Elasticsearch orders all hits by number to find it, so only a stretch with not many more is looked at.
    Counting ends beyond `most`, so the more hits there are the sooner it is known.
    """
    starts = list(_starts(most, head))
    total, *counts = reads.counts(index, [query, *(_within(query, start) for start in starts)], most + 1)
    if total <= most:
        return None
    enough = (start for start, count in zip(starts, counts, strict=True) if count > most)
    answer = reads.search(
        index=index, query=_within(query, next(enough, 0)), sort=[{"seq": "desc"}], from_=most - 1, size=1,
        source=False, track_total_hits=False,
    )  # fmt: skip
    return int(answer["hits"]["hits"][0]["sort"][0])


def _starts(most: int, head: int) -> Iterator[int]:
    """Where stretches begin that end at the head, the shortest first."""
    width = most * _STRETCH
    while width < head:
        yield head - width
        width *= _LONGER
