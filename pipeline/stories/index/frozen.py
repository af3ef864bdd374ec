"""An index as it was kept: arrays, and members that are read when they are asked for.

Kept members have the first slots. The stories that they are in are those at the time of keeping; an index
that goes on from here notes what has changed since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from hashlib import blake2b
from itertools import compress, islice
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from pipeline.stories.features.packed import Ids, IndexedArticle
from pipeline.stories.index.columns import SIDE_BY_SIDE, Codes, Columns, Mask
from pipeline.stories.index.postings import Laid, laid_in_parts, without
from pipeline.stories.index.sums import Floats

Whole = NDArray[np.integer[Any]]
Digests = NDArray[np.uint64]
_SEQ_BYTES: Final = 8
_ID_BYTES: Final = 4
# How many members are taken from the stream at once.
_AT_ONCE: Final = 1024


class Freezable(Protocol):
    """Something that can be kept as an index."""

    def freeze(self, keep: Callable[[bytes], int]) -> tuple[dict[str, NDArray[Any]], Iterator[Laid]]:
        """What is to be kept of it.

        Args:
            keep: Keeps a record and returns its place.

        Returns:
            The arrays of `Arrays` by name, without `terms` and `ends`; and the postings with their terms.

        Raises:
            ValueError: It cannot be kept in its present state.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Arrays:
    """n members in s stories, as they are kept. A story that has ended keeps its number, without members.

    Attributes:
        time, fetched, coded: As in `Columns`; there may be room for more members after the n.
        first_bits, second_bits, other_bits: The codes, with the same room: 64 bits, the next 64, and the
            rest.
        terms: The terms by which members are found, ascending.
        ends: Where the postings of each term begin, and where those of the last one end.
        records: By slot, the place of the member's record, which `packed_member` made.
        homes: By slot, the number of its story.
        story_slots, story_ends: The slots of all stories, one story after another, and where each one's end.
        article_digests, article_slots: Digests of the articles' ids, ascending, and the slots of these.
        names, name_ends: The ids of the stories one after another, in UTF-8, and where each ends.
        story_digests, story_numbers: Digests of the stories' ids, ascending, and the numbers of these.
    """

    time: Floats
    fetched: Floats
    coded: Mask
    first_bits: NDArray[np.uint64]
    second_bits: NDArray[np.uint64]
    other_bits: Codes
    terms: Ids
    ends: NDArray[np.int64]
    records: Whole
    homes: Whole
    story_slots: Whole
    story_ends: Whole
    article_digests: Digests
    article_slots: Whole
    names: NDArray[np.uint8]
    name_ends: Whole
    story_digests: Digests
    story_numbers: Whole


class Frozen:
    """Kept members, read when they are asked for.

    Args:
        arrays: What was kept.
        read_postings: Gives the postings from one place to another, as bytes; see `Postings`.
        read_record: Gives a member's record, which `packed_member` made, by its place.
    """

    def __init__(
        self,
        arrays: Arrays,
        read_postings: Callable[[int, int], bytes],
        read_record: Callable[[int], bytes],
    ) -> None:
        self.arrays = arrays
        self.read_postings = read_postings
        self._read_record = read_record

    @classmethod
    def nothing(cls) -> Frozen:
        """A kept index without members."""
        made: dict[str, Any] = {field.name: np.zeros(0, np.int64) for field in fields(Arrays)}
        return cls(Arrays(**made), lambda _first, _last: b"", lambda _place: b"")

    def __len__(self) -> int:
        return len(self.arrays.records)

    def taken_over(self) -> Arrays:
        """Hands the arrays over to an index that goes on from here and may change those of `SIDE_BY_SIDE`."""
        taken = self.arrays
        none = {name: getattr(taken, name)[:0].copy() for name in SIDE_BY_SIDE}
        self.arrays = replace(taken, **none)
        return taken

    @property
    def stories(self) -> int:
        """How many story numbers there are, those of ended stories included."""
        return len(self.arrays.name_ends)

    def member(self, slot: int) -> IndexedArticle:
        """The member in a slot."""
        return unpacked_member(self._read_record(int(self.arrays.records[slot])))

    def perhaps(self, articles: Sequence[str]) -> list[str]:
        """The articles that may be here, by their digests; nearly all that are not here are left out."""
        asked, known = digests(articles), self.arrays.article_digests
        if not len(known):
            return []
        places = np.minimum(np.searchsorted(known, asked), len(known) - 1)
        return list(compress(articles, (known[places] == asked).tolist()))

    def slot_of(self, article: str) -> int | None:
        """The slot of an article; None where it is not here."""
        for place in _places(self.arrays.article_digests, article):
            slot = int(self.arrays.article_slots[place])
            if self.member(slot).article == article:
                return slot
        return None

    def number_of(self, story: str) -> int | None:
        """The number of a story, even if it has ended; None where it has none."""
        for place in _places(self.arrays.story_digests, story):
            number = int(self.arrays.story_numbers[place])
            if self.name_of(number) == story:
                return number
        return None

    def name_of(self, number: int) -> str:
        """The id of a story."""
        start, end = _between(self.arrays.name_ends, number)
        return self.arrays.names[start:end].tobytes().decode("utf-8", "surrogatepass")

    def holds(self, story: str) -> bool:
        """Whether a story had members when it was kept."""
        number = self.number_of(story)
        return number is not None and bool(self.slots_of(number))

    def slots_of(self, number: int) -> list[int]:
        """The slots of a story."""
        start, end = _between(self.arrays.story_ends, number)
        slots: list[int] = self.arrays.story_slots[start:end].tolist()
        return slots


class Streamed(Freezable):
    """An index that is kept while its members are read, so that they are never in memory together.

    Args:
        rows: Members with the ids of their stories, in any order, each once.
        center: As in `StoryIndex`.
    """

    def __init__(
        self, rows: Iterable[tuple[IndexedArticle, str]], center: NDArray[np.float64] | None
    ) -> None:
        self._rows = iter(rows)
        self._center = center

    @override
    def freeze(self, keep: Callable[[bytes], int]) -> tuple[dict[str, NDArray[Any]], Iterator[Laid]]:
        # Worked out piece by piece as the members come, and put in order when all are there.
        parts = [Columns.of([], self._center)]
        seqs, records, homes = ([np.zeros(0, np.int64)] for _ in range(3))
        named = [np.zeros(0, np.uint64)]
        numbers: dict[str, int] = {}  # of the stories
        while piece := list(islice(self._rows, _AT_ONCE)):
            members = [member for member, _ in piece]
            parts.append(Columns.of(members, self._center))
            seqs.append(np.array([member.seq for member in members], np.int64))
            records.append(np.array([keep(packed_member(member)) for member in members], np.int64))
            homes.append(np.array([numbers.setdefault(story, len(numbers)) for _, story in piece], np.int64))
            named.append(digests([member.article for member in members]))
        order = np.argsort(np.concatenate(seqs), kind="stable")
        columns = Columns.joined(parts, order)
        parts.clear()
        articles = np.concatenate(named)[order]
        arrays = {
            **columns.side_by_side(),
            "records": np.concatenate(records)[order],
            **_grouped(np.concatenate(homes)[order].astype(np.int32), len(numbers)),
            **_looked_up(articles, np.arange(len(articles))),
            **_named(list(numbers)),
        }
        return arrays, laid_in_parts(columns.posted, columns.terms, columns.weights)


class Remaining(Freezable):
    """A kept index without some of its members; the records stay where they are.

    Args:
        frozen: What was kept.
        gone: Whether the member of a slot is to go, shape [n].
    """

    def __init__(self, frozen: Frozen, gone: Mask) -> None:
        self._frozen = frozen
        self._gone = gone

    @override
    def freeze(self, keep: Callable[[bytes], int]) -> tuple[dict[str, NDArray[Any]], Iterator[Laid]]:
        before, stay = self._frozen.arrays, ~self._gone
        slots = np.cumsum(stay) - 1
        there = stay[before.article_slots]
        arrays = {
            **{name: getattr(before, name)[: len(stay)][stay] for name in (*SIDE_BY_SIDE, "records")},
            **_grouped(before.homes[stay].astype(np.int32), self._frozen.stories),
            "article_digests": before.article_digests[there],
            "article_slots": slots[before.article_slots[there]].astype(np.int32),
            **{
                name: getattr(before, name)
                for name in ("names", "name_ends", "story_digests", "story_numbers")
            },
        }
        return arrays, without(before.terms, before.ends, self._frozen.read_postings, self._gone)


def _grouped(homes: Whole, stories: int) -> dict[str, NDArray[Any]]:
    """The arrays of `Arrays` that say which member is in which story."""
    return {
        "homes": homes,
        "story_slots": np.argsort(homes, kind="stable").astype(np.int32),
        "story_ends": np.cumsum(np.bincount(homes, minlength=stories)),
    }


def _looked_up(found: Digests, places: Whole) -> dict[str, NDArray[Any]]:
    order = np.argsort(found, kind="stable")
    return {"article_digests": found[order], "article_slots": places[order].astype(np.int32)}


def _named(names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """The arrays of `Arrays` about the ids of stories."""
    encoded = [name.encode("utf-8", "surrogatepass") for name in names]
    known, numbers = extended(np.zeros(0, np.uint64), np.zeros(0, np.int64), names, 0)
    return {
        "names": np.frombuffer(b"".join(encoded), np.uint8),
        "name_ends": np.cumsum([len(each) for each in encoded], dtype=np.int64),
        "story_digests": known,
        "story_numbers": numbers,
    }


def packed_member(member: IndexedArticle) -> bytes:
    """A member as bytes."""
    name = member.article.encode("utf-8", "surrogatepass")
    head = member.seq.to_bytes(_SEQ_BYTES, "little") + len(name).to_bytes(_ID_BYTES, "little")
    return b"".join([head, name, member.data])


def unpacked_member(data: bytes) -> IndexedArticle:
    """The inverse of `packed_member`."""
    start = _SEQ_BYTES + _ID_BYTES
    end = start + int.from_bytes(data[_SEQ_BYTES:start], "little")
    name = data[start:end].decode("utf-8", "surrogatepass")
    return IndexedArticle(name, int.from_bytes(data[:_SEQ_BYTES], "little"), data[end:])


def digests(names: Sequence[str]) -> Digests:
    """The 64-bit digests of ids (BLAKE2b)."""
    encoded = [name.encode("utf-8", "surrogatepass") for name in names]
    return np.frombuffer(b"".join([blake2b(each, digest_size=8).digest() for each in encoded]), "<u8")


def extended(
    known: Digests, places: Whole, more: Sequence[str], first: int
) -> tuple[Digests, NDArray[np.int32]]:
    """Adds more ids to digests of ids with their places; the digests stay ascending.

    Args:
        known: The digests.
        places: Their places.
        more: The ids; their places follow one another.
        first: The place of the first of them.
    """
    found = np.concatenate([known.astype(np.uint64), digests(more)])
    there = np.concatenate([places, np.arange(first, first + len(more))])
    order = np.argsort(found, kind="stable")
    return found[order], there[order].astype(np.int32)


def _between(ends: Whole, number: int) -> tuple[int, int]:
    return int(ends[number - 1]) if number else 0, int(ends[number])


def _places(known: Digests, name: str) -> range:
    """The positions at which an id's digest is among digests: usually none or one."""
    asked = digests([name])[0]
    return range(int(np.searchsorted(known, asked)), int(np.searchsorted(known, asked, side="right")))
