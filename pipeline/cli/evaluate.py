"""The verb that measures: evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.session import answer, opened, stages
from pipeline.cli.tables.upkeep_tables import evaluation_listing


def evaluate(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Labelled JSON lines")],
) -> None:
    """Measures story quality on labelled articles, streamed as in production, in a fresh store."""
    with opened(context, make=False) as app, stages() as begin:
        document = app.quality.evaluate(files, stages=begin)
    answer(context, document, lambda out: evaluation_listing(document).show(out))


def register(cli: typer.Typer) -> None:
    """Adds this verb to the command line."""
    cli.command()(evaluate)
