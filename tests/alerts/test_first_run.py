"""The first alert run over a store: a new store tells of everything, an old one starts no storm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from alert_records import START, World, article, facts, watch

from pipeline.records import Delivery, DeliveryState
from pipeline.stages.alerting.alert import Alerting
from pipeline.store import open_store

DAY = timedelta(days=1)
WATCHES = (
    watch(),
    watch("drill", "few", follow_up="growth", deliver=Delivery(mail=("b@example.org",), at_most_per_day=3)),
)


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    store = open_store(f"sqlite:///{tmp_path}/w.db")
    yield World(store)
    store.close()


def year(world):
    """A story a day for a year; returns the time of the last article."""
    world.arrive(*(article(n, "Drill", f"s{n}", fetched=START + n * DAY) for n in range(1, 366)))
    return START + 365 * DAY


def told(world):
    alerts = {alert.id: alert.story for alert in world.store.alerts()}
    messages = world.store.outbox(get_args(DeliveryState))
    return sorted({alerts[name] for message in messages for name in message.alerts})


def decisions(world):
    alerts = [replace(alert, at=START) for alert in world.store.alerts()]
    tellings = world.store.tellings_of([f"s{n}" for n in range(400)])
    return alerts, [replace(each, at=START) for each in tellings]


@pytest.mark.parametrize("late", [timedelta(hours=1), 20_000 * DAY])
def test_a_year_that_nobody_was_told_of_is_a_day_of_mails(world, late):
    end = year(world)
    dry = Alerting(world.store, WATCHES, facts=facts).decide(end + late, dry_run=True)
    decided = Alerting(world.store, WATCHES, facts=facts).decide(end + late)
    assert len(decided.alerts) == len(dry.alerts) == 2 * 365
    assert decided.held >= dry.held >= 2 * 363
    assert told(world) == ["s364", "s365"]
    world.arrive(article(366, "Drill", "s1", fetched=end), article(367, "Drill", "s400", fetched=START))
    Alerting(world.store, WATCHES, facts=facts).decide(end + late + DAY)
    assert told(world) == ["s1", "s364", "s365", "s400"]  # s1 grew; s400 came after the first run


def test_what_a_replay_decides_is_the_same(world, tmp_path):
    end = year(world)
    Alerting(world.store, WATCHES, facts=facts).decide(end)
    again = World(open_store(f"sqlite:///{tmp_path}/again.db"))
    for n in range(1, 366):
        again.arrive(article(n, "Drill", f"s{n}", fetched=START + n * DAY))
        Alerting(again.store, WATCHES, facts=facts).decide(START + n * DAY, silent=True)
    assert decisions(again) == decisions(world)
    assert told(again) == []
    again.store.close()


def test_a_first_run_that_crashed_is_still_the_first_one(world):
    end = year(world)
    commit = world.store.commit
    done: list[object] = []

    def failing(*args, **kwargs):
        if len(done) == 2:
            raise OSError("killed")
        done.append(args)
        commit(*args, **kwargs)

    world.store.commit = failing
    with pytest.raises(OSError, match="killed"):
        Alerting(world.store, WATCHES, facts=facts, stretch=100).decide(end)
    assert world.store.mark("alerts") == "200"
    world.store.commit = commit
    world.arrive(article(366, "Drill", "s366", fetched=START))
    Alerting(world.store, WATCHES, facts=facts, stretch=100).decide(end + 3 * DAY)
    assert told(world) == ["s364", "s365", "s366"]


def test_a_new_store_tells_of_its_first_articles_however_late(world):
    Alerting(world.store, WATCHES, facts=facts).decide(START)
    world.arrive(article(1, "Drill", "s1"), article(2, "Drill", "s2"))
    Alerting(world.store, WATCHES, facts=facts).decide(START + 3 * DAY)
    assert told(world) == ["s1", "s2"]
