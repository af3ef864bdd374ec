"""Workers as machines of their own, as far as one machine can be two.

Each worker is the first process of a namespace of process ids, so its end is the end of all that runs
there, as when a machine loses its power. It has a folder of its own (home, configuration, logs), and does not
see the folder of another: an empty disk lies over it. What they have in common, they reach by addresses.
"""

from __future__ import annotations

import select
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import rehearsal
from compose_file import ROOT, distributed

SECONDS = 240  # for anything that is waited for; a busy machine is no failure

# An empty disk over the folder of the other, then the worker as process 1.
_ALONE = 'mount -t tmpfs none "$0" && exec "$@"'


def can_be_several():
    """What is missing here for a machine to be two; "" if nothing."""
    if rehearsal.postgres_programs() is None:
        return "no Postgres here; apt-get install postgresql"
    if shutil.which("redis-server") is None:
        return "no Redis here; apt-get install redis-server"
    ask = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "mount", "-t", "tmpfs", "none", "/mnt"]
    if subprocess.run(ask, check=False, capture_output=True).returncode:
        return "no namespaces may be made here (unshare)"
    return ""


def wrong_clock(offset):
    """The environment of a machine whose clock is wrong by an offset (`+10m`); None if that cannot be had.

    What has passed is measured right, as on such a machine: its monotonic clock knows nothing of the date.
    """
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None:
        return None
    return {"LD_PRELOAD": str(library), "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def until(what, seconds=SECONDS, every=0.2):
    """Asks until there is an answer; returns it."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, what
        time.sleep(every)
    return found


def driver(folder):
    """The driver for Postgres, which the image has and the environment of developers has not."""
    uv = Path(sys.executable).with_name("uv")
    ask = [uv, "pip", "install", "--quiet", "--require-hashes", "--target", folder, "-r"]
    subprocess.run([*ask, ROOT / "deploy" / "postgres.txt"], check=True, capture_output=True)
    return folder


def place(folder):
    """The project where the image has it, by links; the virtual environment is the one that runs."""
    folder.mkdir()
    for entry in ("pipeline", "dags", "deploy", "config"):
        (folder / entry).symlink_to(ROOT / entry)
    (folder / "venv").symlink_to(sys.prefix)
    return folder


@contextmanager
def redis(folder, password):
    """A queue as docker-compose.workers.yml runs it; yields its port."""
    port = str(rehearsal.free_port())
    command = [
        word.replace("${WIREWATCH_REDIS_PASSWORD:?run make env}", password)
        for word in distributed()["redis"]["command"]
    ]
    command += ["--port", port, "--bind", "127.0.0.1"]
    with (
        (folder / "redis.log").open("wb") as log,
        subprocess.Popen(command, stdout=log, cwd=folder) as server,
    ):
        try:
            ask = ["redis-cli", "-p", port, "-a", password, "--no-auth-warning", "ping"]
            until(lambda: b"PONG" in subprocess.run(ask, check=False, capture_output=True).stdout)
            yield port
        finally:
            server.terminate()


class _Passage(socketserver.BaseRequestHandler):
    """Hands on what either side says, for as long as the door is open."""

    server: Door

    def handle(self):
        door = self.server
        if door.is_shut:
            door.turned_away += 1
            return
        with suppress(OSError), socket.create_connection(("127.0.0.1", door.behind)) as far:
            other = {self.request: far, far: self.request}
            while not door.is_shut:
                for side in select.select(list(other), [], [], 0.1)[0]:
                    if not (said := side.recv(65536)):
                        return
                    other[side].sendall(said)


class Door(socketserver.ThreadingTCPServer):
    """The way to a server; while it is shut, connections are cut, those that come and those that stand.

    Args:
        behind: The server's port on this machine.

    Attributes:
        is_shut: Whether it is.
        turned_away: How many connections came to a shut door.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, behind):
        self.behind, self.is_shut, self.turned_away = int(behind), False, 0
        super().__init__(("127.0.0.1", 0), _Passage)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        """Where it stands."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Worker:
    """A machine that carries out tasks.

    Args:
        stage: Where it runs.
        name: Of the worker, and of its folder beneath the stage's.
        hidden: The folder that it must not see.
        configuration: Copied into its own folder.
    """

    def __init__(self, stage, name, hidden, configuration):
        self.stage, self.name, self.hidden = stage, name, hidden
        self.folder = stage.folder / name
        shutil.copytree(configuration, self.folder / "config")
        self.lost = 0
        self.clock = {}  # what makes it a wrong one

    def start(self):
        """Starts it, or starts it again."""
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        command += ["sh", "-c", _ALONE, str(self.hidden)]
        worker = ["airflow", "celery", "worker", "--celery-hostname", f"{self.name}@%h"]
        self.stage.start(
            "airflow-worker",
            self._called(),
            [*command, *worker],
            AIRFLOW_HOME=str(self.folder / "airflow"),
            AIRFLOW__LOGGING__BASE_LOG_FOLDER=str(self.folder / "logs"),
            AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=str(rehearsal.free_port()),
            WIREWATCH_HOME=str(self.folder / "home"),
            WIREWATCH_CONFIG=str(self.folder / "config"),
            **self.clock,
        )

    def ready(self):
        """Waits until it takes tasks."""
        log = self.stage.log(self._called())
        until(lambda: b" ready." in log.read_bytes())

    def kill(self):
        """Ends it and all that runs there, at once."""
        self.stage.lose(self._called())
        self.lost += 1

    def send(self, signal):
        """Sends a signal to all that runs there."""
        for each in psutil.Process(self.stage.running[self._called()].pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                each.send_signal(signal)

    def begun(self, dag, task):
        """When each map index of a task last told something here (-1 where the task is not mapped)."""
        files = (self.folder / "logs").glob(f"dag_id={dag}/run_id=*/task_id={task}/**/attempt=*.log")
        found = dict[int, float]()
        for file in files:
            index = int(file.parent.name.partition("map_index=")[2] or -1)
            found[index] = max(found.get(index, 0), file.stat().st_ctime)
        return found

    def _called(self):
        return f"{self.name}-{self.lost}"
