"""The read API beside the pages of a store, asked with tokens; on each kind of store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from api_programs import Programs
from desk_site import Desk
from desk_store import everyday
from node_stores import BACKENDS, new_url, removed
from starlette.testclient import TestClient


@pytest.fixture(scope="module", params=BACKENDS)
def programs(request, tmp_path_factory) -> Iterator[Programs]:
    """The API of an everyday store."""
    url = new_url() if request.param == "elasticsearch" else ""
    made = Desk(tmp_path_factory.mktemp("api"), everyday(), url)
    yield Programs(made)
    made.close()
    if url:
        removed(url)


@pytest.fixture(scope="module")
def client(programs) -> TestClient:
    """A program that may ask everything."""
    return programs.client()
