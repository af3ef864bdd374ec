"""An item that costs too much goes to quarantine, and the others go on."""

from __future__ import annotations

import contextlib
import resource
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from pipeline.enrich.enricher import Enricher
from pipeline.errors import RejectedError
from pipeline.records import EnrichedArticle, RawItem
from pipeline.stages.intake import preparer
from pipeline.stages.intake.budget import item_budget


def _burn(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        with contextlib.suppress(Exception):  # as libraries do
            sum(range(1000))


def test_what_costs_more_than_its_budget_ends_and_the_timer_with_it():
    before = signal.getsignal(signal.SIGVTALRM)
    with pytest.raises(RejectedError, match="more than 0 s of processor time"), item_budget(0.2):
        _burn(30)
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGVTALRM) is before
    with item_budget(30):
        _burn(0.01)


def test_what_costs_more_memory_than_its_budget_ends_and_the_limit_with_it():
    before = resource.getrlimit(resource.RLIMIT_DATA)
    with pytest.raises(RejectedError, match="more than 64 MiB of memory"), item_budget(size=64 << 20):
        bytearray(100 << 20)
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
    with item_budget(size=64 << 20):
        bytearray(30 << 20)


_DEAR = """
from datetime import UTC, datetime
from pipeline.errors import RejectedError
from pipeline.normalize.article import normalize
from pipeline.records import RawItem
from pipeline.stages.intake.budget import item_budget

def read(page):
    now = datetime(2031, 3, 4, tzinfo=UTC)
    return normalize(RawItem("feed", "c", 0, now, title="one", body="A text.", page=page))

read("")  # what is loaded once is not the first item's cost
try:
    with item_budget(size=32 << 20):
        read("<html><body><article>" + "<p><i>A text of some words.</i></p>" * 100_000)
except RejectedError as error:
    print(error)
with item_budget(size=32 << 20):
    print(read("").title)
"""


def test_a_page_over_the_budget_of_memory_is_refused_whatever_libraries_make_of_it():
    """In a process of its own: another may hold memory that it has freed, and an item may have that."""
    done = subprocess.run([sys.executable, "-c", _DEAR], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["it costs more than 32 MiB of memory", "one"]


class _NothingFound(Enricher):
    def __init__(self):
        """Finds nothing, so it needs nothing."""

    def enrich(self, articles, vectors=None):  # noqa: ARG002  # as the real one is called
        return [EnrichedArticle(article) for article in articles]


def test_a_dear_item_goes_to_quarantine_and_the_others_go_on(monkeypatch):
    real = preparer.normalize

    def dear(item):
        if item.title == "dear":
            _burn(30)
        return real(item)

    monkeypatch.setattr(preparer, "normalize", dear)
    monkeypatch.setattr(preparer, "item_budget", lambda: item_budget(1.0))
    now = datetime(2031, 3, 4, tzinfo=UTC)
    titles = ("one", "dear", "two")
    items = [RawItem(name, "c", n, now, title=name, body="A text.") for n, name in enumerate(titles)]
    real(items[0])  # what is loaded once is not the first item's cost
    done = preparer.Preparer(_NothingFound(), None).prepare((items, "place"))
    assert [e.article.title for e in done.articles] == ["one", "two"]
    (rejection,) = done.rejections
    assert (rejection.excerpt, rejection.reason) == ("dear", "it costs more than 1 s of processor time")
