"""The verb that serves the pages: desk."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from pipeline.cli.session import session


def desk(
    context: typer.Context,
    host: Annotated[
        str, typer.Option(help="Where to listen; beyond this machine only with a password")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one")] = 8090,
    read_only: Annotated[bool, typer.Option("--read-only", help="Nobody may change anything")] = False,
    no_token: Annotated[
        bool, typer.Option("--no-token", help="Everybody on this machine may come in")
    ] = False,
    browser: Annotated[bool, typer.Option("--open", help="Open it in a browser")] = False,
) -> None:
    """Serves the pages to read, ask why, and mend; prints their address on the first line."""
    from pipeline.desk.serve import DeskOptions, serve

    chosen = session(context)
    options = DeskOptions(host, port, read_only, not no_token, browser)
    serve(options, chosen.store, chosen.home, chosen.config, os.environ)


def register(cli: typer.Typer) -> None:
    """Adds this verb to the command line."""
    cli.command()(desk)
