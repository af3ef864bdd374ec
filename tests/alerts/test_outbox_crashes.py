"""The outbox, killed anywhere: nothing is lost and nothing is told twice."""

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
from alert_records import World, article, facts, watch
from mail_servers import Postbox, smtp_server
from test_outbox import HOUR, NOW, RENDERER, TWO, Sink, states, world

from pipeline.stages.alerting.alert import Alerting
from pipeline.store import open_store

__all__ = ["world"]


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
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._orders, self._answers = self._server.stdin, self._server.stdout
        self.order = {"store": f"sqlite:///{tmp_path}/w.db", "home": str(tmp_path)}
        self.order["smtp"] = f"smtp://127.0.0.1:{port}" if port else ""

    def run(self, now, kill_after=None, number=1):
        """Runs children, kills the first after some seconds; returns exit codes and seconds."""
        orders = [self.order | {"now": now.isoformat()}] * number
        started = time.monotonic()
        self._orders.write(json.dumps(orders) + "\n")
        self._orders.flush()
        pids = json.loads(self._answers.readline())
        if kill_after is not None:
            time.sleep(kill_after)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pids[0], signal.SIGKILL)
        return json.loads(self._answers.readline()), time.monotonic() - started

    def close(self):
        self._orders.close()
        self._server.wait(30)
        self._answers.close()


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


@pytest.mark.parametrize("trials", [10, pytest.param(200, marks=pytest.mark.slow)])
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
