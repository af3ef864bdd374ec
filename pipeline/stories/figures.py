"""Numbers on which outlets disagree: "9 dead" here, "14 dead" there, with their quotes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pipeline.records import Disagreement
from pipeline.stories.terms import sentence_spans

# What is counted, and the words for it in the languages that feeds most often have.
_SUBJECTS: Final = {
    "dead": "dead deaths died killed fatalities bodies muertos muertes morts tués tote toten mortos mortes",
    "injured": "injured wounded hurt injuries heridos blessés verletzte verletzten feridos",
    "missing": "missing unaccounted desaparecidos disparus vermisst vermisste",
    "arrested": "arrested detained arrests detenidos arrêtés festgenommen detidos",
    "evacuated": "evacuated displaced evacuados évacués evakuiert",
}
_SUBJECT_OF: Final = {word: subject for subject, words in _SUBJECTS.items() for word in words.split()}
_ONE_TO_TWENTY: Final = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
_WORDS: Final = {word: value for value, word in enumerate(_ONE_TO_TWENTY.split(), start=1)}
_NUMBER: Final = rf"\d{{1,3}}(?:[,.\u00a0]\d{{3}})+|\d+|{'|'.join(_WORDS)}"
_BETWEEN: Final = r"(?:\s+(?:more|other|others|people|persons|men|women|children|civilians|soldiers|workers|\
were|was|are|is|have|been|reported|confirmed|found|feared|at|least|personas|personnes|menschen|pessoas)){0,4}"
# Not part of a date, a sum of money, a share, an age or a longer figure.
_COUNTED: Final = re.compile(
    rf"(?<![\w$€£.,-])({_NUMBER})(?![%\d-]){_BETWEEN}\s+({'|'.join(_SUBJECT_OF)})\b".replace("\\\n", ""),
    re.IGNORECASE,
)
_KILLED: Final = re.compile(
    rf"\b(kill|injur|wound)(?:s|ed|es|ing)?\s+(?:at\s+least\s+|about\s+|some\s+)?({_NUMBER})(?![%\d.,-]*\d|%)\b",
    re.IGNORECASE,
)
_VERBS: Final = {"kill": "dead", "injur": "injured", "wound": "injured"}
_QUOTE_CHARS: Final = 240


@dataclass(frozen=True, slots=True)
class Claim:
    """That an article counts something.

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


def claims(article: str, outlet: str, text: str) -> list[Claim]:
    """The counts in a text, the first of each subject.

    >>> [(c.subject, c.value) for c in claims("a", "o", "Nine people were killed and 14 injured.")]
    [('dead', 9), ('injured', 14)]
    """
    found: dict[str, Claim] = {}
    for start, end in sentence_spans(text):
        sentence = text[start:end]
        pairs = [(m.start(), _SUBJECT_OF[m[2].lower()], m[1]) for m in _COUNTED.finditer(sentence)]
        pairs += [(m.start(), _VERBS[m[1].lower()], m[2]) for m in _KILLED.finditer(sentence)]
        for _, subject, number in sorted(pairs):
            claim = Claim(subject, _value(number), article, outlet, sentence[:_QUOTE_CHARS])
            found.setdefault(subject, claim)
    return list(found.values())


def disagreements(said: Iterable[Claim]) -> tuple[Disagreement, ...]:
    """Subjects that outlets count differently; of each outlet only its last word counts.

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


def _value(number: str) -> int:
    word = number.lower()
    return _WORDS[word] if word in _WORDS else int(re.sub(r"\D", "", number))
