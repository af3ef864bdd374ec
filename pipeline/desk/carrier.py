"""Sees that requests are carried out even while nothing groups: by verbs in a child process."""

from __future__ import annotations

import json
import logging
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from pipeline.app import App
from pipeline.errors import WirewatchError
from pipeline.records import Request

log = logging.getLogger("wirewatch.desk")

# Longer than any lease is waited for.
_MOST_SECONDS: Final = 3600.0


class RunVerb(Protocol):
    """Runs a verb of the command line; its exit code, what it answered, and what it complained of."""

    def __call__(self, arguments: Sequence[str]) -> tuple[int, str, str]:
        """Runs it to its end."""


def child_process(options: Sequence[str], environment: Mapping[str, str] | None = None) -> RunVerb:
    """Runs verbs in a child: models and state are not kept in the process of the pages.

    Args:
        options: The store, home and configuration of the pages.
        environment: What the child has, where it is not what this process has.
    """

    def run(arguments: Sequence[str]) -> tuple[int, str, str]:
        program = "from pipeline.cli import main; main()"
        done = subprocess.run(  # noqa: S603 - our own verbs; ids cannot be options, they follow "--"
            [sys.executable, "-c", program, *options, "--json", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=_MOST_SECONDS,
            stdin=subprocess.DEVNULL,
            env=None if environment is None else dict(environment),
        )
        return done.returncode, done.stdout, done.stderr

    return run


class Carrier:
    """One thread that carries out requests in the order in which they came.

    Args:
        opened: Opens an app, to read and keep the state of requests.
        run: Runs a verb.
    """

    def __init__(self, opened: Callable[[], App], run: RunVerb) -> None:
        self._opened = opened
        self._run = run
        self._wake: queue.Queue[bool] = queue.Queue()
        self._thread = threading.Thread(target=self._work, name="desk-carrier", daemon=True)
        self._thread.start()
        self.wake()  # what a process left behind that was killed

    def wake(self) -> None:
        """Looks for requests that are open."""
        self._wake.put(True)

    def close(self) -> None:
        """Ends after the request that is being carried out."""
        self._wake.put(False)
        self._thread.join(timeout=5.0)

    def _work(self) -> None:
        while self._wake.get():
            try:
                with self._opened() as app:
                    waiting = app.requests.open()
                    if any(each.kind != "retry" for each in waiting):
                        self._said(app)
                    for request in waiting:
                        if request.kind == "retry":
                            app.requests.keep(replace(request, state="working"))
                            app.requests.keep(self._tried_again(request))
            except (WirewatchError, OSError, subprocess.SubprocessError) as error:
                log.warning("requests wait: %s", error)

    def _said(self, app: App) -> None:
        """Has all requests carried out, unless somebody is grouping just now and does it then."""
        code, _, err = self._run(["corrections", "carry-out"])
        if code:
            line = _last_line(err)
            log.warning("requests wait: %s", line)
            for request in app.requests.open():
                if request.kind != "retry":
                    app.requests.keep(replace(request, state="waiting", result=line))

    def _tried_again(self, request: Request) -> Request:
        code, out, err = self._run(["quarantine", "replay", "--", *request.names])
        if code:
            return replace(request, state="refused", result=_last_line(err))
        counts = ", ".join(f"{key} {value}" for key, value in json.loads(out).items() if value)
        return replace(request, state="done", result=counts[:1000])


def _last_line(err: str) -> str:
    return next(iter(err.strip().splitlines()[-1:]), "").removeprefix("wirewatch: ")[:1000]


def name_of(story: str) -> str:
    """The id of a story that is written with its version."""
    return story.rpartition(":")[0]
