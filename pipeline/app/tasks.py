"""Airflow's way through the stages: the same ones, cut into mapped tasks that hand on files."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pipeline.app.ingest import Ingest, IngestReport
from pipeline.app.wiring import Wiring
from pipeline.sources.feeds.poll_rules import expected_seconds, groups
from pipeline.stages.intake.handover import BatchFile, read, write
from pipeline.stages.intake.poll import Polls
from pipeline.stages.intake.prepare import PreparedBatch, merged

log = logging.getLogger("wirewatch.app")

# A mapped task takes some seconds of processor time to start, so it is given work of several times that; and
# no more feeds than can be waited for, should each be slow.
TASK_SECONDS, FEEDS_A_TASK = 30.0, 300


class Tasks:
    """Airflow's way through the stages: what a mapped task calls.

    Args:
        wiring: The parts.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._ingest = Ingest(wiring)

    @property
    def staging_url(self) -> str:
        """Where batch files lie: `WIREWATCH_STAGING`, or the home's staging folder."""
        return self._wiring.environment.get(
            "WIREWATCH_STAGING", f"file://{(self._wiring.home / 'staging').resolve()}"
        )

    @property
    def patience_seconds(self) -> float:
        """How long an object store that does not answer is waited for."""
        return self._wiring.patience_seconds

    def run_name(self, run: str) -> str:
        """An Airflow run id as a folder name."""
        return "".join(char if char.isalnum() or char in "-_." else "_" for char in run)

    def due_groups(self, *, every: bool = False) -> list[list[str]]:
        """The ids of the feeds that are due, in groups of similar hosts and of about the same work."""
        feeds = self._ingest.chosen_feeds((), every=every)
        states = self._wiring.store.feeds(light=True)
        work = {feed.id: expected_seconds(states.get(feed.id)) for feed in feeds}
        parted = groups(feeds, FEEDS_A_TASK, work, TASK_SECONDS)
        return [[feed.id for feed in group] for group in parted]

    def fetch_part(self, feeds: Sequence[str], file: BatchFile) -> dict[str, Any]:
        """Polls a group of feeds, archives what they sent, and writes what came of it to a file.

        Returns:
            Path and counts, for XCom.
        """
        polls = self._ingest.polled(self._ingest.chosen_feeds(feeds, every=False))
        write(file, polls)
        failed = {state.feed: state.error for state in polls.states if state.error}
        return {"file": str(file), "feeds": len(polls.states), "entries": len(polls.items), "failed": failed}

    def enrich_part(self, source: BatchFile, target: BatchFile) -> dict[str, Any]:
        """Makes enriched articles of a polled file, in this process: Airflow's tasks are the parallel ones.

        Returns:
            Path and counts, for XCom.
        """
        self._wiring.processes = 1
        batch = self._ingest.enriched(read(source, Polls))
        write(target, replace(batch, configuration=self._wiring.settings.reading_digest))
        return {"file": str(target), "seen": batch.seen, "fresh": len(batch.articles)}

    def group_parts(self, files: Sequence[BatchFile]) -> dict[str, Any]:
        """Groups all enriched files of a run as one batch, in the order of the files.

        Returns:
            The counts, for XCom; `remade` are the files of workers with another configuration.
        """
        outcome, remade = IngestReport(), 0
        own = self._wiring.settings.reading_digest
        parts = []
        for file in files:
            batch = read(file, PreparedBatch)
            if batch.configuration != own:
                log.warning(
                    "%s was made with another configuration (%s, here %s) and is made again here; "
                    "give every worker the same configuration folder",
                    file, batch.configuration, own,
                )  # fmt: skip
                batch, remade = self._made_again(batch), remade + 1
            parts.append(batch)
        outcome.counts.add(self._ingest.take(merged(parts)))
        return outcome.as_json() | {"remade": remade}

    def _made_again(self, batch: PreparedBatch) -> PreparedBatch:
        """A batch from its captures, by the configuration that is here."""
        wiring = self._wiring
        made = [
            wiring.intake.prepare(wiring.archive.read(place), wiring.store, place) for place in batch.places
        ]
        return replace(merged(made), feeds=batch.feeds, backfill=batch.backfill)

    def alerts_wait(self) -> bool:
        """Whether the store holds changes that no alert run has seen, by this run or by one that was lost."""
        from pipeline.alerts.decide.marks import WatchMarks
        from pipeline.stages.alerting.alert import BEHIND, MARK

        store = self._wiring.store
        marks = WatchMarks(int(store.mark(MARK) or 0), store.mark(BEHIND))
        return store.last_change() > marks.reached or marks.waiting(self._wiring.watch_list.set_aside)
