"""`wirewatch desk` as somebody starts it, and a token for its read API."""

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("WIREWATCH_")}


def environment(home):
    """For commands as the pages have them: `wirewatch` is found, and finds the home."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return CLEAN | {"WIREWATCH_HOME": str(home), "WIREWATCH_CONFIG": str(home / "config"), "PATH": path}


def run(line, home, folder, **more):
    """Runs a command line as a shell does; returns what it says."""
    done = subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", line],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=environment(home) | more,
        timeout=200,
    )
    assert done.returncode == 0, f"{line}\n{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Served:
    """A desk that runs."""

    address: str
    start: str
    pid: int


@contextmanager
def desk(home):
    """The desk of a home, on a free port."""
    chosen = [str(BIN / "wirewatch"), "desk", "--port", "0"]
    with subprocess.Popen(chosen, stdout=subprocess.PIPE, text=True, env=environment(home)) as process:
        assert process.stdout is not None
        try:
            start = process.stdout.readline().strip()
            yield Served(start.partition("/?")[0], start, process.pid)
        finally:
            process.terminate()
            process.wait(30)
