"""What time alone makes true is told when its time comes, and at the same place in a replay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from alert_records import START, World, article, facts, watch

from pipeline.alerts.decide.times import Dues, first_time
from pipeline.alerts.decide.watch_rule import rule_of
from pipeline.query.hits import Prepared
from pipeline.records import Alert, StoredArticle
from pipeline.stages.alerting.alert import Alerting
from pipeline.stages.alerting.questions import backtest_watch, why_story
from pipeline.store import open_store

HOUR = timedelta(hours=1)
LATER = watch("drill AND published:<now-6h", "later")
NOT_NEW = watch("drill AND NOT published:>now-6h", "not new", conditions={"outlets": 2})


@pytest.fixture
def world(either_world) -> World:
    return either_world


def alerts(world, *watches, at, stretch=1000):
    return Alerting(world.store, watches, facts=facts, stretch=stretch).decide(at).alerts


def came(seq):
    return article(seq).enriched.article.fetched


@pytest.mark.parametrize(
    ("query", "after"),
    [
        ("drill AND published:<now-6h", 5 * HOUR + timedelta(minutes=55)),
        ("drill AND NOT published:>now-6h", None),
        ("drill AND published:[now-9h TO now-6h]", None),
        ("war AND published:<now-6h", "never"),
        ("drill AND published:>now+6h", "never"),
    ],
)
def test_the_first_time_is_worked_out_when_an_article_comes(query, after):
    one = Prepared(article(1, "Drill"))
    found = first_time(rule_of(watch(query), START), one)
    if after == "never":
        assert found is None
    else:
        assert found is not None
        assert one.article.published is not None
        assert abs(found - one.article.published - 6 * HOUR) <= timedelta(seconds=1)


def test_time_alone_makes_it_tell_and_only_once(world):
    world.arrive(article(1, "Drill"))
    assert not alerts(world, LATER, at=came(1) + HOUR)
    assert not alerts(world, LATER, at=came(1) + 5 * HOUR)
    (told,) = alerts(world, LATER, at=came(1) + 7 * HOUR)
    assert told.cause == "time"
    assert "since its time came" in told.reason
    assert not alerts(world, LATER, at=came(1) + 8 * HOUR)
    found = why_story(world.store, LATER, "s1", came(1) + 8 * HOUR, facts)
    assert found.alerted
    assert found.change is not None
    assert found.change.kind == "time"


def test_the_conditions_are_those_of_that_time(world):
    world.arrive(article(1, "Drill"))
    assert not alerts(world, NOT_NEW, at=came(1) + 7 * HOUR)
    world.arrive(article(2, "Another report", fetched=came(1) + 8 * HOUR))
    (told,) = alerts(world, NOT_NEW, at=came(1) + 8 * HOUR)
    assert told.cause == "arrival"


def test_an_edit_takes_what_waited_with_it(world):
    world.arrive(article(1, "Drill"))
    assert not alerts(world, LATER, at=came(1) + HOUR)
    world.edit("a0001", title="Nothing of the kind", text="Nothing.")
    assert not alerts(world, LATER, at=came(1) + 2 * HOUR)
    assert not alerts(world, LATER, at=came(1) + 9 * HOUR)


def replayed(url, runs, stretch):
    store = open_store(url)
    world = World(store)
    told: list[Alert] = []
    for arriving, at in runs:
        world.arrive(*arriving)
        told += alerts(world, LATER, NOT_NEW, at=at, stretch=stretch) if at else ()
    store.close()
    return {
        (each.id, each.watch, each.story, each.articles, each.seq, each.cause, each.change) for each in told
    }


def test_a_replay_tells_the_same_at_the_same_place(new_place):
    hours = [0, 1, 5, 6.5, 7, 13, 20]
    made = [
        article(
            n, "Drill" if n % 2 else "Report", f"s{n % 2}", fetched=START + hour * HOUR, outlet=f"Outlet {n}"
        )
        for n, hour in enumerate(hours, start=1)
    ]
    live: list[tuple[Sequence[StoredArticle], datetime]] = []
    for n, one in enumerate(made):
        until = made[n + 1].enriched.article.fetched if n + 1 < len(made) else START + 60 * HOUR
        live.append(((one,), one.enriched.article.fetched))
        live.append(((), until - timedelta(minutes=1)))
    end = START + 60 * HOUR
    by_hand = replayed(new_place(), live, 1000)
    assert {cause for *_, cause, _ in by_hand} >= {"time"}
    for stretch in (1, 2, 3, 1000):
        assert replayed(new_place(), [(made, end)], stretch) == by_hand


def test_a_backtest_knows_of_time(world):
    world.arrive(article(1, "Drill"))
    found = backtest_watch(world.store, LATER, came(1) - HOUR, came(1) + 9 * HOUR, facts)
    assert [each.alert.cause for each in found.fired] == ["time"]
    assert backtest_watch(world.store, LATER, came(1) - HOUR, came(1) + HOUR, facts).fired == ()


def test_what_waits_is_written_and_read():
    dues = Dues()
    dues.put("a", "x", START)
    dues.put("b", "x", START + HOUR)
    dues.put("a", "x", None)
    again = Dues(dues.written)
    assert not again.any(START)
    assert [(due.watch, due.article) for due in again.take({"a"}, bool)] == []
    taken = again.take({"b"}, lambda at: at <= START + HOUR)
    assert [(due.watch, due.article) for due in taken] == [("b", "x")]
    assert again.written == "[]"
