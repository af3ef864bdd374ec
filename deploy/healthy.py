"""`python -m deploy.healthy PART`: exit 0 when Airflow says this part of it is well, or the desk answers.

One request to the api-server, where `airflow jobs check` would take four seconds of a core each time.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from urllib.parse import urljoin, urlsplit

# Where the desk listens in its container.
DESK = "http://127.0.0.1:8090/health"
PARTS = ("desk", "metadatabase", "scheduler", "triggerer", "dag_processor")


def status(part: str, server: str, timeout_seconds: float = 10.0) -> str:
    """What the api-server says of a part: "healthy", "unhealthy" or "none".

    Args:
        part: One of `PARTS`.
        server: Any http(s) URL on the api-server.
        timeout_seconds: How long to wait for it.

    Raises:
        OSError: It does not answer.
        ValueError: The URL is not http(s), or the answer is not JSON.
    """
    if urlsplit(server).scheme not in ("http", "https"):
        raise ValueError(f"{server!r} is not a URL")
    address = urljoin(server, "/api/v2/monitor/health")
    with urllib.request.urlopen(address, timeout=timeout_seconds) as answer:  # noqa: S310 - checked above
        return str((json.load(answer).get(part) or {}).get("status") or "none")


def desk(timeout_seconds: float = 10.0) -> str:
    """Whether the desk answers: "healthy", or "unhealthy".

    Raises:
        OSError: It does not.
    """
    with urllib.request.urlopen(DESK, timeout=timeout_seconds) as answer:
        return "healthy" if answer.read() == b"ok" else "unhealthy"


def main(arguments: list[str]) -> int:
    """Asks the server of `AIRFLOW__CORE__EXECUTION_API_SERVER_URL`."""
    if len(arguments) != 1 or arguments[0] not in PARTS:
        sys.stderr.write(f"healthy: name one of {', '.join(PARTS)}\n")
        return 2
    server = (
        DESK
        if arguments[0] == "desk"
        else os.environ.get("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", "http://127.0.0.1:8080/")
    )
    try:
        found = desk() if arguments[0] == "desk" else status(arguments[0], server)
    except (OSError, ValueError) as error:
        found = f"no answer from {server} ({error})"
    sys.stdout.write(f"{arguments[0]}: {found}\n")
    return 0 if found == "healthy" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
