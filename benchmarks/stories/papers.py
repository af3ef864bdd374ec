"""Invented news that can be read: frequent and rare English words in random order, names, and events.

Words follow Zipf's law over the English word list of wordfreq. An event has forty words and four persons of
its own, of which each of its articles has some; how many articles it has follows a power law (`invented`),
and they come within some thousands of others. So models and grouping have what news has, but for sense.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

import numpy as np
import wordfreq
from numpy.typing import NDArray

from benchmarks.stories.invented import EXPONENT, LARGEST
from pipeline.stories.features.outlet_boilerplate import line_digest
from pipeline.stories.features.packed import Features, Name, Sparse
from pipeline.stories.features.tokens import pair_id, term_id
from pipeline.stories.features.years import around

_LISTED: Final = 60_000
_OUTLETS: Final = 300
_EVENT_WORDS: Final = 40
_PERSONS: Final = 4
_RARE: Final = 800  # an event's own words are not among this many most frequent ones
_TITLE_WORDS, _BODY_WORDS = 8, (150, 350)
_SENTENCE_WORDS: Final = (8, 26)
_OWN_SHARE: Final = 0.15
_PERSON_EVERY: Final = 30
# How many other articles come, on average, before the next one of an event.
_APART: Final = 4_000.0
_LEAD_WORDS: Final = 60
_PRIOR_WORDS: Final = 200.0


@dataclass(frozen=True, slots=True)
class Paper:
    """An article as it is printed.

    Attributes:
        words: The places of its words in the list, the title's first.
        persons: Whom it names.
    """

    number: int
    title: str
    text: str
    words: NDArray[np.int64]
    persons: tuple[str, ...]

    @property
    def outlet(self) -> str:
        """Who prints it."""
        return f"Outlet {self.number % _OUTLETS}"

    @property
    def url(self) -> str:
        """Where it stands."""
        return f"https://outlet{self.number % _OUTLETS}.example/{self.number}"


class Papers:
    """Makes articles by their number; the same number is the same article."""

    def __init__(self) -> None:
        self._words = [w for w in wordfreq.top_n_list("en", _LISTED) if w.isalpha() and len(w) > 1]
        share = 1.0 / np.arange(1, len(self._words) + 1)
        self._cumulative = np.cumsum(share / share.sum())
        self._cumulative[-1] = 1.0
        frequency = np.diff(self._cumulative, prepend=0.0)
        self._idf = -np.log(-np.expm1(-_PRIOR_WORDS * frequency) + 1e-6) + 0.01
        self._ids = np.array([term_id(word) for word in self._words], dtype=np.uint32)
        self._own = lru_cache(maxsize=1 << 14)(self._made_own)

    def paper(self, number: int, event: int) -> Paper:
        """One article."""
        random = np.random.default_rng((1, number))
        own, persons = self._own(event)
        length = int(random.integers(*_BODY_WORDS)) + _TITLE_WORDS
        words = np.searchsorted(self._cumulative, random.random(length))
        is_own = random.random(length) < _OWN_SHARE
        is_own[:_TITLE_WORDS:2] = True
        words[is_own] = own[(random.random(int(is_own.sum())) ** 2 * len(own)).astype(np.int64)]
        spelled = [self._words[place] for place in words.tolist()]
        named = random.integers(0, _PERSONS, length // _PERSON_EVERY).tolist()
        for place, person in enumerate(named):
            spelled[place * _PERSON_EVERY + _TITLE_WORDS // 2] += f" {persons[person]}"
        title = " ".join(spelled[:_TITLE_WORDS])
        sentences, at = [], _TITLE_WORDS
        for size in random.integers(*_SENTENCE_WORDS, length).tolist():
            sentence = " ".join(spelled[at : at + size])
            sentences.append(f"{sentence[:1].upper()}{sentence[1:]}.")
            at += size
            if at >= length:
                break
        named_persons = tuple(dict.fromkeys(persons[person] for person in named))
        return Paper(number, title[:1].upper() + title[1:], " ".join(sentences), words, named_persons)

    def traits(self, paper: Paper, published: datetime, dense: NDArray[np.float16]) -> Features:
        """What a store keeps of an article, without the models: its vector is given."""
        words, counts = np.unique(paper.words, return_counts=True)
        body = _unit(self._ids[words], self._idf[words] * (1.0 + np.log(counts)))
        lead = [self._words[place] for place in paper.words[:_LEAD_WORDS].tolist()]
        pairs = np.array([pair_id(*pair) for pair in itertools.pairwise(lead)], dtype=np.uint32)
        weights = self._idf[paper.words[: len(pairs)]] + self._idf[paper.words[1 : len(pairs) + 1]]
        seconds = published.timestamp()
        return Features(
            time=seconds,
            fetched=seconds,
            language="en",
            outlet=paper.outlet,
            title=paper.title,
            lead=paper.text.partition(".")[0],
            title_form=line_digest(paper.title),
            title_exact=line_digest(paper.title),
            years=around(published),
            body=body,
            pairs=_unit(pairs, weights),
            dense=dense,
            names=tuple(Name(f"person:{p.lower()}", p, "person", 0.5) for p in paper.persons),
            numbers=(),
            signature=np.random.default_rng(paper.number).integers(0, 1 << 32, 64, dtype=np.uint32),
        )

    def _made_own(self, event: int) -> tuple[NDArray[np.int64], tuple[str, ...]]:
        """The words and persons of an event."""
        random = np.random.default_rng((2, event))
        places = np.exp(random.uniform(math.log(_RARE), math.log(len(self._words)), _EVENT_WORDS))
        names = random.integers(_RARE, len(self._words), 2 * _PERSONS).tolist()
        spelled = [self._words[place].capitalize() for place in names]
        persons = tuple(f"{first} {last}" for first, last in zip(spelled[::2], spelled[1::2], strict=True))
        return places.astype(np.int64), persons


def events() -> Iterator[int]:
    """The event of each article, in the order in which they come."""
    random = np.random.default_rng(3)
    sizes = np.cumsum(np.arange(1, LARGEST + 1) ** -EXPONENT)
    due: list[tuple[float, int]] = []
    new = 0
    for number in itertools.count():
        if due and due[0][0] <= number:
            yield heapq.heappop(due)[1]
            continue
        more = int(np.searchsorted(sizes, random.random() * sizes[-1]))
        times = number + np.cumsum(random.exponential(_APART, more) / math.sqrt(more + 1))
        for time in times.tolist():
            heapq.heappush(due, (time, new))
        yield new
        new += 1


def _unit(ids: NDArray[np.uint32], weights: NDArray[np.float64]) -> Sparse:
    terms, places = np.unique(ids, return_index=True)
    kept = weights[places]
    return Sparse(terms, (kept / np.linalg.norm(kept)).astype(np.float16))
