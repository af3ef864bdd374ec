"""The pages over a store in a file, and clients that come in by each way."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from desk_site import Desk
from desk_store import everyday
from starlette.testclient import TestClient

from pipeline.ports import Commit

TEXTS = (
    (
        "Flood closes the bridge at Harrow",
        "The river rose and closed the only bridge, police said. ",
    ),
    (
        "Choir wins the national contest",
        "Forty singers of the valley took the first prize on Sunday. ",
    ),
    (
        "Museum shows lost maps",
        "The museum opens a hall of maps that were thought lost. ",
    ),
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Iterator[Desk]:
    """The pages of an everyday store."""
    made = Desk(tmp_path_factory.mktemp("desk"), everyday())
    yield made
    made.close()


@pytest.fixture(scope="module")
def editor(desk) -> TestClient:
    """Somebody who may change things."""
    return desk.client()


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Iterator[TestClient]:
    """The pages of a store with nothing in it."""
    made = Desk(tmp_path_factory.mktemp("empty"), Commit())
    yield made.client()
    made.close()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> Iterator[Desk]:
    """Three stories of one article each, taken in by the stages."""
    made = Desk(tmp_path_factory.mktemp("mending"))
    file = made.home / "articles.jsonl"
    rows = [
        {"title": title, "text": text * 2, "url": f"https://o{n}.example/{n}", "source": f"Outlet {n}"}
        for n, (title, text) in enumerate(TEXTS)
    ]
    file.write_text("".join(json.dumps(row | {"published": "2026-01-05T10:00:00Z"}) + "\n" for row in rows))
    with made.opened() as app:
        app.ingest.load([file])
    yield made
    made.close()
