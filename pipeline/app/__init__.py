"""The one place that wires parts together: what the command line and the DAGs call."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pipeline.alerts.backtest.backtest import Backtest
from pipeline.alerts.decide.explain import Why
from pipeline.app import alert, care, correct, evaluate, ingest, names, read, replay, tasks, watches
from pipeline.app.ingest import IngestReport, Progress, quiet
from pipeline.app.wiring import Wiring
from pipeline.ports import SearchHit, Version
from pipeline.records import Correction, Decision, Lineage, Rejection, StoredArticle, Story
from pipeline.stages.alerting.alert import AlertReport
from pipeline.stages.intake.handover import BatchFile

__all__ = ["App", "Outcome", "open_app"]


class App:
    """Wirewatch, opened: one method a verb.

    Args:
        wiring: The parts.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wiring.close()

    # -- taking in ---------------------------------------------------------------------------------------

    def load(self, paths: Sequence[str], *, alert: bool = False, progress: Progress = quiet) -> IngestReport:
        """See `pipeline.app.ingest.load`; with `alert`, alerts on it at once."""
        outcome = ingest.load(self._wiring, paths, alert=alert, progress=progress)
        if alert:
            self.alert()
        return outcome

    def fetch(self, feeds: Sequence[str], *, every: bool = False, progress: Progress = quiet) -> IngestReport:
        """See `pipeline.app.ingest.fetch`."""
        return ingest.fetch(self._wiring, feeds, every=every, progress=progress)

    def alert(self, *, dry_run: bool = False) -> AlertReport:
        """See `pipeline.app.alert.alert`."""
        return alert.alert(self._wiring, dry_run=dry_run)

    def repair(self) -> dict[str, int]:
        """See `pipeline.app.correct.repair`."""
        return correct.repair(self._wiring)

    def replay(self, into: str | None, progress: Progress = quiet) -> dict[str, Any]:
        """See `pipeline.app.replay.replay`."""
        return replay.replay(self._wiring, into, progress)

    # -- Airflow's tasks ---------------------------------------------------------------------------------

    @property
    def staging_url(self) -> str:
        """Where batch files lie: `WIREWATCH_STAGING`, or the home's staging folder."""
        return self._wiring.environment.get(
            "WIREWATCH_STAGING", f"file://{(self._wiring.home / 'staging').resolve()}"
        )

    def run_name(self, run: str) -> str:
        """An Airflow run id as a folder name."""
        return "".join(char if char.isalnum() or char in "-_." else "_" for char in run)

    def due_groups(self, *, every: bool = False) -> list[list[str]]:
        """The ids of the feeds that are due, in groups of similar hosts, one for each mapped task."""
        return tasks.due_groups(self._wiring, every=every)

    def fetch_part(self, feeds: Sequence[str], file: BatchFile) -> dict[str, Any]:
        """See `pipeline.app.tasks.fetch_part`."""
        return tasks.fetch_part(self._wiring, feeds, file)

    def enrich_part(self, source: BatchFile, target: BatchFile) -> dict[str, Any]:
        """See `pipeline.app.tasks.enrich_part`."""
        return tasks.enrich_part(self._wiring, source, target)

    def group_parts(self, files: Sequence[BatchFile]) -> dict[str, Any]:
        """See `pipeline.app.tasks.group_parts`."""
        return tasks.group_parts(self._wiring, files)

    # -- reading -----------------------------------------------------------------------------------------

    def stories(self, *, since: str | None = None, query: str | None = None, limit: int = 50) -> read.Stories:
        """See `pipeline.app.read.stories`."""
        return read.stories(self._wiring, since, query, limit)

    def story(self, story_id: str) -> tuple[Story, Mapping[str, StoredArticle], list[Lineage]]:
        """See `pipeline.app.read.story`."""
        return read.story(self._wiring, story_id)

    def search(self, query: str, *, since: str | None = None, limit: int = 50) -> list[SearchHit]:
        """See `pipeline.app.read.search`."""
        return read.search(self._wiring, query, since, limit)

    def why(self, article: str) -> tuple[Decision, StoredArticle, Mapping[str, str]]:
        """See `pipeline.app.read.why`."""
        return read.why(self._wiring, article)

    def article(self, name: str) -> tuple[StoredArticle, list[Version]]:
        """See `pipeline.app.read.article`."""
        return read.article(self._wiring, name)

    def evaluate(self, files: Sequence[Path], progress: Progress = quiet) -> dict[str, Any]:
        """See `pipeline.app.evaluate.evaluate`."""
        return evaluate.evaluate(self._wiring, files, progress)

    # -- names and stores --------------------------------------------------------------------------------

    def entity(self, name: str) -> dict[str, Any]:
        """See `pipeline.app.names.entity`."""
        return names.entity(self._wiring, name)

    def entity_suggestions(self, limit: int = 50) -> list[dict[str, Any]]:
        """See `pipeline.app.names.suggestions`."""
        return names.suggestions(self._wiring, limit)

    def enrich_again(self, since: str, progress: Progress = quiet) -> dict[str, int]:
        """See `pipeline.app.names.enrich_again`."""
        return names.enrich_again(self._wiring, since, progress)

    def store_migrate(self) -> dict[str, Any]:
        """See `pipeline.app.names.store_migrate`."""
        return names.store_migrate(self._wiring)

    def store_copy(self, source: str, target: str) -> dict[str, Any]:
        """See `pipeline.app.names.store_copy`."""
        return names.store_copy(self._wiring, source, target)

    # -- a person's word ---------------------------------------------------------------------------------

    def merge(self, stories: Sequence[str], note: str = "") -> read.Stories:
        """See `pipeline.app.correct.merge`."""
        return correct.merge(self._wiring, stories, note)

    def split(self, story: str, articles: Sequence[str], note: str = "") -> read.Stories:
        """See `pipeline.app.correct.split`."""
        return correct.split(self._wiring, story, articles, note)

    def corrections(self) -> list[Correction]:
        """What persons have said, oldest first."""
        return list(self._wiring.store.corrections())

    def corrected(self) -> list[StoredArticle]:
        """See `pipeline.app.correct.corrected`."""
        return correct.corrected(self._wiring)

    # -- watches -----------------------------------------------------------------------------------------

    def watch_list(self) -> list[dict[str, Any]]:
        """See `pipeline.app.watches.watch_list`."""
        return watches.watch_list(self._wiring)

    def watch_check(self) -> list[dict[str, Any]]:
        """See `pipeline.app.watches.watch_check`."""
        return watches.watch_check(self._wiring)

    def watch_why(self, name: str, story: str) -> Why:
        """See `pipeline.app.watches.watch_why`."""
        return watches.watch_why(self._wiring, name, story)

    def watch_backtest(
        self, name: str, since: str, against: str | None = None, page: Path | None = None
    ) -> tuple[Backtest, dict[str, Any]]:
        """See `pipeline.app.watches.watch_backtest`."""
        return watches.watch_backtest(self._wiring, name, since, against, page)

    # -- keeping well ------------------------------------------------------------------------------------

    def feed_list(self) -> list[dict[str, Any]]:
        """See `pipeline.app.care.feed_list`."""
        return care.feed_list(self._wiring)

    def feed_health(self) -> list[dict[str, Any]]:
        """See `pipeline.app.care.feed_health`."""
        return care.feed_health(self._wiring)

    def feed_report(self) -> dict[str, int]:
        """See `pipeline.app.care.feed_report`."""
        return care.feed_report(self._wiring)

    def feed_import(self, file: Path) -> list[dict[str, Any]]:
        """See `pipeline.app.care.feed_import`."""
        return care.feed_import(self._wiring, file)

    def feed_export(self) -> str:
        """See `pipeline.app.care.feed_export`."""
        return care.feed_export(self._wiring)

    def quarantine(self) -> list[Rejection]:
        """What could not be processed, newest first."""
        return self._wiring.store.quarantine()

    def quarantined(self, entry_id: str) -> Rejection:
        """See `pipeline.app.care.quarantined`."""
        return care.quarantined(self._wiring, entry_id)

    def quarantine_replay(self, ids: Sequence[str]) -> IngestReport:
        """See `pipeline.app.care.quarantine_replay`."""
        return care.quarantine_replay(self._wiring, ids)

    def retention(self) -> dict[str, int]:
        """See `pipeline.app.care.retention`."""
        return care.retention(self._wiring)

    def optimize(self) -> dict[str, int]:
        """See `pipeline.app.care.optimize`."""
        return care.optimize(self._wiring)

    def doctor(self) -> list[dict[str, Any]]:
        """See `pipeline.app.care.doctor`."""
        return care.doctor(self._wiring)


def open_app(
    store: str | None = None,
    home: Path | None = None,
    config: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> App:
    """Opens Wirewatch; what is not given comes from the environment, else from the working folder.

    Args:
        store: A store URL, or `WIREWATCH_STORE`, or `wirewatch.db` in the home.
        home: Or `WIREWATCH_HOME`, or `./data`.
        config: Or `WIREWATCH_CONFIG`, or `./config`.
        environment: Instead of the process's.

    Raises:
        StoreError: The home cannot be made.
    """
    values = os.environ if environment is None else environment
    place = Path(home or values.get("WIREWATCH_HOME") or "data")
    url = store or values.get("WIREWATCH_STORE") or f"sqlite:///{place / 'wirewatch.db'}"
    return App(Wiring(place, Path(config or values.get("WIREWATCH_CONFIG") or "config"), url, values))
