"""What a person would point at: shared names and figures, the closest titles, and what tells against."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz

from pipeline.records import Evidence
from pipeline.stories.profile import Profile
from pipeline.stories.terms import tokens
from pipeline.stories.traits import Member, Told, Traits

NAMES_SHOWN: Final = 4
NUMBERS_SHOWN: Final = 3
_MEMBERS_READ: Final = 40


def gather(member: Member, profile: Profile) -> tuple[Evidence, ...]:
    """What ties an article to a story, strongest first: the closest sentence, then names, then numbers.

    Args:
        member: The article; if it is a member of the story, it is passed over there.
        profile: The story.
    """
    others = [m.told for m in profile.members[-_MEMBERS_READ:] if m.article != member.article]
    if not others:
        return ()
    traits = member.traits
    return (*_closest(traits, others), *_names(traits, others), *_numbers(traits, others))


@lru_cache(maxsize=1 << 13)
def _sorted_words(text: str) -> str:
    return " ".join(sorted(tokens(text)))


def _closest(traits: Traits, others: list[Told]) -> list[Evidence]:
    """The pair of titles or first sentences with the most words in common (token sort ratio, 0 to 1)."""
    best: tuple[float, int, str, str] | None = None
    for mine in (traits.title, traits.lead):
        words = _sorted_words(mine)
        for position, other in enumerate(others):
            for theirs in (other.title, other.lead):
                if words and theirs:
                    alike = fuzz.ratio(words, _sorted_words(theirs)) / 100.0
                    key = (alike, -position, mine, theirs)
                    best = key if best is None or key > best else best
    return [Evidence("sentence", best[2], best[3], round(best[0], 3))] if best else []


def _names(traits: Traits, others: list[Told]) -> list[Evidence]:
    """Names in common, weighed by salience here and by the share of the story's articles that have them."""
    held = Counter(name.id for other in others for name in other.names)
    shown = {name.id: name.name for other in others for name in other.names}
    common = [(name.salience * held[name.id] / len(others), name) for name in traits.names if held[name.id]]
    common.sort(key=lambda item: (-item[0], item[1].id))
    return [
        Evidence("place" if name.kind == "place" else "name", name.name, shown[name.id], round(weight, 3))
        for weight, name in common[:NAMES_SHOWN]
    ]


def _numbers(traits: Traits, others: list[Told]) -> list[Evidence]:
    """Figures in common, by the share of the story's articles that have them; single digits say little."""
    held = Counter(number for other in others for number in other.numbers)
    common = [(held[n] / len(others), n) for n in traits.numbers if held[n] and len(n) > 1]
    common.sort(key=lambda item: (-item[0], item[1]))
    return [Evidence("number", number, number, round(share, 3)) for share, number in common[:NUMBERS_SHOWN]]
