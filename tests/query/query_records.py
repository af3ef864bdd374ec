"""Articles of one text each, and stores that hold them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.ports import Commit, Store
from pipeline.records import Article, EnrichedArticle, Entity, Span, StoredArticle, Topic
from pipeline.store import open_store
from pipeline.store.elasticsearch.cluster import ElasticsearchStore
from pipeline.store.elasticsearch.indices import drop_everything

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


def said(seq: int, text: str, language: str = "en", **more: Any) -> StoredArticle:
    """An article with this text; `names` are (kind, name) pairs, `topics` (id, name) pairs."""
    when = START + timedelta(minutes=seq)
    names, topics = more.pop("names", ()), more.pop("topics", ())
    values: dict[str, Any] = {
        "id": f"a{seq:04d}", "keys": (f"url:{seq}",), "url": f"https://example.org/{seq}", "title": "",
        "text": text, "outlet": "The Courier", "published": when, "published_from": "feed", "fetched": when,
        "language": language, "digest": f"d{seq}",
    }  # fmt: skip
    entities = tuple(
        Entity(f"{kind}:{name.lower()}", name, kind, 1, 0.5, (Span("text", 0, 1, name[:1]),))
        for kind, name in names
    )
    found = tuple(Topic(ident, name, 0.9) for ident, name in topics)
    return StoredArticle(EnrichedArticle(Article(**(values | more)), entities, found), seq, f"s{seq}")


@contextmanager
def store_with(url: str, articles: Sequence[StoredArticle]) -> Iterator[Store]:
    """A store that holds these articles, and is gone afterwards where it is not a file of the test."""
    store = open_store(url)
    try:
        store.commit(Commit(articles=tuple(articles)))
        yield store
    finally:
        if isinstance(store, ElasticsearchStore):
            drop_everything(store.link, store.names)
        store.close()
