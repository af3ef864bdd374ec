"""`python -m deploy.airflow`: Airflow's first steps on a server: database, pools, its page's password.

`python -m deploy.airflow clean` removes runs of more than `WIREWATCH_AIRFLOW_DAYS` (30) ago from its
database, and `clean --daily` does so each day until it is stopped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

# How long Airflow's own database keeps runs, where WIREWATCH_AIRFLOW_DAYS says nothing else.
KEPT_DAYS = 30
_USAGE = "usage: python -m deploy.airflow [clean [--daily]]\n"


def write_password(file: Path, user: str, password: str) -> None:
    """Writes the file of Airflow's simple auth manager: for its owner only, whole or not at all."""
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump({user: password}, stream)
    part.replace(file)


def clean() -> int:
    """Removes old runs, once."""
    from dags.local.environment import clean_database

    text = os.environ.get("WIREWATCH_AIRFLOW_DAYS") or str(KEPT_DAYS)
    if not text.isdecimal():
        sys.stderr.write(f"airflow: WIREWATCH_AIRFLOW_DAYS={text}: not a number of days\n")
        return 2
    clean_database(int(text))
    sys.stdout.write(f"airflow: what ended more than {text} days ago is removed\n")
    return 0


def clean_daily() -> int:
    """Removes old runs each day, in a process that gives its memory back; ends when one fails."""
    command = [sys.executable, "-m", "deploy.airflow", "clean"]
    while not (code := subprocess.run(command, check=False).returncode):  # noqa: S603 - the command is ours
        time.sleep(86400)
    return code


def main(arguments: list[str]) -> int:
    """Carries out what is asked for."""
    verbs = {(): set_up, ("clean",): clean, ("clean", "--daily"): clean_daily}
    if verb := verbs.get(tuple(arguments)):
        return verb()
    sys.stderr.write(_USAGE)
    return 2


def set_up() -> int:
    """Migrates the database, makes missing pools, writes the password; a second run changes nothing."""
    password = os.environ.get("AIRFLOW_ADMIN_PASSWORD", "")
    file = os.environ.get("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", "")
    if not password or not file:
        sys.stderr.write(
            "airflow: the environment lacks AIRFLOW_ADMIN_PASSWORD or "
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE\n"
        )
        return 2
    write_password(Path(file), "admin", password)
    command = [str(Path(sys.executable).parent / "airflow"), "db", "migrate"]
    migrated = subprocess.run(command, check=False)  # noqa: S603 - the command is ours
    if migrated.returncode:
        return migrated.returncode
    from dags.local.environment import POOLS, make_pools

    make_pools()
    sys.stdout.write(f"airflow: database migrated, {len(POOLS)} pools there, password written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
