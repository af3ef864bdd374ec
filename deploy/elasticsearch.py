"""`python -m deploy.elasticsearch`: passwords, roles and users, once Elasticsearch answers.

Where: `ELASTICSEARCH_URL`, and `ELASTICSEARCH_CA` (a PEM file) where its certificate is your own authority's.
Roles are `config/elasticsearch/roles/*.json` (what may be done with which index), and one for Kibana. Without
`KIBANA_SYSTEM_PASSWORD` Kibana's own connection is left alone, as the operator on Kubernetes sees to it.
Running it again sets the same things again; it is how a changed password of `.env` takes effect.
"""

from __future__ import annotations

import json
import os
import ssl
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from deploy.env import ROOT

Json = dict[str, Any]
ROLES = ROOT / "config" / "elasticsearch" / "roles"
PATIENCE_SECONDS = 120.0
SECRETS = ("ELASTIC_PASSWORD", "WIREWATCH_ELASTIC_PASSWORD", "KIBANA_USER_PASSWORD")
_NOT_YET = (httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.GATEWAY_TIMEOUT)

# Kibana's pages for those who look at the news: all of Kibana, so that boards can be edited. What they see
# there is bounded by the reader's rights on indices, which are to read.
KIBANA_ROLE: Json = {
    "cluster": [],
    "indices": [],
    "applications": [{"application": "kibana-.kibana", "privileges": ["all"], "resources": ["*"]}],
}


class SetupError(Exception):
    """Elasticsearch did not do it; the text says why, without a secret."""


def roles(folder: Path, prefix: str) -> dict[str, Json]:
    """The roles by name, e.g. "wirewatch_writer", for indices that begin with `prefix`."""
    found = {f"{prefix}_kibana": KIBANA_ROLE}
    for file in sorted(folder.glob("*.json")):
        found[f"{prefix}_{file.stem}"] = json.loads(
            file.read_text(encoding="utf-8").replace("PREFIX", prefix)
        )
    return found


def users(environment: Mapping[str, str], prefix: str) -> dict[str, Json]:
    """The users by name: `wirewatch` writes and reads the indices, `newsdesk` looks at them in Kibana."""
    return {
        prefix: {
            "password": environment["WIREWATCH_ELASTIC_PASSWORD"],
            "roles": [f"{prefix}_writer"],
            "full_name": "Wirewatch's services",
        },
        "newsdesk": {
            "password": environment["KIBANA_USER_PASSWORD"],
            "roles": [f"{prefix}_reader", f"{prefix}_kibana"],
            "full_name": "News desk",
        },
    }


def send(server: httpx.Client, method: str, path: str, body: Json, patience_seconds: float) -> None:
    """Makes one request, again while the server is not ready.

    Raises:
        SetupError: It refuses, or does not answer in time.
    """
    end, pause = time.monotonic() + patience_seconds, 0.5
    while True:
        try:
            answer = server.request(method, path, json=body)
            if answer.is_success:
                return
            if answer.status_code not in _NOT_YET:
                raise SetupError(f"{method} {path}: HTTP {answer.status_code} {_reason(answer)}")
            trouble = f"HTTP {answer.status_code}"
        except httpx.TransportError as error:
            trouble = str(error) or type(error).__name__
        if time.monotonic() + pause > end:
            raise SetupError(f"{server.base_url} does not answer: {trouble}")
        time.sleep(pause)
        pause = min(2 * pause, 5.0)


def _reason(answer: httpx.Response) -> str:
    try:
        error = answer.json()["error"]
        return str(error["reason"] if isinstance(error, dict) else error)
    except (ValueError, KeyError, TypeError):
        return "without a reason"


def set_up(
    server: httpx.Client,
    environment: Mapping[str, str],
    prefix: str = "wirewatch",
    patience_seconds: float = PATIENCE_SECONDS,
) -> list[str]:
    """Sets Kibana's password, the roles and the users; returns what was set, in words.

    Raises:
        SetupError: Elasticsearch refuses, or does not answer in time.
    """
    done = []
    if own := environment.get("KIBANA_SYSTEM_PASSWORD"):
        send(server, "POST", "/_security/user/kibana_system/_password", {"password": own}, patience_seconds)
        done.append("password of kibana_system")
    for name, role in roles(ROLES, prefix).items():
        send(server, "PUT", f"/_security/role/{name}", role, patience_seconds)
        done.append(f"role {name}")
    for name, user in users(environment, prefix).items():
        send(server, "PUT", f"/_security/user/{name}", user, patience_seconds)
        done.append(f"user {name}")
    return done


def main() -> int:
    """Sets up the server at `ELASTICSEARCH_URL`."""
    missing = [name for name in ("ELASTICSEARCH_URL", *SECRETS) if not os.environ.get(name)]
    if missing:
        sys.stderr.write(f"elasticsearch: the environment lacks {', '.join(missing)}\n")
        return 2
    auth = httpx.BasicAuth("elastic", os.environ["ELASTIC_PASSWORD"])
    try:
        authority = os.environ.get("ELASTICSEARCH_CA")
        verify = ssl.create_default_context(cafile=authority) if authority else True
    except OSError as error:
        sys.stderr.write(f"elasticsearch: ELASTICSEARCH_CA: {error}\n")
        return 2
    url = os.environ["ELASTICSEARCH_URL"]
    try:
        with httpx.Client(base_url=url, auth=auth, verify=verify, timeout=30.0) as server:
            for step in set_up(server, os.environ):
                sys.stdout.write(f"{step}: set\n")
    except SetupError as error:
        sys.stderr.write(f"elasticsearch: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
