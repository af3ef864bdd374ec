"""What the store knows of names, and finding them again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pipeline.app.read import moment
from pipeline.app.wiring import Stages, Wiring, no_stages
from pipeline.errors import NotFoundError
from pipeline.ports import Naming
from pipeline.records import Capture, EntityCount, EntityName, StoredArticle
from pipeline.text import fold

COMPANIONS = 30
# The proposals read so many articles, the newest; an entity's page so many of those that name it.
SUGGESTED_FROM, NAMED_IN = 50_000, 50_000
# Where somebody waits for an answer: a page, a program.
NAMED_LATELY = 2000
# A part of a name is looked for in so many articles.
HITS_READ = 500


class Entities:
    """What the store knows of names, and finding them again.

    Args:
        wiring: The parts.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def entity(
        self, name: str, articles: int = NAMED_IN, stories: int | None = None
    ) -> tuple[dict[str, Any], int]:
        """An entity's page: articles, stories and companions over time.

        Args:
            name: A name, an alias, a part of a name, or an id.
            articles: How many of the articles that name it are read, the newest.
            stories: How many of their stories are told of, those that it was named in last; None for all.

        Returns:
            The page, and how many stories it does not tell of.

        Raises:
            NotFoundError: No article names it.
        """
        known = self._known(name)
        found = self._wiring.store.naming(known.id, articles)
        days: Counter[str] = Counter(_day(each.time) for each in found)
        found.sort(key=lambda each: (each.time, each.seq), reverse=True)
        held = list(dict.fromkeys(each.story for each in found))
        chosen = self._wiring.store.stories(held[:stories]).values()
        page = {
            "id": known.id,
            "name": known.name,
            "type": known.kind,
            "articles": len(found),
            "days": [{"day": day, "articles": days[day]} for day in sorted(days)],
            "stories": [
                {
                    "id": s.id,
                    "title": s.title,
                    "size": len(s.members),
                    "first_published": s.first_published.isoformat(),
                    "last_published": s.last_published.isoformat(),
                }
                for s in sorted(chosen, key=lambda s: (s.dated, s.last_published, s.id), reverse=True)
            ],
            "companions": _companions(found, known.id),
        }
        return page, len(held) - len(chosen)

    def _known(self, name: str) -> EntityName:
        """The entity that a person means: by its name or id, by the alias table, or by a part of its name.

        Raises:
            NotFoundError: No article names one.
        """
        from pipeline.enrich.names.forms import key_of
        from pipeline.query.parse import parse

        alias = self._wiring.aliases.find_person(key_of(name))
        for written in (name, *((alias.id,) if alias else ())):
            wanted = fold(written)
            for stored in self._wiring.store.naming(written, 1):
                for each in stored.names:
                    if wanted in (fold(each.id), fold(each.name)):
                        return each
        part = set(key_of(name))
        hits = (
            self._wiring.store.search(parse(" ".join(key_of(name)), self._wiring.clock()), None, HITS_READ)
            if part
            else []
        )
        named = Counter[str]()
        found: dict[str, EntityName] = {}
        for hit in hits:
            for entity in hit.article.enriched.entities:
                if part <= set(key_of(entity.name)):
                    named[entity.id] += 1
                    found.setdefault(entity.id, EntityName(entity.id, entity.name, entity.kind))
        if not named:
            raise NotFoundError(f"entity {name}: no article names it; `wirewatch search` finds words")
        return found[min(named, key=lambda each: (-named[each], each))]

    def _newest(self, articles: int) -> Iterator[StoredArticle]:
        head = self._wiring.store.head()
        return self._wiring.store.between(max(0, head - articles), head)

    def suggestions(self, limit: int, articles: int = SUGGESTED_FROM) -> list[dict[str, Any]]:
        """Pairs of entities that may be one, with the evidence; not two that the alias table tells apart.

        Args:
            limit: How many pairs.
            articles: How many of the newest articles are read for it.
        """
        from pipeline.enrich.names.known.suggest import suggest

        table = {entry["id"] for entry in self._wiring.settings.aliases.content.get("entities", ())}
        counts: Counter[tuple[str, str, Any]] = Counter()
        company: dict[str, set[str]] = {}
        for stored in self._newest(articles):
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

    def enrich_again(self, since: str, stages: Stages = no_stages) -> dict[str, int]:
        """Finds names and topics of stored articles again, and tells their stories anew; never alerts.

        Before that, texts that an earlier version cut are brought back from the archive.
        """
        from pipeline.app.journal import writing
        from pipeline.stages.grouping.reenrich import reenrich
        from pipeline.stages.grouping.restore import restore

        start = moment(since, self._wiring.clock())
        with writing(self._wiring) as writer:
            entries = self._wiring.settings.fetch.max_entries
            back = restore(writer.store, self._archived(), start, entries, writer.renew)
            progress = stages("Enriching", writer.store.head())
            counts = reenrich(writer.store, self._wiring.workers, start, writer.renew, progress)
        return counts | asdict(back)

    def _archived(self) -> Iterator[Iterator[Capture]]:
        """The captures of every batch that the journal names, newest first; a batch that is gone is empty."""
        places = [
            place
            for entry in self._wiring.archive.entries()
            if entry.kind == "batch"
            for place in entry.data["places"]
        ]
        for place in reversed(places):
            yield self._present(place)

    def _present(self, place: str) -> Iterator[Capture]:
        try:
            yield from self._wiring.archive.read(place)
        except NotFoundError:
            return


def _companions(articles: Sequence[Naming], name: str) -> list[dict[str, Any]]:
    """Who is named beside an entity, most often first, with the first and the last day."""
    counts: Counter[tuple[str, str, str]] = Counter()
    days: dict[tuple[str, str, str], set[str]] = {}
    for article in articles:
        for each in article.names:
            if each.id != name:
                counts[each.id, each.name, each.kind] += 1
                days.setdefault((each.id, each.name, each.kind), set()).add(_day(article.time))
    return [
        {
            "id": key[0],
            "name": key[1],
            "type": key[2],
            "count": count,
            "first": min(days[key]),
            "last": max(days[key]),
        }
        for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:COMPANIONS]
    ]


def _day(time: datetime) -> str:
    return time.date().isoformat()
