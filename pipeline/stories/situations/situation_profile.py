"""The profile of a situation that stories are compared with: bounded, quantised, packed to bytes."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import StoreError
from pipeline.stories.features.packed import IndexedArticle

# How many words and pairs of words are kept, the heaviest: of one story, and of a whole situation.
STORY_TERMS: Final = 96
SITUATION_TERMS: Final = 192
_MAGIC: Final = b"WWS1"
_HEAD: Final = struct.Struct("<QIH3dH2H")
_VECTOR_SCALE: Final = 127

Ids = NDArray[np.uint32]
Weights = NDArray[np.float16]
Vector = NDArray[np.int8]
_NO_VECTOR: Final[Vector] = np.zeros(0, dtype=np.int8)


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """What an article is compared by.

    Attributes:
        ids: Of words (even) and of pairs of words (odd), ascending.
        weights: Their TF-IDF weights, frozen with the article.
        vector: Its embedding less the embedder's centre, scaled to length 127 and rounded to int8, shape [d];
            empty without an embedder.
        time: When it was published (seconds since 1970); NaN where nobody says.
    """

    ids: Ids
    weights: Weights
    vector: Vector
    time: float


@dataclass(frozen=True, slots=True, eq=False)
class SituationProfile:
    """The sum of the traits of its stories' first articles.

    Attributes:
        id: That of the story it began with.
        serial: A new, higher number whenever a situation gains or loses a story; the lowest is forgotten
            first.
        stories: How many stories it has.
        tried: How many articles of its only story have been compared with other situations.
        traits: Sums, trimmed to `SITUATION_TERMS`; `time` is the latest.
        length: Length of the sum of the stories' vectors; `traits.vector` is its direction.
        norm: Length of the vector of term weights, each times its rarity among situations at the last change.
    """

    id: str
    serial: int
    stories: int
    tried: int
    traits: Traits
    length: float
    norm: float


def word_term(term: int) -> int:
    """The situations' term for a word, from its `term_id`: the last bit is 0."""
    return term & 0xFFFF_FFFE


def pair_term(pair: int) -> int:
    """The situations' term for a pair of words, from its `pair_id`: the last bit is 1."""
    return pair | 1


def read_traits(member: IndexedArticle, center: NDArray[np.float64] | None) -> Traits:
    """What an article is compared by.

    Args:
        member: The article.
        center: The mean of the embedder's vectors, shape [d]; None where vectors are not used.
    """
    packed = member.packed
    body, pairs = packed.body, packed.pairs
    ids = np.concatenate([body.ids & np.uint32(0xFFFF_FFFE), pairs.ids | np.uint32(1)])
    weights = np.concatenate([body.weights, pairs.weights])
    dense = np.frombuffer(packed.dense, "<f2").astype(np.float64)
    known = center is not None and len(dense) == len(center)
    vector = _rounded(dense - center) if known and center is not None else _NO_VECTOR
    time = packed.time
    return Traits(*_heaviest(ids, weights, STORY_TERMS), vector, math.nan if time is None else time)


def summed(profile: SituationProfile, more: Traits) -> tuple[Traits, float]:
    """Adds an article to a situation: its new traits, and the new length of the sum of vectors."""
    old = profile.traits
    ids, places = np.unique(np.concatenate([old.ids, more.ids]), return_inverse=True)
    weights = np.bincount(places, np.concatenate([old.weights, more.weights]).astype(np.float64))
    vector, length = _added(old.vector, profile.length, more.vector)
    time = more.time if math.isnan(old.time) else max(old.time, more.time, key=_known)
    kept = _heaviest(ids.astype(np.uint32), weights.astype(np.float16), SITUATION_TERMS)
    return Traits(*kept, vector, time), length


def _known(time: float) -> float:
    return -math.inf if math.isnan(time) else time


def _heaviest(ids: Ids, weights: Weights, limit: int) -> tuple[Ids, Weights]:
    """The heaviest terms (ties: the smaller id), sorted by id; of a repeated id the heaviest is kept."""
    order = np.lexsort((ids, -weights.astype(np.float32)))[:limit]
    kept, first = np.unique(ids[order], return_index=True)
    return kept, weights[order][first]


def _rounded(vector: NDArray[np.float64]) -> Vector:
    length = math.sqrt(float(np.sum(vector * vector)))
    if not length:
        return _NO_VECTOR
    found: Vector = np.rint(vector * (_VECTOR_SCALE / length)).astype(np.int8)
    return found


def _added(old: Vector, length: float, new: Vector) -> tuple[Vector, float]:
    if len(new) != len(old):
        return (new, 1.0) if not len(old) else (old, length)
    total = old.astype(np.float64) * length + new.astype(np.float64)
    found = math.sqrt(float(np.sum(total * total))) / _VECTOR_SCALE
    return (_rounded(total), found) if found else (old, length)


def pack(profiles: Iterable[SituationProfile]) -> bytes:
    """Profiles as bytes: the same ones always give the same."""
    parts = [_MAGIC]
    for each in profiles:
        traits, name = each.traits, each.id.encode()
        sizes = len(traits.ids), len(traits.vector)
        numbers = each.serial, each.stories, each.tried, traits.time, each.length, each.norm
        parts.append(_HEAD.pack(*numbers, len(name), *sizes) + name)
        parts.append(traits.ids.astype("<u4").tobytes() + traits.weights.astype("<f2").tobytes())
        parts.append(traits.vector.tobytes())
    return b"".join(parts)


def unpack(data: bytes) -> list[SituationProfile]:
    """The inverse of `pack`.

    Raises:
        StoreError: The bytes are of another kind or version.
    """
    if data[:4] != _MAGIC:
        raise StoreError("what is known of situations is of an unknown version; replay the archive")
    found, at = [], 4
    while at < len(data):
        serial, stories, tried, time, length, norm, name, terms, vector = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        own = data[at : at + name].decode()
        at += name
        ids = np.frombuffer(data, "<u4", terms, at)
        weights = np.frombuffer(data, "<f2", terms, at + 4 * terms)
        at += 6 * terms
        traits = Traits(ids, weights, np.frombuffer(data, np.int8, vector, at), time)
        at += vector
        found.append(SituationProfile(own, serial, stories, tried, traits, length, norm))
    return found
