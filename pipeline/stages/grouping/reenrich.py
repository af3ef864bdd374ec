"""Names and topics of stored articles, found again after a change of models or tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from pipeline.ports import Commit, Lease, Store
from pipeline.records import StoredArticle
from pipeline.stages.intake.preparer import Preparer
from pipeline.stages.intake.workers import Workers
from pipeline.stories.describing.describe import describe
from pipeline.stories.features.features import agreed
from pipeline.stories.features.statistics import StreamStatistics

BATCH_ARTICLES = 200
_PART = 25  # articles a worker is given at once


def reenrich(
    store: Store,
    workers: Workers,
    since: datetime | None,
    renew: Callable[[], Lease],
    progress: Callable[[int], None],
) -> dict[str, int]:
    """Enriches stored articles again. Texts, numbers, stories, traits and keywords stay; nothing alerts.

    Args:
        store: Whose lease "stories" the caller holds.
        workers: With the new models and tables.
        since: Only articles whose time is not before this; None takes all.
        renew: Renews the lease and returns it.
        progress: Called with how much further in the order of ingest it is.

    Returns:
        How many articles and stories changed, and how many articles are older and were left as they are.
    """
    counts = {"articles": 0, "stories": 0, "older": 0}
    learned = StreamStatistics.load(store.learned)
    batch: list[StoredArticle] = []
    told = 0
    for stored in store.between(0, store.head()):
        if since is None or stored.enriched.article.time >= since:
            batch.append(stored)
        else:
            counts["older"] += 1
        if len(batch) == BATCH_ARTICLES:
            _save(store, workers, batch, learned, renew, counts)
            batch = []
        if not batch:
            progress(stored.seq - told)
            told = stored.seq
    if batch:
        _save(store, workers, batch, learned, renew, counts)
    return counts


def _save(
    store: Store,
    workers: Workers,
    batch: Sequence[StoredArticle],
    learned: StreamStatistics,
    renew: Callable[[], Lease],
    counts: dict[str, int],
) -> None:
    articles = [stored.enriched.article for stored in batch]
    parts = [articles[start : start + _PART] for start in range(0, len(articles), _PART)]
    found = [enriched for part in workers.run(Preparer.enrich, parts) for enriched in part]
    # Keywords and recurring lines are told by the weeks before, which no model or table changes.
    kept = [
        replace(
            each,
            entities=agreed(each.entities, learned),
            keywords=stored.enriched.keywords,
            recurring=stored.enriched.recurring,
        )
        for stored, each in zip(batch, found, strict=True)
    ]
    pairs = zip(batch, kept, strict=True)
    changed = {
        stored.enriched.article.id: replace(stored, enriched=enriched)
        for stored, enriched in pairs
        if enriched != stored.enriched
    }
    stories = store.stories(sorted({stored.story for stored in changed.values()}))
    members = store.articles(sorted({name for story in stories.values() for name in story.members}))
    members |= changed
    told = tuple(
        describe(story.id, [members[name] for name in story.members], story.version + 1)
        for story in stories.values()
    )
    store.commit(Commit(articles=tuple(changed.values()), stories=told), renew())
    counts["articles"] += len(changed)
    counts["stories"] += len(told)
