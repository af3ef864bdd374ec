"""The SQLite store against the contract, and what only a file can get wrong."""

from __future__ import annotations

import pytest
from conformance import StoreConformance
from conformance_queries import QueryConformance


class TestSqlite(StoreConformance):
    @pytest.fixture
    def url(self, tmp_path) -> str:
        return f"sqlite:///{tmp_path}/folder/store.db"


class TestSqliteQueries(QueryConformance):
    @pytest.fixture(scope="class")
    def corpus_url(self, tmp_path_factory) -> str:
        return f"sqlite:///{tmp_path_factory.mktemp('corpus')}/store.db"
