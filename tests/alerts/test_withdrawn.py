"""An article that its outlet withdraws: those who were told of it are told so, once, and nobody else is."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from alert_records import START, World, article, facts, watch

from pipeline.alerts.send.render import Renderer
from pipeline.normalize.identity.revise import revise
from pipeline.records import Delivery, DeliveryState, Digest
from pipeline.settings import MailSettings
from pipeline.stages.alerting.alert import Alerting
from pipeline.store import open_store

NOW = START + timedelta(hours=4)
HOUR = timedelta(hours=1)
ONE = Delivery(mail=("one@example.org",))
TWO = Delivery(mail=("one@example.org", "two@example.org"))
NOTICE = {"title": "Story withdrawn", "text": "It rested on a forged letter."}
RENDERER = Renderer(MailSettings())


class Sink:
    def __init__(self):
        self.sent = []

    def send(self, message):
        self.sent.append(message)

    def close(self):
        pass


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    store = open_store(f"sqlite:///{tmp_path}/w.db")
    yield World(store)
    store.close()


def run(world, *watches, now=NOW):
    """One alert run; gives what was sent."""
    sink = Sink()
    Alerting(world.store, watches or (watch(deliver=TWO),), facts=facts).run(now, sink, RENDERER)
    return sink.sent


def come_again(world, name, **content):
    """The article comes again with other content, through the rule that says whether it is withdrawn."""
    old = world.articles[name].enriched.article
    new = replace(old, **content, digest=f"again {content}", fetched=NOW, forms=(), feeds=(), raw=())
    done = revise(old, new)
    assert done.version == old.version + 1
    changed = ("title", "text", "version", "revised", "withdrawn", "earlier")
    world.edit(name, **{field: getattr(done, field) for field in changed})


def told(world, *watches):
    world.arrive(article(1, "A drill begins", outlet="The Lunna Post"), article(2, "Drill goes on"))
    return run(world, *watches)


def text(message):
    mail = email.message_from_bytes(message.payload, policy=email.policy.default)
    body = mail.get_body(("plain",))
    assert body is not None
    return mail["Subject"], body.get_content().replace("\r\n", "\n")


def withdrawals(world, name="drills"):
    return [each for each in world.store.alerts(name) if each.kind == "withdrawn"]


def test_those_who_were_told_are_told_once_with_reason_title_link_and_story(world):
    first = told(world)
    assert len(first) == 2
    come_again(world, "a0001", **NOTICE)
    sent = run(world, now=NOW + HOUR)
    assert [each.to for each in sent] == ["one@example.org", "two@example.org"]
    subject, body = text(sent[0])
    assert subject == "Re: New story: A drill begins"
    assert "The Lunna Post has withdrawn: A drill begins\n  https://example.org/1\n" in body
    assert "What stands there now: Story withdrawn: It rested on a forged letter." in body
    assert "WITHDRAWN: A drill begins" in body
    assert first[0].message_id in sent[0].payload.decode()
    assert run(world, now=NOW + 2 * HOUR) == []
    come_again(world, "a0001", title="Story withdrawn", text="It rested on two forged letters.")
    assert run(world, now=NOW + 3 * HOUR) == []
    come_again(
        world, "a0001", title="A drill begins", text="We stand by it after all, and say why at length."
    )
    come_again(world, "a0001", **NOTICE)
    assert run(world, now=NOW + 4 * HOUR) == []
    assert len(withdrawals(world)) == 1


def test_another_edit_is_no_withdrawal(world):
    told(world)
    come_again(world, "a0001", title="A drill ends", text="It is over now, all of it, for good.")
    assert run(world, now=NOW + HOUR) == []


def test_an_article_that_nobody_was_told_of_is_withdrawn_in_silence(world):
    told(world)
    world.arrive(article(3, "Drill, day two"), article(4, "Zebras", story="s2"))
    assert run(world, now=NOW + HOUR) == []
    come_again(world, "a0003", **NOTICE)
    come_again(world, "a0004", **NOTICE)
    assert run(world, now=NOW + 2 * HOUR) == []


def test_withdrawn_before_the_first_run_is_told_with_the_story_and_not_apart(world):
    world.arrive(article(1, "A drill begins"))
    come_again(world, "a0001", **NOTICE)
    sent = run(world, watch(deliver=ONE))
    assert len(sent) == 1
    assert "has withdrawn: A drill begins" in text(sent[0])[1]


def test_who_left_and_who_came_later_get_none(world):
    told(world)
    come_again(world, "a0001", **NOTICE)
    others = Delivery(mail=("two@example.org", "late@example.org"))
    sent = run(world, watch(deliver=others), now=NOW + HOUR)
    assert [each.to for each in sent] == ["two@example.org"]
    assert run(world, watch(deliver=others), now=NOW + 2 * HOUR) == []
    states = {
        each.to: each.state
        for each in world.store.outbox(get_args(DeliveryState))
        if withdrawals(world)[0].id in each.alerts
    }
    assert states == {"two@example.org": "sent", "late@example.org": "suppressed"}


def test_who_leaves_while_it_waits_gets_none(world):
    told(world)
    come_again(world, "a0001", **NOTICE)
    Alerting(world.store, (watch(deliver=TWO),), facts=facts).decide(NOW + HOUR)
    left = Delivery(mail=("two@example.org", "late@example.org"))
    assert [each.to for each in run(world, watch(deliver=left), now=NOW + HOUR)] == ["two@example.org"]


def test_a_follow_up_is_measured_as_if_nothing_had_been_withdrawn(world):
    one = watch(deliver=ONE, follow_up="growth")
    told(world, one)  # new with the first, growth with the second
    world.arrive(article(3, "Drill, day two"))
    come_again(world, "a0001", **NOTICE)
    assert "has withdrawn" in text(*run(world, one, now=NOW + HOUR))[1]
    world.arrive(article(4, "Drill, day three"))
    assert "grown: 4 independent sources, 2 when" in text(*run(world, one, now=NOW + 2 * HOUR))[1]


def test_after_a_merge_it_is_told_in_the_story_that_it_lies_in_now(world):
    world.arrive(article(1, "A drill begins"), article(2, "Drill at sea", story="s2"))
    run(world, watch(deliver=ONE))
    world.move(["a0002"], "s1", "merge", hour=5)
    come_again(world, "a0002", **NOTICE)
    assert len(run(world, watch(deliver=ONE), now=NOW + HOUR)) == 1
    assert [each.story for each in withdrawals(world)] == ["s1"]
    world.move(["a0002"], "s9", "split", hour=6)
    assert run(world, watch(deliver=ONE), now=NOW + 2 * HOUR) == []


def test_a_digest_takes_it_along_and_says_it(world):
    one = watch(deliver=replace(ONE, digest=Digest((20,))))
    evening = START.replace(hour=20)
    told(world, one)
    assert len(run(world, one, now=evening)) == 1
    come_again(world, "a0001", **NOTICE)
    world.arrive(article(3, "Another drill", story="s2"))
    assert run(world, one, now=evening + HOUR) == []
    sent = run(world, one, now=evening + timedelta(days=1))
    assert len(sent) == 1
    subject, body = text(sent[0])
    assert subject.startswith("2 stories")
    assert "The Lunna Post has withdrawn: A drill begins" in body


def test_a_replay_is_silent_and_nothing_is_made_up_for_later(world):
    told(world)
    come_again(world, "a0001", **NOTICE)
    decided = Alerting(world.store, (watch(deliver=TWO),), facts=facts).decide(NOW + HOUR, silent=True)
    assert [each.kind for each in decided.alerts] == ["withdrawn"]
    assert run(world, now=NOW + 2 * HOUR) == []


@pytest.mark.parametrize("stretch", [1, 2, 1000])
def test_the_same_alerts_whatever_the_batch_size(world, stretch):
    world.arrive(article(1, "A drill begins"), article(2, "Drill goes on"))
    come_again(world, "a0001", **NOTICE)
    come_again(
        world, "a0001", title="A drill begins", text="We stand by it after all, and say why at length."
    )
    come_again(world, "a0002", **NOTICE)
    alerting = Alerting(world.store, (watch(),), facts=facts, stretch=stretch)
    decided = alerting.decide(NOW).alerts
    assert [(each.kind, each.articles, dict(each.evidence).get("title")) for each in decided] == [
        ("new", ("a0001",), None),
        ("withdrawn", ("a0001",), "A drill begins"),
        ("withdrawn", ("a0002",), "Drill goes on"),
    ]


def test_webhook_and_chat_say_it_too(world):
    one = watch(deliver=Delivery(webhook="https://example.org/hook", chat=("desk",)))
    told(world, one)
    come_again(world, "a0001", **NOTICE)
    sent = {each.channel: json.loads(each.payload) for each in run(world, one, now=NOW + HOUR)}
    (alert,) = sent["webhook"]["stories"][0]["alerts"]
    assert alert["kind"] == "withdrawn"
    assert alert["withdrawn"]["title"] == "A drill begins"
    assert alert["withdrawn"]["link"] == "https://example.org/1"
    assert "The Lunna Post has withdrawn: A drill begins\nhttps://example.org/1" in sent["chat"]["text"]


def test_who_was_shown_an_article_in_the_mail_counts_as_told_of_it(world):
    told(world)  # the second article made nothing fire, but stands in the mail
    come_again(world, "a0002", **NOTICE)
    assert "has withdrawn: Drill goes on" in text(run(world, now=NOW + HOUR)[0])[1]
