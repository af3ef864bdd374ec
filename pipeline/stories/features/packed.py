"""The frozen features of an article: computed once on arrival, stored with it, never weighed again.

So the state of clustering can be rebuilt from the store bit for bit, whatever was learned since.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from sys import intern
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import StoreError
from pipeline.records import EntityKind
from pipeline.stories.features import years

# Raised with every change of meaning: traits of the version before are read, older ones need a replay.
VERSION: Final = 3
_MAGIC: Final = b"WWA" + bytes([VERSION])
_MAGIC_BEFORE: Final = b"WWA" + bytes([VERSION - 1])
# Magic; time, fetched; form, exact, years; squared lengths of body, pairs, dense; lengths of body, pairs,
# dense, signature, language, outlet; length of the JSON at the end. What comparing needs is read without the
# rest.
_HEAD: Final = struct.Struct("<4s2d3Q3d4H3I")
_TIME: Final = struct.Struct("<d")
_FORMS: Final = struct.Struct("<2Q")
_YEARS: Final = struct.Struct("<Q")
# Time; lengths of language, outlet and the JSON.
_LABELLED: Final = struct.Struct("<4xd64x3I")
_SQUARES: Final = struct.Struct("<3d")
_COUNTS: Final = struct.Struct("<4H")
# The same for numpy, for many heads at once.
HEAD: Final = np.dtype(
    [
        ("magic", "S4"),
        ("time", "<f8"),
        ("fetched", "<f8"),
        ("form", "<u8"),
        ("exact", "<u8"),
        ("years", "<u8"),
        ("squares", "<f8", 3),
        ("counts", "<u2", 4),
        ("lengths", "<u4", 3),
    ]
)
# Made once: `json.dumps` would make it for each article.
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode
_TIME_AT, _FETCHED_AT, _FORMS_AT, _YEARS_AT, _SQUARES_AT, _COUNTS_AT = 4, 12, 20, 36, 44, 68

Ids = NDArray[np.uint32]
Weights = NDArray[np.float16]
Signature = NDArray[np.uint32]
Dense = NDArray[np.float16]
# See `comparable`.
Parts = tuple[bytes, bytes, bytes, bytes, int, int]


@dataclass(frozen=True, eq=False)
class Sparse:
    """A sparse vector of length 1 (or 0, when nothing is in it).

    Weights of 16 bits are multiples of 2⁻²⁴, so sums of them in float64 are exact in any order, and so are
    inner products of unit vectors (multiples of 2⁻⁴⁸): what is added and taken out leaves no rounding behind.

    Attributes:
        ids: Term ids, shape [n], ascending.
        weights: Shape [n], float16, above 0.
    """

    ids: Ids
    weights: Weights

    @cached_property
    def items(self) -> list[tuple[int, float]]:
        """(id, weight) in order of id."""
        return list(zip(self.ids.tolist(), self.weights.tolist(), strict=True))

    @cached_property
    def mapping(self) -> dict[int, float]:
        """Weight by id, in order of id."""
        return dict(self.items)

    @cached_property
    def squared(self) -> float:
        """The squared length: 1 within rounding to float16, 0 when empty."""
        return _squared(self.weights)

    def dot(self, other: Sparse) -> float:
        """The inner product, summed in order of id, so that a.dot(b) == b.dot(a)."""
        theirs = other.mapping
        return sum(weight * theirs[term] for term, weight in self.items if term in theirs)

    @classmethod
    def unit(cls, weights: dict[int, float], limit: int) -> Sparse:
        """The `limit` heaviest terms (ties: the smaller id), scaled to length 1.

        Args:
            weights: Weight by term id; those of 0 and less are left out.
            limit: At most so many terms are kept.
        """
        positive = ((term, weight) for term, weight in weights.items() if weight > 0.0)
        heaviest = sorted(positive, key=lambda item: (-item[1], item[0]))[:limit]
        kept = sorted(heaviest)
        norm = sum(weight * weight for _, weight in kept) ** 0.5 or 1.0
        values = np.array([weight / norm for _, weight in kept], dtype=np.float16)
        ids = np.array([term for term, _ in kept], dtype=np.uint32)
        return cls(ids[values > 0], values[values > 0])


def _squared(values: NDArray[np.float16]) -> float:
    wide = values.astype(np.float64)
    return float(wide @ wide)


class Name(NamedTuple):
    """An entity as a feature: its id, what to show, its kind, and its salience (0 to 1)."""

    id: str
    name: str
    kind: EntityKind
    salience: float


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What an article is compared by.

    Attributes:
        time: When it was published (seconds since 1970, UTC); None where nobody says.
        fetched: When it came (likewise).
        language: ISO 639-1, "und" where unknown.
        outlet: The outlet's name, "" where unknown.
        title: The title for people, without what the outlet repeats.
        lead: The first sentence or so of the text, for people.
        title_form: Digest of the title, blind to figures: 64 bits.
        title_exact: Digest of the title with its figures: 64 bits.
        years: The years of its date, or those its text names where it has none; see `years`.
        body: TF-IDF of title and text.
        pairs: TF-IDF of the pairs of neighbouring words in title and lead.
        dense: The embedding of title and lead, shape [d], length 1; shape [0] without an embedder.
        names: Entities, most salient first.
        numbers: Figures of title and lead as written, in order, each once.
        signature: MinHash of the three-word shingles, shape [64].
    """

    time: float | None
    fetched: float
    language: str
    outlet: str
    title: str
    lead: str
    title_form: int
    title_exact: int
    years: int
    body: Sparse
    pairs: Sparse
    dense: Dense
    names: tuple[Name, ...]
    numbers: tuple[str, ...]
    signature: Signature

    def to_bytes(self) -> bytes:
        """Compact and deterministic: the same traits give the same bytes."""
        ids = (self.body.ids, self.pairs.ids, self.signature)
        floats = (self.body.weights, self.pairs.weights, self.dense)
        names = [[n.id, n.name, n.kind, n.salience] for n in self.names]
        told = _encode([self.title, self.lead, names, self.numbers]).encode()
        language, outlet = (s.encode("utf-8", "surrogatepass") for s in (self.language, self.outlet))
        head = _HEAD.pack(
            _MAGIC,
            math.nan if self.time is None else self.time,
            self.fetched,
            self.title_form,
            self.title_exact,
            self.years,
            *(_squared(values) for values in floats),
            *(len(values) for values in (*floats, self.signature)),
            *(len(text) for text in (language, outlet, told)),
        )
        arrays = [a.astype("<u4", copy=False).tobytes() for a in ids]
        arrays += [a.astype("<f2", copy=False).tobytes() for a in floats]
        return b"".join([head, *arrays, language, outlet, told])

    @classmethod
    def from_bytes(cls, data: bytes) -> Features:
        """The inverse of `to_bytes`.

        Raises:
            StoreError: The bytes are of another kind or version.
        """
        data = _current(data)
        _, _, fetched, form, exact, named, *_ = _HEAD.unpack_from(data)
        body_ids, pair_ids, signature, body, pairs, dense = cut(data)
        time, language, outlet = _labelled(data)
        title, lead, names, numbers = told_of(data)
        return cls(
            time=time,
            fetched=fetched,
            language=language,
            outlet=outlet,
            title=title,
            lead=lead,
            title_form=form,
            title_exact=exact,
            years=named,
            body=Sparse(np.frombuffer(body_ids, "<u4"), np.frombuffer(body, "<f2")),
            pairs=Sparse(np.frombuffer(pair_ids, "<u4"), np.frombuffer(pairs, "<f2")),
            dense=np.frombuffer(dense, "<f2"),
            names=tuple(map(Name._make, names)),
            numbers=tuple(numbers),
            signature=np.frombuffer(signature, "<u4"),
        )


def _current(data: bytes) -> bytes:
    """Stored traits as this version writes them; those of version 2 lack the years, which their date tells.

    Raises:
        StoreError: They are of another version.
    """
    if data[:4] == _MAGIC:
        return data
    if data[:4] != _MAGIC_BEFORE:
        raise StoreError("stored traits are of another version; run `wirewatch replay` into a new store")
    (time,) = _TIME.unpack_from(data, _TIME_AT)
    known = 0 if math.isnan(time) else years.around(datetime.fromtimestamp(time, UTC))
    return _MAGIC + data[4:_YEARS_AT] + _YEARS.pack(known) + data[_YEARS_AT:]


def cut(data: bytes) -> tuple[bytes, bytes, bytes, bytes, bytes, bytes]:
    """The arrays in `Features.to_bytes`, without decoding the rest.

    Returns:
        Ids of body and pairs, signature (4 bytes each); weights of body and pairs, dense (2 bytes each).
    """
    body, pairs, dense, signature = _COUNTS.unpack_from(data, _COUNTS_AT)
    one = _HEAD.size + 4 * body
    two = one + 4 * pairs
    three = two + 4 * signature
    four = three + 2 * body
    five = four + 2 * pairs
    return (
        data[_HEAD.size : one],
        data[one:two],
        data[two:three],
        data[three:four],
        data[four:five],
        data[five : five + 2 * dense],
    )


def comparable(data: bytes) -> Parts:
    """What of `Features.to_bytes` an article is compared by.

    Returns:
        Head (see `HEAD`); ids of body and pairs, one after the other; their weights; dense; how many terms
        body and pairs have.
    """
    body, pairs, dense, signature = _COUNTS.unpack_from(data, _COUNTS_AT)
    ids = _HEAD.size + 4 * (body + pairs)
    weights = ids + 4 * signature
    rest = weights + 2 * (body + pairs)
    head = data[: _HEAD.size]
    return head, data[_HEAD.size : ids], data[weights:rest], data[rest : rest + 2 * dense], body, pairs


def searchable(data: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """What of `Features.to_bytes` an article is found by: head (`HEAD`), body's ids and weights, dense."""
    body, pairs, dense, signature = _COUNTS.unpack_from(data, _COUNTS_AT)
    weights = _HEAD.size + 4 * (body + pairs + signature)
    rest = weights + 2 * (body + pairs)
    ids = data[_HEAD.size : _HEAD.size + 4 * body]
    return data[: _HEAD.size], ids, data[weights : weights + 2 * body], data[rest : rest + 2 * dense]


def texts(data: bytes) -> tuple[Sparse, Sparse]:
    """Body and pairs in `Features.to_bytes`."""
    body_ids, pair_ids, _, body, pairs, _ = cut(data)
    return (
        Sparse(np.frombuffer(body_ids, "<u4"), np.frombuffer(body, "<f2")),
        Sparse(np.frombuffer(pair_ids, "<u4"), np.frombuffer(pairs, "<f2")),
    )


def squares(data: bytes) -> tuple[float, float, float]:
    """The squared lengths of body, pairs and dense in `Features.to_bytes`."""
    body, pairs, dense = _SQUARES.unpack_from(data, _SQUARES_AT)
    return body, pairs, dense


def years_of(data: bytes) -> int:
    """`years` in `Features.to_bytes`."""
    (years,) = _YEARS.unpack_from(data, _YEARS_AT)
    return int(years)


def title_digests(data: bytes) -> tuple[int, int]:
    """`title_form` and `title_exact` in `Features.to_bytes`."""
    form, exact = _FORMS.unpack_from(data, _FORMS_AT)
    return form, exact


def _labelled(data: bytes) -> tuple[float | None, str, str]:
    """When it was published, language and outlet."""
    time, language, outlet, told = _LABELLED.unpack_from(data)
    end = len(data) - told
    return None if math.isnan(time) else time, *_labels(data[end - outlet - language : end], language)


# Outlets and languages are few.
@lru_cache(maxsize=1 << 14)
def _labels(labels: bytes, language: int) -> tuple[str, str]:
    """Language and outlet; how many bytes are the language's."""
    each = (labels[:language], labels[language:])
    name, outlet = (intern(one.decode("utf-8", "surrogatepass")) for one in each)
    return name, outlet


def told_of(data: bytes) -> tuple[str, str, list[list[Any]], list[str]]:
    """Title, lead, names (see `Name`) and numbers in `Features.to_bytes`."""
    # Decoded first: `json` would look for the encoding of bytes.
    *_, told = _LABELLED.unpack_from(data)
    title, lead, names, numbers = json.loads(data[len(data) - told :].decode())
    return title, lead, names, numbers


class IndexedArticle:
    """An article in the index: its id, its ingest sequence number, and its traits.

    The index keeps members as bytes; their `traits` are decoded each time they are asked for.

    Args:
        article: Its id.
        seq: Its ingest sequence number.
        traits: Decoded, or as `Features.to_bytes` gives them.

    Attributes:
        article, seq: As given.
        time, language, outlet: Those of the traits.
        data: `Features.to_bytes`.
    """

    __slots__ = ("_traits", "article", "data", "language", "outlet", "seq", "time")

    def __init__(self, article: str, seq: int, traits: Features | bytes) -> None:
        self.article = article
        self.seq = seq
        if isinstance(traits, bytes):
            self._traits: Features | None = None
            self.data = traits = _current(traits)
            self.time, self.language, self.outlet = _labelled(traits)
        else:
            self._traits = traits
            self.data = traits.to_bytes()
            self.time = traits.time
            self.language, self.outlet = intern(traits.language), intern(traits.outlet)

    @property
    def fetched(self) -> float:
        """When it came; seconds since 1970."""
        (fetched,) = _TIME.unpack_from(self.data, _FETCHED_AT)
        return float(fetched)

    @property
    def traits(self) -> Features:
        """What the article is compared by."""
        return self._traits if self._traits is not None else Features.from_bytes(self.data)

    def lean(self) -> IndexedArticle:
        """The same without decoded traits, to be kept."""
        return self if self._traits is None else self._with(None)

    def full(self) -> IndexedArticle:
        """The same with decoded traits, to be weighed."""
        return self if self._traits is not None else self._with(self.traits)

    def _with(self, traits: Features | None) -> IndexedArticle:
        other = IndexedArticle.__new__(IndexedArticle)
        other.article, other.seq, other.data = self.article, self.seq, self.data
        other.time, other.language, other.outlet = self.time, self.language, self.outlet
        object.__setattr__(other, "_traits", traits)
        return other
