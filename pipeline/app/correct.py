"""A person's word: journalled, kept for good, and carried out at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from pipeline.app.journal import correction_entry, writing
from pipeline.app.read import Read, StoriesFound
from pipeline.app.wiring import Wiring
from pipeline.errors import UsageError
from pipeline.ports import Commit
from pipeline.records import Correction, JournalEntry, StoredArticle, Story, content_id
from pipeline.stories.placing.corrections import Constraints

Groups = tuple[tuple[str, ...], ...]
# The mark under which requests are kept, and how many that are done.
REQUESTS = "requests"
MOST_DONE = 50


@dataclass(frozen=True, slots=True)
class Preview:
    """What a correction would do: the stories now, the groups it makes of them, and their articles by id."""

    before: tuple[Story, ...]
    groups: Groups
    members: Mapping[str, StoredArticle]


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked for on a page, and what became of it.

    Attributes:
        id: Derived from what is asked, of which versions, by whom: pressing twice is one.
        kind: "merge", "split", or "retry" of quarantine entries.
        stories: Ids of stories, each with the version that was looked at: "ID:VERSION".
        names: Articles that a split takes out, or entries that are tried again.
        who: Who asked.
        at: When (UTC, ISO 8601).
        note: In the person's words.
        state: "waiting", "working", "done", "refused", or "stale" where the stories had changed.
        result: What came of it, or why it was refused; one line.
        into: The stories that came of it.
    """

    id: str
    kind: str
    stories: tuple[str, ...]
    names: tuple[str, ...]
    who: str
    at: str
    note: str = ""
    state: str = "waiting"
    result: str = ""
    into: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.state not in {"waiting", "working"}


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
        return self._correct("merge", self._together(names)[1], note)

    def _together(self, names: Sequence[str]) -> tuple[list[Story], Groups]:
        found = {s.id: s for s in (self._read.current(name)[0] for name in names)}
        if len(found) < 2:
            raise UsageError("merge needs the ids of two different stories")
        return list(found.values()), tuple(tuple(sorted(s.members)) for s in found.values())

    def split(self, name: str, articles: Sequence[str], note: str = "") -> StoriesFound:
        """Takes articles out of a story for good, into one of their own.

        Raises:
            UsageError: An article is not in the story, or nothing would stay in it.
            ContradictionError: A merge that a person made keeps them together.
        """
        return self._correct("split", self._apart(name, articles)[1], note)

    def _apart(self, name: str, articles: Sequence[str]) -> tuple[list[Story], Groups]:
        story = self._read.current(name)[0]
        out = {self._read.stored(a).enriched.article.id for a in articles}
        foreign = sorted(out - set(story.members))
        if foreign:
            raise UsageError(f"article {foreign[0]} is not in story {story.id}")
        rest = sorted(set(story.members) - out)
        if not rest:
            raise UsageError(f"all articles of story {story.id} are named; nothing would stay in it")
        if not out:
            raise UsageError(f"no article of story {story.id} is named")
        return [story], (tuple(sorted(out)), tuple(rest))

    def preview(self, kind: str, stories: Sequence[str], articles: Sequence[str]) -> Preview:
        """What a correction would do; changes nothing.

        Args:
            kind: "merge" or "split".
            stories: Which stories; one for a split.
            articles: What a split takes out.

        Raises:
            UsageError: It names nothing that can be done.
            ContradictionError: What a person said before is against it.
        """
        if kind not in {"merge", "split"} or (kind == "split" and len(stories) != 1):
            raise UsageError("choose stories to merge, or articles to take out of one story")
        found, groups = self._together(stories) if kind == "merge" else self._apart(stories[0], articles)
        at = self._wiring.clock()
        said = Correction("preview", "merge" if kind == "merge" else "split", groups, at)
        Constraints([*self._wiring.store.corrections(), said])
        return Preview(tuple(found), groups, self._read.members(found))

    def requests(self) -> list[Request]:
        """What persons asked for on the pages, oldest first: what is open, and the latest that is done."""
        kept = json.loads(self._wiring.store.mark(REQUESTS) or "[]")
        lists = ("stories", "names", "into")
        return [Request(**row | {name: tuple(row[name]) for name in lists}) for row in kept]

    def keep_request(self, request: Request) -> None:
        """Keeps a request in the store, in the place of an earlier state of it."""
        with self._wiring.lease("requests") as renew:
            others = [each for each in self.requests() if each.id != request.id]
            done = [each for each in others if each.done][-MOST_DONE:]
            kept = [*done, *(each for each in others if not each.done), request]
            kept.sort(key=lambda each: (each.at, each.id))
            text = json.dumps([asdict(each) for each in kept], ensure_ascii=False)
            self._wiring.store.commit(Commit(marks={REQUESTS: text}), renew())

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
