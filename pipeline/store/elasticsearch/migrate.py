"""New indices behind the same aliases, while reading and writing go on.

Documents are made anew from their records and copied under their generation, in rounds: each takes what was
written since the last. For the last round nobody commits; then the aliases are moved in one step. The former
indices stay until the next migration or retention, for readers that are in the middle of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from pipeline.errors import StoreError, UnavailableError
from pipeline.records import Change, Decision, Message, Story
from pipeline.store.codec import decode
from pipeline.store.elasticsearch.bulk import Target, Write, put, send_writes
from pipeline.store.elasticsearch.changes import placed
from pipeline.store.elasticsearch.documents import (
    Source,
    article_from,
    article_source,
    change_source,
    decision_source,
    message_source,
    story_source,
    taken_in_of,
)
from pipeline.store.elasticsearch.indices import (
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
)
from pipeline.store.elasticsearch.link import Address, Link
from pipeline.store.elasticsearch.reading import NARROW_PAGE, PAGE, Reads
from pipeline.store.elasticsearch.root import Root, Roots, Seen

# With so few documents left, the last round may begin.
FEW, MOST_ROUNDS = 500, 8


def migrate(
    address: Address, timeout_seconds: float = 60.0, after_round: Callable[[int], None] = lambda _: None
) -> int:
    """Brings a store to this version's schema, or makes its indices anew when it has it already.

    Args:
        address: Where it is.
        timeout_seconds: How long one operation may wait.
        after_round: Told how many documents each round copied.

    Returns:
        How many documents were copied.

    Raises:
        StoreError: There is no store, or it is newer than this version.
    """
    link = Link(address, timeout_seconds)
    try:
        return _Migration(link, Names(address.prefix)).run(after_round)
    finally:
        link.close()


class _Migration:
    def __init__(self, link: Link, names: Names) -> None:
        self._link, self._names = link, names
        self._reads, self._roots = Reads(link), Roots(link, names, any_schema=True)
        root = self._roots.read().root
        if root.schema > VERSION:
            raise StoreError(f"the store has schema version {root.schema}, this Wirewatch knows {VERSION}")
        self._old, self._new = root.epoch, root.epoch + 1
        self._unnumbered = not root.changes and root.head > 0
        self._done = 0

    def run(self, after_round: Callable[[int], None]) -> int:
        self._freeze(frozen=False)  # of a migration that died at its last step
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

    def _kinds(self) -> list[str]:
        """What is copied: everything but the members, which are made of the articles."""
        there = [kind for kind in KINDS if not self._reads.absent(self._names.index(kind, self._old))]
        return [*there, *(f"articles-{when}" for when in self._months(self._names.articles))]

    def _months(self, alias: str) -> list[str]:
        """The months behind an alias; none where there is no such alias."""
        found = self._link.call(
            "look at the aliases",
            lambda client: client.indices.get_alias(index=f"{alias}-*", expand_wildcards="open"),
        )
        kinds = [
            index_kind(self._names, index) for index, about in found.items() if alias in about["aliases"]
        ]
        return sorted(kind.partition("-")[2] for kind in kinds)

    def _new_kinds(self) -> list[str]:
        made = [each for kind in self._kinds() for each in _made_of(kind)]
        return list(dict.fromkeys([*KINDS, *made]))

    def _round(self) -> int:
        """Copies what was committed since the last round."""
        upto = self._roots.settled().root.generation
        make_indices(self._link, self._names, self._new_kinds(), self._new, aliased=False)
        copied = sum(self._copy(kind) for kind in self._kinds())
        self._done = upto
        return copied

    def _copy(self, kind: str) -> int:
        # What is committed meanwhile may be copied too; the generation, as version, keeps the newest.
        point = self._reads.open(self._names.index(kind, self._old))
        target = Target(lambda name: self._names.index(name, self._new), require_alias=False)
        copied = 0
        try:
            query = {"range": {"generation": {"gt": self._done - 1}}}
            for page in _paged(self._reads.stream(point, [{"_shard_doc": "asc"}], PAGE, query=query), PAGE):
                writes = [write for hit in page for write in _anew(kind, hit["_id"], hit["_source"])]
                if self._unnumbered and kind.startswith("articles-"):
                    writes += [_arrived(hit["_source"]) for hit in page]
                send_writes(self._link, target, writes)
                copied += len(page)
        finally:
            self._reads.close(point)
        index = [self._names.index(each, self._new) for each in (*_made_of(kind), "changes")]
        self._link.call("refresh the new indices", lambda client: client.indices.refresh(index=index))
        return copied

    def _take_out(self) -> None:
        """Takes out of the new indices what was taken out of the old ones meanwhile."""
        for kind in self._kinds():
            for made in _made_of(kind):
                old, new = self._names.index(kind, self._old), self._names.index(made, self._new)
                if self._reads.count(old) == self._reads.count(new):
                    continue
                self._take_out_of(new, set(self._ids(old)))
                if self._reads.count(old) != self._reads.count(new):
                    raise UnavailableError(f"the new index of {made} differs from the old one: migrate again")

    def _take_out_of(self, index: str, left: set[str]) -> None:
        for gone in _paged((name for name in self._ids(index) if name not in left), PAGE):
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
        actions: list[dict[str, Any]] = []
        for kind in (*self._kinds(), *(f"members-{when}" for when in self._months(self._names.members))):
            index = self._names.index(kind, self._old)
            aliases = aliases_of(self._names, kind)
            actions += [{"remove": {"index": index, "alias": alias}} for alias in aliases]
        for kind in self._new_kinds():
            index = self._names.index(kind, self._new)
            actions += [{"add": {"index": index, "alias": alias}} for alias in aliases_of(self._names, kind)]
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
    """The kinds that are written anew from the documents of one."""
    group, _, when = kind.partition("-")
    return (kind, f"members-{when}") if group == "articles" else (kind,)


def _anew(kind: str, name: str, source: Source) -> tuple[Write, ...]:
    generation = source.pop("generation")
    if is_monthly(kind):
        article = article_source(article_from(source), taken_in_of(source))
        return placed(kind.partition("-")[2], name, article, generation)
    match kind:
        case "stories":
            source = story_source(decode(Story, source["document"]))
        case "decisions":
            source = decision_source(decode(Decision, source["document"]))
        case "outbox":
            source = message_source(decode(Message, source["document"]))
    return (put(kind, name, source, generation),)


def _arrived(source: Source) -> Write:
    """The arrival of an article of a store that did not number changes: they have arrived, in their order."""
    stored = article_from(source)
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


def _paged(items: Iterator[Any], size: int) -> Iterator[list[Any]]:
    page: list[Any] = []
    for item in items:
        page.append(item)
        if len(page) == size:
            yield page
            page = []
    if page:
        yield page
