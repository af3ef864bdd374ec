"""Airflow connections as environment: `smtp_default`, `elasticsearch_default`, and credentials of feeds.

A `${NAME}` in a feed's URL that the environment does not have is the connection `name`. The environment takes
precedence. Secrets stay in the mapping: they are neither logged nor put into the environment of the process.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote

SMTP, STORE = "smtp_default", "elasticsearch_default"
# For an object store that is away: Airflow reckons its next try from the worker's clock, which may be wrong.
PATIENCE = {"WIREWATCH_ARCHIVE_SECONDS": "100"}


class _Environment(dict[str, str]):
    """Asks Airflow only for what is missing when it is asked for: no task looks up what it does not need."""

    def __missing__(self, name: str) -> str:
        """What a URL takes in place of `${NAME}`: `login:password`, or a password (a key) alone.

        Raises:
            KeyError: There is no such connection, or it holds neither.
        """
        found = _connection(name.lower())
        parts = (found.login, found.password) if found else ()
        value = ":".join(quote(part, safe="") for part in parts if part)
        if not value:
            raise KeyError(name)
        self[name] = value
        return value


def environment() -> dict[str, str]:
    """The process's environment, and from connections what it does not say."""
    values = PATIENCE | os.environ
    if "WIREWATCH_SMTP" not in values and (smtp := _server(SMTP)):
        from pipeline.notify.channels import smtp_url

        values["WIREWATCH_SMTP"] = smtp_url(
            smtp.host, smtp.port, smtp.login or "", smtp.password or "", smtp.extra_dejson
        )
    if not values.get("WIREWATCH_STORE") and (store := _server(STORE)):
        values.pop("WIREWATCH_STORE", None)
        values = _store(store) | values
    return _Environment(values)


def _server(name: str) -> Any:
    """A connection with a host; None where there is none."""
    found = _connection(name)
    return found if found and found.host else None


def _connection(name: str) -> Any:
    """A connection; None where there is none."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return Connection.get(name)
    except AirflowNotFoundException:
        return None


def _store(store: Any) -> dict[str, str]:
    """The store's URL; of the extra, as the Elasticsearch provider names them, `api_key` and `ca_certs`."""
    extra = store.extra_dejson
    scheme = store.schema or (store.conn_type if store.conn_type == "https" else "http")
    login = f"{quote(store.login, safe='')}:{quote(store.password or '', safe='')}@" if store.login else ""
    port = f":{store.port}" if store.port else ""
    prefix = f"?prefix={quote(extra['prefix'])}" if extra.get("prefix") else ""
    values = {"WIREWATCH_STORE": f"{scheme}://{login}{store.host}{port}{prefix}"}
    for key, name in (("api_key", "WIREWATCH_ES_API_KEY"), ("ca_certs", "WIREWATCH_ES_CA")):
        if extra.get(key):
            values[name] = str(extra[key])
    return values
