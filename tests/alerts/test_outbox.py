"""The outbox: decided, rendered, sent; killed anywhere, nothing is lost and nothing is told twice."""

import contextlib
import email
import email.policy
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from alert_records import START, World, article, facts, watch
from mail_servers import Hook, Postbox, http_server, smtp_server

from pipeline.alerts.render import Renderer
from pipeline.errors import LeaseHeldError, PermanentError, TransientError, UnavailableError
from pipeline.notify import open_notifier
from pipeline.records import Delivery, Digest
from pipeline.settings import MailSettings
from pipeline.stages.alerting import Alerting
from pipeline.store import open_store

NOW = START + timedelta(hours=4)
HOUR = timedelta(hours=1)
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


@pytest.fixture
def world(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/w.db")
    yield World(store)
    store.close()


def run(world, sink, *watches, now=NOW, **more):
    return Alerting(world.store, watches or (watch(deliver=TWO),), facts=facts).run(
        now, sink, RENDERER, **more
    )


def states(world):
    return Counter(message.state for message in world.store.outbox(unfinished=False))


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
    assert world.store.outbox(unfinished=False) == []


def test_one_bad_address_stops_nobody_and_is_not_tried_again(world):
    sink = Sink(one=PermanentError("550 no such user"))
    world.arrive(article(1, "Drill"), article(2, "Drill", story="s2"))
    report = run(world, sink)
    assert (report.delivered, report.failed) == (2, 2)
    assert report.errors[0] == "drills, one@example.org: 550 no such user"
    assert run(world, sink, now=NOW + 9 * HOUR).failed == 0
    failed = [m for m in world.store.outbox(unfinished=False) if m.state == "failed"]
    assert [(m.error, m.attempts) for m in failed] == [("550 no such user", 1)] * 2


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
    for day in range(5):
        report = run(world, sink, now=NOW + day * timedelta(days=1), max_attempts=3)
    assert report.failed == 0
    failed = [m for m in world.store.outbox(unfinished=False) if m.state == "failed"]
    assert [m.error for m in failed] == ["given up after 3 tries: 450 never"]


def test_a_server_that_is_away_is_not_asked_for_every_mail(world):
    gone = {f"n{number}": UnavailableError("away") for number in range(9)}
    sink = Sink(**gone)
    world.arrive(article(1, "Drill"))
    deliver = Delivery(mail=tuple(f"{name}@example.org" for name in gone))
    assert run(world, sink, watch(deliver=deliver)).failed == 2
    assert len(sink.tried) == 2
    sink.answers.clear()
    assert run(world, sink, watch(deliver=deliver), now=NOW + HOUR).delivered == 9


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
    text = mail.get_body(("plain",)).get_content()
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
    mails = {}
    for message in sink.sent:
        mails.setdefault(message.to, []).append(
            email.message_from_bytes(message.payload, policy=email.policy.default)
        )
    for found in mails.values():
        first, second = found
        assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
        text = second.get_body(("plain",)).get_content()
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
            MailSettings(webhook_secret="x", webhook_private_hosts=("127.0.0.1",)), Path()
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
        outlets = open_notifier(settings, tmp_path)
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


class DiedError(BaseException):
    """Stands for kill -9."""


class Mortal:
    """A store or notifier that dies before or after its n-th step, counted over both."""

    def __init__(self, inner, clock):
        self._inner = inner
        self._clock = clock

    def _step(self, what, *args):
        self._tick()
        what(*args)
        self._tick()

    def _tick(self):
        self._clock[0] -= 1
        if self._clock[0] == 0:
            raise DiedError

    def commit(self, *args):
        self._step(self._inner.commit, *args)

    def send(self, *args):
        self._step(self._inner.send, *args)

    def release(self, lease):
        """The dead release nothing."""
        if self._clock[0] > 0:
            self._inner.release(lease)

    def __getattr__(self, name):
        return getattr(self._inner, name)


def test_dying_between_every_two_steps(tmp_path):
    step, alive = 0, False
    while not alive:
        step += 1
        store = open_store(f"sqlite:///{tmp_path}/{step}.db")
        world, sink = World(store), Sink()
        world.arrive(
            article(1, "Drill", text="1"), article(2, "x", text="2"), article(3, "Drill", story="s2")
        )
        watches = (watch(deliver=TWO, follow_up="growth"),)
        clock = [step]
        alerting = Alerting(Mortal(store, clock), watches, facts=facts, stretch=1)
        alive = True
        try:
            alerting.run(NOW, Mortal(sink, clock), RENDERER)
        except DiedError:
            alive = False
        Alerting(store, watches, facts=facts).run(NOW + HOUR, sink, RENDERER)
        told = Counter(message.message_id for message in sink.sent)
        # s1 (with its follow-up folded in) and s2, to two readers.
        assert len(told) == 4, step
        twice = [ident for ident, times in told.items() if times > 1]
        # Only where the far side took it and the commit was missing, and then with the same Message-ID.
        assert len(twice) <= 1, step
        assert states(world) == {"sent": 4}
        store.close()
    assert step > 20


class Children:
    """Alert runs in processes of their own."""

    def __init__(self, tmp_path, port):
        here = Path(__file__).parent
        environment = os.environ | {"PYTHONPATH": f"{here}:{here.parents[1]}"}
        self._server = subprocess.Popen(
            [sys.executable, str(here / "outbox_child.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.order = {"store": f"sqlite:///{tmp_path}/w.db", "home": str(tmp_path)}
        self.order["smtp"] = f"smtp://127.0.0.1:{port}" if port else ""

    def run(self, now, kill_after=None, number=1):
        """Runs children, kills the first after some seconds; returns exit codes and seconds."""
        orders = [self.order | {"now": now.isoformat()}] * number
        started = time.monotonic()
        self._server.stdin.write(json.dumps(orders) + "\n")
        self._server.stdin.flush()
        pids = json.loads(self._server.stdout.readline())
        if kill_after is not None:
            time.sleep(kill_after)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pids[0], signal.SIGKILL)
        return json.loads(self._server.stdout.readline()), time.monotonic() - started

    def close(self):
        self._server.stdin.close()
        self._server.wait(30)
        self._server.stdout.close()


def survive(tmp_path, trials, port, box):
    """Kills a run in each trial at a random time; returns what was taken and how many were killed."""
    children = Children(tmp_path, port)
    world = World(open_store(children.order["store"]))
    rng, now, killed, usual = random.Random(20260302), NOW, 0, 0.0
    try:
        for trial in range(trials + 1):
            seqs = range(trial * 3 + 1, trial * 3 + 4)
            world.arrive(*(article(seq, "Drill", story=f"s{seq}", text=str(seq)) for seq in seqs))
            # A killed run's lease has to expire.
            now += timedelta(minutes=20)
            # The first two runs are left alone: they say how long one takes.
            codes, seconds = children.run(now, rng.uniform(0, usual) if trial > 1 else None)
            killed += codes[0] == -signal.SIGKILL
            if codes == [0]:
                usual = seconds * 0.9
        codes, _ = children.run(now + timedelta(minutes=20))
        assert codes == [0]
        assert states(world) == {"sent": 6 * (trials + 1)}
        return 6 * (trials + 1), killed
    finally:
        world.store.close()
        children.close()


@pytest.mark.parametrize("trials", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_kill_9_at_random_times(tmp_path, trials):
    box = Postbox()
    with smtp_server(box) as port:
        expected, killed = survive(tmp_path, trials, port, box)
    told = Counter(email.message_from_bytes(content)["Message-ID"] for _, content in box.taken)
    twice = sum(times - 1 for times in told.values())
    sys.stdout.write(f"{trials} trials, {killed} killed, {expected} mails, {twice} repeated\n")
    assert len(told) == expected
    assert killed >= trials * 0.4
    # Each kill can repeat at most the mail that was just being handed over.
    assert twice <= killed


def test_kill_9_with_the_spool_repeats_nothing(tmp_path):
    expected, killed = survive(tmp_path, 6, None, None)
    assert len(list((tmp_path / "spool").glob("*.eml"))) == expected
    assert killed


def test_two_processes_at_once(tmp_path):
    box = Postbox()
    with smtp_server(box) as port:
        children = Children(tmp_path, port)
        world = World(open_store(children.order["store"]))
        world.arrive(*(article(seq, "Drill", story=f"s{seq}") for seq in range(1, 9)))
        codes, _ = children.run(NOW, number=2)
        # One works, the other is told that it does; or it came when all was done.
        assert 0 in codes
        assert set(codes) <= {0, 3}
        assert len(box.taken) == 16
        assert states(world) == {"sent": 16}
        world.store.close()
        children.close()
