"""Elasticsearch only: kinds lie in parts of a bounded size, and fields come without rewriting."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conformance import StoreConformance, everything
from conformance_changes import ChangeConformance
from conformance_lists import ListConformance
from conformance_state import StateConformance
from store_child import batch
from store_records import article, at, decision, one_of_each, story, word_term
from test_store_elasticsearch import place, pytestmark, shared_url, wipe

from pipeline.ports import Commit
from pipeline.records import Entity, FeedState, WatchState
from pipeline.settings import StoreSettings
from pipeline.store import copy_store, migrate_store, open_store
from pipeline.store import open as opening
from pipeline.store.elasticsearch import documents, indices
from pipeline.store.elasticsearch.cluster import ElasticsearchStore
from pipeline.store.elasticsearch.commit import root
from pipeline.store.elasticsearch.indices import KINDS, split_part

__all__ = ["pytestmark", "shared_url"]

# Each commit finds what it wrote to before full.
TINY = StoreSettings(part_gigabytes=1e-9)


@pytest.fixture
def fresh() -> Iterator[str]:
    with place() as made:
        yield made


def opened(url: str, settings: StoreSettings | None = TINY) -> ElasticsearchStore:
    store = open_store(url, settings=settings)
    assert isinstance(store, ElasticsearchStore)
    return store


def placed(store: ElasticsearchStore, kind: str) -> dict[str, list[int]]:
    """The numbers of the parts in which there is a document of each id."""
    hits = store.link.client.search(index=store.names.alias(kind), size=1000, source=False)["hits"]["hits"]
    found: dict[str, list[int]] = {}
    for hit in hits:
        number = split_part(indices.index_kind(store.names, hit["_index"]))[1]
        found.setdefault(hit["_id"], []).append(number)
    return found


class TestElasticsearchInParts(StoreConformance, StateConformance, ListConformance, ChangeConformance):
    """The contract holds where a document is anywhere."""

    @pytest.fixture(autouse=True)
    def _tiny(self, monkeypatch: pytest.MonkeyPatch) -> None:
        original = opening._address
        # Some documents of each kind: tests of many commits must not make more indices than a node bears.
        small = StoreSettings(part_gigabytes=40e-6)
        monkeypatch.setattr(opening, "_address", lambda url, given, _: original(url, given, small))

    @pytest.fixture
    def url(self, shared_url: str, request: pytest.FixtureRequest) -> Iterator[str]:
        """Documents of earlier tests count in the relevance of hits until they are merged away."""
        if "optimizing" in request.node.name:
            with place() as made:
                yield made
        else:
            wipe(shared_url)
            yield shared_url


def test_what_is_there_is_written_where_it_is(fresh: str) -> None:
    store = opened(fresh)
    first = one_of_each()
    store.commit(first)
    store.commit(Commit(
        articles=(article(3),), stories=(story("story-3", ("a000003",)),),
        decisions=(decision("a000003", "story-3"),), learned={"other": b"1"},
    ))  # fmt: skip
    assert placed(store, "decisions")["a000003"] > placed(store, "decisions")["a000001"]
    before = {kind: placed(store, kind) for kind in KINDS}
    changed = replace(
        first,
        articles=(replace(first.articles[0], story="story-9"), article(2, "Newer", digest="d2")),
        decisions=(decision("a000001", "story-9", 0.9),),
        stories=(replace(first.stories[0], title="Another title"),),
    )
    store.commit(changed)
    after = {kind: placed(store, kind) for kind in KINDS}
    assert all(len(parts) == 1 for kind in KINDS for parts in after[kind].values())
    for kind in KINDS:
        assert {name: after[kind].get(name) for name in before[kind]} == before[kind], kind
    assert all(len(parts) == 1 for parts in placed(store, "articles").values())
    assert placed(store, "members") == placed(store, "articles")
    held = store.decision("a000001")
    assert held is not None
    assert held.story == "story-9"
    assert store.stories(["story-1"])["story-1"].title == "Another title"
    assert [each.enriched.article.title for each in store.between(1, 2)] == ["Newer"]
    assert [version.article.title for version in store.versions("a000002")] == ["Storm"]
    assert store.damage() == []
    store.commit(Commit(retired=("a000001", "a000002"), ended=("story-1",)))
    assert [each.seq for each in store.between(0, 9)] == [3]
    assert set(placed(store, "decisions")) == {"a000003"}
    assert set(placed(store, "stories")) == {"story-3"}
    store.close()


def test_a_part_that_is_full_takes_nothing_new(fresh: str) -> None:
    """What a node says of sizes is up to ten seconds old (`index.store.stats_refresh_interval`)."""
    bound = 15_000
    store = opened(fresh, StoreSettings(part_gigabytes=bound / 1e9))

    def lies(index: str) -> int:
        return int(store.link.client.count(index=index)["count"])

    for _ in range(12):
        stats = store.link.client.indices.stats(index=f"{store.names.prefix}-*", metric="store")["indices"]
        full = {
            index: lies(index)
            for index, about in stats.items()
            if indices.of_store(store.names, index)
            and split_part(indices.index_kind(store.names, index))[0] != "state"
            and about["primaries"]["store"]["size_in_bytes"] >= bound
        }
        store.commit(batch(store.head(), 100))
        assert {index: lies(index) for index in full} == full
    assert max(number for parts in placed(store, "articles").values() for number in parts) >= 3
    assert [each.seq for each in store.between(0, 9999)] == list(range(1, 1201))
    assert len(store.search(word_term("text"), None, 2000)) == 1200
    store.close()


def test_nothing_is_looked_up_while_a_kind_has_one_part(fresh: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = opened(fresh, None)
    store.commit(one_of_each())
    asked: list[Any] = []
    original = type(store.roots._parts._reads).search

    def counted(self: Any, **request: Any) -> Any:
        asked.append(request)
        return original(self, **request)

    monkeypatch.setattr(type(store.roots._parts._reads), "search", counted)
    monkeypatch.setattr(store.roots._parts, "_sizes", lambda _: pytest.fail("the sizes were looked at again"))
    store.commit(Commit(decisions=(decision("a000001", "story-1"),), learned={"x": b"2"}))
    assert asked == []
    store.close()


def test_a_commit_that_was_left_unfinished_goes_to_the_parts_that_it_named(
    fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(fresh)
    store.commit(one_of_each())
    monkeypatch.setattr(store.roots, "finish", lambda *_: None)  # as if the process had died here
    store.commit(Commit(articles=(article(3),), decisions=(decision("a000003", "s"),)))
    root_now = store.roots.read().root
    assert root_now.intent
    named = [root_now.parts["decisions"]]
    other = opened(fresh, None)  # a process that was told of larger parts
    assert other.head() == 3
    assert placed(other, "decisions")["a000003"] == named
    assert [each.seq for each in other.between(0, 9)] == [1, 2, 3]
    other.commit(Commit(decisions=(decision("a000003", "t"),)))
    assert placed(other, "decisions")["a000003"] == named
    other.close()
    store.close()


def test_a_month_goes_with_all_its_parts(fresh: str) -> None:
    store = opened(fresh)
    for seq in range(1, 5):
        store.commit(Commit(articles=(article(seq, hours=seq),)))
    store.commit(Commit(articles=(article(5, hours=24 * 60),)))
    assert {number for numbers in placed(store, "articles").values() for number in numbers} >= {1, 2, 3}
    lease = store.acquire("stories", "me", at(0), 60)
    assert store.drop_before(at(24 * 50), lease) == 4
    assert [each.seq for each in store.between(0, 9)] == [5]
    there = store.link.client.indices.get(index=f"{store.names.prefix}-articles-*", features="settings")
    assert len([name for name in there if f"articles-{indices.month(at(1))}-" in name]) == 0
    store.commit(Commit(articles=(article(6, hours=2),)), lease)  # a late one
    assert [each.seq for each in store.between(0, 9)] == [5, 6]
    assert store.damage() == []
    store.close()


def test_writing_anew_makes_as_many_parts_as_the_size_asks_for(fresh: str) -> None:
    store = opened(fresh, StoreSettings(part_gigabytes=8e-6))
    for _ in range(6):
        store.commit(batch(store.head(), 50))
    store.commit(replace(one_of_each(), articles=(), stories=(), marks={}))
    state = everything(store)
    newest = store.roots.read().root.parts
    assert max(newest.values()) > 2
    assert migrate_store(fresh) == 0  # nothing is to be done
    assert store.roots.read().root.parts == newest
    assert migrate_store(fresh, anew=True) > 300
    assert store.roots.read().root.parts == {}
    assert everything(store) == state
    assert migrate_store(fresh, settings=StoreSettings(part_gigabytes=8e-6), anew=True) > 300
    assert store.roots.read().root.parts
    assert all(len(numbers) == 1 for numbers in placed(store, "articles").values())
    assert everything(store) == state
    store.commit(Commit(articles=(article(1, "Newer", story="s1", digest="d9"),)))
    assert store.articles(["a000001"])["a000001"].enriched.article.title == "Newer"
    assert store.damage() == []
    store.close()


def test_shards_and_replicas_are_those_of_the_settings(fresh: str) -> None:
    store = opened(fresh, StoreSettings(shards=2, replicas=0))

    def told(kind: str) -> tuple[Any, Any, Any]:
        name = store.names.index(kind, store.roots.read().root.epoch)
        about = store.link.client.indices.get_settings(index=name)[name]["settings"]["index"]
        return about["number_of_shards"], about["number_of_replicas"], about.get("auto_expand_replicas")

    assert told("articles-none-p1") == ("2", "0", "false")
    assert told("decisions-p1") == ("1", "0", "false")
    store.commit(batch(0, 30))
    assert len(store.search(word_term("text"), None, 100)) == 30
    assert [each.seq for each in store.between(0, 99)] == list(range(1, 31))
    assert store.damage() == []
    before = _numbers(store)
    assert migrate_store(fresh, settings=StoreSettings(shards=2, replicas="auto")) == 0
    assert told("articles-none-p1")[2] == "0-1"
    assert _numbers(store) == before
    store.close()


def _numbers(store: ElasticsearchStore) -> dict[str, tuple[int, int]]:
    """Elasticsearch's own number and version of each document: any writing would change them."""
    hits = store.link.client.search(
        index=f"{store.names.prefix}-*", size=5000, source=False, seq_no_primary_term=True, version=True,
        query={"bool": {"must_not": [{"term": {"kind": "root"}}]}},
    )["hits"]["hits"]  # fmt: skip
    return {f"{hit['_index']} {hit['_id']}": (hit["_seq_no"], hit["_version"]) for hit in hits}


def watches(store: ElasticsearchStore, kind: str) -> dict[str, list[str]]:
    """The watches that Kibana sees of each article or story."""
    hits = store.link.client.search(index=store.names.alias(kind), size=1000)["hits"]["hits"]
    return {hit["_source"]["id"]: hit["_source"].get("watch", []) for hit in hits}


def test_articles_and_stories_have_the_watches_that_found_them(fresh: str, tmp_path: Path) -> None:
    store = opened(fresh, None)
    two = (article(1, story="s1"), article(2, story="s1"))
    store.commit(Commit(articles=two, stories=(story("s1", ("a000001", "a000002")), story("s2", ()))))
    store.commit(Commit(tellings=(WatchState("storms", "s1", ("a000001",)),)))
    store.commit(Commit(tellings=(WatchState("banks", "s1", ("a000001", "a000002")),)))
    expected = {"a000001": ["banks", "storms"], "a000002": ["banks"]}
    assert watches(store, "articles") == expected
    assert watches(store, "stories") == {"s1": ["banks", "storms"], "s2": []}
    # What is written again keeps them, and a telling that is written again writes nothing else.
    store.commit(Commit(articles=(article(1, "Newer", story="s1", digest="d2"),), stories=(story("s1", ()),)))
    before = _numbers(store)
    store.commit(Commit(tellings=(WatchState("banks", "s1", ("a000001", "a000002"), miss="small"),)))
    after = _numbers(store)
    assert {name.partition(" ")[0] for name in after if after[name] != before[name]} == {
        store.names.index("tellings-p1", 1)
    }
    assert watches(store, "articles") == expected
    assert watches(store, "stories")["s1"] == ["banks", "storms"]
    # A story that goes into another takes its telling along.
    store.commit(Commit(
        tellings=(WatchState("storms", "s2", ("a000001",)),), forgotten=(("storms", "s1"),)
    ))  # fmt: skip
    assert watches(store, "stories") == {"s1": ["banks"], "s2": ["storms"]}
    migrate_store(fresh, anew=True)
    assert watches(store, "articles") == expected
    assert watches(store, "stories") == {"s1": ["banks"], "s2": ["storms"]}
    copied = open_store(f"sqlite:///{tmp_path}/copied.db")
    copy_store(store, copied)
    with place() as other:
        back = opened(other, None)
        copy_store(copied, back)
        assert watches(back, "articles") == expected
        assert watches(back, "stories") == {"s1": ["banks"], "s2": ["storms"]}
        back.close()
    copied.close()
    store.close()


def test_fields_are_added_by_the_next_commit_and_no_document_is_written(
    fresh: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = tmp_path / "former"
    shutil.copytree(indices.TEMPLATES, former)
    later = (
        ("decisions", "near_score"),
        ("articles", "lag_seconds"),
        ("articles", "names"),
        ("feeds", "light"),
    )
    for kind, field in later:
        path = former / "index" / f"{kind}.json"
        template = json.loads(path.read_text(encoding="utf-8"))
        del template["template"]["mappings"]["properties"][field]
        path.write_text(json.dumps(template), encoding="utf-8")
    with monkeypatch.context() as older:
        older.setattr(indices, "TEMPLATES", former)
        older.setattr(documents, "_column", lambda _: "")
        store = opened(fresh, None)
        jo = Entity("person:jo", "Jo", "person", 1)
        first = article(1, entities=(jo,), published=False)
        store.commit(Commit(articles=(first,), stories=(story("s1", ("a1",)),), learned={"a": b"1"}))
        seen = store.roots.read()
        assert store.roots.swap(seen, replace(seen.root, fields=root.FIELDS - 1))
        before, epoch = _numbers(store), store.roots.read().root.epoch
        store.close()
    assert before
    reader = opened(fresh, None)
    assert reader.stories(["s1"])  # who only reads changes nothing
    assert reader.roots.read().root.fields == root.FIELDS - 1
    assert [each.seq for each in reader.naming("person:jo", 9)] == [1]
    assert reader.feeds(light=True) == {}
    state = FeedState("f", seen=("a",))
    more = Commit(
        articles=(article(2, entities=(jo,)),), decisions=(decision("a000001", "s1"),), feeds=(state,)
    )
    reader.commit(more)
    assert [(each.seq, len(each.names)) for each in reader.naming("person:jo", 9)] == [(2, 1), (1, 1)]
    assert [each.seq for each in reader.naming("person:jo", 1)] == [2]
    assert reader.feeds(light=True) == {"f": FeedState("f")}
    assert reader.rejections() == []
    now = reader.roots.read().root
    assert (now.fields, now.epoch) == (root.FIELDS, epoch)
    after = _numbers(reader)
    assert {name: after[name] for name in before} == before
    assert reader.decision("a000001") == decision("a000001", "s1")
    assert reader.damage() == []
    reader.close()
