"""What a person would point at: shared names and figures, the closest titles, and what speaks against."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Final, NamedTuple

from rapidfuzz import fuzz

from pipeline.records import Evidence
from pipeline.stories.facts.contradictions import contradictions
from pipeline.stories.facts.event_facts import facts_of
from pipeline.stories.features.packed import Features, IndexedArticle, Packed
from pipeline.stories.features.tokens import tokens
from pipeline.stories.index.story_profile import StoryProfile

NAMES_SHOWN: Final = 4
NUMBERS_SHOWN: Final = 3
_MEMBERS_READ: Final = 40


def gather(member: IndexedArticle, profile: StoryProfile) -> tuple[Evidence, ...]:
    """What ties an article to a story: the closest sentence, names, numbers; then what speaks against it.

    Args:
        member: The article; if it is a member of the story, it is not compared with itself.
        profile: The story.
    """
    members = [m for m in profile.members[-_MEMBERS_READ:] if m.article != member.article]
    if not members:
        return ()
    others, traits = [_read(m.data) for m in members], member.traits
    mine = facts_of(member.data)
    # An article without such facts contradicts nothing, so the story's are not read.
    against = contradictions(mine, [facts_of(m.data) for m in members]) if any(mine) else ()
    return (*_closest(traits, others), *_names(traits, others), *_numbers(traits, others), *against)


class _Read(NamedTuple):
    """What evidence may quote from a member.

    Attributes:
        texts: Title and first sentence, each with its sorted words; those without words are left out.
        names: The entity ids of names, with the name to show.
        numbers: The figures in title and lead, as written there.
    """

    texts: tuple[tuple[str, str], ...]
    names: tuple[tuple[str, str], ...]
    numbers: tuple[str, ...]


# Cached by the packed features, because many articles meet the same stories.
@lru_cache(maxsize=1 << 12)
def _read(data: bytes) -> _Read:
    title, lead, names, numbers = Packed(data).shown
    return _Read(_texts(title, lead), tuple([(name[0], name[1]) for name in names]), tuple(numbers))


def _texts(title: str, lead: str) -> tuple[tuple[str, str], ...]:
    return tuple((text, words) for text in (title, lead) if (words := " ".join(sorted(tokens(text)))))


def _closest(traits: Features, others: list[_Read]) -> list[Evidence]:
    """The pair of titles or first sentences with the most words in common (token sort ratio, 0 to 1).

    Ties: the earlier member; then the text that comes last in the alphabet.
    """
    best: tuple[float, int, str, str] | None = None
    for mine, words in _texts(traits.title, traits.lead):
        for position, other in enumerate(others):
            for theirs, other_words in other.texts:
                alike = fuzz.ratio(words, other_words) / 100.0
                if best is None or alike >= best[0]:
                    key = (alike, -position, mine, theirs)
                    best = key if best is None or key > best else best
    return [Evidence("sentence", best[2], best[3], round(best[0], 3))] if best else []


def _names(traits: Features, others: list[_Read]) -> list[Evidence]:
    """Shared names, by their salience in the article times the share of the story's articles with them."""
    mine = {name.id for name in traits.names}
    theirs = [name for other in others for name in other.names if name[0] in mine]
    held = Counter([name for name, _ in theirs])
    shown = dict(theirs)
    common = [(name.salience * held[name.id] / len(others), name) for name in traits.names if name.id in held]
    common.sort(key=lambda item: (-item[0], item[1].id))
    return [
        Evidence("place" if name.kind == "place" else "name", name.name, shown[name.id], round(weight, 3))
        for weight, name in common[:NAMES_SHOWN]
    ]


def _numbers(traits: Features, others: list[_Read]) -> list[Evidence]:
    """Shared figures, by the share of the story's articles with them; single digits say too little."""
    mine = set(traits.numbers)
    held = Counter([number for other in others for number in other.numbers if number in mine])
    common = [(held[n] / len(others), n) for n in traits.numbers if held[n] and len(n) > 1]
    common.sort(key=lambda item: (-item[0], item[1]))
    return [Evidence("number", number, number, round(share, 3)) for share, number in common[:NUMBERS_SHOWN]]
