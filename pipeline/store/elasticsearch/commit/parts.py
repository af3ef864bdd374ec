"""Which part of its kind a document is in, and when a new part begins.

A kind of document lies in parts of a bounded size. A document that is there is written where it is, whatever
has happened since, so that its id stays one; a new one goes into the newest part. Where a kind has one part,
as most stores have for long, nothing is looked up. Parts are decided on before a commit holds, and its intent
names them: whoever finishes it writes to the same places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pipeline.store.elasticsearch.commit.bulk import Write
from pipeline.store.elasticsearch.indices import (
    Names,
    index_kind,
    is_monthly,
    part,
    shards_of,
    split_part,
)
from pipeline.store.elasticsearch.link import Link
from pipeline.store.elasticsearch.reading import PAGE, Reads, chunked

# Sizes are looked at when one of so many shares of a part has been written since the last look.
_LOOKS = 20
# Written beside the parts, in an index of its own.
_STATE = "state"


def counted_as(kind: str) -> str:
    """The kind whose number of parts holds for another: an article and its member have the same part."""
    group, mark, when = kind.partition("-")
    return f"articles-{when}" if mark and group == "members" else kind


class Parts:
    """Places writes.

    Args:
        link: The connection.
        names: The names of the store's indices, and how large a part may be.
    """

    def __init__(self, link: Link, names: Names) -> None:
        self._link, self._names = link, names
        self._reads = Reads(link)
        # As if all had been written: a process looks before its first commit.
        self._written = names.layout.part_bytes

    def after(self, writes: Sequence[Write], parts: Mapping[str, int], epoch: int) -> dict[str, int]:
        """The newest part of each kind that has more than one, once those that are full have a successor.

        Args:
            writes: What is about to be written.
            parts: The newest parts so far.
            epoch: At the end of the names of the indices in use.
        """
        self._written += sum(len(write.body or b"") for write in writes)
        if self._written * _LOOKS < self._names.layout.part_bytes:
            return dict(parts)
        self._written = 0
        kinds = {split_part(write.kind)[0] for write in writes if write.kind != _STATE}
        full = map(counted_as, self._full(kinds, parts, epoch))
        return dict(parts) | {kind: parts.get(kind, 1) + 1 for kind in full}

    def _full(self, kinds: Iterable[str], parts: Mapping[str, int], epoch: int) -> list[str]:
        """Those of some kinds whose newest part is as large as a part may be."""
        layout = self._names.layout
        newest = {
            kind: self._names.index(part(kind, parts.get(counted_as(kind), 1)), epoch) for kind in kinds
        }
        sizes = self._sizes(list(newest.values()))
        return [
            kind
            for kind, index in newest.items()
            if sizes.get(index, 0) >= layout.part_bytes * shards_of(kind, layout)
        ]

    def _sizes(self, indices: Sequence[str]) -> dict[str, int]:
        """Bytes of the primary shards of those indices that are there."""
        if not indices:
            return {}
        # A pattern may hit nothing: a month's first index is made after this.
        patterns = [f"{index}*" for index in indices]
        answer = self._link.call(
            "look at the sizes of the indices",
            lambda client: client.indices.stats(index=patterns, metric="store", level="indices"),
        )
        found = answer.get("indices", {})
        return {index: int(about["primaries"]["store"]["size_in_bytes"]) for index, about in found.items()}

    def placed(self, writes: Sequence[Write], parts: Mapping[str, int]) -> list[Write]:
        """The writes with the part that each goes to.

        Args:
            writes: Some may name their part already: articles, which are looked up before.
            parts: The newest part of each kind that has more than one.
        """
        several = [write for write in writes if write.kind in parts and not is_monthly(write.kind)]
        where = self._where(several)
        return [
            write
            if write.kind == _STATE or split_part(write.kind)[1]
            else replace(
                write,
                kind=where.get((write.kind, write.id))
                or part(write.kind, parts.get(counted_as(write.kind), 1)),
            )
            for write in writes
        ]

    def _where(self, writes: Iterable[Write]) -> dict[tuple[str, str], str]:
        """The part that each of these documents is in, for those that are there."""
        kinds: dict[str, None] = {}
        names: dict[str, None] = {}
        for write in writes:
            kinds[write.kind] = names[write.id] = None
        found: dict[tuple[str, str], str] = {}
        # Ids of one kind may be those of another: each name may have a hit in each kind.
        for piece in chunked(names, max(PAGE // max(len(kinds), 1), 1)):
            answer = self._reads.search(
                index=[self._names.alias(kind) for kind in kinds],
                query={"ids": {"values": piece}},
                size=len(piece) * len(kinds),
                source=False,
                track_total_hits=False,
            )
            for hit in answer["hits"]["hits"]:
                name = index_kind(self._names, hit["_index"])
                found[split_part(name)[0], hit["_id"]] = name
        return found
