"""The installed command, run by `verb_server.py`: each run a process of its own, the code imported once.

What is asked of a `Folder` is typed there.

Runs from a cold start are in `test_start.py` and `test_cli_watches.py`.
"""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

WIREWATCH = str(Path(sys.executable).parent / "wirewatch")


@contextmanager
def serving():
    """The server, until it is left."""
    path = Path(__file__).parent / "verb_server.py"
    quiet = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=quiet
    ) as process:
        assert process.stdin is not None
        yield process
        process.stdin.close()


class Run:
    """One run of the command in a working folder."""

    def __init__(self, server, where, arguments, out=os.devnull, file_size=None, **environment):
        self._server = server
        # xdist sets COLUMNS for its workers, and a verb would fit what it prints to it.
        clean = {k: v for k, v in os.environ.items() if not k.startswith("WIREWATCH_") and k != "COLUMNS"}
        asked = {
            "script": WIREWATCH,
            "arguments": [str(word) for word in arguments],
            "folder": str(where),
            "environment": clean | environment,
            "out": out,
            "file_size": file_size,
        }
        server.stdin.write(json.dumps(asked) + "\n")
        server.stdin.flush()
        self.pid, self._answer = int(server.stdout.readline()), None

    def ended(self, within=120):
        """Its exit code and the lines that it said on stderr; it is killed when it takes more seconds."""
        if not self._answer:
            if not select.select([self._server.stdout], [], [], within)[0]:
                os.kill(self.pid, signal.SIGKILL)
            self._answer = json.loads(self._server.stdout.readline())
        said = self._answer["said"]
        assert "Traceback" not in said
        return self._answer["code"], said.splitlines()


class Folder:
    """A working folder in which commands are typed.

    Args:
        server: What runs them.
        path: Where it is.
        options: Typed before each command.
    """

    def __init__(self, server, path, *options):
        self._server = server
        self.path = path
        self._options = options

    def run(self, *arguments, **environment):
        """Runs a command to its end; returns exit code, stdout and stderr."""
        return run(self._server, self.path, *self._options, *arguments, **environment)

    def start(self, *arguments, **how):
        """Begins a run."""
        return Run(self._server, self.path, [*self._options, *arguments], **how)

    def call(self, *arguments):
        """What a command that must end well says on stdout."""
        code, said, error = self.run(*arguments)
        assert code == 0, error
        return said

    def as_json(self, *arguments):
        """The document that a command says."""
        return json.loads(self.call("--json", *arguments))


def run(server, where, *arguments, **environment):
    """Runs the command to its end; returns exit code, stdout and stderr."""
    with tempfile.NamedTemporaryFile() as out:
        code, lines = Run(server, where, arguments, out.name, **environment).ended()
        said = Path(out.name).read_text(encoding="utf-8")
    assert "Traceback" not in said
    return code, said, "".join(line + "\n" for line in lines)
