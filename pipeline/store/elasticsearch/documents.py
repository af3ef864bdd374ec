"""Records as Elasticsearch documents: fields for searching and for Kibana, and the record itself as JSON.

The record is what is read back. Most other fields are made of it and can be made again; not in the record are
an article's number, story, backfill mark and the time when it was taken in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
import pybase64

from pipeline.ports import Version
from pipeline.query.fields import indexed, micros
from pipeline.records import (
    Alert,
    Change,
    Correction,
    Decision,
    EnrichedArticle,
    Entity,
    EntityCount,
    FeedState,
    Lineage,
    Message,
    Rejection,
    Request,
    StoredArticle,
    Story,
    WatchState,
)
from pipeline.store.article_lines import names_record
from pipeline.store.codec import decode, encode
from pipeline.text import well_formed

Source = dict[str, Any]
_KINDS = {
    "person": "people",
    "organisation": "organisations",
    "place": "places",
    "event": "events",
    "work": "works",
}
# Requests are kept in the index of the marks, under one kind while they are unfinished and another when done.
REQUESTED, ANSWERED = "request", "request: done"
# Safely below what Lucene takes as one doc value (32,766 bytes).
_MOST_COLUMN_BYTES = 30_000
_MEMBER = ("id", "story", "seq", "time_us", "fetched_us")
# Languages that Elasticsearch has an analyzer for: config/elasticsearch/index/articles.json.
ANALYZED = frozenset({
    "ar", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu",
    "fa", "fi", "fr", "ga", "gl", "hi", "hu", "hy", "id", "it", "ja", "ko",
    "lt", "lv", "nl", "no", "pt", "ro", "ru", "sr", "sv", "th", "tr", "zh",
})  # fmt: skip


def record_json(record: object) -> str:
    """A record as JSON, for the field `document`."""
    return encode(record).decode("utf-8")


def hashed(*parts: str) -> str:
    """An Elasticsearch id for names of any length, because at most 512 bytes are allowed there."""
    joined = "\x00".join(well_formed(part) for part in parts)
    if len(joined) <= 64 and joined.isascii() and joined.replace("-", "").isalnum():
        return joined
    return "~" + hashlib.sha256(joined.encode("utf-8")).hexdigest()[:40]


def binary(data: bytes) -> str:
    """Bytes in base64, as a binary field takes them."""
    return pybase64.b64encode_as_string(data)


def from_binary(data: str) -> bytes:
    """The bytes of a binary field."""
    return pybase64.b64decode(data)


def _some(**fields: Any) -> Source:
    """The fields that are not empty, because `exists` must not find an empty text."""
    return {name: value for name, value in fields.items() if value or value == 0}


def json_of(source: Source) -> bytes:
    """The fields as JSON; text that is not well-formed Unicode is repaired, as in records."""
    try:
        return orjson.dumps(source)
    except TypeError:
        return orjson.dumps(_clean(source))


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {name: _clean(item) for name, item in value.items()}
    return value


def _named(entities: Iterable[Entity | EntityCount]) -> Source:
    found: dict[str, list[str]] = {}
    for entity in entities:
        found.setdefault(_KINDS[entity.kind], []).append(entity.name)
    return {field: list(dict.fromkeys(names)) for field, names in found.items()}


def _points(entities: Iterable[Entity]) -> list[dict[str, float]]:
    """The coordinates of places, each once; a country's middle only where none of its cities is named."""
    located = [(entity, entity.at) for entity in entities if entity.at is not None]
    with_city = {entity.country for entity, _ in located if not _is_country(entity)}
    points = [at for entity, at in located if not (_is_country(entity) and entity.country in with_city)]
    return [{"lat": latitude, "lon": longitude} for latitude, longitude in dict.fromkeys(points)]


def _is_country(entity: Entity) -> bool:
    return entity.id == f"place:{entity.country}"


def article_source(
    stored: StoredArticle, taken_in: datetime | None = None, watches: Iterable[str] = ()
) -> Source:
    """The document of an article; its traits are in the member's document.

    Args:
        stored: The article.
        taken_in: When it came into the store, if that is known.
        watches: The watches that have found it, for Kibana.
    """
    enriched, article = stored.enriched, stored.enriched.article
    seen = indexed(stored)
    spoken = f"{article.title}\n{article.text}"
    spans = [
        {"name": each.name, "field": span.field, "start": span.start, "end": span.end, "text": span.text}
        for each in enriched.entities
        for span in each.spans
    ]
    return {
        "seq": stored.seq,
        "backfill": stored.backfill,
        "version": article.version,
        "time": article.time,
        "fetched": article.fetched,
        "time_us": seen.published,
        "fetched_us": seen.fetched,
        "document": record_json(enriched),
        "line": record_json(stored.line),
        **_some(
            id=article.id,
            story=stored.story,
            digest=article.digest,
            title=article.title,
            text=article.text,
            url=article.url,
            outlet=article.outlet,
            language=article.language,
            authors=list(article.authors),
            agency=article.agency,
            feeds=list(article.feeds),
            kind=enriched.kind,
            published=article.published,
            published_from=article.published_from,
            taken_in=taken_in,
            lag_seconds=_seconds(article.published, article.fetched),
            index_lag_seconds=_seconds(article.published, taken_in),
            topics=[topic.name for topic in enriched.topics],
            topic_ids=[topic.id for topic in enriched.topics],
            keywords=list(enriched.keywords),
            entity_spans=spans,
            location=_points(enriched.entities),
            watch=sorted(watches),
            names=_column(names_record(enriched.entities)),
            identity=[identity(key) for key in article.keys],
            stems=_some(**{field: " ".join(tokens) for field, tokens in seen.tokens.items()}),
            words=_some(**{field: " ".join(tokens) for field, tokens in seen.words.items()}),
            keys={field: list(values) for field, values in seen.keywords.items() if values},
            by_language={article.language if article.language in ANALYZED else "other": spoken},
            **_named(enriched.entities),
        ),
    }


def _column(data: bytes) -> str:
    """Bytes in base64 for a field with doc values; "" where they are too many."""
    return binary(data) if len(data) <= _MOST_COLUMN_BYTES else ""


def taken_in_of(source: Source) -> datetime | None:
    """When the article of a document came into the store; None if that is unknown."""
    return datetime.fromisoformat(source["taken_in"]) if "taken_in" in source else None


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    return (end - start).total_seconds() if start and end else None


def member_source(article: Source, traits: bytes) -> Source:
    """What the clustering state is made of, as a document of its own; only this one has the traits.

    The traits are nine tenths of it. Elasticsearch sends a whole small document two to three times as fast as
    the same values picked out of a large one (docs/decisions/).

    Args:
        article: The fields of the article.
        traits: Its traits.
    """
    member = {name: article[name] for name in _MEMBER if name in article}
    return member | _some(traits=binary(traits))


def identity(key: str) -> str:
    """A digest of an identity key, to search for: keys may be longer than a keyword field allows."""
    digest = hashlib.sha256(well_formed(key).encode("utf-8")).digest()
    return pybase64.urlsafe_b64encode(digest[:15]).decode("ascii")


def article_from(source: Source, traits: str) -> StoredArticle:
    """The article of a document.

    Args:
        source: Its fields.
        traits: The traits of its member, in base64; articles of schemas before 11 have them themselves.
    """
    return StoredArticle(
        decode(EnrichedArticle, source["document"]),
        source["seq"],
        source.get("story", ""),
        from_binary(source.get("traits", traits)),
        source["backfill"],
    )


def story_source(story: Story, watches: Iterable[str] = ()) -> Source:
    """The document of a story, with the watches that have found something in it, for Kibana."""
    return {
        "size": len(story.members),
        "origins": story.origins,
        "first_published": story.first_published,
        "last_published": story.last_published,
        "last_us": micros(story.last_published),
        "undated": 0 if story.dated else 1,
        "first_seq": story.first_seq,
        "last_seq": story.last_seq,
        "hot": _finite(story.hot),
        "version": story.version,
        "document": record_json(story),
        **_some(
            id=story.id,
            title=story.title,
            outlets=list(story.outlets),
            languages=list(story.languages),
            topics=[topic.name for topic in story.topics],
            topic_ids=[topic.id for topic in story.topics],
            keywords=list(story.keywords),
            situation=story.situation or None,
            watch=sorted(watches),
            summary=[sentence.text for sentence in story.summary],
            **_named(story.entities),
        ),
    }


def _finite(number: float | None) -> float | None:
    # JSON has no infinity; the record keeps it.
    return number if number is not None and abs(number) < 1e300 else None


def decision_source(decision: Decision) -> Source:
    """The document of a decision."""
    passed = decision.passed_over
    return {
        "founded": decision.founded,
        "score": _finite(decision.chosen.score if decision.chosen else None),
        "margin": _finite(decision.margin),
        "threshold": _finite(decision.threshold),
        "by": decision.by,
        "near_score": _finite(passed.score if passed else None),
        "document": record_json(decision),
        **_some(
            article=decision.article,
            story=decision.story,
            scorer=decision.scorer,
            near=passed.story if passed else "",
        ),
    }


def version_source(version: Version, place: int) -> Source:
    """The document of an earlier version of an article, number `place` from 1."""
    name = well_formed(version.article.id)
    return {
        "article": name, "place": place, "replaced": version.replaced, "document": record_json(version)
    }  # fmt: skip


def change_source(change: Change) -> Source:
    """The document of a change."""
    return {
        "n": change.n, "kind": change.kind, "article": well_formed(change.article),
        "story": well_formed(change.story), "by": change.by, "seq": change.seq, "at": change.at,
        "at_us": micros(change.at),
        "document": record_json(change), **_some(former=well_formed(change.former)),
    }  # fmt: skip


def correction_source(correction: Correction) -> Source:
    """The document of a correction."""
    return {
        "kind": f"correction: {correction.kind}", "id": well_formed(correction.id),
        "at": correction.at, "at_us": micros(correction.at), "document": record_json(correction),
    }  # fmt: skip


def request_source(request: Request) -> Source:
    """The document of a request."""
    kind, name = ANSWERED if request.done else REQUESTED, well_formed(request.id)
    return {"kind": kind, "name": name, "document": record_json(request)}


def lineage_source(lineage: Lineage) -> Source:
    """The document of an entry of a story's lineage."""
    return {
        "kind": lineage.kind, "story": well_formed(lineage.story), "into": well_formed(lineage.into),
        "by": lineage.by, "at": lineage.at, "at_us": micros(lineage.at),
        "document": record_json(lineage),
    }  # fmt: skip


def rejection_source(rejection: Rejection) -> Source:
    """The document of an entry of the quarantine."""
    return {
        "stage": rejection.stage, "at": rejection.at, "at_us": micros(rejection.at),
        "document": record_json(rejection),
        **_some(id=rejection.id, source=rejection.source, reason=rejection.reason),
    }  # fmt: skip


def feed_source(state: FeedState) -> Source:
    """The document of a feed's state; `light` is the state without what only a poll needs."""
    times = {name: getattr(state, name) for name in ("polled", "succeeded", "news", "next_poll")}
    return {
        "status": state.status, "failures": state.failures,
        "interval_seconds": _finite(state.interval_seconds),
        "entries": state.entries, "repeats": state.repeats,
        "lag_seconds": _finite(state.lag_seconds) if state.lag_seconds >= 0 else None,
        "document": record_json(state), "light": record_json(replace(state, seen=(), pending=())),
        **_some(id=state.feed, url=state.url, error=state.error, **times),
    }  # fmt: skip


def telling_source(telling: WatchState) -> Source:
    """The document of what a watch knows of a story."""
    return {
        "alerts": len(telling.alerts), "document": record_json(telling),
        **_some(
            watch=telling.watch,
            story=telling.story,
            miss=telling.miss,
            at=telling.at,
            articles=list(telling.matched),
        ),
    }  # fmt: skip


def alert_source(alert: Alert) -> Source:
    """The document of an alert."""
    return {
        "kind": alert.kind, "articles": len(alert.articles), "seq": alert.seq, "at": alert.at,
        "at_us": micros(alert.at), "document": record_json(alert),
        **_some(id=alert.id, watch=alert.watch, story=alert.story, reason=alert.reason),
    }  # fmt: skip


def message_source(message: Message) -> Source:
    """The document of a message; its address is only in the record, not in a field."""
    return {
        "channel": message.channel, "state": message.state, "due": message.due,
        "due_us": micros(message.due), "attempts": message.attempts, "document": record_json(message),
        **_some(
            id=message.id,
            watch=message.watch,
            alerts=list(message.alerts),
            error=message.error,
            sent=message.sent,
        ),
    }  # fmt: skip
