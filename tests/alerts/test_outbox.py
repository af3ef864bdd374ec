"""The outbox: decided, rendered, sent, each message once."""

from __future__ import annotations

import email
import email.policy
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import get_args

import pytest
from alert_records import START, World, article, facts, watch
from mail_servers import Hook, Postbox, http_server, smtp_server

from pipeline.alerts.send.render import Renderer
from pipeline.errors import LeaseHeldError, PermanentError, TransientError, UnavailableError
from pipeline.notify.channels import open_notifier
from pipeline.ports import Commit
from pipeline.records import Delivery, DeliveryState, Digest
from pipeline.retry import DELIVERY
from pipeline.settings import MailSettings
from pipeline.stages.alerting.alert import Alerting
from pipeline.stages.alerting.deliver import DROPPED, LEFT, ServerTrouble
from pipeline.store import open_store

NOW = START + timedelta(hours=4)
HOUR = timedelta(hours=1)
THREE_DAYS = replace(DELIVERY, give_up_seconds=3 * 86400.0)
TWO = Delivery(mail=("one@example.org", "two@example.org"))
RENDERER = Renderer(MailSettings())


class Sink:
    """Takes every message, unless `answers` has an error for its destination."""

    def __init__(self, **answers):
        self.sent = []
        self.tried = []
        self.answers = answers

    def send(self, message):
        self.tried.append(message.to)
        error = self.answers.get(message.to.partition("@")[0])
        if error:
            raise error
        self.sent.append(message)

    def close(self):
        pass


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    store = open_store(f"sqlite:///{tmp_path}/w.db")
    yield World(store)
    store.close()


def run(world, sink, *watches, now=NOW, **more):
    return Alerting(world.store, watches or (watch(deliver=TWO),), facts=facts).run(
        now, sink, RENDERER, **more
    )


def states(world):
    return Counter(message.state for message in world.store.outbox(get_args(DeliveryState)))


def test_each_message_is_sent_once(world):
    sink = Sink()
    world.arrive(article(1, "Drill"), article(2, "Drill", story="s2"))
    report = run(world, sink)
    assert (report.delivered, report.failed, report.suppressed) == (4, 0, 0)
    assert run(world, sink).delivered == 0
    assert len({message.message_id for message in sink.sent}) == 4
    assert states(world) == {"sent": 4}


def test_a_dry_run_changes_nothing(world):
    sink = Sink()
    world.arrive(article(1, "Drill"))
    assert [alert.story for alert in run(world, sink, dry_run=True).alerts] == ["s1"]
    assert world.store.alerts() == []
    assert world.store.mark("alerts") == ""
    assert not sink.sent
    assert run(world, sink).delivered == 2


def test_a_silent_decision_leaves_no_message(world):
    world.arrive(article(1, "Drill"))
    Alerting(world.store, [watch()], facts=facts).decide(NOW, silent=True)
    assert len(world.store.alerts()) == 1
    assert world.store.outbox(get_args(DeliveryState)) == []


def test_one_bad_address_stops_nobody_and_is_not_tried_again(world):
    sink = Sink(one=PermanentError("550 no such user"))
    world.arrive(article(1, "Drill"), article(2, "Drill", story="s2"))
    report = run(world, sink)
    assert (report.delivered, report.failed) == (2, 2)
    assert report.errors[0] == "drills, one@example.org: 550 no such user"
    assert run(world, sink, now=NOW + 9 * HOUR).failed == 0
    failed = [m for m in world.store.outbox(get_args(DeliveryState)) if m.state == "failed"]
    assert [(m.error, m.attempts) for m in failed] == [("550 no such user", 1)] * 2


def test_an_edit_tells_nobody_twice_when_the_other_address_is_tried_again(world):
    world.arrive(article(1, "A flash"), article(2, "Of something else", story="s2"))
    sink = Sink(two=TransientError("450 later"))
    assert run(world, sink).alerts == ()
    world.edit("a0001", title="A drill")
    assert run(world, sink).delivered == 1
    later = Sink()
    run(world, later, now=NOW + HOUR)
    assert [message.to for message in later.sent] == ["two@example.org"]
    assert world.store.alerts()[0].seq == 1, "its own newest article's, not the store's"


def test_what_was_dropped_for_one_address_stays_dropped_while_another_is_tried_again(world):
    world.arrive(article(1, "Drill"))
    digest = watch(deliver=replace(TWO, digest=Digest((17,))))
    run(world, Sink(), digest)
    mine = next(m for m in world.store.outbox() if m.to == "one@example.org")
    world.store.commit(Commit(messages=(replace(mine, state="suppressed", error=DROPPED),)))
    evening = Sink(two=TransientError("450 later"))
    run(world, evening, digest, now=START.replace(hour=18))
    assert evening.tried == ["two@example.org"]
    run(world, evening, digest, now=START.replace(hour=20))
    assert evening.tried == ["two@example.org"] * 2


def test_a_destination_that_fails_backs_off_with_all_that_is_for_it(world):
    sink = Sink(one=TransientError("450 later"))
    world.arrive(article(1, "Drill"), article(2, "Drill", story="s2"))
    assert run(world, sink).delivered == 2
    assert Counter(sink.tried) == {"one@example.org": 1, "two@example.org": 2}
    world.arrive(article(3, "Drill", story="s3"))
    assert run(world, sink, now=NOW + timedelta(seconds=20)).delivered == 1
    assert Counter(sink.tried)["one@example.org"] == 1
    sink.answers.clear()
    assert run(world, sink, now=NOW + timedelta(seconds=90)).delivered == 3
    assert states(world) == {"sent": 6}


def test_a_wait_that_was_asked_for_is_honoured(world):
    sink = Sink(one=TransientError("503", 7200))
    world.arrive(article(1, "Drill"))
    run(world, sink)
    sink.answers.clear()
    assert run(world, sink, now=NOW + HOUR).delivered == 0
    assert run(world, sink, now=NOW + 2 * HOUR).delivered == 1


def test_it_gives_up_in_the_end_and_says_so(world):
    sink = Sink(one=TransientError("450 never"))
    world.arrive(article(1, "Drill"))
    for quarter in range(4 * 7):
        report = run(world, sink, now=NOW + quarter * 6 * HOUR, policy=THREE_DAYS)
    assert report.failed == 0
    (failed,) = world.store.outbox(["failed"])
    assert failed.error.startswith("given up after 3.")
    assert failed.error.endswith("tries): 450 never")
    assert NOW + timedelta(days=3) <= failed.due + 12 * HOUR


def test_a_server_that_is_away_is_not_asked_for_every_mail(world):
    gone = {f"n{number}": UnavailableError("away") for number in range(9)}
    sink = Sink(**gone)
    world.arrive(article(1, "Drill"))
    deliver = Delivery(mail=tuple(f"{name}@example.org" for name in gone))
    assert run(world, sink, watch(deliver=deliver)).failed == 1
    assert len(sink.tried) == 1
    assert run(world, sink, watch(deliver=deliver), now=NOW + timedelta(seconds=20)).errors == ()
    assert len(sink.tried) == 1
    sink.answers.clear()
    assert run(world, sink, watch(deliver=deliver), now=NOW + HOUR).delivered == 9


def test_a_server_that_is_away_for_two_weeks_burns_no_mail(world):
    sink = Sink(one=UnavailableError("away"), two=UnavailableError("away"))
    world.arrive(article(1, "Drill"))
    now = NOW
    for _ in range(14 * 24):
        run(world, sink, now=now, policy=THREE_DAYS)
        now += HOUR
    waiting = world.store.outbox()
    assert [m.attempts for m in waiting] == [0, 0]
    trouble = ServerTrouble.of(world.store)
    assert trouble is not None
    assert trouble.since == NOW
    sink.answers.clear()
    assert run(world, sink, now=now).delivered == 2
    assert ServerTrouble.of(world.store) is None


def test_a_refusal_shows_that_the_server_is_back(world):
    sink = Sink(one=UnavailableError("away"), two=UnavailableError("away"))
    world.arrive(article(1, "Drill"))
    run(world, sink)
    sink.answers = {"one": PermanentError("550"), "two": TransientError("450")}
    run(world, sink, now=NOW + HOUR)
    assert ServerTrouble.of(world.store) is None
    assert states(world) == {"failed": 1, "rendered": 1}


def test_a_webhook_that_is_not_found_holds_no_mail_up(world):
    sink = Sink(**{"https://hook.example.org/": UnavailableError("no such host")})
    world.arrive(article(1, "Drill"))
    one = watch(deliver=Delivery(mail=("one@example.org",), webhook="https://hook.example.org/"))
    report = run(world, sink, one)
    assert (report.delivered, report.failed) == (1, 1)
    assert ServerTrouble.of(world.store) is None
    (waits,) = world.store.outbox()
    assert (waits.channel, waits.attempts) == ("webhook", 1)


@pytest.mark.parametrize("state", ["decided", "rendered"])
def test_who_left_a_watch_gets_nothing_of_it_and_who_came_gets_it(world, state):
    later = TransientError("450")
    sink = Sink(**({} if state == "decided" else {"one": later, "two": later}))
    digest = Digest((23,)) if state == "decided" else None
    world.arrive(article(1, "Drill"), article(2, "Drill", story="s2"))
    run(world, sink, watch(deliver=Delivery(mail=TWO.mail, digest=digest)))
    assert states(world) == {state: 2 if digest else 4}
    sink.answers.clear()
    changed = watch(deliver=Delivery(mail=("two@example.org", "three@example.org"), digest=digest))
    report = run(world, sink, changed, now=NOW + 24 * HOUR)
    told = Counter(m.to for m in sink.sent)
    assert set(told) == {"two@example.org", "three@example.org"}
    assert LEFT in report.errors[0]
    for to in told:
        texts = b"".join(m.payload for m in sink.sent if m.to == to)
        assert texts.count(b"https://example.org/1") == texts.count(b"https://example.org/2") > 0
    # Nobody gets it again, not even who comes back.
    run(world, sink, watch(deliver=Delivery(mail=TWO.mail, digest=digest)), now=NOW + 48 * HOUR)
    assert Counter(m.to for m in sink.sent) == told


def test_who_was_told_at_once_is_not_told_again_with_the_digest_of_others(world):
    sink = Sink()
    limited = watch(deliver=Delivery(mail=("one@example.org",), at_most_per_day=1))
    world.arrive(article(1, "Drill"))
    run(world, sink, limited)
    both = watch(deliver=Delivery(mail=TWO.mail, at_most_per_day=1))
    world.arrive(article(2, "Drill", story="s2"))
    run(world, sink, both)
    run(world, sink, both, now=NOW + 24 * HOUR)
    assert Counter(m.to for m in sink.sent) == {"one@example.org": 2, "two@example.org": 1}


def test_one_destination_is_written_to_once_however_it_is_spelled(world):
    sink = Sink()
    spelled = ("One@Example.org", "one@example.ORG", "two@bücher.example", "two@xn--bcher-kva.example")
    world.arrive(article(1, "Drill"))
    deliver = Delivery(mail=spelled, at_most_per_day=1)
    assert run(world, sink, watch(deliver=deliver)).delivered == 2
    # Spelled anew while it waits for the next day, it is the same one.
    world.arrive(article(2, "Drill", story="s2"))
    assert run(world, sink, watch(deliver=deliver)).suppressed == 1
    anew = Delivery(mail=("ONE@example.org", "two@BÜCHER.example"), at_most_per_day=1)
    assert run(world, sink, watch(deliver=anew), now=NOW + 24 * HOUR).delivered == 2


def test_a_watch_that_was_switched_off_meanwhile_sends_nothing(world):
    sink = Sink()
    world.arrive(article(1, "Drill"))
    digest = Delivery(mail=("one@example.org",), digest=Digest((23,)))
    assert run(world, sink, watch(deliver=digest)).suppressed == 1
    report = run(world, sink, watch(deliver=digest, enabled=False), now=NOW + 24 * HOUR)
    assert (report.delivered, report.suppressed) == (0, 1)
    assert states(world) == {"suppressed": 1}


def test_a_digest_decided_by_a_clock_far_ahead_is_not_stuck(world):
    sink = Sink()
    digest = watch(deliver=Delivery(mail=("one@example.org",), digest=Digest((23,))))
    world.arrive(article(1, "Drill"))
    run(world, sink, digest, now=NOW + timedelta(days=20_000))
    assert run(world, sink, digest, now=NOW).delivered == 1


def test_a_mail_server_whose_next_try_a_clock_far_ahead_planned_is_asked(world):
    world.arrive(article(1, "Drill"))
    trouble = ServerTrouble(NOW, 3, NOW + timedelta(days=400), "away")
    world.store.commit(Commit(marks=trouble.mark()))
    assert run(world, Sink()).delivered == 2
    assert ServerTrouble.of(world.store) is None


def test_a_digest_waits_and_tells_the_stories_as_they_are_then(world):
    sink = Sink()
    digest = watch(deliver=Delivery(mail=("one@example.org",), digest=Digest((13, 23))))
    world.arrive(
        article(1, "Drill one"), article(2, "Drill two", story="s2"), article(3, "Drill three", story="s3")
    )
    assert run(world, sink, digest).suppressed == 3
    world.move(["a0003"], "s2", "merged")
    assert run(world, sink, digest, now=NOW + HOUR).delivered == 1
    mail = email.message_from_bytes(sink.sent[0].payload, policy=email.policy.default)
    assert mail["Subject"] == "2 stories for ‘drills’"
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "Drill one" in text
    assert "Drill three" in text


def test_follow_ups_answer_the_first_mail_of_each_reader(world):
    sink = Sink(two=TransientError("450"))
    one = watch(deliver=TWO, follow_up="growth")
    world.arrive(article(1, "Drill", text="1"))
    run(world, sink, one)
    world.arrive(article(2, text="2"), article(3, text="3"), article(4, "Drill", text="4"))
    sink.answers.clear()
    run(world, sink, one, now=NOW + HOUR)
    mails: dict[str, list[EmailMessage]] = {}
    for message in sink.sent:
        mails.setdefault(message.to, []).append(
            email.message_from_bytes(message.payload, policy=email.policy.default)
        )
    for found in mails.values():
        first, second = found
        assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
        body = second.get_body(("plain",))
        assert body is not None
        text = body.get_content()
        assert "4 independent sources, 1 when we last wrote" in text.replace("\n", " ")
        assert text.index("New since the last mail") < text.index("Report 2") < text.index("Who reports")
    # Two doublings within one run are one mail.
    assert len(sink.sent) == 4


def test_a_follow_up_after_a_merge_stays_in_the_thread(world):
    sink, one = Sink(), watch(follow_up="growth")
    world.arrive(article(1, "Drill", text="1", story="s2"))
    run(world, sink, one)
    world.arrive(article(2, "Other", text="2"))
    run(world, sink, one)
    world.move(["a0001"], "s1", "merged")
    world.arrive(*(article(seq, "Drill", text=str(seq)) for seq in range(3, 6)))
    run(world, sink, one)
    first, second = (
        email.message_from_bytes(each.payload, policy=email.policy.default) for each in sink.sent
    )
    assert second["In-Reply-To"] == first["Message-ID"]


def test_webhooks_carry_what_mails_say(world):
    hook = Hook((500, {}), (200, {}))
    with http_server(hook) as url:
        one = watch(deliver=Delivery(webhook=url))
        outlets = open_notifier(
            MailSettings(webhook_secret="x", webhook_private_hosts=("127.0.0.1",)), Path(), lambda: NOW
        )
        world.arrive(article(1, "A <b>drill</b>", outlet="Übung\r\nX: y"))
        assert run(world, outlets, one).failed == 1
        assert run(world, outlets, one, now=NOW + HOUR).delivered == 1
        outlets.close()
    assert hook.got[0][1] == hook.got[1][1]
    body = json.loads(hook.got[1][1])
    assert body["stories"][0]["alerts"][0]["kind"] == "new"
    assert body["stories"][0]["articles"][0]["hits"] == ["drill"]


def test_cut_after_data_sends_again_with_the_same_message_id(world, tmp_path):
    box = Postbox(data=["take-cut", ""])
    with smtp_server(box) as port:
        settings = MailSettings(smtp=f"smtp://127.0.0.1:{port}", timeout_seconds=2)
        outlets = open_notifier(settings, tmp_path, lambda: NOW)
        world.arrive(article(1, "Drill"))
        one = watch(deliver=Delivery(mail=("one@example.org",)))
        assert run(world, outlets, one).failed == 1
        assert run(world, outlets, one, now=NOW + HOUR).delivered == 1
        outlets.close()
    assert len({email.message_from_bytes(content)["Message-ID"] for _, content in box.taken}) == 1
    assert len(box.taken) == 2


def test_two_runs_at_once_do_not_both_send(world):
    world.arrive(article(1, "Drill"))

    class Meddling(Sink):
        def send(self, message):
            with pytest.raises(LeaseHeldError):
                run(world, Sink())
            super().send(message)

    sink = Meddling()
    assert run(world, sink).delivered == 2


# -- dying between every two steps -----------------------------------------------------------------
