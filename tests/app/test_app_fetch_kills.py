"""`fetch` killed with -9 anywhere between response and commit, and run again: nothing lost, nothing twice."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from killing import again_after_kills

from pipeline.app import App, ingest
from pipeline.app.replay import fingerprint
from pipeline.stages.grouping import group

WIREWATCH = Path(sys.executable).parent / "wirewatch"
EVENTS = [
    (
        "Ferry runs aground off Tamsa",
        "The ferry Aurora ran aground on the reef off Tamsa with 90 people aboard. ",
    ),
    (
        "Harrow bridge closed by flood",
        "The river Harr rose two metres on Sunday and closed the only bridge. ",
    ),
    (
        "Norland votes on fishing bill",
        "The parliament of Norland passed the bill on herring quotas on Sunday. ",
    ),
]
PAGE = "<html><head><title>{0}</title></head><body><article><h1>{0}</h1>{1}</article></body></html>"


@pytest.fixture
def feeds(server, item, feed_body) -> list[dict[str, Any]]:
    """Five feeds on three hosts, one of teasers, one an error page; all know their ETag."""

    def serve(path, body, **headers):
        def answer(exchange):
            exchange.pause(0.01)
            known = exchange.asked.headers.get("if-none-match") == f'"{path}"'
            exchange.answer(b"" if known else body, 304 if known else 200, ETag=f'"{path}"', **headers)

        server.route(path, answer)

    made = []
    for number in range(4):
        host = f"127.0.0.{2 + number % 3}"
        teaser = number == 3
        entries = []
        for n, (title, text) in enumerate(EVENTS):
            link = server.url(f"/{number}/{n}", host)
            whole = f"{text * 6}The outlet with the number {number} adds its own report here."
            entries.append(
                item(f"{title}, says {number}", link, whole if not teaser else text, f"{number}-{n}")
            )
            serve(
                f"/{number}/{n}", PAGE.format(title, f"<p>{whole}</p>" * 2).encode(), Content_Type="text/html"
            )
        serve(f"/feed/{number}", feed_body(*entries))
        pages = "short" if teaser else "never"
        made.append({"id": f"f{number}", "url": server.url(f"/feed/{number}", host), "pages": pages})
        made[-1]["outlet"] = f"Outlet {number}"
    serve("/feed/4", b"<html><title>Sorry</title></html>", Content_Type="text/html")
    return [*made, {"id": "f4", "url": server.url("/feed/4", "127.0.0.2")}]


def end_state(wiring):
    """All that the store holds, and what a replay of the archive makes."""
    store = wiring.store
    articles = list(store.between(0, store.head()))
    quarantine = sorted((entry.id, entry.reason) for entry in store.rejections())
    target = f"sqlite:///{wiring.home / 'again.db'}"
    again = App(wiring).stores.replay(target)["fingerprint"]
    return articles, store.feeds(), quarantine, fingerprint(store), again


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_killed_before_any_write_and_run_again_gives_the_same(make_wiring, configured, feeds, monkeypatch):
    monkeypatch.setattr(ingest, "FEEDS_A_BATCH", 2)
    monkeypatch.setattr(group, "COMMIT_ARTICLES", 4)
    config = configured(*feeds)
    whole = make_wiring("whole", config)
    App(whole).ingest.fetch([])
    expected = end_state(whole)
    assert len(expected[0]) == 12
    assert len(expected[2]) == 1
    kills = 0
    runs = again_after_kills(
        49,
        lambda number: partial(make_wiring, f"crash-{number}", config),
        lambda wiring: App(wiring).ingest.fetch([]),
    )
    for wiring, lived in runs:
        assert end_state(wiring) == expected, f"killed before write {kills + 1}"
        kills += not lived
    assert kills == 9  # of two batches each: archive, journal, two commits; once: whose journal it is


def told(command):
    """The articles, stories and quarantine as the command line tells them, without times of fetching."""

    def answer(*arguments):
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    stories = sorted((s["id"], s["size"], sorted(a["url"] for a in s["articles"])) for s in answer("stories"))
    texts = [answer("article", a["id"]) for s in answer("stories") for a in s["articles"]]
    articles = sorted((a["url"], a["title"], a["text"], a["version"], a["feeds"]) for a in texts)
    quarantine = sorted((q["source"], q["stage"], q["reason"]) for q in answer("quarantine", "list"))
    health = sorted((f["id"], f["status"], f["failures"] > 0) for f in answer("feeds", "health"))
    return stories, articles, quarantine, health


@pytest.mark.slow
@pytest.mark.timeout(1200)  # some forty runs of the command
def test_the_command_killed_at_random_times_ends_as_one_that_was_not(server, configured, feeds, tmp_path):
    config = configured(*feeds, base="config", stories={"vectors": "none"})
    clean = {key: value for key, value in os.environ.items() if not key.startswith("WIREWATCH_")}

    def command(home):
        return [str(part) for part in (WIREWATCH, "--home", tmp_path / home, "--config", config, "--json")]

    started = time.monotonic()
    subprocess.run([*command("whole"), "fetch"], env=clean, check=True, capture_output=True)
    seconds = time.monotonic() - started
    chance = random.Random(6)
    killed = 0
    # The earliest first: once a run came to its end nothing is due, and the next ones are over at once.
    for part in sorted(chance.uniform(0.1, 0.9) for _ in range(8)):
        run = subprocess.Popen([*command("killed"), "fetch"], env=clean, stdout=subprocess.PIPE)
        try:
            run.communicate(timeout=seconds * part)
        except subprocess.TimeoutExpired:
            run.kill()
            run.communicate()
            killed += 1
    subprocess.run([*command("killed"), "fetch"], env=clean, check=True, capture_output=True)
    assert killed >= 1  # how far a run gets depends on the machine
    # The error page is asked again only when it is due, so its failures may differ, not that it fails.
    assert told(command("killed")) == told(command("whole"))
