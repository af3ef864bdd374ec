"""Nothing lost, nothing twice, the same stories whatever the batches, and after a crash anywhere."""

import json
from dataclasses import replace
from functools import partial

import pytest
from killing import again_after_kills

from dags.local.environment import ROOT
from pipeline.app import App, ingest
from pipeline.app.replay import fingerprint
from pipeline.stages.grouping import checkpoint, group, repair
from pipeline.stages.intake import prepare, workers
from pipeline.stories.placing.reassign import repair as mend

FEEDS = ROOT / "seeds" / "feeds"
FIRST = [str(FEEDS / "first" / f"{name}.xml") for name in ("harbour-post", "meridian-world", "common-ground")]
LATER = [str(FEEDS / "later" / f"{name}.xml") for name in ("harbour-post", "meridian-world")]
MISSES = str(ROOT / "seeds" / "near_misses")
ARTICLES = str(ROOT / "seeds" / "articles")


def loaded(wiring, *paths):
    app = App(wiring)
    app.ingest.load(list(paths))
    return fingerprint(wiring.store)


def test_running_again_changes_nothing(make_wiring):
    wiring = make_wiring()
    before = loaded(wiring, *FIRST, ARTICLES)
    outcome = App(wiring).ingest.load(FIRST).as_json()
    assert outcome["new"] == outcome["updated"] == outcome["stories_new"] == 0
    assert outcome["duplicate"] == outcome["seen"] > 30
    assert fingerprint(wiring.store) == before


def test_a_repair_of_what_is_repaired_changes_nothing(make_wiring):
    wiring = make_wiring()
    loaded(wiring, *FIRST, *LATER)
    App(wiring).correct.repair()
    before = fingerprint(wiring.store)
    assert App(wiring).correct.repair() == {"merged": 0, "split": 0, "moved": 0}
    assert fingerprint(wiring.store) == before


def test_a_repair_that_stops_before_it_came_to_rest_says_so_once(make_wiring, monkeypatch, caplog):
    wiring = make_wiring()
    loaded(wiring, *FIRST)
    App(wiring).correct.repair()
    assert "a repair stopped" not in caplog.text
    monkeypatch.setattr(repair, "repair", lambda *parts: replace(mend(*parts), unsettled=3))
    App(wiring).correct.repair()
    (said,) = (each for each in caplog.messages if each.startswith("a repair stopped"))
    assert said.startswith("a repair stopped after 25 passes; in the last one 3 of its articles still went")


def test_batches_of_1_10_and_1000_give_the_same_stories_and_decisions(make_wiring, monkeypatch):
    found = []
    for size in (1, 10, 1000):
        monkeypatch.setattr(ingest, "BATCH_ITEMS", size)
        monkeypatch.setattr(group, "COMMIT_ARTICLES", size)
        found.append(loaded(make_wiring(f"home-{size}"), *FIRST, *LATER, ARTICLES))
    assert found[0] == found[1] == found[2]


@pytest.mark.slow  # what `test_workers.py` shows of its parts, with the models, which each process loads
def test_several_processes_give_the_same_to_the_bit_as_one(make_wiring, monkeypatch):
    monkeypatch.setattr(workers, "_WORTH_IT", 1)
    monkeypatch.setattr(prepare, "_PART", 7)
    monkeypatch.setattr(ingest, "BATCH_ITEMS", 10)  # the next is prepared while one is grouped
    found = []
    for processes in (1, 2):
        wiring = make_wiring(f"home-{processes}")
        wiring.processes = processes
        stories = loaded(wiring, *FIRST, *LATER, ARTICLES)
        articles = list(wiring.store.between(0, wiring.store.head()))
        found.append((stories, articles))
    assert found[0] == found[1]


def test_replay_brings_back_stories_decisions_and_alerts(make_wiring, tmp_path):
    wiring = make_wiring()
    app = App(wiring)
    app.ingest.load(FIRST, alert=True)
    app.ingest.load([ARTICLES], alert=True)
    app.correct.repair()
    app.ingest.load(LATER, alert=True)
    found, _ = app.read.stories(limit=3)
    app.correct.merge([found[0].id, found[1].id])
    assert len(wiring.store.alerts()) >= 2
    again = app.stores.replay(f"sqlite:///{tmp_path / 'again.db'}")
    assert again["fingerprint"] == fingerprint(wiring.store)


def test_corrections_survive_repair_and_replay(make_wiring, tmp_path):
    wiring = make_wiring()
    app = App(wiring)
    app.ingest.load([ARTICLES])
    story = app.read.stories()[0][0]
    first, second = story.members
    apart, _ = app.correct.split(story.id, [second])
    assert sorted(s.members for s in apart) == sorted([(first,), (second,)])
    app.correct.repair()
    assert len(app.read.stories()[0]) == 2
    assert any("correction" in note for note in app.read.why(second)[0].constraints)
    target = f"sqlite:///{tmp_path / 'again.db'}"
    assert app.stores.replay(target)["fingerprint"] == fingerprint(wiring.store)


def crashed(make_wiring, number):
    """What opens the home of one crash."""
    return partial(make_wiring, f"crash-{number}")


def loaded_and_repaired(wiring):
    loaded(wiring, ARTICLES, MISSES)
    App(wiring).correct.repair()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_killed_before_any_write_and_run_again_gives_the_same(make_wiring, monkeypatch):
    monkeypatch.setattr(group, "COMMIT_ARTICLES", 3)
    whole = make_wiring("whole")
    loaded_and_repaired(whole)
    expected = fingerprint(whole.store)
    kills = 0
    for wiring, lived in again_after_kills(49, partial(crashed, make_wiring), loaded_and_repaired):
        assert fingerprint(wiring.store) == expected, f"killed before write {kills + 1}"
        kills += not lived
    assert kills >= 6


def grown(wiring):
    """Three runs, of which the later ones open the clustering state anew."""
    for part in (ARTICLES, MISSES, FIRST[0]):
        loaded(wiring, part)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_killed_while_a_checkpoint_is_in_use_it_gives_the_same_too(make_wiring, monkeypatch):
    whole = make_wiring("whole")
    grown(whole)
    expected = fingerprint(whole.store)
    # Small stores have no checkpoint otherwise. Here one is kept after each change and read in each run.
    monkeypatch.setattr(checkpoint.Checkpoints.__init__, "__defaults__", (1,))
    monkeypatch.setattr(checkpoint, "_SINCE", 0)
    kills = 0
    for wiring, lived in again_after_kills(79, partial(crashed, make_wiring), grown):
        assert fingerprint(wiring.store) == expected, f"killed before write {kills + 1}"
        assert list(wiring.home.glob("cache/clustering/*.json")), "no checkpoint was in use"
        kills += not lived
    assert kills >= 6


def line(**fields):
    base = {"url": "https://outlet.example/a/1", "source": "Outlet", "published": "2015-02-03T10:00:00Z"}
    return json.dumps(base | fields)


def test_an_edited_title_is_an_update_a_date_alone_is_none_and_neither_is_a_new_alert(make_wiring, tmp_path):
    app = App(make_wiring())
    text = "A quake shook the town of Harrow on Tuesday and brought down the old bridge over the river. " * 3
    versions = [
        line(title="Earthquake shakes Harrow", text=text),
        line(title="Earthquake shakes Harrow, bridge falls", text=text),
        line(title="Earthquake shakes Harrow, bridge falls", text=text, published="2015-02-03T12:00:00Z"),
    ]
    outcomes = []
    for number, content in enumerate(versions):
        file = tmp_path / f"{number}.jsonl"
        file.write_text(content)
        outcomes.append(app.ingest.load([str(file)], alert=True).as_json())
    assert [(o["new"], o["updated"]) for o in outcomes] == [(1, 0), (0, 1), (0, 0)]
    found, members = app.read.stories()
    assert len(found) == 1
    assert found[0].title == "Earthquake shakes Harrow, bridge falls"
    stored, earlier = app.read.article(found[0].members[0])
    assert stored.enriched.article.version == 2
    assert len(earlier) == 1
    assert len(members) == 1
