"""Lists of stories: read in their order, and no further than the page needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.ports import Identified, StoryFilter, StoryOrder
from pipeline.query.fields import micros
from pipeline.query.tree import Query
from pipeline.store.sqlite.file import DatabaseFile, Row
from pipeline.store.sqlite.queries import Queries
from pipeline.store.sqlite.statements import label
from pipeline.text import well_formed

_BY: dict[StoryOrder, str] = {"hot": "hot", "new": "newest", "size": "size"}
_ID = "story_rank.id"
# A list with a query first looks at _LOOKED members in the order of the list, then at _FURTHER times as many
# while at least one in _FREQUENT is a hit; only after that at all articles that the query hits.
_LOOKED, _FURTHER, _FREQUENT = 8_000, 16, 20
_MOST_LOOKED = _LOOKED * _FURTHER
# Where a time or a number leaves at most this many stories, these are sorted instead of reading in order.
_FEW = 5_000
# Where ids of a kind stand.
_IDS: dict[Identified, tuple[str, ...]] = {
    "stories": ("id FROM story WHERE id", "story FROM lineage WHERE kind = 'merged' AND story"),
    "situations": ("DISTINCT situation FROM story_situation WHERE situation",),
    "articles": ("id FROM article WHERE id",),
    "quarantine": ("id FROM rejection WHERE id",),
}


def _conditions(wanted: StoryFilter) -> tuple[list[str], list[object]]:
    """The conditions on a story's rank, apart from the query, as SQL with its values."""
    conditions, bound = ["size >= ?", "outlets >= ?", "origins >= ?", "last_seq > ?"], [
        wanted.min_articles,
        wanted.min_outlets,
        wanted.min_origins,
        wanted.after_seq,
    ]  # fmt: skip
    values: list[object] = [*bound]
    if wanted.since is not None:
        conditions.append("newest >= ?")
        values.append(micros(wanted.since))
    for kind, value in (("topic", wanted.topic), ("language", wanted.language)):
        if value:
            conditions.append("instr(labels, ?) > 0")
            values.append(label(kind, value))
    if wanted.situation:
        conditions.append(f"{_ID} IN (SELECT story FROM story_situation WHERE situation = ?)")  # noqa: S608
        values.append(well_formed(wanted.situation))
    if wanted.tied:
        conditions.append(f"{_ID} IN (SELECT story FROM story_situation)")  # noqa: S608  our own
    return conditions, values


def count(file: DatabaseFile, wanted: StoryFilter, most: int) -> int:
    """How many stories there are, at most `most`.

    Raises:
        ValueError: There is a query, or a kind.
    """
    if wanted.hitting is not None:
        raise ValueError("stories are counted without a query")
    conditions, values = _conditions(wanted)
    some = f"SELECT 1 FROM story_rank WHERE {' AND '.join(conditions)} LIMIT ?"  # noqa: S608  our own
    return int(file.one(f"SELECT count(*) FROM ({some})", (*values, most))[0])  # noqa: S608  our own


def page(
    file: DatabaseFile,
    wanted: StoryFilter,
    order: StoryOrder,
    limit: int,
    after: tuple[int, float, str] | None,
) -> list[str]:
    """The records of a page, as JSON."""
    by, late = _BY[order], "0" if order == "size" else "undated"
    conditions, values = _conditions(wanted)
    if after is not None:
        conditions.append(f"({late} > ? OR ({late} = ? AND ({by} < ? OR ({by} = ? AND {_ID} > ?))))")
        values += [after[0], after[0], after[1], after[1], well_formed(after[2])]
    in_order = f"{late}, {by} DESC, {_ID}" if late == "undated" else f"{by} DESC, {_ID}"
    table = "story_rank"
    for index, condition, least in _narrowing(wanted):
        few = f"SELECT 1 FROM story_rank INDEXED BY {index} WHERE {condition} LIMIT {_FEW + 1}"  # noqa: S608
        if file.one(f"SELECT count(*) FROM ({few})", (least,))[0] <= _FEW:  # noqa: S608  our own
            table = f"story_rank INDEXED BY {index}"
            conditions.append(condition)
            values.append(least)
            break
    ranks = _Ranks(file, table, " AND ".join(conditions), tuple(values), in_order)
    query = wanted.hitting
    return ranks.records(limit) if query is None else ranks.hit(Queries(file), query, limit)


def _narrowing(wanted: StoryFilter) -> Iterator[tuple[str, str, int]]:
    """Conditions that may leave few stories, each with its index and its value."""
    if wanted.after_seq >= 0:
        yield "story_rank_last", "last_seq > ?", wanted.after_seq
    if wanted.since is not None:
        yield "story_rank_newest", "undated IN (0, 1) AND newest >= ?", micros(wanted.since)


@dataclass(frozen=True, slots=True)
class _Ranks:
    """The ranks of a list: the SQL of its conditions with their values, and its order."""

    file: DatabaseFile
    table: str
    conditions: str
    values: tuple[object, ...]
    order: str

    def records(self, limit: int, hit: str = "", bound: Sequence[object] = ()) -> list[str]:
        """The first records of the list, or of those whose ids the statement `hit` gives; reads no others."""
        within = f" AND {_ID} IN ({hit})" if hit else ""
        chosen = (
            f"SELECT id FROM {self.table} WHERE {self.conditions}{within}"  # noqa: S608  our own
            f" ORDER BY {self.order} LIMIT ?"
        )
        sql = (
            "SELECT document FROM story_rank CROSS JOIN story USING (id)"  # noqa: S608  our own
            f" WHERE {_ID} IN ({chosen}) ORDER BY {self.order}"
        )
        return [row[0] for row in self.file.rows(sql, (*self.values, *bound, limit))]

    def hit(self, queries: Queries, query: Query, limit: int) -> list[str]:
        """The first records of stories with an article that the query hits.

        A frequent word has its page among the first few stories, so these are looked at first, and more of
        them while the word turns out to be frequent. For any other query the stories are found from its
        articles.
        """
        looked = _LOOKED
        while looked <= _MOST_LOOKED:
            members = self._members(looked)
            hits = set(queries.among(query, [seq for _, seq in members]).tolist())
            found = list(dict.fromkeys(story for story, seq in members if seq in hits))
            if len(found) >= limit or len(members) < looked:
                return self._named(found[:limit])
            if len(hits) * _FREQUENT < looked:
                break
            looked *= _FURTHER
        return self.records(limit, *queries.stories(query))

    def _members(self, limit: int) -> list[Row]:
        """(story, seq) of the list's first members, story by story; of the last story perhaps not all."""
        sql = (
            f"SELECT {_ID}, seq FROM {self.table} CROSS JOIN article ON story = {_ID}"  # noqa: S608  our own
            f" WHERE {self.conditions} ORDER BY {self.order} LIMIT ?"
        )
        return self.file.rows(sql, (*self.values, limit))

    def _named(self, names: Sequence[str]) -> list[str]:
        """The records of these stories, in the order given."""
        rows = self.file.rows_of("SELECT id, document FROM story WHERE id IN ({})", names)
        documents: dict[str, str] = dict(rows)
        return [documents[name] for name in names]


def beginning(file: DatabaseFile, kind: Identified, prefix: str, limit: int) -> list[str]:
    """Ids that begin with a prefix, in the order of their characters."""
    places = _IDS[kind]
    sql = " UNION ".join(f"SELECT {place} BETWEEN ? AND ?" for place in places)
    between = (prefix, prefix + "\U0010ffff") * len(places)
    return [row[0] for row in file.rows(f"{sql} ORDER BY 1 LIMIT ?", (*between, limit))]
