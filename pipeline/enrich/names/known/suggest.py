"""Proposals for the alias table: two ids that may be one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from pipeline.enrich.names.forms import key_of
from pipeline.records import EntityCount

# Each word of one name must be this similar (0 to 100) to its counterpart:
# Putin and Lukin are 60, Shoygu and Shoigu 83.
_WORD_RATIO = 80.0
_MIN_COUNT = 2


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two entities that may be one, the more frequent first.

    Attributes:
        keep: The one to keep.
        other: The one to make an alias of it.
        likeness: 0 to 1, of the least similar words; less where one article names both, more for each name
            that both occur beside.
        evidence: Why, in words.
    """

    keep: EntityCount
    other: EntityCount
    likeness: float
    evidence: str


def suggest(
    counts: Sequence[EntityCount], companions: Mapping[str, frozenset[str]] | None = None, limit: int = 50
) -> list[Suggestion]:
    """Pairs of entities whose names are alike word by word, the best first.

    Args:
        counts: Entities of the store, each with the number of articles that name it.
        companions: For each entity id, the ids named beside it; two spellings of one name share companions.
        limit: How many to give at most.
    """
    by_bucket: dict[tuple[str, int, str], list[EntityCount]] = {}
    for entity in counts:
        key = key_of(entity.name)
        if key and entity.count >= 1:
            by_bucket.setdefault((entity.kind, len(key), key[0][:1]), []).append(entity)
    found = []
    for row in by_bucket.values():
        row.sort(key=lambda entity: (-entity.count, entity.id))
        for position, keep in enumerate(row):
            for other in row[position + 1 :]:
                suggestion = _compared(keep, other, companions or {})
                if suggestion is not None:
                    found.append(suggestion)
    found.sort(key=lambda one: (-one.likeness, -one.keep.count - one.other.count, one.keep.id, one.other.id))
    return found[:limit]


def _compared(
    keep: EntityCount, other: EntityCount, companions: Mapping[str, frozenset[str]]
) -> Suggestion | None:
    left, right = key_of(keep.name), key_of(other.name)
    if keep.id == other.id or left == right or keep.count + other.count < _MIN_COUNT:
        return None
    ratios = [fuzz.ratio(a, b) for a, b in zip(left, right, strict=True)]
    if min(ratios) < _WORD_RATIO or any(
        a != b and (min(len(a), len(b)) < 4 or a[0] != b[0]) for a, b in zip(left, right, strict=True)
    ):
        return None
    shared = companions.get(keep.id, frozenset()) & companions.get(other.id, frozenset())
    together = other.id in companions.get(keep.id, frozenset())
    likeness = round(min(ratios) / 100 * (0.9 if together else 1.0) + 0.02 * min(len(shared), 5), 4)
    words = ", ".join(
        f"{a}/{b} {ratio:.0f}%" for a, b, ratio in zip(left, right, ratios, strict=True) if a != b
    )
    beside = f"; both beside {', '.join(sorted(shared)[:3])}" if shared else ""
    return Suggestion(
        keep, other, min(likeness, 1.0), f"{words}; {keep.count} and {other.count} articles{beside}"
    )
