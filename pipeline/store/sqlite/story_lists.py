"""Lists of stories: walked in their order, and no further than the page needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipeline.ports import StoryFilter, StoryOrder
from pipeline.query.fields import micros
from pipeline.store.sqlite.file import PIECE, DatabaseFile
from pipeline.store.sqlite.queries import Queries, Seqs
from pipeline.store.sqlite.statements import label
from pipeline.text import well_formed

_BY: dict[StoryOrder, str] = {"hot": "hot", "new": "newest", "size": "size"}
_RECORDS = "SELECT document FROM story_rank CROSS JOIN story USING (id)"
_TABLES = {"stories": "story", "articles": "article"}


def _conditions(wanted: StoryFilter) -> tuple[list[str], list[object]]:
    """What a story's rank must be, whatever its articles say, as SQL and its values."""
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
        conditions.append("id IN (SELECT story FROM story_situation WHERE situation = ?)")
        values.append(well_formed(wanted.situation))
    if wanted.tied:
        conditions.append("id IN (SELECT story FROM story_situation)")
    return conditions, values


def count(file: DatabaseFile, wanted: StoryFilter, most: int) -> int:
    """How many stories there are, at most `most`."""
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
    """The records of a page, as they are stored."""
    by, late = _BY[order], "0" if order == "size" else "undated"
    conditions, values = _conditions(wanted)
    if after is not None:
        conditions.append(f"({late} > ? OR ({late} = ? AND ({by} < ? OR ({by} = ? AND id > ?))))")
        values += [after[0], after[0], after[1], after[1], well_formed(after[2])]
    in_order = f"{late}, {by} DESC, id" if late == "undated" else f"{by} DESC, id"

    def listed(*more: str) -> str:
        holds = " AND ".join([*conditions, *more])
        return f"SELECT id FROM story_rank WHERE {holds} ORDER BY {in_order}"  # noqa: S608  our own

    if wanted.hitting is None:
        # In the order of the ranks, each with its record: the tables share the id and no other name.
        joined = listed().replace("SELECT id FROM story_rank", _RECORDS, 1)
        return [row[0] for row in file.rows(f"{joined} LIMIT ?", (*values, limit))]
    found = _hit(file, listed, values, limit, Queries(file).hits(wanted.hitting))
    documents: dict[str, str] = dict(file.rows_of("SELECT id, document FROM story WHERE id IN ({})", found))
    return [documents[name] for name in found]


def _hit(
    file: DatabaseFile, listed: Callable[..., str], values: Sequence[object], limit: int, hits: Seqs
) -> list[str]:
    """The ids of a page of those that are hit."""
    if (found := _walked(file, listed(), values, limit, hits)) is not None:
        return found
    hit = {row[0] for row in file.rows_of("SELECT story FROM article WHERE seq IN ({})", hits.tolist())}
    if len(hit) <= PIECE:
        within = f"id IN ({', '.join('?' * len(hit))})"
        return [row[0] for row in file.rows(f"{listed(within)} LIMIT ?", (*values, *hit, limit))]
    return [row[0] for row in file.rows(listed(), values) if row[0] in hit][:limit]


def _walked(
    file: DatabaseFile, sql: str, values: Sequence[object], limit: int, hits: Seqs
) -> list[str] | None:
    """A page by looking at the stories in their order; None once that reads more articles than are hit.

    A frequent word has its page in the first few stories, a rare one is found sooner from its articles.
    """
    import numpy as np  # a list without a query needs none of it

    found: list[str] = []
    start, size, looked = 0, 4 * limit, 0
    while looked < len(hits):
        names = [row[0] for row in file.rows(f"{sql} LIMIT ? OFFSET ?", (*values, size, start))]
        members = list(file.rows_of("SELECT story, seq FROM article WHERE story IN ({})", names))
        seqs = np.fromiter((seq for _, seq in members), np.int64, len(members))
        at_or_after = hits[np.minimum(np.searchsorted(hits, seqs), len(hits) - 1)]
        hit = {members[place][0] for place in np.flatnonzero(at_or_after == seqs)}
        found += [name for name in names if name in hit]
        if len(found) >= limit or len(names) < size:
            return found[:limit]
        start, size, looked = start + size, 2 * size, looked + len(members)
    return None


def beginning(file: DatabaseFile, kind: str, prefix: str, limit: int) -> list[str]:
    """Ids that begin so."""
    sql = f"SELECT id FROM {_TABLES[kind]} WHERE id >= ? AND id < ? ORDER BY id LIMIT ?"  # noqa: S608  our own
    return [row[0] for row in file.rows(sql, (prefix, prefix + "\U0010ffff", limit))]
