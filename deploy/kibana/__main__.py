"""`make kibana`: puts the data views and dashboards of `config/kibana` into a Kibana, as they are in git.

Where and as whom: `KIBANA_URL` (http://127.0.0.1:5601), `KIBANA_API_KEY` or `KIBANA_USERNAME` and
`KIBANA_PASSWORD`, `KIBANA_SPACE`, `KIBANA_CA` (a PEM file), `WIREWATCH_PREFIX` where the indices do not begin
with `wirewatch`, `WIREWATCH_DESK_URL` where readers find the desk, for links to it. Without a key or
password, the password of `elastic` is taken from `.env` (`make env`).
"""

from __future__ import annotations

import json
import os
import ssl
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from deploy.env import ROOT
from deploy.kibana.boards import DESK

FOLDER = ROOT / "config" / "kibana"
PREFIX = "wirewatch"
PATIENCE_SECONDS = 300.0  # Kibana's first start takes a minute or two
_NOT_YET = (httpx.codes.BAD_GATEWAY, httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.GATEWAY_TIMEOUT)


class ImportFailedError(Exception):
    """Kibana did not take it; the text says why, without a secret."""


def prefixed(ndjson: str, prefix: str) -> str:
    """The same objects for indices that begin with another prefix; ids stay, so links between them hold."""
    lines = []
    for line in ndjson.splitlines():
        found = json.loads(line)
        if found["type"] == "index-pattern":
            attributes = found["attributes"]
            attributes["title"] = prefix + attributes["title"].removeprefix(PREFIX)
        lines.append(json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n")
    return "".join(lines)


def linked(ndjson: str, desk: str) -> str:
    """The same objects with links to a desk at another address."""
    # Links stand as JSON in JSON, where a quote would have to be escaped twice.
    if not desk.startswith(("http://", "https://")) or set(desk) & set('"\\ '):
        raise ImportFailedError(f"WIREWATCH_DESK_URL={desk}: not an http or https address")
    return ndjson.replace(DESK, desk.rstrip("/"))


def from_file(path: Path, name: str) -> str:
    """A variable of a .env file, or ""."""
    if not path.exists():
        return ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name}="):
            return line.partition("=")[2].strip()
    return ""


def client(environment: Mapping[str, str], secrets: Path) -> httpx.Client:
    """A client for the Kibana that the environment names.

    Args:
        environment: `KIBANA_URL`, and how to log in: `KIBANA_API_KEY`, or a name and a password.
        secrets: The .env file to fall back on.

    Raises:
        ImportFailedError: There is no way to log in, or the CA file cannot be read.
    """
    headers = {"kbn-xsrf": "wirewatch"}
    auth = None
    password = environment.get("KIBANA_PASSWORD") or from_file(secrets, "ELASTIC_PASSWORD")
    if key := environment.get("KIBANA_API_KEY"):
        headers["Authorization"] = f"ApiKey {key}"
    elif password:
        auth = httpx.BasicAuth(environment.get("KIBANA_USERNAME", "elastic"), password)
    else:
        raise ImportFailedError("set KIBANA_API_KEY, or KIBANA_USERNAME and KIBANA_PASSWORD, or run make env")
    url = environment.get("KIBANA_URL", "http://127.0.0.1:5601").rstrip("/")
    if space := environment.get("KIBANA_SPACE", ""):
        url += f"/s/{space}"
    try:
        authority = environment.get("KIBANA_CA")
        verify = ssl.create_default_context(cafile=authority) if authority else True
    except OSError as error:
        raise ImportFailedError(f"KIBANA_CA: {error}") from None
    return httpx.Client(base_url=url, headers=headers, auth=auth, verify=verify, timeout=60.0)


def _post(kibana: httpx.Client, name: str, body: bytes, patience_seconds: float) -> httpx.Response:
    """Sends one file; waits while Kibana is starting."""
    end, pause = time.monotonic() + patience_seconds, 1.0
    while True:
        trouble = ""
        try:
            answer = kibana.post(
                "/api/saved_objects/_import",
                params={"overwrite": "true"},
                files={"file": (name, body, "application/ndjson")},
            )
            if answer.status_code not in _NOT_YET:
                return answer
            trouble = f"HTTP {answer.status_code}"
        except httpx.TransportError as error:
            trouble = str(error) or type(error).__name__
        if time.monotonic() + pause > end:
            raise ImportFailedError(f"{kibana.base_url} does not answer: {trouble}")
        time.sleep(pause)
        pause = min(2 * pause, 10.0)


def put(
    kibana: httpx.Client,
    file: Path,
    prefix: str,
    patience_seconds: float = PATIENCE_SECONDS,
    desk: str = DESK,
) -> int:
    """Imports one file; returns how many objects Kibana took.

    Raises:
        ImportFailedError: Kibana refuses, or does not answer in time.
    """
    text = linked(file.read_text(encoding="utf-8"), desk)
    body = (text if prefix == PREFIX else prefixed(text, prefix)).encode()
    answer = _post(kibana, file.name, body, patience_seconds)
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise ImportFailedError(
            f"{kibana.base_url} does not let this user or key import (HTTP {answer.status_code})"
        )
    try:
        result = answer.json()
    except ValueError:
        raise ImportFailedError(
            f"what answers at {kibana.base_url} is not Kibana (HTTP {answer.status_code})"
        ) from None
    if not result.get("success"):
        errors = [
            f"{entry.get('type')} {entry.get('id')}: {(entry.get('error') or {}).get('type')}"
            for entry in result.get("errors", [])
        ]
        why = "; ".join(errors) or str(result.get("message", f"HTTP {answer.status_code}"))
        raise ImportFailedError(f"Kibana refuses {file.name}: {why}")
    return int(result["successCount"])


def main() -> int:
    """Imports every file of `config/kibana`."""
    files = sorted(FOLDER.glob("*.ndjson"))
    try:
        with client(os.environ, ROOT / ".env") as kibana:
            for file in files:
                prefix = os.environ.get("WIREWATCH_PREFIX", PREFIX)
                taken = put(kibana, file, prefix, desk=os.environ.get("WIREWATCH_DESK_URL", DESK))
                sys.stdout.write(f"{file.name}: {taken} objects in {kibana.base_url}\n")
    except ImportFailedError as error:
        sys.stderr.write(f"kibana: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
