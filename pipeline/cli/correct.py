"""Verbs by which a person overrules the machine, and takes that back: merge, split, corrections."""

from __future__ import annotations

import getpass
import json
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.app.shapes import correction_shape, labelled_shape, preview_shape, story_shape
from pipeline.cli.session import answer, opened
from pipeline.cli.tables import corrections_table, preview_text, stories_table

if TYPE_CHECKING:
    from pipeline.app import App
    from pipeline.records import Correction

listing = typer.Typer(help="What persons have said on stories; without a verb, lists it.")

Note = Annotated[str, typer.Option(help="Why, in your words; kept with the correction")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Shows what would change, and changes nothing")]


def merge(
    context: typer.Context,
    stories: Annotated[list[str], typer.Argument(metavar="STORY STORY…", help="Ids of stories on one event")],
    note: Note = "",
    dry_run: DryRun = False,
) -> None:
    """These stories are on one event: joins them, and keeps them together."""
    with opened(context, make=False) as app:
        _said(context, app, app.correct.merging(stories, note, _who()), dry_run=dry_run)


def split(
    context: typer.Context,
    story: Annotated[str, typer.Argument(metavar="STORY")],
    articles: Annotated[
        list[str], typer.Argument(metavar="ARTICLE…", help="Articles that are not on its event")
    ],
    note: Note = "",
    dry_run: DryRun = False,
) -> None:
    """These articles are not on this story's event: takes them out, into a story of their own."""
    with opened(context, make=False) as app:
        _said(context, app, app.correct.splitting(story, articles, note, _who()), dry_run=dry_run)


@listing.callback(invoke_without_command=True)
def corrections(context: typer.Context) -> None:
    """What persons have said on stories; without a verb, lists it."""
    if context.invoked_subcommand is None:
        corrections_list(context)


@listing.command("list")
def corrections_list(context: typer.Context) -> None:
    """All corrections, oldest first, and whether they are in force."""
    with opened(context, make=False) as app:
        known, undone = app.correct.all(), app.correct.undone()
        homes = app.correct.homes(known)
    document = [correction_shape(each, undone.get(each.id, ""), homes[each.id]) for each in known]
    answer(context, document, lambda out: out.print(corrections_table(document)))


@listing.command("undo")
def corrections_undo(
    context: typer.Context,
    correction: Annotated[
        str,
        typer.Argument(metavar="ID", help="The correction's id, or its beginning; an undo's says it again"),
    ],
    note: Note = "",
    dry_run: DryRun = False,
) -> None:
    """Takes a correction back: its stories are placed again by the machine."""
    with opened(context, make=False) as app:
        _said(context, app, app.correct.undoing(correction, note, _who()), dry_run=dry_run)


def _said(context: typer.Context, app: App, correction: Correction, *, dry_run: bool) -> None:
    """Carries a correction out, or shows what it would change, and answers."""
    if dry_run:
        preview = preview_shape(app.correct.preview(correction))
        answer(context, preview, lambda out: preview_text(out, preview))
        return
    found, members = app.correct.say(correction)
    document = {"stories": [story_shape(story, members) for story in found]}
    answer(context, document, lambda out: out.print(stories_table(document["stories"])))


def _who() -> str:
    """The name of whoever types."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # an account without a name, as in some containers
        return "cli"


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
