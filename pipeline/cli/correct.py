"""Verbs by which a person overrules the machine: merge, split, tie, untie, tell-apart; undo takes it back."""

from __future__ import annotations

import getpass
import json
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.app.shapes import (
    correction_shape,
    labelled_shape,
    preview_shape,
    request_shape,
    story_shape,
)
from pipeline.cli.session import answer, clock, opened
from pipeline.cli.tables.news_tables import preview_text, stories_listing
from pipeline.cli.tables.upkeep_tables import corrections_listing, requests_listing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.app import App
    from pipeline.records import Correction, Request

listing = typer.Typer(help="Corrections that people made; without a verb, lists them.")

Note = Annotated[str, typer.Option(help="Why, in your words; kept with the correction")]
Later = Annotated[
    bool, typer.Option("--later", help="Does not wait: whoever groups next carries it out first")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Shows what would change, and changes nothing")]


def merge(
    context: typer.Context,
    stories: Annotated[
        list[str], typer.Argument(metavar="STORY STORY…", help="Ids of stories about one event")
    ],
    note: Note = "",
    dry_run: DryRun = False,
    later: Later = False,
) -> None:
    """Joins stories about one event, and keeps them together."""
    with opened(context, make=False) as app:
        asked, made = ("merge", stories, ()), partial(app.correct.merging, stories)
        _corrected(context, app, asked, made, note, dry_run=dry_run, later=later)


def split(
    context: typer.Context,
    story: Annotated[str, typer.Argument(metavar="STORY")],
    articles: Annotated[
        list[str], typer.Argument(metavar="ARTICLE…", help="Articles that are about another event")
    ],
    note: Note = "",
    dry_run: DryRun = False,
    later: Later = False,
) -> None:
    """Takes articles about another event out of a story, into one of their own, and keeps them apart."""
    with opened(context, make=False) as app:
        asked, made = ("split", [story], articles), partial(app.correct.splitting, story, articles)
        _corrected(context, app, asked, made, note, dry_run=dry_run, later=later)


def tell_apart(
    context: typer.Context,
    article: Annotated[str, typer.Argument(metavar="ARTICLE", help="An article's id or URL")],
    forms: Annotated[
        list[str],
        typer.Argument(metavar="FORM…", help="What is another article: links or items that `why` shows"),
    ],
    note: Note = "",
    dry_run: DryRun = False,
    later: Later = False,
) -> None:
    """Tells apart articles that were taken for one: makes each anew, from the archive."""
    with opened(context, make=False) as app:
        asked, made = (
            ("apart", (), [article, *forms]),
            partial(app.correct.telling_apart, article, forms),
        )
        _corrected(context, app, asked, made, note, dry_run=dry_run, later=later)


def tie(
    context: typer.Context,
    story: Annotated[str, typer.Argument(metavar="STORY")],
    into: Annotated[
        str, typer.Argument(metavar="SITUATION", help="A situation's id, or that of a story of it")
    ],
    note: Note = "",
    dry_run: DryRun = False,
    later: Later = False,
) -> None:
    """Brings a story into the situation that it belongs to, and keeps it there."""
    with opened(context, make=False) as app:
        asked, made = ("tie", [story], [into]), partial(app.correct.tying, story, into)
        _corrected(context, app, asked, made, note, dry_run=dry_run, later=later)


def untie(
    context: typer.Context,
    story: Annotated[str, typer.Argument(metavar="STORY")],
    note: Note = "",
    dry_run: DryRun = False,
    later: Later = False,
) -> None:
    """Takes a story out of its situation, and keeps it out."""
    with opened(context, make=False) as app:
        asked, made = ("untie", [story], ()), partial(app.correct.untying, story)
        _corrected(context, app, asked, made, note, dry_run=dry_run, later=later)


@listing.callback(invoke_without_command=True)
def corrections(context: typer.Context) -> None:
    """Corrections that people made; without a verb, lists them."""
    if context.invoked_subcommand is None:
        corrections_list(context)


@listing.command("list")
def corrections_list(context: typer.Context) -> None:
    """All corrections, oldest first, and whether they are in force."""
    with opened(context, make=False) as app:
        known, undone = app.correct.all(), app.correct.undone()
        homes = app.correct.homes(known)
    document = [correction_shape(each, undone.get(each.id, ""), homes[each.id]) for each in known]
    answer(context, document, lambda out: corrections_listing(document, clock()).show(out))


@listing.command("undo")
def corrections_undo(
    context: typer.Context,
    correction: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="The correction's id, or how it begins; that of an undo puts the correction back",
        ),
    ],
    note: Note = "",
    dry_run: DryRun = False,
    later: Later = False,
) -> None:
    """Takes a correction back: its stories are placed again by the machine."""
    with opened(context, make=False) as app:
        asked, made = ("undo", (), [correction]), partial(app.correct.undoing, correction)
        _corrected(context, app, asked, made, note, dry_run=dry_run, later=later)


@listing.command("requests")
def corrections_requests(context: typer.Context) -> None:
    """What was asked for with --later and on the pages, oldest first, and what became of it."""
    with opened(context, make=False) as app:
        _requests(context, app.stored.requests())


@listing.command("carry-out")
def corrections_carry_out(context: typer.Context) -> None:
    """Carries out at once what was asked for; a run that groups does so by itself."""
    with opened(context, make=False) as app:
        _requests(context, app.requests.carry_out())


def _corrected(
    context: typer.Context,
    app: App,
    asked: tuple[str, Sequence[str], Sequence[str]],
    made: Callable[[str, str], Correction],
    note: str,
    *,
    dry_run: bool,
    later: bool,
) -> None:
    """Carries a correction out at once, or files it as a request for whoever writes next.

    Args:
        context: Of the command line.
        app: Opened.
        asked: The kind of a request, the stories and the other names that it is about.
        made: Makes the correction of a note and of who says it.
        note: Why.
        dry_run: Shows what it would change, and changes nothing.
        later: Files it.
    """
    if later:
        _filed(context, app.requests.file(*asked, note, _who()))
    else:
        _said(context, app, made(note, _who()), dry_run=dry_run)


def _filed(context: typer.Context, request: Request) -> None:
    document = request_shape(request)
    answer(context, {"request": document}, lambda out: requests_listing([document], clock()).show(out))


def _requests(context: typer.Context, found: Sequence[Request]) -> None:
    document = [request_shape(each) for each in found]
    answer(context, document, lambda out: requests_listing(document, clock()).show(out))


def _said(context: typer.Context, app: App, correction: Correction, *, dry_run: bool) -> None:
    """Carries a correction out, or shows what it would change, and answers."""
    if dry_run:
        preview = preview_shape(app.correct.preview(correction))
        answer(context, preview, lambda out: preview_text(out, preview))
        return
    found, members = app.correct.say(correction)
    lines = {name: each.line for name, each in members.items()}
    document = {"stories": [story_shape(story, lines) for story in found]}
    answer(context, document, lambda out: stories_listing(document["stories"], clock()).show(out))


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
    for verb in (merge, split, tie, untie, tell_apart):
        cli.command()(verb)
    cli.add_typer(listing, name="corrections")
