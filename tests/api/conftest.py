"""The read API beside the pages of a store, asked with tokens."""

import pytest
from api_programs import Programs
from desk_site import Desk
from desk_store import everyday


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The API of an everyday store."""
    made = Desk(tmp_path_factory.mktemp("api"), everyday())
    yield Programs(made)
    made.close()


@pytest.fixture(scope="module")
def client(programs):
    """A program that may ask everything."""
    return programs.client()
