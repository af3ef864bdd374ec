"""A person says that what was taken for one article is two: both are there again, and that is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from killing import survived
from node_stores import BACKENDS, new_url, removed

from pipeline.app import App
from pipeline.app.replay import fingerprint
from pipeline.app.shapes import preview_shape
from pipeline.errors import ContradictionError, PermanentError, UsageError

on_both = pytest.mark.parametrize("kind", BACKENDS)
# A bulletin that is written anew under one link and guid: what a machine must take for an edit.
LINK = "https://harbour.example/bulletin"
FERRY = (
    "The ferry Aurora ran aground on a sandbank off Tarn on Monday with ninety aboard, its owners said. " * 3
)
MAYOR = "A court in Ellery freed the mayor on Tuesday and dropped all charges of fraud against her. " * 3
WHEAT = "Farmers in Lorn brought in the poorest wheat of ten years, as the drought goes on. " * 3
MAYOR_LATER = MAYOR + "Her lawyer said that she would go back to work on Wednesday morning. "


@pytest.fixture
def url(kind) -> Iterator[Callable[[str], Any]]:
    """Makes the URL of a store of a name; what is made on the node is removed afterwards."""
    place, made = new_url(), set()

    def make(name):
        made.add(name)
        return None if kind == "sqlite" else f"{place}-{name}"

    yield make
    if kind == "elasticsearch":
        for name in made:
            removed(make(name))


@pytest.fixture
def home(server, item, feed_body, configured, make_wiring) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Opens a home; what its feed shows is changed by the second thing it gives."""
    shown: list[str] = []
    hours = [0]
    config = configured(
        {"id": "f", "url": server.route("/feed", lambda exchange: exchange.answer(feed_body(*shown)))},
        stories={"vectors": "none"},
    )
    (config / "watches.yaml").write_text(
        "watches:\n  - {name: mayor, query: mayor, deliver: {mail: [a@b.example]}}\n"
    )

    def opened(name="home", store=None):
        return make_wiring(name, config, store=store)

    def poll(wiring, title, text, date="Sun, 08 Feb 2015 09:00:00 GMT"):
        hours[0] += 1
        now = datetime(2015, 2, 8, 9, tzinfo=UTC) + timedelta(hours=hours[0])
        wiring.clock = lambda: now
        shown[:] = [item(title, LINK, text, "bulletin-1", date)]
        return App(wiring).ingest.fetch([], every=True)

    return opened, poll


def articles(wiring):
    return {s.enriched.article.title: s for s in wiring.store.between(0, wiring.store.head())}


def swallowed(home, name="home", store=None):
    """A home where one article swallowed another; with the second's item."""
    opened, poll = home
    wiring = opened(name, store)
    poll(wiring, "Ferry runs aground off Tarn", FERRY)
    poll(wiring, "Court frees mayor of Ellery", MAYOR)
    ((_, stored),) = articles(wiring).items()
    form = stored.enriched.article.forms[-1]
    assert form.because, "one swallowed the other"
    return wiring, stored.enriched.article.id, form.key.partition(":")[2][:12]


@on_both
def test_both_are_there_again_and_it_is_taken_back_and_replayed(home, url, tmp_path):
    wiring, ferry, item = swallowed(home, store=url("one"))
    app = App(wiring)
    before = fingerprint(wiring.store)
    said = app.correct.telling_apart(ferry, [item], "not one event", "ann")
    preview = preview_shape(app.correct.preview(said))
    assert {a["title"] for story in preview["after"] for a in story["articles"]} >= {
        "Court frees mayor of Ellery"
    }
    assert fingerprint(wiring.store) == before, "a preview changes nothing"

    app.correct.say(said)
    found = articles(wiring)
    one, other = found["Ferry runs aground off Tarn"], found["Court frees mayor of Ellery"]
    assert (one.enriched.article.id, one.seq) == (ferry, 1)
    assert (one.enriched.article.text.strip(), other.seq) == (FERRY.strip(), 2)
    assert other.story != one.story
    assert [v.article.title for v in wiring.store.versions(ferry)][-1] == "Court frees mayor of Ellery"
    assert app.correct.told_apart(ferry) == [(other.enriched.article.id, said.id)]
    assert app.correct.told_apart(other.enriched.article.id) == [(ferry, said.id)]
    assert said.id in "".join(wiring.store.decision(other.enriched.article.id).constraints)
    assert app.correct.say(said)[0], "what holds is not said twice"
    assert len(app.correct.all()) == 1

    _, poll = home
    assert poll(wiring, "Court frees mayor of Ellery", MAYOR).counts.new == 0
    assert poll(wiring, "Court frees mayor of Ellery, again", MAYOR_LATER).counts.updated == 1
    assert poll(wiring, "Ferry runs aground off Tarn, nobody hurt", FERRY).counts.updated == 1
    assert poll(wiring, "Wheat harvest is poor", WHEAT).counts.new == 1
    now = {title: stored.enriched.article.id for title, stored in articles(wiring).items()}
    assert now["Ferry runs aground off Tarn, nobody hurt"] == ferry
    assert now["Court frees mayor of Ellery, again"] == other.enriched.article.id
    app.watches.alert()
    again = app.stores.replay(url("two") or f"sqlite:///{tmp_path / 'two' / 'w.db'}")
    assert again["fingerprint"] == fingerprint(wiring.store)

    app.correct.undo(said.id)
    assert next(iter(articles(wiring).values())).enriched.article.id == ferry
    assert len(articles(wiring)) == 2
    assert other.enriched.article.id not in wiring.store.articles([other.enriched.article.id])
    assert wiring.store.decision(other.enriched.article.id) is None
    assert app.correct.told_apart(ferry) == []
    assert sum(len(s.members) for s in wiring.store.newest_stories(None, None, 9)) == 2
    app.correct.undo(app.correct.all()[-1].id)
    assert other.enriched.article.id in wiring.store.articles([other.enriched.article.id])
    app.watches.alert()
    again = app.stores.replay(url("three") or f"sqlite:///{tmp_path / 'three' / 'w.db'}")
    assert again["fingerprint"] == fingerprint(wiring.store)


def test_it_is_asked_for_and_carried_out_by_whoever_groups_next(home):
    wiring, ferry, item = swallowed(home)
    app = App(wiring)
    before = fingerprint(wiring.store)
    asked = app.requests.file("apart", [], [ferry, item], "not one event", "ann")
    assert (asked.state, asked.kind) == ("waiting", "apart")
    assert app.requests.file("apart", [], [ferry, item], "not one event", "ann").id == asked.id
    assert fingerprint(wiring.store) == before
    with pytest.raises(UsageError):
        app.requests.file("apart", [], [ferry, "no such form"], "", "ann")
    _, poll = home
    poll(wiring, "Wheat harvest is poor", WHEAT)
    done = app.requests.one(asked.id)
    assert done.state == "done"
    assert {"Ferry runs aground off Tarn", "Court frees mayor of Ellery"} <= set(articles(wiring))
    undone = app.requests.file("undo", [], [done.said[0]], "", "ann")
    app.requests.carry_out()
    assert app.requests.one(undone.id).state == "done"
    assert "Ferry runs aground off Tarn" not in articles(wiring)


def test_what_cannot_be_told_apart_is_refused_in_a_line_and_not_journalled(home):
    wiring, ferry, item = swallowed(home)
    app, entries = App(wiring), wiring.archive.last()
    first = wiring.store.articles([ferry])[ferry].enriched.article.forms[0].key.partition(":")[2]
    for form, reason in ((LINK, "2 times"), ("nonsense", "did not come"), (first, "in this form first")):
        with pytest.raises(UsageError, match=reason):
            app.correct.telling_apart(ferry, [form])
    said = app.correct.telling_apart(ferry, [item])
    for path in (wiring.home / "archive").glob("2*/*/*/*.warc.gz"):
        path.rename(path.with_suffix(".away"))
    with pytest.raises(PermanentError, match="the archive does not have it"):
        app.correct.say(said)
    assert (wiring.archive.last(), app.correct.all(), app.stored.rejections()) == (entries, [], [])


def test_what_was_told_apart_further_is_taken_back_in_turn(home):
    wiring, ferry, item = swallowed(home)
    _, poll = home
    poll(wiring, "Wheat harvest is poor", WHEAT)
    app = App(wiring)
    wheat = wiring.store.articles([ferry])[ferry].enriched.article.forms[-1].key.partition(":")[2]
    both = app.correct.telling_apart(ferry, [item, wheat])
    app.correct.say(both)
    ((mayor, _),) = app.correct.told_apart(ferry)
    further = app.correct.telling_apart(mayor, [wheat])
    app.correct.say(further)
    further = app.correct.all()[-1]  # as it was said: after what was said before
    assert set(articles(wiring)) == {
        "Ferry runs aground off Tarn", "Court frees mayor of Ellery", "Wheat harvest is poor",
    }  # fmt: skip
    with pytest.raises(ContradictionError, match=further.id):
        app.correct.undo(both.id)
    app.correct.undo(further.id)
    app.correct.undo(both.id)
    assert set(articles(wiring)) == {"Wheat harvest is poor"}


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_killed_before_any_write_it_is_done_once_and_whole(home):
    opened, _ = home
    outcomes = set()
    for kill_at in range(1, 6):
        wiring, ferry, item = swallowed(home, f"killed-{kill_at}")
        said = App(wiring).correct.telling_apart(ferry, [item])
        wiring.close()
        for word in ("say", "undo"):
            open_again = partial(opened, f"killed-{kill_at}")

            def work(parts, word=word, said=said):
                App(parts).correct.say(said) if word == "say" else App(parts).correct.undo(said.id)

            survived(kill_at, open_again, work)
            after = open_again()
            after.clock = wiring.clock
            if not App(after).correct.undone() and word == "undo":
                App(after).correct.repair()  # the next writer completes it
            if word == "say":
                App(after).correct.say(said)
            elif not App(after).correct.undone():
                App(after).correct.undo(said.id)
            outcomes.add((word, tuple(sorted(articles(after)))))
            after.close()
    assert outcomes == {
        ("say", ("Court frees mayor of Ellery", "Ferry runs aground off Tarn")),
        ("undo", ("Court frees mayor of Ellery",)),
    }


@on_both
def test_a_long_text_that_its_feed_takes_back_is_gone(home, url):
    opened, poll = home
    wiring = opened(store=url("back"))

    for text in (MAYOR, MAYOR + WHEAT + WHEAT, MAYOR, MAYOR + WHEAT + WHEAT, MAYOR):
        poll(wiring, "Court frees mayor of Ellery", text)
        (stored,) = articles(wiring).values()
        assert stored.enriched.article.text.strip() == text.strip()
    assert stored.enriched.article.version == 5
    assert {form.text_from for form in stored.enriched.article.forms} == {"feed"}
    poll(wiring, "Court frees mayor of Ellery", MAYOR[:90])
    (stored,) = articles(wiring).values()
    assert stored.enriched.article.text.strip() == MAYOR.strip(), "a teaser of it takes nothing away"
