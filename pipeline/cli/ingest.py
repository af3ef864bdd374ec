"""Verbs that take articles in: load, fetch, alert, repair, replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli.exits import Failed
from pipeline.cli.session import answer, opened, progress, stages
from pipeline.cli.tables import counts_table, feeds_table

if TYPE_CHECKING:
    from pipeline.stages.alerting.alert import AlertReport

Json = dict[str, Any]


def check_delivered(report: AlertReport) -> None:
    """Says why messages failed, in one line.

    Raises:
        Failed: Some did.
    """
    if report.failed:
        more = f" (and {len(report.errors) - 1} more)" if len(report.errors) > 1 else ""
        why = f": {report.errors[0]}{more}" if report.errors else ""
        noun = "message" if report.failed == 1 else "messages"
        raise Failed(f"{report.failed} {noun} could not be delivered{why}")


def load(
    context: typer.Context,
    paths: Annotated[list[str], typer.Argument(help="Files, folders or globs")],
    alert: Annotated[bool, typer.Option("--alert", help="What is loaded may alert")] = False,
) -> None:
    """Takes files through every stage; never alerts unless --alert."""
    with opened(context) as app, progress("Loading") as step:
        outcome = app.ingest.load(paths, alert=alert, progress=step)
    answer(context, outcome.as_json(), lambda out: out.print(counts_table(outcome.as_json())))
    if outcome.alerts:
        check_delivered(outcome.alerts)


def fetch(
    context: typer.Context,
    feed: Annotated[list[str] | None, typer.Option("--feed", help="This feed, due or not")] = None,
    every: Annotated[bool, typer.Option("--all", help="All feeds, due or not")] = False,
) -> None:
    """Polls the feeds that are due (or those named, or all) through every stage."""
    with opened(context) as app, stages() as begin:
        outcome = app.ingest.fetch(feed or [], every=every, stages=begin)

    def show(out: Console) -> None:
        out.print(feeds_table(outcome.feeds or []))
        out.print(counts_table(outcome.as_json()))

    answer(context, outcome.as_json(), show)


def alert(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be sent; change nothing")
    ] = False,
) -> None:
    """Matches what is new since the last call, and delivers."""
    with opened(context, make=not dry_run) as app:
        outcome = app.watches.alert(dry_run=dry_run)

    def show(out: Console) -> None:
        table = Table(
            "watch", "kind", "story", "articles", "reason", title="Would alert" if dry_run else "Alerts"
        )
        for entry in outcome.alerts:
            table.add_row(entry.watch, entry.kind, entry.story, str(len(entry.articles)), entry.reason)
        out.print(table)
        out.print(f"{outcome.delivered} delivered, {outcome.failed} failed, {outcome.suppressed} suppressed")

    document = {
        "alerts": [
            {
                "watch": entry.watch,
                "kind": entry.kind,
                "story": entry.story,
                "articles": list(entry.articles),
                "reason": entry.reason,
            }
            for entry in outcome.alerts
        ],
        "delivered": outcome.delivered,
        "failed": outcome.failed,
        "suppressed": outcome.suppressed,
        "errors": list(outcome.errors),
        "set_aside": [
            {"watch": each.name, "error": str(each.error), "goes_on": each.goes_on} for each in outcome.broken
        ],
    }
    answer(context, document, show)
    check_delivered(outcome)


def repair(context: typer.Context) -> None:
    """Merges and splits recent stories where the evidence says so."""
    with opened(context) as app:
        outcome = app.correct.repair()
    answer(context, outcome, lambda out: out.print(counts_table(outcome)))


def replay(
    context: typer.Context,
    into: Annotated[str | None, typer.Option(help="A store to fill; without it, the present one")] = None,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Go on without what is damaged, and count it")
    ] = False,
) -> None:
    """Takes the archive, from the beginning, through every stage."""
    with opened(context) as app, progress("Replaying") as step:
        outcome = app.stores.replay(into, step, keep_going=keep_going)
    answer(context, outcome, lambda out: out.print(counts_table(outcome)))


def register(cli: typer.Typer) -> None:
    """Adds these verbs to the command line."""
    for verb in (load, fetch, alert, repair, replay):
        cli.command()(verb)
