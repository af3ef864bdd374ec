"""Records for tests: small, different, and with everything that can go wrong in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.ports import Commit
from pipeline.query.tree import Term
from pipeline.query.words.search_tokens import word_tokens
from pipeline.records import (
    Alert,
    Article,
    Candidate,
    Contribution,
    Correction,
    Decision,
    EnrichedArticle,
    Entity,
    EntityCount,
    EntityKind,
    Evidence,
    FeedState,
    Lineage,
    Message,
    Rejection,
    Removed,
    Request,
    Span,
    StoredArticle,
    Story,
    SummarySentence,
    Topic,
    WatchState,
)

START = datetime(2026, 3, 1, 12, 0, 0, 123457, tzinfo=UTC)


def at(hours: float = 0) -> datetime:
    return START + timedelta(hours=hours)


def article(
    seq: int,
    title: str = "A title",
    text: str = "Some text.",
    *,
    name: str | None = None,
    story: str | None = None,
    hours: float | None = None,
    language: str = "en",
    outlet: str = "The Courier",
    entities: tuple[Entity, ...] = (),
    topics: tuple[Topic, ...] = (),
    feeds: tuple[str, ...] = ("courier",),
    keys: tuple[str, ...] | None = None,
    published: bool = True,
    digest: str = "d1",
    version: int = 1,
    fetched_hours: float | None = None,
    traits: bytes = b"",
    backfill: bool = False,
) -> StoredArticle:
    name = name or f"a{seq:06d}"
    hours = seq if hours is None else hours
    return StoredArticle(
        EnrichedArticle(
            Article(
                id=name,
                keys=(f"url:{name}", f"text:{name}") if keys is None else keys,
                url=f"https://example.org/{name}",
                title=title,
                text=text,
                outlet=outlet,
                published=at(hours) if published else None,
                published_from="feed" if published else "fetched",
                fetched=at(hours + 0.5 if fetched_hours is None else fetched_hours),
                language=language,
                language_confidence=0.75,
                authors=("Ann Onym",),
                feeds=feeds,
                raw=(f"raw-{name}",),
                removed=(Removed("Leave a Comment", "furniture"),),
                digest=digest,
                version=version,
            ),
            entities,
            topics,
            ("key", "words"),
        ),
        seq,
        story or f"story-{seq}",
        traits,
        backfill,
    )


def entity(name: str, kind: EntityKind = "person", identity: str = "") -> Entity:
    spans = (Span("text", 0, len(name), name),)
    return Entity(identity or f"{kind}:{name.lower()}", name, kind, 2, 0.5, spans)


def story(name: str, members: tuple[str, ...], *, hours: float = 0, title: str = "Story") -> Story:
    return Story(
        id=name,
        title=title,
        members=members,
        origins=1,
        first_seq=1,
        last_seq=len(members),
        first_published=at(hours - 1),
        last_published=at(hours),
        outlets=("The Courier",),
        languages=("en",),
        topics=(Topic("t1", "politics", 0.5, ("vote",)),),
        entities=(EntityCount("person:x", "X", "person", 1),),
        summary=(SummarySentence("It happened.", members[0]),) if members else (),
        hot=0.25,
    )


def decision(name: str, story_id: str, score: float = 0.5) -> Decision:
    chosen = Candidate(story_id, score, (Contribution("title", 0.3, score),))
    told = (Evidence("name", "A", "B"), Evidence("against day", "2026-03-01", "2026-02-28", 0.5))
    return Decision(name, story_id, False, chosen, None, 0.4, 0.1, ("none",), told)


def one_of_each() -> Commit:
    """A commit in which no part is empty."""
    return Commit(
        articles=(
            article(
                1, "Stürme über Zürich", "Der Wind. Die 北京 Nachricht.", language="de", traits=b"\x00\xff"
            ),
            article(2, "Storm", "Wind again.", story="story-1", entities=(entity("Zürich", "place"),)),
        ),
        stories=(story("story-1", ("a000001", "a000002"), hours=2),),
        decisions=(decision("a000001", "story-1"), decision("a000002", "story-1")),
        lineage=(Lineage("story-2", "story-1", "merged", at(1), "repair"),),
        corrections=(Correction("c1", "merge", (("a000001",), ("a000002",)), at(1), "same"),),
        requests=(
            Request(
                "q1",
                "split",
                at(1),
                "ann",
                (Correction("c2", "split", (("a000001",), ("a000002",)), at(1), "not", "", "ann"),),
                ("story-1:1",),
                ("a000001",),
            ),
        ),
        learned={"outlets": b"\x00\x01\xff", "idf": b"x" * 100_000},
        rejections=(Rejection("r1", "http://x", "normalize", "no title", at(1), "cap1", "…"),),
        feeds=(FeedState("courier", "http://x", polled=at(1), failures=2, error="timeout"),),
        tellings=(WatchState("storms", "story-1", ("a000001",), at=at(2)),),
        alerts=(Alert("al1", "storms", "new", "story-1", ("a000001",), "because", 1, at(2)),),
        messages=(Message("m1", "storms", ("al1",), "mail", "a@b", "decided", at(2), payload=b"\xff\x00"),),
        marks={"journal": "batch-1"},
    )


def word_term(word: str) -> Term:
    """One word, as a query looks for it."""
    return Term(None, word, word_tokens(word))
