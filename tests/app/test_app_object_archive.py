"""Several homes on one store, with one archive in an object store between them: no disk is shared."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest

from pipeline.app import App
from pipeline.app.replay import fingerprint
from pipeline.app.wiring import Wiring


def articles(folder, name, *titles):
    """A file of articles on one event each."""
    rows = [
        {
            "title": title,
            "text": f"{title}, the council of Harrow said on Sunday.",
            "url": f"https://a.test/{title}",
        }
        for title in titles
    ]
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@pytest.fixture
def home(make_wiring, tmp_path, monkeypatch) -> Callable[[str], Wiring]:
    """Opens a home of its own over the common store and archive."""
    (tmp_path / "bucket").mkdir()
    monkeypatch.setenv("WIREWATCH_ARCHIVE", f"file://{tmp_path}/bucket")
    return lambda name: make_wiring(name, store=f"sqlite:///{tmp_path}/common.db")


def test_homes_take_turns_and_each_can_replay_all(home, tmp_path):
    for name, title in (("a", "Bridge closed"), ("b", "Mayor resigns"), ("a", "Ferry aground")):
        counts = App(home(name)).ingest.load([articles(tmp_path, title, title)]).counts
        assert counts.new == 1
    first, second = home("a"), home("b")
    assert [entry.n for entry in first.archive.entries()] == [1, 2, 3]
    expected = fingerprint(first.store)
    for wiring in (first, second):
        again = App(wiring).stores.replay(f"sqlite:///{tmp_path}/{wiring.home.name}-again.db")
        assert again["fingerprint"] == expected
    assert not (tmp_path / "a" / "archive").exists()
    checks = {each["check"]: each["ok"] for each in App(second).care.verify()}
    assert all(checks.values()), checks


def test_what_one_home_left_behind_another_takes_in(home, tmp_path, monkeypatch):
    dying = home("a")
    path = articles(tmp_path, "x", "Bridge closed")

    whole = dying.store.commit

    def die(commit, lease=None):
        if commit.articles:
            raise KeyboardInterrupt
        whole(commit, lease)

    monkeypatch.setattr(dying.store, "commit", die)
    with pytest.raises(KeyboardInterrupt):
        App(dying).ingest.load([path])
    dying.close()
    counts = App(home("b")).ingest.load([articles(tmp_path, "y", "Mayor resigns")]).counts
    assert counts.new == 1
    assert home("c").store.head() == 2


def test_a_home_moves_its_archive_into_an_object_store_by_copying_it(make_wiring, tmp_path, monkeypatch):
    """As docs/operating.md says: copy the folder while nothing runs, and name the place."""
    url = f"sqlite:///{tmp_path}/moved.db"
    before = make_wiring("old", store=url)
    App(before).ingest.load([articles(tmp_path, "one", "Bridge closed", "Mayor resigns")])
    expected = fingerprint(before.store)
    before.close()
    shutil.copytree(tmp_path / "old" / "archive", tmp_path / "bucket")
    monkeypatch.setenv("WIREWATCH_ARCHIVE", f"file://{tmp_path}/bucket")
    after = make_wiring("new", store=url)
    assert [entry.n for entry in after.archive.entries()] == [1]
    counts = App(after).ingest.load([articles(tmp_path, "two", "Ferry aground")]).counts
    assert (counts.new, after.archive.last()) == (1, 2)
    again = App(after).stores.replay(f"sqlite:///{tmp_path}/again.db")
    assert again["fingerprint"] == fingerprint(after.store) != expected
    checks = {each["check"]: each["ok"] for each in App(after).care.verify()}
    assert all(checks.values()), checks
