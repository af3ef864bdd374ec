"""Stores of their own on the Elasticsearch node at ELASTICSEARCH_URL, which are removed afterwards."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from typing import TypeVar

import pytest

NODE = os.environ.get("ELASTICSEARCH_URL", "").rstrip("/")
# For the `pytestmark` of a file whose tests all need the node.
ON_NODE = [
    pytest.mark.elasticsearch,
    pytest.mark.skipif(not NODE, reason="set ELASTICSEARCH_URL to the URL of an Elasticsearch 9 node"),
]
# For a fixture that makes a store of each kind.
BACKENDS = ["sqlite", pytest.param("elasticsearch", marks=ON_NODE)]
_Test = TypeVar("_Test", bound=Callable[..., object])


def on_node(test: _Test) -> _Test:
    """Marks a test that needs the node."""
    for mark in ON_NODE:
        test = mark(test)
    return test


def new_url() -> str:
    """The URL of a store that is not there yet."""
    return f"{NODE}?prefix=test-{uuid.uuid4().hex[:12]}"


def removed(url: str) -> None:
    """Removes what is at the URL of a store."""
    from pipeline.store.elasticsearch.indices import Names, drop_everything
    from pipeline.store.elasticsearch.link import Link, parsed

    address = parsed(url, {})
    link = Link(address, 60)
    drop_everything(link, Names(address.prefix))
    link.close()
