"""How articles say what kind they are, in each language: `kinds/<language>.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator

from pipeline.languages.template import pattern_of
from pipeline.languages.word_file import WordFile, read
from pipeline.records import ArticleKind

_HERE: Final = Path(__file__).with_name("kinds")
# The file of what is the same in every language: signs.
SIGNS: Final = "und"


def _readable(phrase: str) -> str:
    pattern_of(phrase)
    return phrase


_Phrases = Mapping[ArticleKind, tuple[Annotated[str, AfterValidator(_readable)], ...]]


class KindWords(WordFile):
    """What tells the kind of an article in one language.

    Attributes:
        labels: What outlets put before or after titles, by kind; under "news" those that tell no kind.
        sections: Whole names of sections and categories.
        starts, ends: Phrases that titles begin or end with.
        texts: Phrases that a text's first or last paragraphs begin with.
    """

    labels: _Phrases
    sections: Mapping[ArticleKind, tuple[str, ...]]
    starts: _Phrases
    ends: _Phrases
    texts: _Phrases


@cache
def kind_words() -> Mapping[str, KindWords]:
    """The words of all languages, by code (ISO 639-1) and `SIGNS`; English first.

    Raises:
        ConfigError: A file is damaged.
    """
    paths = sorted(_HERE.glob("*.yaml"), key=lambda path: (path.stem != "en", path.stem))
    return {path.stem: read(path, KindWords) for path in paths}


def labels_of(language: str) -> tuple[str, ...]:
    """All labels of a language, as phrases (`pipeline.languages.template`)."""
    words = kind_words().get(language)
    return tuple(phrase for phrases in words.labels.values() for phrase in phrases) if words else ()
