"""The contract of every store, continued: state, alerts, leases and retention."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import pytest
from store_records import article, at, decision, one_of_each, story, word_term

from pipeline.errors import LeaseHeldError, UnavailableError
from pipeline.ports import Commit, RejectionFilter, Store
from pipeline.query.tree import Wildcard
from pipeline.records import Alert, DeliveryState, FeedState, Message, Rejection, Request, WatchState
from pipeline.store import open_store


class StateConformance:
    """A subclass has a fixture `url`, as in `conformance`."""

    @pytest.fixture
    def store(self, url: str) -> Iterator[Store]:
        opened = open_store(url)
        yield opened
        opened.close()

    def test_who_is_not_waited_for_is_stopped(self, store: Store) -> None:
        words = " ".join(f"a{number}" for number in range(12_000))
        store.commit(Commit(articles=(article(1, "Storm", words),)))
        over = False
        store.stop_when(lambda: over)
        wide = Wildcard(None, "*a*9*")
        assert len(store.search(wide, None, 10)) == 1
        over = True
        with pytest.raises(UnavailableError, match="given up"):
            store.search(wide, None, 10)
        over = False
        assert len(store.search(wide, None, 10)) == 1

    # -- state and alerts --------------------------------------------------------------------------------

    def test_requests_are_replaced_and_the_open_ones_read_alone(self, store: Store) -> None:
        made = [
            Request(f"q{n}", "merge", at(hour), "ann", note="é\ud800") for n, hour in ((1, 3), (2, 1), (3, 3))
        ]
        store.commit(Commit(requests=tuple(made)))
        assert [each.id for each in store.requests()] == ["q2", "q1", "q3"]
        done = replace(made[0], state="refused", result="because", said=("c1",), into=("s1", "s2"))
        store.commit(Commit(requests=(done, replace(made[2], state="working"))))
        assert [each.id for each in store.requests(unfinished=True)] == ["q2", "q3"]
        kept = {each.id: each for each in store.requests()}
        assert kept["q1"] == replace(done, note="é\ufffd")
        store.commit(Commit(requests=(replace(done, state="waiting"),)))
        assert [each.id for each in store.requests(unfinished=True)] == ["q2", "q1", "q3"]
        assert store.mark("requests") == store.mark("q1") == ""

    def test_learned_state_is_replaced_and_taken_out(self, store: Store) -> None:
        store.commit(Commit(learned={"a": b"1", "b": b"2"}))
        store.commit(Commit(learned={"a": b"3", "b": b"", "c": b""}))
        assert store.learned("abc") == {"a": b"3"}
        assert store.learned(()) == {}
        many = {f"k{n}": str(n).encode() for n in range(1500)}
        store.commit(Commit(learned=many))
        assert store.learned([*many, "a", "none", "\ud800"]) == many | {"a": b"3"}

    def test_quarantine_newest_first_and_released(self, store: Store) -> None:
        made = [Rejection(f"r{n}", "x", "parse", "why", at(n)) for n in (1, 3, 2)]
        store.commit(Commit(rejections=tuple(made)))
        assert [each.id for each in store.rejections()] == ["r3", "r2", "r1"]
        assert (store.rejection("r2"), store.rejection("r"), store.rejection("r9")) == (made[2], None, None)
        store.commit(Commit(released=("r3", "r9")))
        assert [each.id for each in store.rejections()] == ["r2", "r1"]

    def test_the_quarantine_is_read_a_page_at_a_time(self, store: Store) -> None:
        sources = (
            "https://A.example/1",
            "http://me:x@a.example:80",
            "news/day.csv",
            "https://[::1]:8/x?y@z",
        )
        made = [
            Rejection(f"r{n:02}", sources[n % 4], "parse" if n % 3 else "journal", f"why {n % 5}", at(n % 7))
            for n in range(40)
        ]
        store.commit(Commit(rejections=tuple(made)))
        made.sort(key=lambda each: (-each.at.timestamp(), each.id))
        for wanted in (
            RejectionFilter(),
            RejectionFilter(source=sources[0]),
            RejectionFilter(place="a.example", reason="why 1"),
            RejectionFilter(place="::1", stage="journal"),
            RejectionFilter(place="news/day.csv", stage="parse"),
            RejectionFilter(reason="why"),
        ):
            chosen = [
                each
                for each in made
                if all(
                    getattr(wanted, name) in {"", getattr(each, name)}
                    for name in ("source", "place", "stage", "reason")
                )
            ]
            assert store.rejections(wanted) == chosen
            paged: list[Rejection] = []
            while page := store.rejections(wanted, 3, (paged[-1].at, paged[-1].id) if paged else None):
                assert len(page) <= 3
                paged += page
            assert paged == chosen
        assert store.count_rejections("place", 2) == [("a.example", 20), ("::1", 10)]
        assert store.count_rejections("reason", 9) == [(f"why {n}", 8) for n in range(5)]
        assert store.beginning("quarantine", "r0", 3) == ["r00", "r01", "r02"]
        assert store.beginning("quarantine", "r39", 3) == ["r39"]
        store.commit(Commit(released=("r39",), rejections=(replace(made[-1], reason="why 2"),)))
        assert dict(store.count_rejections("reason", 9))["why 2"] == 9
        assert store.beginning("quarantine", "r39", 3) == []

    @pytest.mark.parametrize(
        "source",
        [
            "https://", "://x", "http://@", "http://a@b@C.example?x", "http://[::1", "http://[]/", "a#b", "http://x#y/z",
            "HTTP://É.example:1:2", "file:///tmp/x", "http://:80/", " http://a.example ", "http://\ud800.example/",
        ],
    )  # fmt: skip
    def test_where_an_entry_came_from_is_the_same_on_every_store(self, store: Store, source: str) -> None:
        refused = Rejection("r", source, "parse", "why", at(1))
        store.commit(Commit(rejections=(refused,)))
        (kept,) = store.rejections()
        assert store.count_rejections("place", 9) == [(kept.place, 1)]
        assert store.rejections(RejectionFilter(place=refused.place)) == [kept]

    def test_how_far_it_is(self, store: Store) -> None:
        assert store.freshness() == (0, None)
        store.commit(Commit(articles=(article(1),), feeds=(FeedState("a"),)))
        assert store.freshness() == (1, None)
        store.commit(Commit(feeds=(FeedState("b", succeeded=at(3)), FeedState("c", succeeded=at(2)))))
        assert store.freshness() == (1, at(3))
        store.commit(Commit(feeds=(FeedState("b"),)))
        assert store.freshness() == (1, at(2))

    def test_a_light_state_lacks_what_only_a_poll_needs(self, store: Store) -> None:
        busy = FeedState(
            "busy", "http://x", polled=at(1), entries=80, seen=("a", "é" * 99), pending=(("b", 1),)
        )
        idle = FeedState("idle", lag_seconds=7.5, error="“x” \\ \n")
        store.commit(Commit(feeds=(busy, idle)))
        assert store.feeds() == {"busy": busy, "idle": idle}
        assert store.feeds(light=True) == {"busy": replace(busy, seen=(), pending=()), "idle": idle}

    def test_tellings_by_watch_and_story(self, store: Store) -> None:
        made = [WatchState(watch, name) for watch in ("w", "v") for name in ("s1", "s2", "s3")]
        store.commit(Commit(tellings=tuple(made)))
        assert list(store.tellings("w")) == ["s1", "s2", "s3"]
        assert set(store.tellings("w", ["s3", "s1", "s9"])) == {"s1", "s3"}
        store.commit(
            Commit(tellings=(WatchState("w", "s1", miss="few"),), forgotten=(("w", "s2"), ("w", "x")))
        )
        assert store.tellings("w") == {"s1": WatchState("w", "s1", miss="few"), "s3": WatchState("w", "s3")}
        assert set(store.tellings("v")) == {"s1", "s2", "s3"}

    def test_tellings_of_stories_over_all_watches(self, store: Store) -> None:
        made = [
            WatchState(watch, name) for watch in ("w", "Ω", "v") for name in ("s2", "s1", "s\ud800", "S1")
        ]
        store.commit(Commit(tellings=tuple(made), forgotten=(("w", "s3"),)))
        asked = store.tellings_of(["s2", "s9", "s1", "s2"])
        assert [(each.watch, each.story) for each in asked] == [
            (watch, name) for watch in ("v", "w", "Ω") for name in ("s1", "s2")
        ]
        assert [each.watch for each in store.tellings_of(["s\ud800"])] == ["v", "w", "Ω"]
        assert store.tellings_of([]) == []
        store.commit(Commit(forgotten=(("w", "s1"), ("v", "s1"))))
        assert store.tellings_of(["s1"]) == [WatchState("Ω", "s1")]
        many = [WatchState(f"w{n:04}", "busy", miss="few") for n in range(2500)]
        store.commit(Commit(tellings=tuple(many)))
        assert store.tellings_of([*(f"no{n}" for n in range(12_000)), "busy"]) == many

    def test_an_alert_that_is_there_is_left_alone(self, store: Store) -> None:
        def alert(name: str, seq: int, reason: str, watch: str = "w") -> Alert:
            return Alert(name, watch, "new", "s", (), reason, seq, at(seq))

        store.commit(Commit(alerts=(alert("b", 2, "first"), alert("a", 2, "x"), alert("c", 1, "y", "v"))))
        store.commit(Commit(alerts=(alert("b", 9, "second"),)))
        assert [(each.id, each.reason) for each in store.alerts()] == [("c", "y"), ("a", "x"), ("b", "first")]
        assert [each.id for each in store.alerts("w")] == ["a", "b"]
        assert [each.id for each in store.alerts(since=at(2))] == ["a", "b"]
        assert store.alerts("v", at(2)) == []

    def test_the_outbox_shows_what_is_to_be_done(self, store: Store) -> None:
        states: tuple[DeliveryState, ...] = (
            "sent", "rendered", "decided", "failed", "suppressed", "decided",
        )  # fmt: skip
        made = [Message(f"m{n}", "w", (), "mail", "a@b", state, at(9 - n)) for n, state in enumerate(states)]
        store.commit(Commit(messages=tuple(made)))
        assert [each.id for each in store.outbox()] == ["m5", "m2", "m1"]
        assert [each.id for each in store.outbox(get_args(DeliveryState))] == [
            f"m{n}" for n in (5, 4, 3, 2, 1, 0)
        ]
        done = Message("m5", "w", (), "mail", "a@b", "sent", at(4), "<id>", b"body", sent=at(4))
        store.commit(Commit(messages=(done,)))
        assert [each.id for each in store.outbox()] == ["m2", "m1"]
        assert store.outbox(get_args(DeliveryState))[0] == done

    def test_what_is_written_stays_when_the_same_commit_takes_it_out(self, store: Store) -> None:
        rejection = Rejection("r", "x", "parse", "why", at(1))
        store.commit(
            Commit(
                rejections=(rejection,), released=("r",),
                tellings=(WatchState("w", "s"),), forgotten=(("w", "s"),),
                stories=(story("s", ("a",)),), ended=("s",),
            )
        )  # fmt: skip
        assert store.rejections() == [rejection]
        assert store.tellings("w") == {"s": WatchState("w", "s")}
        assert store.stories(["s"])

    # -- leases ------------------------------------------------------------------------------------------

    def test_one_writer_at_a_time(self, store: Store) -> None:
        first = store.acquire("stories", "one", at(0), 60)
        with pytest.raises(LeaseHeldError, match="one") as held:
            store.acquire("stories", "two", at(0), 60)
        assert held.value.retry_after_seconds == 60
        assert store.acquire("alerts", "two", at(0), 60).owner == "two"
        renewed = store.acquire("stories", "one", at(0.01), 60)
        assert renewed.token == first.token
        assert renewed.expires > first.expires
        store.commit(Commit(marks={"m": "1"}), first)

    def test_a_lease_that_has_run_out_goes_to_the_next_and_fences_the_last(self, store: Store) -> None:
        late = store.acquire("stories", "one", at(0), 60)
        fresh = store.acquire("stories", "two", at(1), 60)
        assert fresh.token > late.token
        with pytest.raises(LeaseHeldError):
            store.commit(Commit(marks={"m": "late"}), late)
        with pytest.raises(LeaseHeldError):
            store.drop_before(at(9), late)
        store.commit(Commit(marks={"m": "fresh"}), fresh)
        store.release(late)
        store.commit(Commit(marks={"m": "still"}), fresh)
        assert store.mark("m") == "still"

    def test_a_lease_that_a_wrong_clock_took_for_years_is_nobodys(self, store: Store) -> None:
        astray = store.acquire("stories", "one", at(5 * 365 * 24), 60)
        fresh = store.acquire("stories", "two", at(0), 60)
        assert fresh.token > astray.token
        with pytest.raises(LeaseHeldError):
            store.commit(Commit(), astray)

    def test_a_lease_given_back_is_free(self, store: Store) -> None:
        first = store.acquire("stories", "one", at(0), 60)
        store.release(first)
        store.release(first)
        second = store.acquire("stories", "two", at(0), 60)
        assert second.token > first.token
        with pytest.raises(LeaseHeldError):
            store.commit(Commit(), first)

    # -- retention ---------------------------------------------------------------------------------------

    def test_retention_forgets_old_articles_and_the_stories_that_end(self, store: Store) -> None:
        store.commit(one_of_each())
        store.commit(
            Commit(
                articles=(article(3, "Late", story="story-3", hours=9000),),
                stories=(story("story-3", ("a000002", "a000003"), hours=9000),),
                decisions=(decision("a000003", "story-3"),),
            )
        )
        lease = store.acquire("stories", "me", at(0), 60)
        assert store.drop_before(at(5000), lease) == 2
        assert store.drop_before(at(5000), lease) == 0
        assert [each.seq for each in store.between(0, 9)] == [3]
        assert store.find(["url:a000001", "url:a000003"]) == {"url:a000003": "a000003"}
        assert (store.decision("a000001"), store.stories(["story-1"])) == (None, {})
        assert store.search(word_term("wind"), None, 9) == []
        assert store.head() == 3
        assert store.corrections()
        assert store.alerts()
        store.commit(Commit(articles=(article(4, "Next", hours=9001),)), lease)

    def test_an_article_that_is_retired_is_gone_with_all_that_is_kept_of_it(self, store: Store) -> None:
        store.commit(one_of_each())
        edited = article(1, "Wind again", story="story-1")
        store.commit(Commit(articles=(edited, article(3, "Late", story="story-3"))))
        name = edited.enriched.article.id
        retired = Commit(retired=(name, "unknown"), ended=("story-1",))
        store.commit(retired)
        store.commit(retired)
        assert store.articles([name]) == {}
        assert (store.find([f"url:{name}"]), store.decision(name), store.versions(name)) == ({}, None, [])
        assert store.changes_of([name]) == []
        found = store.search(word_term("wind"), None, 9)
        assert name not in {hit.article.enriched.article.id for hit in found}
        assert (store.head(), [each.seq for each in store.between(0, 9)]) == (3, [2, 3])
        store.commit(Commit(articles=(article(4, "Next"),)))

    def test_optimizing_changes_nothing_that_is_read(self, store: Store) -> None:
        store.commit(one_of_each())
        store.commit(Commit(articles=(article(3, "Late wind", hours=9000),)))
        before = (list(store.between(0, 9)), store.search(word_term("wind"), None, 9))
        store.optimize(at(5000))
        store.optimize(at(5000))
        assert (list(store.between(0, 9)), store.search(word_term("wind"), None, 9)) == before
        assert store.decision("a000001") is not None
        store.commit(Commit(articles=(article(4, "Late again", hours=1),)))
        assert [each.seq for each in store.between(0, 9)] == [1, 2, 3, 4]

    def test_retention_takes_members_out_of_a_story_that_goes_on(self, store: Store) -> None:
        articles = tuple(article(seq, story="s", hours=seq * 1000) for seq in (1, 2, 3))
        members = tuple(each.enriched.article.id for each in articles)
        store.commit(Commit(articles=articles, stories=(story("s", members, hours=3000),)))
        assert store.drop_before(at(1500), store.acquire("stories", "me", at(0), 60)) == 1
        left = store.stories(["s"])["s"]
        assert left.members == members[1:]
        assert (left.first_seq, left.last_seq) == (2, 3)
        assert (left.first_published, left.last_published) == (at(2000), at(3000))
