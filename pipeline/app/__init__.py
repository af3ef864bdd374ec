"""The one place that wires parts together: what the command line, the pages and the DAGs call."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.app.care.feed_list import FeedList
    from pipeline.app.care.feed_loop import FeedLoop, Pushes
    from pipeline.app.care.housekeeping import Care
    from pipeline.app.correct import Correct
    from pipeline.app.evaluate import Quality
    from pipeline.app.export.exporting import Export
    from pipeline.app.ingest import Ingest
    from pipeline.app.names import Entities
    from pipeline.app.outbox import Outbox
    from pipeline.app.read import Read
    from pipeline.app.requests import Requests
    from pipeline.app.stores import Stores
    from pipeline.app.tasks import Tasks
    from pipeline.app.watches import Watches
    from pipeline.app.wiring import Wiring
    from pipeline.ports import StoreReader

__all__ = ["App", "open_app"]


class App:
    """Wirewatch, opened: a namespace for each kind of thing that can be asked of it, loaded when it is asked.

    Args:
        wiring: The parts.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    @cached_property
    def ingest(self) -> Ingest:
        """Takes articles in."""
        from pipeline.app.ingest import Ingest

        return Ingest(self._wiring)

    @cached_property
    def read(self) -> Read:
        """Stories and articles as they are stored."""
        from pipeline.app.read import Read

        return Read(self._wiring)

    @property
    def stored(self) -> StoreReader:
        """What the store itself answers, for questions that need nothing more than that."""
        return self._wiring.store

    @cached_property
    def export(self) -> Export:
        """Stories and articles, whole, as files."""
        from pipeline.app.export.exporting import Export

        return Export(self._wiring)

    @cached_property
    def correct(self) -> Correct:
        """A person's word, and the machine's own mending."""
        from pipeline.app.correct import Correct

        return Correct(self._wiring)

    @cached_property
    def watches(self) -> Watches:
        """The rules that alert."""
        from pipeline.app.watches import Watches

        return Watches(self._wiring)

    @cached_property
    def names(self) -> Entities:
        """People, places and organisations across articles."""
        from pipeline.app.names import Entities

        return Entities(self._wiring)

    @cached_property
    def stores(self) -> Stores:
        """Whole stores: replayed, migrated, copied."""
        from pipeline.app.stores import Stores

        return Stores(self._wiring)

    @cached_property
    def care(self) -> Care:
        """Feeds, quarantine, doctor."""
        from pipeline.app.care.housekeeping import Care

        return Care(self._wiring)

    @cached_property
    def feeds(self) -> FeedList:
        """The feed list: packs, finding a site's feeds, trying them."""
        from pipeline.app.care.feed_list import FeedList

        return FeedList(self._wiring)

    def feed_loop(self, pushes: Pushes) -> FeedLoop:
        """Monitors without a scheduler."""
        from pipeline.app.care.feed_loop import FeedLoop

        return FeedLoop(self._wiring, pushes)

    @cached_property
    def requests(self) -> Requests:
        """What was asked for on the pages."""
        from pipeline.app.requests import Requests

        return Requests(self._wiring)

    @cached_property
    def outbox(self) -> Outbox:
        """Messages that wait, failed or were given up."""
        from pipeline.app.outbox import Outbox

        return Outbox(self._wiring)

    @cached_property
    def quality(self) -> Quality:
        """How good the stories are."""
        from pipeline.app.evaluate import Quality

        return Quality(self._wiring)

    @cached_property
    def tasks(self) -> Tasks:
        """What Airflow's mapped tasks call."""
        from pipeline.app.tasks import Tasks

        return Tasks(self._wiring)

    @property
    def home(self) -> Path:
        """The folder of archive, spool and keys."""
        return self._wiring.home

    @property
    def config(self) -> Path:
        """The folder of the configuration."""
        return self._wiring.config

    @property
    def waited_seconds(self) -> float:
        """How long this app has waited for other writers."""
        return self._wiring.waited_seconds

    def beside(self) -> App:
        """Another app on the same home, for another thread; each is closed by itself."""
        return App(self._wiring.beside())

    def stop_when(self, given_up: Callable[[], bool]) -> None:
        """Lets a question to the store end with an UnavailableError once `given_up` says so."""
        self._wiring.given_up = given_up
        if "store" in vars(self._wiring):
            self._wiring.store.stop_when(given_up)

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
    from pipeline.app.wiring import Wiring

    values = os.environ if environment is None else environment
    place = Path(home or values.get("WIREWATCH_HOME") or "data")
    url = store or values.get("WIREWATCH_STORE") or f"sqlite:///{place / 'wirewatch.db'}"
    named = config or values.get("WIREWATCH_CONFIG")
    if named and not Path(named).is_dir():
        raise ConfigError("no such folder; --config names another", str(named))
    if make:  # what is archived, stored and spooled is for its owner's eyes, SQLite's files as well
        os.umask(0o027 if values.get("WIREWATCH_GROUP_READS") else 0o077)
    return App(Wiring(place, Path(named or "config"), url, values, make=make))
