"""Verbs for what keeps the system well: feeds, quarantine, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pipeline.app.shapes import rejection_shape
from pipeline.cli.exits import Failed
from pipeline.cli.session import answer, clock, opened
from pipeline.cli.tables.fitting import Listing, TableColumn, number
from pipeline.cli.tables.news_tables import counted
from pipeline.cli.tables.upkeep_tables import (
    checks_listing,
    counts_listing,
    feeds_listing,
    health_listing,
    rejections_listing,
)

feeds = typer.Typer(help="The feed list and its state.", no_args_is_help=True)
quarantine = typer.Typer(help="What could not be processed, and why.", no_args_is_help=True)


@feeds.command("list")
def feeds_list(context: typer.Context) -> None:
    """The feeds as configured."""
    with opened(context, make=False) as app:
        document = app.care.feeds()
    answer(context, document, lambda out: feeds_listing(document).show(out))


@feeds.command("health")
def feeds_health(context: typer.Context) -> None:
    """How each feed is doing: last success, last news, error, next poll."""
    with opened(context, make=False) as app:
        document = app.care.feed_health()
    answer(context, document, lambda out: health_listing(document, clock()).show(out))


@feeds.command("packs")
def feeds_packs(context: typer.Context) -> None:
    """The packs of public feeds that `feeds add` and `init --pack` know."""
    from pipeline.sources.feeds.feed_packs import described

    document = described()

    def show(out: Console) -> None:
        columns = (
            TableColumn("pack"),
            TableColumn("title", 1, least=20),
            TableColumn("language", 3),
            TableColumn("subject", 4),
            number("feeds", 2),
        )
        listing = Listing(columns, counted(len(document), "pack"))
        for entry in document:
            listing.row(
                entry["name"], entry["title"], entry["language"], entry["subject"], str(entry["feeds"])
            )
        listing.show(out)

    answer(context, document, show)


@feeds.command("add")
def feeds_add(
    context: typer.Context,
    target: Annotated[str, typer.Argument(metavar="PACK|URL", help="A pack, a feed, or any page of a site")],
    every: Annotated[
        bool, typer.Option("--all", help="All feeds that the site links to, not the first alone")
    ] = False,
) -> None:
    """Adds a pack, a feed, or the feed of a site to feeds.yaml."""
    with opened(context, make=False) as app:
        document = app.feeds.add(target, every=every)

    def show(out: Console) -> None:
        _show_added(document["added"], out)
        for url in document["also"]:
            out.print(f"The site has this feed, too (--all adds it): {url}", markup=False)

    answer(context, document, show)


def _show_added(added: Any, out: Console) -> None:
    if added:
        feeds_listing(added).show(out)
    else:
        out.print("All of it is in feeds.yaml already")


@feeds.command("check")
def feeds_check(
    context: typer.Context,
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID…")] = None,
    pack: Annotated[str, typer.Option(help="The feeds of this pack instead, configured or not")] = "",
) -> None:
    """Asks feeds once and keeps nothing: which answer, with what."""
    with opened(context, make=False) as app:
        document = app.feeds.check(ids or [], pack)
    answer(context, document, lambda out: feeds_listing(document).show(out))
    bad = [each for each in document if not each["ok"]]
    if bad:
        raise Failed(
            f"{len(bad)} of {len(document)} do not answer well: {', '.join(e['id'] for e in bad[:5])}"
        )


@feeds.command("import")
def feeds_import(context: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE.opml")]) -> None:
    """Adds the feeds of an OPML file to feeds.yaml; folders become tags."""
    with opened(context, make=False) as app:
        document = app.care.import_feeds(file)
    answer(context, document, lambda out: _show_added(document, out))


@feeds.command("export")
def feeds_export(context: typer.Context) -> None:
    """Writes the feeds as OPML to stdout, without credentials."""
    with opened(context, make=False) as app:
        opml = app.care.export_feeds()
    answer(context, {"opml": opml}, lambda out: out.print(opml, markup=False, soft_wrap=True))


@quarantine.command("list")
def quarantine_list(context: typer.Context) -> None:
    """What could not be processed, newest first."""
    with opened(context, make=False) as app:
        document = [rejection_shape(entry) for entry in app.stored.rejections()]
    answer(context, document, lambda out: rejections_listing(document, clock()).show(out))


@quarantine.command("show")
def quarantine_show(context: typer.Context, entry_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """One entry, with the beginning of what was refused."""
    with opened(context, make=False) as app:
        entry = app.care.quarantined(entry_id)
    document = rejection_shape(entry) | {"excerpt": entry.excerpt, "capture": entry.capture}

    def show(out: Console) -> None:
        for key, value in document.items():
            out.print(f"{key:>8}  {value}", markup=False)

    answer(context, document, show)


@quarantine.command("replay")
def quarantine_replay(
    context: typer.Context, ids: Annotated[list[str] | None, typer.Argument(metavar="ID…")] = None
) -> None:
    """Tries entries again (all without an ID), from the archive."""
    with opened(context) as app:
        outcome = app.care.replay_quarantine(ids or [])
    answer(context, outcome.as_json(), lambda out: counts_listing(outcome.as_json()).show(out))


def doctor(context: typer.Context) -> None:
    """Checks store, models, mail, feeds, disk and Airflow; one line each."""
    with opened(context, make=False) as app:
        document = app.care.doctor()
    _checked(context, document)


def verify(context: typer.Context) -> None:
    """Checks every promise on all that is stored: archive, journal, store, outbox; changes nothing."""
    with opened(context, make=False) as app:
        document = app.care.verify()
    _checked(context, document)


def _checked(context: typer.Context, document: list[dict[str, Any]]) -> None:
    answer(context, document, lambda out: checks_listing(document).show(out))
    bad = [f"{check['check']}: {check['detail']}" for check in document if not check["ok"]]
    if bad:
        raise Failed(bad[0] + (f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""))


def register(cli: typer.Typer) -> None:
    """Adds these verbs to the command line."""
    cli.add_typer(feeds, name="feeds")
    cli.add_typer(quarantine, name="quarantine")
    cli.command()(doctor)
    cli.command()(verify)
