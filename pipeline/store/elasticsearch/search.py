"""Searching articles by relevance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.store.elasticsearch.reading import ARTICLE, PAGE, Dsl, Found, Reads
from pipeline.store.rules import ranking

_ORDER: list[dict[str, Any]] = [{"_score": "desc"}, {"seq": "asc"}]
# The newest hits are looked for among _STRETCH numbers for each hit wanted, then among _LONGER times as many.
_STRETCH, _LONGER = 4, 8
# How many stretches, the shortest, are asked for before the others.
_SHORT = 2


def ranked(reads: Reads, index: str, query: Dsl, limit: int, head: int, *, rare: bool) -> list[Found]:
    """The best hits, best first, ties by seq; the newest of many hits are ranked.

    Args:
        reads: The connection.
        index: Of the articles.
        query: What is asked, and ranked by.
        limit: How many hits.
        head: The highest seq.
        rare: Whether few hits are likely: all are then ranked at once, and once more if they are many.
    """
    request = {"index": index, "source": list(ARTICLE), "search_type": "dfs_query_then_fetch"}
    most = ranking.candidates(limit)
    if most > 0 and rare and limit <= PAGE:
        answer = reads.search(query=query, sort=_ORDER, size=limit, track_total_hits=most + 1, **request)
        if _total(answer) <= most:
            return list(answer["hits"]["hits"])
    first = _first(most, reads, index, query, head) if most > 0 else None
    if first is not None:
        query = {"bool": {"must": [query], "filter": [_from(first)]}}
    return list(reads.pages(_ORDER, PAGE, limit, query=query, **request))


def _from(seq: int) -> Dsl:
    return {"range": {"seq": {"gte": seq}}}


def _within(query: Dsl, seq: int) -> Dsl:
    return {"bool": {"filter": [query, _from(seq)]}}


def _first(most: int, reads: Reads, index: str, query: Dsl, head: int) -> int | None:
    """The lowest number among the `most` newest hits; None where there are no more hits than that.

    To find it Elasticsearch sorts all hits by number. So it is first looked for in stretches of the newest
    articles, and a frequent word has enough hits in a short one. Counting stops beyond `most`.
    """

    def last(asked: Dsl) -> Dsl:
        return {
            "query": asked, "sort": [{"seq": "desc"}], "from": most - 1, "size": 1,
            "_source": False, "track_total_hits": False,
        }  # fmt: skip

    stretches = [last(_within(query, start)) for start in _starts(most, head)]
    count = {"query": query, "size": 0, "track_total_hits": most + 1}
    for asked in (stretches[:_SHORT], [*stretches[_SHORT:], count], [last(query)]):
        answers = reads.several(index, asked) if asked else []
        hits = [hit for answer in answers for hit in answer["hits"]["hits"]]
        if hits:
            return int(hits[0]["sort"][0])
        if count in asked and _total(answers[-1]) <= most:
            return None
    return None


def _total(answer: Found) -> int:
    return int(answer["hits"]["total"]["value"])


def _starts(most: int, head: int) -> Iterator[int]:
    """Where stretches begin that end at the head, the shortest first."""
    width = most * _STRETCH
    while width < head:
        yield head - width
        width *= _LONGER
