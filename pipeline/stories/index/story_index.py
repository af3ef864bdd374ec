"""The active stories: which member is in which, and which stories are worth scoring for an article.

Everything here depends on the set of (member, story) pairs alone, not on how they came: an index that is
rebuilt from the store answers like the one that grew. It may hold more than an article's window; what is
outside is passed over before anything is counted.

Articles that are placed one after another come in together, before they have stories (`enter`), and get
them in order (`settle`). So the members similar to each of them can be looked up for all at once, because an
article sees those before it and none after it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.features.packed import IndexedArticle
from pipeline.stories.index.columns import Columns
from pipeline.stories.index.frozen import Frozen, packed_member
from pipeline.stories.index.lookup import Asked, CandidateLookup, Found, Ranking
from pipeline.stories.index.placement import Placement
from pipeline.stories.index.postings import Laid
from pipeline.stories.index.story_profile import StoryProfile

# How many candidate stories are taken: the best by heavy words, and the best by vectors. More cost more and
# are no better (docs/benchmarks.md).
LEXICAL_STORIES: Final = 8
DENSE_STORIES: Final = 6
_DAY_SECONDS: Final = 86_400.0
# How many members' stories are looked up together.
_LOOKED_AT: Final = 8
# How many members are read together.
_AT_ONCE: Final = 1024
# Kept stories in memory may have this many members in all: some 3 KiB each, and as much for sums.
_READ: Final = 40_000
# This many slots of members that were taken out never cause a compaction.
_DEAD_SLOTS: Final = 1024


class StoryIndex:
    """Members and stories, with an inverted index and binary codes of the dense vectors.

    Args:
        window_days: How far apart in time an article and a member may be for its story to be a candidate.
        center: The mean of the embedder's vectors, shape [d]: codes are the signs of vectors less this mean.
    """

    def __init__(self, window_days: float, center: NDArray[np.float64] | None = None) -> None:
        self._window_seconds = window_days * _DAY_SECONDS
        self._center = center
        self._frozen = Frozen.nothing()
        self._placement = Placement()
        self._without_story = 0
        self._former: dict[str, str] | None = None
        self._slots = CandidateLookup(self._window_seconds, center, [], Columns.of([], center))

    # -- members and stories -----------------------------------------------------------------------------

    @classmethod
    def rebuilt(
        cls,
        rows: Iterable[tuple[IndexedArticle, str]],
        window_days: float,
        center: NDArray[np.float64] | None = None,
    ) -> StoryIndex:
        """Builds an index from (member, story id) rows, in any order, while they are read."""
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
        # A stable sort: of two with the same number the first comes first.
        order = np.argsort([member.seq for member in members], kind="stable")
        ordered = [members[place] for place in order.tolist()]
        index._fill(ordered, [stories[place] for place in order.tolist()], Columns.joined(parts, order))
        return index

    @classmethod
    def kept(
        cls, frozen: Frozen, window_days: float, center: NDArray[np.float64] | None = None
    ) -> StoryIndex:
        """An index that goes on from what was kept of another with the same center."""
        index = cls(window_days, center)
        index._frozen = frozen
        index._placement = Placement(frozen)
        index._slots = CandidateLookup.kept(index._window_seconds, center, frozen)
        return index

    def freeze(self, keep: Callable[[bytes], int]) -> tuple[dict[str, NDArray[Any]], Iterator[Laid]]:
        """What is to be kept of it.

        Args:
            keep: Keeps a record and returns its place.

        Returns:
            The arrays of `frozen.Arrays` by name, without `terms` and `ends`; and the postings with their
            terms.

        Raises:
            ValueError: An article has no story yet, came late, or was taken out.
        """
        if not self._slots.in_order:
            raise ValueError("an article came late")
        placed = self._placement.kept()
        more = np.array([keep(packed_member(member)) for member in self._slots.later()], np.int64)
        records = np.concatenate([self._frozen.arrays.records, more])
        arrays = self._slots.laid_side_by_side() | placed | {"records": records}
        return arrays, self._slots.postings().laid_together()

    def __len__(self) -> int:
        return len(self._placement)

    def __contains__(self, article: str) -> bool:
        return self._placement.slot(article) is not None

    def stories(self) -> Iterator[StoryProfile]:
        """All stories, oldest founding member first."""
        return iter(sorted(self._placement.profiles(), key=lambda p: (p.first_seq, p.story)))

    def profile(self, story: str) -> StoryProfile:
        """A story.

        Raises:
            KeyError: It has no members here.
        """
        profile = self._placement.profile(story)
        if profile is None:
            raise KeyError(story)
        return profile

    def has_story(self, story: str) -> bool:
        """Whether a story has members here."""
        return self._placement.profile(story) is not None

    def story_of(self, article: str) -> str | None:
        """The story an article is in, or None."""
        slot = self._placement.slot(article)
        home = None if slot is None else self._placement.home(slot)
        return None if home is None else home.story

    @property
    def newest(self) -> int:
        """The highest ingest sequence number of the members, perhaps that of one taken out since."""
        return self._slots.newest

    def member(self, article: str) -> IndexedArticle:
        """An article's features, decoded.

        Raises:
            KeyError: The article is not here.
        """
        return self._slots.member(self._slot(article)).full()

    def add(self, member: IndexedArticle, story: str) -> None:
        """Puts a member into a story, which begins to exist with its first.

        Raises:
            ValueError: The article is here already.
        """
        self.enter([member])
        self.settle(member.article, story)

    def enter(self, members: Sequence[IndexedArticle]) -> None:
        """Adds members that have no stories yet; each must be settled, in this order.

        Args:
            members: In ingest sequence and, if there are several, newer than all members here.

        Raises:
            ValueError: One of the articles is here already, or they are out of sequence.
        """
        sequence = [self.newest, *(member.seq for member in members)] if len(members) > 1 else []
        if sequence != sorted(sequence):
            raise ValueError("several articles at once must come in ingest sequence")
        self._placement.enter([member.article for member in members])
        self._slots.append([member.lean() for member in members])
        self._without_story += len(members)

    def settle(self, article: str, story: str) -> None:
        """Puts a member that came in by `enter` into its story."""
        self.move(article, story)
        self._without_story -= 1

    def remove(self, article: str) -> IndexedArticle:
        """Takes a member out; a story ends with its last member.

        Raises:
            KeyError: The article is not here.
        """
        slot = self._placement.take_out(article)
        self._slots.drop(slot)
        member = self._slots.member(slot)
        if len(self._slots) > 2 * len(self) + _DEAD_SLOTS:
            self._compact()
        return member

    def move(self, article: str, story: str) -> None:
        """Puts a member into another story.

        Raises:
            KeyError: The article is not here.
        """
        slot = self._slot(article)
        if self._former is not None and (home := self._placement.home(slot)) is not None:
            self._former.setdefault(article, home.story)
        self._placement.put(slot, self._slots.member(slot), story)

    def note_moves(self) -> dict[str, str]:
        """Notes from now on, in the dictionary returned, the story that each moved article was in."""
        self._former = {}
        return self._former

    def only(self, start: float, end: float, dated: Callable[[Sequence[str]], Collection[str]]) -> None:
        """Goes on as if only stories with a member in a period were here; such an index cannot be kept.

        Args:
            start: The beginning of the period (seconds since 1970); members count that were published or came
                in it.
            end: Its end, included.
            dated: Given articles without a date, says which of them have got one since that is in the period.
        """
        shown, doubtful = self._slots.within(start, end)
        names = {slot: self._slots.member(slot).article for slot in doubtful.tolist()}
        there = dated(list(names.values()))
        shown[[slot for slot, name in names.items() if name in there]] = True
        self._slots.hide(self._placement.show(shown))

    def let_go(self) -> None:
        """Forgets kept stories that were read and have not changed, once there are many.

        They are read again when needed. The caller must not hold any of them.
        """
        self._placement.let_go(_READ)

    def _slot(self, article: str) -> int:
        slot = self._placement.slot(article)
        if slot is None:
            raise KeyError(article)
        return slot

    def _compact(self) -> None:
        """Rebuilds the slots in ingest sequence, without those of members taken out."""
        members = {slot: self._slots.member(slot) for slot in self._placement.living()}
        kept = sorted(members, key=lambda slot: members[slot].seq)
        ordered = [members[slot] for slot in kept]
        pieces = [ordered[start : start + _AT_ONCE] for start in range(0, len(ordered), _AT_ONCE)]
        parts = [Columns.of(piece, self._center) for piece in [[], *pieces]]
        columns = Columns.joined(parts, np.arange(len(ordered)))
        self._placement = self._placement.compacted(kept, [member.article for member in ordered])
        self._frozen = Frozen.nothing()
        self._slots = CandidateLookup(self._window_seconds, self._center, ordered, columns)

    def _fill(self, members: list[IndexedArticle], stories: Sequence[str], columns: Columns) -> None:
        """Fills the slots with members, given in ingest sequence, and puts them into their stories."""
        self._placement = Placement()
        self._placement.enter([member.article for member in members])
        for slot, (member, story) in enumerate(zip(members, stories, strict=True)):
            self._placement.put(slot, member, story)
        self._slots = CandidateLookup(self._window_seconds, self._center, members, columns)

    # -- candidates --------------------------------------------------------------------------------------

    def find(self, members: Sequence[IndexedArticle]) -> list[Found]:
        """The members similar to each of some articles; `candidates` gives the stories these are in.

        Args:
            members: The articles; they may be in the index. One without a story sees none that came after it.
        """
        if not self._slots.in_order:
            self._compact()
        # Several members without a story have the last slots; a single one may have come late.
        settled = len(self._slots) - (self._without_story if self._without_story > 1 else 0)
        asked: list[Asked] = []
        for member in members:
            slot = self._placement.slot(member.article)
            own = -1 if slot is None else slot
            asked.append(Asked(member, own, max(own, settled)))
        return self._slots.find(asked)

    def candidates(self, found: Found) -> list[StoryProfile]:
        """The stories worth scoring for an article: by shared heavy words, and by nearness of vectors.

        Returns:
            At most `LEXICAL_STORIES` + `DENSE_STORIES` stories, each once.
        """
        stories = self._stories(found.words, LEXICAL_STORIES) + self._stories(found.vectors, DENSE_STORIES)
        return list(dict.fromkeys(stories))

    def _stories(self, ranking: Ranking, limit: int) -> list[StoryProfile]:
        """The stories of the best members, best first."""
        found: dict[StoryProfile | None, None] = {}
        following: Ranking | None = ranking
        while following is not None:
            slots = following.best.tolist()
            # A few at a time, because asking for a kept story reads it. None stands for no story yet.
            start, size = 0, _LOOKED_AT
            while start < len(slots):
                before = len(found)
                found |= dict.fromkeys(self._placement.homes(slots[start : start + size]))
                if len(found) > limit:
                    return [home for home in found if home is not None][:limit]
                start, size = start + size, _LOOKED_AT if len(found) > before else 2 * size
            following = following.rest(partial(self._placement.are_in, list(found)))
        return [home for home in found if home is not None][:limit]
