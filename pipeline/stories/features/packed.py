"""The frozen features of an article: computed once on arrival, stored with it, never computed again.

So the clustering state can be rebuilt from the store bit for bit, whatever was learned since.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from sys import intern
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import StoreError
from pipeline.ports import MemberRow
from pipeline.records import EntityKind, StoredArticle
from pipeline.stories.features import years

# Raised with every change of meaning. Features of the previous version are still read; older ones need a
# replay.
VERSION: Final = 3
_MAGIC: Final = b"WWA" + bytes([VERSION])
_MAGIC_BEFORE: Final = b"WWA" + bytes([VERSION - 1])
# The fixed part at the beginning, as numpy reads it for many articles at once; `Head` is the same for one.
HEAD: Final = np.dtype(
    [
        ("magic", "S4"),
        ("time", "<f8"),
        ("fetched", "<f8"),
        ("title_form", "<u8"),
        ("title_exact", "<u8"),
        ("years", "<u8"),
        ("squares", "<f8", 3),
        ("body", "<u2"),
        ("pairs", "<u2"),
        ("dense", "<u2"),
        ("signature", "<u2"),
        ("language", "<u4"),
        ("outlet", "<u4"),
        ("shown", "<u4"),
    ]
)
_HEAD: Final = struct.Struct("<4s2d3Q3d4H3I")
_TITLE_FORM: Final = struct.Struct("<Q")
_TITLE_FORM_AT: Final = 20
# The byte at which the years stand; version 2 had none.
_YEARS_AT: Final = 36
# Made once, because `json.dumps` would make an encoder for each article.
_encode: Final = json.JSONEncoder(separators=(",", ":")).encode

Ids = NDArray[np.uint32]
Weights = NDArray[np.float16]
Signature = NDArray[np.uint32]
Dense = NDArray[np.float16]


@dataclass(frozen=True, eq=False)
class Sparse:
    """A sparse vector of length 1 (or 0, if it is empty).

    Weights of 16 bits are multiples of 2⁻²⁴, so sums of them in float64 are exact in any order, and so are
    inner products of unit vectors (multiples of 2⁻⁴⁸): adding a vector and taking it out leaves no error
    behind.

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
            limit: How many terms are kept at most.
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
        title: The title without what the outlet repeats, cut to 240 characters, for people.
        lead: The first sentence of the text, cut to 240 characters, for people.
        title_form: Digest of the title without its figures, 64 bits.
        title_exact: Digest of the title with its figures, 64 bits.
        years: The years of its date or, where it has none, those that its text names; see `years`.
        body: TF-IDF of title and text.
        pairs: IDF of the pairs of neighbouring words in the title and the beginning of the text.
        dense: The embedding of the title and the beginning of the text, shape [d], length 1; shape [0]
            without an embedder.
        names: Entities, most salient first.
        numbers: The figures in title and beginning of the text as written, in order, each once.
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
        """The features as bytes; the same features always give the same bytes."""
        ids = (self.body.ids, self.pairs.ids, self.signature)
        floats = (self.body.weights, self.pairs.weights, self.dense)
        names = [[n.id, n.name, n.kind, n.salience] for n in self.names]
        shown = _encode([self.title, self.lead, names, self.numbers]).encode()
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
            *(len(text) for text in (language, outlet, shown)),
        )
        arrays = [a.astype("<u4", copy=False).tobytes() for a in ids]
        arrays += [a.astype("<f2", copy=False).tobytes() for a in floats]
        return b"".join([head, *arrays, language, outlet, shown])

    @classmethod
    def from_bytes(cls, data: bytes) -> Features:
        """The inverse of `to_bytes`.

        Raises:
            StoreError: The bytes are of another kind or version.
        """
        packed = Packed(_current(data))
        head = packed.head
        language, outlet = packed.labels
        title, lead, names, numbers = packed.shown
        return cls(
            time=packed.time,
            fetched=head.fetched,
            language=language,
            outlet=outlet,
            title=title,
            lead=lead,
            title_form=head.title_form,
            title_exact=head.title_exact,
            years=head.years,
            body=packed.body,
            pairs=packed.pairs,
            dense=np.frombuffer(packed.dense, "<f2"),
            names=tuple(map(Name._make, names)),
            numbers=tuple(numbers),
            signature=np.frombuffer(packed.signature, "<u4"),
        )


class Head(NamedTuple):
    """The fixed part of packed features: numbers, and the length of each part that follows."""

    magic: bytes
    time: float
    fetched: float
    title_form: int
    title_exact: int
    years: int
    body_squared: float
    pairs_squared: float
    dense_squared: float
    body: int
    pairs: int
    dense: int
    signature: int
    language: int
    outlet: int
    shown: int


class Packed:
    """Features as `Features.to_bytes` gives them, read part by part without decoding the rest.

    The parts follow one another; the head says how many numbers or bytes each has::

        head | body ids | pair ids | signature | body weights | pair weights | dense | language outlet shown
        88     4 a term   4 a pair   4 a hash    2 a term       2 a pair       2 each  UTF-8    UTF-8  JSON

    So the ids of body and pairs are one run of bytes, and so are their weights: the terms of many articles
    are joined without looking at each.

    Args:
        data: As `Features.to_bytes` gives them, of this version.

    Attributes:
        data: As given.
        head: The fixed part.
    """

    __slots__ = ("_dense", "_labels", "_pair_ids", "_pair_weights", "_signature", "_weights", "data", "head")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.head = head = Head._make(_HEAD.unpack_from(data))
        self._pair_ids = _HEAD.size + 4 * head.body
        self._signature = self._pair_ids + 4 * head.pairs
        self._weights = self._signature + 4 * head.signature
        self._pair_weights = self._weights + 2 * head.body
        self._dense = self._pair_weights + 2 * head.pairs
        self._labels = self._dense + 2 * head.dense

    @property
    def head_bytes(self) -> bytes:
        """The head, for numpy to read with `HEAD`."""
        return self.data[: _HEAD.size]

    @property
    def time(self) -> float | None:
        """When it was published (seconds since 1970, UTC); None where nobody says."""
        return None if math.isnan(self.head.time) else self.head.time

    @property
    def body_ids(self) -> bytes:
        """Term ids of title and text, 4 bytes each."""
        return self.data[_HEAD.size : self._pair_ids]

    @property
    def body_weights(self) -> bytes:
        """Their weights, 2 bytes each."""
        return self.data[self._weights : self._pair_weights]

    @property
    def text_ids(self) -> bytes:
        """Term ids of the body, then those of its pairs of words, 4 bytes each."""
        return self.data[_HEAD.size : self._signature]

    @property
    def text_weights(self) -> bytes:
        """The weights of body and pairs, 2 bytes each."""
        return self.data[self._weights : self._dense]

    @property
    def signature(self) -> bytes:
        """The MinHash, 4 bytes a hash."""
        return self.data[self._signature : self._weights]

    @property
    def dense(self) -> bytes:
        """The embedding, 2 bytes a dimension."""
        return self.data[self._dense : self._labels]

    @property
    def body(self) -> Sparse:
        """TF-IDF of title and text."""
        return Sparse(np.frombuffer(self.body_ids, "<u4"), np.frombuffer(self.body_weights, "<f2"))

    @property
    def pairs(self) -> Sparse:
        """TF-IDF of the pairs of neighbouring words."""
        ids = np.frombuffer(self.data[self._pair_ids : self._signature], "<u4")
        return Sparse(ids, np.frombuffer(self.data[self._pair_weights : self._dense], "<f2"))

    @property
    def labels(self) -> tuple[str, str]:
        """Language and outlet."""
        end = self._labels + self.head.language + self.head.outlet
        return _labels(self.data[self._labels : end], self.head.language)

    @property
    def shown(self) -> tuple[str, str, list[list[Any]], list[str]]:
        """What a person is shown: title, lead, names (see `Name`) and numbers."""
        # Decoded first, because `json` would have to detect the encoding of bytes.
        title, lead, names, numbers = json.loads(self.data[len(self.data) - self.head.shown :].decode())
        return title, lead, names, numbers


def _current(data: bytes) -> bytes:
    """Stored traits as this version writes them; those of version 2 lack years, which come from their date.

    Raises:
        StoreError: They are of another version.
    """
    if data[:4] == _MAGIC:
        return data
    if data[:4] != _MAGIC_BEFORE:
        raise StoreError("stored traits are of another version; run `wirewatch replay` into a new store")
    time = Packed(data[:_YEARS_AT] + bytes(8) + data[_YEARS_AT:]).time
    known = 0 if time is None else years.around(datetime.fromtimestamp(time, UTC))
    return _MAGIC + data[4:_YEARS_AT] + known.to_bytes(8, "little") + data[_YEARS_AT:]


# Outlets and languages are few.
@lru_cache(maxsize=1 << 14)
def _labels(labels: bytes, language: int) -> tuple[str, str]:
    """Language and outlet, from their bytes side by side; `language` is the length of the first."""
    each = (labels[:language], labels[language:])
    name, outlet = (intern(one.decode("utf-8", "surrogatepass")) for one in each)
    return name, outlet


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
            packed = Packed(traits)
            self.time = packed.time
            self.language, self.outlet = packed.labels
        else:
            self._traits = traits
            self.data = traits.to_bytes()
            self.time = traits.time
            self.language, self.outlet = intern(traits.language), intern(traits.outlet)

    @classmethod
    def of(cls, stored: StoredArticle) -> Self:
        """The indexed form of a stored article."""
        return cls(stored.enriched.article.id, stored.seq, stored.traits)

    @classmethod
    def of_row(cls, row: MemberRow) -> Self:
        """The indexed form of a row that the store gives to rebuild the clustering state from."""
        return cls(row.article, row.seq, row.traits)

    @property
    def fetched(self) -> float:
        """When it came; seconds since 1970."""
        return self.packed.head.fetched

    @property
    def title_form(self) -> int:
        """Digest of its title without figures; read by itself, because many members are asked for it."""
        form: int = _TITLE_FORM.unpack_from(self.data, _TITLE_FORM_AT)[0]
        return form

    @property
    def packed(self) -> Packed:
        """Its features as bytes, part by part."""
        return Packed(self.data)

    @property
    def traits(self) -> Features:
        """What the article is compared by."""
        return self._traits if self._traits is not None else Features.from_bytes(self.data)

    def lean(self) -> IndexedArticle:
        """The same without decoded traits, to be kept."""
        return self if self._traits is None else self._with(None)

    def full(self) -> IndexedArticle:
        """The same with decoded traits, to be scored."""
        return self if self._traits is not None else self._with(self.traits)

    def _with(self, traits: Features | None) -> IndexedArticle:
        other = IndexedArticle.__new__(IndexedArticle)
        other.article, other.seq, other.data = self.article, self.seq, self.data
        other.time, other.language, other.outlet = self.time, self.language, self.outlet
        object.__setattr__(other, "_traits", traits)
        return other
