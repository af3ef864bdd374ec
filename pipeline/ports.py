"""What the stages ask of the world, as Protocols whose docstrings are the contract.

Everything that touches the world stands behind one of these. Times are UTC and aware. Unless a method says
otherwise it raises `TransientError` when trying again may help and `PermanentError` when it cannot.
Implementations need not be thread-safe: one object, one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol, TypeAlias

from pipeline.records import (
    Alert,
    Article,
    ArticleKind,
    ArticleRow,
    Capture,
    Change,
    Correction,
    Decision,
    DeliveryState,
    Entity,
    EntityName,
    FeedState,
    JournalEntry,
    Lineage,
    Message,
    RawItem,
    Rejection,
    Request,
    Span,
    StoredArticle,
    Story,
    Topic,
    Unsettled,
    WatchState,
)
from pipeline.records.alerts import UNFINISHED

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.query.fields import Indexed
    from pipeline.query.tree import Query

# In quotation marks, since most that ask a port for something have no use for numpy.
Vectors: TypeAlias = "NDArray[np.float32]"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write, until `expires`; `token` grows with each holder, so a late writer is refused."""

    name: str
    owner: str
    token: int
    expires: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """An earlier version of an article, when it was replaced (UTC), and what had been found in it."""

    article: Article
    replaced: datetime
    entities: tuple[Entity, ...] = ()
    topics: tuple[Topic, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchHit:
    """An article that a search found, with its relevance (higher is better, comparable within one answer)."""

    article: StoredArticle
    score: float


class PlacedLine(NamedTuple):
    """An article as a line of a list, and why it is in its story; None where nothing is recorded."""

    line: ArticleRow
    decision: Decision | None


class Naming(NamedTuple):
    """An article that names something: its number, its time, its story, and all that it names."""

    seq: int
    time: datetime
    story: str
    names: tuple[EntityName, ...]


# A first and a last moment.
Period = tuple[datetime, datetime]


StoryOrder = Literal["hot", "new", "size"]
# What can be found by how its id begins.
Identified = Literal["stories", "situations", "articles", "quarantine"]


@dataclass(frozen=True, slots=True)
class StoryFilter:
    """Which stories a list has.

    Attributes:
        since: Only those with `last_published` at or after it.
        query: Only those with an article that it hits.
        kind: Only those with an article of this kind; where there is a query, one that it hits.
        topic, language: Only those that have it among their topics (by id) and languages.
        min_articles, min_outlets, min_origins: Only those with so many.
        after_seq: Only those with a member that came after it.
        situation: Only those that belong to this situation.
        tied: Only those that belong to any.
    """

    since: datetime | None = None
    query: Query | None = None
    topic: str = ""
    language: str = ""
    min_articles: int = 0
    min_outlets: int = 0
    min_origins: int = 0
    after_seq: int = -1
    kind: ArticleKind | None = None
    situation: str = ""
    tied: bool = False

    @property
    def hitting(self) -> Query | None:
        """What an article must be for its story to be listed; None where any will do."""
        if self.kind is None:
            return self.query
        from pipeline.query.tree import And, Term

        kind = Term("kind", self.kind, (self.kind,))
        return kind if self.query is None else And((self.query, kind))


@dataclass(frozen=True, slots=True)
class RejectionFilter:
    """Which entries of the quarantine a list has; "" takes any.

    Attributes:
        source, stage, reason: Those of the entry.
        place: Where it came from, short (`Rejection.place`).
    """

    source: str = ""
    place: str = ""
    stage: str = ""
    reason: str = ""


ALL_REJECTIONS: Final = RejectionFilter()


class Freshness(NamedTuple):
    """How far a store is: its highest ingest sequence number, and when any feed last answered well (UTC)."""

    head: int
    fetched: datetime | None


class MemberRow(NamedTuple):
    """What clustering state is rebuilt from: one article of an active story."""

    article: str
    story: str
    seq: int
    traits: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """Everything that one step changes; a store takes all of it or nothing.

    Attributes:
        articles: New and changed articles. A new one has `seq` = head + 1, head + 2, …; a changed one keeps
            its `seq`, and what it replaces is kept as a `Version` when its `digest` changes. They stand in
            the order in which things happened, which is that of changes; one may stand there several times.
        stories: New and changed stories, whole.
        retired: Ids of articles to take out with all that is kept of them; their stories are in `stories` or
            `ended`. Their numbers are not given out again.
        ended: Ids of stories that have no members any more.
        decisions: One an article; replaces its former one.
        lineage, corrections: Kept for good.
        requests: By id, replaced.
        learned: Learned state by key; an empty value deletes the key.
        rejections: Quarantine entries by id.
        released: Ids of quarantine entries to take out.
        feeds: Feed states by feed id.
        tellings: By watch and story; `forgotten` are (watch, story) pairs to take out.
        alerts: By id; an id that is there already is left alone.
        messages: Outbox entries by id, replaced.
        marks: Small named values (e.g. the journal entry that was applied last).
        at: When new articles were taken in, or articles were moved, where that is told.
    """

    articles: tuple[StoredArticle, ...] = ()
    stories: tuple[Story, ...] = ()
    retired: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    lineage: tuple[Lineage, ...] = ()
    corrections: tuple[Correction, ...] = ()
    requests: tuple[Request, ...] = ()
    learned: Mapping[str, bytes] = field(default_factory=dict)
    rejections: tuple[Rejection, ...] = ()
    released: tuple[str, ...] = ()
    feeds: tuple[FeedState, ...] = ()
    tellings: tuple[WatchState, ...] = ()
    forgotten: tuple[tuple[str, str], ...] = ()
    alerts: tuple[Alert, ...] = ()
    messages: tuple[Message, ...] = ()
    marks: Mapping[str, str] = field(default_factory=dict)
    at: datetime | None = None


def place_in(order: StoryOrder, story: Story) -> tuple[int, float, str]:
    """Where a story stands in an order: whether behind the dated ones, its value, its id.

    `last_published` is in microseconds since 1970.
    """
    newest = (story.last_published - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    value = {"hot": story.hot, "new": float(newest), "size": float(len(story.members))}[order]
    return int(order != "size" and not story.dated), value, story.id


class StoreReader(Protocol):
    """What can be asked of a store. Readers need no lease, and never see half a commit."""

    def close(self) -> None:
        """Frees what is held. Further calls are undefined."""

    def stop_when(self, given_up: Callable[[], bool]) -> None:
        """Has every call from now on end with an UnavailableError soon after `given_up` says so.

        For readers of whom nobody waits for an answer any more; it is asked often, so it must be quick.
        """

    # -- articles ----------------------------------------------------------------------------------------

    def head(self) -> int:
        """The highest ingest sequence number; 0 in an empty store."""

    def find(self, keys: Sequence[str]) -> dict[str, str]:
        """For each known identity key, the id of the article that has it."""

    def articles(self, ids: Sequence[str]) -> dict[str, StoredArticle]:
        """Articles by id; unknown ids are left out."""

    def lines(self, ids: Sequence[str]) -> dict[str, ArticleRow]:
        """Articles by id as lines of a list; unknown ids are left out."""

    def placed_lines(self, ids: Sequence[str]) -> dict[str, PlacedLine]:
        """Articles by id as lines of a list with why each is in its story, in one request."""

    def naming(self, entity: str, limit: int) -> list[Naming]:
        """Articles that name an entity, by a name or its id, the highest seq first; reads no texts."""

    def between(self, after: int, upto: int) -> Iterator[StoredArticle]:
        """Articles with after < seq <= upto, by seq. Streams: any number."""

    def hits(
        self, query: Query, after: int, upto: int, *, newest_first: bool = False
    ) -> Iterator[StoredArticle]:
        """Articles with after < seq <= upto that a query hits, by seq, or from the highest down.

        Streams: any number, each as it is when it is reached; the store may be written to meanwhile.
        """

    def versions(self, article: str) -> list[Version]:
        """Earlier versions, oldest first."""

    def search(self, query: Query, since: datetime | None, limit: int) -> list[SearchHit]:
        """Articles that a query hits, best first, ties by seq; `since` bounds `Article.time`.

        Of more hits than `store.rules.ranking.RANKED` the newest by seq are ranked, unless `limit` is more.
        """

    def searchable(self, articles: Sequence[StoredArticle]) -> list[Indexed]:
        """The searchable side of articles that are in the store in just this form, one for each, in order."""

    def match(self, queries: Mapping[str, Query], after: int, upto: int) -> dict[str, list[str]]:
        """For each named query, the ids of the articles with after < seq <= upto that it hits, by seq."""

    # -- changes -----------------------------------------------------------------------------------------

    def last_change(self) -> int:
        """The number of the newest change; 0 in an empty store."""

    def changes(self, after: int, upto: int) -> Iterator[Change]:
        """Changes with after < n <= upto, by n. Streams: any number."""

    def changes_of(self, articles: Sequence[str]) -> list[Change]:
        """All changes of these articles, by n."""

    def changes_since(self, time: datetime) -> int:
        """The number of the last change before the first one at or after a time."""

    def amendments(self, after: int) -> list[Change]:
        """Edits and moves with n > after, by n: what tells the past from the present."""

    # -- stories -----------------------------------------------------------------------------------------

    def active(self, published: Sequence[Period], fetched: Sequence[Period] = ()) -> Iterator[MemberRow]:
        """All members of the stories that have a member within a period, each once, in any order.

        Args:
            published: Periods of `Article.time`, both ends included.
            fetched: Periods of the time at which the article came.
        """

    def active_stories(self, published: Sequence[Period], fetched: Sequence[Period] = ()) -> set[str]:
        """The ids of the stories whose members `active` gives; reads none of these."""

    def arrived(self, after: int) -> list[MemberRow]:
        """What clustering state is made of, of the articles with seq > after, by seq."""

    def members(self, stories: Sequence[str], upto: int) -> list[MemberRow]:
        """The members of these stories with seq <= upto, in any order."""

    def times(self, story: str) -> list[datetime]:
        """When each article of a story was published, or fetched where nobody says, by sequence number."""

    def stories(self, ids: Sequence[str]) -> dict[str, Story]:
        """Stories by id; unknown and ended ids are left out."""

    def newest_stories(self, since: datetime | None, query: Query | None, limit: int) -> list[Story]:
        """Stories by `last_published`, newest first, ties by id; those with a member that the query hits.

        Stories without a date come last, whenever their articles were seen.
        """

    def story_page(
        self, wanted: StoryFilter, order: StoryOrder, limit: int, after: tuple[int, float, str] | None = None
    ) -> list[Story]:
        """Stories in an order, ties by id: by `hot`, by `last_published`, or by members, most first.

        Those that say no date come last, but for the order by members.

        Reads as far as the page needs: no story behind its last one, without a query.

        Args:
            wanted: Which stories.
            order: By what.
            limit: How many.
            after: What `place_in` gives for the last story of the page before.
        """

    def count_stories(self, wanted: StoryFilter, most: int) -> int:
        """How many stories a list without a query has; `most` where it has more.

        Raises:
            ValueError: There is a query, or a kind.
        """

    def beginning(self, kind: Identified, prefix: str, limit: int) -> list[str]:
        """Ids that begin so, in the order of their characters.

        Those of stories are also those of stories that another took in; a situation is one that has a story.
        """

    def rejection(self, name: str) -> Rejection | None:
        """One entry of the quarantine."""

    def decision(self, article: str) -> Decision | None:
        """Why the article is in its story."""

    def near(self, stories: Sequence[str], limit: int) -> list[Decision]:
        """Decisions that passed one of these over for another or a new one, the closest first, ties by id.

        They stay as they were decided: the article may have come to the story since.
        """

    def lineage(self, story: str) -> list[Lineage]:
        """What happened to a story and to those it came from, oldest first."""

    def corrections(self) -> list[Correction]:
        """All corrections, oldest first."""

    def requests(self, *, unfinished: bool = False) -> list[Request]:
        """What persons asked for, by (at, id); with `unfinished` reads no others."""

    # -- state -------------------------------------------------------------------------------------------

    def learned(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Those pieces of learned state that there are, by key, in one request however many are asked for."""

    def mark(self, name: str) -> str:
        """A small named value; "" where it was never set."""

    def feeds(self, *, light: bool = False) -> dict[str, FeedState]:
        """All feed states by feed id.

        Args:
            light: Without what only the next poll needs, `seen` and `pending`: nine tenths of a state.
        """

    def freshness(self) -> Freshness:
        """How far it is, in one request; reads no feed's state whole."""

    def rejections(
        self,
        wanted: RejectionFilter = ALL_REJECTIONS,
        limit: int | None = None,
        after: tuple[datetime, str] | None = None,
    ) -> list[Rejection]:
        """What could not be processed, newest first, ties by id; reads no others.

        Args:
            wanted: Which entries.
            limit: How many; None for all.
            after: Time and id of the last entry of the page before.
        """

    def count_rejections(self, by: Literal["reason", "place"], most: int) -> list[tuple[str, int]]:
        """How many entries there are of each reason or place, most first, ties by name; reads no entry."""

    # -- alerts ------------------------------------------------------------------------------------------

    def tellings(self, watch: str, stories: Sequence[str] | None = None) -> dict[str, WatchState]:
        """What a watch knows, by story id; of all stories when None."""

    def tellings_of(self, stories: Sequence[str]) -> list[WatchState]:
        """What any watch knows of these stories, by (watch, story)."""

    def alerts(self, watch: str | None = None, since: datetime | None = None) -> list[Alert]:
        """Alerts by (seq, id)."""

    def messages_of(self, watch: str, alerts: Sequence[str]) -> list[Message]:
        """Messages of a watch with any of these alerts, in any state, by (due, id), without payload."""

    def outbox(self, states: Sequence[DeliveryState] = UNFINISHED) -> list[Message]:
        """Messages in these states, by (due, id); reads no others."""

    # -- telling about itself ----------------------------------------------------------------------------

    def describe(self) -> dict[str, str | int]:
        """For `doctor`: kind, schema version, numbers of articles and stories; never a secret."""

    def damage(self) -> list[str]:
        """For `verify`: what of the store's own frame is not as it must be, one line each, with what to do.

        Its frame are files, tables, templates and aliases; reads everything that it must.
        """


class Store(StoreReader, Protocol):
    """Where articles, stories and everything said about them are kept.

    One conformance suite (`tests/store/conformance.py`) runs on every implementation. Writers of stories hold
    the lease "stories", the alert run holds "alerts".
    """

    def acquire(self, name: str, owner: str, now: datetime, seconds: float) -> Lease:
        """Takes or renews a lease; one that ended lately is still held (`pipeline/store/rules/leases.py`).

        Raises:
            LeaseHeldError: Somebody else's has not expired; it says when it does.
        """

    def release(self, lease: Lease) -> None:
        """Gives a lease back; does nothing when it is not held any more."""

    def commit(self, commit: Commit, lease: Lease | None = None) -> None:
        """Writes all of it or nothing; writing the same again changes nothing.

        Raises:
            LeaseHeldError: `lease` was given and is not the current one.
            StoreError: A new article's `seq` does not follow the head.
        """

    def drop_before(self, time: datetime, lease: Lease) -> int:
        """Retention: forgets articles whose time is before `time`, with their stories when these end.

        Returns:
            How many articles went.
        """

    def optimize(self, before: datetime) -> int:
        """Lays together what was written before a time, so that reading it costs less; what is read stays.

        May go on after the return.

        Returns:
            How many parts are being laid together; 0 when all are.
        """


class Embedder(Protocol):
    """Turns texts into unit vectors; the same text gives the same bits whatever stands beside it."""

    name: str

    def embed(self, texts: Sequence[str]) -> Vectors:
        """An array of shape [len(texts), d], float32, each row of length 1."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A name found by a recognizer: the label is the model's own (PERSON, ORG, GPE, LOC, NORP, …)."""

    span: Span
    label: str


class Recognizer(Protocol):
    """Finds names in texts."""

    def recognize(self, articles: Sequence[Article]) -> list[tuple[Mention, ...]]:
        """For each article its mentions, title first, in order of place."""


@dataclass(frozen=True, slots=True)
class FeedSource:
    """A feed as configured.

    Attributes:
        pages: When article pages are fetched: "never", "short" or "always".
        interval_seconds: How often it is polled, whatever its rhythm; 0 follows its rhythm.
        secrets: What of `url` the environment gave; it is shown, logged, stored and exported nowhere.
    """

    id: str
    url: str
    outlet: str = ""
    language: str = ""
    tags: tuple[str, ...] = ()
    pages: str = "never"
    enabled: bool = True
    allow_private: bool = False
    interval_seconds: float = 0.0
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What polling a feed gave.

    Attributes:
        state: Its new state; it is to be committed together with what the captures became, never before.
        capture: What it sent; None when unchanged, and when nothing came.
        pages: What was fetched in its wake: sitemaps that an index names; pages of its items, and of items of
            earlier polls whose page had failed.
        items: What parsing the capture gave (the same as parsing it again), with pages joined.
        rejections: What of the capture could not be parsed, and why.
    """

    state: FeedState
    capture: Capture | None = None
    pages: tuple[Capture, ...] = ()
    items: tuple[RawItem, ...] = ()
    rejections: tuple[Rejection, ...] = ()


class Fetcher(Protocol):
    """Polls feeds politely."""

    def fetch(self, feeds: Sequence[tuple[FeedSource, FeedState]], now: datetime) -> Iterator[Fetched]:
        """Polls each feed once, yields in the order given. Never raises for one feed: the state says why."""


class Archive(Protocol):
    """Keeps captures as they came, by batch, and the journal of what was done with them, for replay."""

    def write(self, batch: str, captures: Sequence[Capture], *, backfill: bool = False) -> str:
        """Keeps captures as a batch; returns its place in the archive. The same batch again is replaced.

        Until `settle` is called it is among the `unsettled`, also when the process dies.

        Args:
            batch: Its name.
            captures: In order.
            backfill: Whether what is made of them never alerts.
        """

    def settle(self, places: Sequence[str]) -> None:
        """Notes that the journal, or the store, has what became of batches."""

    def unsettled(self) -> list[Unsettled]:
        """Batches that were written and not settled, oldest first."""

    def place_of(self, batch: str) -> str:
        """Where a batch is that was written before, on whatever day; "" when it is not there."""

    def read(self, place: str) -> Iterator[Capture]:
        """The captures of a batch, in the order written.

        Raises:
            NotFoundError: The batch is not there, or not any more.
            PermanentError: A record's checksum does not fit.
        """

    def drop_before(self, time: datetime) -> int:
        """Forgets the batches of days before `time`, and nothing of the journal; returns how many went."""

    @property
    def where(self) -> str:
        """Where it is, as a reader would look for it."""

    def append(self, entry: JournalEntry) -> int:
        """Appends to the journal, durably and whole or not at all; returns the entry's number.

        Raises:
            TransientError: The disk is full.
            PermanentError: The disk is read-only, or not ours to write.
        """

    def identity(self, *, make: bool = False) -> str:
        """What a store knows the journal by; "" before it was given a name. With `make` it is given one."""

    def last(self) -> int:
        """The number of the journal's last entry; 0 when it is empty."""

    def entries(self, after: int = 0) -> Iterator[JournalEntry]:
        """The journal's entries with n > after, in the order they were appended.

        One that cannot be read comes as an entry of kind "unreadable".
        """


class Notifier(Protocol):
    """Sends rendered messages, one at a time."""

    def close(self) -> None:
        """Frees what is held. Further calls are undefined."""

    def send(self, message: Message) -> None:
        """Sends `message.payload` to `message.to`; returning means that the far side took it.

        Raises:
            TransientError: Try again later.
            PermanentError: The far side refuses for good.
        """
