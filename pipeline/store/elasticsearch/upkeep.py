"""Upkeep of an Elasticsearch store: drops whole months with their indices, and merges months that ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from pipeline.ports import Lease
from pipeline.query.fields import micros
from pipeline.records import Story
from pipeline.store.codec import decode
from pipeline.store.elasticsearch.commit.bulk import Write, out, put
from pipeline.store.elasticsearch.commit.changes import gone, kept_of
from pipeline.store.elasticsearch.commit.root import Roots, fence
from pipeline.store.elasticsearch.documents import hashed, story_source
from pipeline.store.elasticsearch.indices import (
    MONTHLY,
    Names,
    index_kind,
    month,
    parts_of,
    split_part,
)
from pipeline.store.elasticsearch.link import Link
from pipeline.store.elasticsearch.migrate import purge
from pipeline.store.elasticsearch.reading import NARROW_PAGE, Found, Reads
from pipeline.store.rules.retention import shrunk

_BY_SEQ: list[dict[str, Any]] = [{"seq": "asc"}]


def drop_before(roots: Roots, reads: Reads, time: datetime, lease: Lease) -> int:
    """Removes the articles before a time; returns how many.

    Months that lie wholly before it go with their indices; other articles are deleted one by one.

    Raises:
        LeaseHeldError: The lease is not the current one.
    """
    while True:
        seen = roots.writable()
        fence(seen.root, lease)
        old = list(_before(reads, roots.names, micros(time)))
        if not old:
            return 0
        whole = {when for hit in old if (when := split_part(_place(roots.names, hit))[0]) < month(time)}
        newest = {when: seen.root.parts.get(f"articles-{when}", 1) for when in whole}
        drops = [name for kind in MONTHLY for when in sorted(whole)
                 for name in parts_of(f"{kind}-{when}", newest[when])]  # fmt: skip
        writes = list(_writes(reads, roots.names, old, whole))
        if roots.put(seen, writes, drops=drops):
            purge(roots.link, roots.names, keep=seen.root.epoch)
            return len(old)


def optimize(link: Link, names: Names, before: datetime) -> int:
    """Merges the segments of months that ended before a time; returns of how many indices.

    Kinds without months are left as they are: any of their documents may be rewritten, and what an index of
    one segment deletes stays in it for long.

    Each commit leaves segments, and a search asks every one of them. An index that is hardly ever written to
    is searched fastest with a single segment (Elasticsearch's guide, "Tune for search speed").
    """
    asked = "merge the months that ended"
    monthly = [names.alias(kind) for kind in MONTHLY]
    shown = link.call(asked, lambda client: client.indices.segments(index=monthly))["indices"]
    ended = [
        name
        for name in sorted(shown)
        if split_part(index_kind(names, name))[0].partition("-")[2] < month(before)
    ]
    apart = [name for name in ended if _segments(shown[name]) > 1]
    for name in apart:
        link.call(
            asked,
            lambda client, index=name: client.indices.forcemerge(  # type: ignore[misc]
                index=index, max_num_segments=1, wait_for_completion=False
            ),
        )
    return len(apart)


def _segments(index: Found) -> int:
    """The highest number of segments that any copy of a shard has."""
    return max(int(copy["num_search_segments"]) for shard in index["shards"].values() for copy in shard)


def _before(reads: Reads, names: Names, time: int) -> Iterator[Found]:
    return reads.pages(
        _BY_SEQ, NARROW_PAGE, index=names.articles, query={"range": {"time_us": {"lt": time}}}, source=False,
        docvalue_fields=["id", "story", "seq"],
    )  # fmt: skip


def _writes(reads: Reads, names: Names, old: Sequence[Found], whole: set[str]) -> Iterator[Write]:
    for hit in old:
        if split_part(place := _place(names, hit))[0] not in whole:
            yield from gone(place, hit["_id"])
    ids = {hit["fields"]["id"][0] for hit in old if "id" in hit["fields"]}
    yield from kept_of(reads, names, [hit["_id"] for hit in old], ids)
    yield from _stories(reads, names, (hit["fields"]["story"][0] for hit in old), ids)


def _place(names: Names, hit: Found) -> str:
    """The part of a month that a hit is in: "2026.03-p1"."""
    return index_kind(names, hit["_index"]).removeprefix("articles-")


def _stories(reads: Reads, names: Names, stories: Iterable[str], lost: set[str]) -> Iterator[Write]:
    for hit in reads.by_ids(names.alias("stories"), map(hashed, stories), ("document", "watch")):
        story = decode(Story, hit["_source"]["document"])
        members = tuple(member for member in story.members if member not in lost)
        found = reads.by_ids(names.articles, map(hashed, members), ("seq", "time_us"))
        left = [(each["_source"]["seq"], each["_source"]["time_us"]) for each in found]
        if left:
            fresh = shrunk(story, members, [seq for seq, _ in left], [time for _, time in left])
            yield put("stories", hit["_id"], story_source(fresh, hit["_source"].get("watch", ())))
        else:
            yield out("stories", hit["_id"])
