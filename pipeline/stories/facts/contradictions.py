"""Where an article contradicts a story: days, magnitudes, victims, places, people. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from pipeline.records import Evidence
from pipeline.stories.facts.event_facts import MAGNITUDE_MARGIN, Facts

# How many values are shown for each side.
_SHOWN: Final = 3


def contradictions(mine: Facts, others: Sequence[Facts]) -> tuple[Evidence, ...]:
    """Where an article and a story both name something and have none of it in common.

    Different numbers of victims always contradict: whether a toll merely grew is for the reader to judge.

    Args:
        mine: What the article says.
        others: What each of the story's other articles says.

    Returns:
        Of kind "against day", "against magnitude", "against dead" and so on, "against place", "against name";
        `weight` is the share of the story's articles that say anything about it, all of them otherwise.
    """
    if not others:
        return ()
    numbers = [
        _otherwise(f"against {subject}", {str(n): str(n)}, [_number(f, subject) for f in others])
        for subject, n in sorted(mine.counts.items())
    ]
    found = (
        _otherwise("against day", _days(mine), [_days(f) for f in others]),
        None if _near(mine, others) else _strengths(mine, others),
        *numbers,
        _otherwise("against place", mine.places, [f.places for f in others]),
        _otherwise("against name", mine.people, [f.people for f in others]),
    )
    return tuple(each for each in found if each is not None)


def _otherwise(kind: str, mine: Mapping[str, str], theirs: Sequence[Mapping[str, str]]) -> Evidence | None:
    """Evidence where both sides have values and share none; keys are compared, values are shown."""
    held = Counter(key for each in theirs for key in each)
    if not mine or not held or held.keys() & mine.keys():
        return None
    shown = {key: text for each in theirs for key, text in each.items()}
    first = sorted(held, key=lambda key: (-held[key], key))[:_SHOWN]
    share = sum(bool(each) for each in theirs) / len(theirs)
    said = ", ".join(mine[key] for key in sorted(mine)[:_SHOWN])
    return Evidence(kind, said, ", ".join(shown[key] for key in first), round(share, 3))


def _days(facts: Facts) -> dict[str, str]:
    return {str(day): str(day) for day in facts.days}


def _number(facts: Facts, subject: str) -> dict[str, str]:
    return {str(facts.counts[subject]): str(facts.counts[subject])} if subject in facts.counts else {}


def _near(mine: Facts, others: Sequence[Facts]) -> bool:
    """Whether one of the article's earthquakes is as strong as one of the story's."""
    theirs = [magnitude for f in others for magnitude in f.magnitudes]
    return any(abs(a - b) < MAGNITUDE_MARGIN for a in mine.magnitudes for b in theirs)


def _strengths(mine: Facts, others: Sequence[Facts]) -> Evidence | None:
    said = [{str(each): str(each) for each in f.magnitudes} for f in (mine, *others)]
    return _otherwise("against magnitude", said[0], said[1:])
