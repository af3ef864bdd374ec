"""`spellings.yaml`, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass
from yaml import safe_load

_CLOSED = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, config=_CLOSED)
class Signs:
    """Signs that belong to the word that they stand before, within or after."""

    before: str
    between: str
    after: str


@dataclass(frozen=True, slots=True, config=_CLOSED)
class Spellings:
    """How words are spelled in several ways; each attribute is a key of the file, which explains it."""

    letters: Mapping[str, str]
    digits: tuple[str, ...]
    written_out: Mapping[str, str]
    thousands: Mapping[str, str]
    elided: tuple[str, ...]
    particles: Mapping[str, tuple[str, ...]]
    signs: Signs
    alike: tuple[tuple[str, ...], ...]


@cache
def spellings() -> Spellings:
    """The table.

    Raises:
        pydantic.ValidationError: A key is unknown, missing or of the wrong kind.
    """
    content = safe_load(files(__package__).joinpath("spellings.yaml").read_text(encoding="utf-8"))
    return TypeAdapter(Spellings).validate_python(content)
