"""What a watch means, why it was silent, and what it would have done."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import time, timedelta

import pytest
from alert_records import START, World, article, facts, watch

from pipeline.alerts.backtest.backtest import compare
from pipeline.alerts.backtest.report import render_backtest_html
from pipeline.alerts.decide.decide import HOT_EPOCH, HOT_HALF_LIFE
from pipeline.alerts.decide.watch_rule import rule_of
from pipeline.alerts.watch.checks import findings, meaning
from pipeline.errors import NotFoundError
from pipeline.records import Conditions, Delivery, Digest, QuietHours
from pipeline.stages.alerting.alert import Alerting
from pipeline.stages.alerting.questions import backtest_watch, check_watches, why_story
from pipeline.store import open_store
from pipeline.stories.describing import describe as story_facts

NOW = START + timedelta(days=1)
DAY = timedelta(days=1)


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    store = open_store(f"sqlite:///{tmp_path}/w.db")
    yield World(store)
    store.close()


def test_the_constants_of_heat_are_those_of_stories():
    assert HOT_HALF_LIFE.total_seconds() == story_facts.HOT_HALF_LIFE_SECONDS
    assert HOT_EPOCH.timestamp() == story_facts._HOT_EPOCH


# -- check -----------------------------------------------------------------------------------------


def test_meaning_is_said_in_words():
    one = watch(
        'title:drill AND NOT "war game"',
        match="most",
        follow_up="news",
        enabled=False,
        conditions={
            "outlets": 3,
            "origins": 2,
            "growth": 4,
            "hot": 2,
            "topics": ("politics",),
            "entities": ("Kim",),
        },
        deliver=Delivery(
            mail=("a@example.org",),
            webhook="https://example.org/",
            digest=Digest((7, 17), (0, 1), "Europe/Berlin"),
            quiet=QuietHours(time(22), time(6), "Europe/Berlin"),
            at_most_per_day=5,
        ),
    )
    assert meaning(one, NOW) == (
        "Looks for articles with ‘drill’ in the title and not the phrase ‘war game’. Fires once for a story when most "  # noqa: E501  # quoted as it is said
        "of its articles match and it has at least 3 outlets and it has at least 2 independent sources and it has at "  # noqa: E501  # quoted as it is said
        "least 4 articles within 24 hours and its heat is at least 2 and its topic is politics and it names Kim. "  # noqa: E501  # quoted as it is said
        "Delivers to a@example.org, https://example.org/ as a digest at 7:00, 17:00 Europe/Berlin on Mon, Tue but not "  # noqa: E501  # quoted as it is said
        "from 22:00 to 06:00 Europe/Berlin and at most 5 a day, the rest as one digest. It writes again when two "  # noqa: E501  # quoted as it is said
        "independent texts lead with a new name or number. It is switched off."
    )


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("drill", None),
        ("drill OR published:[now-7d TO now]", None),
        ("*", "matches nearly everything"),
        ("NOT drill", "matches nearly everything"),
        ("drill OR NOT war", "matches nearly everything"),
        ("-drill -war", "matches nearly everything"),
        ("drill AND NOT drill", "can never match: it asks for the word ‘drill’ and leaves it out"),
        ("language:en language:de", "can never match: an article has one language only"),
        ("drill published:2014", "can never match: published must be before 2015-01-01, which is past"),
        ("published:[2027 TO 2026]", "can never match: the range of published is empty"),
        ("outlet:[m TO a]", "can never match: the range of outlet is empty"),
        ("NOT *", "can never match: it leaves out everything"),
        ("drill and war", "looks for the word ‘and’; write AND to join clauses"),
        ("language:english", "language:english is no language; write two letters such as en"),
    ],
)
def test_findings_of_a_query(query, said):
    found = findings(rule_of(watch(query), NOW), NOW)
    assert any(said in each for each in found) if said else found == []


def test_findings_of_conditions_and_delivery():
    odd = watch(conditions={"topics": ("t9",)}, deliver=Delivery(), enabled=False)
    assert findings(rule_of(odd, NOW), NOW, topics=["t1", "Politics"]) == [
        "can never fire: there is no topic t9",
        "delivers nowhere: give it `mail`, `chat` or `webhook` under `deliver`",
        "is switched off",
    ]
    chat = Delivery(webhook="https://hooks.slack.com/services/T/B/x")
    assert findings(rule_of(watch(deliver=chat), NOW), NOW) == [
        "the webhook is one of a chat (hooks.slack.com), which takes other JSON; name it under `channels`"
    ]
    night = Delivery(mail=("a@b.org",), digest=Digest((3,)), quiet=QuietHours(time(22), time(6)))
    assert findings(rule_of(watch(deliver=night), NOW), NOW) == [
        "each digest falls into the quiet hours and goes out when they end"
    ]


def test_findings_of_recent_articles(world):
    world.arrive(*(article(seq, "Drill", story=f"s{seq}") for seq in range(1, 251)))
    checked = check_watches(
        world.store, [watch("drill"), watch("nothing*", "none"), watch("zebra", "zebra")], NOW
    )
    assert [each.findings for each in checked] == [
        ("matches nearly everything: 250 of the last 250 articles",),
        ("matches nearly everything: 250 of the last 250 articles",),
        ("none of the last 250 articles matches",),
    ]


# -- why -------------------------------------------------------------------------------------------


def decide(world, one, now=NOW):
    return Alerting(world.store, [one], facts=facts).decide(now).alerts


def test_why_a_story_was_a_near_miss(world):
    one = watch("drill AND (war OR peace)", conditions={"outlets": 3})
    world.arrive(article(1, "A drill in the war"), article(2, "Other"))
    decide(world, one)
    found = why_story(world.store, one, "s1", NOW, facts)
    assert not found.alerted
    assert found.verdict == "near miss: needs 3 outlets, has 2"
    assert [(c.words, c.depth, c.articles, c.hits) for c in found.clauses] == [
        ("the word ‘drill’ and (the word ‘war’ or the word ‘peace’)", 0, ("a0001",), ("drill", "war")),
        ("the word ‘drill’", 1, ("a0001",), ("drill",)),
        ("the word ‘war’ or the word ‘peace’", 1, ("a0001",), ("war",)),
        ("the word ‘war’", 2, ("a0001",), ("war",)),
        ("the word ‘peace’", 2, (), ()),
    ]
    assert [(c.name, c.holds) for c in found.checks] == [
        ("articles that the query hits", True),
        ("outlets", False),
    ]
    assert json.loads(json.dumps(found.as_json()))["conditions"][1] == {
        "name": "outlets",
        "needed": "3 outlets",
        "found": "2",
        "holds": False,
    }


def test_why_a_story_alerted_and_not_again(world):
    one = watch(follow_up="growth")
    world.arrive(article(1, "A drill", text="1"))
    decide(world, one)
    world.arrive(article(2, text="1"))
    decide(world, one)
    found = why_story(world.store, one, "s1", NOW, facts)
    assert found.alerted
    assert found.verdict == "alerted on 2026-03-03 08:00 UTC, because the query hits ‘drill’"
    assert found.notes == ("no follow-up: needs 2 independent origins, has 1",)


def test_why_nothing_came_yet(world):
    world.arrive(
        article(1, "Other"), article(2, "Drill", story="s2", backfill=True), article(3, "Drill", story="s3")
    )
    one = watch()
    assert (
        why_story(world.store, one, "s1", NOW, facts).verdict
        == "not alerted: the query hits none of its articles"
    )
    assert "backfill" in why_story(world.store, one, "s2", NOW, facts).verdict
    assert "run `wirewatch alert`" in why_story(world.store, one, "s3", NOW, facts).verdict
    off = why_story(world.store, replace(one, enabled=False), "s3", NOW, facts)
    assert off.verdict == "not alerted: the watch is switched off"
    decide(world, watch(name="another"))
    late = why_story(world.store, one, "s3", NOW, facts)
    assert late.verdict.startswith("not alerted: its articles were matched before the watch was there")
    with pytest.raises(NotFoundError, match="no story has this id"):
        why_story(world.store, one, "s404", NOW, facts)


def test_why_follows_a_merge(world):
    one = watch()
    world.arrive(article(1, "Drill"), article(2, "Other", story="s2"))
    decide(world, one)
    world.move(["a0001"], "s2", "merged")
    found = why_story(world.store, one, "s1", NOW, facts)
    assert (found.story, found.alerted) == ("s2", True)
    assert "the story took in or came from s1" in found.notes
    assert found.change is not None
    assert (found.change.n, found.change.kind) == (1, "arrival")


def test_why_names_the_change_that_told_or_would_have(world):
    one = watch("drill AND sank")
    world.arrive(article(1, "Incident"), article(2, "Other", story="s2"))
    decide(world, one)
    world.edit("a0001", title="Ship sank in a drill")
    assert decide(world, watch("zebra", "another")) == ()
    silent = why_story(world.store, one, "s1", NOW, facts)
    assert not silent.alerted
    assert silent.change is not None
    assert (silent.change.n, silent.change.kind, silent.change.article) == (3, "edit", "a0001")
    assert (
        "it would have told with change 3: article a0001 was edited at 2026-03-02 08:01 UTC" in silent.notes
    )
    assert silent.as_json()["change"]["kind"] == "edit"
    world.arrive(article(3, "Drill: boat sank", story="s3"))
    decide(world, one)
    told = why_story(world.store, one, "s3", NOW, facts)
    assert told.change is not None
    assert (told.alerted, told.change.n) == (True, 4)
    assert why_story(world.store, one, "s2", NOW, facts).change is None


def test_what_was_told_stays_told_when_a_repair_splits_the_story(world):
    one = watch("drill", conditions={"outlets": 2})
    world.arrive(article(1, "Drill", outlet="A"), article(2, "Drill two", outlet="B"))
    alerts = decide(world, one, NOW)
    assert [alert.articles for alert in alerts] == [("a0001", "a0002")]
    world.move(["a0002"], "s9", "split", 30)
    assert decide(world, one, NOW + DAY) == ()
    end = NOW + 2 * DAY
    tried = backtest_watch(world.store, one, START, end, facts)
    assert [each.alert.id for each in tried.fired] == [each.id for each in tried.told] == [alerts[0].id]
    for story in ("s1", "s9"):
        assert why_story(world.store, one, story, end, facts).alerted
    other = backtest_watch(world.store, watch("zebra"), START, end, facts)
    assert (other.fired, [each.id for each in other.told]) == ((), [alerts[0].id])
    assert json.loads(json.dumps(tried.as_json()))["told"][0]["story"] == "s1"


def test_a_backtest_walks_edits_and_merges_as_the_real_run_did(world):
    one = watch("drill", conditions={"outlets": 2})
    world.arrive(article(1, "Flash", outlet="A"), article(2, "Drill", story="s2", outlet="B"))
    assert decide(world, one) == ()
    world.edit("a0001", title="A drill")
    assert decide(world, one) == ()
    world.move(["a0002"], "s1", "merged", 5)
    real = decide(world, one)
    assert [(alert.story, alert.cause) for alert in real] == [("s1", "move")]
    tried = backtest_watch(world.store, one, START, NOW, facts)
    assert [each.alert.id for each in tried.fired] == [real[0].id]
    assert tried.fired[0].alert.at == START + timedelta(hours=5)
    assert tried.misses == ()


# -- backtest --------------------------------------------------------------------------------------


def history(world):
    """A story a day for ten days, with three articles from three outlets each, one hour apart."""
    made = []
    for day in range(10):
        for hour in range(3):
            at = START + day * DAY + timedelta(hours=hour)
            made.append(
                article(
                    day * 3 + hour + 1,
                    f"Drill {day}",
                    story=f"s{day}",
                    text=f"{day} {hour}",
                    fetched=at,
                    published=at - timedelta(minutes=10),
                )
            )
    world.arrive(*made)
    return START + 10 * DAY


def test_a_backtest_says_what_would_have_come_and_when(world):
    end = history(world)
    one = watch(conditions={"outlets": 2})
    found = backtest_watch(world.store, one, START - DAY, end, facts)
    assert [each.alert.story for each in found.fired] == [f"s{day}" for day in range(10)]
    assert found.median_delay == timedelta(hours=1, minutes=10)
    assert (found.articles, found.mails, found.busiest) == (30, 10, 1)
    assert found.days[0] == ("2026-03-02", 1, 1)
    assert json.loads(json.dumps(found.as_json()))["mails_per_day"] == pytest.approx(10 / 11, abs=0.001)


def test_a_backtest_decides_as_the_real_run_does(world):
    end = history(world)
    one = watch(conditions={"outlets": 3}, follow_up="growth")
    real = Alerting(world.store, [one], facts=facts).decide(end).alerts
    tried = backtest_watch(world.store, one, START - DAY, end, facts).fired
    assert [alert.id for alert in real] == [each.alert.id for each in tried]


def test_a_backtest_of_a_part_of_history(world):
    end = history(world)
    found = backtest_watch(world.store, watch(), end - 3 * DAY - timedelta(hours=8), end, facts)
    assert [each.alert.story for each in found.fired] == ["s7", "s8", "s9"]


def test_a_backtest_of_a_loaded_archive_goes_by_publication(world):
    old = [
        article(seq, "Drill", story=f"s{seq}", backfill=True, published=START - (10 - seq) * DAY)
        for seq in (3, 1, 2)
    ]
    world.arrive(*(replace(each, seq=place) for place, each in enumerate(old, start=1)))
    found = backtest_watch(world.store, watch(), START - 30 * DAY, START, facts)
    assert [each.alert.story for each in found.fired] == ["s1", "s2", "s3"]
    assert [each.delay for each in found.fired] == [timedelta()] * 3


def test_a_backtest_shows_digest_quiet_hours_and_limit(world):
    end = history(world)
    weekly = watch(deliver=Delivery(digest=Digest((7,), (0,))))
    found = backtest_watch(world.store, weekly, START - DAY, end, facts)
    assert (found.mails, found.held) == (2, {"digest": 10})
    quiet = watch(deliver=Delivery(quiet=QuietHours(time(7), time(20))))
    found = backtest_watch(world.store, quiet, START - DAY, end, facts)
    assert (found.mails, found.held) == (10, {"quiet hours": 10})
    assert {each.due.hour for each in found.fired} == {20}


def test_the_difference_between_two_versions(world):
    end = history(world)
    world.arrive(article(31, "Drill late", story="s10", fetched=end, published=end))
    before = backtest_watch(world.store, watch(), START - DAY, end, facts)
    strict = watch(conditions={"outlets": 3}, query="drill AND NOT 9")
    after = backtest_watch(world.store, strict, START - DAY, end, facts)
    found = compare(before, after)
    assert {each.alert.story for each in found.gone} == {"s9", "s10"}
    assert found.added == ()
    assert len(found.moved) == 9
    assert found.same == 0
    assert compare(before, before).same == 11
    back = compare(after, before)
    assert {each.alert.story for each in back.added} == {"s9", "s10"}
    assert len(json.loads(json.dumps(found.as_json()))["moved"]) == 9


def test_near_misses_are_listed(world):
    end = history(world)
    found = backtest_watch(world.store, watch(conditions={"origins": 4}), START - DAY, end, facts)
    assert not found.fired
    assert found.misses[0].miss == "needs 4 independent origins, has 3"


def test_the_page_is_self_contained_and_escapes(world):
    end = history(world)
    world.arrive(article(31, "<script>alert(1)</script> drill", story="s10", fetched=end, published=end))
    one = watch('drill OR "<b>x"')
    after = backtest_watch(world.store, one, START - DAY, end, facts)
    before = backtest_watch(
        world.store, replace(one, conditions=Conditions(outlets=3)), START - DAY, end, facts
    )
    page = render_backtest_html(one, after, before, compare(before, after))
    assert "<script" not in page
    assert "<b>x" not in page
    assert not re.findall(r"(?:src|href)=|url\(|@import", page)
    assert page.count("<circle") == len(after.fired) + len(before.fired)
    assert "10 mails" not in page
    assert "1 mails" in page
    assert render_backtest_html(one, after) == render_backtest_html(one, after)
    empty = backtest_watch(world.store, watch("zebra"), START, end, facts)
    assert "none" in render_backtest_html(watch("zebra"), empty)
