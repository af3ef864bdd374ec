"""What persons say one after the other: any sequence on copies of a home, and one sequence on both stores."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from node_stores import new_url, removed

from pipeline.app import App
from pipeline.app.replay import fingerprint, stories_held
from pipeline.app.wiring import Wiring
from pipeline.ports import Store

MakeWiring = Callable[..., Wiring]
# What kind of step it is, and two numbers that choose what it is about.
Step = tuple[str, int, int]
Take = Callable[[App, Step], None]
Obeyed = Callable[[Store], object]


def placement(store: Store) -> dict[str, str]:
    """The story of each article."""
    return {each.enriched.article.id: each.story for each in store.between(0, store.head())}


def articles(wiring: Wiring) -> list[str]:
    """The ids of the articles as they came."""
    return [each.enriched.article.id for each in wiring.store.between(0, 100)]


def copied(tmp_path: Path, make_wiring: MakeWiring, number: int) -> Callable[[], Wiring]:
    """What opens a copy of the home "base"."""
    name = f"crash-{number}"
    shutil.copytree(tmp_path / "base", tmp_path / name)
    return partial(make_wiring, name)


def taken(wiring: Wiring, steps: Iterable[Step], take: Take, obeyed: Obeyed) -> None:
    """Takes steps one after the other; each leaves what was said obeyed."""
    for step in steps:
        take(App(wiring), step)
        obeyed(wiring.store)


def try_sequences(
    home: Path, make_wiring: MakeWiring, steps_of: SearchStrategy[list[Step]], try_one: Callable[..., None]
) -> None:
    """Tries sequences of steps, each on a copy of a home; a replay of what it leaves is the same.

    Args:
        home: Of a loaded store that nobody has open.
        make_wiring: Opens a home by its name.
        steps_of: Where the sequences come from.
        try_one: Takes the steps of a sequence (first argument: the wiring, second: the steps).
    """

    @settings(
        max_examples=6,
        phases=[Phase.explicit, Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(steps=steps_of)
    def law(steps: list[Step]) -> None:
        copy = home.with_name(f"run-{uuid.uuid4().hex[:8]}")
        shutil.copytree(home, copy)
        wiring = make_wiring(copy.name)
        try_one(wiring, steps)
        again = App(wiring).stores.replay(f"sqlite:///{copy / 'again.db'}")
        assert again["fingerprint"] == fingerprint(wiring.store)
        assert again["stories"] == stories_held(wiring.store)
        wiring.close()

    law()


def assert_both_stores_say_the_same(
    loaded: Callable[..., Wiring], try_one: Callable[[Wiring], None], found: Callable[[Wiring], Any]
) -> None:
    """Does the same on SQLite and on the node.

    Args:
        loaded: Makes a wiring over a new store.
        try_one: Takes steps there.
        found: What is compared after them, beside the corrections and the fingerprint.
    """
    url = new_url()
    try:
        prints = []
        for number, store in enumerate((None, url)):
            wiring = loaded(f"home-{number}", store=store)
            try_one(wiring)
            prints.append((fingerprint(wiring.store), wiring.store.corrections(), found(wiring)))
        assert prints[0] == prints[1]
    finally:
        removed(url)
