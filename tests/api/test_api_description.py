"""The description against the server: schemathesis asks what it allows, and much that it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from api_programs import Programs
from desk_site import Desk
from desk_store import everyday
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from node_stores import BACKENDS, new_url, removed
from schemathesis.specs.openapi.checks import positive_data_acceptance

from pipeline.api.operations import OPERATIONS
from pipeline.desk.access import Doors

# What is a query, a cursor or an age is said in words; no pattern of a schema can say it.
LEFT_OUT = [positive_data_acceptance]


@pytest.fixture(scope="module", params=BACKENDS)
def described(request, tmp_path_factory) -> Iterator[tuple[Any, dict[str, str]]]:
    """The description as the server gives it, and the headers that a program sends; on each kind of store."""
    url = new_url() if request.param == "elasticsearch" else ""
    desk = Desk(tmp_path_factory.mktemp("described"), everyday(), url)
    programs = Programs(desk)
    token = programs.client().headers["authorization"]
    headers = {"Authorization": token, "Host": "127.0.0.1:8090"}
    site = desk.site(Doors(passwords={"editor": "correct horse battery"}))
    yield schemathesis.openapi.from_asgi("/api/v1/openapi.json", site, headers=headers), headers
    desk.close()
    if url:
        removed(url)


@pytest.mark.parametrize("path", [each.path for each in OPERATIONS] + ["/openapi.json"])
def test_nothing_that_is_asked_breaks_the_description(described, path) -> None:
    schema, headers = described
    operation = schema[path]["get"]
    modes = list(schemathesis.GenerationMode) if operation.query else [schemathesis.GenerationMode.POSITIVE]
    cases = st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes])

    @given(cases)
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def check(case):
        # A parameter without a value is in no address, so the server cannot know of it.
        assume(all(value not in ([], {}, None) for value in (case.query or {}).values()))
        case.call_and_validate(headers=headers, excluded_checks=LEFT_OUT)

    check()
