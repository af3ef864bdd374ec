"""A load that was cut short goes on where it was: nothing is read into the archive or the store twice."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.app import App, ingest
from pipeline.app.replay import fingerprint
from pipeline.app.wiring import quiet
from pipeline.sources.files import read_file
from pipeline.stages.intake import workers

WIREWATCH = Path(sys.executable).parent / "wirewatch"
FIRST_DAY = datetime(2015, 2, 8, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Six texts without a date, of which two are of one event."""
    where = tmp_path / "texts"
    where.mkdir()
    for number, town in enumerate(("Tamsa", "Harrow", "Brenta", "Tamsa", "Norland", "Ilm")):
        title = f"Flood reaches {town}, part {number}"
        text = f"The river rose at {town} on the day the reporter with the number {number} came to see it."
        (where / f"{number}.txt").write_text(f"{title}\n{text}\n")
    return where


def archived(wiring):
    return {path: path.stat().st_mtime_ns for path in wiring.home.rglob("*.warc.gz")}


def load_and_die(make, folder):
    """Loads into the home "killed" in a process that is killed before it writes its second journal entry."""
    child = os.fork()
    if child == 0:
        wiring = make("killed")
        append, calls = wiring.archive.append, []

        def dying(entry):
            calls.append(entry)
            if len(calls) == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            return append(entry)

        wiring.archive.append = dying
        App(wiring).ingest.load([str(folder)])
        os._exit(0)
    os.waitpid(child, 0)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_killed_between_archive_and_journal_and_run_again_the_next_day(
    make_wiring, folder, monkeypatch, tmp_path
):
    monkeypatch.setattr(ingest, "BATCH_ITEMS", 2)
    whole = make_wiring("whole")
    App(whole).ingest.load([str(folder)])
    load_and_die(make_wiring, folder)
    again = make_wiring("killed", at=FIRST_DAY + timedelta(days=1))
    before = archived(again)
    assert len(before) == 2
    outcome = App(again).ingest.load([str(folder)])
    assert (outcome.counts.new, outcome.counts.duplicate) == (4, 2)
    after = archived(again)
    assert {path: after[path] for path in before} == before
    assert len(after) == 3
    fetched = [stored.enriched.article.fetched for stored in again.store.between(0, 9)]
    assert [time.day for time in fetched] == [8, 8, 8, 8, 9, 9]
    into = f"sqlite:///{tmp_path / 'replayed.db'}"
    assert App(again).stores.replay(into)["fingerprint"] == fingerprint(again.store)


@pytest.mark.slow  # two processes, three times, load the models
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_killed_while_the_next_batch_is_prepared_by_others(make_wiring, folder, monkeypatch, tmp_path):
    monkeypatch.setattr(ingest, "BATCH_ITEMS", 2)
    monkeypatch.setattr(workers, "_WORTH_IT", 1)

    def two_processes(name):
        wiring = make_wiring(name)
        wiring.processes = 2
        return wiring

    whole = two_processes("whole")
    App(whole).ingest.load([str(folder)])
    whole.workers.close()
    load_and_die(two_processes, folder)
    again = two_processes("killed")
    assert len(archived(again)) == 3
    outcome = App(again).ingest.load([str(folder)])
    assert (outcome.counts.new, outcome.counts.duplicate) == (4, 2)
    assert len(archived(again)) == 3
    assert fingerprint(again.store) == fingerprint(whole.store)
    into = f"sqlite:///{tmp_path / 'replayed.db'}"
    assert App(again).stores.replay(into)["fingerprint"] == fingerprint(again.store)


def test_what_has_come_into_the_store_since_a_batch_was_begun_is_left_out(make_wiring, folder):
    wiring = make_wiring()
    files = sorted(folder.iterdir())
    captures = [capture for file in files for capture in read_file(file, FIRST_DAY)]
    begun = wiring.intake.begin(captures, wiring.store, "")
    App(wiring).ingest.load(list(map(str, files[:4])))
    batch = begun.finish(quiet)
    assert (len(batch.articles), batch.known) == (2, {"": 4})


def test_what_is_loaded_is_neither_archived_nor_journalled_again(make_wiring, folder):
    wiring = make_wiring()
    App(wiring).ingest.load([str(folder)])
    before, entries = archived(wiring), list(wiring.archive.entries())
    later = make_wiring(at=FIRST_DAY + timedelta(days=40))
    assert App(later).ingest.load([str(folder)]).counts.duplicate == 6
    assert (archived(later), list(later.archive.entries())) == (before, entries)
    assert len(before) == 1


def test_a_bar_moves_on_a_terminal_and_nowhere_else(configured, folder, tmp_path):
    config = configured(base="config", stories={"vectors": "none"})
    command = [WIREWATCH, "--home", tmp_path / "home", "--config", config, "--json", "load", folder]
    ours, theirs = pty.openpty()
    run = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            shown += os.read(ours, 65536)
        except OSError:  # what Linux says when the other side is closed
            break
    out, _ = run.communicate()
    os.close(ours)
    assert b"Reading articles" in shown
    assert b"Finding their stories" in shown
    assert b"6/6" in shown
    assert b"/?" not in shown
    assert out.count(b"\n") == 1
    quiet = subprocess.run(list(map(str, command)), capture_output=True, check=True)
    assert quiet.stderr == b""
