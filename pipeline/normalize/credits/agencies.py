"""News agencies, and how they are credited."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pipeline.languages.template import one_of
from pipeline.languages.word_file import WordFile, read


class _Agencies(WordFile):
    agencies: Mapping[str, tuple[str, ...]]
    unnamed: tuple[str, ...]
    joins: tuple[str, ...]


_FILE: Final = read(Path(__file__).with_name("agencies.yaml"), _Agencies)
# As credits write them, folded to lower case; "" is a credit that names no single agency.
AGENCIES: Final = {
    **{credit: agency for agency, forms in _FILE.agencies.items() for credit in forms},
    **dict.fromkeys(_FILE.unnamed, ""),
}
AGENCY: Final = one_of(AGENCIES)
_JOINED: Final = re.compile(rf"\s?[/,;|]\s?|\s+{one_of(_FILE.joins)}\s+")


def agency_named(text: str) -> str:
    """The news agency that a credit or author names, in its own spelling, or ""."""
    first = _JOINED.split(text.strip(" .()[]/"))[0]
    return AGENCIES.get(first.strip().lower(), "")
