"""The one place where parts are made and joined: settings, store, archive, models, clock.

A part is imported when it is made: reading a story loads no model, no HTTP client and no language's words.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from pipeline.errors import ConfigError, LeaseHeldError, StoreError, TransientError, UsageError
from pipeline.ports import Archive, Commit, Embedder, FeedSource, Lease, Store
from pipeline.processes import died_here, this_process
from pipeline.records import Watch
from pipeline.retry import LEASE, Patience
from pipeline.store.rules.leases import Standstill

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipeline.alerts.watch.watch_file import WatchList
    from pipeline.enrich.enricher import Enricher
    from pipeline.enrich.names.known.aliases import Aliases
    from pipeline.settings import Settings, StoreSettings
    from pipeline.sources.fetch.fetcher import FeedFetcher
    from pipeline.stages.intake.prepare import Intake
    from pipeline.stages.intake.preparer import Preparer
    from pipeline.stages.intake.workers import Workers
    from pipeline.stories.scoring.scorer import Scorer
    from pipeline.stories.scoring.scorer_config import ScorerConfig

log = logging.getLogger("wirewatch.app")

# A lease is renewed while its holder lives; one that stands still for so long is taken over.
LEASE_SECONDS = 60.0
# Where nothing renews it, it outlives the longest step between two renewals (a commit of 200 articles).
UNKEPT_SECONDS = 300.0
# Marks of the store: the entry of the journal that it was taken to, and which journal that is.
JOURNAL, IDENTITY = "journal", "journal.identity"


# Called with the number of steps that are done.
Progress = Callable[[int], None]


def quiet(_: int) -> None:
    """No progress bar."""


# Told what begins, and how many steps it has; gives what counts the steps.
Stages = Callable[[str, int], Progress]


def no_stages(_name: str, _total: int) -> Progress:
    """Nobody looks on."""
    return quiet


# So many ids that begin alike are named to whoever gave too little of one.
CANDIDATES: Final = 5


def the_one(kind: str, name: str, begun: Sequence[str]) -> str | None:
    """The one id that begins like what a person gave.

    Args:
        kind: What it is an id of, in the plural.
        name: The id, or a beginning of it.
        begun: The ids that begin so; one more than `CANDIDATES` are enough.

    Returns:
        None where no id begins so.

    Raises:
        UsageError: Several begin so, and none of them is the whole of it.

    >>> the_one("stories", "ab", ["abc"]), the_one("stories", "ab", ["ab", "abc"])
    ('abc', 'ab')
    """
    if name in begun or len(begun) < 2:
        return name if name in begun else next(iter(begun), None)
    named = ", ".join(begun[:CANDIDATES]) + (" and more" if len(begun) > CANDIDATES else "")
    raise UsageError(f"{name}: several {kind} have an id that begins like that: {named}; give more of it")


def now() -> datetime:
    """The clock: the only place where Wirewatch reads it."""
    return datetime.now(UTC)


class Wiring:
    """The parts of one run, each made when first asked for.

    Args:
        home: Archive, staging, quarantine and mail spool; made when missing.
        config: The configuration folder.
        store_url: `sqlite:///path.db`, or `http(s)://host:port[?prefix=NAME]` for Elasticsearch.
        environment: For secrets and `${NAME}` in the configuration.
        clock: Gives the present time (UTC).
        make: Whether a home and a store that are missing are made; a reader makes nothing.

    Attributes:
        processes: How many enrich, whatever the settings say; None leaves it to them.
        given_up: Tells a store that is opened later whether its answers are still waited for.
    """

    def __init__(
        self,
        home: Path,
        config: Path,
        store_url: str,
        environment: Mapping[str, str],
        clock: Callable[[], datetime] = now,
        *,
        make: bool = True,
    ) -> None:
        self.processes: int | None = None
        self.home = home
        self.config = config
        self.store_url = store_url
        self.environment = environment
        self.clock = clock
        self.make = make
        self.owner = this_process()
        # How long leases that others held were waited for.
        self.waited_seconds = 0.0
        self._followed: Store | None = None
        self.given_up: Callable[[], bool] | None = None
        if make and not home.is_dir():
            self._make_home()

    def beside(self) -> Wiring:
        """Another wiring of the same home, for another thread: what is only read is made once for both."""
        other = Wiring(self.home, self.config, self.store_url, self.environment, self.clock, make=self.make)
        other.settings, other.aliases = self.settings, self.aliases
        return other

    def _make_home(self) -> None:
        """Makes a home for a store that has none; a mount that is missing looks like a home to be made."""
        if not self.store_url.startswith("sqlite:"):
            try:
                self.belongs()
            except BaseException:
                self.close()
                raise
        try:
            self.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"{self.home}: cannot make the home folder ({error.strerror}); --home names another"
            ) from None

    def belongs(self, store: Store | None = None) -> None:
        """Makes sure that a store follows this home's journal; to be asked before anything is written.

        Raises:
            StoreError: It follows another, or was taken further than this one goes.
        """
        from pipeline.sources.archive.belonging import strangeness

        target, archive = store or self.store, self.archive
        if target is self._followed:
            return
        applied = int(target.mark(JOURNAL) or 0)
        reason = strangeness(archive.identity(), archive.last(), target.mark(IDENTITY), applied)
        if reason:
            raise StoreError(
                f"{self.home}: {reason}; --home names the right one, and if that is lost for good, "
                "`wirewatch store adopt` goes on with this one"
            )

    def follow(self, store: Store, lease: Lease, *, anew: bool = False) -> None:
        """Notes in a store that it follows this home's journal.

        Args:
            store: Which.
            lease: "stories", held.
            anew: Whatever it followed before; what is in this journal is taken as done.
        """
        name = self.archive.identity(make=True)
        if anew:
            marks = {IDENTITY: name, JOURNAL: str(self.archive.last())}
            store.commit(Commit(marks=marks), lease)
        elif store.mark(IDENTITY) != name:
            self.belongs(store)
            store.commit(Commit(marks={IDENTITY: name}), lease)
        self._followed = store

    @cached_property
    def settings(self) -> Settings:
        """The configuration, read once."""
        from pipeline.settings import load_settings

        return load_settings(self.config, self.environment)

    @property
    def feeds(self) -> tuple[FeedSource, ...]:
        """The feeds; who asks for nothing else need not wait for the rest of the configuration."""
        from pipeline.settings import load_feeds

        whole = vars(self).get("settings")
        return whole.feeds if whole else load_feeds(self.config, self.environment)

    @cached_property
    def store(self) -> Store:
        """The store, opened once; a server that does not answer is waited for by its own link."""
        opened = self.opened(self.store_url, create=self.make)
        if self.given_up is not None:
            opened.stop_when(self.given_up)
        return opened

    @contextmanager
    def history(self) -> Iterator[Store]:
        """The store to try a watch on: before the first `fetch` has made it, one without articles."""
        from pipeline.store.open import open_store, sqlite_path

        if self.make or not self.store_url.startswith("sqlite:") or sqlite_path(self.store_url).is_file():
            yield self.store
            return
        with TemporaryDirectory() as folder, closing(open_store(f"sqlite:///{folder}/none.db")) as empty:
            yield empty

    def opened(self, url: str, *, create: bool = True) -> Store:
        """A store, laid out as the settings say."""
        from pipeline.store.open import open_store

        return open_store(url, create=create, environment=self.environment, settings=self.layout(url))

    def layout(self, url: str) -> StoreSettings | None:
        """How a store lies on its nodes; None for one in a file, and where there are no settings."""
        if url.startswith("sqlite:") or not self.config.is_dir():
            return None
        from pipeline.settings import load_store

        return load_store(self.config)

    @cached_property
    def archive(self) -> Archive:
        """The archive: in the home, or in the object store that `WIREWATCH_ARCHIVE` names.

        Raises:
            ConfigError: It names none, or the driver is not installed.
        """
        url = self.environment.get("WIREWATCH_ARCHIVE", "")
        if url:
            try:
                from pipeline.sources.archive.objects import ObjectArchive
            except ModuleNotFoundError:
                raise ConfigError(
                    "WIREWATCH_ARCHIVE needs a driver: pip install 'wirewatch[distributed]'"
                ) from None
            return ObjectArchive(url, self.owner, self.clock, self.patience_seconds)
        from pipeline.sources.archive.folder import WarcArchive

        return WarcArchive(self.home, self.owner, self.clock)

    @property
    def patience_seconds(self) -> float:
        """How long an object store that does not answer is waited for: `WIREWATCH_ARCHIVE_SECONDS`.

        Raises:
            ConfigError: It is no number.
        """
        said = self.environment.get("WIREWATCH_ARCHIVE_SECONDS", "0")
        if not said.isdecimal():
            raise ConfigError(f"WIREWATCH_ARCHIVE_SECONDS={said[:40]}: a number of seconds, such as 100")
        return float(said)

    @cached_property
    def aliases(self) -> Aliases:
        """The alias table."""
        return _aliases(self.settings)

    @cached_property
    def enricher(self) -> Enricher:
        """Models, aliases and taxonomy."""
        return _enricher(self.settings, self.aliases)

    @cached_property
    def embedder(self) -> Embedder | None:
        """What makes vectors, as the settings choose."""
        return _embedder(self.settings)

    @cached_property
    def artefact(self) -> ScorerConfig:
        """What `scorer.yaml` says, at the granularity of the settings."""
        from pipeline.stories.scoring.scorer_config import load_scorer

        _one_thread()
        return load_scorer(self.settings.scorer, self.settings.stories.granularity)

    @property
    def scorer(self) -> Scorer:
        """Says how well an article fits a story."""
        return self.artefact.scorer

    @property
    def vector_center(self) -> NDArray[np.float64] | None:
        """The mean of the embedder's vectors; None without an embedder."""
        return self.artefact.center if self.embedder else None

    @cached_property
    def intake(self) -> Intake:
        """The stages before grouping."""
        from pipeline.stages.intake.prepare import Intake

        return Intake(self.workers, self.settings.fetch.max_entries)

    @cached_property
    def workers(self) -> Workers:
        """The processes that enrich, as many as the settings say."""
        from pipeline.stages.intake.preparer import Preparer
        from pipeline.stages.intake.workers import Workers

        settings, processes = self.settings, self.processes or self.settings.enrich.processes or cores()
        here = partial(Preparer, self.enricher, self.embedder)
        return Workers(partial(_preparer, settings), here, processes)

    @cached_property
    def fetcher(self) -> FeedFetcher:
        """Polls feeds over HTTP."""
        from pipeline.normalize.identity.landing import are_one_page
        from pipeline.normalize.plaintext.wall import is_wall_page
        from pipeline.sources.fetch.fetcher import FeedFetcher

        return FeedFetcher(self.settings.fetch, is_wall=is_wall_page, are_one_page=are_one_page)

    @cached_property
    def watch_list(self) -> WatchList:
        """The watches of `watches.yaml`, and what of it is broken; a last good version stands in for that."""
        from pipeline.alerts.watch import last_good
        from pipeline.alerts.watch.watch_file import read_watches
        from pipeline.settings import load_watch_file

        whole = vars(self).get("settings")
        document, timezone = (whole.watches, whole.timezone) if whole else load_watch_file(self.config)
        found = read_watches(document, timezone)
        if found.broken:
            found = last_good.completed(found, self.store.mark(last_good.MARK), timezone)
            for broken in found.broken:
                log.warning("%s", last_good.said(broken))
        return found

    @property
    def watches(self) -> tuple[Watch, ...]:
        """The watches that can be used."""
        return self.watch_list.watches

    @property
    def window(self) -> timedelta:
        """How long a story can take in new articles."""
        return timedelta(days=self.settings.stories.window_days)

    @contextmanager
    def lease(self, name: str, store: Store | None = None) -> Iterator[Callable[[], Lease]]:
        """Holds a lease; yields a function that renews it and returns it.

        Raises:
            LeaseHeldError: Another writer held it for as long as `retry.LEASE` waits.
        """
        target = store or self.store
        seconds = LEASE_SECONDS if target is self.store else UNKEPT_SECONDS

        still = Standstill(seconds)

        def renew() -> Lease:
            return target.acquire(name, self.owner, self.clock(), seconds)

        def take() -> Lease:
            try:
                return renew()
            except LeaseHeldError as error:
                if not (died_here(error.owner) or still.is_over(error, time.monotonic())):
                    raise
                # Nobody else will: renewed in the dead writer's name, it is ours to release.
                target.release(target.acquire(name, error.owner, self.clock(), seconds))
                return renew()

        patience = Patience(LEASE, time.monotonic, time.sleep, _say_what_is_waited_for)
        begun = time.monotonic()
        lease = patiently(take, lambda one: patience.until_done(self.owner, one, LeaseHeldError))
        self.waited_seconds += time.monotonic() - begun
        from pipeline.store.kept_lease import kept
        from pipeline.store.open import open_store

        again = partial(open_store, self.store_url, create=False, environment=self.environment)
        alive = kept(again, lease, self.clock, seconds) if target is self.store else nullcontext()
        try:
            with alive:
                yield renew
        finally:
            target.release(lease)

    def close(self) -> None:
        """Frees what was opened."""
        if "workers" in self.__dict__:
            self.workers.close()
        if "store" in self.__dict__:
            self.store.close()


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _one_thread() -> None:
    """Work is spread over processes; more threads for these small matrices take more time, not less."""
    import numpy as np  # noqa: F401  # what is not loaded cannot be limited
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")


def _aliases(settings: Settings) -> Aliases:
    from pipeline.enrich.names.known.aliases import Aliases

    return Aliases.from_document(settings.aliases)


def _enricher(settings: Settings, aliases: Aliases) -> Enricher:
    from pipeline.enrich.enricher import Enricher
    from pipeline.enrich.names.recognize import SpacyRecognizer
    from pipeline.enrich.topics.classifier import TopicClassifier
    from pipeline.enrich.topics.taxonomy import Taxonomy

    _one_thread()
    return Enricher(
        SpacyRecognizer(settings.enrich.models, settings.enrich.max_text_chars),
        aliases,
        Taxonomy.from_document(settings.topics, settings.enrich.topic_names),
        TopicClassifier.trained() if settings.stories.vectors == "e5" else None,
    )


def _embedder(settings: Settings) -> Embedder | None:
    if settings.stories.vectors != "e5":
        return None
    from pipeline.enrich.vectors.embedder import E5Embedder

    _one_thread()
    return E5Embedder()


def _preparer(settings: Settings) -> Preparer:
    """What a process of `Workers` works with."""
    from pipeline.stages.intake.preparer import Preparer

    return Preparer(_enricher(settings, _aliases(settings)), _embedder(settings))


def patiently(take: Callable[[], Lease], wait: Callable[[Callable[[], Lease]], Lease]) -> Lease:
    """Takes a lease. While its holder renews it, the holder is alive and at work, and waiting begins anew.

    Args:
        take: Tries once.
        wait: Tries until its patience ends.

    Raises:
        LeaseHeldError: It was held, and not renewed, for all that time.
    """
    ends: list[datetime | None] = []

    def watched() -> Lease:
        try:
            return take()
        except LeaseHeldError as error:
            ends.append(error.until)
            raise

    while True:
        try:
            return wait(watched)
        except LeaseHeldError:
            if ends[-1] == ends[0]:
                raise
            ends.clear()


def _say_what_is_waited_for(wait: float, cause: TransientError) -> None:
    log.warning("waiting %.0f s: %s", wait, cause)
