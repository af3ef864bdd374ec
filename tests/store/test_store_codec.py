"""Records survive the way through the store's JSON unchanged."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_records import article, one_of_each

from pipeline import records
from pipeline.errors import StoreError
from pipeline.query.fields import from_micros, micros
from pipeline.store.codec import decode, encode

ALL = one_of_each()
EACH = (
    *(stored.enriched for stored in ALL.articles),
    *(stored.enriched.article for stored in ALL.articles),
    *ALL.stories, *ALL.decisions, *ALL.lineage, *ALL.corrections, *ALL.rejections, *ALL.feeds, *ALL.tellings,
    *ALL.alerts, *ALL.messages,
)  # fmt: skip
times = st.datetimes().map(lambda time: time.replace(tzinfo=UTC))


@pytest.mark.parametrize("record", EACH, ids=lambda record: type(record).__name__)
def test_a_record_comes_back_equal(record: object) -> None:
    assert decode(type(record), encode(record)) == record


@given(text=st.text(st.characters(codec="utf-8")), time=times, published=st.none() | times)
def test_any_text_and_time_come_back_equal(text: str, time, published) -> None:
    base = article(1, text, text, entities=(records.Entity(text, text, "event", 1),)).enriched
    record = replace(base, article=replace(base.article, fetched=time, published=published, authors=(text,)))
    assert decode(records.EnrichedArticle, encode(record)) == record


@given(number=st.floats(allow_nan=False), data=st.binary())
def test_any_number_and_bytes_come_back_equal(number: float, data: bytes) -> None:
    decision = replace(ALL.decisions[0], margin=number)
    assert decode(records.Decision, encode(decision)) == decision
    message = replace(ALL.messages[0], payload=data)
    assert decode(records.Message, encode(message)) == message


@given(times)
def test_a_time_is_kept_to_the_microsecond(time) -> None:
    assert from_micros(micros(time)) == time


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'[{"id": 1}]', b"\xff"])
def test_what_is_no_record_is_one_clear_line(data: bytes) -> None:
    with pytest.raises(StoreError, match="Article that cannot be read") as refused:
        decode(records.Article, data)
    assert "\n" not in str(refused.value)


def test_a_lone_surrogate_becomes_a_replacement_character() -> None:
    stored = article(1, "a\udc80", "b")
    assert decode(records.EnrichedArticle, encode(stored.enriched)).article.title == "a\ufffd"


def test_an_article_of_a_store_that_did_not_ask_where_texts_are_from_is_read() -> None:
    stored = article(1).enriched.article
    form = records.Form("raw:1", "f", "https://a.example/1", stored.fetched, text_from="page", digest="d1")
    (written,) = json.loads(encode(replace(stored, forms=(form,), text_from="page")))
    for each in (written, *written["forms"]):
        del each["text_from"]
    del written["forms"][0]["digest"]
    read = decode(records.Article, json.dumps([written]))
    assert (read.text_from, read.forms[0].text_from, read.forms[0].digest) == ("", "", "")
