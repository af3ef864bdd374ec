"""A person's word: journalled, kept for good, and carried out at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from pipeline.app import read
from pipeline.app.journal import correction_entry, writing
from pipeline.app.wiring import Wiring
from pipeline.errors import UsageError
from pipeline.records import Correction, JournalEntry, StoredArticle, content_id
from pipeline.stages.grouping.repair import RepairCounts
from pipeline.stories.placing.corrections import Constraints


def merge(wiring: Wiring, names: Sequence[str], note: str) -> read.Stories:
    """Joins stories for good.

    Raises:
        UsageError: Fewer than two different stories are named.
        ContradictionError: A split that a person made keeps them apart.
    """
    found = {s.id: s for s in (read.current(wiring, name)[0] for name in names)}
    if len(found) < 2:
        raise UsageError("merge needs the ids of two different stories")
    groups = tuple(tuple(sorted(s.members)) for s in found.values())
    return _correct(wiring, "merge", groups, note)


def split(wiring: Wiring, name: str, articles: Sequence[str], note: str) -> read.Stories:
    """Takes articles out of a story for good, into one of their own.

    Raises:
        UsageError: An article is not in the story, or nothing would stay in it.
        ContradictionError: A merge that a person made keeps them together.
    """
    story = read.current(wiring, name)[0]
    out = {read.stored(wiring, a).enriched.article.id for a in articles}
    foreign = sorted(out - set(story.members))
    if foreign:
        raise UsageError(f"article {foreign[0]} is not in story {story.id}")
    rest = sorted(set(story.members) - out)
    if not rest:
        raise UsageError(f"all articles of story {story.id} are named; nothing would stay in it")
    return _correct(wiring, "split", (tuple(sorted(out)), tuple(rest)), note)


def _correct(wiring: Wiring, kind: str, groups: tuple[tuple[str, ...], ...], note: str) -> read.Stories:
    at = wiring.clock()
    name = content_id("correction", kind, *("|".join(group) for group in groups))
    correction = Correction(name, "merge" if kind == "merge" else "split", groups, at, note)
    with writing(wiring) as writer:
        # Refused before it is journalled: a contradiction must not come back at every replay.
        Constraints([*writer.ready().store.corrections(), correction])
        entry = JournalEntry("correction", at, data=correction_entry(correction))
        writer.apply(replace(entry, n=wiring.archive.append(entry)))
    named = wiring.store.articles([a for group in groups for a in group])
    stories = wiring.store.stories(sorted({a.story for a in named.values()}))
    found = sorted(stories.values(), key=lambda s: s.first_seq)
    return found, wiring.store.articles([a for s in found for a in s.members])


def corrected(wiring: Wiring) -> list[StoredArticle]:
    """The articles that a correction names and that are still stored, in ingest sequence.

    Their stories are labels: what a merge named is in one story, what a split parted is not.
    """
    names = {a for correction in wiring.store.corrections() for group in correction.groups for a in group}
    return sorted(wiring.store.articles(sorted(names)).values(), key=lambda stored: stored.seq)


def repair(wiring: Wiring) -> dict[str, int]:
    """Mends recent stories; see `pipeline.stages.grouping.repair`."""
    days = wiring.settings.stories.repair_days
    with writing(wiring) as writer:
        entry = JournalEntry("repair", wiring.clock(), data={"days": days})
        mended = writer.ready().apply(replace(entry, n=wiring.archive.append(entry)))
    return asdict(mended) if isinstance(mended, RepairCounts) else {}
