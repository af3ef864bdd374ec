"""The verbs a person types: `wirewatch [--store URL] [--home DIR] [--config DIR] VERB …`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import (
    begin,
    care,
    correct,
    desk,
    evaluate,
    exits,
    ingest,
    names,
    outbox,
    programs,
    read,
    watches,
)
from pipeline.cli.session import Session

cli = typer.Typer(
    name="wirewatch",
    help="Watches news, groups articles about one event into one story, and mails you what is new.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _room in (begin, ingest, read, correct, watches, outbox, care, names, evaluate, desk, programs):
    _room.register(cli)


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"wirewatch {version('wirewatch')}")
        raise typer.Exit


@cli.callback()
def _options(
    context: typer.Context,
    store: Annotated[
        str | None,
        typer.Option(envvar="WIREWATCH_STORE", help="sqlite:///path.db or http(s)://host:port[?prefix=NAME]"),
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option(envvar="WIREWATCH_HOME", help="Archive, staging, quarantine and mail spool [./data]"),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(envvar="WIREWATCH_CONFIG", help="Configuration folder [./config]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version")
    ] = False,
) -> None:
    context.obj = Session(store, home, config, as_json)


def _json_first(arguments: list[str]) -> list[str]:
    """Lets `--json` stand anywhere, as scripts write it after the verb."""
    if "--" in arguments:
        cut = arguments.index("--")
        return _json_first(arguments[:cut]) + arguments[cut:]
    rest = [argument for argument in arguments if argument != "--json"]
    return ["--json", *rest] if len(rest) < len(arguments) else rest


def main(arguments: list[str] | None = None) -> None:
    """The entry point: runs one verb and exits as `pipeline.cli.exits` says."""
    # pydantic looks for plugins in every package that is installed, before its first model.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    given = _json_first(sys.argv[1:] if arguments is None else arguments)

    def verb() -> object:
        return cli(given, prog_name="wirewatch", standalone_mode=False)

    sys.exit(exits.run(verb, as_json="--json" in given))
