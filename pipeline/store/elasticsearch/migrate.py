"""Migrates a store to new indices behind the same aliases, while reading and writing go on.

A store with this version's schema gets the fields and settings that it lacks, and no document is written. Any
other store is rewritten: documents are made again from their records and copied under their generation, in
rounds. Each round copies what was written since the last one. During the last round commits have to wait;
then the aliases are moved in one step. The former indices stay until the next migration or retention, for
readers that are in the middle of them.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from zlib import crc32

from pipeline.errors import StoreError, UnavailableError
from pipeline.records import Change, Decision, Message, Story, WatchState
from pipeline.store.codec import decode
from pipeline.store.elasticsearch.commit.bulk import Target, Write, put, send_writes
from pipeline.store.elasticsearch.commit.changes import found_by, placed
from pipeline.store.elasticsearch.commit.parts import counted_as
from pipeline.store.elasticsearch.commit.root import Root, Roots, Seen
from pipeline.store.elasticsearch.documents import (
    Source,
    article_from,
    article_source,
    change_source,
    decision_source,
    message_source,
    story_source,
    taken_in_of,
    telling_source,
)
from pipeline.store.elasticsearch.indices import (
    FIELDS,
    KINDS,
    VERSION,
    Names,
    aliases_of,
    epoch_of,
    index_kind,
    install_templates,
    is_monthly,
    make_indices,
    of_store,
    part,
    parts_of,
    shards_of,
    split_part,
)
from pipeline.store.elasticsearch.link import Address, Link
from pipeline.store.elasticsearch.reading import NARROW_PAGE, PAGE, Found, Reads, paged

# The last round begins after a round of at most FEW documents, or after MOST_ROUNDS rounds.
FEW, MOST_ROUNDS = 500, 8


def migrate(
    address: Address,
    timeout_seconds: float = 60.0,
    after_round: Callable[[int], None] = lambda _: None,
    *,
    anew: bool = False,
) -> int:
    """Brings a store to this version's schema.

    Args:
        address: Where it is.
        timeout_seconds: How long one operation may wait.
        after_round: Told how many documents each round copied.
        anew: Whether to rewrite all documents even if the schema is this version's: into parts of the size
            that is wanted now, with all fields.

    Returns:
        How many documents were copied; 0 if the schema was this version's and `anew` is not set.

    Raises:
        StoreError: There is no store, or it is newer than this version.
    """
    link = Link(address, timeout_seconds)
    try:
        return _Migration(link, Names(address.prefix, address.layout)).run(after_round, anew=anew)
    finally:
        link.close()


class _Migration:
    def __init__(self, link: Link, names: Names) -> None:
        self._link, self._names = link, names
        self._reads, self._roots = Reads(link), Roots(link, names, any_schema=True)
        root = self._roots.read().root
        if root.schema > VERSION:
            raise StoreError(f"the store has schema version {root.schema}, this Wirewatch knows {VERSION}")
        self._current = root.schema == VERSION
        self._old, self._new = root.epoch, root.epoch + 1
        self._unnumbered = not root.changes and root.head > 0
        # Into how many parts the documents of each kind or month are divided.
        self._parts: dict[str, int] = {}
        self._done = 0

    def run(self, after_round: Callable[[int], None], *, anew: bool) -> int:
        self._freeze(frozen=False)  # after a migration that died at its last step
        if self._current and not anew:
            while not self._roots.extend(self._roots.settled()):
                pass
            return 0
        purge(self._link, self._names, keep=self._old)
        install_templates(self._link, self._names)
        total = 0
        for _ in range(MOST_ROUNDS):
            copied = self._round()
            after_round(copied)
            total += copied
            if copied <= FEW:
                break
        self._freeze(frozen=True)
        total += self._round()
        self._take_out()
        self._move_aliases()
        self._finish()
        return total

    def _former(self) -> dict[str, list[str]]:
        """The indices in use, by kind or month."""
        found = self._link.call(
            "look at the indices",
            lambda client: client.indices.get(index=f"{self._names.prefix}-*", features="settings"),
        )
        kinds: dict[str, list[str]] = {}
        for index in sorted(found):
            if of_store(self._names, index) and epoch_of(index) == self._old:
                kinds.setdefault(split_part(index_kind(self._names, index))[0], []).append(index)
        kinds.pop("state", None)
        return kinds

    def _copied(self) -> dict[str, list[str]]:
        """The indices to copy: all but the members, which are made from the articles."""
        former = self._former()
        # Tellings first, because the watches of articles and stories are read from them.
        order = sorted(former, key=lambda kind: (kind != "tellings", kind))
        return {kind: former[kind] for kind in order if not kind.startswith("members-")}

    def _split(self, former: Mapping[str, Sequence[str]]) -> None:
        """Decides once how many parts each kind gets: each round must put a document into the same part."""
        fresh = [kind for kind in (*KINDS, *former) if counted_as(kind) not in self._parts]
        if not fresh:
            return
        stats = self._link.call(
            "look at the sizes of the indices",
            lambda client: client.indices.stats(index=f"{self._names.prefix}-*", metric="store"),
        )["indices"]
        for kind in fresh:
            held = [stats[index]["primaries"]["store"]["size_in_bytes"] for index in former.get(kind, ())]
            most = self._names.layout.part_bytes * shards_of(kind, self._names.layout)
            wanted = max(1, math.ceil(sum(held) / most))
            self._parts[counted_as(kind)] = max(wanted, self._parts.get(counted_as(kind), 1))

    def _indices(self, kind: str) -> list[str]:
        """The new indices of a kind."""
        newest = self._parts[counted_as(kind)]
        return [self._names.index(name, self._new) for name in parts_of(kind, newest)]

    def _part(self, write: Write) -> Write:
        """A write with its part of the new indices; chosen by its id, so it is always the same."""
        newest = self._parts[counted_as(write.kind)]
        return replace(write, kind=part(write.kind, 1 + crc32(write.id.encode()) % newest))

    def _round(self) -> int:
        """Copies what was committed since the last round."""
        upto = self._roots.settled().root.generation
        former = self._copied()
        self._split(former)
        made = dict.fromkeys([*KINDS, *(each for kind in former for each in _made_of(kind))])
        parts = [name for kind in made for name in parts_of(kind, self._parts[counted_as(kind)])]
        make_indices(self._link, self._names, parts, self._new, aliased=False)
        copied = sum(self._copy(kind, index) for kind, indices in former.items() for index in indices)
        self._done = upto
        return copied

    def _copy(self, kind: str, former: str) -> int:
        # What is committed meanwhile may be copied too; the generation, used as version, keeps the newest.
        point = self._reads.open(former)
        target = Target(lambda name: self._names.index(name, self._new), require_alias=False)
        copied = 0
        try:
            query = {"range": {"generation": {"gt": self._done - 1}}}
            for page in paged(self._reads.stream(point, [{"_shard_doc": "asc"}], PAGE, query=query)):
                traits = self._traits(kind, [hit["_id"] for hit in page])
                watches = self._watches(kind, page)
                writes = [
                    write for hit in page for write in _anew(kind, hit, traits.get(hit["_id"], ""), watches)
                ]
                if self._unnumbered and kind.startswith("articles-"):
                    writes += [_arrived(hit["_source"]) for hit in page]
                send_writes(self._link, target, list(map(self._part, writes)))
                copied += len(page)
        finally:
            self._reads.close(point)
        index = [each for made in (*_made_of(kind), "changes") for each in self._indices(made)]
        self._link.call("refresh the new indices", lambda client: client.indices.refresh(index=index))
        return copied

    def _traits(self, kind: str, names: Sequence[str]) -> dict[str, str]:
        """The traits of articles, which are in the members' documents, by the ids of these."""
        if not kind.startswith("articles-"):
            return {}
        index = self._names.members
        if self._reads.absent(index):  # older schemas had no members: the articles have the traits
            return {}
        hits = self._reads.by_ids(index, names, ("traits",))
        return {hit["_id"]: hit["_source"].get("traits", "") for hit in hits}

    def _watches(self, kind: str, page: Sequence[Found]) -> dict[str, set[str]]:
        """The watches of articles or stories, by their ids, from the tellings, which were copied first."""
        field = "story" if kind == "stories" else "articles"
        if kind != "stories" and not kind.startswith("articles-"):
            return {}
        ids = [hit["_source"]["id"] for hit in page if "id" in hit["_source"]]
        return found_by(self._reads, self._indices("tellings"), field, ids)

    def _take_out(self) -> None:
        """Deletes from the new indices what was deleted from the old ones meanwhile."""
        for kind, former in self._copied().items():
            for made in _made_of(kind):
                fresh = self._indices(made)
                if self._count(former) == self._count(fresh):
                    continue
                left = {name for index in former for name in self._ids(index)}
                for index in fresh:
                    self._take_out_of(index, left)
                if self._count(former) != self._count(fresh):
                    raise UnavailableError(f"the new index of {made} differs from the old one: migrate again")

    def _count(self, indices: Sequence[str]) -> int:
        return sum(map(self._reads.count, indices))

    def _take_out_of(self, index: str, left: set[str]) -> None:
        for gone in paged(name for name in self._ids(index) if name not in left):
            actions: list[dict[str, Any]] = [{"delete": {"_index": index, "_id": name}} for name in gone]
            self._link.call(
                "write to the new indices",
                lambda client, actions=actions: client.bulk(operations=actions, refresh=True),  # type: ignore[misc]
            )

    def _ids(self, index: str) -> Iterator[str]:
        point = self._reads.open(index)
        try:
            for hit in self._reads.stream(point, [{"_shard_doc": "asc"}], NARROW_PAGE, source=False):
                yield hit["_id"]
        finally:
            self._reads.close(point)

    def _move_aliases(self) -> None:
        answer = self._link.call(
            "look at the aliases",
            lambda client: client.indices.get_alias(index=f"{self._names.prefix}-*"),
        )
        old = [index for indices in self._former().values() for index in indices]
        actions: list[dict[str, Any]] = [
            {"remove": {"index": index, "alias": alias}}
            for index in old
            for alias in answer.get(index, {}).get("aliases", {})
        ]
        made = dict.fromkeys([*KINDS, *(each for kind in self._copied() for each in _made_of(kind))])
        for kind in made:
            for name in parts_of(kind, self._parts[counted_as(kind)]):
                index = self._names.index(name, self._new)
                actions += [
                    {"add": {"index": index, "alias": alias}} for alias in aliases_of(self._names, name)
                ]
        self._link.call("move the aliases", lambda client: client.indices.update_aliases(actions=actions))

    def _finish(self) -> None:
        def done(seen: Seen) -> Root:
            generation = seen.root.generation + 1
            return replace(
                seen.root,
                schema=VERSION,
                epoch=self._new,
                generation=generation,
                changes=seen.root.changes or seen.root.head,
                parts={kind: newest for kind, newest in self._parts.items() if newest > 1},
                fields=FIELDS,
                frozen=False,
                nonce="migrated",
            )

        self._change(done)

    def _freeze(self, *, frozen: bool) -> None:
        self._change(lambda seen: replace(seen.root, frozen=frozen))
        self._roots.settled()

    def _change(self, change: Callable[[Seen], Root]) -> None:
        while True:
            seen = self._roots.settled()
            if self._roots.swap(seen, replace(change(seen), nonce=uuid.uuid4().hex)):
                return


def _made_of(kind: str) -> tuple[str, ...]:
    """The kinds that are made from the documents of one kind."""
    group, _, when = kind.partition("-")
    return (kind, f"members-{when}") if group == "articles" else (kind,)


def _anew(kind: str, hit: Found, traits: str, watches: Mapping[str, set[str]]) -> tuple[Write, ...]:
    """The writes of a document into the new indices; an article gives two, as its member has the traits."""
    name, source = hit["_id"], dict(hit["_source"])
    generation = source.pop("generation")
    found = watches.get(source.get("id", ""), set())
    if is_monthly(kind):
        stored = article_from(source, traits)
        article = article_source(stored, taken_in_of(source), found)
        return placed(kind.partition("-")[2], name, article, stored.traits, generation)
    match kind:
        case "stories":
            source = story_source(decode(Story, source["document"]), found)
        case "tellings":
            source = telling_source(decode(WatchState, source["document"]))
        case "decisions":
            source = decision_source(decode(Decision, source["document"]))
        case "outbox":
            source = message_source(decode(Message, source["document"]))
    return (put(kind, name, source, generation),)


def _arrived(source: Source) -> Write:
    """The "arrival" of an article in a store that did not number changes; its number is the article's."""
    stored = article_from(source, "")
    article = stored.enriched.article
    change = Change("arrival", article.id, stored.story, article.fetched, seq=stored.seq, n=stored.seq)
    return put("changes", str(change.n), change_source(change), 0)


def purge(link: Link, names: Names, keep: int) -> None:
    """Deletes the indices of other epochs than the one in use."""

    def ask(client: Any) -> None:
        found = client.indices.get(index=f"{names.prefix}-*", features="settings")
        gone = [index for index in found if of_store(names, index) and epoch_of(index) != keep]
        gone = [index for index in gone if index_kind(names, index) != "state"]
        for start in range(0, len(gone), 50):
            client.options(ignore_status=404).indices.delete(index=gone[start : start + 50])

    link.call("delete former indices", ask)
