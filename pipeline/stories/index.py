"""The active stories: which member is where, and which stories are worth weighing for an article.

Everything here is a function of the set of (member, story) pairs put in, not of the way there: an index that
is rebuilt from the store answers as the one that grew. It may hold more than an article's window; what is
outside is passed over before anything is counted.

Members are kept as bytes in slots, in ingest sequence. What an article is compared with at all is cut down by
rules that look at the two alone (heaviest words, first bits), or at the set within the article's window.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.postings import QUERY_TERMS, Postings, Slots, heaviest, unpacked
from pipeline.stories.profile import Floats, Profile
from pipeline.stories.traits import HEAD, Dense, Ids, Member, Weights, cut

# Candidates: members are looked up by the heaviest terms; the best stories among them are weighed.
# 16 and 12 are twice the work and no better (docs/benchmarks.md).
LEXICAL_STORIES: Final = 8
DENSE_STORIES: Final = 6
# Of each term the newest so many members within the window are looked at.
POSTINGS_READ: Final = 256
# Vectors may be near when of the first 64 signs at most so many differ (by chance: 32 ± 4), and of the first
# 128 at most so many (by chance: 64 ± 5.7).
NEAR_BITS: Final = 24
NEAR_BITS_OF_TWO: Final = 52
_MEMBERS_LOOKED_AT: Final = 256
_DAY_SECONDS: Final = 86_400.0
_ROOM: Final = 1024


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
        self._slot_of: dict[str, int] = {}
        self._clear(_ROOM)

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
        ordered = sorted(rows, key=lambda row: row[0].seq)
        groups: dict[str, list[Member]] = {}
        for member, story in ordered:
            groups.setdefault(story, []).append(member)
        index._profiles = {story: Profile.of(story, members) for story, members in groups.items()}
        index._fill([(member, index._profiles[story]) for member, story in ordered])
        return index

    def __len__(self) -> int:
        return len(self._slot_of)

    def __contains__(self, article: str) -> bool:
        return article in self._slot_of

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
        slot = self._slot_of.get(article)
        return None if slot is None else self._homes[slot].story

    def member(self, article: str) -> Member:
        """An article's features, decoded.

        Raises:
            KeyError: The article is not here.
        """
        return self._members[self._slot_of[article]].full()

    def add(self, member: Member, story: str) -> None:
        """Puts a member into a story, which begins to exist with its first.

        Raises:
            ValueError: The article is here already.
        """
        if member.article in self._slot_of:
            raise ValueError(f"article {member.article} is in the index already")
        kept = member.lean()
        self._insert(kept, self._join(kept, story))

    def remove(self, article: str) -> Member:
        """Takes a member out; a story ends with its last.

        Raises:
            KeyError: The article is not here.
        """
        slot = self._slot_of.pop(article)
        self._alive[slot] = False
        self._leave(article, self._homes[slot])
        if len(self._members) > 2 * len(self._slot_of) + _ROOM:
            self._compact()
        return self._members[slot]

    def move(self, article: str, story: str) -> None:
        """Puts a member into another story.

        Raises:
            KeyError: The article is not here.
        """
        slot = self._slot_of[article]
        self._leave(article, self._homes[slot])
        self._homes[slot] = self._join(self._members[slot], story)

    def _join(self, member: Member, story: str) -> Profile:
        profile = self._profiles.get(story)
        if profile is None:
            profile = self._profiles[story] = Profile(story)
        profile.add(member)
        return profile

    def _leave(self, article: str, profile: Profile) -> None:
        profile.remove(article)
        if not profile.members:
            del self._profiles[profile.story]

    # -- slots -------------------------------------------------------------------------------------------

    def _clear(self, room: int) -> None:
        """No slots, with room for so many."""
        width = 2 if self._center is None else max(2, (len(self._center) + 63) // 64)
        self._members: list[Member] = []
        self._homes: list[Profile] = []
        self._postings = Postings()
        self._in_order = True
        self._alive: NDArray[np.bool_] = np.zeros(room, dtype=np.bool_)
        self._coded: NDArray[np.bool_] = np.zeros(room, dtype=np.bool_)
        self._time: Floats = np.zeros(room)
        self._fetched: Floats = np.zeros(room)
        self._partial: Floats = np.zeros(room)
        self._place: NDArray[np.int32] = np.zeros(room, dtype=np.int32)
        self._first_bits: NDArray[np.uint64] = np.zeros(room, dtype=np.uint64)
        self._other_bits: NDArray[np.uint64] = np.zeros((room, width - 1), dtype=np.uint64)

    def _grow(self) -> None:
        """Half as many slots again."""
        more = len(self._alive) // 2
        for name in (
            "_alive",
            "_coded",
            "_time",
            "_fetched",
            "_partial",
            "_place",
            "_first_bits",
            "_other_bits",
        ):
            before = getattr(self, name)
            setattr(self, name, np.concatenate([before, np.zeros((more, *before.shape[1:]), before.dtype)]))

    def _insert(self, member: Member, home: Profile) -> None:
        slot = len(self._members)
        if slot >= len(self._alive):
            self._grow()
        if self._members and member.seq < self._members[-1].seq:
            self._in_order = False
        self._members.append(member)
        self._homes.append(home)
        self._slot_of[member.article] = slot
        self._alive[slot] = True
        self._time[slot] = np.nan if member.time is None else member.time
        self._fetched[slot] = member.fetched
        ids, _, _, weights, _, dense = cut(member.data)
        self._postings.add(slot, np.frombuffer(ids, "<u4"), np.frombuffer(weights, "<f2"))
        self._take_codes([slot], [dense])

    def _compact(self) -> None:
        """Makes the slots anew: in ingest sequence, without the dead ones."""
        kept = sorted(self._slot_of.values(), key=lambda slot: self._members[slot].seq)
        self._fill([(self._members[slot], self._homes[slot]) for slot in kept])

    def _fill(self, pairs: list[tuple[Member, Profile]]) -> None:
        """Makes the slots of members with their stories, in ingest sequence, many at a time."""
        self._clear(max(_ROOM, len(pairs) * 5 // 4))
        self._members = [member for member, _ in pairs]
        self._homes = [home for _, home in pairs]
        self._slot_of = {member.article: slot for slot, member in enumerate(self._members)}
        if len(self._slot_of) != len(pairs):
            raise ValueError("an article is in two stories")
        self._alive[: len(pairs)] = True
        starts = range(0, len(pairs), _ROOM)
        self._postings = Postings((self._taken(start) for start in starts), len(pairs))

    def _taken(self, start: int) -> tuple[Ids, Weights, Slots]:
        """Fills `_ROOM` slots, all but the postings; returns the bodies for these."""
        members = self._members[start : start + _ROOM]
        slots = slice(start, start + len(members))
        heads = np.frombuffer(b"".join(member.data[: HEAD.itemsize] for member in members), HEAD)
        self._time[slots], self._fetched[slots] = heads["time"], heads["fetched"]
        cuts = [cut(member.data) for member in members]
        self._take_codes(list(range(start, slots.stop)), [each[5] for each in cuts])
        ids, weights = (b"".join(each[part] for each in cuts) for part in (0, 3))
        return np.frombuffer(ids, "<u4"), np.frombuffer(weights, "<f2"), heads["counts"][:, 0].astype(np.intp)

    def _take_codes(self, slots: list[int], dense: list[bytes]) -> None:
        """Enters the codes of the vectors that can be compared."""
        if self._center is None:
            return
        size = 2 * len(self._center)
        coded = [slot for slot, vector in zip(slots, dense, strict=True) if len(vector) == size]
        joined = b"".join(vector for vector in dense if len(vector) == size)
        codes = self._codes(np.frombuffer(joined, "<f2").reshape(len(coded), len(self._center)), self._center)
        self._first_bits[coded], self._other_bits[coded] = codes[:, 0], codes[:, 1:]
        self._coded[coded] = True

    def _codes(self, dense: Dense, center: NDArray[np.float64]) -> NDArray[np.uint64]:
        """The signs of vectors less the center, packed: shapes [n, d] and [n, d/64]."""
        bits = np.packbits(dense > center, axis=1)
        padded = np.zeros((len(dense), 8 * (1 + self._other_bits.shape[1])), dtype=np.uint8)
        padded[:, : bits.shape[1]] = bits
        return padded.view(np.uint64)

    # -- candidates --------------------------------------------------------------------------------------

    def candidates(self, member: Member) -> list[Profile]:
        """The stories worth weighing for an article: by shared heavy words, and by nearness of vectors.

        Args:
            member: May be in the index itself; it is then passed over.

        Returns:
            At most `LEXICAL_STORIES` + `DENSE_STORIES` stories, each once.
        """
        if not self._in_order:
            self._compact()
        found = dict.fromkeys(self._lexical(member))
        found.update(dict.fromkeys(self._dense(member)))
        return list(found)

    def _within(self, member: Member, slots: Slots) -> NDArray[np.bool_]:
        """Which slots hold other articles in the window: by publication or, where unknown, by arrival."""
        near = np.abs(self._fetched[slots] - member.fetched) <= self.window_seconds
        if member.time is not None:
            gap = np.abs(self._time[slots] - member.time)
            near = np.where(np.isnan(gap), near, gap <= self.window_seconds)
        near &= self._alive[slots]
        own = self._slot_of.get(member.article)
        if own is not None:
            near &= slots != own
        return near

    def _lexical(self, member: Member) -> list[Profile]:
        """Stories of the members with the largest partial inner product over the heaviest terms."""
        body = member.traits.body
        terms, weights = heaviest(body.ids, body.weights, QUERY_TERMS)
        slots, products = self._read(member, terms, weights.astype(np.float64))
        np.add.at(self._partial, slots, products)
        # Each slot once: the place written last stays.
        places = np.arange(len(slots), dtype=np.int32)
        self._place[slots] = places
        values = self._partial[slots]
        self._partial[slots] = 0.0
        once = self._place[slots] == places
        return self._best_stories(slots[once], values[once], LEXICAL_STORIES)

    def _read(self, member: Member, terms: list[int], weights: Floats) -> tuple[Slots, Floats]:
        """The slots to look at, with what each term adds: of each term the newest within the window."""
        lengths, postings = self._postings.newest(terms, POSTINGS_READ)
        slots, values = unpacked(postings)
        inside = self._within(member, slots)
        number = np.repeat(np.arange(len(terms)), lengths)
        counts = np.bincount(number[inside], minlength=len(terms))
        again = [i for i in np.flatnonzero(counts < POSTINGS_READ) if lengths[i] == POSTINGS_READ]
        if not again:
            return slots[inside], values[inside] * weights[number[inside]]
        inside &= ~np.isin(number, again)
        found, added = [slots[inside]], [values[inside] * weights[number[inside]]]
        for i in again:
            slots, values = unpacked(self._postings.newest([terms[i]], None)[1])
            last = np.flatnonzero(self._within(member, slots))[-POSTINGS_READ:]
            found.append(slots[last])
            added.append(values[last] * weights[i])
        return np.concatenate(found), np.concatenate(added)

    def _dense(self, member: Member) -> list[Profile]:
        """Stories of the members with the fewest differing bits (Charikar 2002)."""
        dense = member.traits.dense
        if self._center is None or len(dense) != len(self._center) or not self._members:
            return []
        code = self._codes(dense[np.newaxis], self._center)[0]
        first = np.bitwise_count(self._first_bits[: len(self._members)] ^ code[0])
        slots = np.flatnonzero(first <= NEAR_BITS)
        second = np.bitwise_count(self._other_bits[slots, 0] ^ code[1])
        slots = slots[first[slots] + second <= NEAR_BITS_OF_TWO]
        slots = slots[self._within(member, slots) & self._coded[slots]]
        others = np.bitwise_count(self._other_bits[slots] ^ code[1:]).sum(axis=1, dtype=np.int64)
        return self._best_stories(slots, -(first[slots] + others).astype(np.float64), DENSE_STORIES)

    def _best_stories(self, slots: Slots, values: Floats, limit: int) -> list[Profile]:
        """The stories of the best slots, best first, ties by sequence; each story once."""
        looked_at = _MEMBERS_LOOKED_AT
        while True:
            chosen, sizes = slots, values
            if len(slots) > looked_at:
                least = np.partition(values, len(values) - looked_at)[len(values) - looked_at]
                chosen, sizes = slots[values >= least], values[values >= least]
            found: dict[Profile, None] = {}
            for slot in chosen[np.lexsort((chosen, -sizes))].tolist():
                found[self._homes[slot]] = None
                if len(found) == limit:
                    return list(found)
            if len(chosen) == len(slots):
                return list(found)
            looked_at *= 8
