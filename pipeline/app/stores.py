"""Whole stores: replayed, migrated, copied, and relieved of what is old."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from pipeline.app.ingest import IngestReport
from pipeline.app.journal import writing
from pipeline.app.replay import fingerprint, redo, stories_held
from pipeline.app.wiring import Stages, Wiring, no_stages
from pipeline.store import copy_store, migrate_store, open_store


class Stores:
    """Whole stores.

    Args:
        wiring: The parts.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    def replay(
        self, into: str | None = None, stages: Stages = no_stages, *, keep_going: bool = False
    ) -> dict[str, Any]:
        """Does every entry of the journal again.

        Nothing is mailed: alerts are decided, and counted in the fingerprint. Batches that retention took
        from the archive are left out.

        Args:
            into: A store to fill; None goes over the present store, where everything is known already.
            stages: Told how many entries of the journal there are.
            keep_going: Goes on without what of the archive or journal is damaged, and counts it.

        Returns:
            As `load`, plus how many stories the store holds at the end (`stories_new` were founded on the
            way, before repairs), the fingerprint, and how many batches were missing, and how many damaged.

        Raises:
            PermanentError: Something is damaged, and it is not to keep going.
        """
        started = time.monotonic()
        outcome = IngestReport()
        store = self._wiring.opened(into) if into else self._wiring.store
        try:
            with writing(self._wiring, store) as writer:
                writer.strict = not keep_going
                redo(writer, outcome, stages)
            outcome.seconds = time.monotonic() - started
            return outcome.as_json() | {
                "stories": stories_held(store),
                "batches_missing": writer.missing,
                "damaged": len(writer.damaged),
                "fingerprint": fingerprint(store),
            }
        finally:
            if into:
                store.close()

    def adopt(self) -> dict[str, Any]:
        """Lets the store follow this home's journal from now on, whatever it followed before.

        What is in the journal counts as done; a `replay` takes in what the store does not have of it.

        Returns:
            The journal's identity and the number of its last entry.
        """
        wiring = self._wiring
        wiring.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with wiring.lease("stories") as renew:
            wiring.follow(wiring.store, renew(), anew=True)
        return {"journal": wiring.archive.identity(), "entries": wiring.archive.last()}

    def migrate(self, *, anew: bool = False) -> dict[str, Any]:
        """Brings the store to this version's schema, and on Elasticsearch to the replicas of the settings.

        Args:
            anew: Whether to write all documents on Elasticsearch anew in any case.
        """
        wiring = self._wiring
        layout = wiring.layout(wiring.store_url)
        count = migrate_store(wiring.store_url, environment=wiring.environment, settings=layout, anew=anew)
        return {"documents": count}

    def copy(self, source: str, target: str) -> dict[str, Any]:
        """Copies a whole store into a new one."""
        here = open_store(source, create=False, environment=self._wiring.environment)
        try:
            there = self._wiring.opened(target)
            try:
                return {"articles": copy_store(here, there)}
            finally:
                there.close()
        finally:
            here.close()

    def drop_old(self) -> dict[str, int]:
        """Drops articles past `retention.article_days`, and archive folders past `retention.archive_days`."""
        keep, now = self._wiring.settings.retention, self._wiring.clock()
        dropped = folders = 0
        if keep.article_days:
            with writing(self._wiring) as writer:
                dropped = writer.drop_before(now - timedelta(days=keep.article_days))
        if keep.archive_days:
            folders = self._wiring.archive.drop_before(now - timedelta(days=keep.archive_days))
        return {"articles": dropped, "archive_days": folders}

    def optimize(self) -> dict[str, int]:
        """Lets the store merge what is older than the stories' window and so hardly written any more."""
        before = self._wiring.clock() - timedelta(days=self._wiring.settings.stories.window_days)
        return {"parts": self._wiring.store.optimize(before)}
