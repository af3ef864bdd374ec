"""Verbs by which a person overrules the machine, for good: merge, split."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.session import answer, opened
from pipeline.cli.shapes import story_shape
from pipeline.cli.tables import stories_table

Note = Annotated[str, typer.Option(help="Why, in your words; kept with the correction")]


def merge(
    context: typer.Context,
    stories: Annotated[list[str], typer.Argument(metavar="STORY STORY…", help="Ids of stories on one event")],
    note: Note = "",
) -> None:
    """These stories are on one event: joins them, and keeps them together."""
    with opened(context) as app:
        found, members = app.merge(stories, note)
    document = {"stories": [story_shape(story, members) for story in found]}
    answer(context, document, lambda out: out.print(stories_table(document["stories"])))


def split(
    context: typer.Context,
    story: Annotated[str, typer.Argument(metavar="STORY")],
    articles: Annotated[
        list[str], typer.Argument(metavar="ARTICLE…", help="Articles that are not on its event")
    ],
    note: Note = "",
) -> None:
    """These articles are not on this story's event: takes them out for good, into a story of their own."""
    with opened(context) as app:
        found, members = app.split(story, articles, note)
    document = {"stories": [story_shape(story, members) for story in found]}
    answer(context, document, lambda out: out.print(stories_table(document["stories"])))


def register(cli: typer.Typer) -> None:
    """Adds these verbs to the command line."""
    for verb in (merge, split):
        cli.command()(verb)
