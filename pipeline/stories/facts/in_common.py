"""Which facts of an event an article has in common with a story, as far as they move its score. Pure.

Of the facts that were measured only three pay on news in general. Tolls grow, reports of one event name many
days and other people: they are shown as evidence against (`contradictions`) and do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from rapidfuzz import fuzz

from pipeline.stories.facts.event_facts import MAGNITUDE_MARGIN, magnitudes
from pipeline.stories.features.packed import Packed
from pipeline.text import fold, words

# Spellings of one name in two languages ("Zelensky", "Selenskyj") have at least so much in common, from so
# many letters on.
_SPELLED_ALIKE: Final = 75.0
_FUZZY_LETTERS: Final = 5
# Where alphabets begin that are not Latin.
_LATIN: Final = "\u0250"


class Mentioned(NamedTuple):
    """What an article names.

    Attributes:
        people, names: Ids of persons, and of all names.
        numbers: Figures of more than one digit.
        words: The folded words of its persons' names that are spelled in Latin letters, and each name whole.
        title: The folded words of its title that are spelled in Latin letters, whether a name or not.
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
    """Shares of a story's articles, 0 to 1.

    Attributes:
        acquainted: Name one of the article's persons, and something else that it names.
        contradicted: Persons of the article and of the story contradict each other across languages.
        quakes: Tell of earthquakes, where none is as strong as one of the article's.
    """

    acquainted: float = 0.0
    contradicted: bool = False
    quakes: float = 0.0


NOTHING: Final = InCommon()


@lru_cache(maxsize=1 << 14)
def mentioned(data: bytes) -> Mentioned:
    """What an article names, of its features as bytes (`Features.to_bytes`)."""
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
    """Whether both sides are about persons, none of them the same as far as one can tell.

    A story is about persons where most of its articles name some. They are the same where one is spelled
    nearly alike or stands in the other's title, or where a name or figure is in common.
    """
    peopled = [each for each in others if each.people]
    if not mine.people or 2 * len(peopled) <= len(others):
        return False
    facts = mine.names | mine.numbers
    return all(facts.isdisjoint(each.names | each.numbers) for each in others) and not (
        _in_title(mine, others) or _spelled_alike(mine, peopled)
    )


def _in_title(mine: Mentioned, others: Sequence[Mentioned]) -> bool:
    """Whether a title has a word of the other side's persons: models know some names in one language only."""
    return any(
        not (mine.words.isdisjoint(each.title) and mine.title.isdisjoint(each.words)) for each in others
    )


def _acquainted(one: Mentioned, other: Mentioned) -> bool:
    """Whether they name the same person and something else: one famous person is in the news every day."""
    people = one.people & other.people
    return bool(people) and (len(one.names & other.names) > 1 or not one.numbers.isdisjoint(other.numbers))


def _as_strong(one: Mentioned, other: Mentioned) -> bool:
    return any(abs(a - b) < MAGNITUDE_MARGIN for a in one.magnitudes for b in other.magnitudes)


def _spelled_alike(mine: Mentioned, others: Sequence[Mentioned]) -> bool:
    """Whether a name is nearly the same, or one side cannot be read: names that nobody can compare agree."""
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
