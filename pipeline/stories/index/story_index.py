"""The active stories: which member is where, and which stories are worth weighing for an article.

Everything here is a function of the set of (member, story) pairs put in, not of the way there: an index that
is rebuilt from the store answers as the one that grew. It may hold more than an article's window; what is
outside is passed over before anything is counted.

Articles that are to be placed one after another come in together, before they have stories (`enter`), and
get them in order (`settle`): which members are like each of them can then be looked up for all at once,
because an article sees those before it and none after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.features.packed import IndexedArticle
from pipeline.stories.index.columns import Columns
from pipeline.stories.index.lookup import Asked, CandidateLookup, Found, Ranking
from pipeline.stories.index.story_profile import StoryProfile

# Candidates: members are looked up by the heaviest terms; the best stories among them are weighed.
# More are more work and no better (docs/benchmarks.md).
LEXICAL_STORIES: Final = 8
DENSE_STORIES: Final = 6
_DAY_SECONDS: Final = 86_400.0
# So many members are read out together.
_AT_ONCE: Final = 1024
# So many slots of members that were taken out are always borne.
_DEAD_SLOTS: Final = 1024


class StoryIndex:
    """Members and stories in memory, with an inverted index and binary codes of the dense vectors.

    Args:
        window_days: How far apart in time an article and a member may be for its story to be a candidate.
        center: The mean of the embedder's vectors, shape [d]: codes are the signs of what differs from it.
    """

    def __init__(self, window_days: float, center: NDArray[np.float64] | None = None) -> None:
        self._window_seconds = window_days * _DAY_SECONDS
        self._center = center
        self._profiles: dict[str, StoryProfile] = {}
        self._slot_of: dict[str, int] = {}
        # By slot; None for members that have no story yet.
        self._homes: list[StoryProfile | None] = []
        self._without_story = 0
        self._slots = CandidateLookup(self._window_seconds, center, [], Columns.of([], center))

    # -- members and stories -----------------------------------------------------------------------------

    @classmethod
    def rebuilt(
        cls,
        rows: Iterable[tuple[IndexedArticle, str]],
        window_days: float,
        center: NDArray[np.float64] | None = None,
    ) -> StoryIndex:
        """The index of (member, story id) rows, in any order; worked on while they come."""
        index = cls(window_days, center)
        members: list[IndexedArticle] = []
        stories: list[str] = []
        parts = [Columns.of([], center)]
        source = iter(rows)
        while piece := list(islice(source, _AT_ONCE)):
            some = [member for member, _ in piece]
            members += some
            stories += [story for _, story in piece]
            parts.append(Columns.of(some, center))
        # Stable: of two with one number the first to come.
        order = np.argsort([member.seq for member in members], kind="stable")
        ordered = [members[place] for place in order.tolist()]
        homes = [index._join(members[place], stories[place]) for place in order.tolist()]
        index._fill(ordered, homes, Columns.joined(parts, order))
        return index

    def __len__(self) -> int:
        return len(self._slot_of)

    def __contains__(self, article: str) -> bool:
        return article in self._slot_of

    def stories(self) -> Iterator[StoryProfile]:
        """All stories, oldest founding member first."""
        return iter(sorted(self._profiles.values(), key=lambda p: (p.first_seq, p.story)))

    def profile(self, story: str) -> StoryProfile:
        """A story.

        Raises:
            KeyError: It has no members here.
        """
        return self._profiles[story]

    def has_story(self, story: str) -> bool:
        """Whether a story has members here."""
        return story in self._profiles

    def story_of(self, article: str) -> str | None:
        """The story an article is in, or None."""
        slot = self._slot_of.get(article)
        home = None if slot is None else self._homes[slot]
        return None if home is None else home.story

    @property
    def newest(self) -> int:
        """The highest ingest sequence number of the members, or above it where some were taken out."""
        return self._slots.newest

    def member(self, article: str) -> IndexedArticle:
        """An article's features, decoded.

        Raises:
            KeyError: The article is not here.
        """
        return self._slots.members[self._slot_of[article]].full()

    def add(self, member: IndexedArticle, story: str) -> None:
        """Puts a member into a story, which begins to exist with its first.

        Raises:
            ValueError: The article is here already.
        """
        self.enter([member])
        self.settle(member.article, story)

    def enter(self, members: Sequence[IndexedArticle]) -> None:
        """Takes members in that have no stories yet; each is to be settled, in this order.

        Args:
            members: In ingest sequence and, if several, newer than what is here.

        Raises:
            ValueError: One of the articles is here already, or they are out of sequence.
        """
        sequence = [self.newest, *(member.seq for member in members)] if len(members) > 1 else []
        if sequence != sorted(sequence):
            raise ValueError("several articles at once must come in ingest sequence")
        slots = {member.article: slot for slot, member in enumerate(members, len(self._slots))}
        known = [article for article in slots if article in self._slot_of]
        if known or len(slots) < len(members):
            raise ValueError(f"articles are in the index already: {', '.join(known) or 'one comes twice'}")
        self._slot_of |= slots
        self._slots.append([member.lean() for member in members])
        self._homes += [None] * len(members)
        self._without_story += len(members)

    def settle(self, article: str, story: str) -> None:
        """Gives a member that has entered its story."""
        slot = self._slot_of[article]
        self._homes[slot] = self._join(self._slots.members[slot], story)
        self._without_story -= 1

    def remove(self, article: str) -> IndexedArticle:
        """Takes a member out; a story ends with its last.

        Raises:
            KeyError: The article is not here.
        """
        slot = self._slot_of.pop(article)
        self._slots.drop(slot)
        member = self._slots.members[slot]
        self._leave(slot)
        if len(self._slots) > 2 * len(self._slot_of) + _DEAD_SLOTS:
            self._compact()
        return member

    def move(self, article: str, story: str) -> None:
        """Puts a member into another story.

        Raises:
            KeyError: The article is not here.
        """
        slot = self._slot_of[article]
        self._leave(slot)
        self._homes[slot] = self._join(self._slots.members[slot], story)

    def _join(self, member: IndexedArticle, story: str) -> StoryProfile:
        profile = self._profiles.get(story)
        if profile is None:
            profile = self._profiles[story] = StoryProfile(story)
        profile.add(member)
        return profile

    def _leave(self, slot: int) -> None:
        profile, self._homes[slot] = self._homes[slot], None
        if profile is None:
            return
        profile.remove(self._slots.members[slot].article)
        if not profile.members:
            del self._profiles[profile.story]

    def _compact(self) -> None:
        """Makes the slots anew: in ingest sequence, without those of members taken out."""
        members = self._slots.members
        kept = sorted(self._slot_of.values(), key=lambda slot: members[slot].seq)
        ordered = [members[slot] for slot in kept]
        pieces = [ordered[start : start + _AT_ONCE] for start in range(0, len(ordered), _AT_ONCE)]
        parts = [Columns.of(piece, self._center) for piece in [[], *pieces]]
        columns = Columns.joined(parts, np.arange(len(ordered)))
        self._fill(ordered, [self._homes[slot] for slot in kept], columns)

    def _fill(
        self, members: list[IndexedArticle], homes: Sequence[StoryProfile | None], columns: Columns
    ) -> None:
        """Makes the slots of members with their stories, in ingest sequence."""
        self._slot_of = {member.article: slot for slot, member in enumerate(members)}
        if len(self._slot_of) != len(members):
            raise ValueError("an article is in two stories")
        self._homes = list(homes)
        self._slots = CandidateLookup(self._window_seconds, self._center, members, columns)

    # -- candidates --------------------------------------------------------------------------------------

    def find(self, members: Sequence[IndexedArticle]) -> list[Found]:
        """The members that are like each of some articles; `candidates` says what stories these are in now.

        Args:
            members: May be in the index themselves. One without a story sees no others that came after it.
        """
        if not self._slots.in_order:
            self._compact()
        # Several without a story are the last; one alone may have come late.
        settled = len(self._slots) - (self._without_story if self._without_story > 1 else 0)
        asked: list[Asked] = []
        for member in members:
            own = self._slot_of.get(member.article, -1)
            asked.append(Asked(member, own, max(own, settled)))
        return self._slots.find(asked)

    def candidates(self, found: Found) -> list[StoryProfile]:
        """The stories worth weighing for an article: by shared heavy words, and by nearness of vectors.

        Returns:
            At most `LEXICAL_STORIES` + `DENSE_STORIES` stories, each once.
        """
        stories = self._stories(found.words, LEXICAL_STORIES) + self._stories(found.vectors, DENSE_STORIES)
        return list(dict.fromkeys(stories))

    def _stories(self, ranking: Ranking, limit: int) -> list[StoryProfile]:
        """The stories of the best members, best first."""
        homes = self._homes
        found = dict.fromkeys([homes[slot] for slot in ranking.best.tolist()])
        rest = ranking.rest()
        # One of them may be None: no story yet. More is put in order only where it is needed.
        while len(found) <= limit and (slots := next(rest, None)) is not None:
            found.update(dict.fromkeys([homes[slot] for slot in slots]))
        return [home for home in found if home is not None][:limit]
