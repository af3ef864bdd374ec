"""Elasticsearch only: migration, copies, refused documents, messages (see the other module for the node)."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conformance import everything
from node_stores import NODE
from store_child import batch
from store_copies import check_copy, fill
from store_records import article, at, one_of_each, story, word_term
from test_store_elasticsearch import corpus_url, place, pytestmark, shared_url, url

from pipeline.errors import QueryError, StoreError, UnavailableError, UsageError
from pipeline.ports import Commit
from pipeline.query.tree import Wildcard
from pipeline.store import migrate_store, open_store
from pipeline.store.elasticsearch import documents
from pipeline.store.elasticsearch.cluster import ElasticsearchStore
from pipeline.store.elasticsearch.indices import install_templates, month
from pipeline.store.elasticsearch.link import parsed
from pipeline.store.elasticsearch.migrate import migrate

__all__ = ["corpus_url", "pytestmark", "shared_url", "url"]


@pytest.fixture
def fresh() -> Iterator[str]:
    with place() as made:
        yield made


def opened(url: str, **options) -> ElasticsearchStore:
    store = open_store(url, **options)
    assert isinstance(store, ElasticsearchStore)
    return store


def test_sqlite_to_elasticsearch_and_back(fresh: str, tmp_path) -> None:
    first, last = f"sqlite:///{tmp_path}/first.db", f"sqlite:///{tmp_path}/last.db"
    check_copy(first, fresh)
    check_copy_of_filled(fresh, last)


def check_copy_of_filled(source_url: str, target_url: str) -> None:
    from store_copies import copy_store, same

    source, target = open_store(source_url), open_store(target_url)
    copy_store(source, target)
    same(source, target)
    source.close()
    target.close()


def test_migration_while_reading_and_writing_go_on(fresh: str) -> None:
    store = opened(fresh)
    fill(store)
    stop, failures, before = threading.Event(), [], store.head()

    def write() -> None:
        writer = opened(fresh)
        try:
            while not stop.is_set():
                writer.commit(batch(writer.head(), 20))
                writer.commit(Commit(rejections=one_of_each().rejections))
                writer.commit(Commit(released=("r1",)))
        except Exception as error:  # noqa: BLE001  told by the test
            failures.append(error)
        finally:
            writer.close()

    def read() -> None:
        reader = opened(fresh)
        try:
            while not stop.is_set():
                head = reader.head()
                seqs = [each.seq for each in reader.between(before, head)]
                assert seqs == list(range(before + 1, head + 1))
        except Exception as error:  # noqa: BLE001  told by the test
            failures.append(error)
        finally:
            reader.close()

    threads = [threading.Thread(target=each) for each in (write, read)]
    for thread in threads:
        thread.start()
    rounds: list[int] = []
    total = migrate(parsed(fresh, {}), 60, rounds.append, anew=True)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert total >= 1500
    head = store.head()
    assert [each.seq for each in store.between(before, head)] == list(range(before + 1, head + 1))
    assert head > before
    assert store.describe()["epoch"] == 2
    state = everything(store)
    assert migrate_store(fresh) == 0  # it is of this schema: nothing is to be done
    assert store.describe()["epoch"] == 2
    migrate_store(fresh, anew=True)  # again, at rest: nothing changes
    assert everything(store) == state
    assert store.describe()["epoch"] == 3
    store.close()


def test_a_template_or_an_alias_that_somebody_changed_is_damage(fresh: str) -> None:
    store = opened(fresh)
    assert store.damage() == []
    prefix = store.names.prefix

    def change(client) -> None:
        found = client.indices.get_index_template(name=f"{prefix}-feeds")["index_templates"][0]
        template = found["index_template"]["template"]
        template["mappings"]["properties"]["status"] = {"type": "keyword"}
        patterns, parts = [f"{prefix}-feeds-*"], [f"{prefix}-base"]
        client.indices.put_index_template(
            name=f"{prefix}-feeds",
            index_patterns=patterns,
            composed_of=parts,
            template=template,
            priority=300,
        )
        client.indices.delete_index_template(name=f"{prefix}-outbox")
        client.indices.delete_alias(index=f"{prefix}-alerts-p1-v1", name=f"{prefix}-alerts")

    store.link.call("change the store", change)
    found = store.damage()
    assert [
        name for name in ("feeds", "outbox") if f"the index template {prefix}-{name} is" in str(found)
    ] == [
        "feeds",
        "outbox",
    ]
    assert any(f"the alias {prefix}-alerts does not lead" in line for line in found)
    assert len(found) == 3
    install_templates(store.link, store.names)
    assert len(store.damage()) == 1
    store.close()


def test_a_newer_or_older_schema_says_what_to_do(url: str) -> None:
    store = opened(url)
    seen = store.roots.read()
    for schema, words in ((99, "schema version 99.*upgrade"), (0, "store migrate")):
        assert store.roots.swap(seen, replace(seen.root, schema=schema))
        with pytest.raises(StoreError, match=words):
            open_store(url)
        seen = type(store.roots)(store.link, store.names, any_schema=True).read()
    migrate_store(url)
    open_store(url).close()
    store.close()


def test_a_migration_writes_stories_anew_from_their_records(url: str) -> None:
    store = opened(url)
    told = replace(story("s1", ("a1",)), keywords=("lava", "ash"))
    store.commit(Commit(stories=(told,)))
    stories = store.names.alias("stories")
    older: dict[str, Any] = {
        "script": "ctx._source.remove('keywords')",
        "refresh": True,
        "conflicts": "proceed",
    }
    store.link.client.update_by_query(index=stories, **older)
    migrate_store(url, anew=True)
    (hit,) = store.link.client.search(index=stories)["hits"]["hits"]
    assert hit["_source"]["keywords"] == ["lava", "ash"]
    assert store.newest_stories(None, None, 1) == [told]
    store.close()


def test_kibanas_search_knows_the_inflections_of_each_language(url: str) -> None:
    store = opened(url)
    told = (
        article(1, "Stürme ziehen auf", language="de"),
        article(2, "Runners", "They were running.", language="en"),
        article(3, "北京大雨", language="zh"),
        article(4, "Žádný jazyk", language="und"),
    )
    store.commit(Commit(articles=told))
    for typed, found in (("sturm", [1]), ("runs", [2]), ("大雨", [3]), ("zadny", [4]), ("nowhere", [])):
        # What Kibana sends for words without a field.
        asked = {"multi_match": {"type": "best_fields", "query": typed, "lenient": True}}
        hits = store.link.client.search(index=store.names.articles, query=asked)["hits"]["hits"]
        assert [hit["_source"]["seq"] for hit in hits] == found, typed
        assert all("by_language" not in hit["_source"] for hit in hits)
    fields = store.link.client.indices.get_mapping(index=store.names.articles).body.values()
    analyzed = [set(each["mappings"]["properties"]["by_language"]["properties"]) for each in fields]
    assert all(each == {*documents.ANALYZED, "other"} for each in analyzed)
    store.close()


def test_what_goes_out_and_comes_again_in_one_commit_stays(url: str) -> None:
    store = opened(url)
    many = tuple(story(f"s{n:05d}", (f"a{n}",)) for n in range(6000))  # several requests at once
    store.commit(Commit(stories=many))
    store.commit(Commit(ended=tuple(each.id for each in many), stories=many[:3000]))
    assert {each.id for each in store.newest_stories(None, None, 9999)} == {each.id for each in many[:3000]}
    store.close()


def test_a_frozen_store_is_read_and_says_why_it_is_not_written(url: str) -> None:
    store = opened(url, timeout_seconds=0.5)
    seen = store.roots.read()
    assert store.roots.swap(seen, replace(seen.root, frozen=True))
    assert store.head() == 0
    with pytest.raises(UnavailableError, match="wirewatch store migrate"):
        store.commit(Commit(marks={"a": "1"}))
    migrate_store(url)
    store.commit(Commit(marks={"a": "1"}))
    store.close()


def test_a_refused_document_goes_to_quarantine_and_the_rest_stands(url: str, monkeypatch) -> None:
    original = documents.article_source

    def spoiled(stored, *rest):
        source = original(stored, *rest)
        return source | ({"surprise": 1} if stored.seq == 2 else {})

    monkeypatch.setattr(documents, "article_source", spoiled)
    store = opened(url)
    store.commit(Commit(articles=(article(1), article(2), article(3)), marks={"m": "1"}))
    assert [each.seq for each in store.between(0, 9)] == [1, 3]
    (refused,) = store.rejections()
    assert refused.stage == "store"
    assert "surprise" in refused.reason
    assert refused.source == "https://example.org/a000002"
    assert (store.mark("m"), store.head()) == ("1", 3)
    store.close()


def test_a_commit_that_was_left_unfinished_is_finished_by_a_reader(url: str, monkeypatch) -> None:
    store = opened(url)
    monkeypatch.setattr(store.roots, "finish", lambda *_: None)  # as if the process had died here
    store.commit(one_of_each())
    dead = store.roots.read()
    assert dead.root.intent
    other = opened(url)
    assert other.head() == 2
    assert list(other.between(0, 9)) == list(one_of_each().articles)
    # The one that was thought dead comes back and goes on: nothing changes.
    other.commit(Commit(articles=(article(1, "Newer", digest="d9"),)))
    monkeypatch.undo()
    store.roots.finish(dead)
    assert other.articles(["a000001"])["a000001"].enriched.article.title == "Newer"
    other.close()
    store.close()


def test_a_late_bulk_overwrites_nothing_newer(url: str) -> None:
    from pipeline.store.elasticsearch.commit.bulk import apply_writes, put

    store = opened(url)
    store.commit(Commit(articles=(article(1, "Old"),)))
    generation = store.roots.read().root.generation
    late = put("articles-2026.03-p1", "a000001", documents.article_source(article(1, "Old")))
    store.commit(Commit(articles=(article(1, "New", digest="d2"),)))
    apply_writes(store.link, store.names, [late], generation, lambda refused: refused)
    assert store.articles(["a000001"])["a000001"].enriched.article.title == "New"
    store.close()


def test_whole_months_go_with_their_index(url: str) -> None:
    store = opened(url)
    store.commit(Commit(articles=tuple(article(seq, hours=seq * 400) for seq in range(1, 9))))

    def months() -> list[str]:
        found = store.link.client.indices.get(index=f"{store.names.prefix}-articles-2*")
        return sorted(found)

    before = months()
    assert len(before) > 3
    lease = store.acquire("stories", "me", at(0), 60)
    assert store.drop_before(at(2100), lease) == 5
    assert len(months()) < len(before)
    assert [each.seq for each in store.between(0, 99)] == [6, 7, 8]
    store.commit(Commit(articles=(article(9, hours=10),)), lease)  # a late article of a month that went
    assert [each.seq for each in store.between(0, 99)] == [6, 7, 8, 9]
    store.close()


def test_months_that_have_ended_are_merged_and_no_others(url: str) -> None:
    store = opened(url)
    for seq in range(1, 9):  # four commits a month, each with a segment
        store.commit(Commit(articles=(article(seq, hours=10 + 24 * 45 * (seq % 2)),)))

    def segments() -> dict[str, int]:
        monthly = [store.names.articles, store.names.alias("members")]
        found = store.link.client.indices.segments(index=monthly)["indices"]
        return {name: found[name]["shards"]["0"][0]["num_search_segments"] for name in found}

    ended, later = (
        [
            store.names.index(f"{kind}-{month(at(hours))}-p1", store.roots.read().root.epoch)
            for kind in ("articles", "members")
        ]
        for hours in (10, 10 + 24 * 45)
    )
    assert all(segments()[name] > 1 for name in (*ended, *later))
    assert store.optimize(at(24 * 45)) == 2
    end = time.monotonic() + 30
    while any(segments()[name] > 1 for name in ended) and time.monotonic() < end:
        time.sleep(0.1)
    assert [segments()[name] for name in ended] == [1, 1]
    assert all(segments()[name] > 1 for name in later)
    assert store.optimize(at(24 * 45)) == 0
    assert [each.seq for each in store.between(0, 99)] == list(range(1, 9))
    store.close()


def test_a_query_that_is_too_much_is_a_query_error(url: str) -> None:
    store = opened(url)
    store.commit(Commit(articles=(article(1),)))
    with pytest.raises(QueryError):
        store.search(Wildcard(None, "*" + "?a" * 5000), None, 10)
    assert store.search(word_term("title"), None, 10)
    store.close()


def test_no_store_and_no_server_are_one_line() -> None:
    with pytest.raises(StoreError, match="no store 'test-nobody'"):
        open_store(f"{NODE}?prefix=test-nobody", create=False)
    with pytest.raises(UnavailableError, match="no connection") as none:
        open_store("http://user:secret@127.0.0.1:9", timeout_seconds=0.2)
    assert "secret" not in str(none.value)
    with pytest.raises((StoreError, UnavailableError), match="https"):
        open_store(NODE.replace("http://", "https://"), timeout_seconds=0.5)


@pytest.mark.parametrize(
    "wrong", ["http://", "http://h:1?prefix=Big", "http://h:1?prefix=", "http://h:1?x=1"]
)
def test_a_url_that_is_not_understood_is_a_usage_error(wrong: str) -> None:
    with pytest.raises(UsageError):
        open_store(wrong)


def test_every_template_is_installed_and_strict(url: str) -> None:
    store = opened(url)
    found = store.link.client.indices.get_mapping(index=f"{store.names.prefix}-*")
    assert len(found) >= 12
    assert {each["mappings"]["dynamic"] for each in found.values()} == {"strict"}
    folder = Path(__file__).parents[2] / "config" / "elasticsearch"
    for path in folder.rglob("*.json"):
        json.loads(path.read_text(encoding="utf-8"))
    store.close()
