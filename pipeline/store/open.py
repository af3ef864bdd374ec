"""Opens, creates and migrates the store that a URL names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pipeline.errors import UsageError
from pipeline.ports import Store
from pipeline.store.sqlite.database import SqliteStore

if TYPE_CHECKING:
    from pipeline.settings import StoreSettings
    from pipeline.store.elasticsearch.link import Address

FORMS = "sqlite:///path.db or http(s)://[user:pass@]host:port[?prefix=NAME]"
_NOTHING: Mapping[str, str] = {}


def sqlite_path(url: str) -> Path:
    """The file of a `sqlite:` URL: three slashes for a relative path, four for an absolute one.

    >>> sqlite_path("sqlite:///data/w.db"), sqlite_path("sqlite:////srv/w.db")
    (PosixPath('data/w.db'), PosixPath('/srv/w.db'))

    Raises:
        UsageError: It has no path.
    """
    rest = url.removeprefix("sqlite:///")
    if rest == url or not rest or rest.startswith(":"):
        raise UsageError(f"the store {redacted(url)!r} names no file: give {FORMS}")
    return Path(unquote(rest))


def redacted(url: str) -> str:
    """The URL without user, password and anything after "?" or "#": safe to show, however it is mistyped.

    >>> redacted("https://me:pw@example.org:9200?api_key=k"), redacted("me:p/w@example.org")
    ('https://example.org:9200', 'example.org')
    """
    head = re.split("[?#]", url, maxsplit=1)[0]
    scheme, mark, rest = head.partition("://") if "://" in head else ("", "", head)
    if "@" in url[len(head) :]:  # a "?" or "#" within a password
        return f"{scheme}{mark}…"
    return scheme + mark + rest.rpartition("@")[2]


def open_store(
    url: str,
    *,
    create: bool = True,
    environment: Mapping[str, str] = _NOTHING,
    timeout_seconds: float = 60.0,
    settings: StoreSettings | None = None,
) -> Store:
    """Opens a store.

    Args:
        url: `sqlite:///path.db`, or for Elasticsearch
            `http(s)://[user:pass@]host:port[?prefix=NAME&ca=FILE&api_key=KEY]`.
        create: Whether to make it if it is missing.
        environment: For Elasticsearch: `WIREWATCH_ES_API_KEY` (instead of user and password) and
            `WIREWATCH_ES_CA` (the path of a certificate authority's PEM file).
        timeout_seconds: How long one operation may wait for a lock or a server.
        settings: For Elasticsearch: shards, replicas and size of parts; None for the defaults.

    Raises:
        UsageError: The URL is of no known form.
        StoreError: It is no Wirewatch store, or has an unknown schema, or refuses.
        UnavailableError: It did not answer in time.
    """
    if url.startswith("sqlite:"):
        return SqliteStore(sqlite_path(url), create=create, timeout_seconds=timeout_seconds)
    if url.startswith(("http://", "https://")):
        # The client takes half a second to import, so it is imported only where it is needed.
        from pipeline.store.elasticsearch.cluster import ElasticsearchStore

        address = _address(url, environment, settings)
        return ElasticsearchStore(address, create=create, timeout_seconds=timeout_seconds)
    raise _unknown(url)


def _address(url: str, environment: Mapping[str, str], settings: StoreSettings | None) -> Address:
    from pipeline.store.elasticsearch.link import Layout, parsed

    address = parsed(url, environment)
    if settings is None:
        return address
    replicas = None if settings.replicas == "auto" else settings.replicas
    return replace(address, layout=Layout(settings.shards, replicas, settings.part_gigabytes * 1e9))


def migrate_store(
    url: str,
    *,
    environment: Mapping[str, str] = _NOTHING,
    timeout_seconds: float = 60.0,
    settings: StoreSettings | None = None,
    anew: bool = False,
) -> int:
    """Brings a store to this version's schema; on Elasticsearch, reading and writing go on meanwhile.

    Args:
        url: As `open_store` takes it.
        environment: Keys and certificates for Elasticsearch, as `open_store` takes them.
        timeout_seconds: How long one operation may wait for a lock or a server.
        settings: For Elasticsearch: the number of replicas applies at once, that of shards to new parts.
        anew: Whether to rewrite all documents on Elasticsearch even if the schema is this version's.

    Returns:
        How many documents were rewritten; 0 for SQLite, whose file is migrated when it is opened, and where
        the schema was this version's.

    Raises:
        UsageError: The URL is of no known form.
        StoreError: There is no store, or it is newer than this version.
        UnavailableError: It did not answer in time.
    """
    if url.startswith(("http://", "https://")):
        from pipeline.store.elasticsearch.migrate import migrate

        return migrate(_address(url, environment, settings), timeout_seconds, anew=anew)
    open_store(url, create=False, timeout_seconds=timeout_seconds).close()
    return 0


def _unknown(url: str) -> UsageError:
    return UsageError(f"the store {redacted(url)!r} is of no known kind: give {FORMS}")
