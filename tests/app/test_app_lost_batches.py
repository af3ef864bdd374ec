"""A replay goes on over batches that retention took from the archive, and says how many they were."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

import pytest

from pipeline.app import App
from pipeline.app.journal import writing
from pipeline.app.wiring import Wiring
from pipeline.errors import PermanentError
from pipeline.stages.grouping.checkpoint import MARK, Checkpoints

BILL = "Parliament of Norland passes the fishing bill, and boats from Tamsa leave its waters"
TITLES = {1: "Flood closes the bridge", 9: BILL, 11: f"{BILL} for good", 12: "Volcano covers Tamsa in ash"}


@pytest.fixture
def month(make_wiring, tmp_path) -> tuple[Wiring, list[str]]:
    """Articles of four days; a person took the second from the third, and joined it to the first."""
    names = []
    for day, title in TITLES.items():
        file = tmp_path / f"{day}.jsonl"
        row = {
            "title": title,
            "text": f"{title}, officials said. " * 6,
            "url": f"https://outlet.example/{day}",
        }
        file.write_text(json.dumps(row | {"published": f"2026-01-{day:02d}T10:00:00Z"}))
        wiring = make_wiring(at=datetime(2026, 1, day, 12, tzinfo=UTC))
        app = App(wiring)
        app.ingest.load([str(file)], alert=True)
        names.append(list(wiring.store.between(0, 9))[-1].enriched.article.id)
    assert story_of(wiring, names[1]) == story_of(wiring, names[2])
    app.correct.split(story_of(wiring, names[1]), [names[1]])
    app.correct.merge([story_of(wiring, name) for name in names[:2]])
    app.correct.repair()
    assert len(app.read.stories()[0]) == 3
    return wiring, names


def story_of(wiring, name):
    return wiring.store.articles([name])[name].story


def test_a_replay_goes_on_without_the_old_batches(month, tmp_path, caplog):
    wiring, _ = month
    app = App(wiring)
    whole = app.stores.replay(f"sqlite:///{tmp_path / 'whole.db'}")
    assert (whole["new"], whole["batches_missing"]) == (4, 0)
    assert wiring.archive.drop_before(datetime(2026, 1, 10, tzinfo=UTC)) == 2
    with caplog.at_level(logging.WARNING, "wirewatch"):
        rest = app.stores.replay(f"sqlite:///{tmp_path / 'rest.db'}")
    said = [record.message for record in caplog.records]
    assert len(said) == 2
    assert all(line.startswith("journal entry ") and line.endswith(".warc.gz: not there") for line in said)
    assert (rest["new"], rest["batches_missing"]) == (2, 2)
    again = app.stores.replay(f"sqlite:///{tmp_path / 'rest.db'}")
    assert (again["new"], again["batches_missing"]) == (0, 2)
    assert again["fingerprint"] == rest["fingerprint"] != whole["fingerprint"]


def test_a_store_that_lags_behind_the_archive_is_brought_up_to_what_is_left(month, make_wiring, tmp_path):
    wiring, names = month
    wiring.archive.drop_before(datetime(2026, 1, 10, tzinfo=UTC))
    late = make_wiring(store=f"sqlite:///{tmp_path / 'late.db'}")
    assert App(late).correct.repair() == {"merged": 0, "split": 0, "moved": 0}
    assert sorted(stored.enriched.article.id for stored in late.store.between(0, 9)) == sorted(names[2:])
    assert len(late.store.corrections()) == 2


def test_a_batch_that_is_damaged_is_not_passed_over(month, tmp_path):
    wiring, _ = month
    (file,) = wiring.home.rglob("2026/01/01/*.warc.gz")
    file.write_bytes(b"not a WARC")
    with pytest.raises(PermanentError, match=file.name):
        App(wiring).stores.replay(f"sqlite:///{tmp_path / 'again.db'}")


def test_a_retention_keeps_what_remains_of_the_clustering_state(month, monkeypatch, tmp_path):
    wiring, _ = month
    monkeypatch.setattr(Checkpoints.__init__, "__defaults__", (1,))
    app = App(wiring)
    later = tmp_path / "later.jsonl"

    def load(number, title):
        row = {"title": title, "text": f"{title}, officials said. " * 6, "url": f"https://b.example/{number}"}
        later.write_text(json.dumps(row | {"published": "2026-01-12T11:00:00Z"}))
        app.ingest.load([str(later)])

    load(1, "Strike at the harbour of Tamsa")
    before = wiring.store.mark(MARK)
    with writing(wiring) as writer:
        assert writer.drop_before(datetime(2026, 1, 10, tzinfo=UTC)) == 2
    remains = wiring.store.mark(MARK)
    assert remains not in ("", before)
    load(2, "Strike at the harbour of Tamsa goes on")
    assert wiring.store.mark(MARK) == remains
    newest = list(wiring.store.between(0, 9))[-1].enriched.article.id
    assert len(wiring.store.stories([story_of(wiring, newest)])[story_of(wiring, newest)].members) == 2
