"""Captures → enriched articles: parse, leave out what is known, normalize, enrich."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipeline.normalize.identity.keys import former_key
from pipeline.ports import Store
from pipeline.records import Capture, EnrichedArticle, FeedState, RawItem, Rejection
from pipeline.sources.read.payload import parse_batch

if TYPE_CHECKING:
    from pipeline.stages.intake.preparer import PreparedItems
    from pipeline.stages.intake.workers import Workers

_PART = 25  # items a worker is given at once, and between two steps of a progress bar: some seconds


@dataclass(frozen=True, slots=True)
class PreparedBatch:
    """What one intake hands to grouping; travels between Airflow tasks as a file.

    Attributes:
        places: Where its captures are in the archive.
        articles: In the order to be grouped in.
        rejections: What could not become an article.
        feeds: Feed states to be saved with the articles, so that a crash between is a re-fetch.
        known: For each feed id ("" for none), how many items were left out because they are known.
        backfill: Whether these articles never alert.
        vectors: Of the articles as they are here (`made_vectors`); grouping makes those that are missing.
        configuration: The digest of what they were made by, where another worker made them; else "".
    """

    places: tuple[str, ...] = ()
    articles: tuple[EnrichedArticle, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    feeds: tuple[FeedState, ...] = ()
    known: dict[str, int] = field(default_factory=dict)
    backfill: bool = False
    vectors: dict[str, str] = field(default_factory=dict)
    configuration: str = ""

    @property
    def seen(self) -> int:
        """How many items came in, whatever became of them."""
        return len(self.articles) + len(self.rejections) + sum(self.known.values())


class Intake:
    """The stages before grouping.

    Args:
        workers: Where they run.
        max_entries: Items read of one capture at most.
    """

    def __init__(self, workers: Workers, max_entries: int) -> None:
        self._workers = workers
        self._max_entries = max_entries

    def prepare(
        self,
        captures: Iterable[Capture],
        store: Store,
        place: str = "",
        progress: Callable[[int], None] = lambda _: None,
    ) -> PreparedBatch:
        """Parses captures and makes articles of the items that the store does not know in this form.

        Args:
            captures: In order.
            store: Asked for known items only.
            place: Where the captures are in the archive, for quarantine entries.
            progress: Called with the number of items done.

        Returns:
            The batch, without feed states.
        """
        items, rejections = parse_batch(captures, self._max_entries)
        return self.prepare_items(items, rejections, store, place, progress)

    def prepare_items(
        self,
        items: Sequence[RawItem],
        refused: Sequence[Rejection],
        store: Store,
        place: str = "",
        progress: Callable[[int], None] = lambda _: None,
    ) -> PreparedBatch:
        """As `prepare`, of captures that are parsed already."""
        return self._begin(items, refused, store, place).outcome(progress)

    def begin(self, captures: Iterable[Capture], store: Store, place: str) -> Begun:
        """As `prepare`, to be finished later: what the store learns until then counts."""
        items, refused = parse_batch(captures, self._max_entries)
        return self._begin(items, refused, store, place)

    def _begin(
        self, items: Sequence[RawItem], refused: Sequence[Rejection], store: Store, place: str
    ) -> Begun:
        return Begun(self._workers, items, refused, store, place)


class Begun:
    """A batch that is being prepared, in other processes where there are any.

    Args:
        workers: Where.
        items: What captures were parsed into.
        refused: What could not be.
        store: Asked for known items.
        place: Where the captures are in the archive.
    """

    def __init__(
        self,
        workers: Workers,
        items: Sequence[RawItem],
        refused: Sequence[Rejection],
        store: Store,
        place: str,
    ) -> None:
        self._workers = workers
        self._items = items
        self._refused = refused
        self._store = store
        self._place = place
        self._fresh, self._known = _unknown(items, store)
        self._outcomes = self._run()

    def finish(self, progress: Callable[[int], None]) -> PreparedBatch:
        """As `outcome`; what has come into the store since it was begun is left out."""
        fresh, self._known = _unknown(self._items, self._store)
        if fresh != self._fresh:
            self._fresh = fresh
            self._outcomes = self._run()
        return self.outcome(progress)

    def outcome(self, progress: Callable[[int], None]) -> PreparedBatch:
        """The batch, without feed states.

        Args:
            progress: Called with the number of items done.
        """
        place = self._place
        rejections = [replace(entry, capture=f"{place}#{entry.capture}") for entry in self._refused]
        progress(len(self._items) + len(self._refused) - len(self._fresh))
        articles: list[EnrichedArticle] = []
        vectors: dict[str, str] = {}
        for (part, _), done in zip(self._parts(), self._outcomes, strict=True):
            articles += done.articles
            rejections += done.rejections
            vectors |= done.vectors
            progress(len(part))
        return PreparedBatch(
            places=(place,) if place else (),
            articles=tuple(articles),
            rejections=tuple(rejections),
            known=self._known,
            vectors=vectors,
        )

    def _run(self) -> Iterator[PreparedItems]:
        from pipeline.stages.intake.preparer import Preparer

        return self._workers.run(Preparer.prepare, self._parts())

    def _parts(self) -> list[tuple[list[RawItem], str]]:
        return [
            (self._fresh[start : start + _PART], self._place) for start in range(0, len(self._fresh), _PART)
        ]


def _unknown(items: Sequence[RawItem], store: Store) -> tuple[list[RawItem], dict[str, int]]:
    from pipeline.stages.intake.preparer import raw_key

    keys = [raw_key(item) for item in items]
    owners = store.find([*keys, *map(former_key, keys)])
    latest = {owners.get(key) or owners.get(former_key(key)): key for key in keys}
    seen: set[str] = set()
    known: dict[str, int] = {}
    fresh = []
    for item, key in zip(items, keys, strict=True):
        # A form that its feed had replaced is news again, unless the newer one comes after it here.
        owner = owners.get(key) or owners.get(former_key(key))
        settled = owner is not None and latest[owner] in owners
        if key in seen or settled:
            known[item.feed] = known.get(item.feed, 0) + 1
        else:
            seen.add(key)
            fresh.append(item)
    return fresh, known


def merged(batches: Sequence[PreparedBatch]) -> PreparedBatch:
    """Several batches as one, in the order given."""
    known: dict[str, int] = {}
    for batch in batches:
        for feed, count in batch.known.items():
            known[feed] = known.get(feed, 0) + count
    return PreparedBatch(
        places=tuple(place for batch in batches for place in batch.places),
        articles=tuple(article for batch in batches for article in batch.articles),
        rejections=tuple(entry for batch in batches for entry in batch.rejections),
        feeds=tuple(state for batch in batches for state in batch.feeds),
        known=known,
        backfill=any(batch.backfill for batch in batches),
        vectors={text: vector for batch in batches for text, vector in batch.vectors.items()},
    )
