"""The other stories of a situation at a change: for watches that tell of a situation once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from pipeline.ports import Store, StoryFilter
from pipeline.records import Change, Story

# More stories than a situation has.
MOST = 10_000


class Affairs:
    """Which stories belonged together at a change.

    A tie says from which article on it holds, so the answer does not depend on how much came at once. The
    story that a situation began with has no tie: it belongs to it from the beginning. What a person says
    holds from the next article on: watches decide before a correction is carried out. A question about the
    time before sees what is in force today.

    Args:
        store: Read only.
        stories: The stories that are asked about, as they are now, by id.
    """

    def __init__(self, store: Store, stories: Mapping[str, Story]) -> None:
        self._of = {name: story for name, story in stories.items() if story.situation}
        self._stories: dict[str, list[Story]] = {
            name: sorted(store.story_page(StoryFilter(situation=name), "size", MOST), key=_name)
            for name in sorted({story.situation for story in self._of.values()})
        }

    def others(self, change: Change) -> tuple[str, ...]:
        """The other stories that were in the situation of a change's story just after it."""
        own = self._of.get(change.story)
        if own is None or not _tied(own, change):
            return ()
        found = [
            each.id
            for each in self._stories[own.situation]
            if each.id != own.id and each.first_seq <= change.seq and _tied(each, change)
        ]
        # The first may have become part of another story since: what was told of it stays told.
        return tuple(dict.fromkeys((*found, *({own.situation} - {own.id} if found or own.tie else ()))))

    def all(self, changes: Iterable[Change]) -> Collection[str]:
        """The other stories at any of these changes."""
        return {name for change in changes for name in self.others(change)}


def _name(story: Story) -> str:
    return story.id


def _tied(story: Story, change: Change) -> bool:
    """Whether a story belonged to its situation just after a change; a repair's own moves see its ties."""
    return story.tie is None or story.tie.seq <= change.seq + (change.kind == "move")
