"""Verbs on names and stores: entity, entities suggest, enrich, store migrate, adopt and copy."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.session import answer, clock, opened, stages
from pipeline.cli.tables.news_tables import entity_text, suggestions_listing
from pipeline.cli.tables.upkeep_tables import counts_listing

entities = typer.Typer(help="Names across articles.", no_args_is_help=True)
store = typer.Typer(help="Stores: migrate, adopt, copy.", no_args_is_help=True)


def entity(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name or an entity's id")],
) -> None:
    """One person, place or organisation: its articles over time, its stories, and who stands beside it."""
    with opened(context, make=False) as app:
        document, _ = app.names.entity(name)
    answer(context, document, lambda out: entity_text(out, document, clock()))


@entities.command("suggest")
def entities_suggest(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="At most this many")] = 50,
) -> None:
    """Proposes aliases for config/aliases.yaml: names that may be one, with the evidence."""
    with opened(context, make=False) as app:
        document = app.names.suggestions(limit)
    answer(context, document, lambda out: suggestions_listing(document).show(out))


def enrich(
    context: typer.Context,
    again: Annotated[bool, typer.Option("--again", help="Articles that are enriched already")] = False,
    since: Annotated[str, typer.Option(help="Only what is newer: 12h, 30d, or a date")] = "30d",
) -> None:
    """Finds names and topics again after a change of models or tables; never alerts."""
    if not again:
        raise typer.BadParameter("new articles are enriched as they come; --again does it for stored ones")
    with opened(context, make=False) as app, stages() as begin:
        document = app.names.enrich_again(since, begin)
    answer(context, document, lambda out: counts_listing(document).show(out))


@store.command("migrate")
def store_migrate(
    context: typer.Context,
    anew: Annotated[
        bool, typer.Option("--anew", help="On Elasticsearch, write all documents anew in any case")
    ] = False,
) -> None:
    """Brings the store to this version's schema; on Elasticsearch, reading and writing go on."""
    with opened(context, make=False) as app:
        document = app.stores.migrate(anew=anew)
    answer(context, document, lambda out: counts_listing(document).show(out))


@store.command("adopt")
def store_adopt(context: typer.Context) -> None:
    """Lets the store follow this home's journal, when the home that it followed is lost for good."""
    with opened(context, make=False) as app:
        document = app.stores.adopt()
    answer(context, document, lambda out: counts_listing(document).show(out))


@store.command("copy")
def store_copy(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="FROM", help="A store's URL")],
    target: Annotated[str, typer.Argument(metavar="TO", help="The URL of a new one")],
) -> None:
    """Copies a whole store, from SQLite to Elasticsearch or back."""
    with opened(context) as app:
        document = app.stores.copy(source, target)
    answer(context, document, lambda out: counts_listing(document).show(out))


def register(cli: typer.Typer) -> None:
    """Adds these verbs to the command line."""
    cli.command()(entity)
    cli.command()(enrich)
    cli.add_typer(entities, name="entities")
    cli.add_typer(store, name="store")
