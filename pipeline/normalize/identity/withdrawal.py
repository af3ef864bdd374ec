"""Whether an outlet takes an article back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from pipeline.languages.word_file import WordFile, read

_FILE: Final = Path(__file__).with_name("withdrawals.yaml")
# A notice is short; a report on somebody else's retraction is not.
_NOTICE_CHARS: Final = 600
_TITLE_CHARS: Final = 60
# "A quote was removed from this article" and "this article was edited and a name removed" take nothing back.
_MOST_BETWEEN: Final = 24


class Withdrawals(WordFile):
    """How outlets say it, by language (ISO 639-1)."""

    phrases: Mapping[str, tuple[str, ...]]
    this: Mapping[str, tuple[str, ...]]
    gone: Mapping[str, tuple[str, ...]]


@cache
def _notice() -> re.Pattern[str]:
    words = read(_FILE, Withdrawals)
    ways = [re.escape(phrase) for phrases in words.phrases.values() for phrase in phrases]
    for language, this in words.this.items():
        gone = "|".join(map(re.escape, words.gone[language]))
        ways.append(rf"(?:{'|'.join(map(re.escape, this))})[^.!?。\n]{{0,{_MOST_BETWEEN}}}?(?:{gone})")
    return re.compile("|".join(ways))


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
    return _notice().search(said) is not None
