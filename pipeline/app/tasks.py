"""Airflow's way through the stages: the same ones, cut into mapped tasks that hand on files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.app.ingest import IngestReport, chosen_feeds, enriched, polled, take
from pipeline.app.wiring import Wiring
from pipeline.sources.feeds.poll_rules import groups
from pipeline.stages.intake.handover import BatchFile, read, write
from pipeline.stages.intake.poll import Polls
from pipeline.stages.intake.prepare import PreparedBatch, merged

# Feeds a mapped task polls: thousands of feeds are tens of tasks.
FEEDS_A_TASK = 50


def due_groups(wiring: Wiring, *, every: bool) -> list[list[str]]:
    """The ids of the feeds that are due, in groups of similar hosts."""
    feeds = chosen_feeds(wiring, (), every=every)
    return [[feed.id for feed in group] for group in groups(feeds, FEEDS_A_TASK)]


def fetch_part(wiring: Wiring, feeds: Sequence[str], file: BatchFile) -> dict[str, Any]:
    """Polls a group of feeds, archives what they sent, and writes what came of it to a file.

    Returns:
        Path and counts, for XCom.
    """
    polls = polled(wiring, chosen_feeds(wiring, feeds, every=False))
    write(file, polls)
    failed = [state.feed for state in polls.states if state.error]
    return {"file": str(file), "feeds": len(polls.states), "entries": len(polls.items), "failed": failed}


def enrich_part(wiring: Wiring, source: BatchFile, target: BatchFile) -> dict[str, Any]:
    """Makes enriched articles of a polled file.

    Returns:
        Path and counts, for XCom.
    """
    batch = enriched(wiring, read(source, Polls))
    write(target, batch)
    return {"file": str(target), "seen": batch.seen, "fresh": len(batch.articles)}


def group_parts(wiring: Wiring, files: Sequence[BatchFile]) -> dict[str, Any]:
    """Groups all enriched files of a run as one batch, in the order of the files.

    Returns:
        The counts, for XCom.
    """
    outcome = IngestReport()
    outcome.counts.add(take(wiring, merged([read(file, PreparedBatch) for file in files])))
    return outcome.as_json()
