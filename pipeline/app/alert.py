"""Watches and alerts, as the verbs ask for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pipeline.alerts.send.render import Renderer
from pipeline.alerts.watch import last_good
from pipeline.app.wiring import Wiring
from pipeline.notify import open_notifier
from pipeline.ports import Commit, Lease
from pipeline.stages.alerting.alert import Alerting, AlertReport
from pipeline.stages.alerting.report_watches import report_watches


def alert(wiring: Wiring, *, dry_run: bool = False) -> AlertReport:
    """Matches what is new since the last call, and delivers what is due.

    Args:
        wiring: The parts.
        dry_run: Says what would be sent and changes nothing.
    """
    mail, broken = wiring.settings.mail, wiring.watch_list.broken
    alerting = Alerting(wiring.store, wiring.watches)
    notifier = open_notifier(mail, wiring.home)
    try:
        if dry_run:
            report = alerting.run(wiring.clock(), notifier, Renderer(mail), dry_run=True)
            return replace(report, broken=broken)
        with wiring.lease("alerts") as renew:
            _keep_watches(wiring, renew)
            report_watches(wiring.store, broken, mail.sender, mail.operator, wiring.clock(), renew)
            report = alerting.run(
                wiring.clock(),
                notifier,
                Renderer(mail),
                max_attempts=mail.max_attempts,
                renew=renew,
            )
            return replace(report, broken=broken)
    finally:
        notifier.close()


def _keep_watches(wiring: Wiring, renew: Callable[[], Lease]) -> None:
    """Keeps what is good of `watches.yaml`, to go on with when it is broken one day."""
    kept = wiring.store.mark(last_good.MARK)
    good = last_good.to_keep(wiring.watch_list, kept)
    if good != kept:
        wiring.store.commit(Commit(marks={last_good.MARK: good}), renew())
