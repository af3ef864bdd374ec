"""The active stories: which member is where, and which stories are worth weighing for an article.

Everything here is a function of the set of (member, story) pairs put in, not of the way there: an index that
is rebuilt from the store answers as the one that grew. It may hold more than an article's window; what is
outside is passed over before anything is counted.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.profile import Profile
from pipeline.stories.traits import Dense, Member

# Candidates: members are looked up by the heaviest terms; the best stories among them are weighed.
QUERY_TERMS: Final = 24
LEXICAL_STORIES: Final = 24
DENSE_STORIES: Final = 12
_MEMBERS_LOOKED_AT: Final = 256
_DAY_SECONDS: Final = 86_400.0

Slots = NDArray[np.int32]


class StoryIndex:
    """Members and stories in memory, with an inverted index and binary codes of the dense vectors.

    Args:
        window_days: How far apart in time an article and a member may be for its story to be a candidate.
        center: The mean of the embedder's vectors, shape [d]: codes are the signs of what differs from it.
    """

    def __init__(self, window_days: float, center: NDArray[np.float64] | None = None) -> None:
        self.window_seconds = window_days * _DAY_SECONDS
        self._center = center
        self._profiles: dict[str, Profile] = {}
        self._story_of: dict[str, str] = {}
        self._slot_of: dict[str, int] = {}
        self._members: list[Member | None] = []
        self._postings: dict[int, tuple[array[int], array[float]]] = {}
        self._allocate(1024)

    # -- members and stories -----------------------------------------------------------------------------

    @classmethod
    def rebuilt(
        cls,
        rows: Iterable[tuple[Member, str]],
        window_days: float,
        center: NDArray[np.float64] | None = None,
    ) -> StoryIndex:
        """The index of (member, story id) rows, in any order."""
        index = cls(window_days, center)
        for member, story in sorted(rows, key=lambda row: row[0].seq):
            index.add(member, story)
        return index

    def __len__(self) -> int:
        return len(self._story_of)

    def __contains__(self, article: str) -> bool:
        return article in self._story_of

    def stories(self) -> Iterator[Profile]:
        """All stories, oldest founding member first."""
        return iter(sorted(self._profiles.values(), key=lambda p: (p.first_seq, p.story)))

    def profile(self, story: str) -> Profile:
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
        return self._story_of.get(article)

    def member(self, article: str) -> Member:
        """An article's features.

        Raises:
            KeyError: The article is not here.
        """
        found = self._members[self._slot_of[article]]
        if found is None:
            raise KeyError(article)
        return found

    def add(self, member: Member, story: str) -> None:
        """Puts a member into a story, which begins to exist with its first.

        Raises:
            ValueError: The article is here already.
        """
        if member.article in self._story_of:
            raise ValueError(f"article {member.article} is in the index already")
        if story not in self._profiles:
            self._profiles[story] = Profile(story)
        self._profiles[story].add(member)
        self._story_of[member.article] = story
        self._insert(member)

    def remove(self, article: str) -> Member:
        """Takes a member out; a story ends with its last.

        Raises:
            KeyError: The article is not here.
        """
        member = self._leave(article)
        slot = self._slot_of.pop(article)
        self._alive[slot] = False
        self._members[slot] = None
        if len(self._members) > 2 * len(self._slot_of) + 1024:
            self._compact()
        return member

    def move(self, article: str, story: str) -> None:
        """Puts a member into another story.

        Raises:
            KeyError: The article is not here.
        """
        member = self._leave(article)
        if story not in self._profiles:
            self._profiles[story] = Profile(story)
        self._profiles[story].add(member)
        self._story_of[article] = story

    def _leave(self, article: str) -> Member:
        story = self._story_of.pop(article)
        profile = self._profiles[story]
        member = profile.remove(article)
        if not profile.members:
            del self._profiles[story]
        return member

    # -- slots and postings ------------------------------------------------------------------------------

    def _allocate(self, capacity: int) -> None:
        """Empty arrays for so many slots."""
        width = 0 if self._center is None else (len(self._center) + 63) // 64
        self._alive: NDArray[np.bool_] = np.zeros(capacity, dtype=np.bool_)
        self._seq: NDArray[np.int64] = np.zeros(capacity, dtype=np.int64)
        self._time: NDArray[np.float64] = np.zeros(capacity, dtype=np.float64)
        self._fetched: NDArray[np.float64] = np.zeros(capacity, dtype=np.float64)
        self._partial: NDArray[np.float64] = np.zeros(capacity, dtype=np.float64)
        self._coded: NDArray[np.bool_] = np.zeros(capacity, dtype=np.bool_)
        self._codes: NDArray[np.uint64] = np.zeros((capacity, width), dtype=np.uint64)

    def _grow(self) -> None:
        """Twice as many slots."""
        before = (self._alive, self._seq, self._time, self._fetched, self._partial, self._coded, self._codes)
        used = len(self._alive)
        self._allocate(2 * used)
        after = (self._alive, self._seq, self._time, self._fetched, self._partial, self._coded, self._codes)
        for old, new in zip(before, after, strict=True):
            new[:used] = old

    def _insert(self, member: Member) -> None:
        slot = len(self._members)
        if slot >= len(self._alive):
            self._grow()
        traits = member.traits
        self._members.append(member)
        self._slot_of[member.article] = slot
        self._alive[slot] = True
        self._seq[slot] = member.seq
        self._time[slot] = np.nan if traits.time is None else traits.time
        self._fetched[slot] = traits.fetched
        for term, weight in traits.body.items:
            posting = self._postings.get(term)
            if posting is None:
                posting = self._postings[term] = (array("i"), array("f"))
            posting[0].append(slot)
            posting[1].append(weight)
        code = self._code(traits.dense)
        if code is not None:
            self._codes[slot] = code
            self._coded[slot] = True

    def _compact(self) -> None:
        """Makes the slots anew without the dead ones."""
        members = sorted((m for m in self._members if m is not None), key=lambda m: m.seq)
        self._members = []
        self._slot_of = {}
        self._postings = {}
        self._allocate(max(1024, 2 * len(members)))
        for member in members:
            self._insert(member)

    def _code(self, dense: Dense) -> NDArray[np.uint64] | None:
        """The signs of a vector less the center, packed: shape [d/64]."""
        if self._center is None or len(dense) != len(self._center):
            return None
        bits = np.packbits(dense.astype(np.float64) > self._center)
        padded = np.zeros(self._codes.shape[1] * 8, dtype=np.uint8)
        padded[: len(bits)] = bits
        return padded.view(np.uint64)

    # -- candidates --------------------------------------------------------------------------------------

    def candidates(self, member: Member) -> list[Profile]:
        """The stories worth weighing for an article: by shared heavy words, and by nearness of vectors.

        Args:
            member: May be in the index itself; it is then passed over.

        Returns:
            At most `LEXICAL_STORIES` + `DENSE_STORIES` stories, each once.
        """
        found = dict.fromkeys(self._lexical(member))
        found.update(dict.fromkeys(self._dense(member)))
        return [self._profiles[story] for story in found]

    def _within(self, member: Member, slots: Slots) -> NDArray[np.bool_]:
        """Which slots hold other articles in the window: by publication or, where unknown, by arrival."""
        by_fetched = np.abs(self._fetched[slots] - member.traits.fetched) <= self.window_seconds
        if member.traits.time is None:
            near = by_fetched
        else:
            gap = np.abs(self._time[slots] - member.traits.time)
            near = np.where(np.isnan(gap), by_fetched, gap <= self.window_seconds)
        mask: NDArray[np.bool_] = near & self._alive[slots] & (self._seq[slots] != member.seq)
        return mask

    def _lexical(self, member: Member) -> list[str]:
        """Stories of the members with the largest partial inner product over the heaviest terms."""
        heaviest = sorted(member.traits.body.items, key=lambda item: (-item[1], item[0]))[:QUERY_TERMS]
        partial = self._partial
        touched: list[Slots] = []
        for term, weight in heaviest:
            posting = self._postings.get(term)
            if posting is not None:
                slots = np.frombuffer(posting[0], dtype=np.int32).copy()
                partial[slots] += weight * np.frombuffer(posting[1], dtype=np.float32)
                touched.append(slots)
        if not touched:
            return []
        slots = np.unique(np.concatenate(touched))
        values = partial[slots]
        partial[slots] = 0.0
        inside = self._within(member, slots)
        return self._best_stories(slots[inside], values[inside], LEXICAL_STORIES)

    def _dense(self, member: Member) -> list[str]:
        """Stories of the members with the fewest differing bits (Charikar 2002)."""
        code = self._code(member.traits.dense)
        if code is None or not self._members:
            return []
        used = len(self._members)
        differing = np.bitwise_count(self._codes[:used] ^ code).sum(axis=1, dtype=np.int64)
        slots = np.flatnonzero(self._coded[:used]).astype(np.int32)
        slots = slots[self._within(member, slots)]
        return self._best_stories(slots, -differing[slots].astype(np.float64), DENSE_STORIES)

    def _best_stories(self, slots: Slots, values: NDArray[np.float64], limit: int) -> list[str]:
        """The stories of the best slots, best first, ties by sequence; each story once."""
        looked_at = _MEMBERS_LOOKED_AT
        while True:
            chosen, sizes = slots, values
            if len(slots) > looked_at:
                least = np.partition(values, len(values) - looked_at)[len(values) - looked_at]
                chosen, sizes = slots[values >= least], values[values >= least]
            order = np.lexsort((self._seq[chosen], -sizes))
            found: dict[str, None] = {}
            for slot in chosen[order].tolist():
                member = self._members[slot]
                if member is not None:
                    found[self._story_of[member.article]] = None
                if len(found) == limit:
                    return list(found)
            if len(chosen) == len(slots):
                return list(found)
            looked_at *= 8
