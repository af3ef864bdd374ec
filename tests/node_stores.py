"""Stores of their own on the Elasticsearch node at ELASTICSEARCH_URL, which are removed afterwards."""

import os
import uuid

import pytest

NODE = os.environ.get("ELASTICSEARCH_URL", "")
# For a fixture that makes a store of each kind.
BACKENDS = [
    "sqlite",
    pytest.param(
        "elasticsearch",
        marks=[
            pytest.mark.elasticsearch,
            pytest.mark.skipif(
                not NODE, reason="set ELASTICSEARCH_URL to the URL of an Elasticsearch 9 node"
            ),
        ],
    ),
]


def new_url():
    """The URL of a store that is not there yet."""
    return f"{NODE}?prefix=test-{uuid.uuid4().hex[:12]}"


def removed(url):
    """Removes what is at the URL of a store."""
    from pipeline.store.elasticsearch.indices import Names, drop_everything
    from pipeline.store.elasticsearch.link import Link, parsed

    address = parsed(url, {})
    link = Link(address, 60)
    drop_everything(link, Names(address.prefix))
    link.close()
