"""Elasticsearch's `more_like_this`: at hand where news is in Elasticsearch anyway; NewsBlur's second step."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Final

import numpy as np
from elasticsearch import Elasticsearch

from benchmarks.peers.linking import components
from benchmarks.peers.news import News

_CHARS: Final = 2000


class MoreLikeThis:
    """Each article asks for the most similar one before it, then is indexed; the threshold is the BM25 score.

    Args:
        url: The node; an index "peers-…" is made and removed.
    """

    name = "more_like_this (Elasticsearch)"
    thresholds = tuple(float(score) for score in (*range(2, 40), *range(40, 80, 2), *range(80, 300, 5)))
    shipped = 30.0  # of NewsBlur; Elasticsearch has none

    def __init__(self, url: str) -> None:
        self._url = url.partition("?")[0]
        self._nearest: list[tuple[int, float]] = []

    def read(self, news: Sequence[News]) -> None:
        """Asks for the nearest one of each article."""
        index = f"peers-{uuid.uuid4().hex[:12]}"
        field = {"type": "text", "analyzer": "english"}
        with Elasticsearch(self._url) as client:
            client.indices.create(
                index=index,
                mappings={"properties": {"title": field, "text": field}},
                settings={"number_of_shards": 1, "number_of_replicas": 0, "translog.durability": "async"},
            )
            try:
                self._nearest = [self._ask(client, index, place, one) for place, one in enumerate(news)]
            finally:
                client.indices.delete(index=index)

    @staticmethod
    def _ask(client: Elasticsearch, index: str, place: int, one: News) -> tuple[int, float]:
        query = {
            "more_like_this": {
                "fields": ["title", "text"],
                "like": f"{one.title} {one.text[:_CHARS]}",
                "min_term_freq": 1,
                "min_doc_freq": 1,
                "max_query_terms": 25,
                "minimum_should_match": 1,
            }
        }
        hits = client.search(index=index, query=query, size=1, source=False)["hits"]["hits"]
        document = {"title": one.title, "text": one.text}
        client.index(index=index, id=str(place), document=document, refresh=True)
        return (int(hits[0]["_id"]), float(hits[0]["_score"])) if hits else (place, 0.0)

    def stories(self, threshold: float) -> Sequence[int]:
        """Each article is in the story of the nearest one, when that is near enough."""
        linked = [(place, to) for place, (to, score) in enumerate(self._nearest) if score >= threshold]
        pairs = np.array(linked, dtype=np.intp).reshape(-1, 2)
        return components(len(self._nearest), pairs[:, 0], pairs[:, 1])
