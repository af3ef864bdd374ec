"""The servers of the notify tests are used here too; stores of either kind, new for each test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from node_stores import BACKENDS, new_url, removed

from pipeline.store import open_store

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "notify"))

if TYPE_CHECKING:
    from alert_records import World


@pytest.fixture(params=BACKENDS)
def new_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Gives the addresses of new stores of one kind; on a node they are taken away after."""
    if request.param == "sqlite":
        numbers = count()
        yield lambda: f"sqlite:///{tmp_path}/{next(numbers)}.db"
        return
    made: list[str] = []

    def give() -> str:
        made.append(new_url())
        return made[-1]

    yield give
    for url in made:
        removed(url)


@pytest.fixture
def either_world(new_place: Callable[[], str]) -> Iterator[World]:
    """A small world in a store of either kind."""
    from alert_records import World

    store = open_store(new_place())
    yield World(store)
    store.close()
