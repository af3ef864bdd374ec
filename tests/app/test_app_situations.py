"""An affair of months: one situation, the same whatever the batches, after repair and after a merge."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.app import App, ingest
from pipeline.app.replay import fingerprint
from pipeline.errors import NotFoundError, UsageError
from pipeline.ports import Commit
from pipeline.records import Lineage, Watch
from pipeline.stages.alerting.alert import Alerting
from pipeline.stages.grouping import group

NEWS = (
    (
        "2014-06-03",
        "Tanker Brenta runs aground off Cape Solvang",
        "Oil from the tanker Brenta reached Cape Solvang.",
    ),
    (
        "2014-06-04",
        "Parliament passes the budget after a night of votes",
        "The vote ended at dawn in the capital.",
    ),
    (
        "2014-08-10",
        "Captain of tanker Brenta arrested over Cape Solvang spill",
        "Police arrested the captain at home.",
    ),
    (
        "2014-09-01",
        "Orchestra opens its season with a new symphony",
        "The hall was sold out for the evening.",
    ),
    (
        "2014-12-20",
        "Trial of Brenta tanker captain over Cape Solvang opens",
        "The court heard the first witnesses.",
    ),
    ("2014-12-21", "Rain delays the final of the tennis open", "Play is to go on tomorrow, organisers said."),
)


@pytest.fixture
def news(tmp_path) -> str:
    file = tmp_path / "affair.jsonl"
    rows = [
        {"title": title, "text": text, "published": f"{day}T08:00:00Z", "source": "Harbour Post"}
        for day, title, text in NEWS
    ]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return str(file)


def affairs(app):
    return app.read.situations(app.read.wanted(), "hot", 9)


def test_the_stories_of_an_affair_are_one_situation_and_others_are_alone(make_wiring, news):
    app = App(make_wiring())
    app.ingest.load([news])
    ((name, entries),) = affairs(app)
    titles = [title for _, title, _ in NEWS]
    assert [entry.story.title for entry in entries] == titles[::2]
    assert [entry.story.tie is None for entry in entries] == [True, False, False]
    assert name == entries[0].story.id
    assert app.read.situation(entries[2].story.id) == app.read.situation(name[:9]) == (name, entries)
    assert "captain" in entries[1].news
    assert "captain" not in entries[2].news
    alone = next(s for s in app.read.stories()[0] if s.title == titles[1])
    with pytest.raises(NotFoundError, match="alone"):
        app.read.situation(alone.id)


def test_batches_and_a_replay_give_the_same_situations(make_wiring, news, monkeypatch):
    found = []
    for size in (1, 2, 1000):
        monkeypatch.setattr(ingest, "BATCH_ITEMS", size)
        monkeypatch.setattr(group, "COMMIT_ARTICLES", size)
        app = App(make_wiring(f"home-{size}"))
        app.ingest.load([news])
        app.correct.repair()
        versions = {s.id: s.version for s in app.read.stories()[0]}
        found.append((fingerprint(app._wiring.store), versions))
    assert found[0] == found[1] == found[2]
    again = app.stores.replay(f"sqlite:///{news}.db")["fingerprint"]
    assert again == found[0][0]


def test_a_watch_tells_a_situation_once_whatever_the_batches(make_wiring, news, monkeypatch):
    told = []
    for size in (1, 1000):
        monkeypatch.setattr(ingest, "BATCH_ITEMS", size)
        monkeypatch.setattr(group, "COMMIT_ARTICLES", size)
        app = App(make_wiring(f"home-{size}"))
        app.ingest.load([news])
        ((_, entries),) = affairs(app)
        assert [entry.story.tie.seq for entry in entries[1:]] == [e.story.first_seq for e in entries[1:]]
        once = Alerting(app._wiring.store, [Watch("all", "*", once_per="situation")])
        told.append([each.story for each in once.decide(app._wiring.clock(), backfill=True).alerts])
        assert {entry.story.id for entry in entries} & set(told[-1]) == {entries[0].story.id}
        assert len(told[-1]) == len(app.read.stories()[0]) - len(entries) + 1
    assert told[0] == told[1]


def test_a_story_that_takes_one_in_is_in_its_situation(make_wiring, news):
    app = App(make_wiring())
    app.ingest.load([news])
    ((name, entries),) = affairs(app)
    other = next(s for s in app.read.stories()[0] if s.title.startswith("Parliament"))
    app.correct.merge([other.id, entries[2].story.id])
    ((same, merged),) = affairs(app)
    assert same == name
    assert sum(len(entry.story.members) for entry in merged) == 4


def test_the_beginning_of_an_old_id_leads_where_the_whole_does(make_wiring, news):
    """The first story of an affair was taken in by a story that is alone; the affair keeps its name."""
    app = App(make_wiring())
    app.ingest.load([news])
    ((name, entries),) = affairs(app)
    alone = next(s for s in app.read.stories()[0] if s.title.startswith("Parliament"))
    taken_in = Lineage(name, alone.id, "merged", alone.last_published, "repair")
    app._wiring.store.commit(Commit(ended=(name,), lineage=(taken_in,)))
    assert app.read.current(name[:9])[0].id == app.read.current(name)[0].id == alone.id
    assert app.read.looked_up(name[:9]).story.id == alone.id
    situation, left = app.read.situation(name)
    assert (situation, [each.story.id for each in left]) == (name, [each.story.id for each in entries[1:]])
    assert app.read.situation(name[:9]) == (name, left)
    assert app.read.affair(name[:9]) == app.read.affair(name) == (name, None)
    app._wiring.store.commit(Commit(lineage=(replace(taken_in, story=f"{name[:9]}-other"),)))
    with pytest.raises(UsageError, match="several stories or situations"):
        app.read.situation(name[:9])


def test_a_story_goes_where_most_of_its_articles_come_from(make_wiring, tmp_path):
    """Its first article was of another affair; those that a repair or a person put there outnumber it."""
    bribes = (
        ("2014-06-04", "Mayor Olena Varr accused of bribes in Ostrel", "The mayor of Ostrel took bribes."),
        ("2014-08-20", "Mayor Olena Varr of Ostrel in court over bribes", "Ostrel heard of the bribes."),
    )
    again = ("2014-12-20", "Captain of tanker Brenta on trial over Cape Solvang", "The Brenta trial opened.")
    file = tmp_path / "affairs.jsonl"
    rows = [
        {"title": title, "text": text, "published": f"{day}T08:00:00Z", "source": f"Post {n}"}
        for n, (day, title, text) in enumerate(sorted([*NEWS[::2], *bribes, again]))
    ]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    app = App(make_wiring())
    app.ingest.load([str(file)])
    found = {title: s for s in app.read.stories()[0] for title in [s.title] if s.tie is not None}
    trial = next(s for title, s in found.items() if "rial" in title)
    court = next(s for title, s in found.items() if "court" in title)
    assert len(trial.members) == 2
    assert trial.situation != court.situation
    app.correct.merge([court.id, trial.id])
    (merged,) = (s for s in app.read.stories()[0] if len(s.members) == 3)
    assert merged.id == court.id
    assert merged.situation == trial.situation
    assert merged.tie is not None
    assert (merged.tie.by, merged.tie.evidence) == ("person", ())
