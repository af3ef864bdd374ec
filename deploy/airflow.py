"""`python -m deploy.airflow`: Airflow's first steps on a server: database, pools, its page's password."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def write_password(file: Path, user: str, password: str) -> None:
    """Writes the file of Airflow's simple auth manager: for its owner only, whole or not at all."""
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump({user: password}, stream)
    part.replace(file)


def main() -> int:
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
    sys.exit(main())
