"""Situations as text for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console

from pipeline.cli.tables.ages import age
from pipeline.cli.tables.fitting import Listing, TableColumn, hanging, heading, number
from pipeline.cli.tables.news_tables import Json, counted

# A share of the score that would be written as nothing says nothing.
_TOLD = 0.005


def situations_listing(situations: Sequence[Json], now: datetime) -> Listing:
    """Situations, a row each."""
    columns = (
        TableColumn("situation"),
        TableColumn("title", 1, least=24),
        number("stories", 2),
        number("articles", 5),
        TableColumn("from", 4),
        TableColumn("newest", 3),
    )
    listing = Listing(columns, counted(len(situations), "situation"))
    for each in situations:
        listing.row(
            each["id"],
            each["title"],
            str(len(each["stories"])),
            str(each["articles"]),
            each["first"][:10],
            age(each["last"], now),
        )
    return listing


def situation_text(out: Console, situation: Json) -> None:
    """One situation as a timeline."""
    heading(out, situation["title"])
    stories = counted(len(situation["stories"]), "story", "stories")
    out.print(
        f"{situation['id']} · {stories}, {counted(situation['articles'], 'article')} · "
        f"{situation['first'][:10]} to {situation['last'][:10]}"
    )
    for story in situation["stories"]:
        count = counted(story["size"], "article")
        out.print(f"\n{story['first_published'][:10]}  {story['title']} ({count})", markup=False)
        out.print(f"  story {story['id']}", markup=False)
        newcomers = set(story["newcomers"])
        who = ", ".join(f"{name} (new)" if name in newcomers else name for name in story["who"])
        for label, text in (
            ("new", ", ".join(story["news"])),
            ("who", who),
            ("tied by", tie_text(story["tie"])),
        ):
            if text:
                hanging(out, f"  {label}: ", text)


def tie_text(tie: Json | None) -> str:
    """What ties a story to its situation, in one line; "" for the story that it began with."""
    if tie is None:
        return ""
    if tie["correction"]:
        return f"a person's correction {tie['correction']}"
    if tie["by"] != "assign":
        return "a story that it was parted from or took in"
    told = [each for each in tie["evidence"] if each["weight"] >= _TOLD]
    words = ", ".join(f"{each['text']} {each['weight']:.0%}" for each in told)
    return f"{words or 'what the texts say'} · score {tie['score']:.2f} of {tie['threshold']:.2f}"
