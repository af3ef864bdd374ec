"""`make airflow`: scheduler, DAG processor, triggerer and pages on 127.0.0.1; Ctrl-C stops all of it."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from dags.local.environment import ROOT, airflow_environment, make_pools


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
    """Runs until Ctrl-C; then stops the whole process group."""
    home = Path(os.environ.get("AIRFLOW_HOME", ROOT / ".airflow" / "standalone")).resolve()
    port = int(os.environ.get("WIREWATCH_AIRFLOW_PORT", "8080"))
    home.mkdir(parents=True, exist_ok=True)
    os.environ.update(standalone_environment(home, port))
    from airflow.utils.db import initdb

    initdb()
    make_pools()
    sys.stdout.write(f"Airflow on http://127.0.0.1:{port} in about half a minute; Ctrl-C stops it.\n")
    sys.stdout.flush()
    # The api-server and the triggerer outlive a SIGTERM to their parent, so all get the signal as one group.
    process = subprocess.Popen(  # noqa: S603 - the command is ours
        [str(Path(sys.executable).parent / "airflow"), "standalone"], start_new_session=True
    )

    def stop(number: int, _frame: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM if number == signal.SIGTERM else signal.SIGINT)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    code = process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    return 0 if code in (0, -signal.SIGINT, -signal.SIGTERM, 130, 143) else code


if __name__ == "__main__":
    sys.exit(main())
