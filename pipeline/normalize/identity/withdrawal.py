"""Whether an outlet takes an article back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from pipeline.languages.word_file import WordFile, read

_FILE: Final = Path(__file__).with_name("withdrawals.yaml")
# A notice is short; a report on somebody else's retraction is not.
_NOTICE_CHARS: Final = 600
_TITLE_CHARS: Final = 60


class Withdrawals(WordFile):
    """How outlets say it, by language (ISO 639-1)."""

    phrases: Mapping[str, tuple[str, ...]]


@cache
def _phrases() -> tuple[str, ...]:
    return tuple(phrase for phrases in read(_FILE, Withdrawals).phrases.values() for phrase in phrases)


def is_withdrawal(title: str, text: str) -> bool:
    """Whether title and text are a notice that the article they stand for is withdrawn.

    >>> is_withdrawal("Story withdrawn", "It rested on a forged letter.")
    True
    """
    if len(text) > _NOTICE_CHARS:
        return False
    said = text.casefold()
    if len(title) <= _TITLE_CHARS:
        said = f"{title.casefold()}\n{said}"
    return any(phrase in said for phrase in _phrases())
