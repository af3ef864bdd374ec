"""A first watch from a few words, and its place in `watches.yaml`."""

from __future__ import annotations

import re

import yaml

from pipeline.errors import QueryError, UsageError
from pipeline.query import parse
from pipeline.records import Delivery, Watch

_SYNTAX = re.compile(r'["()\[\]{}:*?~^\\]|\b(?:AND|OR|NOT)\b|(?:^|\s)[-+!=]')
_ENTRY = re.compile(r"^(?P<indent> *)- ", re.MULTILINE)


def first_query(words: str) -> str:
    """A query for what a person says in a few words: all that commas part must occur; names stay together.

    >>> first_query("New Zealand, health")
    '"New Zealand" AND health'
    >>> first_query("US, Apple")
    '=US AND "Apple"'
    """
    parts = [part.strip(" .") for part in re.split(r"[,;\n、，]", words)]
    return " AND ".join(_clause(part) for part in parts if part)


def _clause(part: str) -> str:
    if _SYNTAX.search(part):
        return f"({part})"
    if " " in part:
        return f'"{part}"'
    if part.isalpha() and part.isupper() and len(part) <= 5:
        return f"={part}"
    return f'"{part}"' if part.isalpha() and part[:1].isupper() else part


def first_watch(words: str, name: str, mail: str) -> Watch:
    """A watch for a person's few words, which are its name as well where none is given; `mail` may be "".

    Raises:
        UsageError: There are no words, or they make no query.
    """
    query = first_query(words)
    try:
        parse.parse(query)
    except QueryError as error:
        raise UsageError(f"{words!r} makes no query: {error}") from None
    title = (name or " ".join(words.split()))[:80]
    return Watch(title, query, deliver=Delivery(mail=(mail,) if mail else ()))


def entry_text(watch: Watch) -> str:
    """A watch as an entry of the list in `watches.yaml`."""
    entry: dict[str, object] = {"name": watch.name, "query": watch.query}
    if watch.deliver.mail:
        entry["deliver"] = {"mail": list(watch.deliver.mail)}
    return yaml.safe_dump([entry], allow_unicode=True, sort_keys=False, width=1000)


def with_entry(text: str, entry: str) -> str:
    """The file with one more entry at its end; comments and everything else stay."""
    indent = found["indent"] if (found := _ENTRY.search(text)) else "  "
    lines = "".join(f"{indent}{line}\n" for line in entry.splitlines())
    if re.search(r"^watches:\s*(\[\s*\])?\s*(#.*)?$", text, re.MULTILINE) is None:
        return f"{text.rstrip()}\n\nwatches:\n{lines}".lstrip()
    opened = re.sub(r"^watches:\s*\[\s*\]", "watches:", text, flags=re.MULTILINE)
    return f"{opened.rstrip()}\n{lines}"
