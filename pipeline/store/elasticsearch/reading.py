"""Reading many documents: pages by `search_after`, and streams from a point in time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from elasticsearch import ApiError

from pipeline.errors import NotFoundError, QueryError, UnavailableError, WirewatchError
from pipeline.store.elasticsearch.link import Link, reason_of

Dsl = dict[str, Any]
Found = Mapping[str, Any]
Item = TypeVar("Item")
# How many documents come in one answer: with their texts, and with a few values only.
PAGE, NARROW_PAGE = 1000, 10_000
# Values in one `terms` query; the default limit of Elasticsearch is 65,536.
PIECE = 10_000
_KEEP = "5m"
# The fields of an article that are read back; its traits are in the member's document.
ARTICLE = ("document", "seq", "story", "backfill")


def chunked(values: Iterable[str], size: int = PIECE) -> Iterator[list[str]]:
    """Distinct values in lists of at most `size`."""
    distinct = list(dict.fromkeys(values))
    for start in range(0, len(distinct), size):
        yield distinct[start : start + size]


def paged(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Items in lists of at most `PAGE`."""
    page: list[Item] = []
    for item in items:
        page.append(item)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


class Reads:
    """Searches over one connection.

    Args:
        link: The connection.
    """

    def __init__(self, link: Link) -> None:
        self._link = link

    def get(self, index: str, name: str) -> Found | None:
        """The fields of one document by id; None where there is none."""

        def ask(client: Any) -> Any:
            return client.options(ignore_status=404).get(index=index, id=name)

        answer = self._link.call("read the store", ask)
        return answer["_source"] if answer.get("found") else None

    def absent(self, index: str) -> bool:
        """Whether there is no such index or alias."""
        return not self._link.call("read the store", lambda client: client.indices.exists(index=index))

    def count(self, index: str, query: Dsl | None = None) -> int:
        """How many documents a query hits."""
        asked = query or {"match_all": {}}
        return int(self._link.call("count", lambda client: client.count(index=index, query=asked))["count"])

    def search(self, **request: Any) -> Any:
        """One search.

        Raises:
            QueryError: Elasticsearch does not take the query.
        """
        try:
            return self._link.call("search", lambda client: client.search(**request), pass_on=(400, 404))
        except ApiError as error:
            raise _refused(error.status_code, reason_of(error)) from None

    def several(self, index: str, searches: Sequence[Dsl]) -> list[Found]:
        """Makes several searches in one request; returns their answers in order.

        Raises:
            QueryError: Elasticsearch does not take one of them.
        """
        return self._at_once([(index, search) for search in searches])

    def _at_once(self, searches: Sequence[tuple[str, Dsl]]) -> list[Found]:
        lines = [line for index, search in searches for line in ({"index": index}, search)]

        def ask(client: Any) -> list[Found]:
            return [_answered(answer) for answer in client.msearch(searches=lines)["responses"]]

        return self._link.call("search", ask)

    def pages(
        self, sort: Sequence[Dsl], size: int, limit: int | None = None, **request: Any
    ) -> Iterator[Found]:
        """All hits of a search in the order of `sort`, in which no two hits may be equal."""
        left = limit
        after: dict[str, Any] = {}
        while left is None or left > 0:
            page = size if left is None else min(size, left)
            answer = self.search(sort=list(sort), size=page, track_total_hits=False, **request, **after)
            hits = answer["hits"]["hits"]
            yield from hits
            if len(hits) < page:
                return
            left = None if left is None else left - len(hits)
            after = {"search_after": hits[-1]["sort"]}
            if "pit" in request:
                request["pit"] = {"id": answer["pit_id"], "keep_alive": _KEEP}

    def by_ids(
        self, index: str, names: Iterable[str], fields: Sequence[str], *, point: bool = False
    ) -> Iterator[Found]:
        """The documents with these ids.

        Args:
            index: Where they are.
            names: Their ids.
            fields: Which of their fields to read.
            point: Whether `index` is the id of a point in time.
        """
        where: Dsl = {"pit": {"id": index, "keep_alive": _KEEP}} if point else {"index": index}
        for piece in chunked(names, PAGE):
            answer = self.search(
                query={"ids": {"values": piece}}, size=len(piece), source=list(fields), **where
            )
            yield from answer["hits"]["hits"]

    def by_ids_in(self, wanted: Mapping[str, Sequence[str]], names: Iterable[str]) -> list[list[Found]]:
        """The documents with these ids in each of several indices, with one request for each thousand ids.

        Args:
            wanted: By index, which fields of its documents to read.
            names: Their ids.
        """
        found: list[list[Found]] = [[] for _ in wanted]
        for piece in chunked(names, PAGE):
            ids = {"query": {"ids": {"values": piece}}, "size": len(piece)}
            searches = [(index, {**ids, "_source": list(fields)}) for index, fields in wanted.items()]
            for place, answer in enumerate(self._at_once(searches)):
                found[place] += answer["hits"]["hits"]
        return found

    def open(self, index: str) -> str:
        """Opens a point in time, which keeps showing the index as it is now; returns its id."""
        answer = self._link.call(
            "read the store", lambda client: client.open_point_in_time(index=index, keep_alive=_KEEP)
        )
        return str(answer["id"])

    def close(self, point: str) -> None:
        """Frees a point in time."""

        def ask(client: Any) -> None:
            client.options(ignore_status=404).close_point_in_time(id=point)

        self._link.call("read the store", ask)

    def stream(self, point: str, sort: Sequence[Dsl], size: int, **request: Any) -> Iterator[Found]:
        """All hits in a point in time."""
        return self.pages(sort, size, pit={"id": point, "keep_alive": _KEEP}, **request)

    def groups(self, index: str, field: str, query: Dsl) -> Iterator[str]:
        """The distinct values of a keyword field among the hits of a query."""
        after: dict[str, Any] = {}
        while True:
            composite = {"size": NARROW_PAGE, "sources": [{"value": {"terms": {"field": field}}}], **after}
            answer = self.search(index=index, query=query, size=0, aggs={"groups": {"composite": composite}})
            found = answer["aggregations"]["groups"]
            for bucket in found["buckets"]:
                yield bucket["key"]["value"]
            if len(found["buckets"]) < NARROW_PAGE:
                return
            after = {"after": found["after_key"]}


def _answered(answer: Found) -> Found:
    """One of several answers; raises if it is an error."""
    if "error" not in answer:
        return answer
    raise _refused(answer["status"], f"{answer['error'].get('type')}: {answer['error'].get('reason')}")


def _refused(status: int, reason: str) -> WirewatchError:
    """The error for a search that failed with this status."""
    if status == 404:
        return NotFoundError(f"the index is not there any more: {reason}")
    if status == 400:
        return QueryError(f"Elasticsearch does not take this query: {reason}")
    return UnavailableError(f"cannot search: Elasticsearch is not able to just now ({reason})")
