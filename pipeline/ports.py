"""What the stages need from the outside world, as Protocols whose docstrings are the contract.

Everything that touches the outside world is behind one of these. Times are UTC and aware. Unless a method
says otherwise it raises `TransientError` if trying again may help, and `PermanentError` if it cannot.
Implementations need not be thread-safe: an object is used by one thread.
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

# In quotation marks, because most users of a port have no use for numpy.
Vectors: TypeAlias = "NDArray[np.float32]"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write until `expires`; `token` grows with each new holder, so a late writer is refused."""

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
    """An article as a line of a list, and the decision why it is in its story; None if none is recorded."""

    line: ArticleRow
    decision: Decision | None


class Naming(NamedTuple):
    """An article that names an entity: its seq, its time, its story's id, and all that it names."""

    seq: int
    time: datetime
    story: str
    names: tuple[EntityName, ...]


# A first and a last moment.
Period = tuple[datetime, datetime]


StoryOrder = Literal["hot", "new", "size"]
# What can be found by the beginning of its id.
Identified = Literal["stories", "situations", "articles", "quarantine"]


@dataclass(frozen=True, slots=True)
class StoryFilter:
    """Which stories a list has.

    Attributes:
        since: Only those with `last_published` at or after this time.
        query: Only those with an article that the query hits.
        kind: Only those with an article of this kind; if there is a query, with one of this kind that it
            hits.
        topic, language: Only those with this topic (by id) or language among theirs.
        min_articles, min_outlets, min_origins: Only those with at least this many.
        after_seq: Only those with a member whose seq is higher.
        situation: Only those that belong to this situation.
        tied: Only those that belong to any situation.
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
        """The query that an article must fit for its story to be listed; None if any article will do."""
        if self.kind is None:
            return self.query
        from pipeline.query.tree import And, Term

        kind = Term("kind", self.kind, (self.kind,))
        return kind if self.query is None else And((self.query, kind))


@dataclass(frozen=True, slots=True)
class RejectionFilter:
    """Which entries of the quarantine a list has; "" means any.

    Attributes:
        source, stage, reason: As in the entry.
        place: The short form of where it came from (`Rejection.place`).
    """

    source: str = ""
    place: str = ""
    stage: str = ""
    reason: str = ""


ALL_REJECTIONS: Final = RejectionFilter()


class Freshness(NamedTuple):
    """How fresh a store is: its highest ingest sequence number, and when a feed last answered well (UTC)."""

    head: int
    fetched: datetime | None


class MemberRow(NamedTuple):
    """One article of an active story: what the clustering state is rebuilt from."""

    article: str
    story: str
    seq: int
    traits: bytes


@dataclass(frozen=True, slots=True)
class Commit:
    """Everything that one step changes; a store takes all of it or nothing.

    Attributes:
        articles: New and changed articles. New ones have `seq` = head + 1, head + 2, …; a changed one keeps
            its `seq`, and if its `digest` changes the former content is kept as a `Version`. They are in the
            order in which things happened, which becomes the order of changes; an article may come several
            times.
        stories: New and changed stories, whole.
        retired: Ids of articles to remove with all that is kept of them; their stories are in `stories` or
            `ended`. Their numbers are not given out again.
        ended: Ids of stories that have no members any more.
        decisions: One for each article; it replaces the former one.
        lineage, corrections: Kept for good.
        requests: By id; each replaces the former one.
        learned: Learned state by key; an empty value deletes the key.
        rejections: Quarantine entries by id.
        released: Ids of quarantine entries to remove.
        feeds: Feed states by feed id.
        tellings: By watch and story; `forgotten` are (watch, story) pairs to remove.
        alerts: By id; an alert that is there already stays as it is.
        messages: Outbox entries by id; each replaces the former one.
        marks: Small named values (e.g. the journal entry that was applied last).
        at: When new articles were taken in, or articles were moved, if that is known.
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
    """The place of a story in an order, for `story_page` to go on after it.

    It is 1 for an undated story that comes after the dated ones, else 0; the value that the order sorts by
    (`last_published` in microseconds since 1970); and the story's id.
    """
    newest = (story.last_published - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    value = {"hot": story.hot, "new": float(newest), "size": float(len(story.members))}[order]
    return int(order != "size" and not story.dated), value, story.id


class StoreReader(Protocol):
    """The reading side of a store. Readers need no lease, and never see half a commit."""

    def close(self) -> None:
        """Closes files and connections. Nothing may be called afterwards."""

    def stop_when(self, given_up: Callable[[], bool]) -> None:
        """From now on each call ends with an UnavailableError soon after `given_up` returns true.

        This is for answers that nobody waits for any more. `given_up` is called often, so it must be quick.
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
        """Articles by id as lines of a list, each with the decision on its story, in one request."""

    def naming(self, entity: str, limit: int) -> list[Naming]:
        """Articles that name an entity, given by name or id, the highest seq first; reads no texts."""

    def between(self, after: int, upto: int) -> Iterator[StoredArticle]:
        """Articles with after < seq <= upto, by seq. A stream: there may be any number."""

    def hits(
        self, query: Query, after: int, upto: int, *, newest_first: bool = False
    ) -> Iterator[StoredArticle]:
        """Articles with after < seq <= upto that a query hits, by seq, ascending or descending.

        A stream: there may be any number, each as it is when it is reached. The store may be written to
        meanwhile.
        """

    def versions(self, article: str) -> list[Version]:
        """Earlier versions, oldest first."""

    def search(self, query: Query, since: datetime | None, limit: int) -> list[SearchHit]:
        """Articles that a query hits, best first, ties by seq; `since` bounds `Article.time`.

        If there are more than `store.rules.ranking.RANKED` hits, only the newest by seq are ranked, unless
        `limit` is higher.
        """

    def searchable(self, articles: Sequence[StoredArticle]) -> list[Indexed]:
        """The searchable side of each article, in order; the store must hold them in exactly this form."""

    def match(self, queries: Mapping[str, Query], after: int, upto: int) -> dict[str, list[str]]:
        """For each named query, the ids of the articles with after < seq <= upto that it hits, by seq."""

    # -- changes -----------------------------------------------------------------------------------------

    def last_change(self) -> int:
        """The number of the newest change; 0 in an empty store."""

    def changes(self, after: int, upto: int) -> Iterator[Change]:
        """Changes with after < n <= upto, by n. A stream: there may be any number."""

    def changes_of(self, articles: Sequence[str]) -> list[Change]:
        """All changes of these articles, by n."""

    def changes_since(self, time: datetime) -> int:
        """The number of the last change before the first one made at or after a time."""

    def amendments(self, after: int) -> list[Change]:
        """Edits and moves with n > after, by n: what has to be undone to see the past."""

    # -- stories -----------------------------------------------------------------------------------------

    def active(self, published: Sequence[Period], fetched: Sequence[Period] = ()) -> Iterator[MemberRow]:
        """All members of the stories that have a member within a period, each once, in any order.

        Args:
            published: Periods of `Article.time`, both ends included.
            fetched: Periods of the time at which the article came.
        """

    def active_stories(self, published: Sequence[Period], fetched: Sequence[Period] = ()) -> set[str]:
        """The ids of the stories whose members `active` gives, without reading the members."""

    def arrived(self, after: int) -> list[MemberRow]:
        """The articles with seq > after, as rows for the clustering state, by seq."""

    def members(self, stories: Sequence[str], upto: int) -> list[MemberRow]:
        """The members of these stories with seq <= upto, in any order."""

    def times(self, story: str) -> list[datetime]:
        """When each article of a story was published (if unknown, fetched), by sequence number."""

    def stories(self, ids: Sequence[str]) -> dict[str, Story]:
        """Stories by id; unknown and ended ids are left out."""

    def newest_stories(self, since: datetime | None, query: Query | None, limit: int) -> list[Story]:
        """Stories with a member that the query hits, by `last_published`, newest first, ties by id.

        Stories without a date come last, no matter when their articles came.
        """

    def story_page(
        self, wanted: StoryFilter, order: StoryOrder, limit: int, after: tuple[int, float, str] | None = None
    ) -> list[Story]:
        """Stories by `hot`, by `last_published`, or by number of members, highest first, ties by id.

        Stories without a date come last, except in the order by members. Reads only as far as the page needs:
        without a query, no story after its last one.

        Args:
            wanted: Which stories.
            order: What they are sorted by.
            limit: How many at most.
            after: What `place_in` gives for the last story of the previous page.
        """

    def count_stories(self, wanted: StoryFilter, most: int) -> int:
        """How many stories a list without a query has, but at most `most`.

        Raises:
            ValueError: There is a query, or a kind.
        """

    def beginning(self, kind: Identified, prefix: str, limit: int) -> list[str]:
        """Ids that begin with a prefix, in the order of their characters.

        Ids of stories include those of stories merged into others; a situation counts while it has a story.
        """

    def rejection(self, name: str) -> Rejection | None:
        """One entry of the quarantine."""

    def decision(self, article: str) -> Decision | None:
        """Why the article is in its story."""

    def near(self, stories: Sequence[str], limit: int) -> list[Decision]:
        """Decisions that passed over one of these stories (`Decision.passed_over`), best first, ties by id.

        They are as they were decided; the article may have moved to the story since.
        """

    def lineage(self, story: str) -> list[Lineage]:
        """The lineage of a story and of the stories that it came from, oldest first."""

    def corrections(self) -> list[Correction]:
        """All corrections, oldest first."""

    def requests(self, *, unfinished: bool = False) -> list[Request]:
        """What persons asked for, by (at, id); with `unfinished`, only what is not done yet."""

    # -- state -------------------------------------------------------------------------------------------

    def learned(self, keys: Sequence[str]) -> dict[str, bytes]:
        """The pieces of learned state that exist, by key, in one request for any number of keys."""

    def mark(self, name: str) -> str:
        """A small named value; "" if it was never set."""

    def feeds(self, *, light: bool = False) -> dict[str, FeedState]:
        """All feed states by feed id.

        Args:
            light: Whether to leave out `seen` and `pending`, which only the next poll needs: nine tenths of a
                state.
        """

    def freshness(self) -> Freshness:
        """How fresh the store is, in one request; reads no feed's state whole."""

    def rejections(
        self,
        wanted: RejectionFilter = ALL_REJECTIONS,
        limit: int | None = None,
        after: tuple[datetime, str] | None = None,
    ) -> list[Rejection]:
        """Entries of the quarantine, newest first, ties by id; reads only these.

        Args:
            wanted: Which entries.
            limit: How many at most; None for all.
            after: Time and id of the last entry of the previous page.
        """

    def count_rejections(self, by: Literal["reason", "place"], most: int) -> list[tuple[str, int]]:
        """How many quarantine entries each reason or place has: the `most` largest, ties by name."""

    # -- alerts ------------------------------------------------------------------------------------------

    def tellings(self, watch: str, stories: Sequence[str] | None = None) -> dict[str, WatchState]:
        """What a watch knows of these stories (None: of all), by story id."""

    def tellings_of(self, stories: Sequence[str]) -> list[WatchState]:
        """What any watch knows of these stories, by (watch, story)."""

    def alerts(self, watch: str | None = None, since: datetime | None = None) -> list[Alert]:
        """Alerts by (seq, id), of one watch if given, decided at or after `since` if given."""

    def messages_of(self, watch: str, alerts: Sequence[str]) -> list[Message]:
        """Messages of a watch that carry any of these alerts, in any state, by (due, id), without payload."""

    def outbox(self, states: Sequence[DeliveryState] = UNFINISHED) -> list[Message]:
        """Messages in these states, by (due, id); reads only these."""

    # -- telling about itself ----------------------------------------------------------------------------

    def describe(self) -> dict[str, str | int]:
        """For `doctor`: kind, place, schema version, number of articles and stories; never a secret."""

    def damage(self) -> list[str]:
        """For `verify`: what is wrong with the store's files, tables, templates and aliases.

        One line for each fault, with what to do about it. May have to read everything.
        """


class Store(StoreReader, Protocol):
    """Keeps articles, stories and everything said about them.

    One conformance suite (`tests/store/conformance.py`) runs on every implementation. Whoever writes stories
    holds the lease "stories"; the alert run holds "alerts".
    """

    def acquire(self, name: str, owner: str, now: datetime, seconds: float) -> Lease:
        """Takes or renews a lease; one that ended lately is still held (`pipeline/store/rules/leases.py`).

        Raises:
            LeaseHeldError: Somebody else holds it; the error says until when.
        """

    def release(self, lease: Lease) -> None:
        """Gives a lease back; does nothing if it is not held any more."""

    def commit(self, commit: Commit, lease: Lease | None = None) -> None:
        """Writes all of it or nothing; writing the same again changes nothing.

        Raises:
            LeaseHeldError: `lease` was given and is not the current one.
            StoreError: A new article's `seq` does not follow the head.
        """

    def drop_before(self, time: datetime, lease: Lease) -> int:
        """Retention: removes articles whose time is before `time`, and stories that are left empty.

        Returns:
            How many articles were removed.
        """

    def optimize(self, before: datetime) -> int:
        """Merges what was written before a time, so that reading it costs less; the content stays the same.

        Merging may go on after the return.

        Returns:
            How many parts are being merged; 0 if all are merged already.
        """


class Embedder(Protocol):
    """Turns texts into unit vectors; a text gives the same bits no matter which texts come with it."""

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
        """The mentions of each article, those of the title first, in order of position."""


@dataclass(frozen=True, slots=True)
class FeedSource:
    """A feed as configured.

    Attributes:
        pages: When article pages are fetched: "never", "short" or "always".
        interval_seconds: How often it is polled; 0 adapts to how often it has news.
        secrets: The parts of `url` that came from the environment; never shown, logged, stored or exported.
        fault: Why nobody can ask it, with file and line; "" where nothing is wrong with what is written.
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
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What polling a feed gave.

    Attributes:
        state: Its new state, to be committed together with what the captures became, never before that.
        capture: What it sent; None if it is unchanged or did not answer.
        pages: What was fetched because of it: sitemaps that an index names; pages of its items, and of items
            of earlier polls whose page could not be fetched then.
        items: The items parsed from the capture (parsing it again gives the same), with their pages.
        rejections: The parts of the capture that could not be parsed, and why.
    """

    state: FeedState
    capture: Capture | None = None
    pages: tuple[Capture, ...] = ()
    items: tuple[RawItem, ...] = ()
    rejections: tuple[Rejection, ...] = ()


class Fetcher(Protocol):
    """Polls feeds politely."""

    def fetch(self, feeds: Sequence[tuple[FeedSource, FeedState]], now: datetime) -> Iterator[Fetched]:
        """Polls each feed once; yields in the order given. A failure never raises: the state says why."""


class Archive(Protocol):
    """Keeps captures as they came, in batches, and the journal of what was done with them, for replay."""

    def write(self, batch: str, captures: Sequence[Capture], *, backfill: bool = False) -> str:
        """Keeps captures as a batch; returns its place in the archive. Writing a batch again replaces it.

        Until `settle` is called it is among the `unsettled`, even if the process dies.

        Args:
            batch: The name of the batch.
            captures: The captures, in order.
            backfill: Whether the articles made from them never alert.
        """

    def settle(self, places: Sequence[str]) -> None:
        """Notes that the journal or the store records what became of these batches."""

    def unsettled(self) -> list[Unsettled]:
        """Batches that were written and not settled, oldest first."""

    def place_of(self, batch: str) -> str:
        """The place of a batch that was written on any day; "" if it is not there."""

    def read(self, place: str) -> Iterator[Capture]:
        """The captures of a batch, in the order written.

        Raises:
            NotFoundError: The batch is not there, or no longer there.
            PermanentError: The checksum of a record is wrong.
        """

    def drop_before(self, time: datetime) -> int:
        """Removes the batches of days before `time`, and nothing of the journal; returns how many."""

    @property
    def where(self) -> str:
        """Where the archive is, in a form that a person can look it up by."""

    def append(self, entry: JournalEntry) -> int:
        """Appends an entry to the journal, durably, and whole or not at all; returns its number.

        Raises:
            TransientError: The disk is full.
            PermanentError: The disk is read-only, or writing is not permitted.
        """

    def identity(self, *, make: bool = False) -> str:
        """The name by which a store knows the journal; "" if it has none. With `make` it is given one."""

    def last(self) -> int:
        """The number of the journal's last entry; 0 if it is empty."""

    def entries(self, after: int = 0) -> Iterator[JournalEntry]:
        """The journal's entries with n > after, in the order they were appended.

        An entry that cannot be read comes as one of kind "unreadable".
        """


class Notifier(Protocol):
    """Sends rendered messages, one at a time."""

    def close(self) -> None:
        """Closes connections. Nothing may be called afterwards."""

    def send(self, message: Message) -> None:
        """Sends `message.payload` to `message.to`; if it returns, the other side has accepted it.

        Raises:
            TransientError: It may succeed later.
            PermanentError: The other side refuses it for good.
        """
