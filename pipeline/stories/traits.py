"""The frozen features of an article: computed once on arrival, stored with it, never weighed again.

So the state of clustering can be rebuilt from the store bit for bit, whatever was learned since.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from functools import cached_property
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import StoreError
from pipeline.records import EntityKind

# Raised with every change of meaning: stored traits of another version are recomputed by a replay.
VERSION: Final = 1
_MAGIC: Final = b"WWA" + bytes([VERSION])

Ids = NDArray[np.uint32]
Weights = NDArray[np.float32]
Signature = NDArray[np.uint32]
Dense = NDArray[np.float16]


@dataclass(frozen=True, eq=False)
class Sparse:
    """A sparse vector of length 1 (or 0, when nothing is in it).

    Attributes:
        ids: Term ids, shape [n], ascending.
        weights: Shape [n], float32.
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
        """The squared length: 1 within rounding to float32, 0 when empty."""
        return sum(weight * weight for _, weight in self.items)

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
        return cls(
            np.array([term for term, _ in kept], dtype=np.uint32),
            np.array([weight / norm for _, weight in kept], dtype=np.float32),
        )


@dataclass(frozen=True, slots=True)
class Name:
    """An entity as a feature: its id, what to show, its kind, and its salience (0 to 1)."""

    id: str
    name: str
    kind: EntityKind
    salience: float


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
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
    body: Sparse
    pairs: Sparse
    dense: Dense
    names: tuple[Name, ...]
    numbers: tuple[str, ...]
    signature: Signature

    def to_bytes(self) -> bytes:
        """Compact and deterministic: the same traits give the same bytes."""
        arrays = (
            self.body.ids,
            self.body.weights,
            self.pairs.ids,
            self.pairs.weights,
            self.dense,
            self.signature,
        )
        head = {
            "time": self.time,
            "fetched": self.fetched,
            "language": self.language,
            "outlet": self.outlet,
            "title": self.title,
            "lead": self.lead,
            "form": self.title_form,
            "exact": self.title_exact,
            "names": [[n.id, n.name, n.kind, n.salience] for n in self.names],
            "numbers": self.numbers,
            "sizes": [len(a) for a in arrays],
        }
        text = json.dumps(head, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode()
        parts = [_MAGIC, struct.pack("<I", len(text)), text]
        parts += [a.astype(a.dtype.newbyteorder("<"), copy=False).tobytes() for a in arrays]
        return b"".join(parts)

    @classmethod
    def from_bytes(cls, data: bytes) -> Traits:
        """The inverse of `to_bytes`.

        Raises:
            StoreError: The bytes are of another kind or version.
        """
        if data[:4] != _MAGIC:
            raise StoreError("stored traits are of another version; run `wirewatch replay` into a new store")
        (length,) = struct.unpack_from("<I", data, 4)
        head = json.loads(data[8 : 8 + length])
        arrays: list[NDArray[np.generic]] = []
        offset = 8 + length
        for size, kind in zip(head["sizes"], ("<u4", "<f4", "<u4", "<f4", "<f2", "<u4"), strict=True):
            arrays.append(np.frombuffer(data, dtype=kind, count=size, offset=offset))
            offset += size * np.dtype(kind).itemsize
        return cls(
            time=head["time"],
            fetched=head["fetched"],
            language=head["language"],
            outlet=head["outlet"],
            title=head["title"],
            lead=head["lead"],
            title_form=head["form"],
            title_exact=head["exact"],
            body=Sparse(cast("Ids", arrays[0]), cast("Weights", arrays[1])),
            pairs=Sparse(cast("Ids", arrays[2]), cast("Weights", arrays[3])),
            dense=cast("Dense", arrays[4]),
            names=tuple(Name(*name) for name in head["names"]),
            numbers=tuple(head["numbers"]),
            signature=cast("Signature", arrays[5]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """An article in the index: its id, its ingest sequence number, and its traits."""

    article: str
    seq: int
    traits: Traits
