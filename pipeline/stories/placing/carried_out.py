"""Carries out corrections on the stories, before any score is asked: the scorer starts from the result."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from pipeline.records import Correction
from pipeline.stories.index.story_index import StoryIndex
from pipeline.stories.placing.assign import story_id
from pipeline.stories.placing.corrections import Constraints

Groups = Sequence[Sequence[str]]


def carry_out(index: StoryIndex, constraints: Constraints, said: Correction, *, holds: bool) -> set[str]:
    """Changes the stories of the articles that a correction names to what is in force now.

    A split in force parts its groups, and so does a merge that was taken back: the groups are where they were
    before it was said. A split that was taken back puts the stories of its groups together, if nothing else
    keeps them apart. After a correction was taken back this is only a start: the scorer may move the articles
    again.

    Args:
        index: The active stories; is changed.
        constraints: What is in force.
        said: A merge or a split.
        holds: Whether it is in force.

    Returns:
        The ids of the stories that were touched.
    """
    groups = [[a for a in group if index.story_of(a) is not None] for group in said.groups]
    groups = [group for group in groups if group]
    touched = _stories(index, (a for group in groups for a in group))
    if (said.kind == "split") == holds:
        touched |= _part(index, constraints, groups, first_leaves=said.kind == "split")
    elif said.kind == "split":
        _join(index, constraints, touched)
    touched = {story for story in touched if index.has_story(story)}
    return _obey(index, constraints, touched)


def _stories(index: StoryIndex, articles: Iterable[str]) -> set[str]:
    found = (index.story_of(article) for article in articles)
    return {story for story in found if story is not None}


def _whole(index: StoryIndex, constraints: Constraints, articles: Iterable[str]) -> list[str]:
    """The articles with all that must be together with them, in ingest sequence."""
    found = {each for article in articles for each in (article, *constraints.together(article))}
    here = [article for article in found if index.story_of(article) is not None]
    return sorted(here, key=lambda article: index.member(article).seq)


def _part(index: StoryIndex, constraints: Constraints, groups: Groups, *, first_leaves: bool) -> set[str]:
    """Takes groups out of the stories that they share with the one group that stays.

    Args:
        index: The active stories; is changed.
        constraints: What is in force; articles that must be together leave or stay together.
        groups: The groups, one of which stays.
        first_leaves: Whether the last group stays; else the one with the oldest article stays.
    """
    if len(groups) < 2:
        return set()
    oldest = [min(index.member(article).seq for article in group) for group in groups]
    stays = len(groups) - 1 if first_leaves else oldest.index(min(oldest))
    kept = set(_whole(index, constraints, groups[stays]))
    made: set[str] = set()
    for group in (group for position, group in enumerate(groups) if position != stays):
        leaving = [article for article in _whole(index, constraints, group) if article not in kept]
        homes = {index.story_of(article) for article in kept}
        for home in sorted({index.story_of(article) or "" for article in leaving} & homes):
            made.add(_take_out(index, [article for article in leaving if index.story_of(article) == home]))
        kept |= set(leaving)
    return made


def _take_out(index: StoryIndex, articles: Sequence[str]) -> str:
    """Moves articles into a story of their own and returns its id; the rest keeps the old id."""
    home = index.story_of(articles[0]) or ""
    if index.profile(home).size == len(articles):
        return home
    story = story_id(articles[0], index.has_story)
    for article in articles:
        index.move(article, story)
    return story


def _members(index: StoryIndex, story: str) -> list[str]:
    return [member.article for member in index.profile(story).members]


def _oldest_first(index: StoryIndex, stories: Collection[str]) -> list[str]:
    return sorted(stories, key=lambda story: (index.profile(story).first_seq, story))


def _join(index: StoryIndex, constraints: Constraints, stories: Collection[str]) -> None:
    """Merges stories into the oldest of them, except those that a correction in force keeps out of it."""
    first, *others = _oldest_first(index, stories)
    for story in others:
        articles = _members(index, story)
        if not any(constraints.forbids(article, _members(index, first)) for article in articles):
            for article in articles:
                index.move(article, first)


def _obey(index: StoryIndex, constraints: Constraints, stories: set[str]) -> set[str]:
    """Makes stories obey the corrections in force on their articles, oldest story and article first."""
    touched = set(stories)
    for story in _oldest_first(index, stories):
        for article in _members(index, story) if index.has_story(story) else ():
            linked = _whole(index, constraints, [article])
            homes = _oldest_first(index, _stories(index, linked))
            touched |= set(homes)
            for each in linked if len(homes) > 1 else ():
                if index.story_of(each) != homes[0]:
                    index.move(each, homes[0])
    touched = {story for story in touched if index.has_story(story)}
    for story in _oldest_first(index, touched):
        kept: list[str] = []
        ordered = sorted(_members(index, story), key=lambda article: index.member(article).seq)
        for article in ordered:
            if index.story_of(article) != story:
                continue
            if constraints.forbids(article, kept):
                touched.add(_take_out(index, _whole(index, constraints, [article])))
            else:
                kept.append(article)
    return touched
