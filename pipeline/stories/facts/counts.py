"""Numbers on which outlets disagree: "9 dead" here, "14 dead" there, with their quotes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from pydantic import Field

from pipeline.languages.template import one_of
from pipeline.languages.word_file import WordFile, read
from pipeline.records import Disagreement
from pipeline.stories.features.sentences import sentence_spans

_QUOTE_CHARS: Final = 240
# How many characters before and after a number are read.
_NEAR: Final = 80
# A figure that may be a year is taken for one.
_YEARS: Final = range(1900, 2100)


class _Language(WordFile):
    """How a language counts people; `count_words.yaml` says what each list holds."""

    after: Mapping[str, tuple[str, ...]]
    before: Mapping[str, tuple[str, ...]]
    between: tuple[str, ...]
    least: tuple[str, ...]
    numbers: tuple[str, ...]

    @cached_property
    def values(self) -> dict[str, int]:
        """The words for numbers, each with its value."""
        return {word: value for value, word in enumerate(self.numbers, start=1)}

    @cached_property
    def subjects(self) -> dict[str, str]:
        """The subject (dead, injured, …) that each word stands for."""
        pairs = [*self.after.items(), *self.before.items()]
        return {word: subject for subject, words in pairs for word in words}

    def may_count(self, text: str) -> bool:
        """Whether a text contains a word of `subjects`; without one the patterns cannot match."""
        lowered = text.lower()
        return any(word in lowered for word in self._parts)

    @cached_property
    def _parts(self) -> tuple[str, ...]:
        return without_longer(self.subjects)

    @cached_property
    def patterns(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        """Number before subject ("9 dead"), and verb before number; groups `number` and `subject`."""
        number = rf"(?P<number>\d{{1,3}}(?:[,.\u00a0]\d{{3}})+|\d+|{one_of(self.numbers)})(?![%\w–-]|[.,:]\d)"
        between = rf"(?:\s+{one_of(self.between)}){{0,4}}"
        after, before = (one_of(word for ws in d.values() for word in ws) for d in (self.after, self.before))
        counted = rf"(?<![\w$€£.,–-]){number}{between}\s+(?P<subject>{after})\b(?!-)"
        done = rf"\b(?P<subject>{before})\s+(?:{one_of(self.least)}\s+)?{number}"
        return re.compile(counted, re.IGNORECASE), re.compile(done, re.IGNORECASE)


class _Partial(WordFile):
    """Words around a number that show that it may not count everybody."""

    none: tuple[str, ...]
    family: tuple[str, ...]
    people: tuple[str, ...]
    articles: tuple[str, ...]
    numbers: tuple[str, ...]
    between: tuple[str, ...]
    and_words: tuple[str, ...] = Field(alias="and")
    then: tuple[str, ...]
    about: tuple[str, ...]
    selves: tuple[str, ...]
    units: tuple[str, ...]


class _CountWords(WordFile):
    languages: Mapping[str, _Language]
    partial: _Partial


_WORDS: Final = read(Path(__file__).with_name("count_words.yaml"), _CountWords)
_PART: Final = _WORDS.partial
# "no one was hurt", "mother of 12", "100 to 240 deaths".
_NONE: Final = re.compile(rf"\b{one_of(_PART.none)}\s+$", re.IGNORECASE)
_PARENT: Final = re.compile(rf"\b{one_of(_PART.family)}s?\s+of\s+$", re.IGNORECASE)
_FROM: Final = re.compile(rf"(?:\d|\b{one_of(_PART.numbers)})\s+{one_of(_PART.between)}\s+$", re.IGNORECASE)
# "a man and two children", "parents, 2 children": the number leaves somebody out.
_AND: Final = re.compile(
    rf"(?:\b{one_of((*_PART.family, *_PART.people))}s?(?:,|\s+(?:and|&))|"
    rf"(?:^|\b(?:{one_of((*_PART.articles, *_PART.numbers[:6]))}|\d+)\s+)"
    rf"(?:[\w'-]+\s+){{1,2}}(?:{one_of(_PART.and_words)}|&))\s+"
    rf"(?:{one_of(_PART.about)}\s+)?$",
    re.IGNORECASE,
)
_OF_WHAT: Final = re.compile(rf"\s*{one_of(_PART.units)}\b", re.IGNORECASE)
# "kills 2 children, herself", "killed 13 soldiers and 72 civilians".
_AND_SELF: Final = re.compile(
    rf"(?:\s+[\w-]+){{0,4}}?,?\s+(?:{one_of(_PART.then)}\s+)*{one_of(_PART.selves)}\b", re.IGNORECASE
)
_AND_MORE: Final = re.compile(
    rf"(?:\s+[\w.-]+){{1,4}}?\s+{one_of(_PART.and_words)}\s+(?:\d[\d,.]*|an?|{one_of(_PART.numbers[:6])})"
    r"((?:\s+[\w-]+){1,4})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """One count in an article: "14 people were injured".

    Attributes:
        subject: What is counted.
        value: The number.
        article: The article's id.
        outlet: Who says so.
        quote: The sentence.
    """

    subject: str
    value: int
    article: str
    outlet: str
    quote: str


def claims(article: str, outlet: str, text: str, language: str) -> list[Claim]:
    """The first count of each subject in a text; numbers that may not count everybody are skipped.

    >>> [(c.subject, c.value) for c in claims("a", "o", "Nine people were killed and 14 injured.", "en")]
    [('dead', 9), ('injured', 14)]
    """
    spoken = _WORDS.languages.get(language)
    # Most texts count nobody, and looking for the words costs a tenth of running the patterns.
    if spoken is None or not spoken.may_count(text):
        return []
    found: dict[str, Claim] = {}
    for start, end in sentence_spans(text):
        sentence = text[start:end]
        if not spoken.may_count(sentence):
            continue
        matches = [match for pattern in spoken.patterns for match in pattern.finditer(sentence)]
        for match in sorted(matches, key=lambda m: m.start()):
            subject = spoken.subjects[match["subject"].lower()]
            if subject not in found and _counts_all(sentence, *match.span("number"), spoken):
                value = _value(match["number"], spoken)
                found[subject] = Claim(subject, value, article, outlet, sentence[:_QUOTE_CHARS])
    return list(found.values())


def _counts_all(sentence: str, start: int, end: int, spoken: _Language) -> bool:
    """Whether the number at `start` to `end` says how many there were, as far as can be told."""
    before, number, after = (
        sentence[max(0, start - _NEAR) : start],
        sentence[start:end],
        sentence[end : end + _NEAR],
    )
    if number.isdecimal() and int(number) in _YEARS:
        return False
    if any(pattern.search(before) for pattern in (_NONE, _PARENT, _FROM)):
        return False
    if _OF_WHAT.match(after) or _AND_SELF.match(after):
        return False
    # "5 dead and 12 injured" are two counts, each with its subject.
    joined = (_AND.search(before), _AND_MORE.match(after))
    return not any(each and not spoken.subjects.keys() & each[0].lower().split() for each in joined)


def without_longer(words: Iterable[str]) -> tuple[str, ...]:
    """Leaves out each word that contains another: a text without the rest contains none of them.

    >>> without_longer(["kills", "kill", "dead"])
    ('kill', 'dead')
    """
    every = tuple(words)
    return tuple(word for word in every if not any(other in word for other in every if other != word))


def disagreements(said: Iterable[Claim]) -> tuple[Disagreement, ...]:
    """Subjects that outlets count differently; only the latest claim of each outlet counts.

    Args:
        said: Claims in order of publication.
    """
    last: dict[str, dict[str, Claim]] = {}
    for claim in said:
        last.setdefault(claim.subject, {})[claim.outlet or claim.article] = claim
    found: list[Disagreement] = []
    for subject in sorted(last):
        sides: dict[int, Claim] = {}
        for claim in last[subject].values():
            sides.setdefault(claim.value, claim)
        if len(sides) > 1:
            rows = tuple((str(value), sides[value].article, sides[value].quote) for value in sorted(sides))
            found.append(Disagreement(subject, rows))
    return tuple(found)


def _value(number: str, spoken: _Language) -> int:
    word = number.lower()
    return spoken.values[word] if word in spoken.values else int(re.sub(r"\D", "", number))
