"""A person's word on situations: which story belongs to which, whatever the texts say.

A "word" is a correction of kind "tie" or "untie". Its groups name the articles of a story; the last group is
the situation. It applies to the story that holds most of these articles, so it follows them when stories are
merged or split. It also applies to every story that begins with one of them, because a story that was split
off was part of the named one when the word was said. Articles that join later change neither. The last of
several words on one story counts; where none is in force, the machine's tie holds.
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
    """The stories that a word is about.

    For each of its groups, the story that holds most of the articles; and every story that begins with one of
    the articles, because it was split off from such a story.

    Args:
        said: Of kind "tie" or "untie".
        where: The story of each article that is stored.
        begun: Stories that hold any of these articles, by their first article.
    """
    found = {begun[article] for group in said.groups[:-1] for article in group if article in begun}
    for group in said.groups[:-1]:
        counts = Counter(where[article] for article in group if article in where)
        # Ties go to the first article's story: a Counter keeps the order of insertion.
        found.update(story for story, _ in counts.most_common(1))
    return found


def machine_tie(story: Story) -> Tie | None:
    """How a story would be tied if no person had said anything; None where it would be alone.

    A story that began its situation has no stored tie: one with the situation's id alone is made for it.
    """
    if story.tie is not None and story.tie.said:
        return story.tie.former
    return story.tie or (Tie(story.situation) if story.situation else None)


def last_word(story: str, words: Sequence[Correction], machine: Tie | None) -> tuple[str, str]:
    """A story's situation ("" for none) after what persons said, and the id of the word that decides, or "".

    Args:
        story: Its id.
        words: The words about the story, oldest first.
        machine: The tie it has without them.
    """
    situation, by = machine.situation if machine is not None else "", ""
    for said in words:
        (named,) = said.groups[-1]
        if said.kind == "tie":
            situation, by = named, said.id
        elif situation == named or (not situation and named == story):
            # Taken out of the situation that it began, it begins none: another story may be tied to it later.
            situation, by = "", said.id
    return situation, by
