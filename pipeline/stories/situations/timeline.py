"""A situation as a person reads it: its stories in order of time, and what is new in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.records import Story

WORDS_SHOWN: Final = 5
NAMES_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One story of a situation.

    Attributes:
        story: The story.
        news: Its keywords that no story before it had, strongest first.
        who: People and organisations in it, most named first.
        newcomers: Those of `who` that no story before it named.
    """

    story: Story
    news: tuple[str, ...]
    who: tuple[str, ...]
    newcomers: tuple[str, ...]


def timeline(stories: Sequence[Story]) -> list[TimelineEntry]:
    """The stories of one situation, oldest first; ties by when they came."""
    seen_words: set[str] = set()
    seen_names: set[str] = set()
    found: list[TimelineEntry] = []
    for story in sorted(stories, key=lambda each: (each.first_published, each.first_seq, each.id)):
        people = [each for each in story.entities if each.kind in ("person", "organisation")][:NAMES_SHOWN]
        news = [word for word in story.keywords if word not in seen_words][:WORDS_SHOWN]
        new = tuple(each.name for each in people if each.id not in seen_names)
        found.append(TimelineEntry(story, tuple(news), tuple(each.name for each in people), new))
        seen_words.update(story.keywords)
        seen_names.update(each.id for each in story.entities)
    return found


def title_of(entries: Sequence[TimelineEntry]) -> str:
    """What a situation is called: as its largest story; the oldest of several."""
    return max(entries, key=lambda entry: len(entry.story.members)).story.title
