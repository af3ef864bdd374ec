"""Searching articles by relevance."""

from __future__ import annotations

from collections.abc import Sequence
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
    if most > 0 and _more_than(most, reads, index, asked):
        asked["bool"]["filter"].append(_from(_last(most, reads, index, asked, head)))
    hits = reads.pages(
        _ORDER, PAGE, limit, index=index, query=asked, source=list(ARTICLE),
        search_type="dfs_query_then_fetch",
    )  # fmt: skip
    return list(hits)


def _from(seq: int) -> Dsl:
    return {"range": {"seq": {"gte": seq}}}


def _within(query: Dsl, seq: int) -> Dsl:
    return {"bool": {"filter": [query, _from(seq)]}}


def _more_than(most: int, reads: Reads, index: str, query: Dsl) -> bool:
    """Whether there are more hits; counting ends there, so the more there are the sooner it is known."""
    answer = reads.search(index=index, query=query, size=0, track_total_hits=most + 1)
    return int(answer["hits"]["total"]["value"]) > most


def _last(most: int, reads: Reads, index: str, query: Dsl, head: int) -> int:
    """The number of the last of so many of the newest hits.

    Elasticsearch orders all hits by number to find it, so only a stretch with not many more is looked at.
    """
    width = most * _STRETCH
    while width < head and not _more_than(most, reads, index, _within(query, head - width)):
        width *= _LONGER
    answer = reads.search(
        index=index, query=_within(query, head - width), sort=[{"seq": "desc"}], from_=most - 1, size=1,
        source=False, track_total_hits=False,
    )  # fmt: skip
    return int(answer["hits"]["hits"][0]["sort"][0])
