"""How the system is, in numbers: for Prometheus at the desk's `/metrics`, and for Airflow's own metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Final

from pipeline.app.wiring import Wiring
from pipeline.records import Alert, FeedState, StoredArticle

# The newest articles, and the alerts of so long, tell how long news takes.
_NEWEST: Final = 200
_ALERTS_OF: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Gauge:
    """A number that goes up and down.

    Attributes:
        name: In lower case, words joined by "_"; the unit at the end.
        help: What it counts.
        value: Now.
    """

    name: str
    help: str
    value: float


def gauges(wiring: Wiring) -> list[Gauge]:
    """All of them; what nothing is known of (no article says when it was published) is left out.

    Raises:
        ConfigError: The configuration is broken.
        StoreError: The store cannot be read.
    """
    store, now = wiring.store, wiring.clock()
    head = store.head()
    enabled = [feed.id for feed in wiring.settings.feeds if feed.enabled]
    states = store.feeds(light=True)
    polled = [states.get(name, FeedState(name)) for name in enabled]
    waiting = store.outbox()
    oldest = min((message.since or message.due for message in waiting), default=now)
    found = [
        Gauge("articles_head", "The ingest sequence number of the newest article.", head),
        Gauge("feeds", "Feeds that are configured and enabled.", len(enabled)),
        Gauge("feeds_failing", "Enabled feeds whose last poll failed.", sum(bool(s.error) for s in polled)),
        Gauge("feeds_unpolled", "Enabled feeds that never answered.", sum(not s.succeeded for s in polled)),
        Gauge("outbox_waiting", "Messages that are not sent yet.", len(waiting)),
        Gauge("outbox_failed", "Messages that were given up.", len(store.outbox(["failed"]))),
        Gauge("outbox_age_seconds", "How long the oldest message has waited.",
              max(0.0, (now - oldest).total_seconds())),
        Gauge("requests_open", "What persons asked for and nobody carried out yet.",
              len(store.requests(unfinished=True))),
    ]  # fmt: skip
    newest = list(store.between(max(0, head - _NEWEST), head))
    alerts = store.alerts(since=now - _ALERTS_OF)
    told = store.articles([alert.articles[-1] for alert in alerts if alert.articles])
    lags = (
        ("index", "From publication to the index: the median of the newest articles.", _to_index(newest)),
        ("alert", "From publication to the alert: the median of a day.", _to_alert(alerts, told)),
    )
    found += [Gauge(f"lag_{name}_seconds", text, median(some)) for name, text, some in lags if some]
    return found


def _to_index(articles: Sequence[StoredArticle]) -> list[float]:
    found = [each.enriched.article for each in articles if not each.backfill]
    return [(a.fetched - a.published).total_seconds() for a in found if a.published is not None]


def _to_alert(alerts: Sequence[Alert], told: dict[str, StoredArticle]) -> list[float]:
    lags = []
    for alert in alerts:
        newest = told.get(alert.articles[-1]) if alert.articles else None
        if newest is not None and newest.enriched.article.published is not None:
            lags.append((alert.at - newest.enriched.article.published).total_seconds())
    return lags
