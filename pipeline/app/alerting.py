"""Watches and alerts, as the verbs ask for them."""

from __future__ import annotations

from typing import Any

from pipeline.alerts.render import Renderer
from pipeline.alerts.watches import check
from pipeline.app.wiring import Wiring
from pipeline.notify import open_notifier
from pipeline.stages.alerting import Alerting, AlertReport


def alert(wiring: Wiring, *, dry_run: bool = False) -> AlertReport:
    """Matches what is new since the last call, and delivers what is due.

    Args:
        wiring: The parts.
        dry_run: Says what would be sent and changes nothing.
    """
    mail = wiring.settings.mail
    alerting = Alerting(wiring.store, wiring.watches)
    notifier = open_notifier(mail, wiring.home)
    try:
        if dry_run:
            return alerting.run(wiring.clock(), notifier, Renderer(mail), dry_run=True)
        with wiring.lease("alerts") as renew:
            return alerting.run(
                wiring.clock(),
                notifier,
                Renderer(mail),
                max_attempts=mail.max_attempts,
                renew=renew,
            )
    finally:
        notifier.close()


def watch_list(wiring: Wiring) -> list[dict[str, Any]]:
    """The watches as configured, and how many alerts each has made."""
    made: dict[str, int] = {}
    for entry in wiring.store.alerts():
        made[entry.watch] = made.get(entry.watch, 0) + 1
    return [
        {
            "name": watch.name,
            "description": watch.description,
            "query": watch.query,
            "delivers": ", ".join([*watch.deliver.mail, *filter(None, [watch.deliver.webhook])]),
            "when": "digest" if watch.deliver.digest else "immediately",
            "follow_up": watch.follow_up,
            "match": watch.match,
            "language": watch.language,
            "enabled": watch.enabled,
            "alerts": made.get(watch.name, 0),
        }
        for watch in wiring.watches
    ]


def watch_check(wiring: Wiring) -> list[dict[str, Any]]:
    """What each watch means, in words, and what cannot work about it."""
    topics = wiring.enricher.taxonomy
    found = []
    for watch in wiring.watches:
        said = check(watch, topics)
        found.append({"name": watch.name, "meaning": said.meaning, "warnings": list(said.warnings)})
    return found
