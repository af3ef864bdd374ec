"""A store follows the journal of one home; another home, or a missing mount, changes nothing in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from node_stores import BACKENDS, new_url, removed

from pipeline.app import App, open_app
from pipeline.app.wiring import IDENTITY, JOURNAL
from pipeline.errors import StoreError
from pipeline.ports import Commit
from pipeline.store import open_store


@pytest.fixture(params=BACKENDS)
def elsewhere(request, tmp_path) -> Iterator[str]:
    """The URL of a store that is in no home."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'shared.db'}"
        return
    url = new_url()
    yield url
    removed(url)


@pytest.fixture
def file(tmp_path) -> Callable[[int], list[str]]:
    """Writes an article to load."""

    def write(n):
        path = tmp_path / f"{n}.jsonl"
        path.write_text(
            json.dumps({"title": f"Bridge {n} opens in Norvik", "text": f"Bridge {n} opened. " * 9})
        )
        return [str(path)]

    return write


def count(url):
    store = open_store(url, create=False)
    try:
        return store.head()
    finally:
        store.close()


def test_a_second_home_is_refused_and_writes_nothing(make_wiring, file, elsewhere, tmp_path):
    first, second = make_wiring("first", store=elsewhere), make_wiring("second", store=elsewhere)
    App(first).ingest.load(file(1))
    for doing in (
        lambda: App(second).ingest.load(file(2)),
        lambda: App(second).ingest.fetch([]),
        App(second).correct.repair,
    ):
        with pytest.raises(StoreError, match=r"follows another journal .* this home has none.*store adopt"):
            doing()
    assert not (second.home / "archive").exists()
    assert not next(c for c in App(second).care.doctor() if c["check"] == "archive")["ok"]
    App(first).ingest.load(file(3))
    assert count(elsewhere) == 2
    again = App(first).stores.replay(f"sqlite:///{tmp_path / 'again.db'}")
    assert (again["new"], again["batches_missing"]) == (2, 0)


def test_a_home_with_a_journal_of_its_own_is_refused(make_wiring, file, elsewhere):
    first, own = make_wiring("first", store=elsewhere), make_wiring("second")
    App(first).ingest.load(file(1))
    App(own).ingest.load(file(2))
    strange = make_wiring("second", store=elsewhere)
    with pytest.raises(StoreError, match=r"another journal .* than this home's"):
        App(strange).ingest.load(file(3))
    with pytest.raises(StoreError, match="another journal"):
        App(own).stores.replay(elsewhere)
    assert count(elsewhere) == 1
    assert strange.archive.last() == 1


def test_a_missing_mount_is_not_made(make_wiring, file, elsewhere, tmp_path):
    App(make_wiring("first", store=elsewhere)).ingest.load(file(1))
    missing = tmp_path / "not" / "mounted"
    if elsewhere.startswith("sqlite:"):
        with (
            open_app(store=elsewhere, home=missing, config=Path("seeds/config")) as app,
            pytest.raises(StoreError, match="this home has none"),
        ):
            app.ingest.load(file(2))
    else:
        with pytest.raises(StoreError, match="this home has none"):
            open_app(store=elsewhere, home=missing, config=Path("seeds/config"))
        assert not missing.exists()
    assert not (missing / "archive").exists()


def test_a_journal_that_went_back_in_time_is_refused(make_wiring, file):
    wiring = make_wiring()
    App(wiring).ingest.load(file(1))
    App(wiring).ingest.load(file(2))
    (wiring.home / "archive" / "journal" / "000000" / "000000002.json").unlink()
    with pytest.raises(StoreError, match="taken to journal entry 2, and this home's journal ends at 1"):
        App(make_wiring()).ingest.load(file(3))


def test_a_home_and_a_store_of_before_go_on_and_belong_together_from_then_on(make_wiring, file):
    wiring = make_wiring()
    App(wiring).ingest.load(file(1))
    (wiring.home / "archive" / "journal" / "identity").unlink()
    with wiring.lease("stories") as renew:
        wiring.store.commit(Commit(marks={IDENTITY: ""}), renew())
    again = make_wiring()
    App(again).ingest.load(file(2))
    assert again.store.mark(IDENTITY) == again.archive.identity() != ""


def test_a_lost_home_is_replaced_when_somebody_says_so(make_wiring, file, elsewhere):
    first, second = make_wiring("first", store=elsewhere), make_wiring("second", store=elsewhere)
    App(first).ingest.load(file(1))
    adopted = App(second).stores.adopt()
    assert adopted == {"journal": second.archive.identity(), "entries": 0}
    assert second.store.mark(JOURNAL) == "0"
    assert App(second).ingest.load(file(2)).counts.new == 1
    with pytest.raises(StoreError, match="another journal"):
        App(make_wiring("first", store=elsewhere)).ingest.load(file(3))
