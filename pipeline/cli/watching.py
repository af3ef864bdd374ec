"""Verbs on watches: list, check."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli.session import answer, opened

watch = typer.Typer(help="The rules that alert: show, validate.", no_args_is_help=True)


@watch.command("list")
def watch_list(context: typer.Context) -> None:
    """The watches as configured, and how far each has read."""
    with opened(context) as app:
        document = app.watch_list()

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
    with opened(context) as app:
        document = app.watch_check()

    def show(out: Console) -> None:
        for entry in document:
            out.print(f"[bold]{entry['name']}[/bold]")
            out.print(f"  {entry['meaning']}", markup=False)
            for warning in entry["warnings"]:
                out.print(f"  ! {warning}", markup=False)

    answer(context, document, show)


def register(cli: typer.Typer) -> None:
    """Adds these verbs to the command line."""
    cli.add_typer(watch, name="watch")
