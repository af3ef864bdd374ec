"""Airflow's way through the stages, worker by worker, without Airflow."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import yaml

from pipeline.app import App

TEXT = "A flood closed the bridge of Harrow on Sunday, the mayor said, and thirty people were taken in."


@pytest.fixture
def feed(server, item, feed_body) -> dict[str, Any]:
    body = feed_body(item("Harrow bridge closed", "https://a.test/1", TEXT), item("", "", ""))
    return {"id": "courier", "url": server.serve("/feed", body), "outlet": "Courier"}


def walked(fetching, enriching, grouping, tmp_path):
    """A run of `ingest` whose three tasks are on three workers; gives the counts of the last."""
    polled, enriched = tmp_path / "polled.gz", tmp_path / "enriched.gz"
    App(fetching).tasks.fetch_part(["courier"], polled)
    App(enriching).tasks.enrich_part(polled, enriched)
    return App(grouping).tasks.group_parts([enriched])


def test_workers_of_one_configuration_hand_on_what_they_made(make_wiring, configured, feed, tmp_path, caplog):
    wiring = make_wiring(config=configured(feed))
    counts = walked(wiring, wiring, wiring, tmp_path)
    assert (counts["new"], counts["remade"]) == (1, 0)
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]


def test_a_worker_with_another_configuration_is_told_of_and_not_mixed_in(
    make_wiring, configured, feed, tmp_path, caplog
):
    ours = configured(feed, name="ours")
    theirs = configured(feed, name="theirs", enrich={"max_text_chars": 1000})
    wiring, other = make_wiring(config=ours), make_wiring(config=theirs)
    counts = walked(wiring, other, wiring, tmp_path)
    assert (counts["new"], counts["quarantined"], counts["remade"]) == (1, 1, 1)
    (warning,) = [r.getMessage() for r in caplog.records if "another configuration" in r.getMessage()]
    assert "every worker" in warning
    alone = make_wiring("alone", config=ours)
    walked(alone, alone, alone, tmp_path)
    first, second = (list(each.store.between(0, 9)) for each in (wiring, alone))
    assert [each.enriched for each in first] == [each.enriched for each in second]
    assert wiring.store.feeds()["courier"].succeeded is not None


def test_what_articles_are_not_made_by_does_not_part_workers(make_wiring, configured, feed):
    digests = set()
    others: list[dict[str, object]] = [{}, {"mail": {"from": "x@y.org"}}, {"enrich": {"processes": 3}}]
    for number, more in enumerate(others):
        wiring = make_wiring(config=configured(feed, name=f"c{number}", **more))
        digests.add(wiring.settings.reading_digest)
    assert len(digests) == 1
    other = configured(feed, name="other")
    (other / "topics.yaml").write_text(yaml.safe_dump({"topics": []}))
    assert make_wiring(config=other).settings.reading_digest not in digests
