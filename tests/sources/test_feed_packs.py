"""Feed packs: data that must be right by itself, because nobody can ask the outlets in a test."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
import yaml
from babel import Locale

from pipeline.addresses import without_credentials
from pipeline.errors import UsageError
from pipeline.settings import FeedEntry
from pipeline.sources.feeds.feed_packs import pack_named, packs

PACKS = packs()
ENTRIES = [(name, entry) for name, pack in PACKS.items() for entry in pack.file.feeds]
ENGLISH = Locale("en")


def test_there_are_packs_for_many_countries_languages_and_subjects():
    assert len(PACKS) >= 30
    assert len({entry.url for _, entry in ENTRIES}) >= 500
    assert len({pack.file.language for pack in PACKS.values()}) >= 25
    assert len({pack.file.country for pack in PACKS.values()}) >= 40
    assert len({pack.file.subject for pack in PACKS.values()}) >= 5


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_is_in_order(name):
    pack = PACKS[name]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    ids = [entry.id for entry in pack.file.feeds]
    assert len(ids) == len(set(ids))
    # One address in two spellings is one feed.
    urls = [re.sub(r"^https?://(www\.)?", "", entry.url).rstrip("/").lower() for entry in pack.file.feeds]
    assert len(urls) == len(set(urls))
    languages = {entry.language or pack.file.language for entry in pack.file.feeds}
    assert languages <= set(ENGLISH.languages)
    assert {entry.country or pack.file.country for entry in pack.file.feeds} - {""} <= set(
        ENGLISH.territories
    )
    if not pack.file.country:
        assert all(entry.country for entry in pack.file.feeds)
    for feed in pack.feeds():
        FeedEntry(id=feed.id, url=feed.url, outlet=feed.outlet, language=feed.language, tags=feed.tags)


@pytest.mark.parametrize("name", PACKS)
def test_every_address_is_plainly_public(name):
    for entry in PACKS[name].file.feeds:
        check_public(entry)


def check_public(entry):
    parts = urlsplit(entry.url)
    assert without_credentials(entry.url) == entry.url
    assert parts.port is None
    assert "." in (parts.hostname or "")
    assert not re.fullmatch(r"[\d.]+", parts.hostname or "")
    assert not re.search(r"(token|apikey|api_key|secret|session)=", parts.query)
    assert entry.outlet == entry.outlet.strip()
    assert yaml.safe_load(yaml.safe_dump(entry.outlet)) == entry.outlet


def test_a_feed_has_one_outlet_wherever_it_is():
    outlets: dict[str, str] = {}
    for name, entry in ENTRIES:
        assert outlets.setdefault(entry.url, entry.outlet) == entry.outlet, (name, entry.url)


def test_a_name_that_is_nearly_right_is_helped():
    with pytest.raises(UsageError, match="is it germany-de"):
        pack_named("germany")
