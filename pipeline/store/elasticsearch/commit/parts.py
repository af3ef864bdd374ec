"""Which part of its kind a document is in, and when a new part begins.

A kind of document is divided into parts of bounded size. An existing document is rewritten in the part that
it is in, so that its id stays unique; a new one goes into the newest part. If a kind has only one part, as in
most stores, nothing is looked up. Parts are chosen before a commit takes effect, and its intent names them,
so whoever finishes it writes to the same places.
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

# Sizes are looked at whenever one _LOOKS-th of a part has been written since the last look.
_LOOKS = 20
# This kind has a single index, without parts.
_STATE = "state"


def counted_as(kind: str) -> str:
    """The kind by which parts are counted: members count as articles, so both are in the same part."""
    group, mark, when = kind.partition("-")
    return f"articles-{when}" if mark and group == "members" else kind


class Parts:
    """Chooses the parts that writes go to.

    Args:
        link: The connection.
        names: The names of the store's indices, and how large a part may be.
    """

    def __init__(self, link: Link, names: Names) -> None:
        self._link, self._names = link, names
        self._reads = Reads(link)
        # As if a whole part had been written, so that a process looks before its first commit.
        self._written = names.layout.part_bytes

    def after(self, writes: Sequence[Write], parts: Mapping[str, int], epoch: int) -> dict[str, int]:
        """The newest parts after full ones got a successor; only of kinds that have more than one.

        Args:
            writes: What is about to be written.
            parts: The newest parts so far.
            epoch: The number at the end of the names of the indices in use.
        """
        self._written += sum(len(write.body or b"") for write in writes)
        if self._written * _LOOKS < self._names.layout.part_bytes:
            return dict(parts)
        self._written = 0
        kinds = {split_part(write.kind)[0] for write in writes if write.kind != _STATE}
        full = map(counted_as, self._full(kinds, parts, epoch))
        return dict(parts) | {kind: parts.get(kind, 1) + 1 for kind in full}

    def _full(self, kinds: Iterable[str], parts: Mapping[str, int], epoch: int) -> list[str]:
        """The kinds whose newest part is full."""
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
        """The bytes of the primary shards of each index that exists."""
        if not indices:
            return {}
        # As patterns, because they may match nothing: a month's first index is made only after this.
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
            writes: Some name their part already: known articles, which were looked up before.
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
        """The part that each of these documents is in, for those that exist."""
        kinds: dict[str, None] = {}
        names: dict[str, None] = {}
        for write in writes:
            kinds[write.kind] = names[write.id] = None
        found: dict[tuple[str, str], str] = {}
        # Different kinds may use the same ids, so each id may have a hit in each kind.
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
