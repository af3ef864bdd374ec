"""Articles, stories and watches for the tests of alerts, and a small world that grows in a real store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.alerts.decide.decide import HOT_EPOCH, HOT_HALF_LIFE
from pipeline.ports import Commit, Store
from pipeline.records import (
    Article,
    Conditions,
    Delivery,
    EnrichedArticle,
    Entity,
    EntityCount,
    Lineage,
    Span,
    StoredArticle,
    Story,
    SummarySentence,
    Tie,
    Topic,
    Watch,
)
from pipeline.text import fold

START = datetime(2026, 3, 2, 8, tzinfo=UTC)  # a Monday


def article(seq: int, title: str = "", story: str = "s1", **more: Any) -> StoredArticle:
    """A stored article; `names` are (kind, name) pairs of entities in its lead."""
    names = more.pop("names", ())
    topics = more.pop("topics", ())
    backfill = more.pop("backfill", False)
    when = START + timedelta(minutes=seq)
    values: dict[str, Any] = {
        "id": f"a{seq:04d}",
        "keys": (f"url:https://example.org/{seq}",),
        "url": f"https://example.org/{seq}",
        "title": title or f"Report {seq}",
        "text": f"Nothing else is said in report {seq}.",
        "outlet": f"Outlet {seq % 5}",
        "published": when - timedelta(minutes=5),
        "published_from": "feed",
        "fetched": when,
        "language": "en",
        "digest": f"d{seq}",
    }
    made = Article(**(values | more))
    entities = tuple(
        Entity(f"{kind}:{fold(name).replace(' ', '-')}", name, kind, 1, 0.5, (Span("text", 0, 1, name[:1]),))
        for kind, name in names
    )
    found = tuple(Topic(ident, name, 0.9) for ident, name in topics)
    return StoredArticle(EnrichedArticle(made, entities, found), seq, story, b"", backfill)


def facts(story: str, members: Sequence[StoredArticle]) -> Story:
    """What a story with these members is: simple, and each distinct text is an origin."""
    plain = [member.enriched.article for member in members]
    times = sorted(each.time for each in plain)
    outlets = list(dict.fromkeys(each.outlet for each in plain if each.outlet))
    counts: dict[str, EntityCount] = {}
    for member in members:
        for entity in member.enriched.entities:
            before = counts.get(entity.id)
            counts[entity.id] = EntityCount(
                entity.id, entity.name, entity.kind, (before.count if before else 0) + 1
            )
    topics = {topic.id: topic for member in members for topic in member.enriched.topics}
    origins = len({each.text for each in plain})
    return Story(
        id=story,
        title=plain[0].title,
        members=tuple(each.id for each in plain),
        origins=origins,
        texts=origins,
        first_seq=members[0].seq,
        last_seq=members[-1].seq,
        first_published=times[0],
        last_published=times[-1],
        outlets=tuple(outlets),
        languages=("en",),
        topics=tuple(topics.values()),
        entities=tuple(sorted(counts.values(), key=lambda each: (-each.count, each.id))),
        summary=tuple(SummarySentence(each.text.split("\n")[0], each.id) for each in plain[:2]),
        hot=(times[-1] - HOT_EPOCH) / HOT_HALF_LIFE,
    )


def watch(query: str = "drill", name: str = "drills", **more: Any) -> Watch:
    """A watch that mails to one address."""
    conditions = Conditions(**more.pop("conditions", {}))
    deliver = more.pop("deliver", Delivery(mail=("reader@example.org",)))
    return Watch(name, query, conditions=conditions, deliver=deliver, **more)


class World:
    """Stories that grow in a store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.articles: dict[str, StoredArticle] = {}
        self._ties: dict[str, tuple[str, Tie | None]] = {}

    def tie(self, story: str, first: str, seq: int) -> None:
        """Ties a story to the situation that another began, from an article on."""
        self._ties.setdefault(first, (first, None))
        self._ties[story] = (first, Tie(first, 0.5, 0.25, seq=seq))
        self._save((), {name for name in (story, first) if self.members(name)})

    def arrive(self, *articles: StoredArticle) -> None:
        """New articles, and their stories."""
        self.articles |= {each.enriched.article.id: each for each in articles}
        self._save(articles, {each.story for each in articles})

    def edit(self, name: str, **changes: Any) -> None:
        """An edit of an article."""
        old = self.articles[name]
        entities = article(1, names=changes.pop("names", ())).enriched.entities or old.enriched.entities
        plain = replace(old.enriched.article, **changes, digest=f"edited {changes}")
        new = replace(old, enriched=replace(old.enriched, article=plain, entities=entities))
        self.articles[name] = new
        self._save((new,), {new.story})

    def move(self, names: Sequence[str], into: str, kind: Any, hour: int = 0) -> None:
        """A merge of a whole story into another, or a split of some articles."""
        before = {self.articles[name].story for name in names}
        moved = [replace(self.articles[name], story=into) for name in names]
        self.articles |= {each.enriched.article.id: each for each in moved}
        at = START + timedelta(hours=hour)
        steps = [Lineage(story, into, kind, at, "repair") for story in sorted(before)]
        self._save(moved, before | {into}, steps)

    def members(self, story: str) -> list[StoredArticle]:
        """The members of a story by ingest sequence."""
        return sorted(
            (each for each in self.articles.values() if each.story == story), key=lambda each: each.seq
        )

    def _told(self, story: str, members: Sequence[StoredArticle]) -> Story:
        situation, tie = self._ties.get(story, ("", None))
        return replace(facts(story, members), situation=situation, tie=tie)

    def _save(
        self, articles: Sequence[StoredArticle], touched: set[str], lineage: Sequence[Lineage] = ()
    ) -> None:
        groups = {story: self.members(story) for story in sorted(touched)}
        self.store.commit(
            Commit(
                articles=tuple(sorted(articles, key=lambda each: each.seq)),
                stories=tuple(self._told(story, members) for story, members in groups.items() if members),
                ended=tuple(story for story, members in groups.items() if not members),
                lineage=tuple(lineage),
                at=lineage[0].at if lineage else None,
            )
        )
