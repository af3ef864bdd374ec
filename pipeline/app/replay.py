"""The archive, from the beginning, through every stage: the same stories and alerts come out."""

from __future__ import annotations

import hashlib

from pipeline.app.ingest import IngestReport
from pipeline.app.journal import OF_THE_HOUSE, Writer
from pipeline.app.wiring import Stages
from pipeline.errors import PermanentError
from pipeline.ports import Store
from pipeline.records import Candidate, Decision


def redo(writer: Writer, outcome: IngestReport, stages: Stages) -> None:
    """Does every entry of the journal again, and decides alerts after each without telling anybody."""
    done = int(writer.store.mark("journal") or 0)
    entries = list(writer.wiring.archive.entries())
    progress = stages("Replaying", len(entries))
    for entry in entries:
        progress(1)
        if entry.kind in ("repair", "correction") and entry.n <= done:
            continue
        if entry.kind != "alert":
            try:
                outcome.counts.add(writer.apply(entry))
            except PermanentError as error:
                if writer.strict or isinstance(error, OF_THE_HOUSE):
                    hint = "" if isinstance(error, OF_THE_HOUSE) else "; --keep-going goes on without it"
                    raise type(error)(f"journal entry {entry.n}: {error}{hint}") from error
                writer.damaged.append(str(error))
                writer.set_aside(entry, str(error))
                continue
        writer.decide_alerts(entry.at, silent=True)


def fingerprint(store: Store) -> dict[str, str]:
    """Digests of what a replay must bring back: stories with their members, situations, decisions, alerts.

    Digests are SHA-256 in hexadecimal. Times of deciding are left out; scores are taken to nine digits.
    """
    stories, decisions, alerts = hashlib.sha256(), hashlib.sha256(), hashlib.sha256()
    members: dict[str, list[str]] = {}
    for stored in store.between(0, store.head()):
        name = stored.enriched.article.id
        members.setdefault(stored.story, []).append(name)
        found = store.decision(name)
        if found is not None:
            decisions.update(_line(found))
    situations = hashlib.sha256()
    for story in sorted(store.stories(sorted(members)).values(), key=lambda each: each.id):
        if story.situation:
            situations.update(f"{story.id} {story.situation} {story.tie}\n".encode())
    for name in sorted(members):
        stories.update(f"{name} {' '.join(members[name])}\n".encode())
    for alert in store.alerts():
        alerts.update(f"{alert.id} {alert.kind} {alert.story} {' '.join(alert.articles)}\n".encode())
    return {
        "stories": stories.hexdigest(),
        "situations": situations.hexdigest(),
        "decisions": decisions.hexdigest(),
        "alerts": alerts.hexdigest(),
    }


def stories_held(store: Store) -> int:
    """How many stories a store holds; repairs have joined some that were founded, and parted others."""
    return len({stored.story for stored in store.between(0, store.head())})


def _line(decision: Decision) -> bytes:
    def shown(candidate: Candidate | None) -> str:
        return f"{candidate.story}={candidate.score:.9f}" if candidate else "-"

    parts = (decision.article, decision.story, shown(decision.chosen), shown(decision.runner_up), decision.by)
    return (" ".join(parts) + "\n").encode()
