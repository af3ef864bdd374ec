"""Verbs by which a person overrules the machine, for good: merge, split; and what was said so far."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from pipeline.app.shapes import correction_shape, labelled_shape, story_shape
from pipeline.cli.session import answer, opened
from pipeline.cli.tables import corrections_table, stories_table

listing = typer.Typer(help="What persons have said on stories.", no_args_is_help=True)

Note = Annotated[str, typer.Option(help="Why, in your words; kept with the correction")]


def merge(
    context: typer.Context,
    stories: Annotated[list[str], typer.Argument(metavar="STORY STORY…", help="Ids of stories on one event")],
    note: Note = "",
) -> None:
    """These stories are on one event: joins them, and keeps them together."""
    with opened(context, make=False) as app:
        found, members = app.correct.merge(stories, note)
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
    with opened(context, make=False) as app:
        found, members = app.correct.split(story, articles, note)
    document = {"stories": [story_shape(story, members) for story in found]}
    answer(context, document, lambda out: out.print(stories_table(document["stories"])))


@listing.command("list")
def corrections_list(context: typer.Context) -> None:
    """All corrections, oldest first."""
    with opened(context, make=False) as app:
        document = [correction_shape(correction) for correction in app.correct.all()]
    answer(context, document, lambda out: out.print(corrections_table(document)))


@listing.command("export")
def corrections_export(context: typer.Context) -> None:
    """Writes the corrected articles as labelled JSON lines, for `evaluate` and `make train`."""
    with opened(context, make=False) as app:
        document = [labelled_shape(stored) for stored in app.correct.corrected()]
    lines = [json.dumps(row, ensure_ascii=False) for row in document]
    answer(context, document, lambda _: typer.echo("".join(f"{line}\n" for line in lines), nl=False))


def register(cli: typer.Typer) -> None:
    """Adds these verbs to the command line."""
    for verb in (merge, split):
        cli.command()(verb)
    cli.add_typer(listing, name="corrections")
