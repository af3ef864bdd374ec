"""`make env`: random secrets into `.env`, for its owner's eyes only; what is there is never changed."""

from __future__ import annotations

import base64
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def password() -> str:
    """A password of 192 random bits in letters, digits, - and _: safe in URLs, YAML and shells."""
    return secrets.token_urlsafe(24)


def key() -> str:
    """A signing or encryption key of 384 random bits (Kibana asks for at least 32 characters)."""
    return secrets.token_urlsafe(48)


def fernet_key() -> str:
    """A key as `cryptography.fernet` wants it: 32 random bytes in URL-safe base 64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


# Each secret of docker-compose.yml, how it is made, and what it is for.
SECRETS: dict[str, tuple[Callable[[], str], str]] = {
    "ELASTIC_PASSWORD": (password, "Elasticsearch's superuser `elastic`"),
    "WIREWATCH_ELASTIC_PASSWORD": (password, "the user `wirewatch`, who writes the indices"),
    "KIBANA_SYSTEM_PASSWORD": (password, "Kibana's own connection to Elasticsearch"),
    "KIBANA_USER_PASSWORD": (password, "the user `newsdesk`, who looks at the dashboards"),
    "KIBANA_ENCRYPTION_KEY": (key, "Kibana's sessions and saved secrets"),
    "AIRFLOW_POSTGRES_PASSWORD": (password, "Airflow's database"),
    "AIRFLOW_ADMIN_PASSWORD": (password, "the user `admin` of Airflow's pages"),
    "AIRFLOW_FERNET_KEY": (fernet_key, "encrypts Airflow's connections; keep it with the backup of Postgres"),
    "AIRFLOW_SECRET_KEY": (key, "signs the cookies and log links of Airflow's pages"),
    "AIRFLOW_JWT_SECRET": (key, "signs the tokens between Airflow's services"),
    "WIREWATCH_DESK_PASSWORD": (password, "the desk's pages, for those who may change things"),
    "WIREWATCH_DESK_READER_PASSWORD": (password, "the desk's pages, for those who read"),
    "WIREWATCH_WEBHOOK_SECRET": (key, "signs webhook calls"),
    "WIREWATCH_REDIS_PASSWORD": (password, "the queue of Celery workers (docker-compose.workers.yml)"),
}


def names(text: str) -> set[str]:
    r"""The variables that a .env file sets.

    >>> sorted(names("# A=1\nB=2\n\nexport C=3\n"))
    ['B', 'C']
    """
    found = set()
    for line in text.splitlines():
        name, equals, _ = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            found.add(name.strip())
    return found


def write(path: Path) -> list[str]:
    """Adds the secrets that the file lacks; makes it, with mode 600, when it is missing.

    Returns:
        The names that were added.

    Raises:
        PermissionError: Others may read the file, so nothing secret is written to it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+", encoding="utf-8") as file:
        if os.fstat(descriptor).st_mode & 0o077:
            raise PermissionError(f"{path}: others may read it; chmod 600 {path}, then again")
        file.seek(0)
        text = file.read()
        missing = [name for name in SECRETS if name not in names(text)]
        if not missing:
            return []
        lines = ["" if text.endswith("\n") or not text else "\n"]
        if not text:
            lines.append(
                "# Made by `make env`. Secrets: do not commit, do not share; back up beside the data.\n"
            )
        for name in missing:
            make, purpose = SECRETS[name]
            lines.append(f"# {purpose}\n{name}={make()}\n")
        file.write("".join(lines))
        file.flush()
        os.fsync(descriptor)
    return missing


def main(arguments: list[str]) -> int:
    """Writes the file that is named, or `.env` beside docker-compose.yml."""
    path = Path(arguments[0]) if arguments else ROOT / ".env"
    try:
        added = write(path)
    except OSError as error:
        sys.stderr.write(f"env: {error}\n")
        return 1
    sys.stdout.write(f"{path}: {len(added)} added, {len(SECRETS) - len(added)} there already\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
