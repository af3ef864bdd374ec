"""`make airflow`: scheduler, DAG processor, triggerer and pages on 127.0.0.1; Ctrl-C stops all of it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from dags.local.environment import ROOT, airflow_environment, clean_database, make_pools

# How long the database keeps runs.
KEPT_DAYS = 30


def _secret(home: Path) -> str:
    """A random key, made once and readable by its owner only."""
    file = home / "jwt_secret"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(48))
    return file.read_text()


def standalone_environment(home: Path, port: int) -> dict[str, str]:
    """The hermetic environment, and what the servers need; without a login, so it must stay on 127.0.0.1."""
    return airflow_environment(home) | {
        # Airflow starts some of its parts by name.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API_AUTH__JWT_SECRET": _secret(home),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
        "WIREWATCH_HOME": os.environ.get("WIREWATCH_HOME", str(ROOT / "data")),
        "WIREWATCH_CONFIG": os.environ.get("WIREWATCH_CONFIG", str(ROOT / "config")),
    }


def main() -> int:
    """Runs until Ctrl-C; then stops everything it started."""
    home = Path(os.environ.get("AIRFLOW_HOME", ROOT / ".airflow" / "standalone")).resolve()
    port = int(os.environ.get("WIREWATCH_AIRFLOW_PORT", "8080"))
    if _answers(port):
        sys.stderr.write(f"make airflow: port {port} is taken; WIREWATCH_AIRFLOW_PORT names another\n")
        return 1
    home.mkdir(parents=True, exist_ok=True)
    os.environ.update(standalone_environment(home, port))
    from airflow.utils.db import initdb

    initdb()
    make_pools()
    clean_database(KEPT_DAYS)  # before anything else reads it: SQLite has one writer
    sys.stdout.write(f"Airflow on http://127.0.0.1:{port} in about half a minute; Ctrl-C stops it.\n")
    sys.stdout.flush()
    return _run_all(str(Path(sys.executable).parent / "airflow"), port)


def _answers(port: int) -> bool:
    """Whether something listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


# How long the api-server may take to answer, in seconds.
PATIENCE = 120.0
# What `airflow standalone` starts, but the api-server before those whose tasks ask it, and without the two
# log servers, which would listen on every address; the pages read the logs from the folder.
PARTS = (
    ("api-server",),
    ("scheduler", "--skip-serve-logs"),
    ("dag-processor",),
    ("triggerer", "--skip-serve-logs"),
)


def _answered(port: int, server: subprocess.Popen[bytes], stopped: threading.Event) -> bool:
    """Waits until the server answers, or a signal comes; False when it ended instead, or never answers."""
    until = time.monotonic() + PATIENCE
    while not (_answers(port) or stopped.is_set()):
        if server.poll() is not None or time.monotonic() > until:
            return False
        stopped.wait(0.2)
    return True


def _run_all(airflow: str, port: int) -> int:
    """Runs all parts until a signal comes or one of them ends; then stops them all, with their children.

    The first one is waited for until it answers: a task that starts before would fail.
    """
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    processes: list[subprocess.Popen[bytes]] = []
    ended = False
    for part in PARTS:
        if not (stopped.is_set() or ended):
            processes.append(
                subprocess.Popen([airflow, *part], start_new_session=True)  # noqa: S603 - our own command
            )
            ended = not _answered(port, processes[0], stopped)
    while not (stopped.is_set() or ended):
        stopped.wait(1.0)
        ended = any(process.poll() is not None for process in processes)
    if ended:
        sys.stderr.write("make airflow: a part of Airflow ended; stopping the others\n")
    # The api-server last, because the others' tasks still tell it how they ended.
    _stop(processes[1:])
    _stop(processes[:1])
    return 1 if ended else 0


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """Ends some parts at once, with their children; what does not end in time is killed."""
    for number, patience in ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0)):
        for process in processes:
            # The group, because the api-server and the triggerer have children that outlive them.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(patience)


if __name__ == "__main__":
    sys.exit(main())
