"""Threads that read: each has an `App` of its own, since a store is one thread's."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from pipeline.app import App
from pipeline.errors import PermanentError, UnavailableError
from pipeline.processes import give_way, keep_for_good
from pipeline.settings import configuration_stamp

T = TypeVar("T")
THREADS: Final = 4
# So many questions wait; more are told to come again.
_MOST_WAITING: Final = 64
# After so many questions a thread has read what it goes on needing, some of it only later.
_SETTLED: Final = frozenset({1, 20, 200})
# Files of the configuration are looked at so often.
_LOOK_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Question:
    """What a thread is asked, where its answer goes, and whether nobody waits for it any more."""

    ask: Callable[[App], Any]
    answer: Future[Any]
    given_up: threading.Event = field(default_factory=threading.Event)


class Readers:
    """A few threads that answer questions of the app.

    Args:
        opened: Opens an app; called in the thread that uses it.
        config: The folder whose change makes the threads open anew.
        clock: Seconds that only grow.
        threads: How many.
    """

    def __init__(
        self,
        opened: Callable[[], App],
        config: Path,
        clock: Callable[[], float],
        threads: int = THREADS,
    ) -> None:
        self._opened = opened
        self._config = config
        self._clock = clock
        self._looked = 0.0
        self._stamp: object = None
        self._first: tuple[object, App] | None = None
        self._opening = threading.Lock()
        self._questions: queue.Queue[Question | None] = queue.Queue(_MOST_WAITING)
        self._threads = [
            threading.Thread(target=self._work, name=f"desk-reader-{n}", daemon=True) for n in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    async def ask(self, question: Callable[[App], T], limit_seconds: float) -> T:
        """The answer to a question.

        Raises:
            UnavailableError: It took too long, or too many wait.
            WirewatchError: What the question raised.
        """
        future: Future[T] = Future()
        asked = Question(question, future)
        try:
            self._questions.put_nowait(asked)
        except queue.Full:
            raise UnavailableError("too many requests wait; try again in a moment", 2.0) from None
        try:
            return await asyncio.wait_for(asyncio.wrap_future(future), limit_seconds)
        except TimeoutError:
            asked.given_up.set()
            raise UnavailableError(
                f"this took longer than {limit_seconds:g} s; narrow it, or try again", 2.0
            ) from None

    def look_again(self) -> None:
        """Lets the next question be answered by the configuration as it is, since somebody wrote to it."""
        self._stamp = None

    def close(self) -> None:
        """Ends the threads; each closes its app."""
        for _ in self._threads:
            self._questions.put(None)
        for thread in self._threads:
            thread.join(timeout=5.0)

    def _work(self) -> None:
        """What a thread does: answers by one app for as long as the configuration stays what it was."""
        give_way()
        question, asked = self._questions.get(), 0
        while question is not None:
            with ExitStack() as opened:
                stamp, app = self._look(), None
                while question is not None and stamp == self._look():
                    app = self._answered(question, app, stamp, opened)
                    asked += 1
                    if asked in _SETTLED:
                        keep_for_good()
                    question = self._questions.get()

    def _answered(self, question: Question, app: App | None, stamp: object, opened: ExitStack) -> App | None:
        """Answers a question by this app, or one opened for it; gives None where that may be broken now."""
        if not question.answer.set_running_or_notify_cancel():
            return app
        try:
            app = app or opened.enter_context(self._another(stamp))
            app.stop_when(question.given_up.is_set)
            question.answer.set_result(question.ask(app))
        except BaseException as error:  # noqa: BLE001  it is the asker's to handle
            question.answer.set_exception(error)
            if not isinstance(error, PermanentError) and not question.given_up.is_set():
                opened.close()
                return None
        return app

    def _another(self, stamp: object) -> App:
        """An app of this state of the configuration, which the first that was opened has read for all."""
        with self._opening:
            if self._first is None or self._first[0] != stamp:
                self._first = stamp, self._opened()
                return self._first[1]
            return self._first[1].beside()

    def _look(self) -> object:
        """What tells one state of the configuration from the next."""
        at = self._clock()
        if self._stamp is None or at - self._looked >= _LOOK_SECONDS:
            self._looked = at
            self._stamp = configuration_stamp(self._config)
        return self._stamp
