"""What is learned from the stream: how common words are, what each outlet repeats, what names stand for.

It is a fold over articles in ingest sequence: the features of an article depend only on itself and on what
came before it. Each piece is kept under its own key (`terms:<language>`, `pairs:<language>`,
`habits:<outlet>`, `kinds:names`) and bounded in size by rules that count articles, so batches and restarts
make no difference to the outcome.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from pipeline.errors import StoreError
from pipeline.records import MISTAKEN, EntityKind
from pipeline.stories.features.tokens import pair_id, prior_share, term_id

# How many articles the prior is worth. Any value from 500 to 8,000 does equally well on the development sets.
PRIOR_ARTICLES: Final = 2000
# When this many articles of a language are counted, all counts are halved, to forget what was common long
# ago.
TERMS_HALVED_AT: Final = 20_000
# The same for pairs of words; earlier, because there are more of them.
PAIRS_HALVED_AT: Final = 5_000
# The prior of a pair of words, as a share of what chance would give for two words side by side.
_PAIR_SHARE: Final = 0.2
# How many lines are remembered of an outlet; beyond, the newest half of as many is kept.
LINES_KEPT: Final = 4096

# How many names are remembered; beyond, the newest half of as many is kept.
NAMES_REMEMBERED: Final = 8192
# A name is what earlier articles took it for if this many did for each one that took it for something else. A
# single word may be a family name here and a town there, so it needs more.
AGREED: Final = 4
AGREED_OF_ONE_WORD: Final = 8

_TERMS_MAGIC: Final = b"WWT1"
_LINES_MAGIC: Final = b"WWH2"
# The format before wordings were counted: a line, its two titles, and when it was seen.
_FORMER_LINES_MAGIC: Final = b"WWH1"
_KINDS_MAGIC: Final = b"WWK1"
_KINDS_KEY: Final = "kinds:names"
_TERM_ROW: Final = np.dtype([("term", "<u4"), ("count", "<u4")])
_FORMER_LINE_FIELDS: Final = [("line", "<u8"), ("first", "<u8"), ("second", "<u8"), ("seen", "<u4")]
_LINE_FIELDS: Final = [("wording", "<u4"), ("titles", "<u4"), ("latest", "<u4"), ("since", "<i4")]
_KIND_FIELDS: Final = [("name", "<u8"), *((kind, "<u4") for kind in MISTAKEN), ("seen", "<u4")]
_KIND_ROW: Final = np.dtype(_KIND_FIELDS)
_FORMER_LINE_ROW: Final = np.dtype(_FORMER_LINE_FIELDS)
_LINE_ROW: Final = np.dtype(_FORMER_LINE_FIELDS + _LINE_FIELDS)
# A wording recurs if the outlet wrote exactly this under at least this many titles over at least these hours.
RECURRING_TITLES: Final = 3
RECURRING_HOURS: Final = 20
_LOW: Final = 0xFFFF_FFFF


def _rows(kind: np.dtype[np.void], keys: Collection[int], columns: Iterable[Iterable[int]]) -> bytes:
    """A table as bytes, sorted by its first column, the keys.

    Every commit writes all pieces that changed, so this must be fast: whole columns are filled at once,
    because sorting rows as tuples took ten times as long.
    """
    names, rows = kind.names or (), np.empty(len(keys), kind)
    for name, column in zip(names, (keys, *columns), strict=False):  # no rows have no columns
        rows[name] = np.fromiter(column, kind[name], len(keys))
    return rows[np.argsort(rows[names[0]])].tobytes()


class TermCounts:
    """In how many articles each term occurred, with old articles slowly forgotten.

    Args:
        halved_at: When `articles` reaches this number, it and all counts are halved.

    Attributes:
        articles: How many articles are counted, after halving.
    """

    __slots__ = ("_counts", "_halved_at", "articles")

    def __init__(self, halved_at: int) -> None:
        self.articles = 0
        self._halved_at = halved_at
        self._counts: dict[int, int] = {}

    def __getitem__(self, term: int) -> int:
        return self._counts.get(term, 0)

    def observe(self, terms: Iterable[int]) -> None:
        """Counts the distinct terms of one more article."""
        counts = self._counts
        for term in terms:
            counts[term] = counts.get(term, 0) + 1
        self.articles += 1
        if self.articles >= self._halved_at:
            self._counts = {term: count // 2 for term, count in counts.items() if count > 1}
            self.articles //= 2

    def to_bytes(self) -> bytes:
        """The same counts always give the same bytes: rows sorted by term, little-endian."""
        rows = _rows(_TERM_ROW, self._counts, (self._counts.values(),))
        return _TERMS_MAGIC + struct.pack("<I", self.articles) + rows

    @classmethod
    def from_bytes(cls, data: bytes, halved_at: int) -> TermCounts:
        """The inverse of `to_bytes`.

        Raises:
            StoreError: The bytes are of another kind or version.
        """
        if data[:4] != _TERMS_MAGIC:
            raise StoreError("learned counts are of an unknown version; replay the archive")
        counts = cls(halved_at)
        counts.articles = struct.unpack_from("<I", data, 4)[0]
        rows = np.frombuffer(data, dtype=_TERM_ROW, offset=8)
        counts._counts = dict(zip(rows["term"].tolist(), rows["count"].tolist(), strict=True))
        return counts


class Language:
    """How common the words of one language, and pairs of them, are in the stream, over a prior.

    Attributes:
        language: ISO 639-1.
        terms: Number of articles by word (`term_id`).
        pairs: Number of articles by pair of neighbouring words in title and lead (`pair_id`).
    """

    __slots__ = ("language", "pairs", "terms")

    def __init__(self, language: str, terms: TermCounts, pairs: TermCounts) -> None:
        self.language = language
        self.terms = terms
        self.pairs = pairs

    def idf(self, word: str) -> float:
        """The inverse document frequency of a word, log((N₀ + N + 1) / (N₀ s + n + ½)), at least 0.

        N₀ is `PRIOR_ARTICLES`, s the word's prior share of documents, N the articles counted and n those with
        the word (Spärck Jones 1972, with the prior as pseudo-counts).
        """
        expected = PRIOR_ARTICLES * prior_share(word, self.language)
        return self._idf(self.terms, expected, term_id(word))

    def pair_idf(self, first: str, second: str) -> float:
        """The inverse document frequency of two words side by side.

        Its prior is a fifth of what chance would give: 0.2 N₀ s₁ s₂.
        """
        language = self.language
        chance = prior_share(first, language) * prior_share(second, language)
        return self._idf(self.pairs, _PAIR_SHARE * PRIOR_ARTICLES * chance, pair_id(first, second))

    @staticmethod
    def _idf(counts: TermCounts, expected: float, term: int) -> float:
        return max(0.0, math.log((PRIOR_ARTICLES + counts.articles + 1) / (expected + counts[term] + 0.5)))


class KnownLine(NamedTuple):
    """What is known of one line of an outlet.

    Attributes:
        first, second: Digests of the first two different titles that it stood under, figures aside; 0 is
            none.
        seen: The number of the outlet's article that had it last, counted from 1.
        wording: Digest of its latest wording, figures included.
        titles: How often that wording came under another title than the last, the first time included.
        latest: The title that it stood under last, as the low 32 bits of its digest.
        since: When that wording came first, in hours since 1970.
    """

    first: int
    second: int
    seen: int
    wording: int
    titles: int
    latest: int
    since: int


_UNKNOWN_LINE: Final = KnownLine(0, 0, 0, 0, 0, 0, 0)


class OutletLines:
    """Which lines an outlet wrote under which titles.

    Lines and titles are given as 64-bit digests, wordings as 32-bit ones; 0 means "none".
    """

    def __init__(self) -> None:
        self.articles = 0
        self._lines: dict[int, KnownLine] = {}

    def repeated(self, line: int, title: int) -> bool:
        """Whether the outlet wrote the line, figures aside, under another title before."""
        known = self._lines.get(line, _UNKNOWN_LINE)
        return known.first not in (0, title) or known.second not in (0, title)

    def recurs(self, line: int, wording: int, hour: int) -> bool:
        """Whether exactly this wording has stood under several titles over time."""
        known = self._lines.get(line, _UNKNOWN_LINE)
        return (
            known.wording == wording
            and known.titles >= RECURRING_TITLES
            and abs(hour - known.since) >= RECURRING_HOURS
        )

    def observe(self, lines: Iterable[tuple[int, int]], title: int, hour: int) -> None:
        """Learns the distinct lines of one more article, each with its wording."""
        self.articles += 1
        latest = title & _LOW
        for line, wording in lines:
            known = self._lines.get(line)
            if known is None:
                self._lines[line] = KnownLine(title, 0, self.articles, wording, 1, latest, hour)
                continue
            second = title if known.second == 0 and title != known.first else known.second
            if known.wording != wording:
                told = (wording, 1, latest, hour)
            elif known.latest != latest:
                told = (wording, known.titles + 1, latest, known.since)
            else:
                told = (wording, known.titles, latest, known.since)
            self._lines[line] = KnownLine(known.first, second, self.articles, *told)
        if len(self._lines) > LINES_KEPT:
            self._forget()

    def _forget(self) -> None:
        newest = sorted(self._lines.items(), key=lambda item: (-item[1].seen, item[0]))
        self._lines = dict(newest[: LINES_KEPT // 2])

    def to_bytes(self) -> bytes:
        """The same lines always give the same bytes: rows sorted by line, little-endian."""
        rows = _rows(_LINE_ROW, self._lines, zip(*self._lines.values(), strict=True))
        return _LINES_MAGIC + struct.pack("<I", self.articles) + rows

    @classmethod
    def from_bytes(cls, outlet: str, data: bytes) -> OutletLines:
        """The inverse of `to_bytes`; reads what earlier versions wrote, which counted no wordings.

        Raises:
            StoreError: The bytes are of another kind or version.
        """
        if data[:4] not in (_LINES_MAGIC, _FORMER_LINES_MAGIC):
            raise StoreError(f"learned state habits:{outlet} is of an unknown version; replay the archive")
        lines = cls()
        lines.articles = struct.unpack_from("<I", data, 4)[0]
        kind = _LINE_ROW if data[:4] == _LINES_MAGIC else _FORMER_LINE_ROW
        for line, *rest in np.frombuffer(data, dtype=kind, offset=8).tolist():
            lines._lines[line] = KnownLine(*rest, *((0,) * (len(KnownLine._fields) - len(rest))))
        return lines


class NameKinds:
    """For each name, in how many articles it was taken for a person, a place and an organisation.

    A name is the part of an entity's id after the kind, "goma" in "person:goma": it is the same in articles
    that take it for different kinds.
    """

    def __init__(self) -> None:
        self.articles = 0
        # By the name's digest: the number of articles for each kind, then the number of the last article.
        self._names: dict[int, tuple[int, ...]] = {}

    def usual(self, name: str, kind: EntityKind) -> EntityKind:
        """The kind that earlier articles agree on for a name; where they do not, the kind given.

        >>> kinds = NameKinds()
        >>> for _ in range(8):
        ...     kinds.observe([("goma", "place")])
        >>> kinds.usual("goma", "person"), kinds.usual("ann-berg", "person")
        ('place', 'person')
        """
        known = self._names.get(_name_digest(name))
        if known is None or kind not in MISTAKEN:
            return kind
        counts = known[: len(MISTAKEN)]
        most = max(counts)
        needed = AGREED if "-" in name else AGREED_OF_ONE_WORD
        return MISTAKEN[counts.index(most)] if most >= needed * max(1, sum(counts) - most) else kind

    def observe(self, names: Iterable[tuple[str, EntityKind]]) -> None:
        """Counts the distinct names of one more article, each with the kind it was taken for."""
        self.articles += 1
        for name, kind in names:
            if kind in MISTAKEN:
                digest = _name_digest(name)
                counts = list(self._names.get(digest, (0,) * (len(MISTAKEN) + 1)))
                counts[MISTAKEN.index(kind)] += 1
                counts[-1] = self.articles
                self._names[digest] = tuple(counts)
        if len(self._names) > NAMES_REMEMBERED:
            newest = sorted(self._names.items(), key=lambda item: (-item[1][-1], item[0]))
            self._names = dict(newest[: NAMES_REMEMBERED // 2])

    def to_bytes(self) -> bytes:
        """The same names always give the same bytes: rows sorted by name, little-endian."""
        rows = _rows(_KIND_ROW, self._names, zip(*self._names.values(), strict=True))
        return _KINDS_MAGIC + struct.pack("<I", self.articles) + rows

    @classmethod
    def from_bytes(cls, data: bytes) -> NameKinds:
        """The inverse of `to_bytes`.

        Raises:
            StoreError: The bytes are of another kind or version.
        """
        if data[:4] != _KINDS_MAGIC:
            raise StoreError(f"learned state {_KINDS_KEY} is of an unknown version; replay the archive")
        kinds = cls()
        kinds.articles = struct.unpack_from("<I", data, 4)[0]
        rows = np.frombuffer(data, dtype=_KIND_ROW, offset=8).tolist()
        kinds._names = {name: tuple(rest) for name, *rest in rows}
        return kinds


@lru_cache(maxsize=16_384)
def _name_digest(name: str) -> int:
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


class StreamStatistics:
    """All learned state, read from the store piece by piece as it is needed.

    There is one writer. `dirty` gives out the pieces that changed, to be committed with the articles that
    changed them.
    """

    def __init__(self, get: Callable[[Sequence[str]], Mapping[str, bytes]]) -> None:
        self._get = get
        # What was read ahead and not used yet; an empty value where the store has nothing.
        self._read: dict[str, bytes] = {}
        self._languages: dict[str, Language] = {}
        self._outlets: dict[str, OutletLines] = {}
        self._kinds: NameKinds | None = None
        self._changed: set[str] = set()

    @classmethod
    def load(cls, get: Callable[[Sequence[str]], Mapping[str, bytes]]) -> StreamStatistics:
        """Learned state that is read through a store's `learned` method, piece by piece when needed."""
        return cls(get)

    @classmethod
    def empty(cls) -> StreamStatistics:
        """Learned state before the first article."""
        return cls(lambda _: {})

    def read(self, languages: Iterable[str], outlets: Iterable[str]) -> None:
        """Reads ahead, in one request, what is still missing for these languages and outlets."""
        asked = [
            key
            for language in dict.fromkeys(languages)
            if language not in self._languages
            for key in (f"terms:{language}", f"pairs:{language}")
        ]
        asked += [f"habits:{name}" for name in dict.fromkeys(outlets) if name and name not in self._outlets]
        asked += [_KINDS_KEY] if self._kinds is None else []
        missing = [key for key in asked if key not in self._read]
        if missing:
            self._read |= dict.fromkeys(missing, b"") | dict(self._get(missing))

    def _piece(self, key: str) -> bytes:
        if key in self._read:
            return self._read.pop(key)
        return self._get([key]).get(key, b"")

    def language(self, language: str) -> Language:
        """The word counts of a language."""
        if language not in self._languages:
            self.read((language,), ())
            terms = self._counts(f"terms:{language}", TERMS_HALVED_AT)
            pairs = self._counts(f"pairs:{language}", PAIRS_HALVED_AT)
            self._languages[language] = Language(language, terms, pairs)
        return self._languages[language]

    def _counts(self, key: str, halved_at: int) -> TermCounts:
        data = self._piece(key)
        return TermCounts.from_bytes(data, halved_at) if data else TermCounts(halved_at)

    def lines(self, outlet: str) -> OutletLines:
        """The lines of an outlet."""
        if outlet not in self._outlets:
            data = self._piece(f"habits:{outlet}")
            self._outlets[outlet] = OutletLines.from_bytes(outlet, data) if data else OutletLines()
        return self._outlets[outlet]

    def kinds(self) -> NameKinds:
        """What kinds names were taken for."""
        if self._kinds is None:
            data = self._piece(_KINDS_KEY)
            self._kinds = NameKinds.from_bytes(data) if data else NameKinds()
        return self._kinds

    def observe_names(self, names: Iterable[tuple[str, EntityKind]]) -> None:
        """Counts the distinct names of one more article; one without names is not counted."""
        told = list(names)
        if told:
            self.kinds().observe(told)
            self._changed.add(_KINDS_KEY)

    def observe_words(self, language: str, terms: Iterable[int], pairs: Iterable[int]) -> None:
        """Counts the distinct words and pairs of one more article."""
        counts = self.language(language)
        counts.terms.observe(terms)
        counts.pairs.observe(pairs)
        self._changed.update((f"terms:{language}", f"pairs:{language}"))

    def observe_lines(self, outlet: str, lines: Iterable[tuple[int, int]], title: int, hour: int) -> None:
        """Learns the distinct lines of one more article; nothing where the outlet is unknown."""
        if outlet:
            self.lines(outlet).observe(lines, title, hour)
            self._changed.add(f"habits:{outlet}")

    def dirty(self) -> dict[str, bytes]:
        """The pieces that changed since the last call, as bytes to be stored, in order of key."""
        found: dict[str, bytes] = {}
        for key in sorted(self._changed):
            kind, _, name = key.partition(":")
            if kind == "habits":
                found[key] = self._outlets[name].to_bytes()
            elif key == _KINDS_KEY:
                found[key] = self.kinds().to_bytes()
            else:
                counts = self._languages[name]
                found[key] = (counts.terms if kind == "terms" else counts.pairs).to_bytes()
        self._changed.clear()
        return found
