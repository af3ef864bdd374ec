"""Numbers on which outlets disagree: "9 dead" here, "14 dead" there, with their quotes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pipeline.records import Disagreement
from pipeline.stories.features.sentences import sentence_spans

_QUOTE_CHARS: Final = 240
# So many characters around a number are read.
_NEAR: Final = 80
# Figures that may as well be years are taken for years.
_YEARS: Final = range(1900, 2100)


@dataclass(frozen=True)
class _Language:
    """How a language counts people.

    Attributes:
        after: By subject, what follows the number, words parted by blanks: "9 dead".
        before: By subject, the verbs that come before it: "kills 9".
        between: Words that may stand between the number and what is counted.
        least: Words that may stand between a verb and the number, as a pattern.
        numbers: The words for 1, 2, 3 …
    """

    after: dict[str, str]
    before: dict[str, str]
    between: str
    least: str
    numbers: str

    @cached_property
    def values(self) -> dict[str, int]:
        """The words for numbers, each with its value."""
        return {word: value for value, word in enumerate(self.numbers.split(), start=1)}

    @cached_property
    def subjects(self) -> dict[str, str]:
        """Subject by word."""
        pairs = [*self.after.items(), *self.before.items()]
        return {word: subject for subject, words in pairs for word in words.split()}

    @cached_property
    def patterns(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        """Number and subject, and verb and number; groups `number` and `subject`."""
        number = (
            rf"(?P<number>\d{{1,3}}(?:[,.\u00a0]\d{{3}})+|\d+|{'|'.join(self.values)})(?![%\w–-]|[.,:]\d)"
        )
        between = rf"(?:\s+(?:{'|'.join(self.between.split())})){{0,4}}"
        after, before = ("|".join(" ".join(d.values()).split()) for d in (self.after, self.before))
        counted = rf"(?<![\w$€£.,–-]){number}{between}\s+(?P<subject>{after})\b(?!-)"
        done = rf"\b(?P<subject>{before})\s+(?:(?:{self.least})\s+)?{number}"
        return re.compile(counted, re.IGNORECASE), re.compile(done, re.IGNORECASE)


_LANGUAGES: Final = {
    "en": _Language(
        {
            "dead": "dead deaths die dies died killed fatalities bodies perished slain",
            "injured": "injured wounded hurt injuries",
            "missing": "missing unaccounted",
            "arrested": "arrested detained arrests",
            "evacuated": "evacuated displaced",
        },
        {
            "dead": "kill kills killed killing",
            "injured": "injure injures injured injuring wound wounds wounded wounding hurt hurts",
        },
        "more other others people persons men women children civilians soldiers workers were was "
        "are is have has been reported confirmed found feared critically seriously",
        "at least|about|some|around|nearly|almost|more than|over|as many as",
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty",
    ),
    "es": _Language(
        {
            "dead": "muertos muertes fallecidos mueren murieron",
            "injured": "heridos",
            "missing": "desaparecidos",
            "arrested": "detenidos",
            "evacuated": "evacuados desplazados",
        },
        {"dead": "mueren murieron fallecen fallecieron mata mató matan"},
        "personas hombres mujeres niños soldados policías han sido fueron",
        "al menos|unos|cerca de|casi|más de",
        "uno dos tres cuatro cinco seis siete ocho nueve diez once doce",
    ),
    "fr": _Language(
        {
            "dead": "morts mortes tués tuées meurent",
            "injured": "blessés",
            "missing": "disparus",
            "arrested": "arrêtés interpellés",
            "evacuated": "évacués déplacés",
        },
        {"dead": "tue tué tuent meurent"},
        "personnes hommes femmes enfants soldats policiers ont été sont",
        "au moins|environ|près de|plus de",
        "un deux trois quatre cinq six sept huit neuf dix onze douze",
    ),
    "de": _Language(
        {
            "dead": "tote toten todesopfer getötet gestorben sterben starben",
            "injured": "verletzte verletzten verletzt",
            "missing": "vermisste vermissten vermisst",
            "arrested": "festnahmen festgenommen verhaftet",
            "evacuated": "evakuiert evakuierte",
        },
        {"dead": "sterben starben tötet tötete töten"},
        "menschen personen männer frauen kinder soldaten polizisten wurden sind werden",
        "mindestens|etwa|rund|fast|mehr als|über",
        "ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    ),
    "pt": _Language(
        {
            "dead": "mortos mortes morrem morreram",
            "injured": "feridos",
            "missing": "desaparecidos",
            "arrested": "detidos presos",
            "evacuated": "evacuados desalojados",
        },
        {"dead": "morrem morreram mata matou matam"},
        "pessoas homens mulheres crianças soldados policiais foram estão",
        "pelo menos|ao menos|cerca de|quase|mais de",
        "um dois três quatro cinco seis sete oito nove dez onze doze",
    ),
    "it": _Language(
        {
            "dead": "morti vittime uccisi muoiono",
            "injured": "feriti",
            "missing": "dispersi",
            "arrested": "arrestati arresti",
            "evacuated": "evacuati sfollati",
        },
        {"dead": "muoiono uccide uccidono uccisi"},
        "persone uomini donne bambini soldati agenti sono stati",
        "almeno|circa|quasi|più di|oltre",
        "uno due tre quattro cinque sei sette otto nove dieci undici dodici",
    ),
}
# What makes a number no count of all: "no one was hurt", "mother of 12", "100 to 240 deaths".
_NONE: Final = re.compile(r"\b(?:no|not|any|without|kein|keine|ni|aucun|nenhum|nessun)\s+$", re.IGNORECASE)
_FAMILY: Final = "mother|father|mom|mum|dad|parent|grandmother|grandfather"
_PARENT: Final = re.compile(rf"\b(?:{_FAMILY})s?\s+of\s+$", re.IGNORECASE)
_FROM: Final = re.compile(
    r"(?:\d|\b(?:two|three|four|five|six|seven|eight|nine|ten))\s+(?:to|or)\s+$", re.IGNORECASE
)
# "a man and two children", "parents, 2 children": where the number leaves somebody out.
_AND: Final = re.compile(
    rf"(?:\b(?:{_FAMILY}|man|woman|boy|girl|couple|wife|husband|son|daughter|teen|gunman|officer|driver)s?"
    r"(?:,|\s+(?:and|&))|"
    r"(?:^|\b(?:an?|one|two|three|four|five|six|his|her|their|the|\d+|una?|une|su|sus|eine?n?|uma?)\s+)"
    r"(?:[\w'-]+\s+){1,2}(?:and|&|y|e|et|und))\s+(?:(?:at least|about|some|nearly|another)\s+)?$",
    re.IGNORECASE,
)
_OF_WHAT: Final = re.compile(
    r"\s*(?:dozens?|hundreds?|thousands?|millions?|mil|millones|mille|tausend|years?|months?|weeks?|days?|hours?"
    r"|años|meses|días|ans|mois|jahre|monate|tage|anos|dias|anni|mesi|giorni)\b",
    re.IGNORECASE,
)
# "kills 2 children, herself", "killed 13 soldiers and 72 civilians".
_AND_SELF: Final = re.compile(
    r"(?:\s+[\w-]+){0,4}?,?\s+(?:and\s+|then\s+)*(?:him|her|them)?sel(?:f|ves)\b", re.IGNORECASE
)
_AND_MORE: Final = re.compile(
    r"(?:\s+[\w.-]+){1,4}?\s+(?:and|y|e|et|und)\s+(?:\d[\d,.]*|an?|one|two|three|four|five|six)"
    r"((?:\s+[\w-]+){1,4})",
    re.IGNORECASE,
)


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


def claims(article: str, outlet: str, text: str, language: str) -> list[Claim]:
    """The counts in a text, the first of each subject; numbers that may leave somebody out are passed over.

    >>> [(c.subject, c.value) for c in claims("a", "o", "Nine people were killed and 14 injured.", "en")]
    [('dead', 9), ('injured', 14)]
    """
    spoken = _LANGUAGES.get(language)
    if spoken is None:
        return []
    found: dict[str, Claim] = {}
    for start, end in sentence_spans(text):
        sentence = text[start:end]
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


def _value(number: str, spoken: _Language) -> int:
    word = number.lower()
    return spoken.values[word] if word in spoken.values else int(re.sub(r"\D", "", number))
