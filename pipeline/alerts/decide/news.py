"""What is new in a story's fresh articles, as a reader would say: what independent texts lead with.

A person, organisation, place or number is new when no earlier article has it anywhere, under whatever label,
and when it stands in title or lead of two texts that are independent of each other: one may err or digress.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from pipeline.languages.calendar_names import bare, months
from pipeline.languages.template import one_of
from pipeline.languages.word_file import WordFile, read
from pipeline.records import Entity, StoredArticle
from pipeline.text import UNSPACED, fold

# Characters of the text that count as its lead: about two sentences.
LEAD = 400
# At most so many new things are named.
MOST = 6
# A sentence is shown up to so many characters.
SENTENCE_CHARS = 240
KINDS = ("person", "organisation", "place")
# A letter of a script with spaces: others, and Korean counters, stand right beside numbers.
_LETTER = rf"[^\W{UNSPACED}\uac00-\ud7a3]"
_NUMBER = re.compile(
    rf"(?<![.,:/-])(?<!{_LETTER})(?:\d{{1,3}}(?:[,.\u202f\u00a0]\d{{3}})+(?!{_LETTER})"
    rf"|\d+(?:[.,]\d+)?(?!{_LETTER})(?![:/-]))"
)
_YEARS = range(1900, 2101)
_WORD = re.compile(r"\w+")
_END = re.compile(r"[.!?](?=\s+[^\s\d])|[。！？।؟]|\n")

# Whether some articles are at least two texts that are independent of each other.
Independent = Callable[[Sequence[StoredArticle]], bool]


@dataclass(frozen=True, slots=True)
class Novelty:
    """Something new: "person", "organisation", "place" or "number", its name, and a sentence that says it."""

    kind: str
    name: str
    sentence: str


def between(
    before: Sequence[StoredArticle],
    fresh: Sequence[StoredArticle],
    known: Sequence[str],
    independent: Independent,
) -> tuple[Novelty, ...]:
    """What the fresh articles say that the former do not; at most six, empty where nothing is new.

    Args:
        before: Members that were there when the story was last told.
        fresh: Members since.
        known: Entity ids that had been told of.
        independent: Judges the articles that lead with one thing.
    """
    if len(fresh) < 2:
        return ()
    told = _Told(before, known)
    saying: dict[tuple[str, str], list[tuple[StoredArticle, str]]] = {}
    labels: dict[str, str] = {}
    for member in fresh:
        for kind, name, sentence in _leading(member, told):
            labels.setdefault(fold(name), name)
            saying.setdefault((kind, fold(name)), []).append((member, sentence))
    found = (
        Novelty(kind, labels[name], said[0][1])
        for (kind, name), said in saying.items()
        if independent([member for member, _ in said])
    )
    ordered = sorted(found, key=lambda each: each.kind == "number")
    return tuple(ordered)[:MOST]


@dataclass(frozen=True, slots=True)
class _Said:
    """What an article says: its folded words, each between spaces, and its numbers."""

    words: str
    numbers: frozenset[str]


@lru_cache(maxsize=1024)
def _said(title: str, text: str, language: str) -> _Said:
    """What an article says; kept while its story is asked about, by one watch after another."""
    whole = f"{title}\n{text}"
    return _Said(_words(whole), frozenset(numbers(whole, language)))


class _Told:
    """What earlier articles said, under whatever label."""

    def __init__(self, before: Sequence[StoredArticle], known: Sequence[str]) -> None:
        self._ids = set(known) | {entity.id for member in before for entity in member.enriched.entities}
        earlier = [member.enriched.article for member in before]
        said = [_said(each.title, each.text, each.language) for each in earlier]
        self._words = " ".join(each.words for each in said)
        self._numbers = frozenset[str]().union(*(each.numbers for each in said))

    def entity(self, entity: Entity) -> bool:
        said = {_words(each) for each in (entity.name, *(span.text for span in entity.spans))}
        return entity.id in self._ids or any(
            f" {name.strip()} " in self._words for name in said if name.strip()
        )

    def number(self, number: str) -> bool:
        return number in self._numbers


def _leading(member: StoredArticle, told: _Told) -> Iterator[tuple[str, str, str]]:
    """The new names and numbers in title and lead of an article: kind, name, sentence."""
    article = member.enriched.article
    named = set()
    for entity in member.enriched.entities:
        spans = [span for span in entity.spans if span.field == "title" or span.start < LEAD]
        if entity.kind not in KINDS or not spans or not _plausible(entity) or told.entity(entity):
            continue
        named.add(entity.id)
        span = next((span for span in spans if span.field == "text"), spans[0])
        yield (
            entity.kind,
            entity.name,
            _sentence(article.title if span.field == "title" else article.text, span.start),
        )
    lead = article.text[:LEAD]
    seen = set()
    for text in (lead, article.title):
        for number, place in _placed(text, article.language):
            if number not in seen and not told.number(number):
                seen.add(number)
                yield "number", number, _sentence(article.text if text is lead else article.title, place)


def _plausible(entity: Entity) -> bool:
    """Nobody's name has a digit in it: what a model takes for one is a disease, a flight or a score."""
    return entity.kind == "place" or not any(char.isdigit() for char in entity.name)


class _Words(WordFile):
    from_two: tuple[str, ...]
    time: tuple[str, ...]


class _NumberWords(WordFile):
    languages: Mapping[str, _Words]
    signs_of_dates: frozenset[str]
    signs_of_ordinals: frozenset[str]
    before_month: tuple[str, ...]


@cache
def _number_words() -> _NumberWords:
    return read(Path(__file__).with_name("number_words.yaml"), _NumberWords)


@cache
def _in_letters() -> Mapping[str, tuple[re.Pattern[str], Mapping[str, str]]]:
    """For each language what finds a number in letters, and the figure of each word."""
    found = {}
    for language, said in _number_words().languages.items():
        figures = {
            word.casefold(): str(figure) for figure, word in enumerate(said.from_two, 2) if word != "-"
        }
        pattern = rf"(?<![\w-]){one_of(figures)}(?![\w-])(?!\s+(?:{one_of(said.time)})(?!\w))"
        found[language] = re.compile(pattern, re.IGNORECASE), figures
    return found


def numbers(text: str, language: str = "") -> list[str]:
    """The numbers of a text that count something, as bare figures, also where they are in letters.

    >>> numbers("On 3 May 2026 at 10:30, 1,200 fled and 37 died, 4.5% more")
    ['1200', '37', '4.5']
    >>> numbers("Nine dead, two days later", "en")
    ['9']
    """
    return [number for number, _ in _placed(text, language)]


def _placed(text: str, language: str) -> list[tuple[str, int]]:
    found = (each for each in _NUMBER.finditer(text) if not _dated(text, each, language))
    placed = [(_plain(each[0]), each.start()) for each in found]
    if language in _in_letters():
        pattern, figures = _in_letters()[language]
        placed += [(figures[each[0].casefold()], each.start()) for each in pattern.finditer(text)]
    return placed


def _plain(number: str) -> str:
    number = unicodedata.normalize("NFKC", number)
    if re.fullmatch(r"\d{1,3}(?:[,.\u202f\u00a0]\d{3})+", number):
        return re.sub(r"\D", "", number)
    return number.replace(",", ".")


@cache
def _behind_day() -> re.Pattern[str]:
    return re.compile(rf"\.?\s+(?:{one_of(_number_words().before_month)}\s+)?(\w+)")


def _dated(text: str, found: re.Match[str], language: str) -> bool:
    if found[0].isdigit() and int(found[0]) in _YEARS and len(found[0]) == 4:
        return True
    words = _number_words()
    if text[found.end() : found.end() + 1] in words.signs_of_dates:
        return True
    if text[max(0, found.start() - 1) : found.start()] in words.signs_of_ordinals:
        return True
    after = _behind_day().match(text[found.end() : found.end() + 24])
    before = re.search(r"(\w+)\.?\s+$", text[max(0, found.start() - 16) : found.start()])
    day = found[0].isdigit() and int(found[0]) <= 31
    # "37 may have died" is no date.
    return day and any(word and word[1] != "may" and _is_month(word[1], language) for word in (after, before))


def _is_month(word: str, language: str) -> bool:
    """Whether it names a month in the language of the text, or in English."""
    return bare(word) in months("en") or bare(word) in months(language)


def _sentence(text: str, place: int) -> str:
    """The sentence around a place, cut where it is long.

    >>> _sentence("The ferry sank. At least 23 people died, police said. More follows.", 25)
    'At least 23 people died, police said.'
    """
    starts = [end.end() for end in _END.finditer(text, 0, place)]
    start = starts[-1] if starts else 0
    end = next((end.end() for end in _END.finditer(text, place)), len(text))
    said = " ".join(text[start:end].split())
    return said if len(said) <= SENTENCE_CHARS else said[: SENTENCE_CHARS - 1].rsplit(" ", 1)[0] + "…"


def _words(text: str) -> str:
    """The folded words of a text, each between spaces, so that a name is found as whole words.

    >>> _words("Covid-19, again")
    ' covid 19 again '
    """
    return f" {' '.join(_WORD.findall(fold(text) if len(text) < LEAD else fold.__wrapped__(text)))} "
