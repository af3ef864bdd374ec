"""A writer that was killed holds nobody up: the next run on the machine takes its lease and goes on."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from dags.local.environment import ROOT
from pipeline.app import App
from pipeline.app.ingest import Ingest
from pipeline.app.replay import fingerprint
from pipeline.app.wiring import now, patiently
from pipeline.errors import LeaseHeldError
from pipeline.ports import Commit, Lease
from pipeline.retry import LEASE
from pipeline.stages.grouping.state import Clustering
from pipeline.store.rules.leases import held

WIREWATCH = Path(sys.executable).parent / "wirewatch"


@pytest.fixture
def alert(tmp_path) -> Iterator[Callable[..., Any]]:
    """Starts `wirewatch alert` on the home that `make_wiring` makes, in a process of its own."""
    started = []

    def start(**environment):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("WIREWATCH_")}
        options = ["--home", tmp_path / "home", "--config", ROOT / "seeds" / "config", "--json"]
        process = subprocess.Popen(
            [WIREWATCH, *map(str, options), "alert"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=clean | environment,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_alert_after_a_kill_goes_on_at_once(make_wiring, alert):
    wiring = make_wiring()
    Ingest(wiring).read_in([str(ROOT / "seeds" / "articles")], may_alert=True)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        stuck = alert(WIREWATCH_SMTP=f"smtp://127.0.0.1:{silent.getsockname()[1]}")
        silent.settimeout(60)
        connection, _ = silent.accept()  # it waits for a greeting now, and holds the lease
        with connection:
            with pytest.raises(LeaseHeldError, match=f":{stuck.pid}:"):
                wiring.store.acquire("alerts", "somebody", now(), 1)
            stuck.send_signal(signal.SIGKILL)
            stuck.wait()
    begun = time.monotonic()
    out, err = alert().communicate(timeout=150)
    assert time.monotonic() - begun < 75
    report = json.loads(out)
    assert (report["delivered"], report["failed"]) == (1, 0)
    assert "waiting" not in err
    (mail,) = (wiring.home / "spool").glob("*.eml")
    assert message_from_bytes(mail.read_bytes(), policy=policy.default)["To"] == "desk@newsroom.example"
    assert wiring.store.acquire("alerts", "somebody", now(), 1).owner == "somebody"


def test_a_writer_that_lives_is_not_robbed(make_wiring, monkeypatch):
    monkeypatch.setattr("pipeline.app.wiring.LEASE", replace(LEASE, give_up_seconds=0.5))
    wiring, other = make_wiring(), make_wiring()
    with wiring.lease("alerts") as renew:
        with pytest.raises(LeaseHeldError), other.lease("alerts"):
            pass
        assert renew().owner == wiring.owner


@pytest.mark.parametrize(
    ("off", "term", "step"),
    [
        (timedelta(), 4, 5.5),
        (timedelta(minutes=10), 12, 4),  # where each lease looks as if it had ended, soon is after a fifth
        (timedelta(minutes=-10), 4, 5.5),
    ],
)
def test_a_lease_is_kept_through_a_long_step_and_free_soon_after_its_holder_is_lost(
    make_wiring, monkeypatch, off, term, step
):
    """For one whose clock is ten minutes ahead or behind, too."""
    monkeypatch.setattr("pipeline.app.wiring.LEASE_SECONDS", term)
    wiring, other = make_wiring(), make_wiring()
    wiring.clock = now
    other.clock = lambda: now() + off
    taken = threading.Event()

    def wait_for_it():
        with closing(other.beside()) as beside, beside.lease("stories"):
            taken.set()

    waiting = threading.Thread(target=wait_for_it)
    with wiring.lease("stories") as renew:
        first = renew()
        waiting.start()
        assert not taken.wait(step)  # a step that renews nothing
        wiring.store.commit(Commit(marks={"a": "b"}), first)  # and is not fenced
    waiting.join()
    # Lost without a word, in a place whose processes nobody else can count.
    wiring.store.acquire("stories", "host:1:gone:elsewhere", now(), term)
    begun = time.monotonic()
    with other.lease("stories"):
        assert term / 6 < time.monotonic() - begun < 60


def test_patience_does_not_end_while_the_writer_renews():
    start, begun = now(), time.monotonic()

    def take():
        waited = time.monotonic() - begun
        if waited < 1.5:  # renewed every half second, for five seconds each
            raise held("stories", "other:1:a", start + timedelta(seconds=5 + 0.5 * (waited // 0.5)), start)
        return Lease("stories", "me", 2, start)

    def three_times(one):
        for _ in range(2):
            with suppress(LeaseHeldError):
                return one()
            time.sleep(0.4)
        return one()

    assert patiently(take, three_times).owner == "me"


def test_batches_of_one_run_keep_one_state(make_wiring, monkeypatch):
    rebuilds = []
    rebuild = Clustering._rebuild

    def counted(self):
        rebuilds.append(self)
        return rebuild(self)

    monkeypatch.setattr(Clustering, "_rebuild", counted)
    feeds = sorted((ROOT / "seeds" / "feeds" / "first").glob("*.xml"))
    wiring = make_wiring()
    app = App(wiring)
    for file in feeds:
        app.ingest.load([str(file)])
    alone = len(set(map(id, rebuilds)))
    assert alone == 1
    with wiring.lease("stories"):
        pass  # somebody may have written
    app.ingest.load([str(ROOT / "seeds" / "articles")])
    assert len(set(map(id, rebuilds))) == 2
    fresh = make_wiring("other")
    for file in [*feeds, ROOT / "seeds" / "articles"]:
        App(fresh).ingest.load([str(file)])
    assert fingerprint(fresh.store) == fingerprint(wiring.store)
