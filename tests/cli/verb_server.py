"""Runs the installed command again and again, each time in a process of its own, and imports the code once.

One article is loaded before: tables of names and words that a process reads once are there in each child.

A line on stdin asks for one run: `{"script", "arguments", "folder", "environment", "out", "file_size"}`. Two
lines answer: the process's number when it has begun; `{"code", "said"}` when it has ended, its exit code and
stderr. What is forked here runs the installed script from its first line to its exit.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import resource
import runpy
import signal
import sys
import tempfile
import threading
from pathlib import Path

import pipeline
from pipeline.app import open_app

CONFIG = Path(__file__).parents[2] / "config"


def imported():
    """Everything that a verb may import on its way."""
    for module in pkgutil.walk_packages(pipeline.__path__, "pipeline."):
        importlib.import_module(module.name)


def warmed():
    """Reads an article. Without vectors: a fork takes no threads along."""
    mask = os.umask(0o022)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "settings.yaml").write_text(f"base: {CONFIG}\nstories: {{vectors: none}}\n")
        (home / "one.jsonl").write_text(
            json.dumps({"title": "Rain in Bergen", "text": "It rained on Monday. " * 9})
        )
        with open_app(home=home / "home", config=home, environment={}) as app:
            app.ingest.load([str(home / "one.jsonl")])
    os.umask(mask)
    assert threading.active_count() == 1


def become(asked, said):
    """What a shell does between fork and exec."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(asked["out"], os.O_WRONLY), 1)
    os.dup2(said, 2)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", buffering=1)  # noqa: SIM115
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    if asked["file_size"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["file_size"],) * 2)
    sys.argv = [asked["script"], *asked["arguments"]]
    sys.path[0] = os.path.dirname(asked["script"])  # noqa: PTH120


def end(code):
    """What the interpreter does at its end, but for taking apart what was imported before the fork."""
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except OSError:
        code = 120
    os._exit(code)


def main():
    imported()
    warmed()
    gc.collect()
    gc.freeze()  # a collection in a child would copy every page
    for line in iter(sys.stdin.readline, ""):
        asked = json.loads(line)
        reading, writing = os.pipe()
        pid = os.fork()
        if not pid:
            become(asked, writing)
            try:
                runpy.run_path(asked["script"], run_name="__main__")
            except SystemExit as stop:
                end(stop.code)
            return
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        os.close(writing)
        with os.fdopen(reading) as said:
            lines = said.read()
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        sys.stdout.write(json.dumps({"code": code, "said": lines}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
