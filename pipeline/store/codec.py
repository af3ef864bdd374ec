"""Records as JSON and back, the same for both stores: what comes out equals what went in.

Bytes become base64, times ISO 8601 in UTC. Text that is not well-formed Unicode (a lone surrogate) cannot be
written as UTF-8: such a character becomes U+FFFD.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from pipeline.errors import StoreError
from pipeline.text import well_formed

_CONFIG = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", ser_json_inf_nan="constants")

Record = TypeVar("Record")


_adapters: dict[type[Any], TypeAdapter[tuple[Any]]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[tuple[Any]]:
    if kind not in _adapters:
        # The one-tuple carries the configuration down into the records, which are plain dataclasses.
        wrapped: Any = tuple.__class_getitem__((kind,))
        _adapters[kind] = TypeAdapter(wrapped, config=_CONFIG)
    return _adapters[kind]


def _well_formed(value: Any) -> Any:
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, tuple):
        return tuple(_well_formed(item) for item in value)
    if isinstance(value, Mapping):
        return {_well_formed(key): _well_formed(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {each.name: _well_formed(getattr(value, each.name)) for each in dataclasses.fields(value)}
        return type(value)(**fields)
    return value


def encode(record: object) -> bytes:
    """A record as a JSON array of one element."""
    adapter = _adapter(type(record))
    try:
        return adapter.dump_json((record,))
    except PydanticSerializationError:
        return adapter.dump_json((_well_formed(record),))


def decode(kind: type[Record], data: bytes | str) -> Record:
    """The record that `encode` was given.

    Raises:
        StoreError: The data is not such a record: the store is damaged, or another version wrote it.
    """
    try:
        record: Record = _adapter(kind).validate_json(data)[0]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise StoreError(
            f"the store has a {kind.__name__} that cannot be read: {first['msg']} (another version wrote it?)"
        ) from None
    return record
