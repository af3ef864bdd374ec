"""Which changes a commit makes, and their numbers: the same on both stores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pipeline.ports import Commit
from pipeline.records import Change
from pipeline.text import well_formed


@dataclass(frozen=True, slots=True)
class Placed:
    """What numbering needs of a stored article: the digest of its content, and its story."""

    digest: str
    story: str


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers that a store has given out: of the newest article and of the newest change."""

    article: int
    change: int


def numbered(commit: Commit, known: Mapping[str, Placed], before: Numbers) -> tuple[Change, ...]:
    """The changes of a commit with their numbers; none if the store holds all of it already.

    Args:
        commit: Its articles are in the order in which things happened; an article may come several times.
        known: What is stored of them before the commit, by (well-formed) id.
        before: The numbers given out before the commit.
    """
    found, seq = [], before.article
    for n, (change, own) in enumerate(_changes(commit, dict(known)), start=before.change + 1):
        seq = max(seq, own) if change.kind == "arrival" else seq
        found.append(replace(change, n=n, seq=seq))
    return tuple(found)


def _changes(commit: Commit, known: dict[str, Placed]) -> Iterator[tuple[Change, int]]:
    """The changes that each article of a commit makes to what was known, each with the article's seq."""
    by = {decision.article: decision.by for decision in commit.decisions}
    for stored in commit.articles:
        article = stored.enriched.article
        name, now = well_formed(article.id), Placed(well_formed(article.digest), well_formed(stored.story))
        former, known[name] = known.get(name), now
        if former is None:
            yield Change("arrival", name, now.story, article.fetched), stored.seq
            continue
        if former.digest != now.digest:
            yield Change("edit", name, former.story, article.revised or article.fetched), stored.seq
        if former.story != now.story:
            at = commit.at or article.fetched
            yield (
                Change("move", name, now.story, at, former.story, by.get(article.id, "repair")),
                stored.seq,
            )
