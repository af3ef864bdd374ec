"""Processes that die or race: a commit is there as a whole or not at all, on every store."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from store_child import batch

from pipeline.ports import Store
from pipeline.store import open_store

_CHILD = Path(__file__).with_name("store_child.py")


@contextmanager
def child(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The child process; killed at the end, if it still runs."""
    root = _CHILD.parents[2]
    process = subprocess.Popen(
        [sys.executable, str(_CHILD), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def check_whole(store: Store, size: int) -> int:
    """Asserts that the store holds whole commits of the child; returns its head."""
    head = store.head()
    assert head % size == 0
    assert store.mark("done") == (str(head) if head else "")
    assert store.learned(("done",)).get("done", b"").decode() == store.mark("done")
    found = list(store.between(0, head + size))
    assert [each.seq for each in found] == list(range(1, head + 1))
    assert len(store.newest_stories(None, None, head + size)) == head
    assert (
        len(list(store.active([(found[0].enriched.article.time, found[-1].enriched.article.time)]))) == head
    )
    return head


class FaultConformance:
    """A subclass has a fixture `url`, as in `conformance`, and may change the numbers."""

    kills = 5
    size = 60
    goal = 40

    def test_killed_in_the_middle_of_commits(self, url: str) -> None:
        chance = random.Random(7)
        open_store(url).close()
        heads = []
        for _ in range(self.kills):
            with child("write", url, str(self.size)) as process:
                assert process.stdout
                assert process.stdout.readline()  # it has begun
                time.sleep(chance.uniform(0, 0.3))
            store = open_store(url)
            heads.append(check_whole(store, self.size))
            store.commit(batch(heads[-1], self.size))  # and it goes on
            check_whole(store, self.size)
            store.close()
        assert heads == sorted(set(heads))

    def test_a_reader_never_sees_half_a_commit(self, url: str) -> None:
        store = open_store(url)
        with child("write", url, str(self.size)) as process:
            assert process.stdout
            assert process.stdout.readline()
            end = time.monotonic() + 2
            while time.monotonic() < end:
                rows = sum(1 for _ in store.between(0, 1_000_000))
                assert rows % self.size == 0
                assert int(store.mark("done")) % self.size == 0
        store.close()

    def test_two_writers_take_turns(self, url: str) -> None:
        store = open_store(url)
        with (
            child("count", url, "one", str(self.goal)) as one,
            child("count", url, "two", str(self.goal)) as two,
        ):
            assert one.wait(120) == 0
            assert two.wait(120) == 0
        assert check_whole(store, 1) == self.goal
        store.close()

    @pytest.fixture
    def fresh_url(self, url: str) -> str:
        """A place at which there has never been a store."""
        return url

    def test_two_processes_may_make_the_store_at_once(self, fresh_url: str) -> None:
        url = fresh_url
        with child("count", url, "one", "3") as one, child("count", url, "two", "3") as two:
            assert (one.wait(120), two.wait(120)) == (0, 0)
        store = open_store(url, create=False)
        assert check_whole(store, 1) == 3
        store.close()
