"""Enrichment in several processes gives what one gives, to the bit, and leaves no process behind."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import UnavailableError
from pipeline.records import Article
from pipeline.stages.intake.known_vectors import KnownVectors, made_vectors
from pipeline.stages.intake.preparer import Preparer
from pipeline.stages.intake.workers import Workers

ROOT = Path(__file__).parents[2]


class Shouter(Preparer):
    """Stands where a `Preparer` stands; each job says which process did it."""

    def __init__(self):
        """Prepares nothing, so it needs nothing."""

    def shout(self, word):
        logging.getLogger("wirewatch").warning("a shout")
        time.sleep(0.01)
        return word.upper(), os.getpid()

    def sleep(self, word):
        if word != "a":
            time.sleep(2)
        return word

    def die(self, _):
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = Workers(Shouter, Shouter, 2)
    yield made
    made.close()


def test_outcomes_come_in_order_from_several_processes_and_say_things_once(workers, caplog):
    done = list(workers.run(Shouter.shout, list("abcdefghijkl")))
    assert [word for word, _ in done] == list("ABCDEFGHIJKL")
    pids = {pid for _, pid in done}
    assert os.getpid() not in pids
    assert len(pids) <= 2
    assert [record.getMessage() for record in caplog.records].count("a shout") == 1


def test_no_process_is_left_behind_where_all_went_well(workers):
    list(workers.run(Shouter.shout, list("abcdefghijkl")))
    assert multiprocessing.active_children()
    workers.close()
    assert not multiprocessing.active_children()


def test_who_gives_up_does_not_wait_for_what_is_being_done(workers):
    outcomes = workers.run(Shouter.sleep, list("abcdefghijkl"))
    assert next(outcomes) == "a"
    begun = multiprocessing.active_children()
    with pytest.raises(KeyboardInterrupt), closing(workers):
        raise KeyboardInterrupt
    assert any(process.is_alive() for process in begun)


def test_little_work_starts_no_process(workers):
    assert {pid for _, pid in workers.run(Shouter.shout, ["a", "b", "c"])} == {os.getpid()}


def test_a_killed_process_is_told_and_the_next_run_works(workers):
    with pytest.raises(UnavailableError, match=r"enrich\.processes: 1"):
        list(workers.run(Shouter.die, list("abcd")))
    assert len(list(workers.run(Shouter.shout, list("abcd")))) == 4


def test_a_run_that_is_given_up_takes_no_more(workers):
    run = workers.run(Shouter.shout, list("abcdefgh"))
    next(run)
    run.close()
    assert len(list(workers.run(Shouter.shout, list("xyzw")))) == 4


def test_processes_end_with_the_one_that_started_them_without_a_word():
    script = (
        "from test_workers import Shouter\n"
        "from pipeline.stages.intake.workers import Workers\n"
        "import time\n"
        "if __name__ == '__main__':\n"
        "    workers = Workers(Shouter, Shouter, 2)\n"
        "    print(*{pid for _, pid in workers.run(Shouter.shout, list('abcdefghijkl'))}, flush=True)\n"
        "    time.sleep(60)\n"
    )
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'stages'}"}
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, env=environment) as parent:
        assert parent.stdout is not None
        assert parent.stderr is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert pids
        parent.kill()
        assert parent.stderr.read() == b"a shout\n"  # of all, and of what cleans up after them
    until = time.monotonic() + 10
    while any(map(_alive, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(_alive, pids))


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_known_vectors_are_those_that_features_would_keep(models):
    _, embedder = models
    now = datetime(2026, 11, 28, tzinfo=UTC)
    articles = [
        Article(f"{n}", (), "", f"Ferry {n} delayed", "Fog held it in port. " * 30, "", now, "feed", now)
        for n in range(6)
    ]
    known = KnownVectors(made_vectors(articles[:4], embedder), Refusing(embedder, 2))
    texts = [f"{a.title}. {a.text[:250]}" for a in articles]
    expected = embedder.embed(texts).astype(np.float16)
    assert np.array_equal(known.embed(texts).astype(np.float16), expected)
    assert known.embed([]).shape[0] == 0


class Refusing:
    """An embedder that makes at most so many vectors."""

    name = "e5"

    def __init__(self, inner, most):
        self._inner, self._most = inner, most

    def embed(self, texts):
        self._most -= len(texts)
        assert self._most >= 0
        return self._inner.embed(texts)
