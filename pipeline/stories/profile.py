"""What a story looks like as a whole: sums of its members' vectors, kept as a fold over ingest sequence."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.traits import Member, Sparse


class SparseSum:
    """The sum of unit vectors with its squared length, brought forward one vector at a time.

    Attributes:
        count: How many vectors were added.
        squared: The squared length of the sum.
        weights: The sum, weight by term id.
    """

    __slots__ = ("count", "squared", "weights")

    def __init__(self) -> None:
        self.count = 0
        self.squared = 0.0
        self.weights: dict[int, float] = {}

    def add(self, vector: Sparse) -> None:
        """Adds one vector: |s + v|² = |s|² + 2 s·v + |v|²."""
        weights = self.weights
        inner = own = 0.0
        for term, weight in vector.items:
            before = weights.get(term, 0.0)
            inner += before * weight
            own += weight * weight
            weights[term] = before + weight
        self.squared += 2.0 * inner + own
        self.count += 1

    def dot(self, vector: Sparse) -> float:
        """The inner product with a vector, summed in order of its ids."""
        weights = self.weights
        total = 0.0
        for term, weight in vector.items:
            other = weights.get(term)
            if other is not None:
                total += weight * other
        return total


class Profile:
    """A story as the scorer sees it. The same members always give the same bits, whatever the way there.

    Attributes:
        story: The story's id.
        members: In ingest sequence.
        body: Sum of the body vectors, by language.
        pairs: Sum of the pair vectors, by language.
        dense: Sum of the dense vectors (float64, shape [d]), None while no member has one.
        dense_squared: Its squared length.
        dense_count: How many members have a dense vector.
        outlets: How many members each outlet has.
        forms: For each outlet and title form, the exact titles.
    """

    def __init__(self, story: str) -> None:
        self.story = story
        self.members: list[Member] = []
        self._articles: set[str] = set()
        self._clear()

    def _clear(self) -> None:
        self.body: dict[str, SparseSum] = {}
        self.pairs: dict[str, SparseSum] = {}
        self.dense: NDArray[np.float64] | None = None
        self.dense_squared = 0.0
        self.dense_count = 0
        self.outlets: Counter[str] = Counter()
        self.forms: dict[tuple[str, int], Counter[int]] = {}

    @classmethod
    def of(cls, story: str, members: Iterable[Member]) -> Profile:
        """The profile of given members."""
        profile = cls(story)
        for member in sorted(members, key=lambda m: m.seq):
            profile.add(member)
        return profile

    @property
    def size(self) -> int:
        """How many members it has."""
        return len(self.members)

    @property
    def first_seq(self) -> int:
        """The ingest sequence number of the oldest member."""
        return self.members[0].seq

    def add(self, member: Member) -> None:
        """Takes a member in; one that is older than the newest makes the sums anew, in sequence."""
        self._articles.add(member.article)
        if not self.members or member.seq > self.members[-1].seq:
            self.members.append(member)
            self._fold(member)
        else:
            insort(self.members, member, key=lambda m: m.seq)
            self._refold()

    def remove(self, article: str) -> Member:
        """Takes a member out and makes the sums anew, so that no rounding of it stays behind.

        Raises:
            KeyError: The article is not a member.
        """
        for position, member in enumerate(self.members):
            if member.article == article:
                del self.members[position]
                self._articles.discard(article)
                self._refold()
                return member
        raise KeyError(article)

    def holds(self, article: str) -> bool:
        """Whether an article is a member."""
        return article in self._articles

    def _refold(self) -> None:
        self._clear()
        for member in self.members:
            self._fold(member)

    def _fold(self, member: Member) -> None:
        traits = member.traits
        self.body.setdefault(traits.language, SparseSum()).add(traits.body)
        self.pairs.setdefault(traits.language, SparseSum()).add(traits.pairs)
        if traits.outlet:
            self.outlets[traits.outlet] += 1
            self.forms.setdefault((traits.outlet, traits.title_form), Counter())[traits.title_exact] += 1
        if len(traits.dense):
            vector = traits.dense.astype(np.float64)
            self.dense = vector if self.dense is None else self.dense + vector
            self.dense_squared = float(self.dense @ self.dense)
            self.dense_count += 1
