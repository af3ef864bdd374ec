"""Reads an Elasticsearch store in pieces, for copying."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from pipeline.ports import Commit, Version
from pipeline.records import (
    Alert,
    Change,
    Correction,
    Decision,
    FeedState,
    Lineage,
    Message,
    Rejection,
    Request,
    Story,
    WatchState,
)
from pipeline.store.codec import decode
from pipeline.store.copying import Piece
from pipeline.store.elasticsearch.commit.root import Roots
from pipeline.store.elasticsearch.documents import ANSWERED, REQUESTED, from_binary
from pipeline.store.elasticsearch.indices import KINDS, MONTHLY
from pipeline.store.elasticsearch.members import with_traits
from pipeline.store.elasticsearch.reading import ARTICLE, PAGE, Found, Reads, paged

Kind = TypeVar("Kind")
_SHARD: list[dict[str, Any]] = [{"_shard_doc": "asc"}]


def pieces(roots: Roots, reads: Reads) -> Iterator[Piece]:
    """The whole store as of one moment, from points in time that were all opened within one commit."""
    kinds = (*MONTHLY, *KINDS, "state")

    def opened() -> tuple[int, dict[str, str]]:
        points = {kind: reads.open(roots.names.alias(kind)) for kind in kinds}
        return roots.read().root.head, points

    head, points = roots.consistent(opened)
    try:
        reader = _Reader(reads, points, head)
        yield Piece(reader.small(), (), head)
        yield from reader.articles()
        yield from reader.others()
    finally:
        for point in points.values():
            reads.close(point)


class _Reader:
    def __init__(self, reads: Reads, points: dict[str, str], head: int) -> None:
        self._reads = reads
        self._points = points
        self._head = head

    def _hits(self, kind: str, *fields: str) -> Iterator[Found]:
        return self._reads.stream(self._points[kind], _SHARD, PAGE, source=list(fields))

    def _documents(self, kind: type[Kind], alias: str) -> tuple[Kind, ...]:
        return tuple(decode(kind, hit["_source"]["document"]) for hit in self._hits(alias, "document"))

    def small(self) -> Commit:
        corrections, lineage = [], []
        for hit in self._hits("corrections", "document", "kind"):
            source = hit["_source"]
            if source["kind"].startswith("correction"):
                corrections.append(decode(Correction, source["document"]))
            else:
                lineage.append(decode(Lineage, source["document"]))
        marks: dict[str, str] = {}
        requests: list[Request] = []
        for hit in self._hits("state", "kind", "name", "document"):
            source = hit["_source"]
            if source["kind"] == "mark":
                marks[source["name"]] = source["document"]
            elif source["kind"] in {REQUESTED, ANSWERED}:
                requests.append(decode(Request, source["document"]))
        learned = {
            hit["_source"]["key"]: from_binary(hit["_source"]["data"])
            for hit in self._hits("learned", "key", "data")
        }
        return Commit(
            lineage=tuple(lineage),
            corrections=tuple(corrections),
            requests=tuple(requests),
            learned=learned,
            rejections=self._documents(Rejection, "quarantine"),
            feeds=self._documents(FeedState, "feeds"),
            tellings=self._documents(WatchState, "tellings"),
            marks=marks,
        )

    def articles(self) -> Iterator[Piece]:
        order: list[dict[str, Any]] = [{"seq": "asc"}]
        hits = self._reads.stream(self._points["articles"], order, PAGE, source=list(ARTICLE))
        for page in paged(hits):
            articles = tuple(with_traits(self._reads, self._points["members"], page, point=True))
            names = [each.enriched.article.id for each in articles]
            found = self._reads.stream(
                self._points["versions"], _SHARD, PAGE,
                query={"terms": {"article": names}}, source=["document", "place"],
            )  # fmt: skip
            versions = tuple(
                (hit["_source"]["place"], decode(Version, hit["_source"]["document"])) for hit in found
            )
            yield Piece(Commit(articles=articles), versions, self._head)

    def others(self) -> Iterator[Piece]:
        for page in paged(self._hits("changes", "document")):
            yield Piece(Commit(), (), self._head, _all(Change, page))
        for page in paged(self._hits("stories", "document")):
            yield Piece(Commit(stories=_all(Story, page)), (), self._head)
        for page in paged(self._hits("decisions", "document")):
            yield Piece(Commit(decisions=_all(Decision, page)), (), self._head)
        for page in paged(self._hits("alerts", "document")):
            yield Piece(Commit(alerts=_all(Alert, page)), (), self._head)
        for page in paged(self._hits("outbox", "document")):
            yield Piece(Commit(messages=_all(Message, page)), (), self._head)


def _all(kind: type[Kind], page: list[Found]) -> tuple[Kind, ...]:
    return tuple(decode(kind, hit["_source"]["document"]) for hit in page)
