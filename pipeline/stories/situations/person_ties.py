"""A person's word on situations: which story belongs to which, whatever the texts say.

A word names the articles of a story, and the last part of its groups is the situation. It is about the story
that holds most of these articles, so that it follows them when stories are merged or split, and about every
story that one of them begins: what is parted from a story was part of it when the word was said. What comes
to a story later changes neither. Of several words on one story the last counts; where none is in force, it
is as the machine had it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pipeline.records import Correction, Story, Tie

TIE_KINDS: Final = ("tie", "untie")


class PersonTies:
    """What persons have said of situations, ready to be asked.

    Args:
        standing: The corrections in force, oldest first.
    """

    def __init__(self, standing: Sequence[Correction]) -> None:
        self._said = [each for each in standing if each.kind in TIE_KINDS]
        self._naming: dict[str, list[int]] = defaultdict(list)
        for place, said in enumerate(self._said):
            for article in {article for group in said.groups[:-1] for article in group}:
                self._naming[article].append(place)

    def about(self, articles: Iterable[str]) -> list[Correction]:
        """The words that name any of these articles, oldest first."""
        places = {place for article in articles for place in self._naming.get(article, ())}
        return [self._said[place] for place in sorted(places)]


def stories_meant(said: Correction, where: Mapping[str, str], begun: Mapping[str, str]) -> set[str]:
    """The stories that a word is about: for each of its groups the one that holds most of the articles.

    Also those that begin with one of the articles, because they were parted from it.

    Args:
        said: Of kind "tie" or "untie".
        where: The story of each article that is stored.
        begun: By their first articles, the stories that hold any of these.
    """
    found = {begun[article] for group in said.groups[:-1] for article in group if article in begun}
    for group in said.groups[:-1]:
        counts = Counter(where[article] for article in group if article in where)
        # Of equal ones that of the first article: a counter keeps the order in which they came.
        found.update(story for story, _ in counts.most_common(1))
    return found


def machine_tie(story: Story) -> Tie | None:
    """How a story would be tied if no person had said anything; None where it would be alone.

    One that began its situation is tied by nothing but the situation's id.
    """
    if story.tie is not None and story.tie.said:
        return story.tie.former
    return story.tie or (Tie(story.situation) if story.situation else None)


def last_word(words: Sequence[Correction], machine: Tie | None) -> tuple[str, str]:
    """The situation of a story by what persons said of it, and the word that decides; "" where none does.

    Args:
        words: Those that are about the story, oldest first.
        machine: How it is tied without them.
    """
    situation, by = machine.situation if machine is not None else "", ""
    for said in words:
        (named,) = said.groups[-1]
        if said.kind == "tie":
            situation, by = named, said.id
        elif situation == named:
            situation, by = "", said.id
    return situation, by
