"""Which article is in which slot and story. Kept stories are read when first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.features.packed import IndexedArticle
from pipeline.stories.index.frozen import Digests, Frozen, Whole, extended
from pipeline.stories.index.story_profile import StoryProfile

# The story number of a slot that is in no story.
_NOWHERE: Final = -1
_ROOM: Final = 1024


class Placement:
    """Articles, slots and stories.

    Args:
        frozen: What was kept; it has the first slots.
    """

    def __init__(self, frozen: Frozen | None = None) -> None:
        self._frozen = frozen or Frozen.nothing()
        self._kept = len(self._frozen)
        # The slots of articles that are not kept; and the kept slots whose articles were taken out.
        self._slot_of: dict[str, int] = {}
        self._gone: set[int] = set()
        # By slot after the kept ones; None for articles that have no story (yet).
        self._homes: list[StoryProfile | None] = []
        # The stories of kept slots that are not in the kept story any more.
        self._moved: dict[int, StoryProfile | None] = {}
        self._profiles: dict[str, StoryProfile] = {}
        self._kept_profiles: dict[int, StoryProfile] = {}
        # By number, which stories are seen after `show`; later ones all are. Empty where all are.
        self._seen: NDArray[np.bool_] = np.zeros(0, np.bool_)
        # Kept stories that may be let go, with their number of members when they were read, the last used
        # last; and how many members these have in all.
        self._lent: dict[int, int] = {}
        self._read = 0
        # Kept stories that have no members any more.
        self._ended: set[str] = set()
        # The story numbers by slot, the same as `_homes` and `_moved` say, as arrays to look at many
        # together.
        self._next = self._frozen.stories
        self._numbers: NDArray[np.int32] = np.full(_ROOM, _NOWHERE, np.int32)
        self._kept_numbers = self._frozen.arrays.homes

    def __len__(self) -> int:
        return len(self._slot_of) + self._kept - len(self._gone)

    # -- articles ----------------------------------------------------------------------------------------

    def slot(self, article: str) -> int | None:
        """The slot of an article; None where it is not here."""
        found = self._slot_of.get(article)
        if found is None and self._kept:
            found = self._frozen.slot_of(article)
            found = None if found in self._gone else found
        return (
            None if found is not None and len(self._seen) and not self._sees(self._number(found)) else found
        )

    def enter(self, articles: Sequence[str]) -> None:
        """Puts articles into the next slots.

        Raises:
            ValueError: One of them is here already.
        """
        first = self._kept + len(self._homes)
        slots = {article: slot for slot, article in enumerate(articles, first)}
        later = [article for article in slots if article in self._slot_of]
        known = [each for each in (*later, *self._frozen.perhaps(articles)) if self.slot(each) is not None]
        if known or len(slots) < len(articles):
            raise ValueError(f"articles are in the index already: {', '.join(known) or 'one comes twice'}")
        self._slot_of |= slots
        self._homes += [None] * len(articles)
        if len(self._homes) > len(self._numbers):
            more = np.full(max(len(self._homes), 2 * len(self._numbers)), _NOWHERE, np.int32)
            more[: len(self._numbers)] = self._numbers
            self._numbers = more

    def take_out(self, article: str) -> int:
        """Takes an article out; returns its slot.

        Raises:
            KeyError: It is not here.
        """
        slot = self._slot_of.pop(article, None)
        if slot is None:
            slot = self.slot(article)
            if slot is None:
                raise KeyError(article)
            self._gone.add(slot)
        self._leave(slot, article)
        return slot

    def living(self) -> list[int]:
        """The slots of all articles, in no order."""
        return [*(slot for slot in range(self._kept) if slot not in self._gone), *self._slot_of.values()]

    def compacted(self, slots: Sequence[int], articles: Sequence[str]) -> Placement:
        """The same placement with other slots: the article in slots[i] moves to slot i."""
        other = Placement()
        other.enter(articles)
        other._next = self._next
        for slot, home in enumerate(self.homes(list(slots))):
            other._set(slot, home)
        other._profiles = {profile.story: profile for profile in self.profiles()}
        return other

    # -- stories -----------------------------------------------------------------------------------------

    def home(self, slot: int) -> StoryProfile | None:
        """The story that a slot is in."""
        return self.homes([slot])[0]

    def homes(self, slots: list[int]) -> list[StoryProfile | None]:
        """The stories that slots are in."""
        if not self._kept:
            later = self._homes
            return [later[slot] for slot in slots]
        return [
            self._homes[slot - self._kept] if slot >= self._kept else self._kept_home(slot) for slot in slots
        ]

    def are_in(self, stories: Sequence[StoryProfile | None], slots: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Whether slots are in one of some stories; None stands for having none."""
        numbers = np.empty(len(slots), np.int64)
        kept = slots < self._kept
        numbers[kept] = self._kept_numbers[slots[kept]]
        numbers[~kept] = self._numbers[slots[~kept] - self._kept]
        return np.isin(numbers, [_NOWHERE if story is None else story.number for story in stories])

    def put(self, slot: int, member: IndexedArticle, story: str) -> None:
        """Puts what is in a slot into a story, which begins to exist with its first member."""
        self._leave(slot, member.article)
        profile = self.profile(story)
        if profile is None:
            profile = self._profiles[story] = StoryProfile(story)
            profile.number = self._next
            self._next += 1
        profile.add(member)
        self._set(slot, profile)

    def profile(self, story: str) -> StoryProfile | None:
        """A story; None where it has no members."""
        found = self._profiles.get(story)
        if found is None and self._kept and story not in self._ended:
            number = self._frozen.number_of(story)
            if number is not None and self._sees(number) and self._frozen.slots_of(number):
                return self._kept_profile(number)
        return found if found is not None and self._sees(found.number) else None

    def show(self, slots: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Goes on as if there were only the stories of these slots; returns which slots are in others."""
        numbers = np.concatenate([self._kept_numbers, self._numbers[: len(self._homes)]])
        self._seen = np.zeros(self._next, np.bool_)
        self._seen[numbers[slots & (numbers != _NOWHERE)]] = True
        hidden: NDArray[np.bool_] = (numbers != _NOWHERE) & ~self._seen[numbers]
        return hidden

    def _sees(self, number: int) -> bool:
        return not 0 <= number < len(self._seen) or bool(self._seen[number])

    def _number(self, slot: int) -> int:
        """The number of the story that a slot is in."""
        return int(self._kept_numbers[slot] if slot < self._kept else self._numbers[slot - self._kept])

    def profiles(self) -> Iterator[StoryProfile]:
        """All stories, in no order."""
        for number in range(self._frozen.stories):
            self.profile(self._frozen.name_of(number))
        yield from [profile for profile in self._profiles.values() if self._sees(profile.number)]

    def let_go(self, members: int) -> None:
        """Forgets unchanged kept stories until at most `members` members are in memory.

        Those that were not asked for the longest go first.
        """
        for number, size in list(self._lent.items()):
            if self._read <= members:
                return
            del self._lent[number]
            self._read -= size
            profile = self._kept_profiles[number]
            if not profile.changes:
                del self._kept_profiles[number], self._profiles[profile.story]

    def _set(self, slot: int, profile: StoryProfile | None) -> None:
        number = _NOWHERE if profile is None else profile.number
        if slot < self._kept:
            if not self._moved:
                self._kept_numbers = self._kept_numbers.copy()
            self._moved[slot] = profile
            self._kept_numbers[slot] = number
        else:
            self._homes[slot - self._kept] = profile
            self._numbers[slot - self._kept] = number

    def _leave(self, slot: int, article: str) -> None:
        profile = self.home(slot)
        if profile is None:
            return
        self._set(slot, None)
        profile.remove(article)
        if not profile.members:
            del self._profiles[profile.story]
            self._ended.add(profile.story)

    def _kept_home(self, slot: int) -> StoryProfile | None:
        if slot in self._moved:
            return self._moved[slot]
        return self._kept_profile(int(self._frozen.arrays.homes[slot]))

    def _kept_profile(self, number: int) -> StoryProfile:
        """A kept story, read in whole before anything of it changes."""
        profile = self._kept_profiles.get(number)
        if profile is None:
            members = map(self._frozen.member, self._frozen.slots_of(number))
            profile = StoryProfile.of(self._frozen.name_of(number), members)
            profile.number = number
            self._profiles[profile.story] = self._kept_profiles[number] = profile
            self._lent[number] = profile.size
            self._read += profile.size
        elif number in self._lent:
            self._lent[number] = self._lent.pop(number)
        return profile

    # -- to be kept --------------------------------------------------------------------------------------

    def kept(self) -> dict[str, Whole | Digests]:
        """The arrays of `frozen.Arrays` about articles and stories: where they are, and who is in which.

        Raises:
            ValueError: An article has no story, one was taken out, or not all stories are seen.
        """
        if len(self._seen):
            raise ValueError("not all stories are seen")
        homes = [*self._moved.values(), *self._homes]
        if self._gone or len(self._slot_of) < len(self._homes):
            raise ValueError("an article was taken out")
        before, numbers, names = self._frozen.arrays, dict[str, int](), list[str]()
        for name in dict.fromkeys(self._name(profile) for profile in homes):
            number = self._frozen.number_of(name)
            if number is None:
                number = self._frozen.stories + len(names)
                names.append(name)
            numbers[name] = number
        placed = [numbers[self._name(profile)] for profile in homes]
        kept = before.homes.astype(np.int32)
        kept[list(self._moved)] = placed[: len(self._moved)]
        at = np.concatenate([kept, np.array(placed[len(self._moved) :], np.int32)])
        articles = extended(before.article_digests, before.article_slots, list(self._slot_of), self._kept)
        stories = extended(before.story_digests, before.story_numbers, names, self._frozen.stories)
        encoded = [name.encode("utf-8", "surrogatepass") for name in names]
        ends = len(before.names) + np.cumsum([len(each) for each in encoded], dtype=np.int64)
        return {
            "homes": at,
            "story_slots": np.argsort(at, kind="stable").astype(np.int32),
            "story_ends": np.cumsum(np.bincount(at, minlength=self._frozen.stories + len(names))),
            "article_digests": articles[0],
            "article_slots": articles[1],
            "names": np.concatenate([before.names, np.frombuffer(b"".join(encoded), np.uint8)]).astype(
                np.uint8
            ),
            "name_ends": np.concatenate([before.name_ends, ends]),
            "story_digests": stories[0],
            "story_numbers": stories[1],
        }

    @staticmethod
    def _name(profile: StoryProfile | None) -> str:
        if profile is None:
            raise ValueError("an article has no story")
        return profile.story
