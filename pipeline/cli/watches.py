"""Verbs on watches: list, check, backtest, why."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pipeline.cli.session import answer, opened
from pipeline.cli.tables.fitting import Listing, TableColumn, hanging, heading, number
from pipeline.cli.tables.news_tables import counted
from pipeline.cli.tables.upkeep_tables import backtest_listing
from pipeline.errors import UsageError

watch = typer.Typer(
    help="The rules that alert: show, validate, try on history, explain.", no_args_is_help=True
)


@watch.command("list")
def watch_list(context: typer.Context) -> None:
    """The watches as configured, and how far each has read."""
    with opened(context, make=False) as app:
        document = app.watches.all()

    def show(out: Console) -> None:
        columns = (
            TableColumn("name"),
            TableColumn("query", 1, least=24),
            number("alerts", 2),
            TableColumn("on", 3),
            TableColumn("delivers", 4, least=16),
            TableColumn("follow-up", 5),
        )
        listing = Listing(columns, counted(len(document), "watch", "watches"))
        for entry in document:
            listing.row(
                entry["name"],
                entry["query"],
                str(entry["alerts"]),
                "yes" if entry["enabled"] else "no",
                entry["delivers"],
                entry["follow_up"] + (", once a situation" if entry["once_per"] == "situation" else ""),
            )
        listing.show(out)

    answer(context, document, show)


# Of more watches than this only those are shown that something is odd about, and of these so many.
_SHOWN = 50


@watch.command("check")
def watch_check(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]…", help="Which watches; without a name, all")
    ] = None,
) -> None:
    """Says in words what each watch means, and warns of what cannot work."""
    with opened(context, make=False) as app:
        document = app.watches.check(names or ())

    def show(out: Console) -> None:
        odd = [entry for entry in document if entry["warnings"]]
        shown = (odd if len(document) > _SHOWN else document)[:_SHOWN]
        for entry in shown:
            heading(out, entry["name"])
            hanging(out, "  ", entry["meaning"])
            for warning in entry["warnings"]:
                hanging(out, "  ! ", warning)
            _show_hits(out, entry)
        if len(shown) < len(document):
            more = f"{len(document)} watches, {len(odd)} with a warning; shown: {len(shown)}."
            hanging(out, "", f"{more} `wirewatch watch check NAME` shows one, --json has all of them.")

    answer(context, document, show)


def _show_hits(out: Console, entry: dict[str, Any]) -> None:
    for clause in entry["clauses"]:
        sign = "not " if clause["negative"] else ""
        rate = f": {clause['hits']} of {clause['of']}" if entry["of"] else ""
        hanging(out, "  ", f"{sign}{clause['clause']}{rate}")
        for language, found in sorted(clause["tokens"].items()):
            hanging(out, f"      {language}: ", ", ".join(found))
    if not entry["of"]:
        hanging(out, "  ", "there are no articles yet to try it on")
        return
    hanging(out, "  ", f"in all {entry['hits']} of {entry['of']} articles ({entry['rate']:.2%})")
    for example in entry["examples"]:
        hanging(out, f"    {example['published'][:16]} ", example["title"])


@watch.command("new")
def watch_new(
    context: typer.Context,
    words: Annotated[str, typer.Argument(metavar="WORDS", help='For example "New Zealand, health"')],
    name: Annotated[str, typer.Option(help="Its name; the words where none is given")] = "",
    mail: Annotated[str, typer.Option(help="Whom to write to")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Save without asking")] = False,
) -> None:
    """Writes a first watch from a few words, shows what it hits now and hit in the last month, and asks."""
    with opened(context) as app:
        draft = app.watches.draft(words, name, mail)
        err = Console(stderr=True, highlight=False)
        if not yes:
            err.print(draft["yaml"], markup=False)
            err.print(draft["meaning"], markup=False)
            for warning in draft["warnings"]:
                hanging(err, "! ", warning)
            _show_hits(err, draft)
            month = draft["month"]
            if draft["of"]:
                told = f"{counted(month['articles'], 'article')}, {counted(month['alerts'], 'alert')}"
                hanging(err, "", f"In the last 30 days: {told}, {month['mails_per_day']:.2f} mails a day")
            yes = _asked()
        saved = app.watches.add(draft) if yes else ""

    def show(out: Console) -> None:
        out.print(f"Saved in {saved}" if saved else "Not saved", markup=False)

    answer(context, draft | {"saved": saved}, show)


def _asked() -> bool:
    """Whether the watch is to be saved.

    Raises:
        UsageError: Nobody answered.
    """
    while True:
        typer.echo("Save it? [y/N]: ", nl=False, err=True)
        answered = sys.stdin.readline()
        if not answered:
            typer.echo(err=True)
            raise UsageError("not saved, because nobody answered; --yes saves without asking")
        said = answered.strip().lower()
        if said in {"y", "yes", "n", "no", ""}:
            return said.startswith("y")


@watch.command("backtest")
def watch_backtest(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    since: Annotated[str, typer.Option(help="Since when: 30d, 12h, or a date")] = "30d",
    against: Annotated[
        str | None, typer.Option(help="Another version to compare with: a watches file, or git:REVISION")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Also write one page with a timeline")] = None,
) -> None:
    """What a watch would have done on the history in the store: which alerts, when, how many mails."""
    with opened(context, make=False) as app:
        result, document = app.watches.backtest(name, since, against, html)

    def show(out: Console) -> None:
        backtest_listing(document).show(out)
        out.print(
            f"{counted(len(result.fired), 'alert')} in {counted(result.mails, 'mail')}, "
            f"{result.mails_per_day:.2f} a day, at most {result.busiest} on one day; "
            f"the query hit {counted(result.articles, 'article')}"
        )
        for miss in result.misses[:20]:
            out.print(f"  silent: {miss.title} ({miss.miss})", markup=False)
        change = document.get("difference")
        if change:
            out.print(
                f"Against {against}: {len(change['added'])} more, {len(change['gone'])} fewer, "
                f"{len(change['moved'])} at another time, {change['same']} the same"
            )
        if html:
            out.print(f"The page is {html}", markup=False)

    answer(context, document, show)


@watch.command("why")
def watch_why(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    story: Annotated[str, typer.Argument(metavar="STORY")],
) -> None:
    """Why a watch did or did not alert on a story: each clause and condition with its value."""
    with opened(context, make=False) as app:
        why = app.watches.why(name, story)

    def show(out: Console) -> None:
        out.print(why.verdict, markup=False)
        for clause in why.clauses:
            hits = f": {', '.join(clause.hits)}" if clause.hits else ""
            indent = "  " * (clause.depth + 1)
            hanging(out, indent, f"{clause.words}: {len(clause.articles)} of {clause.of}{hits}")
        for check in why.checks:
            mark = "holds" if check.holds else "does not hold"
            hanging(out, "  ", f"{check.name}: needed {check.needed}, found {check.found}: {mark}")
        for note in why.notes:
            hanging(out, "  ", note)

    answer(context, why.as_json(), show)


def register(cli: typer.Typer) -> None:
    """Adds these verbs to the command line."""
    cli.add_typer(watch, name="watch")
