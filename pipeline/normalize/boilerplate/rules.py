"""The rules for lines, made of a language's words: which lines are no part of an article."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final, NamedTuple

from pipeline.languages.template import is_labelled, is_open, one_of_phrases
from pipeline.normalize.words.vocabulary import NO_LANGUAGE, LineWords, Vocabulary, vocabulary

_I: Final = re.IGNORECASE
# What the kinds of lines are called where a person reads why a line went.
KINDS: Final = {
    "share": "share bar",
    "comments": "comments",
    "cookies": "cookie notice",
    "newsletter": "newsletter",
    "read_more": "read more",
    "syndication": "wordpress footer",
    "photo_credit": "photo credit",
    "copyright": "copyright",
    "advertisement": "advertisement",
    "player": "player",
    "follow": "follow us",
    "appeal": "appeal",
    "tags": "tags",
}
# Kinds that are no sentences: what ends as one is the article's.
_NO_SENTENCES: Final = frozenset({"share", "comments", "read_more", "photo_credit", "advertisement", "tags"})
_SENTENCE: Final = re.compile(r"^(?:\S+\s+){4,}\S*[.!?।॥。！？؟۔]['\")\]]?$")
# Behind a sentence or a mark a phrase of any case may be glued on; behind a mere blank only with a capital.
_BEHIND: Final = r"(?:(?<=[.!?\"')\]…।。！？])\s*|\s+[|•·»>–—-]\s*)"


class LineRule(NamedTuple):
    """A rule that takes a whole line out.

    Attributes:
        kind: As in the word files.
        exact: Phrases that leave nothing open.
        labelled: Phrases with a colon, then anything.
        free: Phrases that go on as they like; a first paragraph that is a sentence stays, except on cookies.
    """

    kind: str
    exact: re.Pattern[str]
    labelled: re.Pattern[str]
    free: re.Pattern[str]

    def takes(self, line: str, *, first: bool, only: bool) -> bool:
        """Whether the rule fits a line.

        Args:
            line: One paragraph.
            first: Whether no paragraph of the article stands before it.
            only: Whether it is all the text there is.
        """
        if self.exact.match(line):
            return True
        if only:
            return False
        if self.labelled.match(line):
            return True
        if self.free.match(line) is None:
            return False
        if _SENTENCE.match(line) is None:
            return True
        # A sentence probably belongs to the article; one on cookies never does, even as the first paragraph.
        return self.kind == "cookies" or not (first or self.kind in _NO_SENTENCES)


class LineRules(NamedTuple):
    """All rules of a language.

    Attributes:
        lines: For whole lines.
        heads: Fits a heading over a list of other headlines.
        ends: Kind and pattern of what is glued to the end of a line.
        share_words: Words that a bar of sharing buttons may consist of.
        share_core: Those that make it one.
    """

    lines: tuple[LineRule, ...]
    heads: re.Pattern[str]
    ends: tuple[tuple[str, re.Pattern[str]], ...]
    share_words: frozenset[str]
    share_core: frozenset[str]


@cache
def rules_for(language: str) -> LineRules:
    """The rules that act in a language: its own, and those of no language."""
    spoken = [words.lines for words in _spoken(language)]
    return LineRules(
        lines=tuple(_line_rule(kind, spoken) for kind in KINDS),
        heads=_whole(phrase for words in spoken for phrase in words.list_heads),
        ends=tuple(
            (kind, _glued(phrases))
            for kind in KINDS
            if (phrases := [phrase for words in spoken for phrase in getattr(words.ends, kind, ())])
        ),
        share_words=frozenset(word.lower() for words in spoken for word in words.share_words),
        share_core=frozenset(word.lower() for words in spoken for word in words.share_core),
    )


def _spoken(language: str) -> Iterable[Vocabulary]:
    return (words for code in (language, NO_LANGUAGE) if (words := vocabulary(code)) is not None)


def _line_rule(kind: str, spoken: Iterable[LineWords]) -> LineRule:
    phrases = [phrase for words in spoken for phrase in getattr(words, kind)]
    return LineRule(
        kind,
        exact=_whole(phrase for phrase in phrases if not is_open(phrase)),
        labelled=_whole(phrase for phrase in phrases if is_labelled(phrase)),
        free=_whole(phrase for phrase in phrases if is_open(phrase) and not is_labelled(phrase)),
    )


def _whole(phrases: Iterable[str]) -> re.Pattern[str]:
    """Fits a line that is one of some phrases, with a few marks before and after."""
    return re.compile(rf"^[^\w@©]{{0,4}}(?:{one_of_phrases(phrases)})\W{{0,6}}$", _I)


def _glued(phrases: Iterable[str]) -> re.Pattern[str]:
    one = one_of_phrases(phrases)
    return re.compile(
        rf"{_BEHIND}\W{{0,2}}(?:{one})[\s.…»›→>\])]*$|\s+(?=(?-i:[A-ZÀ-ÞА-Я]))(?:{one})[\s.…»›→>\])]*$", _I
    )
