"""A person's word: journalled, kept for good, and carried out at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from pipeline.app.journal import correction_entry, writing
from pipeline.app.read import Read, StoriesFound
from pipeline.app.wiring import Wiring
from pipeline.errors import UsageError
from pipeline.records import Correction, JournalEntry, StoredArticle, content_id
from pipeline.stories.placing.corrections import Constraints


class Correct:
    """What a person says on stories, and the machine's own mending.

    Args:
        wiring: The parts.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._read = Read(wiring)

    def merge(self, names: Sequence[str], note: str = "") -> StoriesFound:
        """Joins stories for good.

        Raises:
            UsageError: Fewer than two different stories are named.
            ContradictionError: A split that a person made keeps them apart.
        """
        found = {s.id: s for s in (self._read.current(name)[0] for name in names)}
        if len(found) < 2:
            raise UsageError("merge needs the ids of two different stories")
        groups = tuple(tuple(sorted(s.members)) for s in found.values())
        return self._correct("merge", groups, note)

    def split(self, name: str, articles: Sequence[str], note: str = "") -> StoriesFound:
        """Takes articles out of a story for good, into one of their own.

        Raises:
            UsageError: An article is not in the story, or nothing would stay in it.
            ContradictionError: A merge that a person made keeps them together.
        """
        story = self._read.current(name)[0]
        out = {self._read.stored(a).enriched.article.id for a in articles}
        foreign = sorted(out - set(story.members))
        if foreign:
            raise UsageError(f"article {foreign[0]} is not in story {story.id}")
        rest = sorted(set(story.members) - out)
        if not rest:
            raise UsageError(f"all articles of story {story.id} are named; nothing would stay in it")
        return self._correct("split", (tuple(sorted(out)), tuple(rest)), note)

    def _correct(self, kind: str, groups: tuple[tuple[str, ...], ...], note: str) -> StoriesFound:
        at = self._wiring.clock()
        name = content_id("correction", kind, *("|".join(group) for group in groups))
        correction = Correction(name, "merge" if kind == "merge" else "split", groups, at, note)
        with writing(self._wiring) as writer:
            # Refused before it is journalled: a contradiction must not come back at every replay.
            Constraints([*writer.ready().store.corrections(), correction])
            entry = JournalEntry("correction", at, data=correction_entry(correction))
            writer.mend(replace(entry, n=self._wiring.archive.append(entry)))
        named = self._wiring.store.articles([a for group in groups for a in group])
        stories = self._wiring.store.stories(sorted({a.story for a in named.values()}))
        found = sorted(stories.values(), key=lambda s: s.first_seq)
        return found, self._wiring.store.articles([a for s in found for a in s.members])

    def all(self) -> list[Correction]:
        """What persons have said, oldest first."""
        return list(self._wiring.store.corrections())

    def corrected(self) -> list[StoredArticle]:
        """The articles that a correction names and that are still stored, in ingest sequence.

        Their stories are labels: what a merge named is in one story, what a split parted is not.
        """
        names = {
            a for correction in self._wiring.store.corrections() for group in correction.groups for a in group
        }
        return sorted(self._wiring.store.articles(sorted(names)).values(), key=lambda stored: stored.seq)

    def repair(self) -> dict[str, int]:
        """Mends recent stories; see `pipeline.stages.grouping.repair`."""
        days = self._wiring.settings.stories.repair_days
        with writing(self._wiring) as writer:
            entry = JournalEntry("repair", self._wiring.clock(), data={"days": days})
            return asdict(writer.ready().mend(replace(entry, n=self._wiring.archive.append(entry))))
