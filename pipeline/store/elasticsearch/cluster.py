"""The production store: Elasticsearch 9 behind the contract of `pipeline.ports.Store`.

See `commit/root.py` for how a commit is all or nothing. A read looks at the root before and after, to be sure
that it saw one commit; a stream reads from a point in time that was opened in the same way.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeVar

from typing_extensions import override

from pipeline.ports import (
    ALL_REJECTIONS,
    Commit,
    Freshness,
    Identified,
    Lease,
    MemberRow,
    Naming,
    Period,
    PlacedLine,
    RejectionFilter,
    SearchHit,
    Store,
    StoryFilter,
    StoryOrder,
    Version,
)
from pipeline.query.evaluate import matched
from pipeline.query.fields import Indexed, from_micros, indexed, micros
from pipeline.query.tree import And, Phrase, Query
from pipeline.records import (
    Alert,
    ArticleRow,
    Change,
    Correction,
    Decision,
    DeliveryState,
    FeedState,
    Lineage,
    Message,
    Rejection,
    Request,
    StoredArticle,
    Story,
    WatchState,
)
from pipeline.records.alerts import UNFINISHED
from pipeline.store.codec import decode
from pipeline.store.copying import Movable, Piece
from pipeline.store.elasticsearch import lists, members, pieces, search, upkeep
from pipeline.store.elasticsearch.clauses import compiled
from pipeline.store.elasticsearch.commit.changes import Resolver
from pipeline.store.elasticsearch.commit.root import Holder, Root, Roots, Seen, fence, holds
from pipeline.store.elasticsearch.documents import (
    ANSWERED,
    REQUESTED,
    from_binary,
    hashed,
    identity,
)
from pipeline.store.elasticsearch.indices import (
    KINDS,
    MONTHLY,
    VERSION,
    Names,
    damage,
    install_templates,
    make_index,
    make_indices,
    part,
)
from pipeline.store.elasticsearch.link import Address, Link
from pipeline.store.elasticsearch.reading import ARTICLE, PAGE, Reads, chunked, paged
from pipeline.store.rules import leases
from pipeline.store.rules.messages import listed
from pipeline.store.rules.numbering import Numbers
from pipeline.text import well_formed

Kind = TypeVar("Kind")
# The first page of `hits`: what a list shows at once, and some more.
_FIRST_PAGE: Final = 50


class ElasticsearchStore(Store, Movable):
    """Implements `pipeline.ports.Store` on Elasticsearch.

    Args:
        address: Where it is.
        create: Whether to make the store if it is missing.
        timeout_seconds: How long one operation may wait for Elasticsearch or for another writer.

    Raises:
        StoreError: There is no store, or it has another schema, or Elasticsearch refuses.
        UnavailableError: Elasticsearch did not answer in time.
    """

    def __init__(self, address: Address, *, create: bool = True, timeout_seconds: float = 60.0) -> None:
        self.link = Link(address, timeout_seconds)
        self.names = Names(address.prefix, address.layout)
        self.reads = Reads(self.link)
        self.roots = Roots(self.link, self.names)
        try:
            if create and self.reads.absent(self.names.alias("state")):
                self._create()
            self.roots.read()
        except BaseException:
            self.link.close()
            raise

    def _create(self) -> None:
        install_templates(self.link, self.names)
        kinds = (*(f"{each}-none" for each in MONTHLY), *KINDS)
        make_indices(self.link, self.names, [part(kind, 1) for kind in kinds])
        make_index(self.link, self.names, "state", 1)  # last: it says that the rest is there
        self.roots.make()

    @override
    def close(self) -> None:
        self.link.close()

    @override
    def stop_when(self, given_up: Callable[[], bool]) -> None:
        self.link.given_up = given_up

    # -- writing -----------------------------------------------------------------------------------------

    @override
    def acquire(self, name: str, owner: str, now: datetime, seconds: float) -> Lease:
        expires = now + timedelta(seconds=seconds)
        while True:
            seen = self.roots.settled()
            holder = seen.root.leases.get(name, Holder("", 0, 0))
            if holder.owner not in ("", owner) and leases.is_held(from_micros(holder.expires), now):
                raise leases.held(name, holder.owner, from_micros(holder.expires), now)
            token = holder.token + (holder.owner != owner)
            if self._lease(seen, name, Holder(owner, token, micros(expires))):
                return Lease(name, owner, token, expires)

    @override
    def release(self, lease: Lease) -> None:
        while True:
            seen = self.roots.read()
            if not holds(seen.root, lease) or self._lease(seen, lease.name, Holder("", lease.token, 0)):
                return

    def _lease(self, seen: Seen, name: str, holder: Holder) -> bool:
        held = {**seen.root.leases, name: holder}
        return self.roots.swap(seen, replace(seen.root, leases=held, nonce=uuid.uuid4().hex))

    @override
    def commit(self, commit: Commit, lease: Lease | None = None) -> None:
        resolver = Resolver(self.reads, self.names)
        while True:
            seen = self.roots.writable()
            fence(seen.root, lease)
            writes, numbers = resolver.writes(commit, Numbers(seen.root.head, seen.root.changes))
            if not writes or self.roots.put(seen, writes, numbers):
                return

    @override
    def drop_before(self, time: datetime, lease: Lease) -> int:
        """Whole months are dropped with their indices."""
        return upkeep.drop_before(self.roots, self.reads, time, lease)

    @override
    def optimize(self, before: datetime) -> int:
        """The parts are the indices of articles of months that have ended."""
        return upkeep.optimize(self.link, self.names, before)

    @override
    def pieces(self) -> Iterator[Piece]:
        return pieces.pieces(self.roots, self.reads)

    @override
    def put_piece(self, piece: Piece) -> None:
        while True:
            seen = self.roots.writable()
            writes = Resolver(self.reads, self.names).restored(piece)
            numbers = Numbers(piece.head, max((each.n for each in piece.changes), default=seen.root.changes))
            if not writes or self.roots.put(seen, writes, numbers):
                return

    # -- articles ----------------------------------------------------------------------------------------

    @override
    def head(self) -> int:
        return self.roots.settled().root.head

    @override
    def find(self, keys: Sequence[str]) -> dict[str, str]:
        """If several articles have a key, the one that came first."""
        asked = {identity(key): key for key in keys}
        return {asked[each]: article for each, article in self.roots.consistent(lambda: self._find(asked))}

    def _find(self, asked: Iterable[str]) -> list[tuple[str, str]]:
        found: dict[str, str] = {}
        for piece in chunked(asked):
            hits = self.reads.pages(
                [{"seq": "asc"}], PAGE, index=self.names.articles, source=["id", "identity"],
                query={"terms": {"identity": piece}},
            )  # fmt: skip
            wanted = set(piece)
            for hit in hits:
                for each in wanted.intersection(hit["_source"]["identity"]):
                    found.setdefault(each, hit["_source"].get("id", ""))
        return list(found.items())

    @override
    def articles(self, ids: Sequence[str]) -> dict[str, StoredArticle]:
        asked = {hashed(each): each for each in ids}
        found = self.roots.consistent(
            lambda: self._articles(self.reads.by_ids(self.names.articles, asked, ARTICLE))
        )
        return {asked[hashed(each.enriched.article.id)]: each for each in found}

    def _articles(self, hits: Iterable[Mapping[str, Any]]) -> list[StoredArticle]:
        return members.with_traits(self.reads, self.names.members, hits)

    @override
    def lines(self, ids: Sequence[str]) -> dict[str, ArticleRow]:
        asked = {hashed(each): each for each in ids}
        hits = self.roots.consistent(lambda: list(self.reads.by_ids(self.names.articles, asked, ("line",))))
        return {asked[hit["_id"]]: decode(ArticleRow, hit["_source"]["line"]) for hit in hits}

    @override
    def placed_lines(self, ids: Sequence[str]) -> dict[str, PlacedLine]:
        asked = {hashed(each): each for each in ids}
        wanted = {self.names.articles: ("line",), self.names.alias("decisions"): ("document",)}
        lines, decisions = self.roots.consistent(lambda: self.reads.by_ids_in(wanted, asked))
        why = {hit["_id"]: decode(Decision, hit["_source"]["document"]) for hit in decisions}
        return {
            asked[hit["_id"]]: PlacedLine(decode(ArticleRow, hit["_source"]["line"]), why.get(hit["_id"]))
            for hit in lines
        }

    @override
    def naming(self, entity: str, limit: int) -> list[Naming]:
        return self.roots.consistent(lambda: lists.naming(self.reads, self.names.articles, entity, limit))

    @override
    def between(self, after: int, upto: int) -> Iterator[StoredArticle]:
        query = {"range": {"seq": {"gt": after, "lte": upto}}}
        both = self.names.articles, self.names.members
        points = self.roots.consistent(lambda: list(map(self.reads.open, both)))
        try:
            hits = self.reads.stream(points[0], [{"seq": "asc"}], PAGE, query=query, source=list(ARTICLE))
            for page in paged(hits):
                yield from members.with_traits(self.reads, points[1], page, point=True)
        finally:
            for point in points:
                self.reads.close(point)

    @override
    def hits(
        self, query: Query, after: int, upto: int, *, newest_first: bool = False
    ) -> Iterator[StoredArticle]:
        """Reads page after page, each from the number at which the last one ended; the first pages are short.

        A list shows some twenty hits, and a whole page of records takes a fifth of a second.
        """
        asked = compiled(query)
        order = [{"seq": "desc" if newest_first else "asc"}]
        size = _FIRST_PAGE
        while True:
            window = {"range": {"seq": {"gt": after, "lte": upto}}}
            request: dict[str, Any] = {
                "index": self.names.articles, "source": list(ARTICLE),
                "query": {"bool": {"filter": [asked, window]}},
            }  # fmt: skip
            found = self.roots.consistent(
                lambda request=request, size=size: self._articles(  # type: ignore[misc]
                    self.reads.pages(order, size, size, **request)
                )
            )
            yield from found
            if len(found) < size:
                return
            after, upto = (after, found[-1].seq - 1) if newest_first else (found[-1].seq, upto)
            size = min(4 * size, PAGE)

    @override
    def versions(self, article: str) -> list[Version]:
        query = {"term": {"article": well_formed(article)}}
        return self._documents(Version, "versions", [{"place": "asc"}], query)

    @override
    def search(self, query: Query, since: datetime | None, limit: int) -> list[SearchHit]:
        """The relevance is BM25 with a boost of 4 for words in the title."""
        window = [{"range": {"time_us": {"gte": micros(since)}}}] if since else []
        asked = {"bool": {"must": [compiled(query)], "filter": window}}
        rare = isinstance(query, And | Phrase)

        def ask(root: Root) -> list[SearchHit]:
            hits = search.ranked(self.reads, self.names.articles, asked, limit, root.head, rare=rare)
            scores = [hit["sort"][0] for hit in hits]
            return list(map(SearchHit, self._articles(hits), scores))

        return self.roots.consistent_with(ask)

    @override
    def searchable(self, articles: Sequence[StoredArticle]) -> list[Indexed]:
        """Elasticsearch does not return tokens, so they are made again."""
        return list(map(indexed, articles))

    @override
    def match(self, queries: Mapping[str, Query], after: int, upto: int) -> dict[str, list[str]]:
        """The articles are read and matched here, so the cost does not depend on the size of the store."""
        articles = self.between(after, upto)
        return matched(queries, ((stored.enriched.article.id, indexed(stored)) for stored in articles))

    # -- changes -----------------------------------------------------------------------------------------

    @override
    def last_change(self) -> int:
        return self.roots.settled().root.changes

    @override
    def changes(self, after: int, upto: int) -> Iterator[Change]:
        query = {"range": {"n": {"gt": after, "lte": upto}}}
        point = self.roots.consistent(lambda: self.reads.open(self.names.alias("changes")))
        try:
            for hit in self.reads.stream(point, [{"n": "asc"}], PAGE, query=query, source=["document"]):
                yield decode(Change, hit["_source"]["document"])
        finally:
            self.reads.close(point)

    @override
    def changes_of(self, articles: Sequence[str]) -> list[Change]:
        found: list[Change] = []
        for piece in chunked(map(well_formed, articles)):
            found += self._documents(Change, "changes", [{"n": "asc"}], {"terms": {"article": piece}})
        return sorted(found, key=lambda change: change.n)

    @override
    def changes_since(self, time: datetime) -> int:
        query = {"range": {"at_us": {"gte": micros(time)}}}
        index = self.names.alias("changes")
        pages = self.roots.consistent(
            lambda: list(self.reads.pages([{"n": "asc"}], 1, 1, index=index, query=query, source=["n"]))
        )
        return int(pages[0]["_source"]["n"]) - 1 if pages else self.last_change()

    @override
    def amendments(self, after: int) -> list[Change]:
        later = {"range": {"n": {"gt": after}}}
        query = {"bool": {"filter": [later, {"terms": {"kind": ["edit", "move"]}}]}}
        return self._documents(Change, "changes", [{"n": "asc"}], query)

    # -- stories -----------------------------------------------------------------------------------------

    @override
    def active(self, published: Sequence[Period], fetched: Sequence[Period] = ()) -> Iterator[MemberRow]:
        with self._members() as point:
            yield from members.active(self.reads, point, members.within(published, fetched))

    @override
    def active_stories(self, published: Sequence[Period], fetched: Sequence[Period] = ()) -> set[str]:
        asked = members.within(published, fetched)
        return self.roots.consistent(lambda: set(self.reads.groups(self.names.articles, "story", asked)))

    @override
    def arrived(self, after: int) -> list[MemberRow]:
        with self._members() as point:
            return members.arrived(self.reads, point, after)

    @override
    def members(self, stories: Sequence[str], upto: int) -> list[MemberRow]:
        with self._members() as point:
            return members.of_stories(self.reads, point, map(well_formed, stories), upto)

    @contextmanager
    def _members(self) -> Iterator[str]:
        """Opens a point in time of the members; closes it in the end."""
        point = self.roots.consistent(lambda: self.reads.open(self.names.members))
        try:
            yield point
        finally:
            self.reads.close(point)

    @override
    def times(self, story: str) -> list[datetime]:
        return self.roots.consistent(lambda: lists.times(self.reads, self.names.articles, story))

    @override
    def stories(self, ids: Sequence[str]) -> dict[str, Story]:
        asked = {hashed(each): each for each in ids}
        index = self.names.alias("stories")
        hits = self.roots.consistent(lambda: list(self.reads.by_ids(index, asked, ("document",))))
        return {asked[hit["_id"]]: decode(Story, hit["_source"]["document"]) for hit in hits}

    @override
    def newest_stories(self, since: datetime | None, query: Query | None, limit: int) -> list[Story]:
        return self.story_page(StoryFilter(since=since, query=query), "new", limit)

    @override
    def story_page(
        self, wanted: StoryFilter, order: StoryOrder, limit: int, after: tuple[int, float, str] | None = None
    ) -> list[Story]:
        asked = compiled(query) if (query := wanted.hitting) is not None else None
        page = lists.StoryPage(self.reads, self.names, wanted, order, after)
        found = self.roots.consistent(lambda: page.documents(asked, limit))
        return [decode(Story, document) for document in found]

    @override
    def count_stories(self, wanted: StoryFilter, most: int) -> int:
        return self.roots.consistent(lambda: lists.count(self.reads, self.names, wanted, most))

    @override
    def beginning(self, kind: Identified, prefix: str, limit: int) -> list[str]:
        return self.roots.consistent(lambda: lists.beginning(self.reads, self.names, kind, prefix, limit))

    @override
    def rejection(self, name: str) -> Rejection | None:
        return self._document(Rejection, "quarantine", hashed(name))

    @override
    def decision(self, article: str) -> Decision | None:
        return self._document(Decision, "decisions", hashed(article))

    @override
    def near(self, stories: Sequence[str], limit: int) -> list[Decision]:
        request: dict[str, Any] = {
            "index": self.names.alias("decisions"),
            "query": {"terms": {"near": list(map(well_formed, stories))}},
            "source": ["document"],
        }
        order: list[dict[str, Any]] = [
            {"near_score": {"order": "desc", "missing": "_last"}},
            {"article": "asc"},
        ]
        hits = self.roots.consistent(lambda: list(self.reads.pages(order, PAGE, limit, **request)))
        return [decode(Decision, hit["_source"]["document"]) for hit in hits]

    @override
    def lineage(self, story: str) -> list[Lineage]:
        found = self.roots.consistent(lambda: members.lineage(self.reads, self.names, well_formed(story)))
        each = [decode(Lineage, document) for document in found]
        return sorted(each, key=lambda one: (one.at, one.story, one.into, one.kind, one.by))

    @override
    def corrections(self) -> list[Correction]:
        query = {"exists": {"field": "id"}}
        return self._documents(Correction, "corrections", [{"at_us": "asc"}, {"id": "asc"}], query)

    @override
    def requests(self, *, unfinished: bool = False) -> list[Request]:
        kinds = [REQUESTED] if unfinished else [REQUESTED, ANSWERED]
        found = self._documents(Request, "state", [{"name": "asc"}], {"terms": {"kind": kinds}})
        return sorted(found, key=lambda each: (each.at, each.id))

    # -- state -------------------------------------------------------------------------------------------

    @override
    def learned(self, keys: Sequence[str]) -> dict[str, bytes]:
        asked = {hashed(each): each for each in keys}
        alias = self.names.alias("learned")
        hits = self.roots.consistent(lambda: list(self.reads.by_ids(alias, asked, ["data"])))
        return {asked[hit["_id"]]: from_binary(hit["_source"]["data"]) for hit in hits}

    @override
    def mark(self, name: str) -> str:
        found = self.roots.consistent(lambda: self.reads.get(self.names.alias("state"), hashed("mark", name)))
        return str(found["document"]) if found else ""

    @override
    def feeds(self, *, light: bool = False) -> dict[str, FeedState]:
        """If any state was written before the field `light` existed (`FIELDS`), all are read whole."""
        request: dict[str, Any] = {
            "index": self.names.alias("feeds"), "source": ["light" if light else "document"]
        }  # fmt: skip
        hits = self.roots.consistent(lambda: list(self.reads.pages([{"id": "asc"}], PAGE, **request)))
        if light and all(hit["_source"] for hit in hits):
            states = [decode(FeedState, hit["_source"]["light"]) for hit in hits]
        elif light:
            states = [replace(each, seen=(), pending=()) for each in self.feeds().values()]
        else:
            states = [decode(FeedState, hit["_source"]["document"]) for hit in hits]
        return {state.feed: state for state in states}

    @override
    def freshness(self) -> Freshness:
        newest = [{"succeeded": {"order": "desc", "missing": "_last"}}]
        request: dict[str, Any] = {"index": self.names.alias("feeds"), "source": ["succeeded"]}

        def ask(root: Root) -> Freshness:
            hits = list(self.reads.pages(newest, 1, 1, **request))
            fetched = hits[0]["_source"].get("succeeded") if hits else None
            return Freshness(root.head, datetime.fromisoformat(fetched) if fetched else None)

        return self.roots.consistent_with(ask)

    @override
    def rejections(
        self,
        wanted: RejectionFilter = ALL_REJECTIONS,
        limit: int | None = None,
        after: tuple[datetime, str] | None = None,
    ) -> list[Rejection]:
        index = self.names.alias("quarantine")
        hits = self.roots.consistent(lambda: lists.rejections(self.reads, index, wanted, limit, after))
        return [decode(Rejection, hit["_source"]["document"]) for hit in hits]

    @override
    def count_rejections(self, by: Literal["reason", "place"], most: int) -> list[tuple[str, int]]:
        index = self.names.alias("quarantine")
        return self.roots.consistent(lambda: lists.count_rejections(self.reads, index, by, most))

    # -- alerts ------------------------------------------------------------------------------------------

    @override
    def tellings(self, watch: str, stories: Sequence[str] | None = None) -> dict[str, WatchState]:
        if stories is None:
            query = {"term": {"watch": well_formed(watch)}}
            found = self._documents(WatchState, "tellings", [{"story": "asc"}], query)
        else:
            names = [hashed(watch, story) for story in stories]
            index = self.names.alias("tellings")
            hits = self.roots.consistent(lambda: list(self.reads.by_ids(index, names, ("document",))))
            found = [decode(WatchState, hit["_source"]["document"]) for hit in hits]
        return {each.story: each for each in found}

    @override
    def tellings_of(self, stories: Sequence[str]) -> list[WatchState]:
        order = [{"watch": "asc"}, {"story": "asc"}]
        found: list[WatchState] = []
        for piece in chunked(map(well_formed, stories)):
            found += self._documents(WatchState, "tellings", order, {"terms": {"story": piece}})
        return sorted(found, key=lambda each: (each.watch, each.story))

    @override
    def alerts(self, watch: str | None = None, since: datetime | None = None) -> list[Alert]:
        """`since` bounds when they were decided."""
        filters: list[dict[str, Any]] = [{"term": {"watch": well_formed(watch)}}] if watch is not None else []
        if since:
            filters.append({"range": {"at_us": {"gte": micros(since)}}})
        return self._documents(
            Alert, "alerts", [{"seq": "asc"}, {"id": "asc"}], {"bool": {"filter": filters}}
        )

    @override
    def messages_of(self, watch: str, alerts: Sequence[str]) -> list[Message]:
        found: dict[str, Message] = {}
        for piece in chunked(map(well_formed, alerts)):
            query = {"terms": {"alerts": piece}}
            messages = self._documents(Message, "outbox", [{"due_us": "asc"}, {"id": "asc"}], query)
            found |= {each.id: each for each in messages}
        return listed(watch, found.values())

    @override
    def outbox(self, states: Sequence[DeliveryState] = UNFINISHED) -> list[Message]:
        query = {"terms": {"state": list(states)}}
        return self._documents(Message, "outbox", [{"due_us": "asc"}, {"id": "asc"}], query)

    # -- telling about itself ----------------------------------------------------------------------------

    @override
    def describe(self) -> dict[str, str | int]:
        about = self.link.call("look at the cluster", lambda client: client.info())
        root = self.roots.settled().root
        return {
            "kind": "elasticsearch",
            "place": f"{self.link.address.shown} ({self.names.prefix}-*)",
            "version": about["version"]["number"],
            "schema": VERSION,
            "epoch": root.epoch,
            "articles": self.reads.count(self.names.articles),
            "stories": self.reads.count(self.names.alias("stories")),
        }

    @override
    def damage(self) -> list[str]:
        root = self.roots.settled().root
        return damage(self.link, self.names, root.epoch, root.parts)

    # -- pieces ------------------------------------------------------------------------------------------

    def _document(self, kind: type[Kind], alias: str, name: str) -> Kind | None:
        index = self.names.alias(alias)
        hits = self.roots.consistent(lambda: list(self.reads.by_ids(index, (name,), ("document",))))
        return decode(kind, hits[0]["_source"]["document"]) if hits else None

    def _documents(
        self,
        kind: type[Kind],
        alias: str,
        sort: Sequence[dict[str, Any]],
        query: dict[str, Any] | None = None,
    ) -> list[Kind]:
        request: dict[str, Any] = {
            "index": self.names.alias(alias), "query": query or {"match_all": {}}, "source": ["document"]
        }  # fmt: skip
        hits = self.roots.consistent(lambda: list(self.reads.pages(sort, PAGE, **request)))
        return [decode(kind, hit["_source"]["document"]) for hit in hits]
