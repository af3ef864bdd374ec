"""What is loaded is backfill: it mails nobody, now or later, unless that is asked for."""

from dags.local.environment import ROOT
from pipeline.app import App

FIRST = ROOT / "seeds" / "feeds" / "first"
FERRY = [str(FIRST / f"{name}.xml") for name in ("harbour-post", "common-ground")]


def test_a_backfill_alerts_nobody_now_or_later(make_wiring):
    wiring = make_wiring()
    app = App(wiring)
    app.ingest.load(FERRY)
    for _ in range(2):
        report = app.watches.alert()
        assert (report.alerts, report.delivered) == ((), 0)
    assert wiring.store.alerts() == []
    assert app.read.stories(limit=3)[0], "there were stories to tell of"


def test_a_load_that_is_news_alerts(make_wiring):
    wiring = make_wiring()
    App(wiring).ingest.load(FERRY, alert=True)
    assert wiring.store.alerts()
