"""A store for the pages: three stories and what is said of them; or the same made of hostile texts."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "store"))

from store_records import article, at, decision, entity, story

from pipeline.ports import Commit
from pipeline.records import (
    Alert,
    Correction,
    Disagreement,
    Evidence,
    FeedState,
    Lineage,
    Message,
    Rejection,
    SummarySentence,
    Tie,
    Topic,
    WatchState,
)

NOW = at(30)
WATCH = "storms"


def everyday(text: str = "") -> Commit:
    """Three stories on storms and a ferry.

    Args:
        text: Instead of every title, name, outlet, address, reason and note.
    """

    def said(usual: str) -> str:
        return text or usual

    storm = (Topic("disasters", said("disasters"), 0.8, ("storm",)),)
    articles = (
        article(
            1,
            said("Storm over the lake"),
            said("The wind tore roofs off.\n\nTwo were hurt."),
            story="s1",
            keys=("url:https://example.org/a000001", "text:a000001"),
            outlet=said("Harbour Post"),
            entities=(entity(said("Lake Town"), "place"),),
            topics=storm,
        ),
        article(
            2,
            said("Sturm am See"),
            said("Der Wind riss Dächer ab."),
            story="s1",
            language="de",
            outlet=said("El Faro"),
            entities=(entity(said("Lake Town"), "place"),),
            topics=storm,
        ),
        article(
            3,
            said("Ferry runs aground"),
            said("A ferry ran aground near the pier."),
            story="s2",
            outlet=said("Harbour Post"),
            version=2,
            digest="d3",
        ),
        article(
            4, said("Minister resigns"), said("The minister resigned."), story="s3", outlet=said("Courier")
        ),
    )
    first = replace(
        story("s1", ("a000001", "a000002"), hours=2, title=articles[0].enriched.article.title),
        origins=2,
        last_seq=2,
        outlets=(said("Harbour Post"), said("El Faro")),
        languages=("en", "de"),
        topics=storm,
        summary=(SummarySentence(said("The wind tore roofs off."), "a000001"),),
        disagreements=(
            Disagreement(said("hurt"), ((said("2"), "a000001", said("two")), ("3", "a000002", said("drei")))),
        ),
        hot=3.0,
        situation="s1",
    )
    second = replace(
        story("s2", ("a000003",), hours=3, title=articles[2].enriched.article.title),
        first_seq=3,
        last_seq=3,
        hot=2.0,
        situation="s1",
        tie=Tie("s1", 0.4, 0.2, (Evidence("name", said("Lake Town"), "s1", 0.6),)),
    )
    third = replace(
        story("s3", ("a000004",), hours=4, title=articles[3].enriched.article.title),
        first_seq=4,
        last_seq=4,
        hot=1.0,
    )
    return Commit(
        articles=articles,
        stories=(first, second, third),
        decisions=(decision("a000001", "s1"), decision("a000002", "s1"), decision("a000003", "s2")),
        lineage=(
            Lineage("s0", "s1", "merged", at(1), "repair"),
            Lineage("s1", "s3", "split", at(2), "person"),
        ),
        corrections=(Correction("c1", "split", (("a000001",), ("a000004",)), at(1), said("other events")),),
        rejections=(
            Rejection("r1", said("https://x.example/f"), "normalize", said("no title"), at(1), "", said("…")),
        ),
        feeds=(FeedState("courier", "https://x.example/f", polled=at(1), failures=2, error=said("timeout")),),
        tellings=(
            WatchState(WATCH, "s1", ("a000001",), alerts=("al1",), at=at(2)),
            WatchState(WATCH, "s2", ("a000003",), miss=said("needs 3 outlets, has 1"), at=at(2)),
        ),
        alerts=(Alert("al1", WATCH, "new", "s1", ("a000001",), said("‘storm’ in the title"), 1, at(2)),),
        messages=(
            Message("m1", WATCH, ("al1",), "mail", "dora@newsroom.example", "sent", at(2), sent=at(3)),
        ),
        marks={"alerts": "4"},
    )
