"""Searching articles by relevance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.store import ranking
from pipeline.store.elasticsearch_read import ARTICLE, PAGE, Dsl, Found, Reads

_ORDER: list[dict[str, Any]] = [{"_score": "desc"}, {"seq": "asc"}]


def ranked(reads: Reads, index: str, query: Dsl, window: Sequence[Dsl], limit: int) -> list[Found]:
    """The best hits, best first, ties by seq; of many hits the newest are ranked."""
    filters = [*window, *_newest(reads, index, query, window, limit)]
    hits = reads.pages(
        _ORDER, PAGE, limit, index=index, query={"bool": {"must": [query], "filter": filters}},
        source=list(ARTICLE), search_type="dfs_query_then_fetch",
    )  # fmt: skip
    return list(hits)


def _newest(reads: Reads, index: str, query: Dsl, window: Sequence[Dsl], limit: int) -> list[Dsl]:
    """What keeps to the hits that are ranked: from the last one of them on, by seq."""
    most = ranking.candidates(limit)
    if most < 0:
        return []
    asked = {"bool": {"filter": [query, *window]}}
    found = reads.search(
        index=index, query=asked, sort=[{"seq": "desc"}], from_=most - 1, size=1, source=False,
        track_total_hits=False,
    )["hits"]["hits"]  # fmt: skip
    return [{"range": {"seq": {"gte": found[0]["sort"][0]}}}] if found else []
