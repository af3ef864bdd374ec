"""Ties each new story to the situation it belongs to: a fold over articles in ingest sequence.

An article that founds a story is compared with all situations so far, however long ago they were. While the
story is alone it is tried again with its next articles. An article's features are frozen, and what is known
of situations is kept as learned state, so batches and restarts make no difference to the outcome. No article
changes its story because of a situation.

A situation's score for an article is the cosine of their words and pairs of words, each weighted by how rare
it is *among situations*: a word of many affairs ("police", "killed") ties nothing, and a word that one affair
repeats in a hundred stories stays rare. A share of the cosine of their vectors is added, and a loss that
grows with the distance in time is taken off.
"""

from __future__ import annotations

import math
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.records import Tie
from pipeline.stories.features.packed import IndexedArticle
from pipeline.stories.situations import shared_words
from pipeline.stories.situations.situation_profile import (
    SituationProfile,
    Traits,
    pack,
    read_traits,
    summed,
    unpack,
)
from pipeline.stories.situations.term_postings import TermPostings

# Found on labelled news: docs/research/2026-11-29-situations.md.
THRESHOLD: Final = 0.25
THRESHOLD_WITHOUT_VECTORS: Final = 0.16
VECTOR_SHARE: Final = 0.3
# The loss for g weeks between an article and the situation's latest is TIME_LOSS · log(1 + g).
TIME_LOSS: Final = 0.02
# A story that is alone is compared with its first articles, up to this many.
TRIED: Final = 4
# Rarity counts this many more situations, without the term, so that it holds from the first one on.
_PRIOR: Final = 200
# Candidates share one of an article's heaviest terms (_ASKED_TERMS of them) that at most _COMMON situations
# have; the best _WEIGHED candidates are scored.
_ASKED_TERMS: Final = 24
_COMMON: Final = 200
_WEIGHED: Final = 12
# How many single stories, and how many situations of several stories, are remembered: the latest.
ALONE_KEPT: Final = 12_000
TIED_KEPT: Final = 4_000
# A piece of learned state holds the situations of this many consecutive serials.
_PIECE: Final = 64
_HEADER: Final = "situations"
_WEEK_SECONDS: Final = 7 * 86_400.0

Floats = NDArray[np.float64]
Read = Callable[[Sequence[str]], Mapping[str, bytes]]


class Tied(NamedTuple):
    """How a story was tied; `joined` is the story that began the situation, if it was alone, else ""."""

    tie: Tie
    joined: str


@dataclass(frozen=True, slots=True)
class _Best:
    """The situation that fits best: its serial, its score, and what each shared term gave."""

    serial: int
    score: float
    shared: dict[int, float]


class SituationIndex:
    """What is known of situations.

    Args:
        read: Gives pieces of learned state by key; first called when it is needed.
        center: The mean of the embedder's vectors, shape [d]; None where there is no embedder.
    """

    def __init__(self, read: Read, center: NDArray[np.float64] | None) -> None:
        self._read = read
        self._center = center
        self._threshold = THRESHOLD_WITHOUT_VECTORS if center is None else THRESHOLD
        # By id; those that are alone, and those of several stories, each from the one changed longest ago.
        self._alone: OrderedDict[str, SituationProfile] = OrderedDict()
        self._several: OrderedDict[str, SituationProfile] = OrderedDict()
        self._names: dict[int, str] = {}
        self._next = 0
        self._pieces: dict[int, set[int]] = defaultdict(set)
        self._changed: set[int] = set()
        self._terms: TermPostings | None = None

    # -- tying -------------------------------------------------------------------------------------------

    def place(self, member: IndexedArticle, story: str, *, founded: bool) -> Tied | None:
        """Finds whether an article ties its story to a situation.

        Args:
            member: The newest article, which has just been placed in a story.
            story: Its story.
            founded: Whether it founded the story.

        Returns:
            How the article ties its story; None where it does not, or where the story was tied already.
        """
        terms = self._loaded()
        own = self._alone.get(story)
        if story in self._several or (own.tried >= TRIED if own is not None else not founded):
            return None
        traits = read_traits(member, self._center)
        if not len(traits.ids):
            return None
        best = self._best(traits, terms, but=own)
        if best is None or best.score < self._threshold:
            if own is None:
                self._put(SituationProfile(story, 0, 1, 1, traits, 1.0, 0.0))
            else:
                # It keeps its serial: being compared does not make it newer.
                self._replace(own, replace(own, tried=own.tried + 1))
            return None
        if own is not None:
            self._take_out(own)
        into = self._profile(best.serial)
        self._take_out(into)
        more, length = summed(into, traits)
        self._put(replace(into, stories=into.stories + 1, traits=more, length=length))
        evidence = shared_words.told(member, best.shared)
        tie = Tie(into.id, best.score, self._threshold, evidence, seq=member.seq)
        return Tied(tie, into.id if into.stories == 1 else "")

    def _best(self, traits: Traits, terms: TermPostings, but: SituationProfile | None) -> _Best | None:
        ids = traits.ids
        counts = terms.counts(ids)
        rarity = np.log((_PRIOR + len(terms) + 1) / (counts + 1.0))
        weighed = traits.weights.astype(np.float64) * rarity
        length = math.sqrt(float(np.sum(weighed * weighed)))
        order = np.lexsort((ids, -weighed))[:_ASKED_TERMS]
        found: dict[int, float] = defaultdict(float)
        for place in order.tolist():
            if 0 < counts[place] <= _COMMON:
                weight = float(weighed[place])
                for serial in terms.having(int(ids[place])):
                    found[serial] += weight
        if but is not None:
            found.pop(but.serial, None)
        best: _Best | None = None
        for serial, _ in sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_WEIGHED]:
            score, shared = self._score(traits, weighed / length, rarity, self._profile(serial))
            if best is None or score > best.score:
                best = _Best(serial, score, shared)
        return best

    def _score(
        self, traits: Traits, weighed: Floats, rarity: Floats, profile: SituationProfile
    ) -> tuple[float, dict[int, float]]:
        """The score, and what each shared term added to it."""
        theirs = profile.traits
        common, mine, place = np.intersect1d(traits.ids, theirs.ids, assume_unique=True, return_indices=True)
        parts = (
            weighed[mine] * theirs.weights[place].astype(np.float64) * rarity[mine] / (profile.norm or 1.0)
        )
        score = float(np.sum(parts))
        if len(traits.vector) and len(traits.vector) == len(theirs.vector):
            inner = int(traits.vector.astype(np.int32) @ theirs.vector.astype(np.int32))
            score += VECTOR_SHARE * inner / (127.0 * 127.0)
        gap = abs(traits.time - theirs.time)
        if gap > 0:  # False too where a time is unknown: the gap is then NaN
            score -= TIME_LOSS * math.log1p(gap / _WEEK_SECONDS)
        return round(score, 6), dict(zip(common.tolist(), parts.tolist(), strict=True))

    def make_anew(self, situation: str, members: Sequence[IndexedArticle], tried: int = TRIED) -> None:
        """Rebuilds what is known of a situation from its stories, after a person said which it has.

        Args:
            situation: Its id.
            members: The first article of each of its stories, in the order in which they were tied; none
                where nothing is to be tied to it any more.
            tried: How many articles of its only story have been compared with other situations.
        """
        self._loaded()
        known = self._alone.get(situation) or self._several.get(situation)
        if known is not None:
            self._take_out(known)
        profile: SituationProfile | None = None
        for traits in (read_traits(member, self._center) for member in members):
            if profile is not None:
                more, length = summed(profile, traits)
                profile = replace(profile, stories=profile.stories + 1, traits=more, length=length)
            elif len(traits.ids):
                profile = SituationProfile(situation, 0, 1, tried, traits, 1.0, 0.0)
        if profile is not None:
            self._put(profile)

    # -- what is known -----------------------------------------------------------------------------------

    def _profile(self, serial: int) -> SituationProfile:
        name = self._names[serial]
        return self._alone.get(name) or self._several[name]

    def _put(self, profile: SituationProfile) -> None:
        """Adds a situation as the latest, and forgets the oldest when there are too many."""
        terms, ids = self._loaded(), profile.traits.ids
        weights = profile.traits.weights.astype(np.float64)
        weights = weights * np.log((_PRIOR + len(terms) + 1) / (terms.counts(ids) + 1.0))
        norm = float(np.float32(math.sqrt(float(np.sum(weights * weights)))))
        self._keep(replace(profile, serial=self._next, norm=norm))
        terms.add(self._next, ids)
        self._changed.add(self._next // _PIECE)
        self._next += 1
        for group, most in ((self._alone, ALONE_KEPT), (self._several, TIED_KEPT)):
            if len(group) > most:
                self._take_out(next(iter(group.values())))

    def _keep(self, profile: SituationProfile) -> None:
        group = self._alone if profile.stories == 1 else self._several
        group[profile.id] = profile
        self._names[profile.serial] = profile.id
        self._pieces[profile.serial // _PIECE].add(profile.serial)

    def _replace(self, old: SituationProfile, new: SituationProfile) -> None:
        self._alone[old.id] = new
        self._changed.add(old.serial // _PIECE)

    def _take_out(self, profile: SituationProfile) -> None:
        (self._alone if profile.stories == 1 else self._several).pop(profile.id)
        del self._names[profile.serial]
        piece = profile.serial // _PIECE
        self._pieces[piece].discard(profile.serial)
        if not self._pieces[piece]:
            del self._pieces[piece]
        self._changed.add(piece)
        self._loaded().remove(profile.serial)

    # -- learned state -----------------------------------------------------------------------------------

    def _loaded(self) -> TermPostings:
        """The postings; the first call reads the learned state."""
        if self._terms is None:
            header = self._read([_HEADER]).get(_HEADER, b"")
            self._next, *pieces = np.frombuffer(header, "<u8").tolist() or [0]
            keys = [_key(piece) for piece in pieces]
            data = self._read(keys) if keys else {}
            found = [profile for key in keys for profile in unpack(data[key])]
            for profile in sorted(found, key=lambda each: each.serial):
                self._keep(profile)
            self._terms = TermPostings({each.serial: each.traits.ids for each in found})
        return self._terms

    def dirty(self) -> dict[str, bytes]:
        """What changed since the last call, to be stored; an empty value where nothing is left."""
        if not self._changed:
            return {}
        found: dict[str, bytes] = {}
        for piece in sorted(self._changed):
            serials = sorted(self._pieces.get(piece, ()))
            found[_key(piece)] = pack(self._profile(serial) for serial in serials) if serials else b""
        self._changed.clear()
        found[_HEADER] = np.array([self._next, *sorted(self._pieces)], dtype="<u8").tobytes()
        return found


def _key(piece: int) -> str:
    return f"{_HEADER}:{piece}"
