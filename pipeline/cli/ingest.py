"""Verbs that take articles in: load, fetch, alert, repair, replay."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from pipeline.cli.exits import Failed
from pipeline.cli.session import answer, opened, session, stages
from pipeline.cli.tables.fitting import Listing, TableColumn, number
from pipeline.cli.tables.upkeep_tables import counts_listing, feeds_listing
from pipeline.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from pipeline.app.care.feed_loop import LoopRound, Pushes
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
    alert: Annotated[bool, typer.Option("--alert", help="Alert at once on what is loaded")] = False,
) -> None:
    """Takes files through every stage; never alerts unless --alert."""
    with opened(context) as app, stages() as begin:
        outcome = app.ingest.load(paths, alert=alert, stages=begin)
    answer(context, outcome.as_json(), lambda out: counts_listing(outcome.as_json()).show(out))
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
        if not outcome.feeds:
            out.print(
                "No feed is due now. `fetch --all` polls every feed; `feeds add` adds one.", markup=False
            )
            return
        feeds_listing(outcome.feeds).show(out)
        counts_listing(outcome.as_json()).show(out)

    answer(context, outcome.as_json(), show)


def watch_feeds(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="One round, for cron")] = False,
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where WebSub hubs may say which feeds have news")
    ] = "",
) -> None:
    """Monitors until it is stopped: polls what is due, alerts, and mends stories once a day."""
    from pipeline.app.care.feed_loop import Pushes

    with opened(context) as app:
        home, config, url = app.home, app.config, app.care.websub_url()
    if not listen:
        _watch(context, Pushes(), config, once=once)
        return
    if not url:
        raise UsageError("--listen needs fetch.websub_url in settings.yaml: where hubs reach this address")
    from pipeline.desk.access import load_key
    from pipeline.programs.hub_callbacks import listening

    pushes = Pushes(load_key(home, "websub-key"))
    with listening(listen, pushes) as address:
        sys.stderr.write(f"wirewatch: listening for hubs at {address}, which they reach as {url}\n")
        _watch(context, pushes, config, once=once)


def _watch(context: typer.Context, pushes: Pushes, config: Path, *, once: bool) -> None:
    """Goes round, with the configuration as it is; a broken one is told and the last good one stays."""
    from pipeline.settings import configuration_stamp

    stamp = configuration_stamp(config)

    def changed() -> bool:
        nonlocal stamp
        now = configuration_stamp(config)
        if now == stamp:
            return False
        stamp = now
        try:
            with opened(context) as trial:
                trial.care.websub_url()
        except ConfigError as error:
            sys.stderr.write(f"wirewatch: the configuration stays as it was: {error}\n")
            return False
        return True

    while True:
        with opened(context) as app:
            for done in app.feed_loop(pushes).rounds(changed):
                _show_round(context, done)
                if once:
                    if done.errors:
                        raise Failed
                    return


def _show_round(context: typer.Context, done: LoopRound) -> None:
    """A line for people where something happened; a JSON line for every round."""
    if session(context).json:
        sys.stdout.write(json.dumps(done.as_json(), ensure_ascii=False) + "\n")
    elif not done.quiet:
        parts = [
            f"{count} {what}"
            for count, what in (
                (done.feeds, "feeds asked"),
                (done.feeds_failed, "feeds failed"),
                (done.new, "new"),
                (done.updated, "updated"),
                (done.quarantined, "quarantined"),
                (done.alerts, "alerts"),
                (done.failed, "messages failed"),
            )
            if count
        ]
        parts += ["daily care done"] if done.cared else []
        sys.stdout.write(f"{done.at:%Y-%m-%d %H:%M:%S} UTC  {', '.join(parts) or 'nothing new'}\n")
    sys.stdout.flush()
    for error in done.errors:
        sys.stderr.write(f"wirewatch: {error}\n")


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
        columns = (
            TableColumn("story"),
            TableColumn("watch", 1, least=12),
            TableColumn("kind", 2),
            number("articles", 3),
            TableColumn("reason", 4, least=20),
        )
        listing = Listing(columns, "Would alert" if dry_run else "Alerts")
        for entry in outcome.alerts:
            listing.row(entry.story, entry.watch, entry.kind, str(len(entry.articles)), entry.reason)
        listing.show(out)
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
    answer(context, outcome, lambda out: counts_listing(outcome).show(out))


def replay(
    context: typer.Context,
    into: Annotated[str | None, typer.Option(help="A store to fill; without it, the present one")] = None,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Go on without what is damaged, and count it")
    ] = False,
) -> None:
    """Takes the archive, from the beginning, through every stage."""
    with opened(context) as app, stages() as begin:
        outcome = app.stores.replay(into, begin, keep_going=keep_going)
    answer(context, outcome, lambda out: counts_listing(outcome).show(out))


def register(cli: typer.Typer) -> None:
    """Adds these verbs to the command line."""
    for verb in (load, fetch, watch_feeds, alert, repair, replay):
        cli.command()(verb)
