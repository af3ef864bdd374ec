"""What was archived and never taken in, and what of archive and journal is damaged: found, told, no stop."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from killing import survived

from pipeline.app import App
from pipeline.errors import PermanentError

NOW = datetime(2026, 4, 7, 9, tzinfo=UTC)
FIRST, SECOND = "Glacier lake drains", "Orchestra elects conductor"
TEXTS = {
    FIRST: "The lake below the glacier drained overnight and left the valley road under mud. " * 3,
    SECOND: "The members of the orchestra chose their next chief conductor on Friday evening. " * 3,
}


@pytest.fixture
def written(tmp_path) -> Callable[[str], Any]:
    def write(title):
        file = tmp_path / f"{title}.jsonl"
        file.write_text(json.dumps({"title": title, "text": TEXTS[title], "source": "Outlet"}))
        return [str(file)]

    return write


def titles(wiring):
    return {a.enriched.article.title for a in wiring.store.between(0, wiring.store.head())}


def archive_check(app):
    return next(check for check in app.care.doctor() if check["check"] == "archive")


@pytest.fixture
def cut_short(make_wiring, written) -> Callable[[int], Any]:
    """Makes a home where loading FIRST was killed before its n-th write; its file is gone by now."""

    def make(kill_at):
        make_wiring(at=NOW)  # the store is there
        paths = written(FIRST)
        assert not survived(kill_at, lambda: make_wiring(at=NOW), lambda w: App(w).ingest.load(paths))
        return make_wiring(at=NOW + timedelta(minutes=5))

    return make


@pytest.mark.parametrize("damage", [b"", b"\x00" * 40, b'{"at": "yesterday"}'])
def test_a_damaged_note_loses_no_batch(cut_short, written, damage):
    wiring = cut_short(2)
    (note,) = (wiring.home / "archive" / "unsettled").glob("*.json")
    note.write_bytes(damage)
    app = App(wiring)
    assert not archive_check(app)["ok"]
    app.ingest.load(written(SECOND))
    assert titles(wiring) == {FIRST, SECOND}
    assert wiring.archive.unsettled() == []


def test_what_was_archived_and_not_journalled_is_taken_in_by_the_next_writer(cut_short, written, tmp_path):
    wiring = cut_short(2)
    app = App(wiring)
    assert not archive_check(app)["ok"]
    assert app.ingest.load(written(SECOND)).counts.new == 1
    assert titles(wiring) == {FIRST, SECOND}
    assert wiring.archive.unsettled() == []
    assert archive_check(app)["ok"]
    assert app.ingest.load(written(FIRST)).counts.duplicate == 1
    again = app.stores.replay(f"sqlite:///{tmp_path / 'again.db'}")
    assert again["new"] == 2


def test_what_a_living_process_is_at_is_left_to_it_for_an_hour(make_wiring, written):
    early, late = make_wiring(at=NOW), make_wiring(at=NOW + timedelta(hours=2))
    ahead = make_wiring(at=NOW - timedelta(days=400))
    captures = next(iter(App(early).ingest._file_batches(written(FIRST))))[0]
    early.archive.write("batch", captures)
    App(early).ingest.load(written(SECOND))
    assert titles(early) == {SECOND}
    for wiring in (late, ahead):  # a clock that is a year off is no reason to lose it
        App(wiring).correct.repair()
        assert titles(wiring) == {FIRST, SECOND}


def test_a_damaged_batch_is_set_aside_and_stops_no_writer_and_no_replay_that_keeps_going(
    cut_short, written, tmp_path
):
    wiring = cut_short(4)  # archived, the journal noted in the store, the entry written
    app = App(wiring)
    (entry,) = wiring.archive.entries()
    (wiring.home / "archive" / entry.data["places"][0]).write_bytes(b"\x1f\x8bno gzip")
    assert app.ingest.load(written(SECOND)).counts.new == 1
    (kept,) = app.stored.rejections()
    assert kept.stage == "journal"
    assert "damaged" in kept.reason
    assert not archive_check(app)["ok"]
    with pytest.raises(PermanentError, match="--keep-going"):
        app.stores.replay(f"sqlite:///{tmp_path / 'strict.db'}")
    outcome = app.stores.replay(f"sqlite:///{tmp_path / 'again.db'}", keep_going=True)
    assert (outcome["new"], outcome["damaged"]) == (1, 1)
    # The file is still there: it is taken in as if it were new, and archived whole.
    assert app.ingest.load(written(FIRST)).counts.new == 1
    assert App(wiring).stores.replay(f"sqlite:///{tmp_path / 'whole.db'}")["new"] == 2


@pytest.mark.parametrize(
    "content",
    [b"{", b'{"n": 1, "kind": "repair", "at": "2026-04-07T09:00:00+00:00", "place": "", "data": {}}'],
)
def test_an_entry_that_cannot_be_carried_out_is_set_aside(cut_short, written, tmp_path, content):
    wiring = cut_short(4)  # archived, the journal noted in the store, the entry written
    app = App(wiring)
    (wiring.home / "archive" / "journal" / "000000" / "000000001.json").write_bytes(content)
    assert app.ingest.load(written(SECOND)).counts.new == 1
    (kept,) = app.stored.rejections()
    assert kept.source == "journal entry 1"
    assert not archive_check(app)["ok"]
    with pytest.raises(PermanentError, match="journal entry 1"):
        app.stores.replay(f"sqlite:///{tmp_path / 'strict.db'}")
    # Nobody had noted that the batch was settled, so it was taken in anew.
    assert titles(wiring) == {FIRST, SECOND}
    assert app.stores.replay(f"sqlite:///{tmp_path / 'a.db'}", keep_going=True)["new"] == 2
