"""The snapshot and the restore of docs/operating.md, on a real node."""

import json
import re
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from node_stores import NODE, ON_NODE

sys.path.insert(0, str(Path(__file__).parent))
from compose_file import ROOT

from pipeline.ports import Commit
from pipeline.records import Article, EnrichedArticle, FeedState, StoredArticle
from pipeline.store import migrate_store, open_store
from pipeline.store.elasticsearch.cluster import ElasticsearchStore
from pipeline.store.elasticsearch.indices import drop_everything

pytestmark = ON_NODE

# `$ES/PATH -X METHOD [-d 'BODY']`
CALL = re.compile(r"\$ES(/_\S+) -X (PUT|POST)(?: -d '(.*?)')")


def _article(seq, month):
    time = datetime(2026, month, 1, tzinfo=UTC)
    name = f"a{seq}"
    article = Article(name, (f"url:{name}",), "", f"Title {seq}", "Text.", "Courier", time, "feed", time)
    return StoredArticle(EnrichedArticle(article), seq, name)


def test_the_guides_snapshot_brings_a_store_back_to_a_cluster_that_has_nothing_of_it():
    register, take, restore = CALL.findall((ROOT / "docs" / "operating.md").read_text())
    prefix = f"backup{uuid.uuid4().hex[:8]}"
    url = f"{NODE}?prefix={prefix}"

    def call(found):
        path, method, body = (
            part.replace("wirewatch", prefix).replace("backup/monday", f"backup/{prefix}") for part in found
        )
        answer = httpx.request(method, f"{NODE}{path}", json=json.loads(body), timeout=120)
        if "path.repo" in answer.text:
            pytest.skip("the node has no path.repo to write snapshots to")
        assert answer.is_success, answer.text
        return answer.json()

    store = open_store(url)
    lease = store.acquire("stories", "me", datetime(2026, 3, 1, tzinfo=UTC), 300.0)
    store.commit(Commit(articles=(_article(1, 1), _article(2, 2)), marks={"journal": "7"}), lease)
    store.commit(Commit(feeds=(FeedState("courier", etag="e"),)))
    before = list(store.between(0, 9))
    call(register)
    assert call(take)["snapshot"]["state"] == "SUCCESS"
    assert isinstance(store, ElasticsearchStore)
    drop_everything(store.link, store.names)  # indices and templates
    assert call(restore)["snapshot"]["shards"]["failed"] == 0
    store.close()
    migrate_store(url)

    again = open_store(url, create=False)
    assert list(again.between(0, 9)) == before
    assert (again.mark("journal"), again.feeds()["courier"].etag) == ("7", "e")
    # A month that is new gets its mapping from the templates.
    lease = again.acquire("stories", "me", datetime(2026, 3, 2, tzinfo=UTC), 300.0)
    again.commit(Commit(articles=(_article(3, 3),)), lease)
    assert again.head() == 3
    mapping = httpx.get(f"{NODE}/{prefix}-articles-2026.03-p1/_mapping", timeout=60).json()
    assert all(found["mappings"]["dynamic"] == "strict" for found in mapping.values())
    assert isinstance(again, ElasticsearchStore)
    drop_everything(again.link, again.names)
    again.close()
