"""Carries out what was asked for on the pages, one request after another, each in a process of its own."""

from __future__ import annotations

import json
import logging
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Protocol

from pipeline.app import App
from pipeline.app.requests import Request
from pipeline.errors import NotFoundError, WirewatchError

log = logging.getLogger("wirewatch.desk")

# Longer than any lease is waited for.
_MOST_SECONDS: Final = 3600.0


class RunVerb(Protocol):
    """Runs a verb of the command line; its exit code, what it answered, and what it complained of."""

    def __call__(self, arguments: Sequence[str]) -> tuple[int, str, str]:
        """Runs it to its end."""


def child_process(options: Sequence[str]) -> RunVerb:
    """Runs verbs in a child: models and state are not kept in the process of the pages.

    Args:
        options: The store, home and configuration of the pages.
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
                    for request in app.requests.all():
                        if not request.done:
                            app.requests.keep(replace(request, state="working"))
                            app.requests.keep(self._carried_out(app, request))
            except (WirewatchError, OSError, subprocess.SubprocessError) as error:
                log.warning("requests wait: %s", error)

    def _carried_out(self, app: App, request: Request) -> Request:
        if request.stories and not self._fits(app, request):
            return replace(request, state="stale")
        code, out, err = self._run(verb_of(request))
        if code:
            line = next(iter(err.strip().splitlines()[-1:]), "").removeprefix("wirewatch: ")
            return replace(request, state="refused", result=line[:1000])
        answer = json.loads(out)
        if request.kind == "retry":
            counts = ", ".join(f"{key} {value}" for key, value in answer.items() if value)
            return replace(request, state="done", result=counts[:1000])
        return replace(request, state="done", into=tuple(story["id"] for story in answer["stories"]))

    def _fits(self, app: App, request: Request) -> bool:
        """Whether the stories are as they were looked at, or the correction was made already."""
        try:
            now = [f"{s.id}:{s.version}" for s in (app.read.current(name_of(x))[0] for x in request.stories)]
        except NotFoundError:
            return False
        return tuple(now) == request.stories or request.state == "working"


def name_of(story: str) -> str:
    """The id of a story that is written with its version."""
    return story.rpartition(":")[0]


def verb_of(request: Request) -> list[str]:
    """What the command line is asked for; ids follow "--" and so are never options."""
    said = f"{request.note} ({request.who})".strip() if request.who != "desk" else request.note
    note = [f"--note={said}"] if said else []
    match request.kind:
        case "merge":
            return ["merge", *note, "--", *map(name_of, request.stories)]
        case "split":
            return ["split", *note, "--", name_of(request.stories[0]), *request.names]
        case _:
            return ["quarantine", "replay", "--", *request.names]
