"""Labelled news as every peer sees it: in the judge's order, with title and text as `normalize` left them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from pipeline.app.evaluate import Labelled, read_labelled
from pipeline.errors import RejectedError
from pipeline.normalize.article import normalize
from pipeline.stories.features.features import embedded_text

FILES: Final = (
    "feeds2021_dev",
    "technews2026_dev",
    "gunviolence_dev",
    "ecbplus_dev",
    "olympics2021_dev",
    "allsides_dev",
)
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class News:
    """One article.

    Attributes:
        title: One line.
        text: Without markup and boilerplate; may be empty.
        embedded: What a sentence vector is made of: title and the beginning of the text.
        published: None where the file does not say.
    """

    title: str
    text: str
    embedded: str
    published: datetime | None


class Peer(Protocol):
    """A way of grouping news."""

    @property
    def name(self) -> str:
        """As the table shows it."""

    @property
    def thresholds(self) -> Sequence[float]:
        """The grid that is tried on each file."""

    @property
    def shipped(self) -> float | None:
        """The threshold that its makers ship; None when they leave it to the user."""

    def read(self, news: Sequence[News]) -> None:
        """Does what does not depend on the threshold."""

    def stories(self, threshold: float) -> Sequence[int]:
        """The story of each article that was read."""


def load(file: Path) -> tuple[list[News], list[str]]:
    """The articles of a labelled file and their labels, in order of publication; see `read_labelled`."""
    labelled = read_labelled(file)
    return [_news(row) for row in labelled], [row.cluster for row in labelled]


def words(text: str) -> list[str]:
    """The words of a text in lower case, digits included.

    >>> words("Nine dead, 14 hurt")
    ['nine', 'dead', '14', 'hurt']
    """
    return _WORD.findall(text.lower())


def _news(row: Labelled) -> News:
    try:
        article = normalize(row.item)
    except RejectedError:
        return News(row.item.title, row.item.body, row.item.title or row.item.body, row.published)
    return News(article.title, article.text, embedded_text(article.title, article.text), row.published)
