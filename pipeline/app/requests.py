"""What persons asked for on the pages: what it would do, and what became of it; kept in the store."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from pipeline.app.correct import merged_groups, split_groups
from pipeline.app.read import Read
from pipeline.app.wiring import Wiring
from pipeline.errors import UsageError
from pipeline.ports import Commit
from pipeline.records import Correction, StoredArticle, Story
from pipeline.stories.placing.corrections import Constraints

# The mark under which requests are kept, and how many that are done.
MARK = "requests"
MOST_DONE = 50


@dataclass(frozen=True, slots=True)
class MendingPlan:
    """What a merge or split would do: the stories now, the groups it makes of them, their articles by id."""

    before: tuple[Story, ...]
    groups: tuple[tuple[str, ...], ...]
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


class Requests:
    """What persons asked for on the pages.

    Args:
        wiring: The parts.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._read = Read(wiring)

    def plan(self, kind: str, stories: Sequence[str], articles: Sequence[str]) -> MendingPlan:
        """What a correction would do; changes nothing.

        Args:
            kind: "merge" or "split".
            stories: Which stories; one for a split.
            articles: What a split takes out.

        Raises:
            UsageError: It names nothing that can be done.
            ContradictionError: What a person said before is against it.
        """
        found = {s.id: s for s in (self._read.current(name)[0] for name in stories)}
        if kind == "merge":
            groups = merged_groups(list(found.values()))
        elif kind == "split" and len(found) == 1:
            out = {self._read.stored(name).enriched.article.id for name in articles}
            groups = split_groups(next(iter(found.values())), out)
        else:
            raise UsageError("choose two stories to merge, or articles to take out of one story")
        said = Correction("plan", "merge" if kind == "merge" else "split", groups, self._wiring.clock())
        Constraints([*self._wiring.store.corrections(), said])
        return MendingPlan(tuple(found.values()), groups, self._read.members(list(found.values())))

    def all(self) -> list[Request]:
        """Oldest first: what is open, and the latest that is done."""
        kept = json.loads(self._wiring.store.mark(MARK) or "[]")
        lists = ("stories", "names", "into")
        return [Request(**row | {name: tuple(row[name]) for name in lists}) for row in kept]

    def keep(self, request: Request) -> None:
        """Keeps a request in the store, in the place of an earlier state of it."""
        with self._wiring.lease("requests") as renew:
            others = [each for each in self.all() if each.id != request.id]
            done = [each for each in others if each.done][-MOST_DONE:]
            kept = [*done, *(each for each in others if not each.done), request]
            kept.sort(key=lambda each: (each.at, each.id))
            text = json.dumps([asdict(each) for each in kept], ensure_ascii=False)
            self._wiring.store.commit(Commit(marks={MARK: text}), renew())
