"""Places that datelines name without anything else, from `places.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipeline.languages.word_file import WordFile, read
from pipeline.text import fold


class _Places(WordFile):
    cities: tuple[str, ...]
    countries: tuple[str, ...]


_PLACES: Final = read(Path(__file__).with_name("places.yaml"), _Places)
# Folded.
CITIES: Final = frozenset(map(fold, _PLACES.cities))
PLACES: Final = CITIES | frozenset(map(fold, _PLACES.countries))
