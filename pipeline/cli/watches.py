"""Verbs on watches: list, check, backtest, why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli.session import answer, opened
from pipeline.cli.tables import backtest_table
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
        table = Table("name", "query", "delivers", "follow-up", "on", "alerts", title="Watches")
        for entry in document:
            table.add_row(
                entry["name"],
                entry["query"],
                entry["delivers"],
                entry["follow_up"],
                "yes" if entry["enabled"] else "no",
                str(entry["alerts"]),
            )
        out.print(table)

    answer(context, document, show)


@watch.command("check")
def watch_check(context: typer.Context) -> None:
    """Says in words what each watch means, and warns of what cannot work."""
    with opened(context, make=False) as app:
        document = app.watches.check()

    def show(out: Console) -> None:
        for entry in document:
            out.print(f"[bold]{entry['name']}[/bold]")
            out.print(f"  {entry['meaning']}", markup=False)
            for warning in entry["warnings"]:
                out.print(f"  ! {warning}", markup=False)
            _show_hits(out, entry)

    answer(context, document, show)


def _show_hits(out: Console, entry: dict[str, Any]) -> None:
    for clause in entry["clauses"]:
        sign = "not " if clause["negative"] else ""
        rate = f": {clause['hits']} of {clause['of']}" if entry["of"] else ""
        out.print(f"  {sign}{clause['clause']}{rate}", markup=False)
        for language, found in sorted(clause["tokens"].items()):
            out.print(f"      {language}: {', '.join(found)}", markup=False)
    if not entry["of"]:
        out.print("  there are no articles yet to try it on", markup=False)
        return
    out.print(f"  in all {entry['hits']} of {entry['of']} articles ({entry['rate']:.2%})", markup=False)
    for example in entry["examples"]:
        out.print(f"    {example['published'][:16]} {example['title']}", markup=False)


@watch.command("new")
def watch_new(
    context: typer.Context,
    words: Annotated[str, typer.Argument(metavar="WORDS", help='For example "New Zealand, health"')],
    name: Annotated[str, typer.Option(help="Its name; the words where none is given")] = "",
    mail: Annotated[str, typer.Option(help="Whom to write to")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Save without asking")] = False,
) -> None:
    """Writes a first watch from a few words, shows what it hits now and in a month, and asks."""
    with opened(context) as app:
        draft = app.watches.draft(words, name, mail)
        err = Console(stderr=True)
        if not yes:
            err.print(draft["yaml"], markup=False)
            err.print(draft["meaning"], markup=False)
            for warning in draft["warnings"]:
                err.print(f"! {warning}", markup=False)
            _show_hits(err, draft)
            month = draft["month"]
            if draft["of"]:
                err.print(
                    f"In the last 30 days: {month['articles']} articles, {month['alerts']} alerts, "
                    f"{month['mails_per_day']:.2f} mails a day",
                    markup=False,
                )
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
    try:
        return typer.confirm("Save it?", default=False, err=True)
    except typer.Abort:
        typer.echo(err=True)
        raise UsageError("not saved, because nobody answered; --yes saves without asking") from None


@watch.command("backtest")
def watch_backtest(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME")],
    since: Annotated[str, typer.Option(help="From when on: 30d, 12h, or a date")] = "30d",
    against: Annotated[
        str | None, typer.Option(help="Another version to compare with: a watches file, or git:REVISION")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Also write one page with a timeline")] = None,
) -> None:
    """What a watch would have done on the history in the store: which alerts, when, how many mails."""
    with opened(context, make=False) as app:
        result, document = app.watches.backtest(name, since, against, html)

    def show(out: Console) -> None:
        out.print(backtest_table(document))
        out.print(
            f"{len(result.fired)} alerts in {result.mails} mails, {result.mails_per_day:.2f} a day, "
            f"at most {result.busiest} on one day; the query hit {result.articles} articles"
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
            out.print(f"{indent}{clause.words}: {len(clause.articles)} of {clause.of}{hits}", markup=False)
        for check in why.checks:
            mark = "holds" if check.holds else "does not hold"
            out.print(f"  {check.name}: needed {check.needed}, found {check.found}: {mark}", markup=False)
        for note in why.notes:
            out.print(f"  {note}", markup=False)

    answer(context, why.as_json(), show)


def register(cli: typer.Typer) -> None:
    """Adds these verbs to the command line."""
    cli.add_typer(watch, name="watch")
