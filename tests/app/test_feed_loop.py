"""`wirewatch watch-feeds`: monitoring without a scheduler, as the installed command does it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from hub_newsroom import HubNewsroom, push

from pipeline.app import App
from pipeline.app.care.feed_loop import FeedLoop, Pushes
from pipeline.app.wiring import Wiring
from pipeline.errors import UnavailableError
from pipeline.programs.hub_callbacks import listening

WIREWATCH = Path(sys.executable).with_name("wirewatch")
DELIVER = {"mail": ["desk@example.org"], "when": "immediately"}
WATCHES = {"watches": [{"name": "bridge", "query": "bridge", "deliver": DELIVER}]}


@pytest.fixture
def newsroom() -> Iterator[HubNewsroom]:
    with HubNewsroom() as running:
        yield running


@pytest.fixture
def config(newsroom, configured) -> Path:
    folder = configured(
        {"id": "courier", "url": newsroom.topic, "outlet": "Courier", "interval_seconds": 3600},
        stories={"vectors": "none"},
        enrich={"processes": 1},
    )
    (folder / "watches.yaml").write_text(yaml.safe_dump(WATCHES))
    return folder


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextmanager
def running(config, home, *arguments):
    """The command, and what ends it as a service manager would."""
    command = [WIREWATCH, f"--home={home}", f"--config={config}", "--json", "watch-feeds", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def until(true, seconds=60):
    """Waits for something that another process does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_push_becomes_a_mail_without_a_poll_being_due(newsroom, config, tmp_path):
    home, port = tmp_path / "home", free_port()
    settings = yaml.safe_load((config / "settings.yaml").read_text())
    settings["fetch"] = {"websub_url": f"http://127.0.0.1:{port}/hubs"}
    (config / "settings.yaml").write_text(yaml.safe_dump(settings))
    newsroom.publish("Council meets", "The council met on Sunday morning.", datetime.now(UTC))
    with running(config, home, "--listen", str(port)) as process:
        assert newsroom.verified.wait(60)
        assert [json.loads(process.stdout.readline())["new"] for _ in range(1)] == [1]
        polls = newsroom.polls
        newsroom.publish("Harrow bridge closed", "A flood closed the bridge at Harrow.", datetime.now(UTC))
        assert newsroom.answers == [202]
        until(lambda: list((home / "spool").glob("*.eml")))
        told = json.loads(process.stdout.readline())
        assert (told["pushed"], told["new"], told["alerts"]) == (1, 1, 1)
        assert newsroom.polls == polls + 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143


def test_once_is_a_round_for_cron(newsroom, config, tmp_path):
    newsroom.publish("Harrow bridge closed", "A flood closed the bridge at Harrow.", datetime.now(UTC))
    with running(config, tmp_path / "home", "--once") as process:
        out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    told = json.loads(out)
    assert (told["feeds"], told["new"], told["alerts"], told["delivered"]) == (1, 1, 1, 1)


def test_listening_needs_an_address_that_hubs_know(config, tmp_path):
    with running(config, tmp_path / "home", "--listen", "0") as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "websub_url" in err


# -- within one process ------------------------------------------------------------------------------------


@pytest.fixture
def wired(make_wiring, config) -> Wiring:
    return make_wiring("home", config)


def test_a_round_that_fails_is_told_and_the_next_goes_on(wired, newsroom, monkeypatch):
    newsroom.publish("Council meets", "The council met.", datetime(2015, 2, 8, 9, tzinfo=UTC))
    loop = FeedLoop(wired, Pushes())
    commit = wired.store.commit

    def ill(*_):
        raise UnavailableError("the store is away")

    monkeypatch.setattr(wired.store, "commit", ill)
    first = loop.round()
    assert (first.new, first.errors[0]) == (0, "the store is away")
    monkeypatch.setattr(wired.store, "commit", commit)
    second = loop.round()
    assert (second.new, second.errors) == (1, [])


def test_daily_care_comes_once_a_day_at_half_past_three(wired):
    times = [datetime(2015, 2, 8, hour, tzinfo=UTC) for hour in (1, 3)] + [
        datetime(2015, 2, 8, 3, 40, tzinfo=UTC),
        datetime(2015, 2, 8, 23, tzinfo=UTC),
        datetime(2015, 2, 9, 4, tzinfo=UTC),
    ]
    moments = iter([datetime(2015, 2, 8, tzinfo=UTC), *times])
    now = next(moments)
    wired.clock = lambda: now
    loop = FeedLoop(wired, Pushes())
    cared = []
    for moment in moments:
        now = moment
        cared.append(loop.round().cared)
    assert cared == [False, False, True, False, True]


def test_the_loop_ends_when_the_configuration_changes(wired):
    answers = iter([False, True])
    rounds = list(FeedLoop(wired, Pushes()).rounds(lambda: next(answers)))
    assert len(rounds) == 1


def test_a_hub_that_refuses_is_told_once_and_the_feed_is_polled(wired, newsroom):
    newsroom.refusing = True
    settings = wired.settings.fetch.model_copy(update={"websub_url": "http://127.0.0.1:9/hubs"})
    object.__setattr__(wired.settings, "fetch", settings)
    newsroom.publish("Council meets", "The council met.", datetime(2015, 2, 8, 9, tzinfo=UTC))
    loop = FeedLoop(wired, Pushes(b"k" * 32))
    first, second = loop.round(), loop.round()
    assert first.new == 1
    assert first.errors == ["feed courier: its hub cannot be subscribed to, it is polled: it answered 403"]
    assert second.errors == []


def test_a_subscription_is_renewed_each_day(wired, newsroom):
    settings = wired.settings.fetch.model_copy(update={"websub_url": "http://127.0.0.1:9/hubs"})
    object.__setattr__(wired.settings, "fetch", settings)
    newsroom.verify = lambda asked: newsroom.refused.append(asked["hub.callback"])
    newsroom.publish("Council meets", "The council met.", datetime(2015, 2, 8, 9, tzinfo=UTC))
    start = now = datetime(2015, 2, 8, 9, tzinfo=UTC)
    wired.clock = lambda: now
    loop = FeedLoop(wired, Pushes(b"k" * 32))
    for hours in (0, 1, 23, 25, 26, 50):
        now = start + timedelta(hours=hours)
        loop.round()
    until(lambda: len(newsroom.refused) == 3)
    assert len(set(newsroom.refused)) == 1


@pytest.fixture
def callbacks(newsroom) -> Iterator[tuple[Pushes, Any, Any]]:
    """A listener with one subscription, and the form that was sent to the hub."""
    pushes = Pushes(b"k" * 32)
    with listening("0", pushes) as address:
        from pipeline.sources.feeds.websub import HubLinks, Subscription

        made = Subscription("courier", HubLinks(f"{newsroom.url}/hub", newsroom.topic), pushes.key)
        pushes.expect(made)
        yield pushes, made, made.form(address + "any/prefix")


def test_who_does_not_know_the_address_or_the_secret_moves_nothing(callbacks, newsroom):
    pushes, made, form = callbacks
    base = form["hub.callback"].removesuffix(made.path)
    assert newsroom.verify(form) == 200
    assert newsroom.verify(form | {"hub.topic": "https://other.example/"}) == 404
    assert newsroom.verify(form, "unsubscribe") == 404
    assert newsroom.verify(form | {"hub.callback": base + "courier/" + "0" * 32}) == 404
    assert newsroom.verify(form | {"hub.callback": base + "herald/" + made.path.split("/")[1]}) == 404
    assert push(form["hub.callback"], b"<rss/>", "sha256=" + "0" * 64) == 202
    assert push(base + "courier/" + "0" * 32, b"<rss/>", "") == 410
    assert pushes.take() == set()
    newsroom.publish("x", "y", datetime.now(UTC))
    assert newsroom.answers == [202]
    assert pushes.take() == {"courier"}
    assert pushes.take() == set()


def test_a_hub_may_deny_and_its_reason_is_one_line(callbacks):
    pushes, made, form = callbacks
    query = {"hub.mode": "denied", "hub.topic": made.links.topic, "hub.reason": "no\n\x1b[31mmore " * 100}
    assert httpx.get(form["hub.callback"], params=query).status_code == 200
    assert pushes.take_refused().keys() == {"courier"}


def test_what_is_pushed_is_bounded(callbacks):
    pushes, _, form = callbacks

    def endless():
        for _ in range(20):
            yield b"x" * 2**20

    answer = httpx.post(form["hub.callback"], content=endless())
    assert answer.status_code == 413
    assert pushes.take() == set()


def test_a_round_asks_what_was_pushed_and_enabled(wired, newsroom):
    pushes = Pushes()
    loop = FeedLoop(wired, pushes)
    assert loop.round().feeds == 1
    pushes.push("courier")
    pushes.push("nobody")
    done = loop.round()
    assert (done.feeds, done.pushed) == (1, 1)
    assert len(App(wired).care.feeds()) == 1
