"""A story as a whole: its members, and sums of their vectors.

Small stories keep only the lengths of their sums, because comparing with each of a few members costs no more,
and most stories are small. Sums and lengths are worked out when first needed, for many stories together.

A very large story is compared by its newest members alone, so that the size of a profile and the cost of one
more article are bounded, however long a saga runs. Which members these are depends on the set of members
alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from pipeline.stories.features.packed import IndexedArticle, Packed
from pipeline.stories.index.sums import Floats, SparseSum, Sums, summed_texts

# A story of up to this many members keeps no sums. The squared lengths of its sums are then exact too: 5² <
# 2⁵, and 5 + 48 bits fit float64.
SMALL: Final = 5
# How many of a story's members are compared, the newest: more than any story of the labelled news has. A
# story of twice as many loses only what was said long before.
COMPARED: Final = 512
# Few enough stories at once that sorting their terms stays in the processor's cache; see also `summed_texts`.
_MEASURED_AT_ONCE: Final = 64
# Stories with up to this many members in all are summed up together, which takes some megabytes.
_SUMMED_MEMBERS: Final = 1024
# An outlet writes a column if it has used the title at least this often; articles at least this many seconds
# apart are of different days.
_COLUMN: Final = 3
_OTHER_DAY: Final = 20 * 3600.0


class StoryProfile:
    """A story as the scorer sees it: a function of the set of its members.

    Attributes:
        story: The story's id.
        members: All of them, in ingest sequence.
        changes: How often a member came or went.
        number: The story's number in the index; no two stories share one.
    """

    __slots__ = ("_articles", "_lengths", "_outlets", "_sums", "changes", "members", "number", "story")

    def __init__(self, story: str) -> None:
        self.story = story
        self.number = -1
        self.members: list[IndexedArticle] = []
        self.changes = 0
        self._articles: set[str] | None = None
        self._outlets: dict[str, list[IndexedArticle]] | None = None
        self._sums: Sums | None = None
        self._lengths: dict[str | int, tuple[int, float, float]] | None = None

    @classmethod
    def of(cls, story: str, members: Iterable[IndexedArticle]) -> StoryProfile:
        """The profile of given members."""
        profile = cls(story)
        profile.members = sorted(members, key=_seq)
        return profile

    @property
    def size(self) -> int:
        """How many members it has."""
        return len(self.members)

    @property
    def first_seq(self) -> int:
        """The ingest sequence number of the oldest member."""
        return self.members[0].seq

    @property
    def compared(self) -> list[IndexedArticle]:
        """The members that articles are compared with, in ingest sequence: the newest `COMPARED`."""
        members = self.members
        return members if len(members) <= COMPARED else members[-COMPARED:]

    @property
    def sums(self) -> Sums:
        """The sums over the members that are compared; made when first asked for."""
        if self._sums is None:
            self._sums = Sums.of(self.compared)
        return self._sums

    @property
    def body(self) -> dict[str, SparseSum]:
        """Sum of the body vectors, by language."""
        return self.sums.body

    @property
    def pairs(self) -> dict[str, SparseSum]:
        """Sum of the pair vectors, by language."""
        return self.sums.pairs

    def add(self, member: IndexedArticle) -> None:
        """Adds a member."""
        position = len(self.members)
        if position and member.seq < self.members[-1].seq:
            position = bisect_left(self.members, member.seq, key=_seq)
        # How many of the oldest are not compared.
        aside = max(0, len(self.members) - COMPARED)
        leaving = self.members[aside] if len(self.members) >= COMPARED else None
        self.members.insert(position, member)
        self._changed()
        if self._articles is not None:
            self._articles.add(member.article)
        if leaving is None:
            self._compare(member, position)
        elif position > aside:
            self._compare(member, position - aside)
            self._compare_no_more(leaving, 0)

    def remove(self, article: str) -> IndexedArticle:
        """Takes a member out.

        Raises:
            KeyError: The article is not a member.
        """
        if not self.holds(article):
            raise KeyError(article)
        position = next(i for i, m in enumerate(self.members) if m.article == article)
        aside = max(0, len(self.members) - COMPARED)
        member = self.members.pop(position)
        if self._articles is not None:
            self._articles.discard(article)
        self._changed()
        if position >= aside:
            self._compare_no_more(member, position - aside)
            if aside:
                self._compare(self.members[aside - 1], 0)
        return member

    def _compare(self, member: IndexedArticle, position: int) -> None:
        """Puts a member among those that are compared."""
        if self._outlets is not None:
            self._outlets.setdefault(member.outlet, []).append(member)
        if self._sums is not None:
            self._sums.add(member, position)

    def _compare_no_more(self, member: IndexedArticle, position: int) -> None:
        """Takes the member at a position from among those that are compared."""
        if self._outlets is not None:
            self._outlets[member.outlet].remove(member)
        if self._sums is not None:
            self._sums.remove(member, position)

    def compares(self, article: str) -> bool:
        """Whether an article is one of the members that are compared."""
        if len(self.members) <= COMPARED or not self.holds(article):
            return self.holds(article)
        return any(member.article == article for member in self.compared)

    def holds(self, article: str) -> bool:
        """Whether an article is a member."""
        if len(self.members) <= SMALL:
            return any(member.article == article for member in self.members)
        if self._articles is None:
            self._articles = {member.article for member in self.members}
        return article in self._articles

    def is_column_of(self, member: IndexedArticle) -> bool:
        """Whether the article's outlet uses its title here again and again, figures aside, day by day.

        Tickers, weather and daily columns come under one title for years. Today's does not belong with
        another day's; but the same text again, at another address, does.
        """
        time, outlet = member.time, member.outlet
        if self.size < _COLUMN or not outlet or time is None:
            return False
        ours = self._of_outlet(outlet)
        if len(ours) < _COLUMN:
            return False
        form = member.title_form
        same = [each for each in ours if each.title_form == form and each.article != member.article]
        days = [each.time for each in same if each.time is not None]
        if len(same) < _COLUMN or not any(abs(day - time) >= _OTHER_DAY for day in days):
            return False
        signature = member.packed.signature
        return all(each.packed.signature != signature for each in same)

    def _of_outlet(self, outlet: str) -> list[IndexedArticle]:
        """The compared members of an outlet, in any order; large stories keep a dictionary by outlet."""
        if len(self.members) <= SMALL:
            return [member for member in self.members if member.outlet == outlet]
        if self._outlets is None:
            self._outlets = {}
            for member in self.compared:
                self._outlets.setdefault(member.outlet, []).append(member)
        return self._outlets.get(outlet, [])

    def alike(self, outlet: str, form: int, exact: int) -> int:
        """How many compared members of an outlet have a title that differs only in figures."""
        heads = [member.packed.head for member in self._of_outlet(outlet) if member.title_form == form]
        return sum(head.title_exact != exact for head in heads)

    def lengths(self, language: str) -> tuple[int, float, float]:
        """For members in a language: how many, and the squared lengths of the sums of bodies and pairs."""
        if len(self.members) == 1:
            member = self.members[0]
            if member.language != language:
                return 0, 0.0, 0.0
            head = member.packed.head
            return 1, head.body_squared, head.pairs_squared
        return self._known().get(language, (0, 0.0, 0.0))

    def dense_length(self, dimension: int) -> tuple[int, float]:
        """For the members with a dense vector of this dimension: how many, and the sum's squared length."""
        if len(self.members) == 1:
            head = self.members[0].packed.head
            return (1, head.dense_squared) if head.dense == dimension else (0, 0.0)
        count, squared, _ = self._known().get(dimension, (0, 0.0, 0.0))
        return count, squared

    def _changed(self) -> None:
        """Forgets what is no longer true."""
        self.changes += 1
        self._lengths = None
        if len(self.members) <= SMALL:
            self._sums = self._articles = self._outlets = None

    def _known(self) -> dict[str | int, tuple[int, float, float]]:
        """Counts and squared lengths, by language and by dimension."""
        if self._lengths is None:
            # Small stories keep no sums.
            self._lengths = _measured(self.sums if len(self.members) > SMALL else Sums.of(self.members))
        return self._lengths

    def unsummed(self) -> bool:
        """Whether this is a large story that is not summed up yet."""
        return self._sums is None and len(self.members) > SMALL

    def summed(self, sums: Sums) -> None:
        """Takes the sums that `sum_up` found."""
        self._sums = sums

    def unmeasured(self) -> bool:
        """Whether this is a small story of several members in one language that is not measured yet."""
        members = self.members
        if self._lengths is not None or not 1 < len(members) <= SMALL:
            return False
        return all(member.language == members[0].language for member in members)

    def measured(self, body: float, pairs: float, dense: Floats | None) -> None:
        """Takes the lengths that `measure` found."""
        self._lengths = {self.members[0].language: (len(self.members), body, pairs)}
        if dense is not None:
            self._lengths[len(dense)] = (len(self.members), float(np.sum(dense * dense)), 0.0)


def _measured(sums: Sums) -> dict[str | int, tuple[int, float, float]]:
    """Counts and squared lengths of sums, by language and by dimension."""
    found: dict[str | int, tuple[int, float, float]] = {
        language: (body.count, body.squared, sums.pairs[language].squared)
        for language, body in sums.body.items()
    }
    for dimension, (total, count) in sums.dense.items():
        found[dimension] = (count, float(np.sum(total * total)), 0.0)
    return found


def sum_up(profiles: Iterable[StoryProfile]) -> None:
    """Sums up large stories, many in one go."""
    for together in _together([p for p in dict.fromkeys(profiles) if p.unsummed()]):
        for profile, sums in zip(together, Sums.of_each([p.compared for p in together]), strict=True):
            profile.summed(sums)


def _together(profiles: list[StoryProfile]) -> Iterator[list[StoryProfile]]:
    """Groups stories up to `_SUMMED_MEMBERS` members in all; a larger one is alone."""
    some: list[StoryProfile] = []
    members = 0
    for profile in profiles:
        size = len(profile.compared)
        if some and members + size > _SUMMED_MEMBERS:
            yield some
            some, members = [], 0
        some.append(profile)
        members += size
    if some:
        yield some


def measure(profiles: Iterable[StoryProfile]) -> None:
    """Measures small stories of one language and dimension in one go; others when they are asked for."""
    todo = [(p, [m.packed for m in p.members]) for p in dict.fromkeys(profiles) if p.unmeasured()]
    todo = [(p, parts) for p, parts in todo if len({part.head.dense for part in parts}) == 1]
    for size in dict.fromkeys(parts[0].head.dense for _, parts in todo):
        alike = [(p, parts) for p, parts in todo if parts[0].head.dense == size]
        for start in range(0, len(alike), _MEASURED_AT_ONCE):
            _measure(alike[start : start + _MEASURED_AT_ONCE])


def _measure(stories: list[tuple[StoryProfile, list[Packed]]]) -> None:
    """Measures stories, given with the parts of their members; dense vectors are all of one dimension."""
    every = [part for _, parts in stories for part in parts]
    sizes = [len(parts) for _, parts in stories]
    terms, sums = summed_texts(every, np.repeat(np.arange(len(stories)), sizes))
    squared = np.bincount((terms >> np.uint64(32)).astype(np.intp), sums * sums, 2 * len(stories)).tolist()
    dense = np.frombuffer(b"".join([part.dense for part in every]), "<f2").astype(np.float64)
    firsts = np.cumsum([0, *sizes[:-1]])
    totals = np.add.reduceat(dense.reshape(len(every), -1), firsts, axis=0) if len(dense) else None
    for place, (profile, _) in enumerate(stories):
        total = None if totals is None else totals[place]
        profile.measured(squared[2 * place], squared[2 * place + 1], total)


def _seq(member: IndexedArticle) -> int:
    return member.seq
