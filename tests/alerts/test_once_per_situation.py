"""A watch that tells a situation once: its other stories only by what is news, whatever the batches."""

from __future__ import annotations

import email
import email.policy
from datetime import timedelta

import pytest
from alert_records import START, World, article, facts, watch

from pipeline.alerts.send.render import Renderer
from pipeline.records import Delivery
from pipeline.settings import MailSettings
from pipeline.stages.alerting.alert import Alerting
from pipeline.stages.alerting.questions import backtest_watch, why_story
from pipeline.store import open_store

NOW = START + timedelta(days=1)
SPILL = watch("spill", "spills", once_per="situation", follow_up="news")
ONCE = watch("spill", "once", once_per="situation")
DOUBLED = watch("spill", "doubled", once_per="situation", follow_up="growth")
STORIES = watch("spill", "stories", follow_up="news")
ALL = (SPILL, ONCE, DOUBLED, STORIES)


@pytest.fixture
def world(either_world) -> World:
    """A world in which watches have run before."""
    either_world.arrive(article(1, "Of no matter", story="s0"))
    run(either_world, *ALL)
    return either_world


def run(world, *watches, stretch=1000, now=NOW):
    decided = Alerting(world.store, watches, facts=facts, stretch=stretch).decide(now)
    return [(alert.watch, alert.story, alert.kind) for alert in decided.alerts]


def came(world, seq, title, story, **more):
    world.arrive(article(seq, title, story=story, **more))


def an_affair(world):
    """The spill, the hearing that names nobody new, the trial with a new name; and a spill elsewhere."""
    came(world, 2, "A spill off the cape", "spill", text="A tanker lost oil.", names=[("place", "Cape Norn")])
    came(world, 3, "A spill off Cape Norn", "spill", text="Oil was lost.", names=[("place", "Cape Norn")])
    came(
        world,
        4,
        "Spill: a hearing",
        "hearing",
        text="A hearing on Cape Norn.",
        names=[("place", "Cape Norn")],
    )
    world.tie("hearing", "spill", 4)
    came(world, 5, "Hearing on the spill", "hearing", text="Cape Norn again.", names=[("place", "Cape Norn")])
    came(world, 6, "Spill: a trial", "trial", text="Zoe Quill is accused.", names=[("person", "Zoe Quill")])
    world.tie("trial", "spill", 6)
    came(
        world,
        7,
        "Trial on a spill",
        "trial",
        text="The accused is Zoe Quill.",
        names=[("person", "Zoe Quill")],
    )
    came(world, 8, "A spill in a lake", "lake", text="A lorry fell into a lake.")
    came(world, 9, "Spill: a verdict", "verdict", text="Zoe Quill is free.", names=[("person", "Zoe Quill")])
    world.tie("verdict", "spill", 9)
    came(world, 10, "Verdict on a spill", "verdict", text="Free: Zoe Quill.", names=[("person", "Zoe Quill")])


TOLD = sorted(
    [("spills", "spill", "new"), ("spills", "trial", "news"), ("spills", "lake", "new")]
    + [("doubled", "spill", "growth")]
    + [(name, story, "new") for name in ("once", "doubled") for story in ("spill", "lake")]
    + [("stories", story, "new") for story in ("spill", "hearing", "trial", "lake", "verdict")]
)


@pytest.mark.parametrize("stretch", [1, 3, 1000])
def test_a_situation_is_told_once_and_then_by_what_is_new_to_it(world, stretch):
    an_affair(world)
    assert sorted(run(world, *ALL, stretch=stretch)) == TOLD
    assert run(world, *ALL) == []


def test_run_after_each_article_it_tells_the_same(world):
    told = []
    arrive = world.arrive

    def arrive_and_run(*articles):
        told.extend(run(world, *ALL, now=START + timedelta(minutes=articles[-1].seq)))
        arrive(*articles)

    world.arrive = arrive_and_run
    an_affair(world)
    assert sorted([*told, *run(world, *ALL)]) == TOLD


def test_the_backtest_tells_what_the_run_told(world):
    an_affair(world)
    for one in ALL:
        tried = backtest_watch(world.store, one, START, NOW, facts)
        fired = [(one.name, each.alert.story, each.alert.kind) for each in tried.fired]
        assert sorted(fired) == sorted(each for each in TOLD if each[0] == one.name)


def test_a_story_that_is_tied_later_was_told_and_ties_from_then_on(world):
    came(world, 2, "A spill", "one")
    came(world, 3, "A spill again", "two")
    world.tie("two", "one", 4)
    came(world, 4, "A spill of oil", "two")
    came(world, 5, "A spill once more", "three")
    world.tie("three", "one", 5)
    assert run(world, ONCE) == [("once", "one", "new"), ("once", "two", "new")]


def test_what_a_story_that_is_gone_was_told_of_counts(world):
    came(world, 2, "A spill", "one")
    came(world, 3, "A spill of oil", "two")
    world.tie("two", "one", 3)
    assert run(world, ONCE) == [("once", "one", "new")]
    world.move(["a0002"], "elsewhere", "merged")
    came(world, 4, "A spill, on trial", "three")
    world.tie("three", "one", 4)
    assert run(world, ONCE) == []


def test_a_story_of_the_situation_that_the_query_never_hits_tells_nothing(world):
    came(world, 2, "A spill", "one")
    came(world, 3, "A trial", "two", text="Zoe Quill is accused.", names=[("person", "Zoe Quill")])
    world.tie("two", "one", 3)
    came(world, 4, "The trial", "two", text="It is Zoe Quill.", names=[("person", "Zoe Quill")])
    assert run(world, SPILL) == [("spills", "one", "new")]


def test_conditions_are_asked_of_the_first_story_alone(world):
    needy = watch("spill", "needy", once_per="situation", follow_up="news", conditions={"outlets": 3})
    came(world, 2, "A spill", "one")
    came(world, 3, "A spill of oil", "two")
    world.tie("two", "one", 3)
    came(world, 4, "Spill in the bay", "two")
    assert run(world, needy) == []
    came(world, 5, "Spill in a bay", "two")
    assert run(world, needy) == [("needy", "two", "new")]


def test_why_names_the_story_that_was_told(world):
    an_affair(world)
    run(world, *ALL)
    said = why_story(world.store, ONCE, "hearing", NOW, facts)
    assert not said.alerted
    assert said.verdict.startswith("not alerted: its situation was told of with story spill")
    assert "no follow-up" in " ".join(said.notes)
    told = why_story(world.store, SPILL, "trial", NOW, facts).verdict
    assert told.endswith("because new: person Zoe Quill; its situation was told of with story spill")
    assert why_story(world.store, ONCE, "spill", NOW, facts).alerted


def test_a_follow_up_on_another_story_is_in_the_thread_of_the_first(tmp_path):
    class Sink:
        def __init__(self):
            self.sent = []

        def send(self, message):
            self.sent.append(email.message_from_bytes(message.payload, policy=email.policy.default))

        def close(self):
            pass

    from alert_records import World

    store = open_store(f"sqlite:///{tmp_path}/w.db")
    world, sink = World(store), Sink()
    one = watch("spill", once_per="situation", follow_up="news", deliver=Delivery(mail=("a@example.org",)))
    renderer = Renderer(MailSettings())

    def told():
        Alerting(store, (one,), facts=facts).run(NOW, sink, renderer)

    came(world, 1, "Of no matter", "s0")
    told()
    came(world, 2, "A spill off the cape", "one")
    told()
    came(
        world, 3, "A trial over a spill", "two", text="Zoe Quill is accused.", names=[("person", "Zoe Quill")]
    )
    world.tie("two", "one", 3)
    came(world, 4, "On trial", "two", text="The accused is Zoe Quill.", names=[("person", "Zoe Quill")])
    told()
    first, second = sink.sent
    assert second["In-Reply-To"] == first["Message-ID"]
    assert second["Subject"] == f"Re: {first['Subject']}"
    text = second.get_body(("plain",)).get_content()
    assert "New in another story of a situation that you were told of" in text
    assert "person Zoe Quill" in text
    store.close()
