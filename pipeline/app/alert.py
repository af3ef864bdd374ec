"""Watches and alerts, as the verbs ask for them."""

from __future__ import annotations

from pipeline.alerts.send.render import Renderer
from pipeline.app.wiring import Wiring
from pipeline.notify import open_notifier
from pipeline.stages.alerting.alert import Alerting, AlertReport


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
