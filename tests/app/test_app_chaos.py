"""Everything at random over a changing feed and mail server, killed with -9: as if nobody had killed it."""

from __future__ import annotations

import json
import os
import random
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import get_args

import pytest
from killing import survived
from node_stores import new_url, on_node, removed

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "notify"))

from mail_servers import Postbox, smtp_server

from pipeline.app import App
from pipeline.app.replay import fingerprint
from pipeline.app.wiring import Wiring
from pipeline.errors import ContradictionError, UsageError
from pipeline.records import DeliveryState

START = datetime(2015, 2, 9, 9, tzinfo=UTC)
STEPS = int(os.environ.get("WIREWATCH_CHAOS_STEPS", "60"))
SAID = ("merge", "split", "tie", "tie", "untie", "tell-apart", "undo")
VERBS = ("fetch", "fetch", "load", "alert", "repair", *SAID)
PLACES = ("Tarn", "Ellery", "Brook", "Lorn", "Skerry", "Harrow")
EVENTS = ("ferry runs aground", "mayor is freed by a court", "bridge closed by flood", "harvest is poor")
BULLETIN = "https://o0.example/bulletin"


def news(number):
    """An article of the stream: title, link and text."""
    chance = random.Random(number)
    place, event = chance.choice(PLACES), chance.choice(EVENTS)
    text = f"In {place} the {event}, officials said on Monday; {chance.randint(2, 90)} people saw it. " * 3
    return f"{place}: {event}, report {number % 7}", f"https://o{number % 5}.example/{number}", text


class World:
    """Two homes that live through the same; one is killed. Each writes to a mail server of its own."""

    def __init__(self, server, item, feed_body, configured, folder, stack, node):
        self.step, self._folder, self._node = 0, folder, node
        self.boxes, self._configs, self._parts = {}, {}, {}

        def shown(exchange):
            items = [item(*news(n), guid=f"g{n}") for n in range(self.step, self.step + 8)]
            title, _, text = news(5000 + self.step // 3)  # written anew under one link and guid
            exchange.answer(feed_body(item(title, BULLETIN, text, "bulletin"), *items))

        for name in ("whole", "killed"):
            self.boxes[name] = Postbox()
            port = stack.enter_context(smtp_server(self.boxes[name]))
            config = configured(
                {"id": "f", "url": server.route("/feed", shown)},
                name=f"config-{name}",
                enrich={"models": {}},
                stories={"vectors": "none"},
                mail={"smtp": f"smtp://127.0.0.1:{port}"},
            )
            (config / "watches.yaml").write_text(
                "watches:\n  - {name: mayors, query: mayor, deliver: {mail: [a@b.example]}}\n"
            )
            self._configs[name] = config

    def opened(self, name):
        """A home at this step; the configuration is read once."""
        home = self._folder / name
        url = f"{self._node}-{name}" if self._node else f"sqlite:///{home / 'wirewatch.db'}"
        at = START + timedelta(hours=self.step)
        wiring = Wiring(home, self._configs[name], url, {}, lambda: at)
        if name not in self._parts:
            self._parts[name] = {each: getattr(wiring, each) for each in ("settings", "artefact", "enricher")}
        wiring.__dict__.update(self._parts[name])
        return wiring

    def answering(self, how):
        """All mail servers answer so from now on."""
        for box in self.boxes.values():
            box.script = {"*": [how]} if how else {}


def tied_or_not(app, verb, stories, chance):
    """A word on the situation of a story."""
    if verb == "tie":
        return app.correct.tying(*(story.id for story in chance.sample(stories, 2)))
    inside = [story for story in stories if story.situation]
    return app.correct.untying(chance.choice(inside).id) if inside else None


def planned(app, verb, chance):
    """What is to be said, chosen before it is; None where there is nothing to say."""
    store = app._wiring.store
    stories = sorted(store.newest_stories(None, None, 100), key=lambda story: story.id)
    try:
        if verb == "merge" and len(stories) > 1:
            return app.correct.merging([story.id for story in chance.sample(stories, 2)])
        if verb == "split" and (large := [story for story in stories if len(story.members) > 1]):
            story = chance.choice(large)
            return app.correct.splitting(story.id, [chance.choice(sorted(story.members))])
        if verb in ("tie", "untie") and len(stories) > 1:
            return tied_or_not(app, verb, stories, chance)
        if verb == "tell-apart":
            articles = (stored.enriched.article for stored in store.between(0, store.head()))
            ways = [(a.id, f.key.partition(":")[2]) for a in articles for f in a.forms if f.because]
            if ways:
                name, form = chance.choice(ways)
                return app.correct.telling_apart(name, [form])
        if verb == "undo" and (known := app.correct.all()):
            return app.correct.undoing(chance.choice(known).id)
    except UsageError:
        pass
    return None


def work(wiring, verb, said, path):
    """One step; a contradiction is an answer, too."""
    app = App(wiring)
    if verb == "fetch":
        app.ingest.fetch([], every=True)
    elif verb == "load":
        app.ingest.load([str(path)], alert=True)
    elif verb == "alert":
        app.watches.alert()
    elif verb == "repair":
        app.correct.repair()
    elif said is not None:
        try:
            app.correct.say(said)
        except ContradictionError:
            return


def mails(box):
    found = [re.search(rb"(?im)^message-id: *(\S+)", content) for _, content in box.taken]
    assert None not in found
    return {each[1] for each in found if each}


def lives(world, tmp_path, kills_wanted):
    """Lives through all steps; returns how often it was killed."""
    chance, kills = random.Random(20261131), 0
    path = tmp_path / "more.jsonl"
    for step in range(STEPS):
        world.step = step
        verb = "fetch" if step == 0 else chance.choice(VERBS)
        world.answering(chance.choice(("", "", "451 later")) if step < STEPS - 1 else "")
        rows = [dict(zip(("title", "url", "text"), news(1000 + 3 * step + n), strict=True)) for n in range(3)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        whole = world.opened("whole")
        said = planned(App(whole), verb, random.Random(step))
        work(whole, verb, said, path)
        whole.close()
        for kill_at in (1, 2, 3):
            doing = partial(work, verb=verb, said=said, path=path)
            kills += not survived(kill_at, partial(world.opened, "killed"), doing)
        after, whole = world.opened("killed"), world.opened("whole")
        work(after, verb, said, path)
        assert fingerprint(after.store) == fingerprint(whole.store), f"after step {step}: {verb}"
        assert after.store.corrections() == whole.store.corrections(), f"after step {step}: {verb}"
        assert [m.id for m in after.store.outbox(get_args(DeliveryState))] == [
            m.id for m in whole.store.outbox(get_args(DeliveryState))
        ]
        after.close()
        whole.close()
        if kills >= kills_wanted:
            break
    return kills


@pytest.fixture
def world(server, item, feed_body, configured, tmp_path, request) -> Iterator[World]:
    """Makes the two homes, on SQLite or on the node."""
    with ExitStack() as stack:
        node = ""
        if request.param == "node":
            node = new_url()
            stack.callback(dropped, node)
        yield World(server, item, feed_body, configured, tmp_path, stack, node)


def dropped(node):
    for name in ("whole", "killed"):
        removed(f"{node}-{name}")


def checked(world, tmp_path, kills_wanted):
    kills = lives(world, tmp_path, kills_wanted)
    assert kills >= kills_wanted
    whole, killed = (world.boxes[name].taken for name in ("whole", "killed"))
    assert len(whole) == len(mails(world.boxes["whole"])), "nobody gets a mail twice where nothing is killed"
    assert mails(world.boxes["killed"]) == mails(world.boxes["whole"])
    assert len(killed) <= len(whole) + kills, "a kill between a mail and its note may send that one again"
    wiring = world.opened("killed")
    App(wiring).watches.alert()
    again = App(wiring).stores.replay(f"sqlite:///{tmp_path / 'again.db'}")
    assert again["fingerprint"] == fingerprint(wiring.store)
    wiring.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_killed_at_a_hundred_moments_it_ends_as_if_it_was_not(world, tmp_path):
    checked(world, tmp_path, 100)


@on_node
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("world", ["node"], indirect=True)
def test_on_the_node_too(world, tmp_path):
    checked(world, tmp_path, 100)
