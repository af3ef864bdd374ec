"""Watches and alerts, as the verbs ask for them."""

from __future__ import annotations

from typing import Any

from pipeline.alerts.check import findings, meaning
from pipeline.alerts.decide import rule_of
from pipeline.alerts.render import Renderer
from pipeline.app.wiring import Wiring
from pipeline.notify import open_notifier
from pipeline.stages.alerting import Alerting, AlertReport

# How many of the newest articles a watch is tried on.
SAMPLE_ARTICLES = 2000


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
    """What each watch means, in words, and what cannot work about it, tried on the newest articles."""
    now = wiring.clock()
    rules = [rule_of(watch, now) for watch in wiring.watches]
    head = wiring.store.head()
    after = max(0, head - SAMPLE_ARTICLES)
    hits = wiring.store.match({rule.watch.name: rule.query for rule in rules}, after, head)
    topics = _topic_names(wiring)
    return [
        {
            "name": rule.watch.name,
            "meaning": meaning(rule.watch, now),
            "warnings": findings(rule, now, (len(hits.get(rule.watch.name, ())), head - after), topics),
        }
        for rule in rules
    ]


def _topic_names(wiring: Wiring) -> list[str]:
    """Ids and names of the topics of `topics.yaml`, in every language."""
    entries = wiring.settings.topics.content.get("topics", ())
    return [text for entry in entries for text in (entry["id"], *dict(entry["name"]).values())]
