"""What the tests of the command line share."""

import pytest
from verb_runs import serving


@pytest.fixture(scope="session")
def verb_server():
    """See `verb_runs.py`."""
    with serving() as process:
        yield process
