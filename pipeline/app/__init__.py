"""The one place that wires parts together: what the command line, the pages and the DAGs call."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.app.care import Care, FeedList
from pipeline.app.correct import Correct
from pipeline.app.evaluate import Quality
from pipeline.app.ingest import Ingest
from pipeline.app.names import Entities
from pipeline.app.outbox import Outbox
from pipeline.app.read import Read
from pipeline.app.requests import Requests
from pipeline.app.stores import Stores
from pipeline.app.tasks import Tasks
from pipeline.app.watches import Watches
from pipeline.app.wiring import Wiring
from pipeline.errors import ConfigError

__all__ = ["App", "open_app"]


class App:
    """Wirewatch, opened: a namespace for each kind of thing that can be asked of it.

    Args:
        wiring: The parts.

    Attributes:
        ingest: Takes articles in.
        read: Stories and articles as they are stored.
        correct: A person's word, and the machine's own mending.
        watches: The rules that alert.
        names: People, places and organisations across articles.
        stores: Whole stores: replayed, migrated, copied.
        care: Feeds, quarantine, doctor.
        feeds: The feed list: packs, finding a site's feeds, trying them.
        requests: What was asked for on the pages.
        outbox: Messages that wait, failed or were given up.
        quality: How good the stories are.
        tasks: What Airflow's mapped tasks call.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self.ingest = Ingest(wiring)
        self.read = Read(wiring)
        self.correct = Correct(wiring)
        self.watches = Watches(wiring)
        self.names = Entities(wiring)
        self.stores = Stores(wiring)
        self.care = Care(wiring)
        self.feeds = FeedList(wiring)
        self.outbox = Outbox(wiring)
        self.requests = Requests(wiring)
        self.quality = Quality(wiring)
        self.tasks = Tasks(wiring)

    @property
    def home(self) -> Path:
        """The folder of archive, spool and keys."""
        return self._wiring.home

    @property
    def config(self) -> Path:
        """The folder of the configuration."""
        return self._wiring.config

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wiring.close()


def open_app(
    store: str | None = None,
    home: Path | None = None,
    config: Path | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    make: bool = True,
) -> App:
    """Opens Wirewatch; what is not given comes from the environment, else from the working folder.

    Args:
        store: A store URL, or `WIREWATCH_STORE`, or `wirewatch.db` in the home.
        home: Or `WIREWATCH_HOME`, or `./data`.
        config: Or `WIREWATCH_CONFIG`, or `./config`.
        environment: Instead of the process's.
        make: Whether a home and a store that are missing are made; a reader makes nothing.

    Raises:
        StoreError: The home cannot be made.
        ConfigError: A configuration folder is named, and is not there.
    """
    values = os.environ if environment is None else environment
    place = Path(home or values.get("WIREWATCH_HOME") or "data")
    url = store or values.get("WIREWATCH_STORE") or f"sqlite:///{place / 'wirewatch.db'}"
    named = config or values.get("WIREWATCH_CONFIG")
    if named and not Path(named).is_dir():
        raise ConfigError("no such folder; --config names another", str(named))
    if make:  # what is archived, stored and spooled is for its owner's eyes, SQLite's files as well
        os.umask(0o027 if values.get("WIREWATCH_GROUP_READS") else 0o077)
    return App(Wiring(place, Path(named or "config"), url, values, make=make))
