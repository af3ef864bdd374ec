"""Bulk writes under their commit's generation; what is refused goes to quarantine, the rest is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from pipeline.errors import StoreError, UnavailableError
from pipeline.records import Rejection, content_id
from pipeline.store.elasticsearch.documents import Source, hashed, json_of, rejection_source
from pipeline.store.elasticsearch.indices import Names
from pipeline.store.elasticsearch.link import Link

# Elasticsearch writes the documents of one request to an index one after the other, so several requests at
# once use more of its processors.
SENDERS = 2
CHUNK_BYTES = 2 * 1024 * 1024
_REFUSED, _MISSING, _STALE, _TOO_MANY, _BROKEN = 400, 404, 409, 429, 500


@dataclass(frozen=True, slots=True)
class Write:
    """One document to be put or to be deleted.

    Attributes:
        kind: The end of the alias's name: the kind of document or month, with its part once that is known.
        id: The document's id.
        body: Its fields as JSON, without the generation; None deletes it.
        generation: Its own generation, if that is not the commit's.
    """

    kind: str
    id: str
    body: bytes | None
    generation: int | None = None


def put(kind: str, name: str, source: Source, generation: int | None = None) -> Write:
    """Makes the write of a document; its fields become JSON here, once."""
    return Write(kind, name, json_of(source), generation)


def out(kind: str, name: str) -> Write:
    """Makes the write that deletes a document."""
    return Write(kind, name, None)


def lines_of(writes: Iterable[Write]) -> Iterator[bytes]:
    """Writes as lines of JSON, two for each."""
    for write in writes:
        yield orjson.dumps([write.kind, write.id])
        yield write.body or b""


def writes_of(lines: Sequence[bytes]) -> Iterator[Write]:
    """The writes that `lines_of` was given."""
    for place in range(0, len(lines) - 1, 2):
        kind, name = orjson.loads(lines[place])
        yield Write(kind, name, lines[place + 1] or None)


@dataclass(frozen=True, slots=True)
class Target:
    """Where writes go.

    Attributes:
        index: The name of the index or alias for a kind of document.
        require_alias: Whether the name must be an alias, so that no write makes a dropped index again.
    """

    index: Callable[[str], str]
    require_alias: bool = True


def apply_writes(
    link: Link,
    names: Names,
    writes: Sequence[Write],
    generation: int,
    placed: Callable[[Sequence[Write]], Sequence[Write]],
) -> None:
    """Writes all of it, then refreshes the indices written to. Doing it again changes nothing.

    Args:
        link: The connection.
        names: The names of the store's indices.
        writes: What is written, each to a part of its kind.
        generation: The commit's generation.
        placed: Chooses the parts for entries of the quarantine.

    Raises:
        UnavailableError: Elasticsearch did not take it in time; any process can finish it.
        StoreError: Elasticsearch refuses even the entries of the quarantine.
    """
    target = Target(names.alias)
    refused = placed(send_writes(link, target, writes, generation))
    if refused and send_writes(link, target, refused, generation):
        raise StoreError("Elasticsearch refuses the entries of the quarantine, too: check its mappings")
    touched = sorted({names.alias(write.kind) for write in (*writes, *refused)})
    for start in range(0, len(touched), 100):
        _refresh(link, touched[start : start + 100])


def _refresh(link: Link, aliases: Sequence[str]) -> None:
    link.call(
        "refresh the store",
        lambda client: client.indices.refresh(index=list(aliases), ignore_unavailable=True),
    )


def send_writes(
    link: Link, target: Target, writes: Sequence[Write], generation: int | None = None
) -> list[Write]:
    """Sends writes until each was either written or refused for good.

    Args:
        link: The connection.
        target: Where they go.
        writes: What is written.
        generation: The commit's generation; None if each write has its own.

    Returns:
        The writes that follow from refusals: entries of the quarantine, and members to delete.

    Raises:
        UnavailableError: Elasticsearch did not take it in time.
    """
    # Chunks arrive in any order, so only the last of several writes of one document is sent.
    last = {(write.kind, write.id): write for write in writes}
    chunks = _chunks(target, last.values(), generation)
    with ThreadPoolExecutor(SENDERS) as senders:
        return [each for refused in senders.map(lambda chunk: _send(link, chunk), chunks) for each in refused]


Chunk = list[tuple[Write, list[bytes]]]


def _chunks(target: Target, writes: Iterable[Write], generation: int | None) -> Iterator[Chunk]:
    chunk: Chunk = []
    size = 0
    for write in writes:
        lines = _action(target, write, generation)
        chunk.append((write, lines))
        size += sum(map(len, lines))
        if size > CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _action(target: Target, write: Write, generation: int | None) -> list[bytes]:
    version = write.generation if generation is None else generation
    place: dict[str, Any] = {"_index": target.index(write.kind), "_id": write.id}
    place |= {"version": version, "version_type": "external_gte", "require_alias": target.require_alias}
    if write.body is None:
        return [orjson.dumps({"delete": place})]
    # The generation goes in after the opening brace.
    return [orjson.dumps({"index": place}), f'{{"generation":{version},'.encode() + write.body[1:]]


def _send(link: Link, chunk: Chunk) -> list[Write]:
    """Sends a chunk until each item was written or refused; returns the writes that follow from refusals."""
    left = chunk
    refused: list[Write] = []

    def ask(client: Any) -> None:
        nonlocal left
        answer = client.bulk(operations=[line for _, lines in left for line in lines])
        again: Chunk = []
        for item, outcome in zip(left, answer["items"], strict=True):
            write, result = item[0], next(iter(outcome.values()))
            status = result["status"]
            # There is a newer version, or what was to be deleted is missing: in both cases all is well.
            settled = status == _STALE or (status == _MISSING and write.body is None)
            if status == _TOO_MANY or status >= _BROKEN:
                again.append(item)
            elif status >= _REFUSED and not settled:
                refused.extend(_refusals(write, result.get("error") or {}))
        left = again
        if left:
            raise _BusyError(next(iter(answer["items"][0].values())).get("error"))

    while left:
        link.call("write to the store", ask)
    return refused


class _BusyError(UnavailableError):
    """Elasticsearch did not take some items of a bulk request just now."""

    def __init__(self, error: Any) -> None:
        reason = error.get("reason") if isinstance(error, dict) else error
        super().__init__(f"Elasticsearch is not able to write just now ({reason})")


def _refusals(write: Write, error: dict[str, Any]) -> Iterator[Write]:
    yield _quarantined(write, error)
    if write.kind.startswith("articles-"):
        # A story must not have a member without an article.
        yield out(write.kind.replace("articles", "members", 1), write.id)


def _quarantined(write: Write, error: dict[str, Any]) -> Write:
    cause = error.get("caused_by") or {}
    reason = (
        f"Elasticsearch refuses it: {error.get('type')}: {error.get('reason')}; {cause.get('reason', '')}"
    )
    source: Source = orjson.loads(write.body or b"{}")
    when = source.get("fetched") or source.get("at")
    rejection = Rejection(
        id=content_id("store", write.kind, write.id),
        source=str(source.get("url") or f"{write.kind} {write.id}"),
        stage="store",
        reason=" ".join(reason.split())[:500],
        at=datetime.fromisoformat(when) if when else datetime(1970, 1, 1, tzinfo=UTC),
        excerpt=str(source.get("title") or source.get("document") or "")[:500],
    )
    return put("quarantine", hashed(rejection.id), rejection_source(rejection))
