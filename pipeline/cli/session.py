"""What every verb shares: the options before the verb, one answer on stdout, one line for an error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import typer
from rich.console import Console
from rich.text import Text

from pipeline.cli.tables.fitting import WIDE, shown_text

if TYPE_CHECKING:
    from pipeline.app import App

# No line of a table can be shorter than an id.
_NARROWEST: Final = 20


@dataclass(slots=True)
class Session:
    """The options that stand before the verb."""

    store: str | None = None
    home: Path | None = None
    config: Path | None = None
    json: bool = False


def session(context: typer.Context) -> Session:
    """The session of a call."""
    return cast("Session", context.find_root().obj)


@contextmanager
def opened(context: typer.Context, *, make: bool = True) -> Iterator[App]:
    """Opens the app as the options before the verb say.

    Args:
        context: Of the call.
        make: Whether a home and a store that are missing are made; a verb that reads makes nothing.
    """
    from pipeline.app import open_app

    chosen = session(context)
    with open_app(store=chosen.store, home=chosen.home, config=chosen.config, make=make) as app:
        yield app


def clock() -> datetime:
    """The present time, from which ages are told."""
    from pipeline.app.wiring import now

    return now()


class _Terminal(Console):
    """A console on which what came from outside is text: no control character reaches the terminal."""

    def render_str(self, text: str, **options: Any) -> Text:
        """See `Console`."""
        return super().render_str("\n".join(shown_text(line) for line in text.split("\n")), **options)


def console() -> Console:
    """The terminal for people, as wide as it is or as `COLUMNS` says; in a pipe nothing has to fit."""
    said = os.environ.get("COLUMNS", "")
    width = max(int(said), _NARROWEST) if said.isdecimal() else None if sys.stdout.isatty() else WIDE
    return _Terminal(width=width, highlight=False, emoji=False)


def answer(context: typer.Context, document: Any, show: Callable[[Console], None]) -> None:
    """Prints the answer: the document as JSON with `--json`, else whatever `show` draws."""
    if session(context).json:
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    else:
        show(console())


@contextmanager
def stages() -> Iterator[Callable[[str, int], Callable[[int], None]]]:
    """A progress bar on stderr, only on a terminal, for work in stages.

    Yields a function that begins a stage of so many steps, and returns what takes the number of steps done.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    with bar:
        task = bar.add_task("", total=None, visible=False)

        def begin(label: str, total: int) -> Callable[[int], None]:
            bar.reset(task, description=label, total=total, visible=True)
            return lambda steps: bar.advance(task, steps)

        yield begin
