"""When a watch fires: once for a story, again only as asked, and the same at any batch size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from alert_records import START, World, article, facts, watch
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.alerts.decide.decide import central_member
from pipeline.records import Delivery, Span
from pipeline.stages.alerting.alert import Alerting
from pipeline.store import open_store

NOW = START + timedelta(days=1)


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    store = open_store(f"sqlite:///{tmp_path}/w.db")
    yield World(store)
    store.close()


def fired(world, *watches, now=NOW, **more):
    decided = Alerting(world.store, watches, facts=facts).decide(now, **more)
    return [(alert.watch, alert.kind, alert.story, alert.articles) for alert in decided.alerts]


def test_fires_once_when_the_conditions_first_hold(world):
    one = watch(conditions={"outlets": 3})
    world.arrive(article(1, "A drill begins"))
    assert fired(world, one) == []
    assert world.store.tellings("drills")["s1"].miss == "needs 3 outlets, has 1"
    world.arrive(article(2, "Something else"), article(3, "Also"))
    assert fired(world, one) == [("drills", "new", "s1", ("a0001", "a0002", "a0003"))]
    world.arrive(article(4, "More drills"), article(5, "Drill again"))
    assert fired(world, one) == []
    assert fired(world, one) == []


def test_the_reason_says_what_hit_and_what_held(world):
    world.arrive(article(1, "Military drills", outlet="A"), article(2, "Other", outlet="B"))
    decided = Alerting(
        world.store, [watch('"military drills"', conditions={"outlets": 2})], facts=facts
    ).decide(NOW)
    assert decided.alerts[0].reason == "the query hits ‘Military drills’; outlets: 2"


@pytest.mark.parametrize(
    ("conditions", "holds_at"),
    [
        ({"articles": 3}, 3),
        ({"outlets": 2}, 2),
        ({"origins": 3}, 4),
        ({"topics": ("War",)}, 3),
        ({"topics": ("t9",)}, None),
        ({"entities": ("person:kim-jong-un",)}, 2),
        ({"entities": ("kim jong ún",)}, 2),
        ({"growth": 4}, 4),
        ({"growth": 6}, None),
        ({"articles": 2, "origins": 3}, 4),
    ],
)
def test_conditions(world, conditions, holds_at):
    world.arrive(
        article(1, "A drill", text="one", outlet="A"),
        article(2, "b", text="two", outlet="B", names=[("person", "Kim Jong Un")]),
        article(3, "c", text="two", outlet="B", topics=[("t1", "War")]),
        article(4, "d", text="four", outlet="B"),
        article(5, "e", text="five", outlet="B", published=START - timedelta(days=3)),
    )
    found = fired(world, watch(conditions=conditions))
    assert [len(articles) for _, _, _, articles in found] == ([holds_at] if holds_at else [])


@pytest.mark.parametrize(("match", "expected"), [("any", [2]), ("most", [3]), ("central", [])])
def test_match_modes(world, match, expected):
    titles = ["Other", "Drill", "Drill two", "Other"]
    world.arrive(*(article(seq, title) for seq, title in enumerate(titles, start=1)))
    found = fired(world, watch("drill", match=match))
    assert [len(each[3]) for each in found] == expected


def test_match_most_and_central_can_fail(world):
    world.arrive(article(1, "Other"), article(2, "Drill"), article(3, "Other"))
    for match in ("most", "central"):
        assert fired(world, watch("drill", name=match, match=match)) == []
    world.arrive(article(4, "Nothing", story="s2"))


def test_growth_follows_up_each_time_the_origins_double(world):
    one = watch(follow_up="growth")
    world.arrive(article(1, "Drill", text="1"))
    assert [kind for _, kind, _, _ in fired(world, one)] == ["new"]
    world.arrive(article(2, text="1"), article(3, text="2"))
    assert fired(world, one) == [("drills", "growth", "s1", ("a0002", "a0003"))]
    world.arrive(article(4, text="3"))
    assert fired(world, one) == []
    assert world.store.tellings("drills")["s1"].miss == "needs 4 independent origins, has 3"
    world.arrive(article(5, text="4"))
    assert fired(world, one) == [("drills", "growth", "s1", ("a0004", "a0005"))]


def test_news_follows_up_on_a_new_person_place_or_number(world):
    one = watch(follow_up="news")
    world.arrive(article(1, "Drill", text="On 3 May 2026 some 40 ships.", names=[("person", "Kim Jong Un")]))
    assert len(fired(world, one)) == 1
    world.arrive(article(2, "Again 40 ships", text="In 2025 too.", names=[("person", "Kim Jong Un")]))
    assert fired(world, one) == []
    # One text alone may err, or digress.
    world.arrive(article(3, "Now 1,200 ships", text="Wonsan is near.", names=[("place", "Wonsan")]))
    assert fired(world, one) == []
    assert "no two independent texts" in world.store.tellings("drills")["s1"].miss
    world.arrive(article(4, "Some 1,200 ships off Wonsan", text="y", names=[("place", "Wonsan")]))
    decided = Alerting(world.store, [one], facts=facts).decide(NOW)
    assert decided.alerts[0].evidence == (
        ("place", "Wonsan"),
        ("sentence", "Wonsan is near."),
        ("number", "1200"),
        ("sentence", "Now 1,200 ships"),
    )
    assert decided.alerts[0].articles == ("a0002", "a0003", "a0004")


@pytest.mark.parametrize("name", [("person", "Covid-19"), ("organisation", "Lund Harbour")])
def test_what_an_earlier_article_said_under_any_label_is_not_new(world, name):
    one = watch(follow_up="news")
    world.arrive(article(1, "Drill", text="The Lund harbour closed, as in the days of covid-19."))
    assert len(fired(world, one)) == 1
    world.arrive(article(2, "Drill goes on", text="p", names=[name]))
    world.arrive(article(3, "Drill ends", text="q", names=[name]))
    assert fired(world, one) == []


BRIDGE = ("Bridge falls in Drill", "Cars fell into the river on Monday.")


@pytest.mark.parametrize(
    ("language", "first", "second", "news"),
    [
        ("en", "Nine dead as bridge falls", "Police: nine died", "9"),
        ("en", "Bridge: 9 dead", "Nine people died there", "9"),
        ("en", "Three days later, questions", "Three days on, nobody answers", ""),
        ("en", "One dead", "One person died", ""),
        ("en", "Since 2 March no answers", "Since 2 March 2026 at 7:45 nobody answers", ""),
        ("en", "A twenty-nine storey view", "The twenty-nine storeys", ""),
        ("en", "Nine dead", "Eight dead", ""),
        ("de", "Zwölf Tote", "Polizei: zwölf Menschen starben", "12"),
        ("de", "Acht geben", "Acht geben hilft", ""),
        ("es", "Nueve muertos", "Murieron nueve personas", "9"),
        ("es", "Once muertos", "Once personas", ""),
        ("en", "Once dead", "Once more", ""),
        ("fr", "Quinze morts", "Quinze personnes sont mortes", "15"),
        ("fr", "Un pont neuf", "Le pont neuf", ""),
        ("ja", "9人死亡", "橋の崩落で9人死亡", "9"),
        ("ja", "３月２日に第4回", "2026年3月2日の第4回会議", ""),
        ("ko", "사망 37명", "다리 붕괴로 37명 사망", "37"),
        ("ko", "3월 2일 오전 10시", "2026년 3월 2일 10시", ""),
        ("en", "The F16 of 4x4 at 10:30", "An F16 and a 4x4 at 10:30", ""),
    ],
)
def test_a_number_in_figures_or_letters_is_news_once_two_texts_say_it(world, language, first, second, news):
    one = watch("title:drill", follow_up="news")
    world.arrive(article(1, *BRIDGE[:1], text=BRIDGE[1], language=language))
    assert len(fired(world, one)) == 1
    world.arrive(
        article(2, first, text="a", language=language), article(3, second, text="b", language=language)
    )
    told = [alert.reason for alert in Alerting(world.store, [one], facts=facts).decide(NOW).alerts]
    assert told == ([f"new: number {news}"] if news else [])


def test_growth_counts_texts_too_once_outlets_are_more_than_one(world):
    def counted(story, members):
        return replace(facts(story, members), origins=len({m.enriched.article.outlet for m in members}))

    def told():
        return [a.reason for a in Alerting(world.store, [one], facts=counted).decide(NOW).alerts]

    one = watch(follow_up="growth", conditions={"outlets": 2})
    world.arrive(article(1, "Drill", text="1", outlet="A"), article(2, "Drill", text="2", outlet="B"))
    assert len(told()) == 1
    world.arrive(article(3, text="3", outlet="A"))
    assert told() == []
    world.arrive(article(4, text="4", outlet="A"))
    assert told() == ["4 different texts, 2 when last told"]
    # What one outlet alone prints vouches for nothing.
    alone = watch(name="alone", query="calm", follow_up="growth")
    world.arrive(*(article(seq, "Calm", "s2", text=f"{seq}", outlet="A") for seq in range(5, 12)))
    decided = Alerting(world.store, [alone], facts=counted).decide(NOW)
    assert [alert.kind for alert in decided.alerts] == ["new"]


def test_an_edit_or_a_refetch_never_alerts_again(world):
    one = watch("drill", follow_up="news")
    world.arrive(article(1, "A drill"))
    assert len(fired(world, one)) == 1
    world.edit("a0001", title="A drill with 900 ships", published=START + timedelta(days=2))
    world.edit("a0001", title="No drill", names=[("person", "Kim")])
    assert fired(world, one) == []


def test_a_flash_alerts_once_when_its_full_text_matches(world):
    one = watch("drill AND sank")
    world.arrive(article(1, "Incident in the strait", text="More follows."))
    assert fired(world, one) == []
    world.edit("a0001", title="Ship sank in a drill", text="It sank on Monday.")
    decided = Alerting(world.store, [one], facts=facts).decide(NOW)
    assert [(alert.kind, alert.articles, alert.cause) for alert in decided.alerts] == [
        ("new", ("a0001",), "edit")
    ]
    assert decided.alerts[0].reason.endswith("since an article was edited")
    world.edit("a0001", title="Ship sank in a drill, two missing", text="It sank on Monday.")
    assert fired(world, one) == []


def test_what_an_edit_takes_back_is_no_match_any_more(world):
    one = watch("drill", conditions={"outlets": 2})
    world.arrive(article(1, "A drill", outlet="A"))
    assert fired(world, one) == []
    world.edit("a0001", title="No exercise at all")
    world.arrive(article(2, "Nothing", outlet="B"))
    assert fired(world, one) == []
    assert "hits none" in world.store.tellings("drills")["s1"].miss
    world.edit("a0002", title="A drill after all")
    assert fired(world, one) == [("drills", "new", "s1", ("a0001", "a0002"))]


def test_an_edit_of_backfill_never_alerts(world):
    world.arrive(article(1, "Something", backfill=True))
    assert fired(world, watch()) == []
    world.edit("a0001", title="A drill")
    assert fired(world, watch()) == []
    assert fired(world, watch()) == []


def test_a_merge_of_near_misses_alerts_when_it_makes_the_conditions_true(world):
    one = watch("drill", conditions={"outlets": 2})
    world.arrive(article(1, "Drill", outlet="A"), article(2, "Drill", story="s2", outlet="B"))
    assert fired(world, one) == []
    world.move(["a0002"], "s1", "merged")
    decided = Alerting(world.store, [one], facts=facts).decide(NOW)
    assert [(a.story, a.articles, a.cause) for a in decided.alerts] == [("s1", ("a0001", "a0002"), "move")]
    assert decided.alerts[0].reason.endswith("since a repair moved articles")


def test_a_split_that_leaves_mostly_matching_articles_alerts(world):
    one = watch("drill", match="most")
    world.arrive(article(1, "Drill"), article(2, "Other"), article(3, "Other"))
    # At its first article all of the story matched.
    assert len(fired(world, one)) == 1
    world.arrive(article(4, "Else", story="s2"), article(5, "Drill", story="s2"), article(6, "x", story="s2"))
    assert fired(world, one) == []
    world.move(["a0004", "a0006"], "s3", "split")
    assert fired(world, one) == [("drills", "new", "s2", ("a0005",))]


def test_backfill_alerts_only_when_asked(world):
    world.arrive(article(1, "A drill", backfill=True), article(2, "A drill", story="s2"))
    assert [story for _, _, story, _ in fired(world, watch(), dry_run=True)] == ["s2"]
    assert [story for _, _, story, _ in fired(world, watch(), backfill=True)] == ["s1", "s2"]


def test_a_merge_of_told_stories_is_silent_and_so_is_what_follows(world):
    one = watch()
    world.arrive(article(1, "Drill"), article(2, "Drill", story="s2"))
    assert len(fired(world, one)) == 2
    world.move(["a0002"], "s1", "merged")
    assert fired(world, one) == []
    world.arrive(article(3, "Drill"))
    assert fired(world, one) == []


def test_a_story_merged_into_one_that_was_not_told_counts_as_told(world):
    one = watch()
    world.arrive(article(1, "Other"), article(2, "Drill", story="s2"))
    assert len(fired(world, one)) == 1
    world.move(["a0002"], "s1", "merged")
    world.arrive(article(3, "Drill"))
    assert fired(world, one) == []
    assert set(world.store.tellings("drills")["s1"].told) == {"a0002"}


def test_members_that_a_merge_brought_are_no_growth(world):
    one = watch("drill", follow_up="growth")
    world.arrive(
        article(1, "Drill"), *(article(seq, story="s2") for seq in (2, 3, 4)), article(5, "Drill", story="s3")
    )
    assert len(fired(world, one)) == 2
    world.move(["a0002", "a0003"], "s3", "merged")
    world.arrive(article(6, story="s3"))
    # Three of the four were there when s3 was told: one more does not double them.
    assert fired(world, one) == []


def test_a_split_may_tell_of_the_part_not_told(world):
    one = watch()
    world.arrive(article(1, "Drill"))
    assert len(fired(world, one)) == 1
    world.arrive(article(2, "Drill elsewhere"), article(3, "Drill elsewhere"))
    assert fired(world, one) == []
    world.move(["a0002", "a0003"], "s9", "split")
    assert fired(world, one) == [("drills", "new", "s9", ("a0002", "a0003"))]
    world.arrive(article(4, "Goes on", story="s9"), article(5, "Goes on"))
    assert fired(world, one) == []


def test_a_split_that_takes_the_told_part_along_leaves_the_rest_untold(world):
    one = watch()
    world.arrive(article(1, "Drill"))
    assert len(fired(world, one)) == 1
    world.arrive(article(2, "Drill elsewhere"))
    assert fired(world, one) == []
    world.move(["a0001"], "s9", "split")
    assert fired(world, one) == [("drills", "new", "s1", ("a0002",))]
    world.arrive(article(3, "Drill"), article(4, "Drill", story="s9"))
    assert fired(world, one) == []


def test_retention_of_told_members_does_not_tell_again(world):
    one = watch()
    world.arrive(article(1, "Drill", published=START - timedelta(days=20)), article(2, "Drill"))
    assert len(fired(world, one)) == 1
    lease = world.store.acquire("stories", "me", NOW, 60)
    world.store.drop_before(START + timedelta(hours=-1), lease)
    world.articles.pop("a0001")
    world.arrive(article(3, "Drill"))
    assert fired(world, one) == []


def test_a_watch_that_is_new_or_switched_on_again_starts_with_what_comes(world):
    world.arrive(article(1, "Drill"))
    assert len(fired(world, watch())) == 1
    world.arrive(article(2, "Drill", story="s2"))
    assert fired(world, watch(enabled=False)) == []
    assert fired(world, watch(), watch(name="new one")) == []
    world.arrive(article(3, "Drill", story="s3"))
    assert [name for name, *_ in fired(world, watch(), watch(name="new one"))] == ["drills", "new one"]


def test_a_clock_that_jumps_changes_no_decision(world):
    world.arrive(article(1, "Drill"))
    assert len(fired(world, watch(), now=NOW + timedelta(days=900))) == 1
    world.arrive(article(2, "Drill"), article(3, "Drill", story="s2"))
    found = fired(world, watch(), now=NOW - timedelta(days=900))
    assert [story for _, _, story, _ in found] == ["s2"]


def test_now_in_a_watch_is_the_arrival_of_each_article(world):
    one = watch("published:[now-1h TO now]")
    old = START - timedelta(days=2)
    world.arrive(article(1), article(2, story="s2", published=old))
    assert [story for _, _, story, _ in fired(world, one, now=NOW + timedelta(days=90))] == ["s1"]


# -- batch sizes -----------------------------------------------------------------------------------

WATCHES = (
    watch("drill", "any"),
    watch("drill", "three", conditions={"outlets": 3}, follow_up="growth"),
    watch("drill OR war", "news", follow_up="news", conditions={"articles": 2}),
    watch("war", "most", match="most", follow_up="growth"),
    watch("war AND published:[now-1d TO now]", "central", match="central"),
    watch("NOT drill", "rest", conditions={"growth": 2}, deliver=Delivery()),
)

histories = st.lists(
    st.tuples(
        st.sampled_from(["s1", "s2", "s3"]),
        st.sampled_from(["Drill", "War", "A war drill", "Calm", "War with 30 ships"]),
        st.sampled_from(["one", "two", "three", "four"]),
        st.sampled_from([(), (("person", "Kim"),), (("place", "Oslo"),)]),
        st.booleans(),
    ),
    min_size=1,
    max_size=14,
)


def outcome(history, steps, stretch, folder):
    """All alerts and tellings, when the run comes after each of `steps` articles."""
    store = open_store(f"sqlite:///{folder}/w.db")
    try:
        world = World(store)
        made = [
            article(seq, title, story, text=text, names=names, backfill=old and seq % 3 == 0)
            for seq, (story, title, text, names, old) in enumerate(history, start=1)
        ]
        start = 0
        for number, step in enumerate([*steps, len(made)]):
            world.arrive(*made[start : start + step])
            start += step
            alerting = Alerting(store, WATCHES, facts=facts, stretch=stretch)
            alerting.decide(NOW + timedelta(hours=number))
            if start >= len(made):
                break
        alerts = {(a.id, a.story, a.articles, a.reason, a.evidence, a.seq) for a in store.alerts()}
        known = {
            (name, story, t.matched, t.told, t.alerts, t.origins, t.entities, t.seq, t.miss)
            for name in (each.name for each in WATCHES)
            for story, t in store.tellings(name).items()
        }
        return alerts, known
    finally:
        store.close()


@given(history=histories, steps=st.lists(st.integers(1, 5), max_size=8), stretch=st.integers(1, 4))
@settings(max_examples=examples(20), deadline=None)
def test_batch_sizes_and_times_of_running_change_nothing(history, steps, stretch, tmp_path_factory):
    whole = outcome(history, [], 1000, tmp_path_factory.mktemp("whole"))
    parts = outcome(history, steps, stretch, tmp_path_factory.mktemp("parts"))
    single = outcome(history, [1] * len(history), 1000, tmp_path_factory.mktemp("single"))
    assert whole == parts == single


# -- edits and moves --------------------------------------------------------------------------------

steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("new"),
            st.sampled_from(["s1", "s2", "s3"]),
            st.sampled_from(["Drill", "War", "A war drill", "Calm"]),
        ),
        st.tuples(st.just("edit"), st.integers(1, 9), st.sampled_from(["Drill", "War", "Calm", "War drill"])),
        st.tuples(st.just("move"), st.integers(1, 9), st.sampled_from(["s1", "s2", "s7", "s8"])),
    ),
    min_size=1,
    max_size=12,
)


def lived(of, when, stretch, folder):
    """All alerts and states of a history, decided after the steps named and, as ever, before each move."""
    store = open_store(f"sqlite:///{folder}/w.db")
    try:
        world = World(store)

        def decide():
            Alerting(store, WATCHES, facts=facts, stretch=stretch).decide(NOW)

        ended = set()
        for number, (kind, one, other) in enumerate(of):
            names = sorted(world.articles)
            if kind == "new":
                story = f"{one}-{number}" if one in ended else one
                world.arrive(article(len(names) + 1, other, story, text=f"text {number % 3}"))
            elif names and kind == "edit":
                world.edit(names[one % len(names)], title=other, text=f"edited {number}")
            elif names:
                decide()
                whole = world.articles[names[one % len(names)]].story
                members = [each.enriched.article.id for each in world.members(whole)]
                moved = members if one % 2 else members[1:]
                if (
                    moved and whole != other and other not in ended
                ):  # the id of an ended story is not used again
                    world.move(moved, other, "merged" if one % 2 else "split", number)
                    ended |= {whole} if moved == members else set()
            if number in when:
                decide()
        decide()
        alerts = {(a.id, a.story, a.articles, a.reason, a.seq, a.change, a.cause) for a in store.alerts()}
        known = {
            (name, story, t.matched, t.told, t.alerts, t.origins, t.entities, t.seq, t.miss)
            for name in (each.name for each in WATCHES)
            for story, t in store.tellings(name).items()
        }
        return alerts, known
    finally:
        store.close()


@given(of=steps, when=st.sets(st.integers(0, 11)), stretch=st.integers(1, 4))
@settings(max_examples=examples(25), deadline=None)
def test_edits_and_moves_too_tell_the_same_whenever_alerts_run(of, when, stretch, tmp_path_factory):
    whole = lived(of, set(), 1000, tmp_path_factory.mktemp("whole"))
    parts = lived(of, when, stretch, tmp_path_factory.mktemp("parts"))
    single = lived(of, set(range(12)), 1000, tmp_path_factory.mktemp("single"))
    assert whole == parts == single


def test_the_central_article_is_found_by_the_title_that_the_story_shows():
    # The second article bears the story's title, beside what its outlet writes under each.
    plain, central = article(1, "Port opens"), article(2, "A drill at sea | The Outlet")
    span = Span("title", 15, 27, "The Outlet")
    central = replace(central, enriched=replace(central.enriched, recurring=(span,)))
    told = replace(facts("s1", [plain, central]), title="A drill at sea")
    assert central_member(told, [plain, central]) is central


@pytest.mark.parametrize("stretch", [1, 1000])
def test_what_was_told_stays_known_when_its_first_article_left(world, stretch):
    """However much is matched at a time: today's first member says nothing of when a story began."""
    one = watch(follow_up="growth")
    world.arrive(article(1, "Drill", text="1"), article(2, "Other", text="2", story="s2"))
    assert len(fired(world, one)) == 1
    world.arrive(article(3, "More", text="3"))
    world.move(["a0001"], "s2", "split", hour=1)
    world.arrive(article(4, "Drill again", text="4"))
    decided = Alerting(world.store, [one], facts=facts, stretch=stretch).decide(NOW)
    assert [(alert.kind, alert.story) for alert in decided.alerts][:1] == [("growth", "s1")]
