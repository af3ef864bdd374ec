"""What the tests of the command line share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from verb_runs import serving

# The mail servers of the notify tests are used here too.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "notify"))


@pytest.fixture(scope="session")
def verb_server() -> Iterator[Any]:
    """See `verb_runs.py`."""
    with serving() as process:
        yield process
