"""Captures → enriched articles: parse, leave out what is known, normalize, enrich."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from pipeline.enrich import Enricher
from pipeline.errors import RejectedError
from pipeline.normalize import normalize
from pipeline.ports import Store
from pipeline.records import Article, Capture, EnrichedArticle, FeedState, RawItem, Rejection, content_id
from pipeline.sources.read.payload import parse_batch

_STEP = 50  # articles enriched between two steps of a progress bar: some seconds


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
    """

    places: tuple[str, ...] = ()
    articles: tuple[EnrichedArticle, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    feeds: tuple[FeedState, ...] = ()
    known: dict[str, int] = field(default_factory=dict)
    backfill: bool = False

    @property
    def seen(self) -> int:
        """How many items came in, whatever became of them."""
        return len(self.articles) + len(self.rejections) + sum(self.known.values())


def raw_key(item: RawItem) -> str:
    """The identity key of an item exactly as it was sent, whenever and in whatever capture it came.

    Feeds repeat most items at each poll; an item with a known key needs no parsing, no model and no decision.
    """
    beside = (part for text in item.texts for part in (text.kind, text.text))
    own = (item.feed, item.outlet, item.url, item.guid, item.title, item.body, item.page, item.published)
    return "raw:" + content_id(*own, *beside)


def reject(item: RawItem, reason: str, place: str) -> Rejection:
    """The quarantine entry of an item that cannot become an article."""
    source = item.url or item.guid or item.feed
    return Rejection(
        id=content_id("normalize", source, item.title, item.body, reason),
        source=source,
        stage="normalize",
        reason=reason,
        at=item.fetched,
        capture=f"{place}#{item.capture}" if place else item.capture,
        excerpt=(item.title or item.body)[:500],
    )


class Intake:
    """The stages before grouping, for one process; models are loaded once.

    Args:
        enricher: Finds entities and topics.
        max_entries: Items read of one capture at most.
    """

    def __init__(self, enricher: Enricher, max_entries: int) -> None:
        self._enricher = enricher
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
        rejections = [replace(entry, capture=f"{place}#{entry.capture}") for entry in refused]
        fresh, known = self._unknown(items, store)
        articles: list[Article] = []
        for item in fresh:
            try:
                article = normalize(item)
            except RejectedError as error:
                rejections.append(reject(item, str(error), place))
                continue
            articles.append(replace(article, keys=(*article.keys, raw_key(item))))
        progress(len(items) + len(refused) - len(articles))
        enriched: list[EnrichedArticle] = []
        for start in range(0, len(articles), _STEP):
            part = articles[start : start + _STEP]
            enriched += self._enricher.enrich(part)
            progress(len(part))
        return PreparedBatch(
            places=(place,) if place else (),
            articles=tuple(enriched),
            rejections=tuple(rejections),
            known=known,
        )

    @staticmethod
    def _unknown(items: Sequence[RawItem], store: Store) -> tuple[list[RawItem], dict[str, int]]:
        seen = set(store.find([raw_key(item) for item in items]))
        known: dict[str, int] = {}
        fresh = []
        for item in items:
            key = raw_key(item)
            if key in seen:
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
    )
