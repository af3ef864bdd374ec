"""The facts that an article and a story share or dispute, as far as they move the score. Pure.

Of the facts that were measured, only three improve grouping on general news. The others do not: tolls grow,
and reports of one event name different days and people. Those are shown as evidence against
(`contradictions`) and do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from rapidfuzz import fuzz

from pipeline.stories.facts.event_facts import MAGNITUDE_MARGIN, magnitudes
from pipeline.stories.features.packed import Packed
from pipeline.text import fold, words

# Two spellings of one name ("Zelensky", "Selenskyj") are at least this similar (percent), if both have at
# least this many letters.
_SPELLED_ALIKE: Final = 75.0
_FUZZY_LETTERS: Final = 5
# The first character after the Latin letters of Unicode.
_LATIN: Final = "\u0250"


class Mentioned(NamedTuple):
    """What an article names.

    Attributes:
        people, names: Entity ids of the persons, and of everything named.
        numbers: Figures of more than one digit.
        words: Its persons' names, folded, each whole and as single words; only those in Latin letters.
        title: The words of its title, folded, names or not; only those in Latin letters.
        magnitudes: Of earthquakes in title and first sentence.
        language: Its language.
    """

    people: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[str]
    words: frozenset[str]
    title: frozenset[str]
    magnitudes: tuple[float, ...]
    language: str


class InCommon(NamedTuple):
    """How a story's articles stand to an article.

    Attributes:
        acquainted: The share of them (0 to 1) that name one of the article's persons and something else that
            it names, a figure included.
        contradicted: Whether article and story are in different languages and about different persons.
        quakes: The share of them (0 to 1) that tell of an earthquake; 0 where one is as strong as one of the
            article's.
    """

    acquainted: float = 0.0
    contradicted: bool = False
    quakes: float = 0.0


NOTHING: Final = InCommon()


@lru_cache(maxsize=1 << 14)
def mentioned(data: bytes) -> Mentioned:
    """Reads what an article names from its packed features (`Features.to_bytes`)."""
    packed = Packed(data)
    title, lead, names, numbers = packed.shown
    language, _ = packed.labels
    folded = [fold(name) for _, name, kind, _ in names if kind == "person"]
    return Mentioned(
        people=frozenset(id_ for id_, _, kind, _ in names if kind == "person"),
        names=frozenset(id_ for id_, *_ in names),
        numbers=frozenset(number for number in numbers if len(number) > 1),
        words=frozenset(word for name in folded for word in (name, *name.split()) if _readable(word)),
        title=frozenset(word for word in words(title) if _readable(word)),
        magnitudes=magnitudes(f"{title}\n{lead}", language),
        language=language,
    )


def _readable(word: str) -> bool:
    return len(word) > 2 and (word.isascii() or max(word) < _LATIN)


def in_common(mine: Mentioned, others: Sequence[Mentioned]) -> InCommon:
    """What an article has in common with a story.

    Args:
        mine: What the article names.
        others: What each of the story's other articles names.

    >>> none = frozenset()
    >>> quake = Mentioned(none, frozenset({"place:a"}), none, none, none, (6.1,), "en")
    >>> in_common(quake, [quake._replace(names=frozenset({"place:b"}), magnitudes=(5.0,))])
    InCommon(acquainted=0.0, contradicted=False, quakes=1.0)
    """
    if not others:
        return NOTHING
    count = len(others)
    shaken = [each for each in others if each.magnitudes] if mine.magnitudes else []
    return InCommon(
        acquainted=sum(_acquainted(mine, each) for each in others) / count,
        contradicted=_across(mine, others) and _contradicted(mine, others),
        quakes=0.0 if any(_as_strong(mine, each) for each in shaken) else len(shaken) / count,
    )


def _across(mine: Mentioned, others: Sequence[Mentioned]) -> bool:
    """Whether no article of the story is in the article's language."""
    return all(each.language != mine.language for each in others)


def _contradicted(mine: Mentioned, others: Sequence[Mentioned]) -> bool:
    """Whether both sides are about persons, and as far as one can tell about different ones.

    A story is about persons if most of its articles name some. The persons may be the same if two are spelled
    nearly alike, if one is in the other side's title, or if the two sides share any name or figure.
    """
    peopled = [each for each in others if each.people]
    if not mine.people or 2 * len(peopled) <= len(others):
        return False
    facts = mine.names | mine.numbers
    return all(facts.isdisjoint(each.names | each.numbers) for each in others) and not (
        _in_title(mine, others) or _spelled_alike(mine, peopled)
    )


def _in_title(mine: Mentioned, others: Sequence[Mentioned]) -> bool:
    """Whether a title contains a person of the other side: models know some names in one language only."""
    return any(
        not (mine.words.isdisjoint(each.title) and mine.title.isdisjoint(each.words)) for each in others
    )


def _acquainted(one: Mentioned, other: Mentioned) -> bool:
    """Whether they share a person and something else: a famous person alone is in the news every day."""
    people = one.people & other.people
    return bool(people) and (len(one.names & other.names) > 1 or not one.numbers.isdisjoint(other.numbers))


def _as_strong(one: Mentioned, other: Mentioned) -> bool:
    return any(abs(a - b) < MAGNITUDE_MARGIN for a in one.magnitudes for b in other.magnitudes)


def _spelled_alike(mine: Mentioned, others: Sequence[Mentioned]) -> bool:
    """Whether two names are nearly alike; also where one side has no Latin names to compare."""
    theirs = {word for each in others for word in each.words}
    if not mine.words or not theirs:
        return True
    return not mine.words.isdisjoint(theirs) or any(
        fuzz.ratio(one, other) >= _SPELLED_ALIKE
        for one in mine.words
        if len(one) >= _FUZZY_LETTERS
        for other in theirs
        if len(other) >= _FUZZY_LETTERS
    )
