"""Starts the desk: opens the readers, prints the address, serves until Ctrl-C."""

from __future__ import annotations

import secrets
import sys
import time
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline.api.api_tokens import Tokens
from pipeline.app import App, open_app
from pipeline.app.wiring import now
from pipeline.desk.access import LOCAL, Doors, FeedKey, load_key, passwords_of
from pipeline.desk.carrier import Carrier, RunVerb, child_process
from pipeline.desk.readers import Readers
from pipeline.desk.site import Site, SiteOptions
from pipeline.errors import ConfigError, UnavailableError
from pipeline.listening import address_of, listen, server_of
from pipeline.processes import give_way, one_heap
from pipeline.settings import DeskSettings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

# A connection may be idle for so long, as behind most servers. A client that is busy for uvicorn's five
# seconds would send its next request just as its connection ends.
_IDLE_SECONDS: Final = 75


@dataclass(frozen=True, slots=True)
class DeskOptions:
    """What the command line says.

    Attributes:
        host, port: Where to listen; port 0 takes a free one.
        read_only: Whether nobody may write.
        token: Whether the printed address has a token, without which nobody comes in.
        browser: Whether to open it in a browser.
    """

    host: str = "127.0.0.1"
    port: int = 8090
    read_only: bool = False
    token: bool = True
    browser: bool = False


def doors_of(options: DeskOptions, settings: DeskSettings, environment: Mapping[str, str]) -> Doors:
    """How one may come in.

    Raises:
        UsageError: Others reach the host and no password is set.
    """
    passwords = passwords_of(environment, options.host)
    local = options.host in LOCAL
    hosts = {*LOCAL, options.host.lower(), *(host.lower() for host in settings.hosts)}
    return Doors(
        token=secrets.token_urlsafe(16) if local and options.token else "",
        open=local and not options.token and not passwords,
        passwords=passwords,
        proxy_header=settings.proxy_header,
        proxy_addresses=settings.proxy_addresses,
        editors=settings.editors,
        hosts=tuple(sorted(hosts)),
        read_only=options.read_only or settings.read_only,
    )


def desk_site(
    opened: Callable[[], App], home: Path, config: Path, doors: Doors, run: RunVerb
) -> tuple[ASGIApp, ExitStack]:
    """The application, and what ends the threads behind it."""
    with opened() as app:
        settings = app.care.desk_settings()
    behind = ExitStack()
    readers = Readers(opened, config, time.monotonic)
    behind.callback(readers.close)
    carrier = Carrier(opened, run)
    behind.callback(carrier.close)
    options = SiteOptions(
        doors,
        load_key(home / "desk"),
        now,
        settings.timezone,
        settings.desk.keys,
        feed_key=FeedKey(home / "desk"),
        url=settings.desk.url,
        api_tokens=Tokens(home / "desk" / "tokens"),
    )
    return Site(readers, options, carrier.wake).application(), behind


def mounted(environment: Mapping[str, str], hosts: Sequence[str]) -> ASGIApp:
    """The pages for an application that has a login of its own, and puts a `Visitor` into each scope.

    Args:
        environment: Where home, configuration and store are, as for every verb.
        hosts: Under which names that application is reached.

    Raises:
        ConfigError: The configuration is broken, or the home that is named is not there.
    """

    def opened() -> App:
        return open_app(environment=environment, make=False)

    with opened() as app:
        settings, home, config = app.care.desk_settings().desk, app.home, app.config
    doors = Doors(mounted=True, hosts=(*LOCAL, *hosts, *settings.hosts), read_only=settings.read_only)
    site, _ = desk_site(opened, home, config, doors, child_process((), environment))
    return site


def serve(
    options: DeskOptions,
    store: str | None,
    home: Path | None,
    config: Path | None,
    environment: Mapping[str, str],
) -> None:
    """Serves the desk until it is interrupted.

    Raises:
        UsageError: Others reach the host and no password is set.
        UnavailableError: The port is taken.
        ConfigError: The configuration is broken.
    """

    def opened() -> App:
        return open_app(store=store, home=home, config=config, make=False)

    # The usual home may be made by the first `fetch`; one that is named would be another, empty world.
    if home is not None and not home.is_dir():
        raise ConfigError("no such folder; --home names another", str(home))
    one_heap()
    with opened() as app:
        found, kept, folder = app.care.desk_settings(), app.home, app.config
    doors = doors_of(options, found.desk, environment)
    chosen = [f"--home={kept}", f"--config={folder}", *([f"--store={store}"] if store else [])]
    site, behind = desk_site(opened, kept, folder, doors, child_process(chosen))
    try:
        listening = listen(options.host, options.port, "--port names another")
    except UnavailableError:
        behind.close()
        raise
    address = address_of(listening, options.host) + (f"?token={doors.token}" if doors.token else "")
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()
    if options.browser:
        webbrowser.open(address)
    server = server_of(site, lifespan="off", timeout_keep_alive=_IDLE_SECONDS)
    give_way()  # not before the carrier's thread is there: it writes, in a child that would inherit this
    try:
        server.run(sockets=[listening])
    finally:
        behind.close()
        listening.close()
