"""Verbs for the outbox: what waits, failed or was given up, and why."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from pipeline.app.shapes import message_shape
from pipeline.cli.session import answer, clock, opened
from pipeline.cli.tables.upkeep_tables import messages_listing

outbox = typer.Typer(help="Messages that wait, failed or were given up.", no_args_is_help=True)


@outbox.command("list")
def outbox_list(context: typer.Context) -> None:
    """What was not sent yet, and why; the oldest first."""
    with opened(context, make=False) as app:
        document = [message_shape(message) for message in app.outbox.messages()]
    answer(context, document, lambda out: messages_listing(document, clock()).show(out))


@outbox.command("show")
def outbox_show(context: typer.Context, message_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """One message, with what would be sent once it is rendered."""
    with opened(context, make=False) as app:
        message = app.outbox.message(message_id)
    document = message_shape(message) | {
        "alerts": list(message.alerts),
        "message_id": message.message_id,
        "payload": message.payload.decode("utf-8", "replace"),
    }

    def show(out: Console) -> None:
        for key, value in document.items():
            text = ", ".join(value) if isinstance(value, list) else str(value)
            out.print(f"{key:>10}  {text}", markup=False)

    answer(context, document, show)


@outbox.command("retry")
def outbox_retry(
    context: typer.Context, ids: Annotated[list[str] | None, typer.Argument(metavar="ID…")] = None
) -> None:
    """Makes messages due again (all that failed, without an ID); the next `alert` sends them."""
    with opened(context) as app:
        document = [message_shape(message) for message in app.outbox.retry(ids or [])]
    answer(context, document, lambda out: messages_listing(document, clock()).show(out))


@outbox.command("drop")
def outbox_drop(context: typer.Context, message_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Takes a message out: it is never sent."""
    with opened(context) as app:
        document = message_shape(app.outbox.drop(message_id))
    answer(context, document, lambda out: messages_listing([document], clock()).show(out))


def register(cli: typer.Typer) -> None:
    """Adds these verbs to the command line."""
    cli.add_typer(outbox, name="outbox")
