"""Situations as text for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.cli.tables import Json, counted

# A share of the score that would be written as nothing says nothing.
_TOLD = 0.005


def situations_table(situations: Sequence[Json]) -> Table:
    """Situations, a row each."""
    table = Table(title=counted(len(situations), "situation"))
    widest = max((len(each["id"]) for each in situations), default=0)
    table.add_column("situation", no_wrap=True, min_width=widest)
    table.add_column("title", overflow="fold")
    table.add_column("stories", justify="right")
    table.add_column("articles", justify="right")
    table.add_column("from", no_wrap=True)
    table.add_column("to", no_wrap=True)
    for each in situations:
        counts = str(len(each["stories"])), str(each["articles"])
        table.add_row(each["id"], escape(each["title"]), *counts, each["first"][:10], each["last"][:10])
    return table


def situation_text(out: Console, situation: Json) -> None:
    """One situation as a timeline."""
    out.print(f"[bold]{escape(situation['title'])}[/bold]")
    out.print(
        f"{situation['id']} · {len(situation['stories'])} stories, {situation['articles']} articles · "
        f"{situation['first'][:10]} to {situation['last'][:10]}"
    )
    for story in situation["stories"]:
        count = f"{story['size']} article{'s' if story['size'] > 1 else ''}"
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
                out.print(f"  {label}: {text}", markup=False)


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
