"""Verbs for other programs: export, mcp, tokens."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from pipeline.cli.session import answer, clock, opened, session
from pipeline.cli.tables.upkeep_tables import tokens_listing
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.api.api_tokens import Tokens


def export(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="articles, stories, situations or decisions")],
    into: Annotated[Path | None, typer.Option(help="The file to write; without it, stdout")] = None,
    form: Annotated[
        str, typer.Option("--format", help="jsonl, csv, parquet or ninjs [by the file's name, else jsonl]")
    ] = "",
    query: Annotated[str, typer.Option(help="Only of articles that this query hits")] = "",
    since: Annotated[str, typer.Option(help="Only of articles from then on: 90m, 12h, 7d, or a date")] = "",
    until: Annotated[str, typer.Option(help="Only of articles before then: an age or a date")] = "",
    after: Annotated[
        int, typer.Option(min=0, help="Only of articles that came after the cursor of an earlier export")
    ] = 0,
) -> None:
    """Writes what is stored to a file; stopped and called again, it goes on where it was."""
    from pipeline.app.export.exporting import ExportOrder, Kind

    order = ExportOrder(cast("Kind", kind), query, since, until, after, form)
    if into is None and session(context).json:
        raise UsageError("--json answers with one document: give the rows a file of their own (--into FILE)")
    begun = time.monotonic()
    with opened(context, make=False) as app:
        if into is None:
            cursor = app.export.out(order)
            sys.stderr.write(f"wirewatch: cursor {cursor}\n")
            return
        done = app.export.into(order, into)
    document: dict[str, Any] = asdict(done) | {"seconds": round(time.monotonic() - begun, 1)}
    line = f"{done.file}: {done.rows} {kind}, up to cursor {done.cursor}"
    line += f" ({done.resumed} of them were there from a stopped export)" if done.resumed else ""
    answer(context, document, lambda out: out.print(line, markup=False, soft_wrap=True))


def mcp(
    context: typer.Context,
    http: Annotated[bool, typer.Option("--http", help="Over HTTP on 127.0.0.1 instead of stdio")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="With --http; 0 takes a free one")] = 8091,
    corrections: Annotated[
        bool, typer.Option("--allow-corrections", help="Corrections may be previewed and asked for")
    ] = False,
) -> None:
    """Lets a language model's program ask: search, stories, sources, why, what is new (MCP)."""
    from pipeline.app import open_app
    from pipeline.programs.mcp_server import McpOptions, serve_mcp

    chosen = session(context)
    serve_mcp(
        McpOptions(http, port, corrections),
        lambda: open_app(store=chosen.store, home=chosen.home, config=chosen.config, make=False),
    )


tokens = typer.Typer(help="Tokens with which programs may ask the read API.", no_args_is_help=True)


@contextmanager
def _tokens(context: typer.Context, *, make: bool = False) -> Iterator[Tokens]:
    from pipeline.api.api_tokens import Tokens

    with opened(context, make=make) as app:
        yield Tokens(app.home / "desk" / "tokens")


@tokens.command("add")
def add_token(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the program, in small letters")],
    scope: Annotated[
        list[str] | None, typer.Option(help="news, watches, metrics, feeds [the first two]; may be repeated")
    ] = None,
    per_minute: Annotated[int, typer.Option(min=1, help="Requests that it may make")] = 300,
) -> None:
    """Makes a token and prints it: it cannot be shown again."""
    from pipeline.api.api_tokens import USUAL

    with _tokens(context, make=True) as known:
        made = known.add(name, scope or USUAL, per_minute, clock())
    answer(context, {"name": name, "token": made}, lambda out: out.print(made, markup=False, soft_wrap=True))


@tokens.command("list")
def list_tokens(context: typer.Context) -> None:
    """The tokens there are, by name; not the tokens themselves."""
    with _tokens(context) as known:
        found = [asdict(each) | {"scopes": list(each.scopes)} for each in known.all()]
    answer(context, found, lambda out: tokens_listing(found, clock()).show(out))


@tokens.command("revoke")
def revoke_token(
    context: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME", help="Of the program")]
) -> None:
    """Takes one token back at once; the others stay."""
    with _tokens(context) as known:
        known.revoke(name)
    answer(context, {"revoked": name}, lambda out: out.print(f"revoked {name}", markup=False))


def register(cli: typer.Typer) -> None:
    """Adds these verbs to the command line."""
    for verb in (export, mcp):
        cli.command()(verb)
    cli.add_typer(tokens, name="tokens")
