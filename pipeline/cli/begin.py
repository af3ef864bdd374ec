"""The verb a person begins with: init."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from pipeline.cli.exits import Failed
from pipeline.cli.session import answer, session
from pipeline.cli.tables.news_tables import counted
from pipeline.errors import UsageError, WirewatchError

Found = TypeVar("Found")


def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to")] = Path(),
    pack: Annotated[
        list[str] | None, typer.Option(help="A pack of feeds (wirewatch feeds packs); may be repeated")
    ] = None,
    opml: Annotated[
        list[Path] | None, typer.Option(help="The feeds of another reader; may be repeated")
    ] = None,
    watch: Annotated[str, typer.Option(help='A first watch, such as "New Zealand, health"')] = "",
    mail: Annotated[str, typer.Option(help="Your address")] = "",
    smtp: Annotated[str, typer.Option(help="The mail server: smtp://[user:password@]host:port")] = "",
    channel: Annotated[
        list[str] | None, typer.Option(metavar="NAME=URL", help="A chat or push service; may be repeated")
    ] = None,
    test: Annotated[bool, typer.Option("--test", help="Send a test message by each way out")] = False,
    no_input: Annotated[bool, typer.Option("--no-input", help="Ask nothing, also on a terminal")] = False,
) -> None:
    """Makes a working folder: a commented configuration, feeds and a first watch; never overwrites."""
    from pipeline.app.care.working_folder import FirstWishes, make_working_folder

    wishes = FirstWishes(
        packs=tuple(pack or ()),
        opml=tuple(opml or ()),
        watch=watch,
        mail=mail,
        smtp=smtp,
        channels=dict(_pair(each) for each in channel or ()),
    )
    if wishes == FirstWishes() and not no_input and sys.stdin.isatty() and not session(context).json:
        wishes, test = _asked(folder)
    if test and not (wishes.mail or wishes.channels):
        raise UsageError("--test: there is nobody to send it to; give --mail or --channel, too")
    document = make_working_folder(folder, wishes, os.environ)
    if test:
        document["tested"] = _tried(folder, wishes.mail)
    failed = [each for each in document.get("tested", ()) if not each["ok"]]

    def show(out: Console) -> None:
        for path in document["made"]:
            out.print(f"made {path}", markup=False)
        for path in document["kept"]:
            out.print(f"kept {path}", markup=False)
        for each in document.get("tested", ()):
            out.print(
                f"{'sent' if each['ok'] else 'NOT sent'} to {each['to']}: {each['detail']}", markup=False
            )
        where = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
        out.print(
            f"{counted(document['feeds'], 'feed')}. Next: {where}wirewatch fetch, then wirewatch desk",
            markup=False,
        )

    answer(context, document, show)
    if failed:
        raise Failed(f"the test message to {failed[0]['to']} failed: {failed[0]['detail']}")


def _pair(text: str) -> tuple[str, str]:
    name, mark, url = text.partition("=")
    if not (name and mark and url):
        raise UsageError(f"--channel {name}: write it as NAME=URL")
    return name, url


def _tried(folder: Path, mail: str) -> list[dict[str, Any]]:
    """Sends a test message by each way out of the folder that was made."""
    from pipeline.app import open_app

    home = folder / "data"
    with open_app(f"sqlite:///{home / 'wirewatch.db'}", home, folder / "config") as app:
        return app.care.send_trial([mail] if mail else [])


def _asked(folder: Path) -> tuple[Any, bool]:
    """The wishes of a person at a terminal; an empty answer leaves a thing as it is."""
    from pipeline.alerts.watch.first_watch import first_watch
    from pipeline.app.care.working_folder import FirstWishes, checked_mail
    from pipeline.notify.smtp import server_of
    from pipeline.sources.feeds.feed_packs import packs

    err = Console(stderr=True, highlight=False)
    err.print(f"A working folder in {folder.resolve()}. Enter leaves a question open.\n", markup=False)
    err.print("Packs of feeds:", markup=False)
    for name, found in packs().items():
        err.print(f"  {name:<22} {len(found.file.feeds):>3} feeds  {found.file.title}", markup=False)
    named, lists = _ask(
        "Your feeds: names of packs, or OPML files of your feed reader, with commas between"
        " (Enter: a dozen feeds of world news)",
        _sources,
    )
    mail = _ask("Your mail address", checked_mail)
    words = _ask(
        'What to watch for, in a few words (such as "New Zealand, health")',
        lambda text: _checked(text, lambda words: first_watch(words, "", mail)),
    )
    smtp = _ask(
        "Your mail server, as smtp://user:password@host:port (Enter: mails go to data/spool)",
        lambda text: _checked(text, server_of),
    )
    test = bool(smtp and mail) and typer.confirm("Send a test message now?", default=True, err=True)
    return FirstWishes(packs=named, opml=lists, watch=words, mail=mail, smtp=smtp), test


def _sources(text: str) -> tuple[tuple[str, ...], tuple[Path, ...]]:
    """Packs and OPML files of an answer; each was looked into, so that what is wrong is asked again."""
    from pipeline.sources.feeds.feed_packs import pack_named
    from pipeline.sources.feeds.opml import read_opml_file

    named: list[str] = []
    lists: list[Path] = []
    for part in filter(None, map(str.strip, text.split(","))):
        file = Path(part).expanduser()
        if file.suffix.lower() in {".opml", ".xml"} or file.is_file():
            read_opml_file(file)
            lists.append(file)
        elif "://" in part:
            raise UsageError(f"{part}: afterwards `wirewatch feeds add {part}` adds a site or a feed")
        else:
            named += [pack_named(name).name for name in part.split()]
    return tuple(named), tuple(lists)


def _ask(question: str, read: Callable[[str], Found]) -> Found:
    """Asks until the answer can be used."""
    while True:
        text = typer.prompt(question, default="", show_default=False, err=True).strip()
        try:
            return read(text)
        except WirewatchError as error:
            typer.echo(f"  {error}", err=True)


def _checked(text: str, check: Callable[[str], object]) -> str:
    if text:
        check(text)
    return text


def register(cli: typer.Typer) -> None:
    """Adds the verb to the command line."""
    cli.command()(init)
