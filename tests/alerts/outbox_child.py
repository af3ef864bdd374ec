"""A process that runs alerts and is killed: imports once, then forks a child for each line it reads.

A line is JSON: store, home, smtp, now. It answers with the child's pid, and with its exit code when it ended:
0 done, 3 the lease is held by another, negative a signal.
"""

import json
import os
import sys
from datetime import datetime
from pathlib import Path

from alert_records import START, facts, watch

from pipeline.alerts.decide.watch_rule import rule_of
from pipeline.alerts.send.render import Renderer
from pipeline.errors import LeaseHeldError
from pipeline.notify.channels import open_notifier
from pipeline.records import Delivery
from pipeline.settings import MailSettings
from pipeline.stages.alerting.alert import Alerting
from pipeline.store import open_store

WATCHES = (watch("drill", deliver=Delivery(mail=("one@example.org", "two@example.org")), follow_up="growth"),)


# Warm, so that a child's time goes into its steps.
RENDERER = Renderer(MailSettings())
rule_of(WATCHES[0], START)


def run(order):
    """One alert run."""
    mail = MailSettings(smtp=order["smtp"], timeout_seconds=5)
    store = open_store(order["store"])
    try:
        Alerting(store, WATCHES, facts=facts, stretch=2).run(
            datetime.fromisoformat(order["now"]),
            open_notifier(mail, Path(order["home"]), lambda: datetime.fromisoformat(order["now"])),
            RENDERER,
        )
    except LeaseHeldError:
        return 3
    return 0


def main():
    """Reads orders until there are no more."""
    for line in sys.stdin:
        orders = json.loads(line)
        pids = []
        for order in orders:
            pid = os.fork()
            if pid == 0:
                os._exit(run(order))
            pids.append(pid)
        answer(pids)
        answer([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids])


def answer(value):
    """One line of JSON to who asked."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
