"""Reads members of stories, and the lineage of a story."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pipeline.ports import MemberRow, Period
from pipeline.query.fields import micros
from pipeline.records import StoredArticle
from pipeline.store.elasticsearch.clauses import NONE
from pipeline.store.elasticsearch.documents import article_from, from_binary
from pipeline.store.elasticsearch.indices import Names
from pipeline.store.elasticsearch.reading import PAGE, Dsl, Found, Reads, chunked

# In the order of the index, because neighbouring documents are decompressed together.
_AS_THEY_LIE: list[dict[str, Any]] = [{"_shard_doc": "asc"}]
# A row is some kilobytes, so an answer is about 2 MB. While one answer is read here, Elasticsearch makes
# others.
_ROWS, _SLICES, _READERS = 500, 16, 4


def with_traits(
    reads: Reads, members: str, hits: Iterable[Found], *, point: bool = False
) -> list[StoredArticle]:
    """The articles of some hits, with the traits of their members, in the order of the hits.

    Args:
        reads: The connection.
        members: Where the members are.
        hits: Documents of articles.
        point: Whether `members` is the id of a point in time.
    """
    found = list(hits)
    theirs = reads.by_ids(members, (hit["_id"] for hit in found), ("traits",), point=point)
    traits = {hit["_id"]: hit["_source"].get("traits", "") for hit in theirs}
    return [article_from(hit["_source"], traits.get(hit["_id"], "")) for hit in found]


def _row(hit: Found) -> MemberRow:
    member = hit["_source"]
    traits = from_binary(member.get("traits", ""))
    return MemberRow(member.get("id", ""), member.get("story", ""), member["seq"], traits)


def _rows(reads: Reads, point: str, query: Dsl, **part: Any) -> list[MemberRow]:
    """The rows of all hits, or of those in a slice, in no order."""
    hits = reads.stream(point, _AS_THEY_LIE, _ROWS, query={"bool": {"filter": [query]}}, **part)
    return [_row(hit) for hit in hits]


def _many_rows(reads: Reads, point: str, query: Dsl) -> Iterator[MemberRow]:
    """The same in slices, which are read at the same time and ahead of the caller."""

    def read(place: int) -> list[MemberRow]:
        return _rows(reads, point, query, slice={"id": place, "max": _SLICES})

    with ThreadPoolExecutor(_READERS) as threads:
        for rows in threads.map(read, range(_SLICES)):
            yield from rows


def within(published: Sequence[Period], fetched: Sequence[Period]) -> Dsl:
    """The query for what was published, or came, in one of some periods."""
    periods = [("time_us", each) for each in published] + [("fetched_us", each) for each in fetched]
    asked = [{"range": {field: {"gte": micros(a), "lte": micros(b)}}} for field, (a, b) in periods]
    return {"bool": {"should": asked, "minimum_should_match": 1}} if asked else NONE


def active(reads: Reads, point: str, window: Dsl) -> Iterator[MemberRow]:
    """All members of the stories that have a member in the window, in no order."""
    stories: set[str] = set()
    for row in _many_rows(reads, point, window):
        stories.add(row.story)
        yield row
    for piece in chunked(sorted(stories)):
        yield from _rows(
            reads, point, {"bool": {"filter": [{"terms": {"story": piece}}], "must_not": [window]}}
        )


def arrived(reads: Reads, point: str, after: int) -> list[MemberRow]:
    """The members with a number above `after`, by number."""
    return sorted(_rows(reads, point, {"range": {"seq": {"gt": after}}}), key=lambda row: row.seq)


def of_stories(reads: Reads, point: str, stories: Iterable[str], upto: int) -> list[MemberRow]:
    """The members of these stories with numbers up to `upto`, in no order."""
    older = {"range": {"seq": {"lte": upto}}}
    return [
        row
        for piece in chunked(stories)
        for row in _rows(reads, point, {"bool": {"filter": [{"terms": {"story": piece}}, older]}})
    ]


def lineage(reads: Reads, names: Names, story: str) -> list[str]:
    """What happened to a story and to those it came from, as JSON, in no order."""
    kin, fresh, found = {story}, [story], {}
    while fresh:
        query = {"bool": {"should": [{"terms": {"story": fresh}}, {"terms": {"into": fresh}}]}}
        fresh = []
        for hit in reads.pages(
            [{"at_us": "asc"}, {"story": "asc"}, {"into": "asc"}, {"kind": "asc"}, {"by": "asc"}], PAGE,
            index=names.alias("corrections"), query=query, source=["document", "story", "into"],
        ):  # fmt: skip
            source = hit["_source"]
            found[hit["_id"]] = source["document"]
            if source["into"] in kin and source["story"] not in kin:
                kin.add(source["story"])
                fresh.append(source["story"])
    return list(found.values())
