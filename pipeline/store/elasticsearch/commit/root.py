"""The root, on which everything depends: generation, head, leases, and the commit that is being applied.

The root is a single document. A commit is made by replacing it (compare and swap by `if_seq_no`): from then
on the commit will be applied, by whichever process. Its writes are in the store beforehand, as an intent.
Every write carries the commit's generation as its external version, so a late writer overwrites nothing
newer, and applying a commit twice changes nothing. A reader looks at the generation before and after: if it
is the same and nothing is pending, the reader saw one commit.
"""

from __future__ import annotations

import math
import time
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from elasticsearch import ApiError

from pipeline.errors import StoreError, UnavailableError
from pipeline.ports import Lease
from pipeline.store.codec import decode, encode
from pipeline.store.elasticsearch.commit.bulk import Write, apply_writes, lines_of, writes_of
from pipeline.store.elasticsearch.commit.parts import Parts, counted_as
from pipeline.store.elasticsearch.documents import binary, from_binary
from pipeline.store.elasticsearch.indices import (
    FIELDS,
    VERSION,
    Names,
    extend_indices,
    is_monthly,
    make_indices,
    part,
    split_part,
)
from pipeline.store.elasticsearch.link import Link
from pipeline.store.rules import leases
from pipeline.store.rules.numbering import Numbers

Answer = TypeVar("Answer")
# A compressed intent is split into documents of at most this size.
PART_BYTES = 8 * 1024 * 1024
# How long a process has to apply its own commit before another one helps.
PATIENCE_SECONDS = 2.0
# How long a root that was read may be taken for the present one, before it is checked.
_MOMENT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a lease: `owner` is "" for nobody; `expires` in microseconds since 1970."""

    owner: str
    token: int
    expires: int


@dataclass(frozen=True, slots=True)
class Root:
    """The state of the whole store.

    Attributes:
        schema: The version of the documents.
        epoch: The number at the end of the names of the indices in use.
        generation: Counts commits.
        head: The highest ingest sequence number.
        changes: The highest number of a change.
        intent: Ids of the documents with the writes still to be applied; empty when all is.
        drops: Parts of months whose indices the pending commit drops.
        parts: The newest part of each kind or month that has more than one.
        fields: The version of the fields that the indices have (`FIELDS`).
        frozen: Whether a migration is at its last step: nobody commits.
        nonce: A mark of the latest change, by which its writer recognises it after a lost answer.
        leases: By name.
    """

    schema: int = VERSION
    epoch: int = 1
    generation: int = 0
    head: int = 0
    changes: int = 0
    intent: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    parts: dict[str, int] = field(default_factory=dict)
    fields: int = FIELDS
    frozen: bool = False
    nonce: str = ""
    leases: dict[str, Holder] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """The root and the place in Elasticsearch's own sequence at which it was read."""

    root: Root
    seq_no: int
    term: int


class Roots:
    """Reads and swaps the root; applies what is pending.

    Args:
        link: The connection.
        names: The names of the store's indices.
        any_schema: Whether to accept another schema than this version's: for migrations.
    """

    def __init__(self, link: Link, names: Names, *, any_schema: bool = False) -> None:
        self._any_schema = any_schema
        self.link = link
        self.names = names
        self._state = names.alias("state")
        self._parts = Parts(link, names)
        self._last: tuple[float, Root | None] = (-math.inf, None)

    def read(self) -> Seen:
        """The root as it is now.

        Raises:
            StoreError: There is none, or its schema is not this version's.
        """

        def ask(client: object) -> object:
            return client.get(index=self._state, id="root")  # type: ignore[attr-defined]

        try:
            answer = self.link.call("read the store", ask, pass_on=(404,))
        except ApiError:
            raise StoreError(
                f"there is no store {self.names.prefix!r} at {self.link.address.shown}; "
                "the first `fetch` or `load` makes it"
            ) from None
        root = decode(Root, answer["_source"]["document"])  # type: ignore[index]
        if root.schema > VERSION and not self._any_schema:
            raise StoreError(
                f"the store has schema version {root.schema}, this Wirewatch knows {VERSION}: upgrade it"
            )
        if root.schema < VERSION and not self._any_schema:
            raise StoreError(
                f"the store has schema version {root.schema}, this Wirewatch needs {VERSION}: "
                "run `wirewatch store migrate`"
            )
        return Seen(root, answer["_seq_no"], answer["_primary_term"])  # type: ignore[index]

    def make(self) -> None:
        """Writes the first root, if there is none."""
        source = _source(Root())
        try:
            self.link.call(
                "make the store",
                lambda client: client.create(index=self._state, id="root", document=source, refresh=True),
                pass_on=(409,),
            )
        except ApiError:
            return

    def swap(self, seen: Seen, root: Root) -> bool:
        """Replaces the root if nobody has done so since it was seen; returns whether it did."""
        self._last = -math.inf, None

        def ask(client: object) -> object:
            return client.index(  # type: ignore[attr-defined]
                index=self._state,
                id="root",
                document=_source(root),
                if_seq_no=seen.seq_no,
                if_primary_term=seen.term,
            )

        try:
            self.link.call("write to the store", ask, pass_on=(409,))
        except ApiError:
            # The answer to an earlier try may have been lost on the way: then the change is ours.
            return self.read().root.nonce == root.nonce
        return True

    def put(
        self, seen: Seen, writes: Sequence[Write], numbers: Numbers | None = None, drops: Sequence[str] = ()
    ) -> bool:
        """Makes one commit of writes, unless somebody changed the root since it was seen.

        Args:
            seen: The root that the writes were made for.
            writes: What is written; the parts are chosen here.
            numbers: The numbers given out after it; None if they stay.
            drops: Parts of months whose indices are dropped with it.

        Returns:
            Whether the commit was made.
        """
        parts = self._parts.after(writes, seen.root.parts, seen.root.epoch)
        writes = self._parts.placed(writes, parts)
        make_indices(self.link, self.names, _begun(seen.root, writes, parts), seen.root.epoch)
        gone = {counted_as(split_part(each)[0]) for each in drops}
        nonce = uuid.uuid4().hex
        intent = self.intend(writes, nonce)
        root = replace(
            seen.root,
            generation=seen.root.generation + 1,
            head=numbers.article if numbers else seen.root.head,
            changes=numbers.change if numbers else seen.root.changes,
            intent=intent,
            drops=tuple(drops),
            parts={kind: newest for kind, newest in parts.items() if kind not in gone},
            nonce=nonce,
        )
        # After a lost answer the swap may have been ours, and an intent that the root names must stay.
        if not self.swap(seen, root) and self.read().root.intent != intent:
            self.forget(intent)
            return False
        now = self.read()
        if now.root.generation == root.generation and now.root.intent:
            self.finish(now, writes)
        return True

    def settled(self) -> Seen:
        """The root once nothing is pending: waits for other processes, then helps.

        Raises:
            UnavailableError: It took too long.
        """
        end = time.monotonic() + self.link.timeout
        helped = time.monotonic() + PATIENCE_SECONDS
        wait, pending = 0.005, -1
        while True:
            seen = self.read()
            if not seen.root.intent:
                return seen
            if seen.root.generation != pending:
                pending, helped = seen.root.generation, time.monotonic() + PATIENCE_SECONDS
            now = time.monotonic()
            if now > helped:
                self.finish(seen)
                continue
            if now > end:
                raise UnavailableError("another process was writing to the store all the time: try again")
            time.sleep(wait)
            wait = min(wait * 2, 0.2)

    def writable(self) -> Seen:
        """The settled root, once no migration is at its last step and the indices have this version's fields.

        Raises:
            StoreError: Elasticsearch refuses to add the fields.
            UnavailableError: It took too long.
        """
        end = time.monotonic() + self.link.timeout
        while (seen := self.settled()).root.frozen or seen.root.fields < FIELDS:
            if not seen.root.frozen:
                self.extend(seen)
                continue
            if time.monotonic() > end:
                raise UnavailableError(
                    "a migration is at its last step, or died there: run `wirewatch store migrate`"
                )
            time.sleep(0.1)
        return seen

    def extend(self, seen: Seen) -> bool:
        """Adds this version's new fields to the indices; no document is rewritten.

        Returns:
            Whether the root records it; False if somebody changed the root since it was seen.
        """
        extend_indices(self.link, self.names)
        return self.swap(seen, replace(seen.root, fields=FIELDS, nonce=uuid.uuid4().hex))

    def consistent(self, ask: Callable[[], Answer]) -> Answer:
        """What `ask` reads, from a single commit; `ask` is repeated until that holds.

        Raises:
            UnavailableError: The store was written to all the time.
        """
        return self.consistent_with(lambda _: ask())

    def consistent_with(self, ask: Callable[[Root], Answer]) -> Answer:
        """What `ask` reads, from a single commit, whose root it is given.

        Raises:
            UnavailableError: The store was written to all the time.
        """
        end = time.monotonic() + self.link.timeout
        before = self._just_read()
        while True:
            before = before or self.settled().root
            answer = ask(before)
            after = self.read().root
            if after.generation == before.generation and not after.intent and after.epoch == before.epoch:
                self._last = time.monotonic(), after
                return answer
            before = None
            if time.monotonic() > end:
                raise UnavailableError("the store was written to all the time: try again")

    def _just_read(self) -> Root | None:
        """The root at the end of the last read, if that was a moment ago; else None.

        A read sees one commit if the root is still the same afterwards, however early it was read first. This
        saves a request for each of the several reads that a page makes, one right after another.
        """
        at, root = self._last
        return root if time.monotonic() - at < _MOMENT_SECONDS else None

    # -- intents -----------------------------------------------------------------------------------------

    def intend(self, writes: Sequence[Write], name: str) -> tuple[str, ...]:
        """Stores the writes of a commit as an intent; returns the ids of its documents."""
        data = zlib.compress(b"\n".join(lines_of(writes)), 1)
        parts = [data[start : start + PART_BYTES] for start in range(0, len(data), PART_BYTES)]
        ids = tuple(f"intent-{name}-{place}" for place in range(len(parts)))
        for key, piece in zip(ids, parts, strict=True):
            source = {"kind": "intent", "name": name, "data": binary(piece)}
            self.link.call(
                "write to the store",
                lambda client, key=key, source=source: client.index(  # type: ignore[misc]
                    index=self._state, id=key, document=source
                ),
            )
        return ids

    def forget(self, ids: Sequence[str]) -> None:
        """Deletes the documents of an intent."""
        for key in ids:
            self.link.call(
                "write to the store",
                lambda client, key=key: client.options(ignore_status=404).delete(  # type: ignore[misc]
                    index=self._state, id=key
                ),
            )

    def finish(self, seen: Seen, writes: Sequence[Write] = ()) -> None:
        """Applies the pending commit and marks it as applied.

        Args:
            seen: The root that names it.
            writes: Its writes if they are at hand; else they are read from the store.
        """
        root = seen.root
        writes = writes or list(self._intended(root.intent))
        if not writes and root.intent:
            return  # somebody else has finished it since
        apply_writes(
            self.link, self.names, writes, root.generation, lambda some: self._parts.placed(some, root.parts)
        )
        for name in root.drops:
            index = self.names.index(name, root.epoch)
            self.link.call(
                "drop a month",
                lambda client, index=index: client.options(ignore_status=404).indices.delete(index=index),  # type: ignore[misc]
            )
        self._settle(seen)
        self.forget(root.intent)

    def _settle(self, seen: Seen) -> None:
        """Marks the pending commit as applied, even if leases change hands meanwhile."""
        while seen.root.intent and not self.swap(
            seen, replace(seen.root, intent=(), drops=(), nonce=f"{seen.root.nonce}+")
        ):
            generation = seen.root.generation
            seen = self.read()
            if seen.root.generation != generation:
                return

    def _intended(self, ids: Sequence[str]) -> Iterator[Write]:
        parts: list[bytes] = []
        for key in ids:
            answer = self.link.call(
                "read the store",
                lambda client, key=key: client.options(ignore_status=404).get(index=self._state, id=key),  # type: ignore[misc]
            )
            if not answer.get("found"):
                return iter(())
            parts.append(from_binary(answer["_source"]["data"]))
        return writes_of(zlib.decompress(b"".join(parts)).split(b"\n"))


def _source(root: Root) -> dict[str, str]:
    return {"kind": "root", "document": encode(root).decode("utf-8")}


def holds(root: Root, lease: Lease) -> bool:
    """Whether a lease is the current one of its name."""
    holder = root.leases.get(lease.name)
    return holder is not None and (holder.owner, holder.token) == (lease.owner, lease.token)


def fence(root: Root, lease: Lease | None) -> None:
    """Refuses a writer whose lease is not the current one.

    Raises:
        LeaseHeldError: A lease is given and is not the current one of its name.
    """
    if lease is not None and not holds(root, lease):
        raise leases.lost(lease.name)


def _begun(root: Root, writes: Iterable[Write], parts: Mapping[str, int]) -> list[str]:
    """What may need an index that does not exist yet: months that are written to, and parts that begin."""
    months = {write.kind for write in writes if is_monthly(write.kind)}
    new = {kind for kind, newest in parts.items() if newest != root.parts.get(kind, 1)}
    return sorted(months | {part(kind, parts[kind]) for kind in new if not is_monthly(kind)})
