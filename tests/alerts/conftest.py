"""The servers of the notify tests are used here too; stores of either kind, new for each test."""

import os
import sys
import uuid
from itertools import count
from pathlib import Path

import pytest

from pipeline.store import open_store
from pipeline.store.elasticsearch.indices import drop_everything

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "notify"))

NODE = pytest.param(
    "elasticsearch",
    marks=[
        pytest.mark.elasticsearch,
        pytest.mark.skipif("ELASTICSEARCH_URL" not in os.environ, reason="needs ELASTICSEARCH_URL"),
    ],
)


@pytest.fixture(params=["sqlite", NODE])
def urls(request, tmp_path):
    """Addresses of new stores of one kind, as many as are asked for; on a node they are taken away after."""
    if request.param == "sqlite":
        yield (f"sqlite:///{tmp_path}/{n}.db" for n in count())
        return
    node, prefix = os.environ["ELASTICSEARCH_URL"].rstrip("/"), f"alerts-{uuid.uuid4().hex}"
    made = []

    def addresses():
        for n in count():
            made.append(f"{node}?prefix={prefix}-{n}")
            yield made[-1]

    yield addresses()
    for url in made:
        store = open_store(url)
        drop_everything(store.link, store.names)
        store.close()


@pytest.fixture
def either_world(urls):
    """A small world in a store of either kind."""
    from alert_records import World

    store = open_store(next(urls))
    yield World(store)
    store.close()
