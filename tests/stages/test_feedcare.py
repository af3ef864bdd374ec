"""The weekly mail on feeds: once a week, only when one is ill, and to the operator."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest

from pipeline.ports import Commit, Store
from pipeline.records import FeedState
from pipeline.stages.alerting.reports.report_feeds import report_feeds
from pipeline.store import open_store

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'w.db'}")
    broken = FeedState("harbour", failures=5, succeeded=NOW - timedelta(days=3), error="it answered 503")
    silent = FeedState("valley", news=NOW - timedelta(days=9), rhythm_seconds=3600.0)
    well = FeedState("ledger", news=NOW - timedelta(hours=1), rhythm_seconds=3600.0)
    opened.commit(Commit(feeds=(broken, silent, well)))
    yield opened
    opened.close()


def report(store, now=NOW, operators=("op@example.org",)):
    return report_feeds(store, ["harbour", "valley", "ledger"], "w@example.org", operators, now)


def test_names_what_is_broken_and_what_is_silent(store):
    assert report(store) == 2
    (message,) = store.outbox()
    mail = message_from_bytes(message.payload, policy=policy.default)
    text = mail.get_content()
    assert mail["To"] == "op@example.org"
    assert "harbour: fails since 2026-02-27" in text
    assert "valley: brought nothing new for 9 days" in text
    assert "ledger" not in text


def test_once_a_week(store):
    report(store)
    report(store, NOW + timedelta(days=6))
    assert len(store.outbox()) == 1
    report(store, NOW + timedelta(days=7))
    assert len(store.outbox()) == 2


def test_nobody_is_told_where_no_operator_is_named(store):
    assert report(store, operators=()) == 2
    assert store.outbox() == []
