"""The same input gives the same stories, decisions and alerts on SQLite and on Elasticsearch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest
from node_stores import ON_NODE, new_url, removed

from dags.local.environment import ROOT
from pipeline.app import App
from pipeline.app.replay import fingerprint
from pipeline.records import DeliveryState
from pipeline.store import open_store

pytestmark = ON_NODE
SEEDS = ROOT / "seeds"
FEEDS = [SEEDS / "feeds" / part / "harbour-post.xml" for part in ("first", "later")]


@pytest.fixture
def on_node() -> Iterator[Callable[[], Any]]:
    """Makes URLs of stores on the node that are not there yet; what is made there is removed afterwards."""
    made = []

    def make():
        made.append(new_url())
        return made[-1]

    yield make
    for url in made:
        removed(url)


def lived(wiring):
    """A life of a store: articles, alerts, a repair, an edit, a person's word; returns its fingerprint."""
    app = App(wiring)
    app.ingest.load([str(SEEDS / "articles")], alert=True)
    app.ingest.load([str(FEEDS[0])], alert=True)
    app.ingest.load([str(SEEDS / "near_misses")])
    app.correct.repair()
    app.ingest.load([str(FEEDS[1])], alert=True)
    found = sorted(story.id for story in app.read.stories()[0])
    app.correct.merge(found[:2])
    app.correct.repair()
    assert len(wiring.store.alerts()) >= 2
    return fingerprint(wiring.store)


def held(url):
    """The fingerprint of a store, and its outbox but for what is rendered."""
    store = open_store(url, create=False)
    try:
        messages = [(m.id, m.state, m.due, m.to, m.alerts) for m in store.outbox(get_args(DeliveryState))]
        return fingerprint(store), messages
    finally:
        store.close()


def test_both_stores_replays_and_copies_have_one_fingerprint(make_wiring, on_node, tmp_path):
    urls = [f"sqlite:///{tmp_path}/one.db", on_node()]
    lives = [lived(make_wiring(f"home-{number}", store=url)) for number, url in enumerate(urls)]
    assert lives[0] == lives[1]
    contents = [held(url) for url in urls]
    assert contents[0] == contents[1]
    assert contents[0][0] == lives[0]

    app = App(make_wiring("home-0", store=urls[0]))
    for source, target in zip(urls, (on_node(), f"sqlite:///{tmp_path}/copy.db"), strict=True):
        app.stores.copy(source, target)
        assert held(target) == contents[0]

    again = on_node()
    assert app.stores.replay(again)["fingerprint"] == contents[0][0]
