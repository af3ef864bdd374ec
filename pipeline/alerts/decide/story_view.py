"""What a watch is asked about: a change, and a story as it was just after it."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.records import Change, StoredArticle


@dataclass(frozen=True, slots=True)
class StoryView:
    """A story just after a change, or as it is now.

    Attributes:
        id: The story's id.
        members: Its members by ingest sequence.
        ancestors: Ids of stories that were merged into it, or that it was split off.
        split: Whether it ever lost members by a split.
        sources: Stories that articles were just moved from into it, ancestors or not.
        affair: The other stories of its situation by then, for watches that tell a situation once.
        around: What these stories had by then, by ingest sequence.
    """

    id: str
    members: tuple[StoredArticle, ...]
    ancestors: tuple[str, ...] = ()
    split: bool = False
    sources: tuple[str, ...] = ()
    affair: tuple[str, ...] = ()
    around: tuple[StoredArticle, ...] = ()

    @property
    def asked(self) -> tuple[str, ...]:
        """The stories whose states a watch is asked with: its kin, and those of its situation."""
        return tuple(dict.fromkeys((*self.kin, *self.affair)))

    @property
    def kin(self) -> tuple[str, ...]:
        """The stories whose states say something of it: itself first."""
        return tuple(dict.fromkeys((self.id, *self.ancestors, *self.sources)))


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a watch is asked about: a change, and a story that it touched as it was just after it.

    Attributes:
        change: The change.
        view: The story.
        only: Where time is the change, the watches whose queries it made hit the article; no other is asked.
        former: Where an edit made an article a withdrawn one, the article just before.
    """

    change: Change
    view: StoryView
    only: frozenset[str] = frozenset()
    former: StoredArticle | None = None

    @property
    def together(self) -> tuple[int, Change | None]:
        """What is the same for all occasions of one repair or correction, and for no other."""
        return self.change.n, self.change if self.only else None
