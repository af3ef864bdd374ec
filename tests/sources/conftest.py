"""Servers, clients and captures for the tests of sources."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from misbehaving import CERTIFICATES, Misbehaving
from source_samples import NOW

from pipeline.records import Capture
from pipeline.settings import FetchSettings
from pipeline.sources.fetch.fetcher import FeedFetcher
from pipeline.sources.fetch.http import Client
from pipeline.sources.raw_items import captured


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    with Misbehaving() as running:
        yield running


@pytest.fixture
def settings() -> FetchSettings:
    return FetchSettings(
        private_hosts=("127.0.0.1",), timeout_seconds=1.0, total_seconds=2.0, max_body_bytes=1024 * 1024
    )


@pytest.fixture
def client(settings: FetchSettings) -> Iterator[Client]:
    with Client(settings) as made:
        yield made


@pytest.fixture
def trusting() -> ssl.SSLContext:
    """TLS that trusts the certificates of these tests."""
    context = ssl.create_default_context()
    for name in ("valid", "expired"):
        context.load_verify_locations(CERTIFICATES / f"{name}.pem")
    return context


@pytest.fixture
def feed_of() -> Callable[..., Capture]:
    """Makes a capture of a feed's body."""

    def make(body: bytes | str, url: str = "https://outlet.test/feed.xml", **more: str) -> Capture:
        data = body.encode() if isinstance(body, str) else body
        return captured("feed", "feed", url, NOW, data, **more)

    return make


@pytest.fixture
def fetcher(settings: FetchSettings) -> Iterator[FeedFetcher]:
    made = FeedFetcher(settings, sleep=lambda _: None)
    yield made
    made.close()
