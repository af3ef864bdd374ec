"""Work spread over processes, in order. The only file that starts processes.

Each process loads the models, which takes seconds and some 600 MB, so a small piece of work is done in
this process.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from itertools import islice
from multiprocessing import resource_tracker
from typing import Final, TypeVar

from pipeline.errors import UnavailableError
from pipeline.stages.intake.preparer import Preparer

Given = TypeVar("Given")
Done = TypeVar("Done")
# An outcome, and what the process had to say meanwhile: the level and the line.
_Told = tuple[Done, list[tuple[int, str]]]
_Outcome = Future[_Told[Done]]

# From this many inputs at once (25 items each) on, processes are worth their start.
_WORTH_IT: Final = 4
# Inputs under way for each process: bounds the memory, and no process waits for the next.
_AHEAD: Final = 2
_LOG = logging.getLogger("wirewatch")


class Workers:
    """Runs the stages before grouping here or in several processes; what comes out is the same to the bit.

    A process ends with the one that started it, however that ends, and leaves Ctrl-C to it.

    Args:
        make: Makes the preparer of a process; must be picklable.
        here: Makes that of this process.
        processes: How many; with one nothing is started.
    """

    def __init__(self, make: Callable[[], Preparer], here: Callable[[], Preparer], processes: int) -> None:
        self._make = make
        self._here = here
        self._processes = processes
        self._preparer: Preparer | None = None
        self._pool: ProcessPoolExecutor | None = None
        self._told: set[str] = set()

    def away(self) -> bool:
        """Whether work goes on in other processes while this one does something else."""
        return self._pool is not None

    def run(self, job: Callable[[Preparer, Given], Done], inputs: Sequence[Given]) -> Iterator[Done]:
        """Does a job for each input. Other processes begin with the first ones at once.

        Args:
            job: A method of `Preparer`.
            inputs: What it is given.

        Returns:
            The outcomes, in the order of the inputs.

        Raises:
            UnavailableError: A process was killed.
        """
        if self._processes > 1 and (self._pool or len(inputs) >= _WORTH_IT):
            return self._in_processes(job, inputs)
        return self._in_this_process(job, inputs)

    def _in_this_process(
        self, job: Callable[[Preparer, Given], Done], inputs: Sequence[Given]
    ) -> Iterator[Done]:
        for given in inputs:
            if self._preparer is None:
                self._preparer = self._here()
            yield job(self._preparer, given)

    def _in_processes(
        self, job: Callable[[Preparer, Given], Done], inputs: Sequence[Given]
    ) -> Iterator[Done]:
        if self._pool is None:
            _clean_up_quietly()
            self._pool = ProcessPoolExecutor(
                self._processes, multiprocessing.get_context("spawn"), _begin, (self._make,)
            )
        pool, rest = self._pool, iter(inputs)
        with self._telling_of_the_killed():
            first = islice(rest, _AHEAD * self._processes)
            waiting = deque(pool.submit(_work, job, given) for given in first)
        return self._outcomes(waiting, (partial(_work, job, given) for given in rest))

    def _outcomes(
        self, waiting: deque[_Outcome[Done]], rest: Iterator[Callable[[], _Told[Done]]]
    ) -> Iterator[Done]:
        try:
            while waiting:
                with self._telling_of_the_killed():
                    done = self._told_of(waiting.popleft())
                    if self._pool is not None:
                        waiting.extend(self._pool.submit(work) for work in islice(rest, 1))
                yield done
        finally:
            for future in waiting:
                future.cancel()

    @contextmanager
    def _telling_of_the_killed(self) -> Iterator[None]:
        try:
            yield
        except BrokenProcessPool:
            self._pool = None
            raise UnavailableError(
                "a process that enriches was killed (memory?): run it again, or set enrich.processes: 1"
            ) from None

    def _told_of(self, future: _Outcome[Done]) -> Done:
        """The outcome; what the process had to say is said here, once."""
        done, said = future.result()
        for level, text in said:
            if text not in self._told:
                self._told.add(text)
                _LOG.log(level, "%s", text)
        return done

    def close(self) -> None:
        """Ends the processes once each has finished what it is doing.

        Where all went well they have nothing left to do and are waited for: Python's own end of a program
        could meet them half ended, and then prints "Bad file descriptor". Who gives up does not wait.
        """
        if self._pool is not None:
            self._pool.shutdown(wait=sys.exception() is None, cancel_futures=True)
            self._pool = None


class _Said(logging.Handler):
    """Keeps what is said, for the process that started this one."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.levelno, record.getMessage()))


_said = _Said()
_process: list[Preparer] = []


def _clean_up_quietly() -> None:
    """Starts the process by which Python removes the semaphores of one that was killed, without its warning.

    The warning speaks of leaks after they are removed; nobody has anything to do.
    """
    sys.warnoptions.append("ignore:resource_tracker:UserWarning")  # it is started with these
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.pop()


def _begin(make: Callable[[], Preparer]) -> None:
    """Makes a new process ready."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _LOG.addHandler(_said)
    _LOG.propagate = False
    _process.append(make())


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(job: Callable[[Preparer, Given], Done], given: Given) -> _Told[Done]:
    done = job(_process[0], given)
    said, _said.lines = _said.lines, []
    return done, said
