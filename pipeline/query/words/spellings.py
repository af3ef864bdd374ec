"""`spellings.yaml`, read strictly."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pipeline.languages.word_file import WordFile, read


class Signs(WordFile):
    """Signs that belong to the word that they stand before, within or after."""

    before: str
    between: str
    after: str
    money: str


class Spellings(WordFile):
    """How words are spelled in several ways; each attribute is a key of the file, which explains it."""

    letters: Mapping[str, str]
    digits: tuple[str, ...]
    written_out: Mapping[str, str]
    thousands: Mapping[str, str]
    decimals: Mapping[str, str]
    elided: tuple[str, ...]
    contracted: tuple[str, ...]
    particles: Mapping[str, tuple[str, ...]]
    place_endings: Mapping[str, tuple[str, ...]]
    prefixes: Mapping[str, tuple[str, ...]]
    drawn_together: Mapping[str, Mapping[str, str]]
    stem_starts: Mapping[str, str]
    stem_ends: Mapping[str, Mapping[str, str]]
    bare_stems: tuple[str, ...]
    ampersand: tuple[str, ...]
    signs: Signs
    alike: tuple[tuple[str, ...], ...]
    operators_elsewhere: frozenset[str]


class HanVariants(WordFile):
    """Characters that are one: of each group the first is what all of them are compared by."""

    groups: tuple[str, ...]


@cache
def han_variants() -> Mapping[str, str]:
    """For each character what it is compared by, where that is another one.

    Raises:
        ConfigError: A key is unknown or missing.
    """
    found = read(Path(__file__).with_name("han_variants.yaml"), HanVariants).groups
    return {variant: group[0] for group in found for variant in group[1:]}


@cache
def spellings() -> Spellings:
    """The table.

    Raises:
        ConfigError: A key is unknown or missing.
    """
    return read(Path(__file__).with_name("spellings.yaml"), Spellings)
