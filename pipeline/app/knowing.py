"""What the store knows of names, finding them again, and moving a whole store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from pipeline.analysis import fold
from pipeline.app.journal import writing
from pipeline.app.reading import moment
from pipeline.app.wiring import Wiring
from pipeline.enrich import suggest
from pipeline.errors import NotFoundError
from pipeline.records import EntityCount, StoredArticle
from pipeline.records.query import Term
from pipeline.stages.reenriching import reenrich
from pipeline.store import copy_store, migrate_store, open_store

COMPANIONS = 30
# An entity's page and the proposals read at most so many articles, the newest.
ARTICLES_READ = 50_000


def entity(wiring: Wiring, name: str) -> dict[str, Any]:
    """An entity's page: articles over time, stories and companions.

    Args:
        wiring: The parts.
        name: A name or an id.

    Raises:
        NotFoundError: No article names it.
    """
    wanted = fold(name)
    hits = wiring.store.search(Term("entities", name, (wanted,)), None, ARTICLES_READ)
    articles = sorted((hit.article for hit in hits), key=lambda a: a.seq)
    companions: Counter[tuple[str, str, str]] = Counter()
    days: Counter[str] = Counter()
    found: tuple[str, str, str] | None = None
    for stored in articles:
        days[stored.enriched.article.time.date().isoformat()] += 1
        for each in stored.enriched.entities:
            if wanted in (fold(each.id), fold(each.name)):
                found = (each.id, each.name, each.kind)
            else:
                companions[each.id, each.name, each.kind] += 1
    if found is None:
        raise NotFoundError(f"entity {name}: no article names it; `wirewatch search` finds words")
    stories = wiring.store.stories(sorted({a.story for a in articles})).values()
    return {
        "id": found[0],
        "name": found[1],
        "type": found[2],
        "articles": len(articles),
        "days": [{"day": day, "articles": days[day]} for day in sorted(days)],
        "stories": [
            {
                "id": s.id,
                "title": s.title,
                "size": len(s.members),
                "last_published": s.last_published.isoformat(),
            }
            for s in sorted(stories, key=lambda s: (s.last_published, s.id), reverse=True)
        ],
        "companions": [
            {"id": key[0], "name": key[1], "type": key[2], "count": count}
            for key, count in sorted(companions.items(), key=lambda item: (-item[1], item[0]))[:COMPANIONS]
        ],
    }


def _newest(wiring: Wiring) -> Iterator[StoredArticle]:
    head = wiring.store.head()
    return wiring.store.between(max(0, head - ARTICLES_READ), head)


def suggestions(wiring: Wiring, limit: int) -> list[dict[str, Any]]:
    """Pairs of entities that may be one, with the evidence; not two that the alias table tells apart."""
    table = {entry["id"] for entry in wiring.settings.aliases.content.get("entities", ())}
    counts: Counter[tuple[str, str, Any]] = Counter()
    company: dict[str, set[str]] = {}
    for stored in _newest(wiring):
        names = {e.id for e in stored.enriched.entities}
        for each in stored.enriched.entities:
            counts[each.id, each.name, each.kind] += 1
            company.setdefault(each.id, set()).update(names - {each.id})
    entities = [EntityCount(key[0], key[1], key[2], count) for key, count in sorted(counts.items())]
    known = {name: frozenset(others) for name, others in company.items()}

    def shape(counted: EntityCount) -> dict[str, Any]:
        return {"id": counted.id, "name": counted.name, "type": counted.kind, "count": counted.count}

    return [
        {
            "keep": shape(pair.keep),
            "other": shape(pair.other),
            "likeness": round(pair.likeness, 3),
            "evidence": pair.evidence,
        }
        for pair in suggest(entities, known, limit + len(table))
        if not {pair.keep.id, pair.other.id} <= table
    ][:limit]


def enrich_again(wiring: Wiring, since: str, progress: Callable[[int], None]) -> dict[str, int]:
    """Finds names and topics of stored articles again, and tells their stories anew; never alerts."""
    start = moment(since, wiring.clock())
    with writing(wiring) as writer:
        return reenrich(writer.store, wiring.enricher, start, writer.renew, progress)


def store_migrate(wiring: Wiring) -> dict[str, Any]:
    """Brings the store to this version's schema."""
    return {"documents": migrate_store(wiring.store_url, environment=wiring.environment)}


def store_copy(wiring: Wiring, source: str, target: str) -> dict[str, Any]:
    """Copies a whole store into a new one."""
    here = open_store(source, create=False, environment=wiring.environment)
    try:
        there = open_store(target, environment=wiring.environment)
        try:
            return {"articles": copy_store(here, there)}
        finally:
            there.close()
    finally:
        here.close()
